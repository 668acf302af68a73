"""Who works on a folder: a colleague let in or taken off, a case handed over, emergency access, and who reads it.

Guarantees: only those who assign let somebody in, and every reader sees it; emergency access has a reason, ends by
itself and is never prolonged; who reads is told from the keys, and not from a list that somebody keeps.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from waystation.book.roster import COORDINATOR
from waystation.clock import Millis
from waystation.ids import SINGLETONS, DeskId, FolderId, FolderType, MemberId, RecordId
from waystation.limits import EMERGENCY_HOURS
from waystation.office import access
from waystation.office.desk import Desk
from waystation.office.writing import Fields, Rule, Writing, refuse
from waystation.records import Moment, Save
from waystation.records.labels import N_
from waystation.roles import Action, allowed
from waystation.views import readers as views
from waystation.views import shown

TEAMED: Final = (FolderType.CASE, FolderType.REQUEST, FolderType.PLACE, FolderType.INCIDENT)
"""Types of folder that have a team; the organisation's, the office's and the ledger's readers follow from roles."""

_GIVE: Final = Rule(now="since", me="given_by", action=Action.ASSIGN)
_HAND: Final = Rule(action=Action.ASSIGN)

_PARTS: Final[Mapping[str, str]] = {
    "caseworker": N_("caseworker"),
    "supervisor": N_("supervisor"),
    "taken_by": N_("took the request on"),
}


@dataclass(frozen=True, slots=True)
class Reads:
    """A member who can read a folder, or could.

    Args:
        parts: as what, gettext ids; empty for one who can read no more, or whose part nobody wrote down.
        since_ms: about when the key came to them, UTC ms.
        let_in_by: name at work of whoever opened that epoch; empty where it is not known here.
        until_ms: when emergency access ends by itself; None where it does not.
        ended_ms: about when a key without them came; None for who still reads. `ended_by`: by whom.
        leaves: they read now, and shall not from the next key on.
        may_leave: whether they can be taken off: coordinators and caseworkers cannot.
    """

    member: MemberId
    name: str
    parts: tuple[str, ...]
    since_ms: Millis
    let_in_by: str
    until_ms: Millis | None = None
    ended_ms: Millis | None = None
    ended_by: str = ""
    leaves: bool = False
    may_leave: bool = False


@dataclass(frozen=True, slots=True)
class Readership:
    """Who reads a folder now, who could before, and who is to work on it and cannot read it yet (names at work)."""

    now: tuple[Reads, ...]
    past: tuple[Reads, ...]
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """An epoch that changed who reads a folder: names at work of those who can from then on, and of those who cannot.

    Args:
        folders: the folder; several, where the same hand changed the same readers of one after the other.
        position: of the entry; `id` orders turns of different folders.
    """

    at_ms: Millis
    who: str
    joined: tuple[str, ...]
    left: tuple[str, ...]
    folders: tuple[tuple[FolderId, FolderType], ...]
    position: int = 0
    id: int = 0


# ── Letting in, taking off ──


def add_colleague(desk: Desk, folder: FolderId, member: bytes | None, reason: str = "") -> Save:
    """Lets a colleague in, until they are taken off. Raises: BadInput, Refused."""
    writing = Writing(desk)
    named = _fit(writing, folder, member)
    if named in _lasting(writing, folder):
        refuse("member", "reads", N_("They can read this already. Nothing was changed."))
    _put(writing, folder, {"member": named, "reason": reason.strip() or None})
    return writing.save()


def remove_colleague(desk: Desk, folder: FolderId, member: bytes) -> Save:
    """Takes somebody off; what they have seen they keep. Raises: BadInput, also for whoever cannot be; Refused."""
    writing = Writing(desk)
    folder_type = writing.require(Action.ASSIGN, folder)
    if COORDINATOR in desk.book.roster.roles(MemberId(member)):
        refuse("", "coordinator", N_("Coordinators read every case. Their role is changed on the page of members."))
    if member in _heads(desk, folder, folder_type):
        refuse("", "works", N_("They work on it. Hand it over to somebody else instead."))
    if not take_off(writing, folder, member):
        refuse("", "not_in", N_("They are not on this team. Nothing was changed."))
    return writing.save()


