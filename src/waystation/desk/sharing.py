"""Screen-share mode: while others see the screen, pages show code names and nothing else that somebody wrote.

Guarantees: it fails closed, at one place for all pages. Whatever a template prints is hidden unless it is known to be
harmless: the pages' own words, labels, choices, countries, days, moments, numbers, and the code names of this book. A
sentence may be shown and a place in it hidden. Nothing here decides what a page may read; it decides what is drawn.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any, Final

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from waystation.desk.i18n import Language

_BEGIN: Final = "\ue000"
_END: Final = "\ue001"
"""Around what is to be hidden, on its way through a template. A text that holds them itself loses them."""

_MARKED: Final = re.compile(f"{_BEGIN}[^{_BEGIN}{_END}]*{_END}")
_TAG: Final = re.compile(r"<[^>]*>")
_ATTRIBUTE: Final = re.compile(r"""([\w:-]+)=("[^"]*"|'[^']*')""")
_AREA: Final = re.compile(r"<textarea([^>]*)>(.*?)</textarea>", re.DOTALL)
_APART: Final = re.compile(r"( · |, |: |; | – | — | ?\(|\) ?|\n| (?=\d{1,3}$))")
"""Where a text that a page put together may be taken apart again."""

_NUMBER: Final = re.compile(r"[\W_]*\d{0,3}[\W_]*|\d{4}-\d\d-\d\d")
"""Signs, a number of up to three digits, or an ISO day; a telephone number is none of these."""

_DIGIT: Final = re.compile(r"\d")

_SEEN_ATTRIBUTES: Final = frozenset(
    ("title", "aria-label", "aria-description", "alt", "placeholder", "label", "content")
)
_NO_MARKUP: Final = frozenset(("title", "option", "text", "tspan"))
"""Elements inside which no other may stand."""

_NAMED: Final = re.compile(r"[\w.+/-]*", re.ASCII)
"""The value of an option that is an id, a choice, a code; words are none."""

_OPEN_INPUTS: Final = frozenset(("hidden", "checkbox", "radio", "submit", "button"))


@dataclass(frozen=True)
class Veiled(Language):
    """A language of the pages while others see the screen: it remembers what it said, and marks what it does not know.

    Args:
        is_code_name: whether a text is a code name of this book.
    """

    is_code_name: Callable[[str], bool] = field(kw_only=True)

    @cached_property
    def _said(self) -> set[str]:
        return set()

    @property
    def is_veiled(self) -> bool:
        return True

    def plain(self, text: str) -> str:
        """Takes a text for harmless."""
        self._said.add(text)
        return text

    def gettext(self, message: str, /, **values: object) -> str:
        return self.plain(super().gettext(message, **{name: self._place(value) for name, value in values.items()}))

    def ngettext(self, one: str, many: str, number: int, /, **values: object) -> str:
        places = {name: self._place(value) for name, value in values.items()}
        return self.plain(super().ngettext(one, many, number, **places))

    def veil(self, text: str) -> str:
        """The text, with what is not known to be harmless between the two marks."""
        if self._is_harmless(text):
            return text
        parts = _APART.split(text)
        known = [self._is_harmless(part) for part in parts]
        # Beside unknown words a number is more likely a flat or the end of a telephone number than a count.
        if not all(known):
            known = [is_known and not _DIGIT.search(part) for part, is_known in zip(parts, known, strict=True)]
        return "".join(part if is_known else _marked(part) for part, is_known in zip(parts, known, strict=True))

    def _place(self, value: object) -> object:
        return self.veil(value) if isinstance(value, str) else value

    def _is_harmless(self, text: str) -> bool:
        return text in self._said or bool(_NUMBER.fullmatch(text)) or self.is_code_name(text)


@pass_context
def finalize(context: Context, value: Any) -> Any:
    """What Jinja prints for an expression. `pass_context` keeps it from being asked while a template is compiled."""
    language = context.get("veil")
    if not isinstance(language, Veiled) or isinstance(value, Markup | Undefined | bool | int | float) or value is None:
        return value
    return language.veil(str(value))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as others may see it.

    Args:
        inputs_shut: how many inputs held something that is hidden, and take nothing now.
    """

    html: str
    inputs_shut: int


def draw(html: str, hidden: str) -> Drawn:
    """Hides what is between the marks, each place in the way that its surroundings allow.

    Args:
        hidden: the words that stand there instead.
    """
    shut: list[str] = []
    words = escape(hidden, quote=True)
    hatch = f'<span class="veiled"><span class="unseen">{words}</span></span>'

    def area(found: re.Match[str]) -> str:
        if _BEGIN not in found[2]:
            return found[0]
        shut.extend(_unmarked(name) for key, name in _ATTRIBUTE.findall(found[1]) if key == "name")
        return f'<textarea{found[1]} disabled placeholder="{words}"></textarea>'

    def tag(text: str) -> str:
        if _BEGIN not in text:
            return text
        attributes = {name: quoted[1:-1] for name, quoted in _ATTRIBUTE.findall(text)}
        if text.startswith("<option") and not _NAMED.fullmatch(_unmarked(attributes.get("value", ""))):
            return "<option disabled>"
        is_input = text.startswith("<input") and _unmarked(attributes.get("type", "")) not in _OPEN_INPUTS
        if is_input and _BEGIN in attributes.get("value", ""):
            shut.append(_unmarked(f'"{attributes.get("name", "")}"'))
            text = re.sub(r'\svalue="[^"]*"', f' value="" placeholder="{words}" disabled', text, count=1)
        return _ATTRIBUTE.sub(
            lambda one: _MARKED.sub(words, one[0]) if one[1] in _SEEN_ATTRIBUTES else _unmarked(one[0]), text
        )

    pieces: list[str] = []
    inside, end = "", 0
    html = _AREA.sub(area, html)
    for found in _TAG.finditer(html):
        pieces.append(_MARKED.sub(words if inside in _NO_MARKUP else hatch, html[end : found.start()]))
        pieces.append(tag(found[0]))
        inside = found[0].strip("</>").partition(" ")[0] if not found[0].startswith("</") else ""
        end = found.end()
    pieces.append(_MARKED.sub(hatch, html[end:]))
    drawn = "".join(pieces)
    for name in dict.fromkeys(shut):
        # A form that says it has shown a field, and posts nothing for it, clears it.
        drawn = drawn.replace(f'name="seen.{name[1:]}', f'disabled name="seen.{name[1:]}')
    return Drawn(drawn, len(shut))


def _marked(text: str) -> str:
    """Marks a text, once: what a sentence holds may be marked already."""
    if not text:
        return text
    return f"{_BEGIN}{_unmarked(text)}{_END}"


def _unmarked(text: str) -> str:
    return text.replace(_BEGIN, "").replace(_END, "")
