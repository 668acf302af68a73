"""Text that came from elsewhere, made fit to be kept and shown: a chat, a letter, a saved page.

Guarantees: what comes out is accepted by every text field; no mark is left in it that turns the direction of writing
or hides what it says; nothing is fetched. What is visible is never dropped. The original is kept beside it, as a file.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias
from unicodedata import combining, is_normalized, normalize

from lxml import html

MARKS_MAX: Final = 30
"""So many combining marks upon one letter are writing; more are not (Unicode's Stream-Safe form)."""

etree = html.etree
Element: TypeAlias = Any

_RETURNS: Final = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_DIRECTION: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_ILL_FORMED: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
)
_MARKS: Final = re.compile(rf"[^\w\s\x00-\x7f]{{{MARKS_MAX + 1},}}")
_BLANK_LINES: Final = re.compile(r"\n(?:[^\S\n]*\n){2,}")
_SPACES: Final = re.compile(r"[^\S\n]+")

_UNSEEN: Final = frozenset(("script", "style", "head", "template", "noscript", "title"))
_BLOCKS: Final = frozenset(
    "address article aside blockquote br dd div dl dt figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p "
    "pre section table tr ul".split()
)
_CELLS: Final = frozenset(("td", "th"))


def legible(text: str) -> str:
    """The text without what nobody can see: control characters, marks of direction, marks piled up on one letter."""
    text = _RETURNS.sub("\n", text).replace("\t", " ")
    text = _ILL_FORMED.sub("", _DIRECTION.sub("", text))
    text = _MARKS.sub(lambda found: _thinned(found[0]), text)
    return text if is_normalized("NFC", text) else normalize("NFC", text)


def one_line(text: str, max_chars: int) -> str:
    """A name or a title from elsewhere, on one line and no longer than a field holds."""
    return _SPACES.sub(" ", legible(text).replace("\n", " ")).strip()[:max_chars].strip()


def html_text(page: str | bytes) -> str:
    """What a page of HTML says, one paragraph a line; empty where it cannot be read. Nothing is fetched or run."""
    root = parsed_html(page)
    return "" if root is None else element_text(root)


def parsed_html(page: str | bytes) -> Element | None:
    """A page's elements, however broken it is; None where there is nothing to read. Nothing is fetched or run."""
    try:
        return html.document_fromstring(page)
    except (etree.LxmlError, ValueError, LookupError, AssertionError):
        return None


def element_text(element: Element, without: frozenset[str] = frozenset()) -> str:
    """What an element says.

    Args:
        without: classes of the elements inside it that are left out.
    """
    text = "".join(_pieces(element, without))
    lines = (_SPACES.sub(" ", line).strip() for line in legible(text).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def guessed_language(text: str) -> str:
    """The language that a text seems to be in, by its letters and smallest words; empty where nothing points to one.

    Returns: an ISO 639 code, such as "ru". A guess, for a field that a person can change.
    """
    letters = {character for character in text[:_GUESS_CHARS].casefold() if character.isalpha()}
    for code, telling in _LETTERS:
        if letters & telling:
            return code
    words = set(_WORDS_OF.findall(text[:_GUESS_CHARS].casefold()))
    counted = {code: len(words & small) for code, small in _SMALL_WORDS.items()}
    best = max(counted, key=lambda code: counted[code])
    return best if counted[best] >= 2 else ""


_GUESS_CHARS: Final = 4_000
_WORDS_OF: Final = re.compile(r"[^\W\d_]+")
_LETTERS: Final = tuple(
    (code, frozenset(letters))
    for code, letters in (
        ("ce", "ӏ"),
        ("kk", "әғқңөұһ"),
        ("tg", "ҷӣӯҳ"),
        ("be", "ў"),
        ("uk", "їєґ"),
        ("ru", "ыэъё"),
        ("uk", "і"),
        ("ru", "абвгдежзийклмнопрст"),
        ("ku", "ڵۆێڕ"),
        ("ps", "ټډړښځڅ"),
        ("fa", "پچژگ"),
        ("ar", "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"),
        ("hy", "աբգդեզէըթժի"),
        ("ka", "აბგდევზთიკლ"),
        ("az", "ə"),
        ("tr", "ğış"),
    )
)
"""In order: letters that only that language has among ours, then those that leave the likeliest."""
_SMALL_WORDS: Final = {
    "en": frozenset("the and is to of in i my me you we they was are have help with for not".split()),
    "de": frozenset("der die das und ich ist nicht mir mich wir sie ein eine hilfe zu von".split()),
    "fr": frozenset("le la les et je est pas de des nous vous mon ma aide un une pour".split()),
    "es": frozenset("el la los y es no mi me de que por una un ayuda para con".split()),
    "tr": frozenset("ve bir bu ben için yardım değil çok ama var yok".split()),
    "sw": frozenset("na ya wa ni kwa mimi msaada sisi yangu hii".split()),
}


def _pieces(top: Element, without: frozenset[str]) -> Iterator[str]:
    """The text of an element in order, with line feeds around blocks; no recursion, for pages nest without end."""
    left_out = 0
    for event, element in etree.iterwalk(top, events=("start", "end", "comment", "pi")):
        if event in ("comment", "pi"):
            if not left_out and element is not top:
                yield _inline(element.tail)
            continue
        tag = str(element.tag)
        is_left_out = tag in _UNSEEN or bool(without and without & set(str(element.get("class") or "").split()))
        around = "\n" if tag in _BLOCKS else " " if tag in _CELLS else ""
        if event == "start":
            left_out += is_left_out
            if not left_out:
                yield around
                yield _inline(element.text, kept=tag == "pre")
        else:
            left_out -= is_left_out
            if not left_out:
                if tag != "br":
                    yield around
                if element is not top:
                    yield _inline(element.tail)


def _inline(text: str | None, *, kept: bool = False) -> str:
    """Text between tags: a line feed in it is only a space, unless it is kept."""
    if not text:
        return ""
    return text if kept else text.replace("\n", " ").replace("\r", " ")


def _thinned(run: str) -> str:
    """A run of signs with no more marks upon one letter than writing has."""
    kept: list[str] = []
    length = 0
    for character in run:
        length = length + 1 if combining(character) else 0
        if length <= MARKS_MAX:
            kept.append(character)
    return "".join(kept)