def hand_over(desk: Desk, folder: FolderId, member: bytes | None, *, stays: bool = False) -> Save:
    """Hands a case or a request over to another caseworker.

    Args:
        stays: whether whoever had it goes on reading it.
    Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    folder_type = writing.require(Action.ASSIGN, folder)
    if folder_type not in access.NAMED:
        refuse("", "no_worker", N_("Nobody in particular works on this. Let somebody in instead."))
    kind, (name, *_) = access.NAMED[folder_type]
    named = _fit(writing, folder, member, field=name)
    former = writing.get(folder, kind, folder).get(name)
    if former == named:
        refuse(name, "same", N_("They work on it already. Choose somebody else."))
    writing.write(writing.change(folder, kind, folder, {name: named}), _HAND)
    if isinstance(former, bytes) and not stays:
        take_off(writing, folder, former)
    elif isinstance(former, bytes) and former not in _let_in(writing, folder) and _can(desk, former, folder_type):
        _put(writing, folder, {"member": former})
    return writing.save()


def emergency(desk: Desk, folder: FolderId, member: bytes | None, reason: str) -> Save:
    """Lets somebody in for a day, for a reason that every reader sees. Raises: BadInput, Refused."""
    writing = Writing(desk)
    named = _fit(writing, folder, member)
    if not reason.strip():
        refuse("reason", "required", N_("Say why. Everybody who can read this sees it."))
    if named in _lasting(writing, folder) or any(one.member == named for one in _open(desk, folder)):
        refuse("member", "reads", N_("They can read this already. Nothing was changed."))
    until = Moment(Millis(desk.now_ms() + EMERGENCY_HOURS * 3_600_000), desk.zone())
    _put(writing, folder, {"member": named, "reason": reason.strip(), "until": until})
    return writing.save()


def take_off(writing: Writing, folder: FolderId, member: bytes) -> bool:
    """Ends what lets somebody in, within a save in the making. Returns whether there was anything to end."""
    desk = writing.desk
    over: Fields = {"ended": writing.now(), "ended_by": desk.member}
    mine = [one for one in access.given(desk, folder) if one.member == member and not one.is_struck]
    for one in mine:
        if not one.is_off:
            writing.put(writing.change(folder, access.GIVEN, one.record, over))
    leads = COORDINATOR in desk.book.roster.roles(MemberId(member))
    if not mine and not leads and access.author(desk, folder) == member:
        # Whoever began a folder reads it by that alone; a record must say that they do not any more.
        _put(writing, folder, {"member": member, **over})
        return True
    return any(not one.is_off for one in mine)


def may_assign(desk: Desk, folder_type: FolderType) -> bool:
    """Whether this member lets others in; only for choosing what a page offers."""
    return folder_type in TEAMED and allowed(desk.roles, Action.ASSIGN, folder_type, on_team=True)


def may_stop(desk: Desk, folder_type: FolderType, member: bytes) -> bool:
    """Whether a member would stop reading such a folder once they do not work on it: coordinators do not."""
    return folder_type in TEAMED and COORDINATOR not in desk.book.roster.roles(MemberId(member))


def fit(desk: Desk, folder: FolderId, folder_type: FolderType) -> list[tuple[MemberId, str]]:
    """Members whom one may let in: their role reads such folders, and they do not read this one for good yet."""
    inside = _lasting(Writing(desk), folder)
    members = desk.book.roster.members
    found = [(one, _name(desk, one)) for one in members if one not in inside and _can(desk, one, folder_type)]
    return sorted(found, key=lambda one: one[1])


def workers(desk: Desk, folder_type: FolderType) -> list[tuple[MemberId, str]]:
    """Members to whom such a folder can be handed over."""
    found = [(one, _name(desk, one)) for one in desk.book.roster.members if _can(desk, one, folder_type)]
    return sorted(found, key=lambda one: one[1])


# ── Who reads ──


def readership(desk: Desk, folder: FolderId, folder_type: FolderType) -> Readership:
    """Who can read a folder, since when and by whose hand; and who could. From the epochs in the log."""
    wanted = {entry.member for entry in access.wanted_readers(desk, folder, folder_type)}
    known = _Known(desk, folder, folder_type)
    reading: list[Reads] = []
    past: list[Reads] = []
    for spell in _spells(desk, folder):
        if spell.ended_ms is not None:
            past.append(_told(desk, spell))
            continue
        member = spell.member
        parts, until_ms = known.parts(member)
        stays = member in wanted
        reading.append(
            _told(desk, spell, parts, until_ms, leaves=not stays, may_leave=stays and known.may_leave(member))
        )
    waiting = known.named() - {one.member for one in reading}
    names = tuple(sorted(filter(None, (_name(desk, MemberId(one)) for one in waiting))))
    return Readership(
        tuple(sorted(reading, key=lambda one: one.name)),
        tuple(sorted(past, key=lambda one: -(one.ended_ms or 0))),
        names,
    )


def turns(desk: Desk, folder: FolderId) -> tuple[Turn, ...]:
    """Each change of who reads a folder since it was opened, the oldest first."""
    found = []
    before: frozenset[MemberId] | None = None
    for epoch in views.epochs(desk.reader, folder):
        members = _members(desk, epoch.recipients)
        if before is not None and members != before:
            at = _hand(desk, epoch)
            names = _names(desk, members - before), _names(desk, before - members)
            found.append(Turn(epoch.at_ms, at, *names, ((folder, FolderType.CASE),), epoch.position))
        before = members
    return tuple(found)


def newest_turns(desk: Desk, *, before: int | None = None, limit: int = 50) -> tuple[tuple[Turn, ...], int | None]:
    """The newest changes of readers in all folders that this desk reads, and where the next stretch begins, if any.

    What one hand changed alike in many folders, one after the other, is one turn; but whoever is no coordinator is let
    into each folder in a turn of its own, so that none hides among others.
    """
    roster = desk.book.roster
    found: list[Turn] = []
    looked, last = 0, before
    for change in views.changes(desk.reader, before=before):
        looked += 1
        now, then = _members(desk, change.epoch.recipients), _members(desk, change.before)
        if now == then:
            last = change.id
            continue
        joined, left = _names(desk, now - then), _names(desk, then - now)
        who, folder = _hand(desk, change.epoch), (change.folder, change.folder_type)
        newest = found[-1] if found else None
        alike = change.folder_type in SINGLETONS or all(COORDINATOR in roster.roles(one) for one in now - then)
        if newest is not None and change.folder_type in SINGLETONS:
            alike = newest.folders[-1][1] in SINGLETONS
        if alike and newest is not None and (newest.who, newest.joined, newest.left) == (who, joined, left):
            found[-1] = Turn(newest.at_ms, who, joined, left, (*newest.folders, folder), newest.position, change.id)
        elif len(found) == limit:
            return tuple(found), last
        else:
            found.append(Turn(change.epoch.at_ms, who, joined, left, (folder,), change.epoch.position, change.id))
        last = change.id
    return tuple(found), last if looked == views.LOOKED_AT else None


# ── What these have in common ──


@dataclass(slots=True)
class _Spell:
    """A time during which a member held the key."""

    member: MemberId
    since_ms: Millis
    let_in_by: str
    ended_ms: Millis | None = None
    ended_by: str = ""


class _Known:
    """What roster and records say of those who read a folder."""

    def __init__(self, desk: Desk, folder: FolderId, folder_type: FolderType) -> None:
        self._roster = desk.book.roster
        self._type = folder_type
        self._heads = _heads(desk, folder, folder_type)
        given = _open(desk, folder)
        self._lasting = {one.member for one in given if one.until_ms is None}
        self._ends = {one.member: one.until_ms for one in given if one.until_ms is not None}
        self._began = access.author(desk, folder)

    def parts(self, member: MemberId) -> tuple[tuple[str, ...], Millis | None]:
        """As what a member reads (gettext ids), and when that ends by itself."""
        found = list(self._heads.get(member, ()))
        if self._leads(member):
            found.append(N_("coordinator"))
        if member in self._lasting:
            found.append(N_("let in"))
        if not found and self._began == member:
            found.append(N_("wrote it down first"))
        if not found and member in self._ends:
            return (N_("emergency access"),), Millis(self._ends[member])
        if not found and self._type is FolderType.PLACE:
            found.append(N_("works with somebody who stays there"))
        return tuple(found), None

    def named(self) -> set[bytes]:
        """Members who are to work on the folder."""
        return {*self._heads, *self._lasting, *self._ends}

    def may_leave(self, member: MemberId) -> bool:
        """Whether a member can be taken off: a record of their own, or their having begun it, lets them in."""
        by_record = member in self._lasting or member in self._ends or self._began == member
        return by_record and not self._leads(member) and member not in self._heads

    def _leads(self, member: MemberId) -> bool:
        return COORDINATOR in self._roster.roles(member)


def _spells(desk: Desk, folder: FolderId) -> Iterator[_Spell]:
    running: dict[MemberId, _Spell] = {}
    over: list[_Spell] = []
    for epoch in views.epochs(desk.reader, folder):
        members, hand = _members(desk, epoch.recipients), _hand(desk, epoch)
        for member in running.keys() - members:
            spell = running.pop(member)
            spell.ended_ms, spell.ended_by = epoch.at_ms, hand
            over.append(spell)
        for member in members - running.keys():
            running[member] = _Spell(member, epoch.at_ms, hand)
    yield from running.values()
    yield from over


def _told(
    desk: Desk,
    spell: _Spell,
    parts: tuple[str, ...] = (),
    until_ms: Millis | None = None,
    *,
    leaves: bool = False,
    may_leave: bool = False,
) -> Reads:
    return Reads(
        spell.member,
        _name(desk, spell.member),
        parts,
        spell.since_ms,
        spell.let_in_by,
        until_ms,
        spell.ended_ms,
        spell.ended_by,
        leaves,
        may_leave,
    )


def _members(desk: Desk, desks: Sequence[DeskId]) -> frozenset[MemberId]:
    listed = desk.book.roster.desks
    return frozenset(listed[one].member for one in desks if one in listed)


def _hand(desk: Desk, epoch: views.Epoch) -> str:
    """Name at work of whoever opened an epoch."""
    listed = desk.book.roster.desks.get(epoch.author or desk.book.desk)
    return _name(desk, listed.member) if listed else ""


def _name(desk: Desk, member: MemberId) -> str:
    return shown.name(desk.reader, "member", member)


def _names(desk: Desk, members: frozenset[MemberId]) -> tuple[str, ...]:
    return tuple(sorted(_name(desk, one) for one in members))


def _heads(desk: Desk, folder: FolderId, folder_type: FolderType) -> dict[MemberId, list[str]]:
    """Members whom the head of a folder names, each with their parts in it (gettext ids)."""
    kind, fields = access.NAMED.get(folder_type, ("", ()))
    state = desk.tables.state(folder, kind, RecordId(folder)) if fields else {}
    found: dict[MemberId, list[str]] = {}
    for name in fields:
        for live in state.get(name, ()):
            if isinstance(live.value, bytes):
                found.setdefault(MemberId(live.value), []).append(_PARTS[name])
    return found


def _open(desk: Desk, folder: FolderId) -> list[access.Given]:
    now = desk.now_ms()
    return [one for one in access.given(desk, folder) if one.is_open(now)]


def _let_in(writing: Writing, folder: FolderId) -> set[bytes]:
    return {one.member for one in _open(writing.desk, folder) if one.until_ms is None}


def _lasting(writing: Writing, folder: FolderId) -> set[bytes]:
    """Members who read a folder until somebody changes it: coordinators, those whom it names, and who was let in."""
    desk = writing.desk
    roster = desk.book.roster
    found: set[bytes] = {one for one in roster.members if COORDINATOR in roster.roles(one)}
    found |= _heads(desk, folder, writing.folder_type(folder)).keys() | _let_in(writing, folder)
    began = access.author(desk, folder)
    off = {one.member for one in access.given(desk, folder) if one.is_off and not one.is_struck}
    return found | ({began} - off if began is not None else set())


def _can(desk: Desk, member: bytes, folder_type: FolderType) -> bool:
    """Whether a member's role reads folders of that type once they are on the team."""
    return allowed(desk.book.roster.roles(MemberId(member)), Action.READ, folder_type, on_team=True)


def _fit(writing: Writing, folder: FolderId, member: bytes | None, field: str = "member") -> bytes:
    """The member who is to be let in. Raises: BadInput, if they cannot be; Refused."""
    folder_type = writing.require(Action.ASSIGN, folder)
    if member is None:
        refuse(field, "required", N_("Choose who it is."))
    if not _can(writing.desk, member, folder_type):
        message = N_("Their role does not read this. A coordinator changes roles on the page of members.")
        refuse(field, "role", message)
    return member


def _put(writing: Writing, folder: FolderId, fields: Fields) -> None:
    given = {name: value for name, value in fields.items() if value is not None}
    writing.write(writing.entry(folder, access.GIVEN, given), _GIVE)


RULES: Final[Mapping[str, Rule]] = {access.GIVEN: Rule(begins=False, changes=False, action=Action.ASSIGN)}
