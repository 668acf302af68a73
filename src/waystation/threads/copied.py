"""Threads as text: what Signal, WhatsApp and Telegram put on the clipboard or into a text file.

Guarantees: every line stands in a message. A line that begins no message belongs to the one before it; text that is no
thread at all is one message.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from waystation.plaintext import legible
from waystation.threads.dates import DATE, TIME, Order, Stamp, local, order, stamp
from waystation.threads.model import NAME_CHARS_MAX, App, Message, Setting, Thread

_MARK: Final = "[\u200e\u200f\u061c]*"
"""Apps put these around dates and names; they turn nothing that is kept."""

_NAMED: Final = re.compile(rf"{_MARK}(?:~\s?)?(?P<name>[^:\n]{{1,{NAME_CHARS_MAX}}}?){_MARK}:(?:\s(?P<text>.*)|$)")
"""What follows the time: who, and the words. Without a name the app itself speaks."""

_MEDIA: Final = re.compile(
    r"<(?:attached|прикреплено|anexado|adjunto): (?P<tagged>[^<>\n]{1,200})>"
    r"|(?P<file>[^\s<>:/\\][^\n<>:/\\]{0,150}\.\w{2,5})"
    r" \((?:file attached|файл добавлен|Datei angehängt|fichier joint)\)"
    r"|(?P<named>\b(?:IMG|VID|PTT|AUD|DOC|STK)-\d{8}-WA\d{4}\.\w{2,5})"
    r"|(?P<omitted><(?:Media omitted|Без медиафайлов|Медиафайл пропущен|Файл пропущен|Medien ausgeschlossen)>"
    r"|\b(?:image|video|audio|sticker|GIF|document|Contact card) omitted"
    r"|\b(?:изображение|видео|аудио|аудиофайл|стикер|документ|GIF) (?:отсутствует|пропущено|пропущен))"
    r"|!\[[^\]\n]{0,200}\]\((?P<linked>[^()\n]{1,300})\)",
    re.IGNORECASE,
)


MEDIA_CHARS_MAX: Final = 4_000
"""A file is mentioned at the beginning of a message, if at all."""


class Form(NamedTuple):
    """One way in which a message begins.

    Args:
        pattern: of its first line; groups of `DATE` and `TIME`, and `rest` or `name`.
        app: which app writes so, by what the line says.
    """

    pattern: re.Pattern[str]
    app: Callable[[re.Match[str]], App]


def _bracketed(found: re.Match[str]) -> App:
    if found["a"] and len(found["a"]) == 4 and found["sep"] == "-":
        return App.SIGNAL
    return App.TELEGRAM if found["c"] and not found["comma"] and not found["second"] else App.WHATSAPP


def _always(app: App) -> Callable[[re.Match[str]], App]:
    return lambda found: app


def _form(pattern: str, app: Callable[[re.Match[str]], App]) -> Form:
    return Form(re.compile(pattern), app)


_FORMS: Final = (
    # [17.05.2017, 14:30:12] Name: words (WhatsApp on an iPhone); [2017-05-17, 14:30] (Signal, exported); Telegram.
    _form(rf"{_MARK}\[{_MARK}{DATE}(?P<comma>,)?\s(?:klo )?{TIME}{_MARK}\]\s?(?P<rest>.*)", _bracketed),
    # [14:30, 17.05.2017] Name: words (WhatsApp in a browser)
    _form(rf"{_MARK}\[{TIME},\s{DATE}{_MARK}\]\s?(?P<rest>.*)", _always(App.WHATSAPP)),
    # 17/05/2017, 14:30 - Name: words (WhatsApp on Android)
    _form(rf"{_MARK}{DATE},?\s{TIME}{_MARK}\s[-–]\s(?P<rest>.*)", _always(App.WHATSAPP)),
    # 17/05/2017, 14:30:12: Name: words (WhatsApp of earlier years)
    _form(rf"{_MARK}{DATE},?\s{TIME}:\s(?P<rest>[^:\n]{{1,{NAME_CHARS_MAX}}}:.*)", _always(App.WHATSAPP)),
    # Name, [17.05.2017 14:30] and the words beneath (Telegram on a desktop)
    _form(rf"(?P<name>\S[^\n]{{0,{NAME_CHARS_MAX}}}?),?\s\[{DATE},?\s{TIME}\]:?{_MARK}$", _always(App.TELEGRAM)),
)

_OURSELVES: Final = frozenset(("me", "you", "я", "вы", "ты", "ich", "moi", "yo"))
"""How apps call the person whose telephone it is."""

_ABOVE: Final = re.compile(rf"(?:>\s?)?(?P<name>[^\s:][^:\n]{{0,{NAME_CHARS_MAX}}}):$")
_BESIDE: Final = re.compile(r"(?P<name>[^\s:][^:\n]{0,39}): (?P<text>.*)")
_CLOCK: Final = re.compile(
    r"(?:\w{2,10}\.?,? )?(?:\d{1,2} )?\d{1,2}:\d\d(?:\s?[AaPp]\.?[Mm]\.?)?"
    r"|now|сейчас|\d{1,2} ?(?:s|m|h|d|w|с|мин|ч|д|н)\.?"
)
"""What Signal's desktop puts beneath a message: a time of day, or how long ago."""


def read(text: str, setting: Setting) -> Thread:
    """The thread in a text. Never raises."""
    lines = [line.rstrip() for line in legible(text).strip("\n").split("\n")]
    return _dated(lines, setting) or _headed(lines) or _undated(lines) or _clocked(lines) or _plain(lines)


def by_ourselves(name: str) -> bool:
    """Whether a name is how an app calls the person whose telephone it is."""
    return name.casefold().strip() in _OURSELVES


