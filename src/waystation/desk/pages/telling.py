"""How pages speak of records: a line for a person who cannot be named, a value in words, what happened in a sentence.

Guarantees: nothing masked is ever in what it says; a person is spoken of by their part in the case, a case and a place
by their code names. It reads the views and holds no rule of the work.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from starlette.requests import Request

from waystation.clock import Millis
from waystation.desk import formats
from waystation.desk.i18n import Language
from waystation.desk.web import choice_label, refs, url, words
from waystation.errors import BadInput
from waystation.ids import DeskId, FolderId, FolderType, from_text, to_text
from waystation.office.desk import Desk
from waystation.office.own_words import OWN_WORDS
from waystation.office.reading import may_look
from waystation.office.settling import desk_number
from waystation.office.time_zones import towns
from waystation.records import REGISTRY, Value
from waystation.records.fields import ChoiceField, CountryField, FieldSpec, LinkField, ManyField
from waystation.records.values import Amount, Day, Many, Moment, Money
from waystation.views import shown as views
from waystation.views.shown import Option, Shown
from waystation.views.timeline import TimelineChange, TimelineItem

Fields = Mapping[str, Value]

IN_FOLDER: Final = frozenset(("person", "application", "journey", "contact_channel", "file", "consent"))
"""Kinds that are chosen among the records of the same folder."""

_FOLDERS: Final = {"case": FolderType.CASE, "request": FolderType.REQUEST, "place": FolderType.PLACE}
"""Kinds that have a folder of their own."""

_OWN_PAGE: Final[Mapping[str, str]] = {
    "case": "cases",
    "request": "requests",
    "place": "places",
    "route": "office/route",
    "partner": "office/partner",
    "helper": "helpers",
    "source": "sources",
    "claim": "sources/claims",
    "campaign": "ledger/campaign",
}
"""Kind → the first part of the address of its records, wherever they are linked from."""


class Event(NamedTuple):
    """One save of a timeline, as the macro `timeline` takes it."""

    day: str
    day_text: str
    time_text: str
    who: str
    text: str
    note: str
    body: str
    url: str
    tone: str
    struck: bool = False
    back_url: str = ""


class Teller:
    """Tells values and records of one folder in the language of the person at the desk.

    Args:
        folder: whose people, applications, journeys and files links may lead to; None where none are in play.
    """

    def __init__(self, request: Request, desk: Desk, folder: FolderId | None = None) -> None:
        self._request = request
        self.language: Language = words(request)
        self._ = self.language.gettext
        self.desk = desk
        self._folder = folder
        self._options: dict[str, tuple[Option, ...]] = {}
        self._names: dict[tuple[str, bytes], str] = {}

    # ── Values ──

    def text(self, kind: str, name: str, value: Value | None) -> str:
        """A value in words; empty for None."""
        field = REGISTRY[kind].fields[name]
        match value:
            case None:
                return ""
            case bool():
                return self._("Yes") if value else self._("No")
            case Day():
                return formats.format_day(value, self.language)
            case Moment():
                return self.moment(value)
            case Amount():
                return formats.format_amount(value, self.language)
            case Money():
                return formats.format_money(value, self.language)
            case Many() if field.target:
                return ", ".join(self.link(field.target, item) for item in value if isinstance(item, bytes))
            case bytes() if field.target:
                return self.link(field.target, value)
            case int():
                return formats.format_amount(value, self.language)
            case str() if (kind, name, value) in OWN_WORDS:
                return self._(value)
            case _:
                return choice_label(self.language, kind, name, value)

    def of(self, record: Shown, name: str) -> str:
        """A record's field in words; empty if it holds nothing. A field that waits to be settled says so."""
        if name in record.conflicts:
            return self._("%(value)s (not settled)", value=self._value(record, name) or self._("left empty"))
        return self._value(record, name)

    def _value(self, record: Shown, name: str) -> str:
        if record.kind == "reveal" and name in ("of_kind", "of_field"):
            kind, field = str(record.fields.get("of_kind", "")), str(record.fields.get("of_field", ""))
            return self.field_label(kind, field) if name == "of_field" else self.kind_label(kind)
        return self.text(record.kind, name, record.fields.get(name))

    def moment(self, at: Moment | Millis | int | None) -> str:
        return formats.format_moment(at, self.language, self.desk.zone())

    def at_desk(self, who: str, desk: DeskId) -> str:
        """Who wrote something; and where they have several desks, at which."""
        number = desk_number(self.desk, desk)
        return self._("%(who)s, desk %(number)s", who=who, number=number) if number else who

    def day(self, day: Day | str | None) -> str:
        return formats.format_day(day, self.language)

    def local_day(self, at_ms: int) -> str:
        """The ISO date of a moment at this desk."""
        return Moment(Millis(at_ms), self.desk.zone()).local().date().isoformat()

    # ── Records ──

    def link(self, kind: str, record: bytes) -> str:
        """What a link leads to, in one line."""
        key = kind, record
        if key not in self._names:
            self._names[key] = self._link(kind, record)
        return self._names[key]

    def _link(self, kind: str, record: bytes) -> str:
        if kind == "person":
            return self._people().get(record, self._("someone in this case"))
        if kind in IN_FOLDER or kind == "route":
            offered = (option for option in self._choices(kind) if option.record == record)
            found: Option | Shown | None = next(offered, None)
            if found is None and kind in IN_FOLDER and self._folder is not None:
                # What is over is no longer offered, but records still speak of it.
                found = views.record(self.desk.reader, self._folder, kind, record)
            return self.subject(kind, found.fields, found.record) if found else self._("not known here")
        name = views.name(self.desk.reader, kind, record) if self._may_look(kind) else ""
        return name or self._("not known here")

    def subject(self, kind: str, fields: Fields, record: bytes = b"") -> str:
        """One line that tells a record from others of its kind, without anything masked."""
        said = _SUBJECTS.get(kind)
        line = said(self, fields) if said else ""
        if kind == "person":
            return self.link("person", record)
        return line or self._(REGISTRY[kind].label)

    def about(self, record: Shown) -> str:
        """`subject` of what a view gave."""
        return self.subject(record.kind, record.fields, record.record)

    def people(self, value: Value | None) -> str:
        """For whom something holds; an empty list means everyone in the case."""
        if isinstance(value, Many):
            return ", ".join(self.link("person", item) for item in value if isinstance(item, bytes))
        return self._("Everyone in the case")

    def _people(self) -> Mapping[bytes, str]:
        """Record of a person → their part in the case; a number where two have the same."""
        told = {option.record: self._part(option.fields) for option in self._choices("person")}
        seen: dict[str, int] = {}
        numbered: dict[bytes, str] = {}
        for record, part in told.items():
            seen[part] = seen.get(part, 0) + 1
            numbered[record] = f"{part} {seen[part]}" if seen[part] > 1 else part
        return numbered

    def _part(self, fields: Fields) -> str:
        if fields.get("role") == "principal":
            return self._("Principal applicant")
        if "relation" in fields:
            return self.text("person", "relation", fields["relation"])
        return self._("Person in the case")

    def source(self, record: Shown, name: str, path: str) -> dict[str, str] | None:
        """Where a linked record is shown, as the macro `fact` takes it; None for a field that links to none.

        Args:
            path: address of the record's folder.
        """
        target, value = REGISTRY[record.kind].fields[name].target, record.fields.get(name)
        if not target or not isinstance(value, bytes) or target == "member":
            return None
        if target in _OWN_PAGE:
            address = f"{_OWN_PAGE[target]}/{to_text(value)}"
        else:
            address = f"{path}/{target}/{to_text(value)}"
        return {"text": self._("Look at it"), "url": url(self._request, address)}

    def address(self, path: str) -> str:
        """The whole address of a page of the desk."""
        return url(self._request, path)

    # ── Choices of a form ──

    def choices(self, kind: str) -> dict[str, list[tuple[str, str]]]:
        """Field → what can be chosen, for every field of a kind that links to a record, and for a time zone."""
        fields = REGISTRY[kind].fields
        found = {name: self.choices_of(field.target) for name, field in fields.items() if field.target}
        if "time_zone" in fields:
            # An input with a list, not a select: whoever knows the town types its first letters.
            found["time_zone"] = list(towns(self.language.code).items())
        return found

    def choices_of(self, target: str) -> list[tuple[str, str]]:
        """Record and words of everything that a link to this kind can lead to."""
        return [
            (to_text(option.record), option.text or self.subject(target, option.fields, option.record))
            for option in self._choices(target)
        ]

    def _choices(self, kind: str) -> tuple[Option, ...]:
        if kind not in self._options:
            folder = self._folder if kind in IN_FOLDER else None
            offered = self._may_look(kind) and not (kind in IN_FOLDER and folder is None)
            self._options[kind] = views.options(self.desk.reader, kind, folder) if offered else ()
        return self._options[kind]

    def _may_look(self, kind: str) -> bool:
        """Whether this member may know the code names of such folders; other links lead to what is here anyway."""
        return kind not in _FOLDERS or may_look(self.desk, _FOLDERS[kind])

    # ── Forms ──

    def inputs(self, kind: str, fields: Mapping[str, Value | None]) -> dict[str, str | list[str] | bool]:
        """Field → what stands in its input, as the macro `field` takes it."""
        spec = REGISTRY[kind]
        return {
            name: self._input(spec.fields[name], value)
            for name, value in fields.items()
            if value is not None and not spec.fields[name].hidden
        }

    def _input(self, field: FieldSpec, value: Value) -> str | list[str] | bool:
        match value:
            case bool():
                return value
            case Many():
                return self._items(field, value)
            case Moment(zone=zone):
                local = value.local()
                told = f"{local.day}.{local.month}.{local:%Y %H:%M}"
                return told if zone == self.desk.zone() else f"{told} [{zone}]"
            case Day(said="") if value.exact:
                exact = date.fromisoformat(value.sort_key)
                return f"{exact.day}.{exact.month}.{exact.year}"
            case _:
                return field.plain(value)

    def _items(self, field: FieldSpec, value: Many) -> list[str]:
        if isinstance(field, ManyField) and isinstance(field.item, CountryField):
            return [formats.country_name(str(item), self.language) for item in value]
        if isinstance(field, ManyField) and isinstance(field.item, LinkField):
            return [to_text(item) for item in value if isinstance(item, bytes)]
        return [str(item) for item in value]

    def problems(self, bad: BadInput | None) -> dict[str, str]:
        """Input → why it was refused, in words, for the macros' `errors`; empty for None."""
        return {
            name: self._(problem.message, **{key: self._worded(value) for key, value in problem.values.items()})
            for name, problem in (bad.problems if bad else {}).items()
        }

    def _worded(self, value: object) -> object:
        """What fills a place of a message: a day, counts by kind, the label of another field, a number."""
        match value:
            case Day():
                return self.day(value)
            case Mapping():
                return ", ".join(f"{self._(REGISTRY[kind].label)} ({count})" for kind, count in value.items())
            case str():
                return self._(value)
            case _:
                return value

    def error_names(self, bad: BadInput | None, kind: str, prefixes: Mapping[str, str] | None = None) -> dict[str, str]:
        """Input → what the field is called, for the summary of a form's errors.

        Args:
            kind: of the form's record.
            prefixes: what leads the inputs of further kinds on the same form → that kind.
        """
        names: dict[str, str] = {}
        for key in bad.problems if bad else ():
            lead, _, field = key.rpartition(".")
            of = (prefixes or {}).get(f"{lead}.", kind) if lead else kind
            if field in REGISTRY[of].fields:
                names[key] = self.field_label(of, field)
        return names

    # ── What happened ──

    def timeline(self, items: Iterable[TimelineItem], where: str) -> list[Event]:
        """The saves of a folder in sentences.

        Args:
            items: as `views.case.timeline` gave them.
            where: address of the folder, for links to its records.
        """
        return [self._event(item, where) for item in items]

    def _event(self, item: TimelineItem, where: str) -> Event:
        at = Moment(Millis(item.at_ms), item.zone)
        changes = sorted(item.changes, key=lambda change: _WEIGHT.get(change.kind, 5))
        first, others = changes[0], changes[1:]
        beside = [self._(REGISTRY[change.kind].label) for change in others[:4] if change.kind in REGISTRY]
        if len(others) > 4:
            beside.append(self._("and %(number)s more", number=len(others) - 4))
        body = first.subject.get("body") or first.subject.get("said")
        if first.kind == "access" and first.first:
            body = first.subject.get("reason")
        return Event(
            day=at.local().date().isoformat(),
            day_text=self.day(at.local().date().isoformat()),
            time_text=f"{at.local():%H:%M}",
            who=item.who,
            text=self._sentence(first),
            note=self._("also: %(things)s", things=", ".join(beside)) if beside else "",
            body=str(body) if body and first.kind in ("note", "check_in", "access") else "",
            url=f"{where}/{first.kind}/{to_text(first.record)}" if first.kind in REGISTRY else "",
            tone="arrived" if first.kind == "arrival" and first.subject.get("confirmed") is True else "",
            struck=first.struck,
            back_url=f"{where}/{first.kind}/{to_text(first.record)}/bring-back" if first.struck else "",
        )

    def _sentence(self, change: TimelineChange) -> str:
        if change.kind not in REGISTRY:
            return self._("Something that a newer Waystation wrote")
        label = self._(REGISTRY[change.kind].label)
        if change.kind == "reveal":
            of_kind, of_field = str(change.subject.get("of_kind")), str(change.subject.get("of_field"))
            return self._("Looked at a masked field: %(field)s", field=self.field_label(of_kind, of_field))
        if change.kind == "access":
            return self._access(change)
        subject = self.subject(change.kind, change.subject, change.record)
        if subject == label or change.kind == "note":
            told = label
        else:
            told = f"{label}: {formats.within(subject) if change.kind in _BEGINS_WITH_CHOICE else subject}"
        if change.act == "struck":
            return self._("%(what)s – struck out", what=told)
        if change.act == "back":
            return self._("%(what)s – brought back", what=told)
        if change.first:
            return told
        names = ", ".join(self.field_label(change.kind, name) for name in change.fields[:4])
        return self._("%(what)s – changed: %(fields)s", what=told, fields=names)

    def _access(self, change: TimelineChange) -> str:
        """Somebody was let in or taken off."""
        told, until = change.subject, change.subject.get("until")
        member = told.get("member")
        name = self.link("member", member) if isinstance(member, bytes) else self._("not known here")
        if "ended" in change.fields and "ended" in told:
            return self._("Taken off: %(name)s", name=name)
        if isinstance(until, Moment):
            return self._("Emergency access until %(time)s: %(name)s", time=self.moment(until), name=name)
        return self._("Let in: %(name)s", name=name)

    def kind_label(self, kind: str) -> str:
        """What a kind is called; its own name if this Waystation does not know it."""
        return self._(REGISTRY[kind].label) if kind in REGISTRY else kind

    def field_label(self, kind: str, name: str) -> str:
        """What a field is called; its own name if this Waystation does not know it."""
        if kind in REGISTRY and name in REGISTRY[kind].fields:
            return self._(REGISTRY[kind].fields[name].label)
        return name


