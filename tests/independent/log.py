"""The book, read from spec/book.md alone: every structure of it, and a walk of a whole log.

`Walk.take` refuses a log that is bad (B2–B5), and otherwise says of each entry whether it is
accepted or set aside, by which rule, and what it holds. It opens what the given sealing seeds
open and nothing else.
"""

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.independent.ground import (
    U64,
    derive,
    digest,
    mac,
    open_once,
    unpad,
    unseal,
    verify,
)
from tests.independent.strict import (
    Refused,
    binary,
    either,
    every,
    integer,
    need,
    row,
    structure,
    text,
)

ROSTER, EPOCH, CHANGE, TOMBSTONE, ERA = 1, 2, 3, 4, 5
SINGLETONS = ("organisation", "office", "ledger")
TYPES = (*SINGLETONS, "case", "place", "incident", "request")
U32 = integer(0, 2**32 - 1)
TIME = integer(-(2**63), 2**63 - 1)
DAY_MS = 24 * 60 * 60 * 1000
ZEROS = bytes(32)


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def singleton(org: bytes, folder_type: str) -> bytes:
    """I4."""
    return digest("folder", org + folder_type.encode("ascii"))[:16]


def desk_of(key: bytes) -> bytes:
    """I3."""
    return digest("desk", key)[:16]


@dataclass(frozen=True)
class Genesis:
    """B1, with I2."""

    org: bytes
    roots: list[bytes]
    threshold: int


def genesis(record: bytes) -> Genesis:
    """B1."""
    roots, threshold, _ = structure(record, every(binary(32)), U64, binary(16))
    need(1 <= threshold <= len(roots) and len(set(roots)) == len(roots), "B1")
    return Genesis(digest("genesis", record), roots, threshold)


@dataclass(frozen=True)
class Header:
    """B2."""

    kind: int
    size: int
    org: bytes
    desk: bytes
    seq: int
    prev: bytes
    seen: int
    seen_order: bytes
    tag: bytes
    salt: bytes
    body_hash: bytes


def header(data: bytes) -> Header:
    """B2, B5."""
    need(len(data) == 232 and data[:3] == b"WSE", "B2")
    need(data[3] == 1 and 1 <= data[4] <= 5 and data[5] <= 3 and data[6:8] == b"\0\0", "B5")
    return Header(
        kind=data[4],
        size=1024 * 4 ** data[5],
        org=data[8:40],
        desk=data[40:56],
        seq=int.from_bytes(data[56:64], "big"),
        prev=data[64:96],
        seen=int.from_bytes(data[96:104], "big"),
        seen_order=data[104:136],
        tag=data[136:168],
        salt=data[168:200],
        body_hash=data[200:232],
    )


def folder_tag(key: bytes, org: bytes, folder: bytes, epoch: int) -> bytes:
    """B9."""
    return derive(key, "tag", org + folder + u32(epoch))


def open_body(key: bytes, folder: bytes, epoch: int, head: bytes, body: bytes) -> bytes:
    """B6: the plaintext of an entry's body."""
    said = header(head)
    context = said.org + folder + u32(epoch) + said.tag + said.desk
    context += said.seq.to_bytes(8, "big") + bytes([said.kind])
    own = derive(key, "body", context, said.salt)
    try:
        return unpad(open_once(own, body, head[:200]))
    except Refused:
        raise Refused("B6") from None


@dataclass(frozen=True)
class Statement:
    """B10."""

    folder: bytes
    type: str
    epoch: int
    parent_tag: bytes
    tag: bytes
    recipients: list[bytes]
    sheet: bytes


def epoch_body(plain: bytes) -> tuple[Statement, bytes, bytes]:
    """B10: the statement, its bytes, and the mac."""
    stated, seal = structure(plain, binary(), binary(32))
    parts = structure(stated, binary(16), text(*TYPES), U32, binary(32), binary(32), every(binary(16)), binary(32))
    recipients = parts[5]
    need(len(recipients) > 0 and (parts[2] == 0) == (parts[3] == ZEROS), "B10")
    need(all(a < b for a, b in itertools.pairwise(recipients)), "B10")
    need(parts[2] > 0 or seal == ZEROS, "B10")
    return Statement(*parts), stated, seal


def epoch_mac(parent_key: bytes, org: bytes, folder: bytes, epoch: int, stated: bytes) -> bytes:
    """B10: the mac under the parent, whose epoch is one less."""
    return mac(derive(parent_key, "epoch-mac", org + folder + u32(epoch - 1)), "epoch", stated)


