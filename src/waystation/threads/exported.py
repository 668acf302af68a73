"""Threads as files: Telegram's `result.json` and `messages.html`, and the JSON lines that Signal's exporters write.

Guarantees: a file that is none of these is told apart from one that is; what a message holds beside its words (a place,
a contact, a file) is written out in words, so that it is not lost.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from waystation.plaintext import Element, element_text, legible, one_line, parsed_html
from waystation.records.values import Moment
from waystation.threads.copied import media_in
from waystation.threads.model import NAME_CHARS_MAX, App, Message, Setting, Thread

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

TITLE_CHARS_MAX: Final = 200

_BESIDE: Final = (
    "action",
    "members",
    "title",
    "media_type",
    "file",
    "file_name",
    "photo",
    "sticker_emoji",
    "location_information",
    "place_name",
    "address",
    "contact_information",
    "poll",
    "forwarded_from",
    "via_bot",
    "quote",
    "sticker",
    "attachments",
    "reactions",
)
"""What a message may hold beside its words."""

_TITLE: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}) (\d{1,2}):(\d\d):(\d\d)(?: UTC([+-])(\d\d):(\d\d))?")
_NOT_WORDS: Final = frozenset(("userpic_wrap", "userpic", "date", "reply_to_fixed"))


def from_json(text: str, setting: Setting) -> tuple[Thread, ...]:
    """The threads of a JSON export; none if it is no such file. Never raises."""
    try:
        found: Json = json.loads(text)
    except (ValueError, RecursionError):
        return _from_lines(text, setting)
    if not isinstance(found, dict):
        return _from_lines(text, setting)
    chats = found.get("chats")
    listed = chats.get("list") if isinstance(chats, dict) else None
    candidates = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else [found]
    threads = (_telegram(one, setting) for one in candidates)
    kept = tuple(thread for thread in threads if thread is not None)
    return kept or _from_lines(text, setting)


def from_html(page: str | bytes, setting: Setting) -> tuple[Thread, ...]:
    """The thread of one of Telegram's pages; none if it is another page. Never raises."""
    root = parsed_html(page)
    if root is None:
        return ()
    blocks = root.xpath("//div[contains(concat(' ', @class, ' '), ' message ')]")
    if not blocks or not root.xpath("//div[contains(concat(' ', @class, ' '), ' history ')]"):
        return ()
    messages: list[Message] = []
    sender = ""
    for block in blocks:
        one = _block(block, sender, setting)
        if one is not None:
            messages.append(one)
            sender = sender if one.by_app else one.sender
    header = root.xpath("//div[contains(@class, 'page_header')]")
    title = one_line(element_text(header[0]), TITLE_CHARS_MAX) if header else ""
    return (Thread(App.TELEGRAM, tuple(messages), title),) if messages else ()


def _telegram(chat: Mapping[str, Json], setting: Setting) -> Thread | None:
    messages = chat.get("messages")
    if not isinstance(messages, list) or not any(isinstance(one, dict) and "date" in one for one in messages):
        return None
    read = tuple(_telegram_message(one, setting) for one in messages if isinstance(one, dict))
    return Thread(App.TELEGRAM, read, one_line(str(chat.get("name") or ""), TITLE_CHARS_MAX))


def _telegram_message(one: Mapping[str, Json], setting: Setting) -> Message:
    sender = one_line(str(one.get("from") or one.get("actor") or one.get("from_id") or ""), NAME_CHARS_MAX)
    text = legible("\n".join(filter(None, (_words(one.get("text")), *_beside(one)))))
    seconds = str(one.get("date_unixtime") or "")
    at = _at_ms(int(seconds) * 1000, setting) if seconds.isdecimal() and len(seconds) < 12 else None
    by_app = one.get("type") == "service"
    if by_app and sender:
        text, sender = f"{sender}: {text}", ""
    files = [str(one[key]) for key in ("file_name", "file", "photo") if isinstance(one.get(key), str)]
    return Message(sender, at or _at_iso(one.get("date"), setting), text, tuple(dict.fromkeys(files)), by_app)


def _words(text: Json) -> str:
    """Telegram's words: plain, or in pieces of which some are links, numbers, bold."""
    if isinstance(text, list):
        return "".join(str(piece.get("text") or "") if isinstance(piece, dict) else str(piece) for piece in text)
    return str(text) if isinstance(text, str | int | float) else ""


def _beside(one: Mapping[str, Json]) -> Iterator[str]:
    for key in _BESIDE:
        told = _told(one.get(key))
        if told:
            yield f"[{key.replace('_', ' ')}: {told}]"


def _told(value: Json, depth: int = 4) -> str:
    if isinstance(value, dict):
        parts = (
            (f"{key} {_told(item, depth - 1)}" for key, item in value.items() if item not in (None, ""))
            if depth
            else ()
        )
        return ", ".join(parts)
    if isinstance(value, list):
        return ", ".join(_told(item, depth - 1) for item in value if item not in (None, "")) if depth else ""
    return "" if value is None or value == "" else str(value)


def _from_lines(text: str, setting: Setting) -> tuple[Thread, ...]:
    """One JSON object a line, with `sender`, `date` and `body` (signal-export)."""
    messages: list[Message] = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            one: Json = json.loads(line)
        except (ValueError, RecursionError):
            return ()
        if not isinstance(one, dict) or not {"sender", "body"} <= one.keys():
            return ()
        words = legible("\n".join(filter(None, (_words(one["body"]), *_beside(one)))))
        sender = one_line(str(one["sender"] or ""), NAME_CHARS_MAX)
        messages.append(Message(sender, _at_iso(one.get("date"), setting), words, media_in(words)))
    return (Thread(App.SIGNAL, tuple(messages)),) if messages else ()


def _at_ms(ms: int, setting: Setting) -> Moment | None:
    try:
        return setting.moment(datetime.fromtimestamp(ms / 1000, UTC))
    except (OverflowError, OSError, ValueError):
        return None


def _at_iso(value: Json, setting: Setting) -> Moment | None:
    try:
        return setting.moment(datetime.fromisoformat(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _block(block: Element, before: str, setting: Setting) -> Message | None:
    """One message of a page; a joined one has the sender of the message before."""
    classes = str(block.get("class") or "").split()
    bodies = block.xpath("./div[contains(concat(' ', @class, ' '), ' body ')]")
    body = bodies[0] if bodies else block
    if "service" in classes:
        return Message("", None, element_text(body), by_app=True)
    names: Sequence[Element] = body.xpath("./div[contains(concat(' ', @class, ' '), ' from_name ')]")
    sender = one_line(element_text(names[0], frozenset(("date",))), NAME_CHARS_MAX) if names else before
    titles = body.xpath("./div[contains(concat(' ', @class, ' '), ' date ')]/@title")
    for name in names:
        name.drop_tree()
    media = [str(link) for link in body.xpath(".//a[contains(@class, 'media')]/@href")]
    text = element_text(body, _NOT_WORDS)
    beside = [f"[{link}]" for link in media if link not in text]
    return Message(sender, _at_title(titles[0], setting) if titles else None, "\n".join((text, *beside)), tuple(media))


def _at_title(title: str, setting: Setting) -> Moment | None:
    found = _TITLE.search(title)
    if found is None:
        return None
    day, month, year, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        if found[7] is None:
            return setting.moment(at.replace(tzinfo=None))
        shift = timedelta(hours=int(found[8]), minutes=int(found[9]))
        return setting.moment(at - shift if found[7] == "+" else at + shift)
    except (OverflowError, ValueError):
        return None