def record_of(text: str) -> bytes:
    """The record id in an address. Raises: BadInput."""
    return from_text(text)


def seen_texts(record: Shown | None) -> dict[str, str]:
    """Field → references of what a form shows of it, for the macro `field`."""
    return {} if record is None else {name: refs(live) for name, live in record.seen.items()}


def _joined(parts: Sequence[str], between: str = ", ") -> str:
    return between.join(part for part in parts if part)


def is_choice(kind: str, name: str) -> bool:
    """Whether a field holds one or several of the answers that are offered."""
    spec = REGISTRY[kind].fields[name]
    return isinstance(spec.item if isinstance(spec, ManyField) else spec, ChoiceField)


def _words(*names: str) -> Callable[[str], Callable[[Teller, Fields], str]]:
    """A line of some fields, each in words."""

    def of_kind(kind: str) -> Callable[[Teller, Fields], str]:
        def say(teller: Teller, fields: Fields) -> str:
            told = [teller.text(kind, name, fields.get(name)) for name in names]
            inside = [
                formats.within(one) if is_choice(kind, name) else one for name, one in zip(names, told, strict=True)
            ]
            return _joined(told[:1] + inside[1:])

        return say

    return of_kind


def _application(teller: Teller, fields: Fields) -> str:
    filed = fields.get("filed")
    route = teller.text("application", "route", fields.get("route"))
    return _joined([route, teller._("filed %(day)s", day=teller.day(filed)) if isinstance(filed, Day) else ""])


