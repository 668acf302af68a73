"""The words of what somebody saved: a page, a PDF, a pasted text, without the furniture that stood around them.

Guarantees: nothing is fetched; every line of the original is given once, in its order, and only marked as kept or left
out, so that a person can put any of it back; no date is guessed, for pages carry those of their furniture. Refuses what
is no text, and what would take longer to read than a person waits.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.policy import default as email_policy
from io import BytesIO
from itertools import takewhile
from typing import Final, NoReturn, Protocol
from unicodedata import normalize

import pypdf
from pypdf.errors import PyPdfError
from trafilatura import bare_extraction, load_html

from waystation import limits
from waystation.errors import BadInput, Problem
from waystation.furniture import leave_out
from waystation.plaintext import legible
from waystation.records.labels import N_


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph of the original; `kept`: whether it is part of the article."""

    text: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Article:
    """What was read.

    Args:
        title, publisher: as the page names them, to be looked over by a person; empty if it does not.
        address: where the page says it stands, never asked for.
        lines: all of them, from top to bottom, each at most `limits.PASSAGE_CHARS_MAX` characters.
    """

    title: str
    publisher: str
    address: str
    lines: tuple[Line, ...]

    @property
    def left_out(self) -> int:
        """How many lines are furniture."""
        return sum(not line.kept for line in self.lines)


