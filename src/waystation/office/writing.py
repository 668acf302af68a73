"""One save in the making: what every function of the office does between a form and the book.

Guarantees: the folder's type is the book's, not the caller's; roles are asked before anything is decided; a link leads
to a record that is here; each kind's own rule has been applied, whichever page or program the record came from. What is
unsafe is refused; what is only unusual needs words that say why, and those are kept as a note beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NoReturn, TypeAlias

from waystation.clock import Millis
from waystation.errors import BadInput, Problem, Refused
from waystation.ids import SINGLETONS, FolderId, FolderType, RecordId, ValueRef, new_id
from waystation.office.desk import Desk
from waystation.records import Day, KindSpec, Many, Moment, Save, Value, Write
from waystation.records.check import check
from waystation.records.fields import FieldSpec
from waystation.records.labels import N_
from waystation.roles import Action

Fields: TypeAlias = Mapping[str, Value | None]
Seen: TypeAlias = Mapping[str, tuple[ValueRef, ...]]
Known: TypeAlias = dict[str, Value]

NOT_BY_HAND: Final = Problem("not_by_hand", N_("This is not changed on a form. Use the action that is named for it."))
NO_RECORD: Final = Problem("bad_link", N_("This points to no record. Choose one from the list."))
IN_FUTURE: Final = Problem("in_future", N_("This day has not come yet. Give the day on which it happened."))


@dataclass(slots=True)
class Entry:
    """One record in the making.

    Args:
        before: what is shown of it now; empty for a new one.
        fields: what will be written; a rule may fill in more.
    """

    folder: FolderId
    folder_type: FolderType
    spec: KindSpec
    record: RecordId
    before: Known
    fields: dict[str, Value | None]
    is_new: bool

    def get(self, field: str) -> Value | None:
        """The value as it will stand after the save."""
        return self.fields[field] if field in self.fields else self.before.get(field)

    def day(self, field: str) -> Day | None:
        value = self.get(field)
        return value if isinstance(value, Day) else None

    def link(self, field: str) -> RecordId | None:
        value = self.get(field)
        return RecordId(value) if isinstance(value, bytes) else None

    def links(self, field: str) -> frozenset[bytes]:
        """A field of several links; empty where nothing is named."""
        value = self.get(field)
        return frozenset(i for i in value if isinstance(i, bytes)) if isinstance(value, Many) else frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for a kind beyond its declaration.

    Args:
        today, now, me: fields that are filled in for a new record: with the day, the moment, the member.
        person: whether `person` is filled in where the folder has only one.
        past: days that cannot lie in the future.
        order: pairs of days or moments, of which the first cannot be after the second.
        kept: fields that no form changes.
        begins: whether such a record may be added by hand.
        changes: whether it may be changed by hand.
        action: what a member must be allowed to do there.
        check: the kind's own rule.
    """

    today: str = ""
    now: str = ""
    me: str = ""
    person: bool = False
    past: tuple[str, ...] = ()
    order: tuple[tuple[str, str], ...] = ()
    kept: frozenset[str] = frozenset()
    begins: bool = True
    changes: bool = True
    action: Action = Action.WRITE
    check: "Callable[[Writing, Entry], None] | None" = None


