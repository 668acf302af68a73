"""What a desk and an organisation are recognised by: as text, and as twelve words to read aloud.

Guarantees: the words open nothing. They stand for 128 bits of an id, so that no other desk or organisation can be made
that has the same ones.
"""

from dataclasses import dataclass
from typing import Final

from waystation.ids import to_text
from waystation.office.desk import Desk
from waystation.office.founding import fingerprint
from waystation.words import to_words

SPOKEN_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """An id, as text in groups of four and as twelve words."""

    text: str
    words: tuple[str, ...]


def of_organisation(desk: Desk) -> Fingerprint:
    """The organisation's, as it stands on its two papers."""
    return Fingerprint(fingerprint(desk.book.org), words_of(desk.book.org))


def of_desk(desk: Desk) -> Fingerprint:
    """This desk's: the hash of the key with which it signs."""
    text = to_text(desk.book.desk)
    return Fingerprint(" ".join(text[i : i + 4] for i in range(0, len(text), 4)), words_of(desk.book.desk))


def words_of(identity: bytes) -> tuple[str, ...]:
    """An id as twelve words."""
    return tuple(to_words(identity[:SPOKEN_BYTES]))
