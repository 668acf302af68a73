"""Letters as files: `.eml`, and an `.mbox` of many. Sender, day, words, and what is attached.

Guarantees: nothing is fetched and nothing leaves memory; a broken charset, boundary or header costs that part its shape
and never the rest; a letter inside a letter is one of its own. What is no letter is refused. The words of HTML are its
text; pictures in it are attachments.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from email.utils import parseaddr, parsedate_to_datetime
from itertools import islice
from typing import Final

from waystation.clock import Millis
from waystation.errors import BadInput, Problem
from waystation.limits import LETTER_DEPTH_MAX, LETTER_LEVELS_MAX, LETTER_PARTS_MAX, LETTERS_MAX
from waystation.plaintext import html_text, legible, one_line
from waystation.records.labels import N_
from waystation.records.values import FIRST_MS, LAST_MS, Moment

NAME_CHARS_MAX: Final = 200
SUBJECT_CHARS_MAX: Final = 300

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD: Final = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,60}:")
_TELLING: Final = re.compile(
    rb"^(?:From|Date|Subject|Message-ID|To|Received|Return-Path):", re.IGNORECASE | re.MULTILINE
)
_BETWEEN: Final = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\n")
_QUOTED_FROM: Final = re.compile(rb"^>(>*From )", re.MULTILINE)
_BOUNDARY: Final = re.compile(rb"^--", re.MULTILINE)
_BOUNDARIES_MAX: Final = 5_000
_HEAD_BYTES: Final = 64 * 1024
_HEADER_CHARS_MAX: Final = 4_000
"""Of one header line, which in earnest has a few hundred: taking apart a longer one could take minutes."""


class _Bounded(Compat32):
    """Headers as they stand, and no longer than they are in earnest."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, str(value)[:_HEADER_CHARS_MAX]


_POLICY: Final = _Bounded()

