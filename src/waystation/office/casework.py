"""The daily work on a case or a request: adding and changing records, tasks, signs of life, alarms, the end.

One way in for every kind of record, so that its rule holds whichever page it came from. Guarantees: a masked field is
shown only after the asking is saved; a case is not closed over what is still open, unless somebody says who carries it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from waystation.errors import Refused
from waystation.ids import FolderId, FolderType, RecordId, ValueRef
from waystation.office import (
    cards,
    codenames,
    duty,
    journeys,
    kept,
    money,
    outside,
    people,
    shelter,
    staff,
    team,
    testimony,
    time_zones,
)
from waystation.office.desk import Desk
from waystation.office.writing import Entry, Fields, Rule, Seen, Writing, refuse
from waystation.records import Day, Save, Value
from waystation.records.choices import ClosureReason, ContactSafety
from waystation.records.labels import N_
from waystation.records.merge import seen as seen_of
from waystation.roles import Action, allowed

FIND_OUT: Final = N_("Lost contact: find out what happened")


@dataclass(frozen=True, slots=True)
class Part:
    """A record to be added with others.

    Args:
        record: its id, where another part links to it (`desk.new_record()`); else one is made.
    """

    kind: str
    fields: Fields
    record: RecordId | None = None


def add(desk: Desk, folder: FolderId, kind: str, fields: Fields, *, override: str = "") -> Save:
    """Adds a record to a folder.

    Args:
        fields: what is known; the kind's rule fills in day, moment and member where they are missing.
        override: why something unusual is right all the same; kept as a note.
    Raises: BadInput, Refused.
    """
    return add_all(desk, folder, (Part(kind, fields),), override=override)


def add_all(desk: Desk, folder: FolderId, parts: Sequence[Part], *, override: str = "") -> Save:
    """Adds several records to one folder, in order; a later one may link to an earlier one. As `add`."""
    writing = Writing(desk, override)
    put_parts(writing, folder, parts)
    return writing.save()


def amend(
    desk: Desk,
    folder: FolderId,
    kind: str,
    record: bytes,
    fields: Fields,
    seen: Seen | None = None,
    *,
    override: str = "",
) -> Save:
    """Changes a record. Fields that say what they said before are left out of the save.

    Args:
        seen: the values that the form displayed; None if the caller has read them just now.
    Raises: BadInput, Refused.
    """
    writing = Writing(desk, override)
    entry = writing.change(folder, kind, record, fields)
    entry.fields = {n: v for n, v in entry.fields.items() if v != entry.before.get(n)}
    if entry.fields:
        writing.write(entry, _rule(kind), seen)
    return writing.save()


def settle(desk: Desk, folder: FolderId, kind: str, record: bytes, field: str, ref: ValueRef) -> Save:
    """Settles a conflict: the value that the entry `ref` wrote stays, the others are replaced.

    Raises: BadInput, if that value is no longer there; Refused.
    """
    writing = Writing(desk)
    writing.require(Action.WRITE, folder)
    state = desk.state(folder, kind, RecordId(record))
    kept = [live.value for live in state.get(field, ()) if live.ref == ref]
    if not kept:
        refuse(field, "gone", N_("This value has changed meanwhile. Look at it again, then choose."))
    writing.put(writing.change(folder, kind, record, {field: kept[0]}), seen_of(state, (field,)))
    return writing.save()


def reveal(desk: Desk, folder: FolderId, kind: str, record: bytes, field: str, reason: str = "") -> Save:
    """Records that this member looks at a masked field. Save it first; then it may be shown.

    Raises: Refused, also if the field is not masked or holds nothing.
    """
    writing = Writing(desk)
    writing.require(Action.REVEAL, folder)
    spec = desk.registry.get(kind)
    declared = spec.fields.get(field) if spec else None
    if declared is None or not declared.is_masked or field not in writing.get(folder, kind, record):
        raise Refused("There is nothing masked here. Go back to the page.")
    looked: Fields = {
        "revealed": writing.now(),
        "revealed_by": desk.member,
        "of_kind": kind,
        "of_record": record,
        "of_field": field,
        "reason": reason.strip() or None,
    }
    writing.write(writing.entry(folder, "reveal", looked), Rule(action=Action.REVEAL))
    return writing.save()


def withdraw_consent(desk: Desk, folder: FolderId, consent: RecordId, day: Day | None = None) -> Save:
    """Notes that a consent was withdrawn, today or on the day given. Raises: BadInput, Refused."""
    writing = Writing(desk)
    writing.write(
        writing.change(folder, "consent", consent, {"withdrawn": day or writing.this_day()}), RULES["consent"]
    )
    return writing.save()


def finish_task(desk: Desk, folder: FolderId, task: RecordId, result: str = "") -> Save:
    """A task is done. Raises: BadInput, Refused."""
    writing = Writing(desk)
    done: dict[str, Value] = {"done": writing.now(), "done_by": desk.member}
    if result.strip():
        done["result"] = result.strip()
    writing.write(writing.change(folder, "task", task, done), RULES["task"])
    return writing.save()


def reopen_task(desk: Desk, folder: FolderId, task: RecordId) -> Save:
    """A task is not done after all. Raises: BadInput, Refused."""
    writing = Writing(desk)
    writing.write(writing.change(folder, "task", task, {"done": None, "done_by": None}), RULES["task"])
    return writing.save()


def note_check_in(
    desk: Desk, folder: FolderId, check_in: RecordId, fields: Fields, next_one: Fields | None = None
) -> Save:
    """They were heard from; the next check-in is planned in the same save.

    Args:
        fields: `condition`, `said`, and `done` (now if left out).
        next_one: at least `due`; person, channel and agreed words go over from this one.
    Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    given = {name: value for name, value in fields.items() if value is not None}
    entry = writing.change(folder, "check_in", check_in, {"done": writing.now(), **given})
    writing.write(entry, RULES["check_in"])
    if next_one is not None:
        kept: Fields = {n: entry.before[n] for n in ("person", "channel", "agreed_words") if n in entry.before}
        writing.write(writing.entry(folder, "check_in", {**kept, **next_one}), RULES["check_in"])
    return writing.save()


