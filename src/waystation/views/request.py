"""One request for help, as its page shows it: the same as a case, with the steps that lead to one."""

from collections.abc import Mapping
from typing import Final

from waystation.ids import FolderId, FolderType
from waystation.records.choices import Eligibility, Judgement
from waystation.records.labels import N_
from waystation.records.status import RequestStage
from waystation.views import case as case_view
from waystation.views import shown
from waystation.views.case import CaseView
from waystation.views.next_step import NextStep
from waystation.views.reader import Reader
from waystation.views.shown import Shown

_WHOLE: Final = "SELECT stage, level, timeframe, deadline, check_in_due, accepted_as FROM request_now WHERE folder = ?"


def request(reader: Reader, folder: FolderId) -> CaseView | None:
    """A request, or None if there is none, or it is hidden."""
    row = reader.row(_WHOLE, folder)
    head = shown.record(reader, folder, "request", folder)
    if row is None or head is None:
        return None
    stage, level, timeframe, deadline, check_in_due, accepted_as = row
    found = case_view.folder_records(reader, folder, "request")
    doubts = case_view.conflicts(reader, folder)
    missed = check_in_due is not None and check_in_due < reader.now_ms()
    return CaseView(
        folder,
        FolderType.REQUEST,
        head,
        found,
        case_view.people(found),
        stage,
        level,
        timeframe,
        deadline,
        None,
        check_in_due,
        None,
        doubts,
        _next_step(head, found, RequestStage(stage), missed=missed, in_conflict=bool(doubts)),
        case_view.link(reader, "request", head.fields.get("same_as")),
        case_view.link(reader, "case", accepted_as),
    )


def _next_step(
    head: Shown, records: Mapping[str, tuple[Shown, ...]], stage: RequestStage, *, missed: bool, in_conflict: bool
) -> NextStep:
    if stage is RequestStage.ACCEPTED:
        return NextStep("none", N_("This request is a case. The work goes on there."))
    if stage is RequestStage.ENDED:
        return NextStep("none", N_("This request has ended. Nothing is left to do."))
    if missed:
        return NextStep("check_in_missed", N_("A check-in was missed. Find out how they are."), "check_in")
    if "level" not in head.fields:
        return NextStep("assess", N_("Nobody has said how urgent this is. Set the risk and when it threatens."))
    if in_conflict:
        return NextStep("settle", N_("Two people wrote different things. Look at both and settle it."))
    if head.fields.get("eligibility") == Eligibility.DOES_NOT_FIT:
        return NextStep("end", N_("It is not for you. Refer them to somebody who can help, and say so."))
    if not records.get("verification_step"):
        return NextStep("verify", N_("Nothing has been checked. Add a verification step."), "verification_step")
    judged = records.get("credibility_assessment", ())
    if not judged:
        message = N_("Checks are under way. Judge when you can, with your reasons.")
        return NextStep("judge", message, "credibility_assessment")
    if judged[-1].fields.get("judgement") == Judgement.NOT_CREDIBLE:
        return NextStep("end", N_("It was judged not credible. End the request, with its reason."))
    return NextStep("accept", N_("It was judged credible. Accept it and open a case."))
