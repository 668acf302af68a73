"""Rounds with the relay: what is saved goes out, what the others saved comes in, and a lie stops both.

Guarantees: a lie is written down by its name before anything else is asked of that relay, and outlives a restart; after
it nothing foreign is taken and nothing sent, while saving goes on here (spec/sync.md, "Lies"). What a person may do
then is `try_again`, `move` to another relay, or an era by the root key (`sign_era`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from waystation import words
from waystation.book import Progress
from waystation.book.entry import Entry
from waystation.book.roster import read_genesis
from waystation.clock import Millis
from waystation.errors import (
    BadInput,
    BookError,
    Cloned,
    Damaged,
    Forked,
    Refused,
    RelayError,
    Removed,
    Rewound,
    TwoFaced,
    Withheld,
    WithheldSheet,
)
from waystation.ids import ChunkHash, FolderType
from waystation.office import access, drops, membership
from waystation.office.desk import CLONED, Desk
from waystation.office.side import DeskSide
from waystation.office.writing import refuse
from waystation.records.labels import N_
from waystation.roles import Action
from waystation.sign import SigningKey, SigningSeed
from waystation.sync.engine import STRETCH, Claims, Round, run_round, take_over
from waystation.sync.heads import Heads, heads_text, read_heads
from waystation.sync.http import check_address, check_proxy
from waystation.sync.relay import Relay
from waystation.wire import Decoder, encode

_WRONG: Final = "relay_wrong"
_TEND: Final = 200
"""Folders whose readers are looked at after one round."""

REASON_MAX: Final = 500
"""Characters of the reason for an era."""


class Lie(StrEnum):
    """What is wrong, by the names of spec/sync.md."""

    REWOUND = "rewound"
    FORKED = "forked"
    DAMAGED = "damaged"
    CLONED = "cloned"
    TWO_FACED = "two_faced"
    WITHHELD = "withheld"
    REMOVED = "removed"


class Wrong(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What was found, at which entry, the last entry that is common to both (None if that is not known), and when."""

    version: int
    what: Lie
    position: int
    common: int | None
    at_ms: Annotated[Millis, msgspec.Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class Status:
    """How this desk stands with the others.

    Args:
        connected: whether the organisation has a relay, as far as this desk knows.
        unsent: entries that the log's order does not hold yet.
        heard_ms: when something last came from another desk, UTC ms. reached_ms: when the relay last answered.
        away: the code of what is in the way now; empty if nothing is.
        wrong: what a person must decide; nothing is sent or taken until then.
        keys_missing: sheets for this desk that the relay does not give; bodies_missing: changes that came empty though
            nothing says that they were erased (S19).
        progress: how far a long pull has come, and how far it goes.
    """

    connected: bool
    unsent: int
    heard_ms: Millis | None
    reached_ms: Millis | None
    away: str
    wrong: Wrong | None
    keys_missing: int
    bodies_missing: int
    progress: tuple[int, int] | None

    @property
    def needs_person(self) -> bool:
        """Whether nothing goes on until somebody acts."""
        alarmed = self.keys_missing > 0 or self.bodies_missing > 0
        return alarmed or self.wrong is not None or self.away == "relay_refused"


_decode_wrong: Final = Decoder(Wrong)


def status(desk: Desk) -> Status:
    """How this desk stands with the others."""
    with desk.gate:
        book, contact = desk.book, desk.contact
        heard = book.store.meta("heard_ms")
        return Status(
            book.connected,
            book.unsent_count() if book.connected else 0,
            Millis(heard) if isinstance(heard, int) else None,
            contact.reached_ms,
            contact.away,
            wrong(desk),
            contact.keys_missing,
            contact.bodies_missing,
            contact.progress,
        )


def wrong(desk: Desk) -> Wrong | None:
    """What was found and not settled yet."""
    raw = desk.book.store.meta(_WRONG)
    return _decode_wrong(raw) if isinstance(raw, bytes) and raw else None


class Syncing:
    """The rounds of one open desk. One thread calls `round`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._relay: Relay | None = None
        self._claims = Claims()
        self._side = DeskSide(desk, self._progress)

    def round(self) -> bool:
        """One round, and the housekeeping that follows a good one; nothing, if there is no relay or something is wrong.

        Returns: whether there is more to do at once.
        Raises: RelayError, with what is in the way; the caller tries again later. A lie is written down and not raised.
        """
        desk, contact = self._desk, self._desk.contact
        with desk.gate:
            relay = None if wrong(desk) else desk.relay()
        if relay is None:
            return False
        try:
            done = self._round(relay)
            contact.keys_missing = len(done.withheld)
            with desk.gate:
                contact.bodies_missing = len(desk.book.missing_bodies())
            self._tend(relay)
        except WithheldSheet:
            contact.keys_missing = max(1, contact.keys_missing)
            raise RelayError("The relay does not give the keys that the next entry needs.") from None
        except BookError as lie:
            self._write_down(lie)
            return False
        except RelayError as error:
            contact.turns += contact.away != error.code
            contact.away = error.code
            raise
        finally:
            contact.progress = None
        contact.turns += bool(done.sent) or contact.away != ""
        contact.away = ""
        contact.reached_ms = desk.now_ms()
        with desk.gate:
            return desk.book.unsent_count() > 0 and wrong(desk) is None

    def _round(self, relay: Relay) -> Round:
        desk = self._desk
        if relay is not self._relay:
            # What another relay said, or was given, counts for nothing here.
            self._relay, self._claims, self._side = relay, Claims(), DeskSide(desk, self._progress)
        try:
            return run_round(self._side, relay, self._claims, desk.now_ms(), self._progress)
        except Rewound as lie:
            # It was set back, and root has spoken since: it is given the era and what follows it (S25).
            if all(era.position != lie.common + 1 for era in desk.book.eras()):
                raise
            _hand_over(desk, relay, self._progress)
            return run_round(self._side, relay, self._claims, desk.now_ms(), self._progress)

    def _tend(self, relay: Relay) -> None:
        """What follows from what came: destroying, keys of folders, own keys, who is let in."""
        desk = self._desk
        with desk.gate:
            desk.destroy_due()
            access.tend(desk, _TEND)
            membership.rekey_if_due(desk)
            may_drop = membership.may_admit(desk)
        membership.tend(desk, relay)
        if may_drop:
            drops.send(desk, relay)

    def _progress(self, done: int, of: int) -> None:
        self._desk.contact.progress = (done, of)

    def _write_down(self, lie: BookError) -> None:
        desk = self._desk
        what = _named(lie)
        if what is None:
            raise lie
        with desk.gate:
            common = lie.common if isinstance(lie, (Forked, Rewound)) else None
            found = Wrong(1, what, lie.position or 0, common, desk.now_ms())
            with desk.book.transaction():
                desk.book.store.set_meta(_WRONG, encode(found))
                if what is Lie.CLONED:
                    desk.book.store.set_meta(CLONED, 1)
            desk.contact.heard += 1
            if what is Lie.CLONED:
                # Whoever wrote with this key may be at this very desk (S16).
                desk.lock()


def try_again(desk: Desk) -> None:
    """Asks the relay once more; what is still wrong is found again. Raises: Refused, where that could not help."""
    with desk.gate:
        found = wrong(desk)
        if found is not None and found.what in (Lie.CLONED, Lie.REMOVED):
            raise Refused("Asking again does not help here. Ask a coordinator.")
        _settled(desk)
        # What it has said before is forgotten with the connection, or it would be found at fault by that again.
        desk.leave_relay()
    desk.nudge()


def connect(desk: Desk, address: str, ticket: str, proxy: str = "", progress: Progress = lambda done, of: None) -> None:
    """Gives a relay that the operator issued a ticket for the whole log, and works with it from then on (S23).

    Also where the organisation has another relay already and moves. What was interrupted goes on from where it stood.

    Args:
        address, ticket, proxy: as the operator gave them; the ticket is empty where the relay knows the organisation.
    Raises: BadInput, Refused, RelayError; BookError, if the relay holds another log.
    """
    address, proxy = read_where(address, proxy)
    with desk.gate:
        desk.require(Action.ADMIT, FolderType.ORGANISATION)
    relay = desk.relay_at(address, proxy)
    try:
        if ticket.strip():
            relay.register(desk.book.genesis, ticket.strip(), desk.book.desk)
        given = _hand_over(desk, relay, progress)
        with desk.gate:
            # What was saved meanwhile is little; nothing is saved between its last entry and the change-over.
            _hand_over(desk, relay, progress, given)
            _use(desk, address, proxy)
    finally:
        relay.close()
        desk.contact.progress = None
    desk.nudge()


def move(desk: Desk, address: str, proxy: str = "") -> None:
    """Works with the relay at another address from now on (S24); the next round finds out whether it holds this log.

    Raises: BadInput.
    """
    address, proxy = read_where(address, proxy)
    with desk.gate:
        _use(desk, address, proxy)
    desk.nudge()


def read_where(address: str, proxy: str) -> tuple[str, str]:
    """Address and proxy as they are kept, from what a person typed. Raises: BadInput."""
    return check_address(address), check_proxy(proxy)


def address_of(desk: Desk) -> tuple[str, str]:
    """Address and proxy of the relay; empty where there is none."""
    address, proxy = desk.book.store.meta("relay"), desk.book.store.meta("relay_proxy")
    return (address if isinstance(address, str) else ""), (proxy if isinstance(proxy, str) else "")


def sign_era(desk: Desk, root_words: str, reason: str, common: int) -> None:
    """Goes on from the last common entry by the root key's word (S25); `Desk.rebuild` follows.

    A relay that was set back is given the era by the next round. One that holds another history after the common entry
    cannot go on; then another one is needed (`connect`).

    Args:
        root_words: the 24 words of the root key. reason: why, in the person's words; every member can read it.
        common: the last position at which the histories agree.
    Raises: BadInput, Refused.
    """
    reason = reason.strip()
    if not reason:
        refuse("reason", "missing", N_("Say why. Every member can read it."))
    if len(reason) > REASON_MAX:
        refuse("reason", "too_long", N_("Shorten this to %(chars_max)s characters."), chars_max=REASON_MAX)
    try:
        root = SigningKey(SigningSeed(words.from_words(root_words)))
    except BadInput as bad:
        raise BadInput({"root_passphrase": bad.problems[""]}) from None
    with desk.gate:
        desk.require(Action.ADMIT, FolderType.ORGANISATION)
        book = desk.book
        if not 0 < common <= book.position:
            refuse("common", "too_far", N_("This desk’s log has no such entry."))
        if root.public not in read_genesis(book.genesis)[1].roots:
            refuse("root_passphrase", "not_root", N_("These are not the words of this organisation’s root key."))

        def begin() -> None:
            book.sign_era(reason, common, [root])
            book.store.set_meta(_WRONG, b"")

        desk.begin_era(begin)
    desk.nudge()


@dataclass(frozen=True, slots=True)
class HeadsShown:
    """What this desk shows for another one to compare: position, eight words, and the code for a QR."""

    position: int
    words: tuple[str, ...]
    text: str


def heads(desk: Desk, position: int | None = None) -> HeadsShown:
    """How far this desk's log reaches, or its words at an earlier position (S22). Raises: BadInput."""
    with desk.gate:
        book = desk.book
        at = book.position if position is None else position
        if not 0 <= at <= book.position:
            refuse("position", "too_far", N_("This desk’s log does not reach that far. Let it catch up first."))
        text = heads_text(Heads(book.org, at, book.order_at(at)))
        return HeadsShown(at, tuple(book.heads_words(at)), text)


def compare(desk: Desk, text: str) -> bool:
    """Whether another desk's code says the same as this desk's log at that position; a difference is written down.

    Raises: BadInput, if it is no code, of another organisation, or further on than this desk.
    """
    theirs = read_heads(text)
    with desk.gate:
        if theirs.org != desk.book.org:
            refuse("code", "other_organisation", N_("This code is of another organisation."))
        if theirs.position > desk.book.position:
            refuse("code", "too_far", N_("That desk is further on than this one. Give it this desk’s code instead."))
        same = desk.book.order_at(theirs.position) == theirs.order
        if not same and wrong(desk) is None:
            found = Wrong(1, Lie.FORKED, theirs.position, None, desk.now_ms())
            with desk.book.transaction():
                desk.book.store.set_meta(_WRONG, encode(found))
        return same


def _hand_over(
    desk: Desk, relay: Relay, progress: Progress, given: frozenset[ChunkHash] = frozenset()
) -> frozenset[ChunkHash]:
    """Gives a relay the rest of the log, and every chunk but those `given`. Returns the chunks that it has now."""

    def log(after: int) -> Iterable[Entry]:
        at = after
        while True:
            with desk.gate:
                entries = desk.book.entries_from(at, STRETCH)
            if not entries:
                return
            yield from entries
            at += len(entries)

    def tell(done: int, of: int) -> None:
        desk.contact.progress = (done, of)
        progress(done, of)

    with desk.gate:
        names = frozenset(ChunkHash(name) for (name,) in desk.book.store.rows("SELECT hash FROM chunk"))
    take_over(DeskSide(desk, tell), relay, log, names - given, tell)
    return names


def _use(desk: Desk, address: str, proxy: str) -> None:
    """Keeps a relay's address; what was wrong with the one before is settled with it, but not what is wrong here."""
    found, store = wrong(desk), desk.book.store
    with desk.book.transaction():
        store.set_meta("relay", address)
        store.set_meta("relay_proxy", proxy)
        if not desk.book.connected:
            desk.book.connect()
        if found is not None and found.what not in (Lie.CLONED, Lie.REMOVED):
            store.set_meta(_WRONG, b"")
    desk.leave_relay()


def _settled(desk: Desk) -> None:
    with desk.book.transaction():
        desk.book.store.set_meta(_WRONG, b"")


def _named(lie: BookError) -> Lie | None:
    match lie:
        case Rewound():
            return Lie.REWOUND
        case Forked():
            return Lie.FORKED
        case Damaged():
            return Lie.DAMAGED
        case Cloned():
            return Lie.CLONED
        case TwoFaced():
            return Lie.TWO_FACED
        case Withheld():
            return Lie.WITHHELD
        case Removed():
            return Lie.REMOVED
        case _:
            return None
