"""The two decoders against each other, on bytes that nobody chose: both read the same, or both refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ground.vectors import group
from tests.independent import log
from tests.independent.strict import Refused, need

from waystation.book.change import ChangeBody
from waystation.book.entry import decode_header
from waystation.book.era import read_era
from waystation.book.folder import read_epoch
from waystation.book.log import Tombstone
from waystation.book.roster import Amendment, SignedAmendment, read_genesis
from waystation.errors import AuthorityError, WaystationError
from waystation.wire import Decoder, encode

REFUSED = "refused"


def apart(read: Callable[[bytes], Any], stored: bytes) -> Any:
    try:
        return read(stored)
    except Refused:
        return REFUSED


def production(read: Callable[[bytes], Any], stored: bytes) -> Any:
    try:
        return read(stored)
    except WaystationError:
        return REFUSED


def change_there(stored: bytes) -> Any:
    read = Decoder(ChangeBody)(stored)
    return (read.save, read.at_ms, read.zone, read.payload)


def tombstone_there(stored: bytes) -> Any:
    read = Decoder(Tombstone)(stored)
    return (read.action, read.folder, read.at_ms, read.zone)


def genesis_here(stored: bytes) -> Any:
    read = log.genesis(stored)
    return (read.org, read.roots, read.threshold)


def genesis_there(stored: bytes) -> Any:
    org, read = read_genesis(stored)
    return (org, list(read.roots), read.threshold)


def header_here(stored: bytes) -> Any:
    read = log.header(stored)
    return (read.kind, read.desk, read.seq, read.seen, read.tag, read.body_hash)


def header_there(stored: bytes) -> Any:
    read = decode_header(stored)
    return (read.kind, read.desk, read.seq, read.seen_position, read.tag, read.body_hash)


def epoch_here(stored: bytes) -> Any:
    read, _, _ = log.epoch_body(stored)
    return (read.folder, read.type, read.epoch, read.tag, read.recipients, read.sheet)


def epoch_there(stored: bytes) -> Any:
    try:
        read = read_epoch(stored, None)
    except AuthorityError:
        return REFUSED
    return (read.folder, read.type.value, read.epoch, read.tag, list(read.recipients), read.sheet)


def roster_here(stored: bytes) -> Any:
    body, _ = log.roster_body(stored)
    read = log.amendment(body)
    return (read.org, read.number, read.previous, encode(read.operations))


def roster_there(stored: bytes) -> Any:
    read = Decoder(Amendment)(Decoder(SignedAmendment)(stored).amendment)
    return (read.org, read.number, read.previous, encode(read.operations))


def era_here(stored: bytes) -> Any:
    known = log.genesis(ERA["genesis"])
    body, signatures, read = log.era_body(stored)
    need(read.org == known.org, "B30")
    log.signed_by_root(known, body, signatures)
    return (read.number, read.checkpoint, read.order, read.reason)


def era_there(stored: bytes) -> Any:
    read = read_era(stored, *read_genesis(ERA["genesis"]))
    return (read.number, read.checkpoint, read.order, read.reason)


ERA = group("book", "era", "valid")[0]

FORMATS = {
    "era": ("body", era_here, era_there),
    "genesis": ("record", genesis_here, genesis_there),
    "header": ("header", header_here, header_there),
    "change": ("plaintext", log.change, change_there),
    "tombstone": ("plaintext", log.tombstone, tombstone_there),
    "epoch": ("body", epoch_here, epoch_there),
    "roster": ("body", roster_here, roster_there),
}


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
def test_mutated(name: str, data: st.DataObject) -> None:
    field, here, there = FORMATS[name]
    sound = data.draw(st.sampled_from(group("book", name, "valid")))[field]
    stored = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 2))):
        # The framing stands mostly at the beginning.
        at = min(data.draw(st.integers(0, len(stored) - 1)), data.draw(st.integers(0, len(stored) - 1)))
        stored[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([0, 0, 0, 1]))
    given_ = bytes(stored[: len(stored) - cut])
    assert apart(here, given_) == production(there, given_)


@pytest.mark.parametrize("name", FORMATS)
@given(stored=st.binary(max_size=60))
def test_arbitrary(name: str, stored: bytes) -> None:
    _, here, there = FORMATS[name]
    assert apart(here, stored) == production(there, stored)