NOT_A_LETTER: Final = Problem("not_a_letter", N_("This is no letter that can be read. It can be kept as a file."))
TOO_MANY: Final = Problem(
    "too_many_letters", N_("At most %(letters)s letters are read at once. Split the file."), {"letters": LETTERS_MAX}
)


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a letter; its name is as it stood there, without folders."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter.

    Args:
        sender: the name it is signed with in its head; the address where there is none.
        address: the sender's, as it says; nothing proves it.
        at: None if it bears no date that can be read.
        enclosed: letters that were attached whole.
        cut: whether it had more parts than are read.
    """

    sender: str
    address: str
    to: str
    subject: str
    at: Moment | None
    text: str
    attached: tuple[Attached, ...] = ()
    enclosed: "tuple[Letter, ...]" = ()
    cut: bool = False


@dataclass(slots=True)
class _Parts:
    """What is gathered while a letter is taken apart."""

    texts: list[str] = field(default_factory=list)
    attached: list[Attached] = field(default_factory=list)
    enclosed: list[Letter] = field(default_factory=list)
    seen: int = 0
    cut: bool = False


def looks_like_letter(content: bytes) -> bool:
    """Whether bytes begin as a letter does: with header lines, two of which every letter has."""
    head = content[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf\r\n")
    return _HEAD.match(head) is not None and len(set(_TELLING.findall(_first_block(head)))) >= 2


def looks_like_mbox(content: bytes) -> bool:
    """Whether bytes begin as an mbox does."""
    found = _BETWEEN.match(content)
    return found is not None and looks_like_letter(content[found.end() : found.end() + _HEAD_BYTES])


def read(content: bytes, zone: str) -> Letter:
    """A letter.

    Args:
        zone: IANA name of the zone in which its moment is told.
    Raises: BadInput, if it is none.
    """
    boundaries = sum(1 for _ in islice(_BOUNDARY.finditer(content), _BOUNDARIES_MAX + 1))
    if not looks_like_letter(content) or boundaries > _BOUNDARIES_MAX:
        raise BadInput({"": NOT_A_LETTER})
    try:
        parsed = BytesParser(policy=_POLICY).parsebytes(content.lstrip(b"\xef\xbb\xbf\r\n"))
        return _letter(parsed, zone, 0)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError):
        # The standard library raises any of these for heads and parts that no program of good will makes.
        raise BadInput({"": NOT_A_LETTER}) from None


def read_mbox(content: bytes, zone: str) -> tuple[Letter, ...]:
    """The letters of an mbox, those that can be read. Raises: BadInput, if there is none, or there are too many."""
    found: list[Letter] = []
    for piece in split_mbox(content):
        try:
            found.append(read(piece, zone))
        except BadInput:
            continue
    if not found:
        raise BadInput({"": NOT_A_LETTER})
    return tuple(found)


def split_mbox(content: bytes) -> tuple[bytes, ...]:
    """The letters of an mbox, each as it was: they begin where “From ” stands at the start or after a blank line.

    Raises: BadInput, if there are too many.
    """
    starts = list(_BETWEEN.finditer(content))
    if len(starts) > LETTERS_MAX:
        raise BadInput({"": TOO_MANY})
    ends = [found.start() for found in starts[1:]] + [len(content)]
    return tuple(_QUOTED_FROM.sub(rb"\1", content[found.end() : end]) for found, end in zip(starts, ends, strict=True))


def every(letter: Letter) -> Iterator[Letter]:
    """A letter, then those that came inside it."""
    yield letter
    for inner in letter.enclosed:
        yield from every(inner)


def _first_block(head: bytes) -> bytes:
    """The header lines."""
    ends = [at for at in (head.find(b"\n\n"), head.find(b"\r\n\r\n")) if at >= 0]
    return head[: min(ends)] if ends else head


def _letter(parsed: Message, zone: str, depth: int) -> Letter:
    parts = _Parts()
    _take(parsed, parts, zone, depth)
    name, address = parseaddr(_head(parsed, "from"))
    address = one_line(address, NAME_CHARS_MAX)
    return Letter(
        sender=one_line(name, NAME_CHARS_MAX) or address,
        address=address,
        to=one_line(_head(parsed, "to"), NAME_CHARS_MAX),
        subject=one_line(_head(parsed, "subject"), SUBJECT_CHARS_MAX),
        at=_moment(_head(parsed, "date"), zone),
        text="\n\n".join(filter(None, (text.strip() for text in parts.texts))),
        attached=tuple(parts.attached),
        enclosed=tuple(parts.enclosed),
        cut=parts.cut,
    )


def _take(part: Message, parts: _Parts, zone: str, depth: int, *, level: int = 0, words: bool = True) -> None:
    """Gathers a part and what it holds.

    Args:
        depth: letters around it. level: parts around it.
        words: whether its text is wanted; not where the same was said in another way beside it.
    """
    parts.seen += 1
    if parts.seen > LETTER_PARTS_MAX or level > LETTER_LEVELS_MAX:
        parts.cut = True
        return
    kind = part.get_content_type()
    if kind == "message/rfc822" and part.is_multipart():
        if depth < LETTER_DEPTH_MAX:
            parts.enclosed += [_letter(inner, zone, depth + 1) for inner in _inside(part)]
        else:
            parts.attached.append(Attached("letter.eml", "message/rfc822", _octets(part)))
    elif part.is_multipart():
        inner = _inside(part)
        chosen = _best(inner) if kind == "multipart/alternative" else None
        for one in inner:
            _take(one, parts, zone, depth, level=level + 1, words=words and chosen in (None, one))
    else:
        _leaf(part, parts, words=words)


def _inside(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _best(alternatives: list[Message]) -> Message | None:
    """Which of several ways of saying the same is read: plain words, if there are any."""
    for one in alternatives:
        if one.get_content_type() == "text/plain" and _octets(one).strip():
            return one
    return alternatives[-1] if alternatives else None


def _leaf(part: Message, parts: _Parts, *, words: bool) -> None:
    kind = part.get_content_type()
    name = _file_name(part)
    is_file = part.get_content_disposition() == "attachment" or bool(name)
    # A letter that calls itself several parts and has no boundary is its words.
    if (kind in ("text/plain", "text/html") or kind.startswith("multipart/")) and not is_file:
        if words:
            text = _decoded(part)
            parts.texts.append(html_text(text) if kind == "text/html" else legible(text))
        return
    content = _octets(part)
    if content:
        parts.attached.append(Attached(name or _unnamed(kind), kind, content))


def _octets(part: Message) -> bytes:
    """A part's content, as far as its encoding can be undone."""
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    return part.as_bytes()


def _decoded(part: Message) -> str:
    content = _octets(part)
    for charset in (part.get_content_charset(), "utf-8", "cp1251"):
        try:
            return content.decode(charset or "utf-8")
        except (LookupError, UnicodeError):
            continue
    return content.decode("utf-8", "replace")


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return one_line(str(name).replace("\\", "/").rpartition("/")[2], NAME_CHARS_MAX)


def _unnamed(kind: str) -> str:
    return f"attached.{re.sub(r'[^a-z0-9]', '', kind.partition('/')[2])[:8] or 'bin'}"


def _head(parsed: Message, name: str) -> str:
    """A header in words; empty where there is none that can be read."""
    try:
        found = str(parsed.get(name) or "")
        return legible(str(make_header(decode_header(found))))
    except (ValueError, LookupError, TypeError, AttributeError, HeaderParseError):
        return ""


def _moment(text: str, zone: str) -> Moment | None:
    try:
        at = parsedate_to_datetime(text)
        ms = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return Moment(Millis(ms), zone) if FIRST_MS <= ms <= LAST_MS else None
