"""Languages: catalogues are read from `locale/` when they are first needed; English needs none.

Knowledge names its messages by gettext id (`records.labels.N_`); here an id becomes words. What a browser asks for is
matched against the languages that exist, and never trusted further.
"""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from waystation.errors import BookError, Problem, WaystationError
from waystation.records.values import COUNTRIES

LOCALE: Final = Path(__file__).resolve().parent.parent / "locale"
DOMAIN: Final = "waystation"
DEFAULT: Final = "en"

_ACCEPT_CHARS_MAX: Final = 500
"""A browser's list of languages is shorter; more is not read."""


@dataclass(frozen=True)
class Language:
    """One language of the pages.

    Args:
        code: BCP 47 code, for the `lang` attribute.
        translations: its catalogue.
        locale: how it writes dates and numbers.
    """

    code: str
    translations: gettext.NullTranslations
    locale: Locale

    @cached_property
    def countries(self) -> list[tuple[str, str]]:
        """Code and name of every country, by name."""
        names = ((code, self.locale.territories.get(code, code)) for code in COUNTRIES)
        return sorted(names, key=lambda pair: pair[1].casefold().replace("ё", "е"))

    @cached_property
    def country_codes(self) -> dict[str, str]:
        """Name of every country, case folded, and its code."""
        return {name.casefold(): code for code, name in self.countries}

    @property
    def is_veiled(self) -> bool:
        """Whether others see the screen, so that nothing is told in the words in which it was said."""
        return False

    @property
    def direction(self) -> str:
        """Which way it is written: "ltr" or "rtl"."""
        return self.locale.text_direction

    def gettext(self, message: str, /, **values: object) -> str:
        """The message in this language, its `%(name)s` places filled with `values`."""
        text = self.translations.gettext(message)
        return text % values if values else text

    def ngettext(self, one: str, many: str, number: int, /, **values: object) -> str:
        """The form of a message that goes with a number; `%(num)s` is filled with it."""
        return self.translations.ngettext(one, many, number) % {"num": number, **values}

    def plain(self, text: str) -> str:
        """A text that is no message and tells of nobody: a day, a number, a country, a time of day."""
        return text

    def problem(self, problem: Problem) -> str:
        """Why a field was refused, in words."""
        return self._filled(problem.message, problem.values)

    def error(self, error: WaystationError) -> str:
        """What an error says, in words."""
        said = self._filled(error.message, error.values)
        if isinstance(error, BookError) and error.position is not None:
            return self.gettext("Entry %(position)s of the book: %(rule)s", position=error.position, rule=said)
        return said

    def _filled(self, message: str, values: Mapping[str, object]) -> str:
        """A message with its places filled; a text of ours that fills one, such as a label, is translated as well."""
        words = {name: self.gettext(text) if isinstance(text, str) and text else text for name, text in values.items()}
        return self.gettext(message, **words)


def languages() -> tuple[str, ...]:
    """Codes of the languages that exist, the default first."""
    catalogues = LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po")
    return (DEFAULT, *sorted(path.parts[-3] for path in catalogues if path.parts[-3] != DEFAULT))


@cache
def language(code: str) -> Language:
    """A language by the code that `languages` gave."""
    # British English writes the day before the month, as the staff do.
    locale = Locale.parse("en_GB" if code == DEFAULT else code)
    return Language(code, _translations(code), locale)


@cache
def _translations(code: str) -> gettext.NullTranslations:
    path = LOCALE / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        return gettext.NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def offered() -> tuple[tuple[str, str], ...]:
    """Code and own name of every language that exists, for the switch between them."""
    named = ((code, language(code).locale.get_language_name(code) or code) for code in languages())
    return tuple((code, name[:1].upper() + name[1:]) for code, name in named)


def preferred(accept_language: str) -> Language:
    """The best language for an Accept-Language header; the default for anything that is none."""
    wished: list[tuple[float, str]] = []
    for part in accept_language[:_ACCEPT_CHARS_MAX].split(","):
        code, _, weight = part.strip().partition(";q=")
        try:
            wished.append((float(weight or 1), code.strip().lower()))
        except ValueError:
            continue
    known = languages()
    for _, code in sorted(wished, key=lambda wish: -wish[0]):
        for candidate in (code, code.partition("-")[0]):
            if candidate in known:
                return language(candidate)
    return language(DEFAULT)
