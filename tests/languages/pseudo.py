"""Languages that nobody speaks: every text of the program in letters that no other text has, and longer than English.

What a page shows in plain Latin letters is then either somebody's own words, or a text that was never translated. Days,
countries and numbers come from a real language whose letters are not Latin either: Georgian, written from the left, and
Arabic, written from the right.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from tools.catalogue import DOMAIN, template, written

from waystation.desk import i18n

LEFT, RIGHT = "ka", "ar"
"""Codes of the two."""

LONGER = 0.4

_PLACE = re.compile(r"%\(\w+\)[a-z]")
_LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "àƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýžÀßÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽ",
)


def disguised(text: str) -> str:
    """The text in other letters, in brackets, and longer; its places stay what they are."""
    said = "".join(
        part if _PLACE.fullmatch(part) else part.translate(_LETTERS) for part in re.split(f"({_PLACE.pattern})", text)
    )
    longer = max(1, round(len(text) * LONGER))
    # In words, as a translation would be, so that lines break where they would.
    return f"⟦{said} {' '.join('·' * min(6, longer - at) for at in range(0, longer, 6))}⟧"


def catalogue(code: str, texts: Catalog) -> Catalog:
    """The catalogue of such a language."""
    made = Catalog(locale=Locale.parse(code), charset="utf-8")
    for message in texts:
        if not message.id:
            continue
        if isinstance(message.id, str):
            made.add(message.id, disguised(message.id))
        else:
            one, many = message.id
            forms = [disguised(one), *[disguised(many)] * (made.num_plurals - 1)]
            # Arabic has forms of its own for none and for two.
            made.add(message.id, tuple(forms if made.num_plurals == 2 else [disguised(many)] * made.num_plurals))
    return made


@contextmanager
def spoken(folder: Path, patched: pytest.MonkeyPatch) -> Iterator[None]:
    """Puts the two languages in the place of the real ones."""
    for code in (LEFT, RIGHT):
        path = folder / code / "LC_MESSAGES" / f"{DOMAIN}.po"
        path.parent.mkdir(parents=True)
        path.write_bytes(_file(code))
    patched.setattr(i18n, "LOCALE", folder)
    _forget()
    yield
    _forget()


@cache
def _file(code: str) -> bytes:
    return written(catalogue(code, template()))


def _forget() -> None:
    for name in ("language", "languages", "_translations"):
        getattr(getattr(i18n, name), "cache_clear", lambda: None)()