def raise_alarm(desk: Desk, folder: FolderId, words: str, title: str = FIND_OUT) -> Save:
    """Lost contact: an alarm first, a status later. A task that is due now, and a note; nothing is closed.

    Args:
        words: when they were last heard from, what was tried, what is known.
        title: of the task, in the member's language.
    Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    head = writing.find(folder, "case", folder) or writing.find(folder, "request", folder) or {}
    assignee = head.get("caseworker", head.get("taken_by", desk.member))
    told = words.strip() or None
    task: Fields = {"title": title, "details": told and told[:2000], "due": writing.now(), "assignee": assignee}
    put_parts(writing, folder, (Part("task", task), Part("note", {"body": told})))
    return writing.save()


def close(desk: Desk, case: FolderId, fields: Fields, *, carried: str = "") -> Save:
    """Closes a case.

    Args:
        fields: of `closure`; the reason is required, the day is today if left out.
        carried: who carries what is still open; kept with the closure.
    Raises: BadInput, if something is open and nobody carries it; Refused.
    """
    writing = Writing(desk)
    if any("reopened" not in closure for closure in writing.records(case, "closure").values()):
        refuse("", "closed", N_("This case is closed already."))
    entry = writing.entry(case, "closure", fields)
    if entry.get("reason") == ClosureReason.TRANSFERRED and entry.link("transferred_to") is None:
        refuse("transferred_to", "required", N_("Say to whom the case is transferred."))
    arrivals = writing.records(case, "arrival").values()
    if entry.get("reason") == ClosureReason.ARRIVED_SAFE and not any(a.get("confirmed") for a in arrivals):
        refuse("reason", "not_arrived", N_("No arrival was confirmed by the person. Record it first."))
    if entry.get("reason") == ClosureReason.OWN_MEANS and not writing.records(case, "own_departure"):
        refuse("reason", "not_left", N_("No departure by own means is recorded. Record it first."))
    still_open = _open_counts(writing, case)
    if still_open and not carried.strip():
        message = N_("Still open here: %(open)s. Finish it, or say who carries it.")
        refuse("carried", "still_open", message, open=still_open)
    if still_open:
        details = entry.get("details")
        entry.fields["details"] = "\n".join(filter(None, (str(details or ""), carried.strip())))
    writing.write(entry, _CLOSE)
    return writing.save()


def reopen(desk: Desk, case: FolderId, words: str) -> Save:
    """Opens a closed case again; `words` say why, as a note. Raises: BadInput, Refused."""
    writing = Writing(desk)
    standing = [k for k, v in writing.records(case, "closure").items() if "reopened" not in v]
    if not standing:
        refuse("", "not_closed", N_("This case is open. Nothing was changed."))
    for closure in standing:
        writing.write(writing.change(case, "closure", closure, {"reopened": writing.this_day()}), _CLOSE)
    put_parts(writing, case, (Part("note", {"body": words.strip() or None}),))
    return writing.save()


def opened(save: Save) -> FolderId:
    """The folder that a save opens. Raises: IndexError, if it opens none."""
    return save.new_folders[0][0]


def put_parts(writing: Writing, folder: FolderId, parts: Sequence[Part]) -> None:
    """Adds records to a save in the making, each under the rule of its kind. Raises: BadInput, Refused."""
    for part in parts:
        rule = _rule(part.kind)
        if not rule.begins:
            raise Refused("A record of this kind is not added by hand. Use the action that is named for it.")
        writing.write(writing.entry(folder, part.kind, part.fields, part.record), rule)


def addable(desk: Desk, folder_type: FolderType) -> tuple[str, ...]:
    """Kinds that this member may add by hand to a folder of that type, as declared; for choosing what a page offers."""
    return tuple(
        name
        for name, spec in desk.registry.items()
        if folder_type in spec.folders
        if (rule := RULES.get(name)) is not None and rule.begins
        if allowed(desk.roles, rule.action, folder_type, on_team=True)
    )


def editable(desk: Desk, kind: str) -> bool:
    """Whether records of this kind are changed on a form at all."""
    rule = RULES.get(kind)
    return rule is not None and rule.changes


def _rule(kind: str) -> Rule:
    rule = RULES.get(kind)
    if rule is None:
        raise Refused("This Waystation knows no such kind of record. Go back to the page.")
    return rule


def _open_counts(writing: Writing, case: FolderId) -> dict[str, int]:
    """Kind → how many of it are still open: what a closure would leave behind."""
    ends = {"task": "done", "check_in": "done"}
    found = {
        kind: sum(end not in fields for fields in writing.records(case, kind).values()) for kind, end in ends.items()
    }
    leaving = [fields.get("ends") for fields in writing.records(case, "stay").values()]
    found["stay"] = sum(not isinstance(day, Day) or day.sort_key > writing.today for day in leaving)
    found["application"] = len(journeys.undecided(writing, case))
    return {kind: count for kind, count in found.items() if count}


def _case(writing: Writing, entry: Entry) -> None:
    time_zones.check(writing, entry)
    given = {n for n in ("caseworker", "supervisor") if n in entry.fields}
    if not entry.is_new and given:
        writing.require(Action.ASSIGN, entry.folder)
        former = entry.before.get("caseworker")
        if "caseworker" in given and isinstance(former, bytes) and former != entry.get("caseworker"):
            team.take_off(writing, entry.folder, former)
    if not entry.is_new:
        request = entry.before.get("request")
        shared = FolderId(request) if isinstance(request, bytes) else None
        codenames.check_code_name(writing, entry, shared_with=shared)


def _request(writing: Writing, entry: Entry) -> None:
    time_zones.check(writing, entry)
    codenames.check_code_name(writing, entry)


def _note(writing: Writing, entry: Entry) -> None:
    if not entry.is_new and entry.before.get("author") not in (None, writing.desk.member):
        raise Refused("Only its author changes a note. Write one of your own beside it.")


def _check_in(writing: Writing, entry: Entry) -> None:
    if entry.is_new and entry.get("done") is None and not writing.is_ahead(entry.get("due")):
        refuse("due", "in_past", N_("Give a time that is still to come, or say when you heard from them."))
    channel = entry.link("channel")
    if channel is not None and "channel" in entry.fields and entry.get("done") is None:
        known = writing.find(entry.folder, "contact_channel", channel) or {}
        if known.get("safety") == ContactSafety.WATCHED or "ended" in known:
            message = N_("This channel is watched or no longer used. Choose another, or say why it must be this one.")
            writing.unusual(entry, "channel", "unsafe_channel", message)


_OWN_RULES: Final[Mapping[str, Rule]] = {
    "request": Rule(
        now="received",
        past=("received",),
        kept=frozenset(("accepted_as", "outcome", "outcome_day", "outcome_reason", "same_as")),
        begins=False,
        check=_request,
    ),
    "case": Rule(today="opened", past=("opened",), kept=frozenset(("request",)), begins=False, check=_case),
    "note": Rule(now="written", me="author", past=("written",), kept=frozenset(("author",)), check=_note),
    "conversation": Rule(
        now="noted",
        me="noted_by",
        person=True,
        past=("began", "ended", "noted"),
        order=(("began", "ended"),),
        kept=frozenset(("noted", "noted_by", "original", "messages")),
    ),
    "task": Rule(me="assignee"),
    "check_in": Rule(person=True, past=("done",), check=_check_in),
    "follow_up": Rule(today="looked", person=True, past=("looked",), order=(("looked", "next_look"),)),
    "closure": Rule(kept=frozenset(("reopened", "closed_by")), begins=False, action=Action.CLOSE),
    "file": Rule(
        kept=frozenset(("media_type", "size", "sha256", "working_copy_of", "added", "added_by")),
        begins=False,
    ),
    "reveal": Rule(begins=False, changes=False, action=Action.REVEAL),
}

_CLOSE: Final = Rule(today="closed", me="closed_by", past=("closed",), action=Action.CLOSE)

RULES: Final[Mapping[str, Rule]] = {
    **_OWN_RULES,
    **people.RULES,
    **shelter.RULES,
    **journeys.RULES,
    **money.RULES,
    **testimony.RULES,
    **staff.RULES,
    **team.RULES,
    **kept.RULES,
    **duty.RULES,
    **outside.RULES,
    **cards.RULES,
}
"""What holds for each kind. A kind without a rule cannot be written by hand."""