def _channel(teller: Teller, fields: Fields) -> str:
    person = fields.get("person")
    safety = teller.text("contact_channel", "safety", fields.get("safety"))
    whose = teller.link("person", person) if isinstance(person, bytes) else ""
    return _joined([teller.text("contact_channel", "type", fields.get("type")), whose, formats.within(safety)], " · ")


def _journey(teller: Teller, fields: Fields) -> str:
    where = teller.text("journey", "destination", fields.get("destination"))
    planned = teller.text("journey", "planned", fields.get("planned"))
    return _joined([teller.text("journey", "purpose", fields.get("purpose")), where, planned])


def _leg(teller: Teller, fields: Fields) -> str:
    way = _joined([str(fields.get("origin", "")), str(fields.get("destination", ""))], " → ")
    when = teller.text("leg", "departs", fields.get("departs"))
    outcome = teller.text("leg", "outcome", fields.get("outcome"))
    return _joined([way or teller.text("leg", "mode", fields.get("mode")), when, outcome], " · ")


def _check_in(teller: Teller, fields: Fields) -> str:
    condition = fields.get("condition")
    if condition is not None:
        return teller.text("check_in", "condition", condition)
    if "done" in fields:
        return teller._("heard from them")
    return teller._("due %(time)s", time=teller.text("check_in", "due", fields.get("due")))


