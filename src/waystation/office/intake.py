"""From the first message to an open case, or to an honest end.

Guarantees: a request keeps one code name that cannot be mistaken for another's; nobody becomes a case unchecked unless
somebody says why; nobody is turned away without a reason; a joined request stays readable and is never counted twice.
"""

from collections.abc import Sequence
from typing import Final

from waystation.ids import FolderId, FolderType, RecordId
from waystation.office import codenames
from waystation.office.casework import RULES, Part, put_parts
from waystation.office.desk import Desk
from waystation.office.writing import Entry, Fields, Known, Rule, Seen, Writing, day_after, refuse
from waystation.records import Day, Many, Save, Value
from waystation.records.choices import Eligibility, Judgement, RequestOutcome, RiskLevel, Timeframe
from waystation.records.labels import N_
from waystation.roles import Action

REVIEW_DAYS: Final = 7
"""The danger of a new case is looked at again within a week."""

TRIAGE: Final = frozenset(("level", "timeframe", "deadline", "eligibility", "needs", "people"))
ENDS: Final = frozenset(("outcome", "outcome_day", "outcome_reason"))
CARRIED: Final = (
    "person",
    "contact_channel",
    "identity_document",
    "protection_concern",
    "verification_step",
    "credibility_assessment",
    "consent",
    "risk_assessment",
    "check_in",
    "task",
)
"""Kinds that go with the person from the request into the case, as records of their own: what is done stays behind."""


def propose_code_name(desk: Desk, language: str = "en") -> str:
    """A code name far from every other in use; Russian words for "ru", English for all else."""
    return codenames.propose(desk, language)