class Writing:
    """A save in the making, at one desk.

    Args:
        override: the words with which the member explains what is unusual; empty if nothing is.
    """

    def __init__(self, desk: Desk, override: str = "") -> None:
        self.desk = desk
        self.today = desk.today()
        self._override = override.strip()
        self._overridden: set[FolderId] = set()
        self._writes: list[Write] = []
        self._following: list[Write] = []
        self._in_rule = False
        self._opened: dict[FolderId, FolderType] = {}
        self._put: dict[tuple[FolderId, str], dict[bytes, Known]] = {}

    def now(self) -> Moment:
        return Moment(Millis(self.desk.now_ms()), self.desk.zone())

    def this_day(self) -> Day:
        return Day(self.today, self.today)

    def open_folder(self, folder_type: FolderType, folder: FolderId | None = None) -> FolderId:
        """A new folder, which this save opens; its id is random, unless what it holds has given it one."""
        folder = folder or FolderId(new_id(self.desk.randomness))
        self._opened[folder] = folder_type
        return folder

    def folder_type(self, folder: FolderId) -> FolderType:
        """Raises: Refused, if there is no such folder at this desk, or it is hidden."""
        if folder in self._opened:
            return self._opened[folder]
        for kind in SINGLETONS:
            if folder == self.desk.folder(kind):
                return kind
        row = self.desk.reader.row("SELECT folder_type FROM history WHERE folder = ? LIMIT 1", folder)
        if row is None:
            raise Refused("There is no such record at this desk, or it was erased. Go back to the list.")
        return FolderType(row[0])

    def require(self, action: Action, folder: FolderId) -> FolderType:
        """The folder's type. Raises: Refused, unless this member may do that there."""
        folder_type = self.folder_type(folder)
        on_team = folder in self._opened or self.desk.book.desk in self.desk.book.readers(folder)
        self.desk.require(action, folder_type, on_team=on_team)
        return folder_type

    def records(self, folder: FolderId, kind: str) -> Mapping[bytes, Known]:
        """A folder's records of one kind, as they will stand after what was put so far. Not for the office's many."""
        stored = {} if folder in self._opened else self.desk.tables.facts(folder, frozenset((kind,))).get(kind, {})
        return {**stored, **self._put.get((folder, kind), {})}

    def find(self, folder: FolderId, kind: str, record: bytes) -> Known | None:
        """One record as it will stand, or None."""
        put = self._put.get((folder, kind), {})
        if record in put:
            return put[record]
        return self.desk.tables.shown(folder, kind, RecordId(record))

    def get(self, folder: FolderId, kind: str, record: bytes) -> Known:
        """One record as it will stand. Raises: Refused, if there is none."""
        found = self.find(folder, kind, record)
        if found is None:
            raise Refused("There is no such record at this desk, or it was erased. Go back to the list.")
        return found

    def put(self, entry: Entry, seen: Seen | None = None) -> RecordId:
        """Adds a record's write to the save, as it is."""
        kind = entry.spec.name
        if seen is None:
            seen = {} if entry.is_new else self.desk.seen(entry.folder, kind, entry.record, tuple(entry.fields))
        shown = {name: refs for name, refs in seen.items() if name in entry.fields}
        write = Write(entry.folder, entry.folder_type, kind, entry.record, dict(entry.fields), shown, entry.is_new)
        (self._following if self._in_rule else self._writes).append(write)
        after = {**entry.before, **entry.fields}
        put = self._put.setdefault((entry.folder, kind), {})
        put[entry.record] = {name: value for name, value in after.items() if value is not None}
        return entry.record

    def entry(self, folder: FolderId, kind: str, fields: Fields, record: RecordId | None = None) -> Entry:
        """A new record."""
        spec, folder_type = self._spec(kind), self.folder_type(folder)
        identity = RecordId(folder) if spec.owns_folder else record or self.desk.new_record()
        return Entry(folder, folder_type, spec, identity, {}, dict(fields), is_new=True)

    def change(self, folder: FolderId, kind: str, record: bytes, fields: Fields) -> Entry:
        """A change of an existing record. Raises: Refused, if there is none."""
        before = self.get(folder, kind, record)
        return Entry(
            folder, self.folder_type(folder), self._spec(kind), RecordId(record), before, dict(fields), is_new=False
        )

    def write(self, entry: Entry, rule: Rule, seen: Seen | None = None) -> RecordId:
        """Applies a kind's rule to a record and puts it; what the rule itself puts comes after all others.

        Raises: BadInput, Refused.
        """
        self.require(rule.action, entry.folder)
        if entry.is_new:
            self._fill(entry, rule)
        else:
            self._keep(entry, rule)
        entry.fields = dict(check(entry.spec, entry.fields, partial=not entry.is_new))
        self._check_links(entry)
        self._check_days(entry, rule)
        if rule.check is not None:
            outer, self._in_rule = self._in_rule, True
            rule.check(self, entry)
            self._in_rule = outer
        return self.put(entry, seen)

    def unusual(self, entry: Entry, field: str, code: str, message: str, **values: object) -> None:
        """Returns only if the member has said why this is right all the same. Raises: BadInput."""
        if not self._override:
            raise BadInput({field: Problem(code, message, {**values, "override": True})})
        self._overridden.add(entry.folder)

    def save(self) -> Save:
        """The finished save."""
        for folder in sorted(self._overridden):
            if self.folder_type(folder) in self._spec("note").folders:
                note: Fields = {"body": self._override, "written": self.now(), "author": self.desk.member}
                self.put(self.entry(folder, "note", note))
        if not self._writes:
            raise BadInput({"": Problem("nothing", N_("Nothing was changed. Fill in at least one field."))})
        return Save((*self._writes, *self._following), tuple(self._opened.items()))

    def _spec(self, kind: str) -> KindSpec:
        spec = self.desk.registry.get(kind)
        if spec is None:
            raise Refused("This Waystation knows no such kind of record. Go back to the page.")
        return spec

    def _fill(self, entry: Entry, rule: Rule) -> None:
        filled: dict[str, Value] = {}
        if rule.today:
            filled[rule.today] = self.this_day()
        if rule.now:
            filled[rule.now] = self.now()
        if rule.me:
            filled[rule.me] = self.desk.member
        if rule.person and "person" in entry.spec.fields:
            people = self.records(entry.folder, "person")
            if len(people) == 1:
                filled["person"] = next(iter(people))
        entry.fields = {n: v for n, v in entry.fields.items() if v is not None}
        for name, value in filled.items():
            entry.fields.setdefault(name, value)

    def _keep(self, entry: Entry, rule: Rule) -> None:
        kept = {n for n in rule.kept & entry.fields.keys() if entry.fields[n] != entry.before.get(n)}
        if not rule.changes:
            kept = set(entry.fields)
        if kept:
            raise BadInput(dict.fromkeys(sorted(kept), NOT_BY_HAND))

    def _check_links(self, entry: Entry) -> None:
        problems = {
            name: NO_RECORD
            for name in entry.fields
            if (target := entry.spec.fields[name].target)
            if any(not self._is_here(entry, entry.spec.fields[name], target, item) for item in _linked(entry, name))
        }
        if problems:
            raise BadInput(problems)

    def _is_here(self, entry: Entry, field: FieldSpec, target: str, record: bytes) -> bool:
        spec = self._spec(target)
        if spec.owns_folder:
            return self.find(FolderId(record), target, record) is not None
        if entry.folder_type in spec.folders and self.find(entry.folder, target, record) is not None:
            return True
        home = (self.desk.folder(kind) for kind in SINGLETONS if kind in spec.folders)
        return any(self.find(folder, target, record) is not None for folder in home)

    def _check_days(self, entry: Entry, rule: Rule) -> None:
        problems: dict[str, Problem] = {}
        for name in rule.past:
            if name in entry.fields and self.is_ahead(entry.get(name)):
                problems[name] = IN_FUTURE
        for first, second in rule.order:
            if {first, second} & entry.fields.keys() and _is_after(entry.get(first), entry.get(second)):
                label = entry.spec.fields[first].label
                message = N_("This is before “%(first)s”. One of the two is wrong.")
                problems[second] = Problem("before", message, {"first": label})
        if problems:
            raise BadInput(problems)

    def is_ahead(self, value: Value | None) -> bool:
        """Whether a day or a moment surely lies in the future."""
        match value:
            case Day(earliest=str(earliest)):
                return earliest > self.today
            case Moment(ms=ms):
                return ms > self.desk.now_ms()
            case _:
                return False


def refuse(field: str, code: str, message: str, **values: object) -> NoReturn:
    """Raises: BadInput, for one field."""
    raise BadInput({field: Problem(code, message, values)})


def day_after(day: str, days: int) -> str:
    """The ISO date so many days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _linked(entry: Entry, name: str) -> list[bytes]:
    value = entry.fields[name]
    if isinstance(value, Many):
        return [item for item in value if isinstance(item, bytes)]
    return [value] if isinstance(value, bytes) else []


def _is_after(first: Value | None, second: Value | None) -> bool:
    match first, second:
        case Day(earliest=str(earliest)), Day(latest=str(latest)):
            return earliest > latest
        case Moment(ms=one), Moment(ms=other):
            return one > other
        case _:
            return False
