"""Those who help without a desk: what each is told about a case, and the slip that says no more than they need.

Guarantees: somebody outside is told something only under a consent that covers it, or with the words that say why;
the same holds for a helper who may know the people in the case. A slip bears a name that cannot be taken for another;
it is shown only after the asking is saved, and never once it has expired.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from waystation.clock import DAY_MS, Millis
from waystation.communities import clashes
from waystation.coverage import stands
from waystation.errors import BadInput, Problem, Refused
from waystation.ids import FolderId, RecordId
from waystation.office import codenames
from waystation.office.desk import Desk
from waystation.office.writing import Entry, Fields, Known, Rule, Writing, refuse
from waystation.records import Day, Many, Save, Value
from waystation.records.choices import ToldTo
from waystation.records.labels import N_
from waystation.records.values import Moment
from waystation.roles import Action
from waystation.views import helpers
from waystation.views.case import revealed

SLIP_LIVES_MS: Final = DAY_MS
"""A slip expires so long after the meeting, unless another moment is given."""

SLIP_LIVES_DAYS_MAX: Final = 7

_INSIDE: Final = frozenset((ToldTo.MEMBER,))
"""Who may be told without a consent: our own staff, bound by the same rules."""


@dataclass(frozen=True, slots=True)
class Slip:
    """What stands on a slip, in words; nothing of it leads to a case, a place or this organisation."""

    shown_as: str
    meeting_point: str
    meets: Moment
    phrase: str
    answer: str
    expires: Moment


def propose_name(desk: Desk, language: str) -> str:
    """A code name for one slip or for a helper, unlike all others in use; Russian words for "ru"."""
    return codenames.propose(desk, language)


def give_slip(desk: Desk, folder: FolderId, fields: Fields, told: Fields, *, override: str = "") -> Save:
    """Makes a task slip, and notes that the helper was told what stands on it, in one save.

    Args:
        fields: of `task_slip`; it expires a day after the meeting if nothing else is said.
        told: of `told`: what they were told, in the member's words, and under which consent.
        override: why it is right all the same, where it is unusual; kept as a note.
    Raises: BadInput, Refused.
    """
    writing = Writing(desk, override)
    given = {name: value for name, value in fields.items() if value is not None}
    meets = given.get("meets")
    if isinstance(meets, Moment):
        given.setdefault("expires", Moment(Millis(meets.ms + SLIP_LIVES_MS), meets.zone))
    said: Fields = {**told, "audience": ToldTo.HELPER, "helper": given.get("helper")}
    problems: dict[str, Problem] = {}
    for kind, values, rule in (("task_slip", given, _SLIP), ("told", said, RULES["told"])):
        problems |= _problems(partial(_write, writing, folder, kind, values, rule))
    if problems:
        raise BadInput(problems)
    return writing.save()


def destroyed(desk: Desk, folder: FolderId, slip: RecordId) -> Save:
    """Notes that a slip was destroyed, now. Raises: BadInput, if that was noted before; Refused."""
    writing = Writing(desk)
    entry = writing.change(folder, "task_slip", slip, {"destroyed": writing.now()})
    if "destroyed" in entry.before:
        refuse("", "destroyed", N_("It was noted before that this slip was destroyed."))
    writing.write(entry, Rule())
    return writing.save()


def ask_for_slip(desk: Desk, folder: FolderId, slip: RecordId) -> Save:
    """Records that this member looks at all of a slip. Save it first; then `slip` gives it.

    Raises: Refused, also if the slip has expired or was destroyed.
    """
    writing = Writing(desk)
    writing.require(Action.REVEAL, folder)
    fields = writing.get(folder, "task_slip", slip)
    _require_alive(desk, fields)
    for name, field in desk.registry["task_slip"].fields.items():
        if field.is_masked and name in fields:
            looked: Fields = {
                "revealed": writing.now(),
                "revealed_by": desk.member,
                "of_kind": "task_slip",
                "of_record": slip,
                "of_field": name,
            }
            writing.write(writing.entry(folder, "reveal", looked), Rule(action=Action.REVEAL))
    return writing.save()


def slip(desk: Desk, folder: FolderId, record: RecordId) -> Slip:
    """What stands on a slip, to be shown or printed.

    Raises: Refused, unless this member's asking was saved within the last ten minutes; or if it has expired.
    """
    desk.require(Action.REVEAL, Writing(desk).folder_type(folder))
    fields = Writing(desk).get(folder, "task_slip", record)
    _require_alive(desk, fields)
    meets, expires = fields["meets"], fields["expires"]
    assert isinstance(meets, Moment)
    assert isinstance(expires, Moment)

    def masked(name: str) -> str:
        asked = name in fields
        return revealed(desk.reader, folder, "task_slip", record, name, by=desk.member) if asked else ""

    return Slip(str(fields["shown_as"]), masked("meeting_point"), meets, masked("phrase"), masked("answer"), expires)


def covers(consent: Mapping[str, Value], audience: Value | None, partner: bytes | None, day: str) -> bool:
    """Whether a consent allows that somebody is told.

    Args:
        consent: what is shown of it.
        audience: one of `ToldTo`; a partner must be named in the consent, for others it must name others at all.
        day: on which they are told, ISO.
    """
    if not (stands(consent, day) and consent.get("scope")):
        return False
    if audience == ToldTo.PARTNER:
        named = consent.get("partners")
        return isinstance(named, Many) and partner in named
    return bool(consent.get("with_others"))


def covering(desk: Desk, folder: FolderId, audience: str, partner: bytes | None = None) -> RecordId | None:
    """The newest consent in a folder that allows somebody to be told today, to be proposed; None if there is none."""
    return _covering(Writing(desk), folder, ToldTo(audience), partner, desk.today())


def _covering(
    writing: Writing, folder: FolderId, audience: Value | None, partner: bytes | None, day: str
) -> RecordId | None:
    found = writing.records(folder, "consent").items()
    fitting = [
        (given.sort_key if isinstance(given := fields.get("given"), Day) else "", record)
        for record, fields in found
        if covers(fields, audience, partner, day)
    ]
    return RecordId(max(fitting)[1]) if fitting else None


def _write(writing: Writing, folder: FolderId, kind: str, fields: Fields, rule: Rule) -> None:
    writing.write(writing.entry(folder, kind, fields), rule)


def _require_alive(desk: Desk, fields: Known) -> None:
    """Returns only while a slip may be shown. Raises: Refused."""
    expires = fields.get("expires")
    if "destroyed" in fields:
        raise Refused("This slip was destroyed. Make a new one if they meet again.")
    if not isinstance(expires, Moment) or expires.ms < desk.now_ms():
        raise Refused("This slip has expired. Make sure that it was destroyed, and make a new one if they meet again.")


def _problems(*steps: Callable[[], object]) -> dict[str, Problem]:
    """What several steps refuse, together, so that a person answers once."""
    found: dict[str, Problem] = {}
    for step in steps:
        try:
            step()
        except BadInput as bad:
            found |= bad.problems
    return found


def _helper(writing: Writing, entry: Entry) -> None:
    codenames.check_code_name(writing, entry)
    if not entry.get("type"):
        refuse("type", "required", N_("Choose what they do."))


def _told(writing: Writing, entry: Entry) -> None:
    audience = entry.get("audience")
    if audience == ToldTo.HELPER and entry.link("helper") is None:
        refuse("helper", "required", N_("Say which helper."))
    if audience == ToldTo.PARTNER and entry.link("partner") is None:
        refuse("partner", "required", N_("Say which partner organisation."))
    problems = _problems(lambda: _consented(writing, entry), lambda: _kept_apart(writing, entry))
    if problems:
        raise BadInput(problems)


def _consented(writing: Writing, entry: Entry) -> None:
    audience, told = entry.get("audience"), entry.get("told")
    if audience in _INSIDE or not {"audience", "partner", "consent", "told"} & entry.fields.keys():
        return
    day = told.local().date().isoformat() if isinstance(told, Moment) else writing.today
    partner, consent = entry.link("partner"), entry.link("consent")
    if consent is None:
        consent = _covering(writing, entry.folder, audience, partner, day)
        if consent is None:
            message = N_("No consent covers this. Ask them first, or say why they were told without it.")
            writing.unusual(entry, "consent", "no_consent", message)
        elif entry.is_new:
            entry.fields["consent"] = consent
    elif not covers(writing.find(entry.folder, "consent", consent) or {}, audience, partner, day):
        message = N_("This consent does not cover them on that day. Choose another, or say why they were told.")
        writing.unusual(entry, "consent", "not_covered", message)


def _kept_apart(writing: Writing, entry: Entry) -> None:
    helper = entry.link("helper")
    if helper is None or "helper" not in entry.fields:
        return
    found = helpers.helper(writing.desk.reader, helper)
    fields = found.fields if found is not None else {}
    ended, at = fields.get("ended"), entry.get("told") or entry.get("meets")
    if isinstance(ended, Day) and isinstance(at, Moment) and ended.sort_key <= at.local().date().isoformat():
        refuse("helper", "ended", N_("They stopped helping on %(day)s. Choose somebody else."), day=ended)
    around = helpers.circle(writing.desk.reader, entry.folder)
    if clashes(str(fields.get("community", "")), str(fields.get("not_for", "")), around):
        message = N_(
            "They may know the people in this case, or must be kept apart from them. Choose somebody else, or say why "
            "it must be them."
        )
        writing.unusual(entry, "helper", "community", message)


def _slip(writing: Writing, entry: Entry) -> None:
    if entry.link("helper") is None:
        refuse("helper", "required", N_("Say which helper."))
    meets, expires = entry.get("meets"), entry.get("expires")
    if not writing.is_ahead(meets):
        refuse("meets", "in_past", N_("Give a time that is still to come."))
    if (
        isinstance(meets, Moment)
        and isinstance(expires, Moment)
        and expires.ms > meets.ms + SLIP_LIVES_DAYS_MAX * DAY_MS
    ):
        message = N_("A slip lives for at most %(days)s days after the meeting. Choose an earlier time.")
        refuse("expires", "too_long", message, days=SLIP_LIVES_DAYS_MAX)
    problems = _problems(lambda: _check_name(writing, entry), lambda: _kept_apart(writing, entry))
    if problems:
        raise BadInput(problems)


def _check_name(writing: Writing, entry: Entry) -> None:
    """The name on a slip: the case's own only with reason, never one that could be taken for another's."""
    name = str(entry.get("shown_as"))
    heads = (writing.find(entry.folder, kind, entry.folder) for kind in ("case", "request"))
    own = {str(head.get("code_name", "")).casefold() for head in heads if head}
    if name.casefold() in own:
        message = N_(
            "This is the code name of the case. Whoever finds the slip could ask for it; take another, or say why."
        )
        writing.unusual(entry, "shown_as", "own_name", message)
        return
    before = {str(fields.get("shown_as")).casefold() for fields in writing.records(entry.folder, "task_slip").values()}
    if name.casefold() not in before and codenames.is_too_alike(writing.desk, name):
        refuse("shown_as", "too_alike", N_("Another code name in use is too much like this one. Take other words."))


_SLIP: Final = Rule(now="made", me="made_by", order=(("meets", "expires"),), check=_slip)

RULES: Final[Mapping[str, Rule]] = {
    "helper": Rule(past=("vetted", "ended"), check=_helper),
    "told": Rule(now="told", me="told_by", past=("told",), kept=frozenset(("told_by",)), check=_told),
    "task_slip": Rule(begins=False, changes=False),
}
