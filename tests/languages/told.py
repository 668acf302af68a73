"""What a page tells a person, shown or read aloud: its text, labels, titles and hints, and where each stands."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
UNSPOKEN = frozenset("script style template code kbd samp pre svg-path".split())
"""Elements whose content is no sentence: what is typed at a terminal, or on a keyboard."""

SPOKEN = frozenset(
    "alt title placeholder label aria-label aria-description aria-roledescription aria-valuetext".split()
)

WORD = re.compile(r"(?<![.\w])[A-Za-z]{2,}(?!\w)")
"""A word in Latin letters; the ending of a file's name is none, nor is a code such as bad_id."""


PIECE_CHARS = 16
"""A piece of somebody's text is at least so long; a shorter one could be a word of ours."""


@dataclass
class Told:
    """One text of a page."""

    where: str
    words: str


class _Reader(HTMLParser):
    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        self._open: list[tuple[str, bool]] = []
        self.told: list[Told] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        # What is marked as another language is meant to be in it: the name of a language, in itself.
        foreign = given.get("lang", self._language) != self._language or given.get("translate") == "no"
        classes = given.get("class", "").split()
        quoted = "as-written" in classes or (bool(self._open) and self._open[-1][1] and "tag" not in classes)
        silent = foreign or quoted or tag in UNSPOKEN
        if not silent:
            told = ((name, value) for name, value in given.items() if _is_told(tag, name, value, given.get("type", "")))
            self.told.extend(Told(f"<{tag} {name}>", value) for name, value in told)
        if tag not in VOID:
            self._open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            name, _ = self._open.pop()
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if words and not (self._open and self._open[-1][1]):
            self.told.append(Told(f"<{self._open[-1][0] if self._open else 'page'}>", words))


def _is_told(tag: str, name: str, value: str, input_type: str) -> bool:
    """Whether an attribute holds words for a person; what a script shows stands in a `data-` attribute."""
    if name == "value":
        return tag == "input" and input_type in ("submit", "button", "reset")
    return name in SPOKEN or (name.startswith("data-") and " " in value.strip())


def told(html: str, language: str) -> list[Told]:
    """Everything that a page tells in a language."""
    reader = _Reader(language)
    reader.feed(html)
    return reader.told


@dataclass
class Untranslated:
    """Looks for words that are not in the language of the page.

    Args:
        data: texts that somebody wrote, the longest first; they are in whatever language they are in.
        allowed: words that are the same in every language.
    """

    data: Sequence[str]
    allowed: Iterable[str]
    found: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._data = [" ".join(text.split()) for text in self.data if WORD.search(text)]
        self._allowed = frozenset(self.allowed)

    def read(self, page: str, html: str, language: str) -> None:
        """Notes what is wrong with a page."""
        for one in told(html, language):
            left = one.words
            for text in self._data:
                if text in left:
                    left = left.replace(text, " ")
            cut = re.search(r"([^⟦⟧…]{12,})…", left)
            if cut and any(text.startswith(cut[1].strip()) for text in self._data):
                # The beginning of a longer text.
                left = left.replace(cut[0], " ")
            elif len(one.words) >= PIECE_CHARS and any(one.words in text for text in self._data):
                # What a mark leaves of it.
                continue
            words = [word for word in WORD.findall(left) if word not in self._allowed]
            if words:
                self.found.setdefault(f"{one.where} {one.words[:160]}", set()).add(page)