def open_sheet(
    wrapping: bytes, org: bytes, folder: bytes, epoch: int, named: bytes, sheet: bytes
) -> list[tuple[bytes, bytes]]:
    """B12: recipient desks and their envelopes."""
    need(len(sheet) > 32, "B12")
    key = derive(wrapping, "sheet", org + folder + u32(epoch) + named, sheet[:32])
    try:
        plain = unpad(open_once(key, sheet[32:], b""))
    except Refused:
        raise Refused("B12") from None
    rows, _ = sheet_rows(plain, epoch)
    return rows


def sheet_rows(plain: bytes, epoch: int) -> tuple[list[tuple[bytes, bytes]], bytes | None]:
    """B12, B32: recipient desks with their envelopes, and what leads to the past."""
    wraps = every(row(binary(16), binary()))
    if epoch > 0 and plain[1:2] != b"\x01":
        rows, past = structure(plain, wraps, binary(), version=2)
    else:
        (rows,), past = structure(plain, wraps), None
    return [(desk, envelope) for desk, envelope in rows], past


def open_past(
    wrapping: bytes, org: bytes, folder: bytes, epoch: int, named: bytes, parent_tag: bytes, key: bytes, sheet: bytes
) -> bytes | None:
    """B32: the key of the epoch before, from the sheet of an epoch whose key is held."""
    place = org + folder + u32(epoch) + named
    plain = unpad(open_once(derive(wrapping, "sheet", place, sheet[:32]), sheet[32:], b""))
    _, sealed = sheet_rows(plain, epoch)
    if sealed is None:
        return None
    try:
        past = open_once(derive(key, "past", place, sheet[:32]), sealed, b"")
    except Refused:
        raise Refused("B32") from None
    need(len(past) == 32 and folder_tag(past, org, folder, epoch - 1) == parent_tag, "B32")
    return past


@dataclass(frozen=True)
class Era:
    """B30."""

    org: bytes
    number: int
    checkpoint: int
    order: bytes
    reason: str


def era_body(plain: bytes) -> tuple[bytes, list[tuple[bytes, bytes]], Era]:
    """B30: an era's bytes, who signed them, and what they say."""
    stored, signatures = structure(plain, binary(), every(row(binary(), binary())))
    said = structure(stored, binary(32), U32, integer(0, 2**62), binary(32), text())
    return stored, [(signer, signature) for signer, signature in signatures], Era(*said)


def signed_by_root(known: Genesis, stored: bytes, signatures: list[tuple[bytes, bytes]]) -> None:
    """B30: a threshold of roots, and nobody else."""
    for signer, signature in signatures:
        need(signer in known.roots, "B30")
        try:
            verify(signer, signature, "era", stored)
        except Refused:
            raise Refused("B30") from None
    need(len({signer for signer, _ in signatures}) >= known.threshold, "B30")


def adoption(head: bytes) -> bytes:
    """B34: the save id of what adopts an entry."""
    return digest("adopt", digest("header", head))[:16]


def open_wrap(seed: bytes, org: bytes, folder: bytes, epoch: int, named: bytes, desk: bytes, envelope: bytes) -> bytes:
    """B13: the epoch key, which must give the tag."""
    key = unseal(seed, envelope, "wrap", org + folder + u32(epoch) + named + desk)
    need(len(key) == 32 and folder_tag(key, org, folder, epoch) == named, "B13")
    return key


OPERATIONS = either(
    {
        "member": row(text(), binary(16), every(text())),
        "desk": row(text(), binary(16), binary(16), binary(32), binary(1216)),
        "succeed": row(text(), binary(16), binary(16)),
        "sealing": row(text(), binary(16), binary(1216)),
        "remove desk": row(text(), binary(16)),
        "remove member": row(text(), binary(16)),
    }
)


def own_key(amended: "Amendment") -> bytes | None:
    """B33: the desk whose sealing key an amendment replaces, if it does nothing else."""
    match amended.operations:
        case [["sealing", desk, _]]:
            return bytes(desk)
        case _:
            return None


@dataclass(frozen=True)
class Amendment:
    """B15, B16."""

    org: bytes
    number: int
    previous: bytes
    operations: list[list]  # type: ignore[type-arg]  # as OPERATIONS describes


def amendment(stored: bytes) -> Amendment:
    """B15."""
    return Amendment(*structure(stored, binary(32), U64, binary(32), every(OPERATIONS)))