def read(content: bytes, name: str = "", media_type: str = "") -> Article:
    """The words of a saved file.

    Args:
        content: an HTML page, an MHTML page, a PDF or a plain text; what it is, its first bytes say.
        name, media_type: what the file was called and said to be; asked where the bytes leave it open.
    Raises: BadInput, under "file": too large, no text in it, locked, damaged, or nothing of these.
    """
    if len(content) > limits.ARTICLE_MAX:
        message = N_("Only files of at most %(mib)s MB are read. Paste the part that you need.")
        _refuse("article_too_large", message, mib=limits.ARTICLE_MAX // limits.MIB)
    begins = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    ending = name.rpartition(".")[2].lower()
    if b"%pdf-" in begins:
        return _finished(_pdf(content))
    if ending in ("mht", "mhtml") or b"multipart/related" in begins or b"snapshot-content-location" in begins:
        return _finished(_mhtml(content))
    if ending in ("htm", "html", "xhtml") or "html" in media_type or _LOOKS_HTML.match(begins):
        return _finished(_page(_decoded(content)))
    if _is_no_text(content):
        _refuse("no_text_file", N_("This file holds no words that can be read. Give a saved page, a PDF or a text."))
    return _finished(_plain(_decoded(content)))


_LOOKS_HTML: Final = re.compile(
    rb"(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,800}?-->\s*)*<(?:!doctype html|html|head|body)\b", re.DOTALL
)
_MARK: Final = re.compile(r"<[^>]{0,2000}>")
_BLANK: Final = re.compile(r"[^\S\u00a0\u202f]+")
"""Blanks that may become one space; those that hold a number and its unit together stay."""
_UNSEEN: Final = re.compile("[\u00ad\u200b\u200e\u200f\u2060-\u2064\ue000-\uf8ff\U000f0000-\U0010ffff]")
"""What has no meaning outside its page: hints for breaking lines, and the icons of its own font."""

_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])['\"”’»)]*\s+")


def _refuse(code: str, message: str, **values: object) -> NoReturn:
    raise BadInput({"file": Problem(code, message, values)})


def _clean(text: str) -> str:
    """One line of it, without what nobody sees."""
    return _BLANK.sub(" ", _UNSEEN.sub("", legible(text))).strip()


def _finished(article: Article) -> Article:
    """The article with its lines bounded, in form, and judged."""
    cleaned = [Line(text, line.kept) for line in article.lines if (text := _clean(line.text))]
    lines = [Line(piece, line.kept) for line in cleaned for piece in _pieces(line.text)]
    if not any(line.kept for line in lines):
        _refuse("no_words", N_("No words were found in it. If it is a picture of a text, keep it as a file."))
    _bounded([line.text for line in lines])
    return replace(
        article,
        title=_clean(article.title)[:300],
        publisher=_clean(article.publisher)[:200],
        address=_clean(article.address)[:1000] if article.address.startswith(("http://", "https://")) else "",
        lines=tuple(lines),
    )


def _bounded(texts: Sequence[str]) -> None:
    """Asked before anything slow is done with them. Raises: BadInput."""
    if len(texts) > limits.ARTICLE_LINES_MAX or sum(map(len, texts)) > limits.ARTICLE_CHARS_MAX:
        _refuse("article_too_long", N_("This is longer than one source can hold. Paste the part that you need."))


def _pieces(text: str) -> Iterator[str]:
    """A paragraph in pieces that a passage can hold, cut between sentences where it can be."""
    while len(text) > limits.PASSAGE_CHARS_MAX:
        ends = [found.end() for found in _SENTENCE_END.finditer(text, 0, limits.PASSAGE_CHARS_MAX)]
        cut = ends[-1] if ends else text.rfind(" ", 1, limits.PASSAGE_CHARS_MAX) + 1 or limits.PASSAGE_CHARS_MAX
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def _judged(texts: Sequence[str], kept: Sequence[bool] | None = None) -> tuple[Line, ...]:
    judged = leave_out(texts, kept or [True] * len(texts))
    return tuple(Line(text, is_kept) for text, is_kept in zip(texts, judged, strict=True))


# ── Bytes ──


def _is_no_text(content: bytes) -> bool:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    return b"\x00" in content[:4096] or content.startswith((b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8"))


def _decoded(content: bytes) -> str:
    """The text of bytes: by their mark, as UTF-8, by what the page declares, else the old Cyrillic or Western page."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    declared = _CHARSET.search(content[:4096])
    for name in ("utf-8-sig", declared[1].decode("ascii") if declared else ""):
        try:
            return content.decode(name) if name else _old(content)
        except (UnicodeDecodeError, LookupError):
            continue
    return _old(content)


_CHARSET: Final = re.compile(rb"charset\s*=\s*['\"]?\s*([\w-]{2,30})", re.IGNORECASE)


def _old(content: bytes) -> str:
    cyrillic = content.decode("cp1251", "replace")
    letters = sum("а" <= char.lower() <= "я" for char in cyrillic[:20_000])
    return cyrillic if letters > 0.2 * min(len(cyrillic), 20_000) else content.decode("cp1252", "replace")


# ── Plain text ──


def _plain(text: str) -> Article:
    """A text whose paragraphs are its lines; in one that was broken at a width, blank lines part them."""
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    texts = _unwrapped(lines) if _is_wrapped(lines) else [line for line in map(_clean, lines) if line]
    _bounded(texts)
    found = _judged(texts)
    return Article(_first(found), "", "", found)


def _is_wrapped(lines: Sequence[str]) -> bool:
    """Whether lines were broken at some width: many are about as long as the longest, and go on in the next."""
    full = [line for line in lines if line]
    longest = max(map(len, full), default=0)
    if not 50 <= longest <= 100 or len(full) < 5 or "" not in lines:
        return False
    return sum(len(line) > 0.75 * longest for line in full) > 0.5 * len(full)


def _unwrapped(lines: Sequence[str]) -> list[str]:
    joined = "\n".join(lines)
    return [text for part in re.split(r"\n{2,}", joined) if (text := _clean(part))]


def _first(lines: Iterable[Line]) -> str:
    """The headline of a text that has no other: its first line that is kept and says something."""
    kept = [line.text for line in lines if line.kept][:12]
    return next((text for text in kept if len(text.split()) >= 4), kept[0] if kept else "")[:300]


# ── Pages ──


class _Node(Protocol):
    """An element of a parsed page, as far as it is asked here."""

    tag: object
    text: str | None
    tail: str | None

    def __iter__(self) -> Iterator["_Node"]: ...


_EDGE: Final = "\x1e"
_TURN: Final = "\x1f"
_PARTED: Final = re.compile(f"{_EDGE}|{_TURN}\\s*{_TURN}")
"""Where paragraphs end: at the edge of a block, and at an empty line."""

_UNREAD: Final = frozenset(
    "script style noscript template svg math head iframe object audio video canvas select option datalist input".split()
)
_INLINE: Final = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q rp rt ruby s samp small"
    " span strike strong sub sup time tt u var wbr".split()
)


def _page(html: str) -> Article:
    """An HTML page: its lines from the marks, the article among them as trafilatura finds it."""
    if html.count("<") > limits.ARTICLE_MARKS_MAX:
        _refuse("page_too_large", N_("This page is too large to be read. Paste the words that you need."))
    whole = html if "<html" in html[:2000].lower() else f"<html><body><div>{html}</div></body></html>"
    tree = load_html(whole.replace("\x00", ""))
    if tree is None:
        return _plain(_MARK.sub(" ", html))
    texts = [text for text in map(_clean, _block_texts(tree)) if text]
    _bounded(texts)
    try:
        found = bare_extraction(tree, include_comments=False, with_metadata=True, date_extraction_params=_NO_DATES)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError):
        # What a broken page does to it is not foreseeable; the shape of the lines still tells.
        found = None
    if found is None or isinstance(found, dict) or not found.text:
        lines = _judged(texts)
        return Article(_first(lines), "", "", lines)
    title = found.title or ""
    lines = _judged(texts, _with_headline(texts, _among(texts, found.text), title))
    return Article(title or _first(lines), found.sitename or "", found.url or "", lines)


_NO_DATES: Final = {"extensive_search": False, "original_date": True, "max_date": "1995-01-01"}
"""A page's dates are not used, so as little as possible is spent on them."""


def _block_texts(tree: _Node) -> Iterator[str]:
    """The texts of a page as its blocks part them; without recursion, for pages are nested as deep as they like."""
    parts: list[str] = []
    waiting: list[_Node | str | None] = [tree]
    while waiting:
        item = waiting.pop()
        if item is None:
            parts.append(_EDGE)
        elif isinstance(item, str):
            parts.append(item.replace(_EDGE, " ").replace(_TURN, " "))
        else:
            tag = item.tag if isinstance(item.tag, str) else ""
            waiting.append(item.tail or "")
            if tag == "br":
                parts.append(_TURN)
            elif tag and tag not in _UNREAD:
                edge = [] if tag in _INLINE else [None]
                waiting += [*edge, *reversed(list(item)), item.text or "", *edge]
    for part in _PARTED.split("".join(parts)):
        yield part.replace(_TURN, " ")


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, normalize("NFKC", text).casefold()))


def _among(texts: Sequence[str], article: str) -> list[bool]:
    """Which lines the article holds. Both run in one order, so a short line must stand where the last one ended."""
    whole, at = _key(article), 0
    kept: list[bool] = []
    for text in texts:
        key = _key(text)
        place = at if whole.startswith(key, at) else -1
        if place < 0 and len(key) >= 40:
            place = whole.find(key, at)
        if place < 0 and len(key) >= 120:
            # A link or a mark inside was left out of it; its beginning or its end still stands there.
            place = max(whole.find(key[:50], at), whole.find(key[-50:], at))
        kept.append(bool(key) and place >= 0)
        if kept[-1]:
            at = min(place + len(key), len(whole))
    return kept


def _with_headline(texts: Sequence[str], kept: Sequence[bool], title: str) -> list[bool]:
    """The headline stands above the article, and is something that the source says."""
    now, wanted = list(kept), _key(title)
    for index in range(len(list(takewhile(lambda one: not one, kept))) - 1, -1, -1):
        if wanted and _key(texts[index]) == wanted:
            now[index] = True
            break
    return now


# ── Saved pages of browsers ──


def _mhtml(content: bytes) -> Article:
    """The page of an MHTML file; its pictures and frames are not looked at."""
    try:
        whole = message_from_bytes(content, policy=email_policy)
        page = next((part for part in _parts(whole) if part.get_content_type() == "text/html"), None)
        if page is None:
            _refuse("no_page", N_("No page was found in this file. Save it again, or paste the words."))
        html = _body(page)
        address = str(whole.get("Snapshot-Content-Location", "")) or str(page.get("Content-Location", ""))
        subject = str(whole.get("Subject", ""))
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, IndexError, RecursionError):
        # The parser of mail is lenient until it is not; what it raises on hostile input is anything of these.
        _refuse("damaged_page", N_("This file is damaged. Save the page again, or paste the words."))
    if len(html) > limits.ARTICLE_MAX:
        _refuse("page_too_large", N_("This page is too large to be read. Paste the words that you need."))
    read_page = _page(html)
    return replace(read_page, title=read_page.title or subject, address=read_page.address or address)