def _task(teller: Teller, fields: Fields) -> str:
    return teller.text("task", "title", fields.get("title"))


def _risk(teller: Teller, fields: Fields) -> str:
    level = teller.text("risk_assessment", "level", fields.get("level"))
    return _joined([level, formats.within(teller.text("risk_assessment", "timeframe", fields.get("timeframe")))])


def _told(teller: Teller, fields: Fields) -> str:
    who = next(
        (teller.text("told", name, fields[name]) for name in ("helper", "partner") if name in fields),
        teller.text("told", "audience", fields.get("audience")),
    )
    return _joined([who, teller.text("told", "told", fields.get("told"))])


def _closure(teller: Teller, fields: Fields) -> str:
    reason = teller.text("closure", "reason", fields.get("reason"))
    reopened = fields.get("reopened")
    if isinstance(reopened, Day):
        return _joined([reason, teller._("opened again %(day)s", day=teller.day(reopened))])
    return reason


_SUBJECTS: Final[Mapping[str, Callable[[Teller, Fields], str]]] = {
    **{
        kind: _words(*names)(kind)
        for kind, names in {
            "request": ("code_name",),
            "case": ("code_name",),
            "place": ("code_name",),
            "identity_document": ("type", "person"),
            "verification_step": ("type", "result"),
            "credibility_assessment": ("judgement",),
            "consent": ("scope",),
            "protection_concern": ("type",),
            "follow_up": ("condition", "looked"),
            "file": ("description", "media_type"),
            "stay": ("place", "begins"),
            "route": ("destination", "pathway"),
            "decision": ("outcome", "decided"),
            "discouragement": ("route", "discouraged"),
            "evacuation": ("evacuated",),
            "own_departure": ("papers", "departed"),
            "arrival": ("country", "arrived"),
            "source": ("title",),
            "claim": ("statement",),
            "citation": ("relation", "source"),
            "campaign": ("name",),
            "duty": ("member", "begins"),
            "conversation": ("channel", "began"),
            "helper": ("code_name",),
            "access": ("member",),
            "task_slip": ("shown_as", "helper", "meets"),
            "donation": ("amount", "received"),
            "expense": ("amount", "category", "spent"),
            "member": ("display_name",),
            "desk": ("computer",),
            "partner": ("name",),
            "partner_card": ("partner", "calls_itself"),
            "referral": ("partner", "called"),
            "received_referral": ("partner", "called"),
            "organisation": ("name",),
        }.items()
    },
    "application": _application,
    "contact_channel": _channel,
    "journey": _journey,
    "leg": _leg,
    "check_in": _check_in,
    "task": _task,
    "risk_assessment": _risk,
    "closure": _closure,
    "told": _told,
}

_BEGINS_WITH_CHOICE: Final = frozenset(
    """
    check_in citation closure consent conversation credibility_assessment decision follow_up identity_document journey
    own_departure protection_concern risk_assessment verification_step
    """.split()
)
"""Kinds of which `subject` begins with the words of a choice."""

_WEIGHT: Final[Mapping[str, int]] = {
    "case": 0,
    "request": 0,
    "closure": 0,
    "arrival": 1,
    "decision": 1,
    "application": 2,
    "journey": 2,
    "evacuation": 2,
    "own_departure": 2,
    "leg": 3,
    "access": 4,
    "reveal": 8,
    "note": 7,
    "task": 6,
}
"""Which of several records that one save wrote is told first; those that are not named come in between."""