def roster_body(plain: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """B15: an amendment's bytes, and who signed them."""
    stored, signatures = structure(plain, binary(), every(row(binary(), binary(64))))
    return stored, [(signer, signature) for signer, signature in signatures]


def change(plain: bytes) -> tuple[bytes, int, str, bytes]:
    """B18: save, at, zone, payload."""
    save, at, zone, payload = structure(plain, binary(16), TIME, text(), binary())
    return save, at, zone, payload


def tombstone(plain: bytes) -> tuple[str, bytes, int, str]:
    """B22: action, folder, at, zone."""
    action, folder, at, zone = structure(plain, text(), binary(16), TIME, text())
    return action, folder, at, zone


@dataclass
class Desk:
    """A desk that the roster knows or knew."""

    member: bytes
    key: bytes
    active: bool = True
    stands_for: set[bytes] = field(default_factory=set)


@dataclass
class Epoch:
    """An epoch that stands."""

    folder: bytes
    epoch: int
    position: int
    recipients: list[bytes]
    key: bytes | None
    next_position: int | None = None


@dataclass
class Grave:
    """A folder that is hidden."""

    member: bytes
    at: int
    confirmed: bool = False
    done: set[bytes] = field(default_factory=set)


@dataclass(frozen=True)
class Verdict:
    """What became of an entry: accepted, unread, undecodable or set aside, and by which rule."""

    outcome: str
    rule: str = ""
    plain: bytes = b""


ACCEPTED = "accepted"


class Walk:
    """A log from genesis on, read by one who holds some sealing seeds."""

    def __init__(
        self,
        record: bytes,
        chunks: Iterable[bytes],
        seeds: Mapping[bytes, bytes],
        admission: bytes | None = None,
    ) -> None:
        """Begin.

        Args:
            record: the genesis.
            chunks: all that are kept, in any order.
            seeds: sealing seeds by desk id.
            admission: the organisation's first key (B7), for a reader who was not there.
        """
        self.genesis = genesis(record)
        self.org = self.genesis.org
        self.chunks = {sha256(chunk): chunk for chunk in chunks}
        self.seeds = seeds
        self.admission = admission
        self.orders = [digest("order", self.org)]
        self.ends: dict[bytes, tuple[int, bytes, int]] = {}
        self.members: dict[bytes, list[str]] = {}
        self.desks: dict[bytes, Desk] = {}
        self.amended = (0, ZEROS)
        self.types: dict[bytes, str] = {}
        self.epochs: dict[bytes, Epoch] = {}
        self.newest: dict[bytes, bytes] = {}
        self.graves: dict[bytes, Grave] = {}
        self.heads: set[bytes] = set()
        self.suspended: set[bytes] = set()
        self.eras: list[int] = []
        self.sheets: dict[bytes, tuple[Statement, Epoch, Epoch | None]] = {}
        self.unread: dict[bytes, list[tuple[int, bytes, bytes]]] = {}
        self.changes: list[tuple[int, bytes, bytes]] = []
        self.verdicts: list[Verdict] = []
        self.organisation = singleton(self.org, "organisation")

    @property
    def position(self) -> int:
        """How many entries were taken."""
        return len(self.orders) - 1

    def take(self, head: bytes, signature: bytes, body: bytes | None) -> Verdict:
        """Check one entry against all before it. After a refusal the walk is over."""
        said = header(head)
        need(said.org == self.org, "B2")
        if body is None:
            need(said.kind == CHANGE, "B21")
        else:
            need(len(body) == said.size and sha256(body) == said.body_hash, "B2")
        author, hashed = self.desks.get(said.desk), digest("header", head)
        if author is None:
            verdict, link, seen = self._newcomer(said, head, signature, body), said.desk in self.desks, said.seen
        elif (said.seq, said.prev) != self.ends.get(said.desk, (0, ZEROS, 0))[:2]:
            verdict, link, seen = self._astray(said, author, head, signature), False, 0
        else:
            self._signed(author.key, signature, head)
            link, seen = said.kind != ERA, self.ends.get(said.desk, (0, ZEROS, 0))[2]
            verdict = Verdict("set aside", "B29" if said.desk in self.suspended else "B20")
            if author.active and said.desk not in self.suspended:
                seen = self._seen(said)
                verdict = self._judge(said, seen, head, body)
        if link:
            self.ends[said.desk] = (said.seq + 1, hashed, seen)
        self.heads.add(hashed)
        self.orders.append(digest("order", self.orders[-1] + hashed + said.body_hash))
        self.verdicts.append(verdict)
        return verdict

    def _newcomer(self, said: Header, head: bytes, signature: bytes, body: bytes | None) -> Verdict:
        """B20: an entry by a desk that was never listed."""
        first = (said.seq, said.prev) == (0, ZEROS) and said.seen <= self.position
        if said.kind != ROSTER or not first or self.orders[said.seen] != said.seen_order:
            return Verdict("set aside", "B20")
        verdict = self._judge(said, said.seen, head, body)
        if said.desk in self.desks:
            self._signed(self.desks[said.desk].key, signature, head)
        return verdict

    def _astray(self, said: Header, author: Desk, head: bytes, signature: bytes) -> Verdict:
        """B29: an entry that does not follow its desk's chain."""
        if digest("header", head) in self.heads:
            return Verdict("set aside", "B29")
        self._signed(author.key, signature, head)
        if said.kind == ERA:
            return Verdict("set aside", "B30")
        if author.active and said.desk not in self.suspended:
            need(said.seq <= self.ends.get(said.desk, (0, ZEROS, 0))[0], "B29")
            self.suspended.add(said.desk)
        return Verdict("set aside", "B29")

    def _seen(self, said: Header) -> int:
        """B4, B31: what an entry is judged to have seen."""
        earlier = self.ends.get(said.desk, (0, ZEROS, 0))[2]
        if said.seen <= self.position and self.orders[said.seen] == said.seen_order:
            need(said.seen >= earlier, "B4")
            return said.seen
        checkpoints = [at for at in self.eras if earlier <= at < said.seen]
        need(len(checkpoints) > 0, "B4")
        return checkpoints[-1]

    def _judge(self, said: Header, seen: int, head: bytes, body: bytes | None) -> Verdict:
        author = self.desks.get(said.desk)
        epoch = self.epochs.get(said.tag)
        if said.kind != CHANGE:
            founding = self.organisation not in self.newest
            if founding:
                key = self._first_key(said.tag)
                epoch = Epoch(self.organisation, 0, self.position, [said.desk], key)
            elif epoch is None or epoch.folder != self.organisation:
                return Verdict("set aside", "B7")
        if epoch is None or (rule := self._barred(said, seen, author, epoch)):
            return Verdict("set aside", "B20" if epoch is None else rule)
        if body is not None and epoch.key is None:
            self.unread.setdefault(said.tag, []).append((self.position + 1, head, body))
        if body is None or epoch.key is None:
            return Verdict("unread" if said.kind == CHANGE else "set aside", "B21")
        before = {name for name, desk in self.desks.items() if desk.active}
        try:
            plain = open_body(epoch.key, epoch.folder, epoch.epoch, head, body)
            rule = self._apply(said, epoch, plain, before)
        except Refused as refused:
            outcome = "undecodable" if said.kind == CHANGE else "set aside"
            return Verdict(outcome, refused.rule)
        return Verdict("set aside" if rule else ACCEPTED, rule, plain)

    def _barred(self, said: Header, seen: int, author: Desk | None, epoch: Epoch) -> str:
        """B20: the rule for which this author may not write under this epoch, or nothing."""
        if said.kind == ROSTER:
            return ""
        if author is None or not author.active or not self._reads(said.desk, epoch):
            return "B20"
        if epoch.next_position is not None and epoch.next_position <= seen:
            return "B20"
        return ""

    def _signed(self, key: bytes, signature: bytes, head: bytes) -> None:
        try:
            verify(key, signature, "entry", head)
        except Refused:
            raise Refused("B3") from None

    def _apply(self, said: Header, epoch: Epoch, plain: bytes, before: set[bytes]) -> str:
        """The rule for which a body that opened does not stand, or nothing."""
        if said.kind == CHANGE:
            change(plain)
            self.changes.append((self.position + 1, epoch.folder, plain))
            return ""
        if said.kind == ROSTER:
            return self._amend(said, plain, before)
        if said.kind == EPOCH:
            return self._open(said, epoch, plain)
        if said.kind == ERA:
            return self._begin_era(said, plain)
        return self._bury(said, plain)

    def _begin_era(self, said: Header, plain: bytes) -> str:
        """B30: the rule for which an era does not stand, or nothing."""
        stored, signatures, era = era_body(plain)
        need(era.org == self.org, "B30")
        signed_by_root(self.genesis, stored, signatures)
        here = (self.position, self.orders[-1])
        if era.number != len(self.eras) or (era.checkpoint, era.order) != here or (said.seen, said.seen_order) != here:
            return "B30"
        self.eras.append(era.checkpoint)
        return ""

    def _first_key(self, named: bytes) -> bytes | None:
        """B7, B12: the organisation's first key, from the admission or whichever chunk is its sheet."""
        if self.admission is not None:
            known = folder_tag(self.admission, self.org, self.organisation, 0) == named
            return self.admission if known else None
        for chunk in self.chunks.values():
            try:
                rows = open_sheet(self.org, self.org, self.organisation, 0, named, chunk)
            except Refused:
                continue
            for desk, envelope in rows:
                if desk in self.seeds:
                    return open_wrap(self.seeds[desk], self.org, self.organisation, 0, named, desk, envelope)
        return None

    def _reads(self, desk: bytes, epoch: Epoch) -> bool:
        """B16: whether a desk, or one that it succeeded, is a recipient."""
        known = self.desks.get(desk)
        stands_for = known.stands_for if known else set()
        return any(name in epoch.recipients for name in (desk, *stands_for))

    def _amend(self, said: Header, plain: bytes, before: set[bytes]) -> str:
        """B15–B17, B20: the rule for which an amendment does not stand, or nothing."""
        stored, signatures = roster_body(plain)
        amended = amendment(stored)
        if (amended.org, amended.number, amended.previous) != (self.org, *self.amended):
            return "B15"
        if not self._authorised(stored, amended, signatures, own_key(amended)):
            return "B17"
        members = dict(self.members)
        desks = {
            name: Desk(desk.member, desk.key, desk.active, set(desk.stands_for)) for name, desk in self.desks.items()
        }
        try:
            for operation in amended.operations:
                _operate(members, desks, operation)
        except Refused as refused:
            return refused.rule
        if said.desk not in before and not (said.desk in desks and desks[said.desk].active):
            return "B17"
        self.members, self.desks = members, desks
        self.amended = (amended.number + 1, digest("roster", stored))
        return ""

    def _authorised(
        self, stored: bytes, amended: Amendment, signatures: list[tuple[bytes, bytes]], own: bytes | None
    ) -> bool:
        """B17, B33."""
        roots = set()
        coordinator = False
        for signer, signature in signatures:
            desk = self.desks.get(signer)
            if signer in self.genesis.roots:
                key = signer
                roots.add(signer)
            elif desk is not None and desk.active:
                key = desk.key
                coordinator = coordinator or signer == own or "coordinator" in self.members[desk.member]
            else:
                return False
            try:
                verify(key, signature, "roster", stored)
            except Refused:
                return False
        if len(roots) >= self.genesis.threshold:
            return True
        return coordinator and all(operation[0] != "succeed" for operation in amended.operations)

    def _open(self, said: Header, under: Epoch, plain: bytes) -> str:
        """B10–B13: the rule for which an epoch does not stand, or nothing."""
        stated, stored, seal = epoch_body(plain)
        folder = stated.folder
        if stated.tag in self.epochs:
            return "B11"
        alone = stated.type in SINGLETONS
        if alone != (folder in [singleton(self.org, name) for name in SINGLETONS]):
            return "B11"
        if alone and folder != singleton(self.org, stated.type):
            return "B11"
        parent = None
        if stated.epoch == 0:
            if folder in self.types:
                return "B11"
        else:
            parent = self.epochs.get(stated.parent_tag)
            if parent is None or (parent.folder, parent.epoch + 1) != (folder, stated.epoch):
                return "B11"
            if self.types[folder] != stated.type or parent.next_position is not None:
                return "B11"
            if not self._reads(said.desk, parent):
                return "B11"
            parent.next_position = self.position + 1
        forged = (
            parent is not None
            and parent.key is not None
            and epoch_mac(parent.key, self.org, folder, stated.epoch, stored) != seal
        )
        key = None if forged else self._key_of(stated, parent, under)
        if key is not None:
            self._past(stated, under, parent, key)
        self.types[folder] = stated.type
        self.newest[folder] = stated.tag
        self.epochs[stated.tag] = Epoch(folder, stated.epoch, self.position + 1, stated.recipients, key)
        self.sheets[stated.tag] = (stated, under, parent)
        return ""

    def _past(self, stated: Statement, under: Epoch, parent: Epoch | None, key: bytes) -> None:
        """B32: follow the sheets back, and read what could not be read before."""
        while parent is not None and parent.key is None and under.key is not None:
            sheet = self.chunks.get(stated.sheet)
            if sheet is None:
                return
            place = (self.org, stated.folder, stated.epoch, stated.tag)
            try:
                past = open_past(under.key, *place, stated.parent_tag, key, sheet)
            except Refused:
                return
            if past is None:
                return
            parent.key = key = past
            self._read_again(parent, stated.parent_tag)
            stated, under, parent = self.sheets[stated.parent_tag]

    def _read_again(self, epoch: Epoch, named: bytes) -> None:
        """Changes that were accepted unread are opened."""
        assert epoch.key is not None
        for at, head, body in self.unread.pop(named, []):
            try:
                plain = open_body(epoch.key, epoch.folder, epoch.epoch, head, body)
                change(plain)
            except Refused:
                continue
            self.changes.append((at, epoch.folder, plain))
        self.changes.sort()

    def _key_of(self, stated: Statement, parent: Epoch | None, under: Epoch) -> bytes | None:
        """B12, B13: the epoch's key, if a seed opens its wrap."""
        if under.key is not None and stated.folder == self.organisation and stated.epoch == 0:
            known = folder_tag(under.key, self.org, stated.folder, 0) == stated.tag
            return under.key if known else None
        wrapping = under.key
        if stated.folder == self.organisation:
            assert parent is not None
            wrapping = parent.key
        sheet = self.chunks.get(stated.sheet)
        if wrapping is None or sheet is None:
            return None
        place = (self.org, stated.folder, stated.epoch, stated.tag)
        try:
            rows = open_sheet(wrapping, *place, sheet)
        except Refused:
            return None
        for desk, envelope in rows:
            if desk in self.seeds:
                try:
                    return open_wrap(self.seeds[desk], *place, desk, envelope)
                except Refused:
                    continue
        return None

    def _bury(self, said: Header, plain: bytes) -> str:
        """B22–B24: the rule for which a tombstone does not stand, or nothing."""
        action, folder, at, _ = tombstone(plain)
        if folder not in self.types or self.types[folder] in SINGLETONS:
            return "B23"
        of_folder = [epoch for epoch in self.epochs.values() if epoch.folder == folder]
        once = any(self._reads(said.desk, epoch) for epoch in of_folder)
        if not (once if action == "done" else self._reads(said.desk, self.epochs[self.newest[folder]])):
            return "B23"
        member = self.desks[said.desk].member
        grave = self.graves.get(folder)
        if action not in ("hide", "confirm", "cancel", "done") or (grave is None) != (action == "hide"):
            return "B22"
        if grave is None:
            self.graves[folder] = Grave(member, at)
        elif action == "cancel":
            if grave.done:
                return "B22"
            del self.graves[folder]
        elif action == "done":
            if said.desk in grave.done or not (grave.confirmed or len(self.members) == 1):
                return "B22"
            grave.done.add(said.desk)
        elif member == grave.member:
            return "B22"
        else:
            grave.confirmed = True
        return ""

    def due(self, now_ms: int) -> list[bytes]:
        """B24: folders whose destruction is due."""
        return sorted(
            folder
            for folder, grave in self.graves.items()
            if grave.at + 7 * DAY_MS <= now_ms and (grave.confirmed or len(self.members) == 1)
        )

    def visible(self) -> list[tuple[int, bytes, bytes]]:
        """B21, B23: position, folder and plaintext of the changes that are read and not hidden."""
        return [change for change in self.changes if change[1] not in self.graves]


def _operate(members: dict[bytes, list[str]], desks: dict[bytes, Desk], operation: list) -> None:  # type: ignore[type-arg]
    """B16: one operation, or a refusal."""
    match operation:
        case ["member", member, roles]:
            members[member] = roles
        case ["desk", desk, member, key, _]:
            need(desk == desk_of(key) and desk not in desks and member in members, "B16")
            desks[desk] = Desk(member, key)
        case ["succeed", desk, lost]:
            need(desk != lost and all(n in desks and desks[n].active for n in (desk, lost)), "B16")
            desks[lost].active = False
            desks[desk].stands_for |= {lost} | desks[lost].stands_for
        case ["sealing", desk, _]:
            need(desk in desks and desks[desk].active, "B16")
        case ["remove desk", desk]:
            need(desk in desks and desks[desk].active, "B16")
            desks[desk].active = False
        case ["remove member", member]:
            need(member in members, "B16")
            del members[member]
            for known in desks.values():
                known.active = known.active and known.member != member
        case _:
            raise Refused("B16")