def _parts(whole: Message) -> Iterator[Message]:
    for number, part in enumerate(whole.walk()):
        if number > 2000:
            return
        yield part


def _body(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset() or ""
    try:
        return payload.decode(charset) if charset else _decoded(payload)
    except (LookupError, UnicodeDecodeError):
        return _decoded(payload)


# ── PDF ──

_STREAM_MAX: Final = 4 * limits.MIB
_PAGES_OCTETS_MAX: Final = 12 * limits.MIB
_STEPS_MAX: Final = 600_000
"""Drawing steps of a whole PDF; reading so many takes some seconds."""

_NUMBER_ONLY: Final = re.compile(
    r"(?:page|стр(?:аница|\.)?|p\.|с\.)?\s*\d{1,4}(?:\s*(?:/|of|из)\s*\d{1,4})?", re.IGNORECASE
)
_DIGITS: Final = re.compile(r"\d+")
_HYPHENATED: Final = re.compile(r"[^\W\d_]-$")


def _pdf(content: bytes) -> Article:
    """The text of a PDF: its lines joined to paragraphs; page numbers and what stands on every page are furniture."""
    bounds = pypdf.Configuration(
        zlib_maximum_output_length=_STREAM_MAX,
        lzw_maximum_output_length=_STREAM_MAX,
        run_length_maximum_output_length=_STREAM_MAX,
        array_based_stream_maximum_output_length=_STREAM_MAX,
        stream_decoding_work_maximum_length=2 * _STREAM_MAX,
        stream_parsing_work_maximum_count=200_000,
        xform_maximum_invocations_per_extraction=100,
        jbig2dec_binary=None,
    )
    try:
        with pypdf.apply_configuration(bounds):
            reader = pypdf.PdfReader(BytesIO(content), root_object_recovery_limit=1000)
            if reader.is_encrypted and not reader.decrypt(""):
                _refuse("pdf_locked", N_("This PDF opens only with a password. Save a copy without one."))
            if len(reader.pages) > limits.ARTICLE_PDF_PAGES_MAX:
                message = N_("Only PDFs of at most %(pages)s pages are read. Paste the part that you need.")
                _refuse("article_too_long", message, pages=limits.ARTICLE_PDF_PAGES_MAX)
            pages = _page_texts(reader)
            about = reader.metadata
            title = str(about.title or "") if about else ""
    except BadInput:
        raise
    except (PyPdfError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, OSError,
            NotImplementedError, AssertionError):  # fmt: skip
        # The reader raises its own errors for most of what is damaged, and these for the rest.
        _refuse("damaged_pdf", N_("This PDF is damaged or locked. Open it and paste the words."))
    lines = _paragraphs([page.splitlines() for page in pages])
    return Article(title if len(title.split()) > 1 else _first(lines), "", "", lines)


class _Steps:
    """Counts the drawing steps of a PDF. Raises: BadInput, when there are too many."""

    def __init__(self) -> None:
        self._left = _STEPS_MAX

    def __call__(self, operator: object, operands: object, matrix: object, text_matrix: object) -> None:
        self._left -= 1
        if self._left < 0:
            _too_much()


def _too_much() -> NoReturn:
    _refuse("pdf_too_much", N_("This PDF takes too long to read. Open it and paste the words that you need."))


def _page_texts(reader: pypdf.PdfReader) -> list[str]:
    texts: list[str] = []
    steps, octets = _Steps(), 0
    for page in reader.pages:
        drawn = page.get_contents()
        octets += len(drawn.get_data()) if drawn is not None else 0
        if octets > _PAGES_OCTETS_MAX:
            _too_much()
        texts.append(page.extract_text(visitor_operand_before=steps))
        _bounded(texts)
    return texts


def _paragraphs(pages: Sequence[Sequence[str]]) -> tuple[Line, ...]:
    """Printed lines joined to paragraphs, across pages; running heads and page numbers apart."""
    running = _running(pages)
    longest = max((len(line) for page in pages for line in page), default=0)
    found: list[Line] = []
    open_line, is_full = "", True
    for line in (_clean(printed) for page in pages for printed in page):
        if line and (_NUMBER_ONLY.fullmatch(line) or _DIGITS.sub("#", line) in running):
            found.append(Line(line, kept=False))
            continue
        # A line that ends well before the margin ends its paragraph, if what follows looks like a beginning.
        if open_line and (not line or (not is_full and not line[0].islower())):
            found.append(Line(open_line, kept=True))
            open_line = ""
        if line:
            open_line, is_full = _joined(open_line, line), len(line) > 0.7 * longest
    return (*found, Line(open_line, kept=True)) if open_line else tuple(found)


def _running(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    """What stands at the head or the foot of at least three pages, and of every third, whatever its number."""
    seen: dict[str, int] = {}
    for page in pages:
        lines = [line for line in map(_clean, page) if line]
        for edge in {_DIGITS.sub("#", line) for line in (*lines[:2], *lines[-2:])}:
            seen[edge] = seen.get(edge, 0) + 1
    return frozenset(edge for edge, times in seen.items() if times >= max(3, len(pages) / 3))


def _joined(before: str, line: str) -> str:
    if _HYPHENATED.search(before) and line[:1].islower():
        return before[:-1] + line
    return f"{before} {line}" if before else line