def media_in(text: str) -> tuple[str, ...]:
    """The files, or kinds of file, that a message mentions."""
    return tuple(dict.fromkeys(next(filter(None, found.groups())) for found in _MEDIA.finditer(text[:MEDIA_CHARS_MAX])))


def message(sender: str, at: Stamp | None, words: Sequence[str], setting: Setting | None, day_first: bool) -> Message:
    """A message from its lines."""
    text = "\n".join(words).strip("\n")
    moment = None
    if at is not None and setting is not None:
        when = local(at, setting, day_first=day_first)
        moment = setting.moment(when) if when else None
    return Message(sender, moment, text, media_in(text))


def _dated(lines: Sequence[str], setting: Setting) -> Thread | None:
    """Messages that begin with a date and a time; every one in the same way, so the most frequent way is taken."""
    counted = [[form.pattern.match(line) for line in lines] for form in _FORMS]
    best = max(range(len(_FORMS)), key=lambda number: sum(found is not None for found in counted[number]))
    begun = counted[best]
    first = next((found for found in begun if found), None)
    if first is None:
        return None
    stamps = [stamp(found) for found in begun if found]
    way = order(stamps, setting)
    messages = list(_gathered(lines, begun, setting, way))
    return Thread(_FORMS[best].app(first), tuple(messages), unclear=way.unclear, day_first=way.day_first)


def _gathered(
    lines: Sequence[str], begun: Sequence[re.Match[str] | None], setting: Setting, way: Order
) -> Iterator[Message]:
    """Each beginning with the lines that follow it. What stands before the first one is a message of its own."""
    head: re.Match[str] | None = None
    words: list[str] = []
    for line, found in zip(lines, begun, strict=True):
        if found is not None:
            if head is not None or any(words):
                yield _of(head, words, setting, way)
            head, words = found, []
        else:
            words.append(line)
    yield _of(head, words, setting, way)


def _of(head: re.Match[str] | None, words: list[str], setting: Setting, way: Order) -> Message:
    if head is None:
        return message("", None, words, None, way.day_first)
    groups = head.groupdict()
    if "rest" not in groups:
        return message(_name(head["name"]), stamp(head), words, setting, way.day_first)
    named = _NAMED.match(head["rest"])
    if named is None:
        told = message("", stamp(head), [head["rest"], *words], setting, way.day_first)
        return Message("", told.at, told.text, told.media, by_app=True)
    return message(_name(named["name"]), stamp(head), [named["text"] or "", *words], setting, way.day_first)


def _name(text: str) -> str:
    return re.sub("[\u200e\u200f\u061c]", "", text).strip()


def _headed(lines: Sequence[str]) -> Thread | None:
    """Names on lines of their own, the words beneath, a blank line between (Telegram on a telephone)."""
    heads = [
        _ABOVE.fullmatch(line) if not number or not lines[number - 1] else None for number, line in enumerate(lines)
    ]
    if not _are_names([found["name"] for found in heads if found]) or heads[0] is None:
        return None
    messages: list[Message] = []
    sender, words = "", list[str]()
    for line, found in zip(lines, heads, strict=True):
        if found is None:
            words.append(line)
            continue
        if sender:
            messages += _paragraphs(sender, words)
        sender, words = found["name"], []
    messages += _paragraphs(sender, words)
    return Thread(App.TELEGRAM, tuple(messages))


def _paragraphs(sender: str, words: Sequence[str]) -> list[Message]:
    """Each stretch between blank lines is a message."""
    stretches = [list(group) for filled, group in groupby(words, bool) if filled]
    return [message(sender, None, stretch, None, day_first=True) for stretch in stretches or [[""]]]


def _undated(lines: Sequence[str]) -> Thread | None:
    """“Name: words”, without a time."""
    begun = [_BESIDE.fullmatch(line) for line in lines]
    names = [found["name"] for found in begun if found]
    if not lines or begun[0] is None or not _are_names(names):
        return None
    messages: list[Message] = []
    sender, words = "", list[str]()
    for line, found in zip(lines, begun, strict=True):
        if found is not None and found["name"] in names:
            if sender:
                messages.append(message(sender, None, words, None, day_first=True))
            sender, words = found["name"], [found["text"]]
        else:
            words.append(line)
    messages.append(message(sender, None, words, None, day_first=True))
    return Thread(App.UNKNOWN, tuple(messages))


def _are_names(found: Sequence[str]) -> bool:
    """Whether what stands before the colons are the few who take turns, and not the questions of a form."""
    distinct = set(found)
    if not 1 <= len(distinct) <= 6 or any(len(name.split()) > 4 or "//" in name for name in distinct):
        return False
    return len(found) > len(distinct) or any(map(by_ourselves, distinct))


def _clocked(lines: Sequence[str]) -> Thread | None:
    """Words with a time of day beneath each message, and nobody's name (Signal's desktop)."""
    times = [bool(_CLOCK.fullmatch(line)) for line in lines]
    if sum(times) < 2 or times[0] or 8 * sum(times) < len(lines):
        return None
    messages: list[Message] = []
    words: list[str] = []
    for line, is_time in zip(lines, times, strict=True):
        words.append(line)
        if is_time:
            messages.append(message("", None, words, None, day_first=True))
            words = []
    if any(words):
        messages.append(message("", None, words, None, day_first=True))
    return Thread(App.SIGNAL, tuple(messages))


def _plain(lines: Sequence[str]) -> Thread:
    """Text that is no thread: one message of nobody in particular."""
    return Thread(App.UNKNOWN, (message("", None, lines, None, day_first=True),))