def take_down(desk: Desk, fields: Fields, parts: Sequence[Part] = ()) -> Save:
    """Takes down a request for help, in a folder of its own.

    Args:
        fields: of `request`; the moment is filled in, and a code name proposed in the person's language.
        parts: what else was said: person, contact channel, protection concern, note …
    Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    begin_request(writing, fields, parts)
    return writing.save()


def begin_request(
    writing: Writing, fields: Fields, parts: Sequence[Part] = (), folder: FolderId | None = None
) -> FolderId:
    """As `take_down`, within a save in the making that goes on; in `folder`, if it opened one. Returns: the folder."""
    writing.desk.require(Action.OPEN, FolderType.REQUEST)
    entry = writing.entry(folder or writing.open_folder(FolderType.REQUEST), "request", fields)
    if entry.fields.get("code_name") is None:
        entry.fields["code_name"] = codenames.propose(writing.desk, str(fields.get("language") or "en"))
    writing.write(entry, RULES["request"])
    put_parts(writing, entry.folder, parts)
    return entry.folder


def take_on(desk: Desk, request: FolderId) -> Save:
    """This member takes the request on, and sees to its checks. Raises: Refused."""
    writing = Writing(desk)
    writing.write(writing.change(request, "request", request, {"taken_by": desk.member}), RULES["request"])
    return writing.save()


def triage(desk: Desk, request: FolderId, fields: Fields, seen: Seen | None = None) -> Save:
    """How grave, by when, and whether it is for us; other fields are refused. Raises: BadInput, Refused."""
    writing = Writing(desk)
    entry = writing.change(request, "request", request, fields)
    for name in sorted(fields.keys() - TRIAGE):
        refuse(name, "not_triage", N_("This is not part of triage. Change it on the request itself."))
    _refuse_ended(entry)
    writing.write(entry, RULES["request"], seen)
    return writing.save()


def end_request(desk: Desk, request: FolderId, fields: Fields, seen: Seen | None = None, *, override: str = "") -> Save:
    """Ends a request without a case: not eligible, referred, withdrawn, lost, not credible.

    Args:
        fields: `outcome`, `outcome_reason`, and `outcome_day` (today if left out).
    Raises: BadInput, Refused.
    """
    writing = Writing(desk, override)
    writing.require(Action.DECIDE, request)
    entry = writing.change(request, "request", request, {"outcome_day": writing.this_day(), **fields})
    _refuse_ended(entry)
    outcome = entry.get("outcome")
    if outcome is None or outcome == RequestOutcome.DUPLICATE or fields.keys() - ENDS:
        refuse("outcome", "required", N_("Say how it ended. A duplicate is joined to the other request instead."))
    if outcome != RequestOutcome.LOST_CONTACT and not entry.get("outcome_reason"):
        refuse("outcome_reason", "required", N_("Say why, so that whoever answers them can explain it."))
    if outcome == RequestOutcome.NOT_CREDIBLE and _judgement(writing, request) != Judgement.NOT_CREDIBLE:
        message = N_("Nobody has judged this not credible. Add a credibility assessment with its reasons first.")
        refuse("outcome", "not_judged", message)
    if outcome == RequestOutcome.LOST_CONTACT and not _was_sought(writing, request):
        message = N_("Lost contact is an alarm first. Raise it, look for them, then end the request; or say why not.")
        writing.unusual(entry, "outcome", "no_alarm", message)
    writing.write(entry, _DECIDED, seen)
    return writing.save()


def reopen_request(desk: Desk, request: FolderId, words: str) -> Save:
    """Takes back an end or a join; `words` say why, as a note. Raises: BadInput, Refused."""
    writing = Writing(desk)
    writing.require(Action.DECIDE, request)
    cleared: Fields = dict.fromkeys((*ENDS, "same_as"))
    entry = writing.change(request, "request", request, cleared)
    if "outcome" not in entry.before:
        refuse("", "not_ended", N_("This request has not ended. Nothing was changed."))
    entry.fields = {name: None for name in entry.fields if name in entry.before}
    writing.write(entry, _DECIDED)
    _note(writing, request, words)
    return writing.save()


def join_duplicate(desk: Desk, request: FolderId, same_as: FolderId) -> Save:
    """Joins a request to an earlier one of the same person, so that they are counted and answered once.

    Raises: BadInput, if it leads back to itself or is a case already; Refused.
    """
    writing = Writing(desk)
    writing.require(Action.DECIDE, request)
    writing.require(Action.READ, same_as)
    kept = same_as
    while isinstance(further := writing.get(kept, "request", kept).get("same_as"), bytes) and kept != request:
        kept = FolderId(further)
    if kept == request:
        refuse("same_as", "circle", N_("These requests would be joined in a circle. Choose the one that is kept."))
    ended: dict[str, Value] = {
        "same_as": kept,
        "outcome": RequestOutcome.DUPLICATE,
        "outcome_day": writing.this_day(),
    }
    entry = writing.change(request, "request", request, ended)
    if "accepted_as" in entry.before:
        message = N_("This request is a case already. Join the other one to it instead.")
        refuse("same_as", "accepted", message)
    writing.write(entry, _DECIDED)
    return writing.save()


def accept_and_open_case(
    desk: Desk, request: FolderId, fields: Fields | None = None, *, unverified_because: str = ""
) -> Save:
    """Accepts a request and opens its case: one save over both folders, linked both ways.

    Persons, how to reach them, what was checked and consented to, and the danger go along as records of the case.

    Args:
        fields: of `case`; what the request knows is filled in, and this member as caseworker.
        unverified_because: why there was no time to check; kept as a note in the case.
    Raises: BadInput, Refused.
    """
    desk.require(Action.OPEN, FolderType.CASE)
    writing = Writing(desk)
    writing.require(Action.DECIDE, request)
    asked = writing.get(request, "request", request)
    _check_acceptable(writing, request, asked, unverified_because)
    case = writing.open_folder(FolderType.CASE)
    known: dict[str, Value] = {n: asked[n] for n in ("code_name", "region", "needs", "time_zone") if n in asked}
    known["eligibility"] = Eligibility.FITS
    given = {n: v for n, v in (fields or {}).items() if v is not None}
    caseworker = asked.get("taken_by", desk.member)
    head = writing.entry(case, "case", {"caseworker": caseworker, **known, **given, "request": request})
    codenames.check_code_name(writing, head, shared_with=request)
    writing.write(head, RULES["case"])
    _carry(writing, request, case)
    if not writing.records(case, "risk_assessment"):
        _carry_danger(writing, asked, case)
    accepted: dict[str, Value] = {"accepted_as": case, "eligibility": Eligibility.FITS}
    writing.write(writing.change(request, "request", request, accepted), _DECIDED)
    if unverified_because.strip():
        _note(writing, case, unverified_because)
    return writing.save()


def _check_acceptable(writing: Writing, request: FolderId, asked: Known, unverified_because: str) -> None:
    if "accepted_as" in asked:
        refuse("", "accepted", N_("This request was accepted already. Open its case instead."))
    if "outcome" in asked:
        refuse("", "ended", N_("This request has ended. Open it again first."))
    if asked.get("eligibility") == Eligibility.DOES_NOT_FIT:
        message = N_("It was found not to fit what you do. Change that under triage, or refer them to someone else.")
        refuse("eligibility", "does_not_fit", message)
    if _judgement(writing, request) == Judgement.NOT_CREDIBLE:
        message = N_("It was judged not credible. Judge again, with reasons, before you open a case.")
        refuse("", "not_credible", message)
    if not writing.records(request, "verification_step") and not unverified_because.strip():
        message = N_("Nothing has been checked yet. Add a verification step, or say why there is no time for one.")
        refuse("unverified_because", "not_checked", message)


def _carry(writing: Writing, request: FolderId, case: FolderId) -> None:
    """Copies the records of the request into the case; links among them follow."""
    anew: dict[bytes, RecordId] = {}
    for kind in CARRIED:
        stored = writing.records(request, kind).items()
        records = {k: v for k, v in stored if kind not in ("check_in", "task") or "done" not in v}
        anew |= {record: writing.desk.new_record() for record in records}
        for record, known in records.items():
            copied = {name: _relinked(value, anew) for name, value in known.items() if name not in ("photo", "scan")}
            writing.put(writing.entry(case, kind, copied, anew[record]))


def _relinked(value: Value, anew: dict[bytes, RecordId]) -> Value:
    if isinstance(value, Many):
        return Many.of([anew.get(i, i) for i in value if isinstance(i, bytes)]) if _are_links(value) else value
    return anew.get(value, value) if isinstance(value, bytes) else value


def _are_links(value: Many) -> bool:
    return all(isinstance(item, bytes) for item in value)


def _carry_danger(writing: Writing, asked: Known, case: FolderId) -> None:
    if "level" not in asked and "timeframe" not in asked:
        return
    assessed = writing.this_day()
    review = day_after(writing.today, REVIEW_DAYS)
    fields: dict[str, Value] = {
        "level": asked.get("level", RiskLevel.HIGH),
        "timeframe": asked.get("timeframe", Timeframe.UNKNOWN),
        "reasons": str(asked.get("story", "")).strip()[:1000] or FROM_TRIAGE,
        "assessed": assessed,
        "assessed_by": writing.desk.member,
        "review": Day(review, review),
    }
    deadline = asked.get("deadline")
    if isinstance(deadline, Day):
        fields["deadline"] = deadline
    writing.put(writing.entry(case, "risk_assessment", fields))


def _judgement(writing: Writing, request: FolderId) -> Value | None:
    """What the latest credibility assessment says."""
    judged = [
        (day.sort_key, record, fields.get("judgement"))
        for record, fields in writing.records(request, "credibility_assessment").items()
        if isinstance(day := fields.get("judged"), Day)
    ]
    return max(judged, key=lambda one: one[:2])[2] if judged else None


def _was_sought(writing: Writing, request: FolderId) -> bool:
    """Whether a check-in was missed or a task done: somebody looked for them before giving up."""
    return any("done" in task for task in writing.records(request, "task").values()) or any(
        "done" not in check_in for check_in in writing.records(request, "check_in").values()
    )


def _refuse_ended(entry: Entry) -> None:
    if "accepted_as" in entry.before:
        refuse("", "accepted", N_("This request was accepted already. Open its case instead."))
    if "outcome" in entry.before:
        refuse("", "ended", N_("This request has ended. Open it again first."))


def _note(writing: Writing, folder: FolderId, words: str) -> None:
    note: Fields = {"body": words.strip() or None, "written": writing.now(), "author": writing.desk.member}
    writing.write(writing.entry(folder, "note", note), RULES["note"])


FROM_TRIAGE: Final = N_("As at triage.")

_DECIDED: Final = Rule(past=("outcome_day",), action=Action.DECIDE)
"""What only the functions of this module write: how a request ended."""
