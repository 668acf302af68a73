"""The desks' relay credentials: written down in the office, and kept at the relay as the roster says.

Guarantees: a credential counts only with its own desk's signature; what a relay holds follows the roster in the log's
order, never what is unsent. Implements spec/joining.md J9–J10.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from waystation.book.entry import EntryKind
from waystation.book.roster import COORDINATOR, Roster
from waystation.derive import digest
from waystation.errors import MissingKey, SignatureError
from waystation.ids import DeskId, FolderType, RecordId
from waystation.office.desk import Desk
from waystation.office.invitation import check_credential, sign_credential
from waystation.records import Save, Value, Write
from waystation.sign import SigningKey
from waystation.sync.credential import Credential
from waystation.sync.relay import Relay
from waystation.views import shown
from waystation.wire import encode

_TENDED: Final = "credentials_tended"


def announce(desk: Desk) -> None:
    """Writes this desk's own credential where any coordinator's desk finds it (J9), if it does not stand there."""
    book, secrets = desk.book, desk.vault.secrets
    own = Credential.of_desk(secrets.signing_seed, book.org).public
    # A desk that was just admitted may not have the office's key yet; the next round asks again.
    with suppress(MissingKey):
        write_down(desk, book.desk, sign_credential(SigningKey(secrets.signing_seed), book.org, own))


def write_down(desk: Desk, of: DeskId, signed: bytes) -> None:
    """Writes a desk's signed credential down, if it does not stand there."""
    if desk_records(desk).get(of, {}).get("credential") != signed:
        write(desk, "desk", RecordId(of), {"credential": signed})


def tend(desk: Desk, relay: Relay) -> None:
    """Makes the relay's credentials those of the roster in the log's order (J10). Raises: RelayError."""
    with desk.gate:
        book = desk.book
        if any(unsent.kind is EntryKind.ROSTER for unsent in book.unsent()):
            return
        roster = book.roster
        wanted = _wanted(desk, roster)
        described = [(name, *one) for name, one in sorted(wanted.items())]
        state = digest("credentials", encode([str(book.store.meta("relay")), described]) + roster.previous)
        if book.store.meta(_TENDED) == state:
            return
        active = {listed.desk for listed in roster.active_desks()}
    held = {one.id: one for one in relay.credentials() if one.right != "parcel"}
    for name, (public, right, of) in wanted.items():
        there = held.get(name)
        if there is None or (there.right, there.bound) != (right, of):
            relay.put_credential(name, public, right, of, None)
    for name, one in held.items():
        if name not in wanted and one.bound not in active:
            relay.delete_credential(name)
    with desk.gate, desk.book.transaction():
        desk.book.store.set_meta(_TENDED, state)


def right_of(roster: Roster, of: DeskId) -> str:
    """What a desk may do at the relay (L6): a coordinator's manages."""
    return "manage" if COORDINATOR in roster.roles(roster.desks[of].member) else "desk"


def id_of(public: bytes) -> bytes:
    """A credential's id (L4)."""
    return digest("credential", public)


def desk_records(desk: Desk) -> Mapping[bytes, Mapping[str, Value]]:
    """What the office knows of each desk, by its id."""
    facts = desk.tables.facts(desk.folder(FolderType.OFFICE), frozenset(("desk",)))
    return {bytes(record): fields for record, fields in facts.get("desk", {}).items()}


def write(desk: Desk, kind: str, record: RecordId, fields: Mapping[str, Value | None]) -> None:
    """Writes a record of the office by the program itself, over what stands there now."""
    office = desk.folder(FolderType.OFFICE)
    is_new = shown.record(desk.reader, office, kind, record) is None
    seen = {} if is_new else desk.seen(office, kind, record, tuple(fields))
    desk.save(Save((Write(office, FolderType.OFFICE, kind, record, fields, seen, new=is_new),)))


def _wanted(desk: Desk, roster: Roster) -> dict[bytes, tuple[bytes, str, DeskId]]:
    """Credential id → public half, right, desk; for each active desk whose own signature is under it."""
    records = desk_records(desk)
    wanted: dict[bytes, tuple[bytes, str, DeskId]] = {}
    for listed in roster.active_desks():
        if isinstance(signed := records.get(listed.desk, {}).get("credential"), bytes):
            try:
                public = check_credential(listed.verify_key, roster.org, signed)
            except SignatureError:
                continue
            wanted[id_of(public)] = public, right_of(roster, listed.desk), listed.desk
    return wanted
