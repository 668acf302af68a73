"""Secrets on paper: 32 bytes as 24 words, and as the key text of the age tools.

The words are BIP-39's English list with its checksum (from the `mnemonic` package); they stand for the bytes themselves
and are decoded, never hashed. Implements spec/envelope.md P1–P2.
"""

from collections.abc import Iterable
from typing import Final

import pyrage
from mnemonic import Mnemonic

from waystation.errors import BadInput, Problem

SECRET_BYTES: Final = 32
WORDS: Final = 24
_WORD_BITS: Final = 11

_AGE_PREFIX: Final = "age-secret-key-"
_BECH32_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def to_words(secret: bytes) -> list[str]:
    """24 words for 32 bytes."""
    return Mnemonic("english").to_mnemonic(secret).split()


def from_words(text: str) -> bytes:
    """The 32 bytes that 24 words stand for; spacing, case and numbering are forgiven.

    Raises: BadInput, which says whether the count, a word (by its place) or the checksum is wrong.
    """
    words = [w for w in text.lower().replace(".", " ").split() if not w.isdigit()]
    if len(words) != WORDS:
        raise BadInput(
            {"": Problem("word_count", "%(found)s words were given; the page has 24.", {"found": len(words)})}
        )
    mnemonic = Mnemonic("english")
    known = set(mnemonic.wordlist)
    for place, word in enumerate(words, start=1):
        if word not in known:
            raise BadInput(
                {
                    "": Problem(
                        "unknown_word", "Word %(place)s is not on the list. Check its spelling.", {"place": place}
                    )
                }
            )
    if not mnemonic.check(" ".join(words)):
        raise BadInput(
            {"": Problem("word_checksum", "These words do not belong together. Check their order against the page.")}
        )
    return bytes(mnemonic.to_entropy(words))


def spoken(fingerprint: bytes, count: int) -> tuple[str, ...]:
    """The first `count` × 11 bits of a hash as words of the same list, to compare aloud. They decode to nothing."""
    bits = int.from_bytes(fingerprint, "big") >> (8 * len(fingerprint) - _WORD_BITS * count)
    listed = Mnemonic("english").wordlist
    return tuple(listed[bits >> _WORD_BITS * (count - 1 - i) & (1 << _WORD_BITS) - 1] for i in range(count))


def to_age_secret(secret: bytes) -> str:
    """An age identity ("AGE-SECRET-KEY-1…", Bech32 as in BIP-173) for 32 bytes, so that the age tools open it too."""
    values = _regroup(secret)
    expanded = [ord(c) >> 5 for c in _AGE_PREFIX] + [0] + [ord(c) & 31 for c in _AGE_PREFIX]
    check = _polymod([*expanded, *values, 0, 0, 0, 0, 0, 0]) ^ 1
    values += [(check >> 5 * (5 - i)) & 31 for i in range(6)]
    return (_AGE_PREFIX + "1" + "".join(_BECH32_ALPHABET[v] for v in values)).upper()


def age_recipient(secret: bytes) -> str:
    """The public half of an age identity ("age1…"), to encrypt to."""
    return str(pyrage.x25519.Identity.from_str(to_age_secret(secret)).to_public())


def _regroup(data: bytes) -> list[int]:
    """Bytes as 5-bit groups, the last filled with zeros."""
    bits = int.from_bytes(data, "big") << (-8 * len(data) % 5)
    count = -(-8 * len(data) // 5)
    return [(bits >> 5 * (count - 1 - i)) & 31 for i in range(count)]


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate(_BECH32_GENERATOR):
            if (top >> i) & 1:
                check ^= generator
    return check
