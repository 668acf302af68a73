"""What may leave of a case: its parts and files, the consent that covers each, and the records that they become.

Guarantees: a part is offered with the consents of everybody whom it is about, or with the reason why it may not leave;
links lead nowhere but into the packet, and ids are made for it alone. Implements spec/handover.md H7, H15, H16.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from waystation.coverage import CONSENT_FIELDS, PARTS, Fields, Part, Why, covering, file_scope, subject_of
from waystation.derive import digest
from waystation.ids import ID_BYTES, FolderId, RecordId, to_text
from waystation.office.desk import Desk
from waystation.packet import PacketFile
from waystation.records import Change, Many, Unread, Value
from waystation.records.choices import ConsentScope, PersonRole
from waystation.records.fields import ManyField

Records = Mapping[str, Mapping[bytes, Fields]]

_KINDS: Final = frozenset({kind for part in PARTS for kind in part.fields} | {"person", "consent", "file"})


@dataclass(frozen=True, slots=True)
class Offer:
    """A part of a case, or a file of it, that can leave or cannot.

    Args:
        key: names it on a form. label: gettext id; for a file its description, which is content.
        person: whose it is; None for the whole case.
        records: how many it would take along. masked: whether masked fields are among them.
        consents: under which it may leave.
        why, whose: why it may not, and which person has not consented; None where it may.
        telling: of a file, whether it is an original that may tell more than it shows.
    """

    key: str
    part: Part | None
    label: str
    person: RecordId | None
    scope: ConsentScope
    records: int
    masked: bool
    wanted: bool
    consents: tuple[RecordId, ...]
    why: Why | None = None
    whose: RecordId | None = None
    file: RecordId | None = None
    media_type: str = ""
    size: int = 0
    telling: bool = False


def stored_in(desk: Desk, case: FolderId) -> Records:
    """Kind → record → fields: everything of a case of which something can leave."""
    return desk.tables.facts(case, _KINDS)


def every_offer(desk: Desk, stored: Records, partner: bytes) -> Iterator[Offer]:
    """Every part of a case that holds something, then its files, and whether consent lets this partner have it."""
    people = tuple(stored.get("person", {}))
    for part in PARTS:
        for person in people if part.of_person else (None,):
            found = list(_of_part(stored, part, person))
            if found:
                consents, why, whose = _covered(desk, stored, (person,) if person else people, part.scope, partner)
                masked = any(desk.registry[kind].fields[name].is_masked for kind, _, names in found for name in names)
                yield Offer(
                    part.name if person is None else f"{part.name}.{to_text(person)}",
                    part,
                    part.label,
                    RecordId(person) if person else None,
                    part.scope,
                    len(found),
                    masked,
                    part.wanted and why is None,
                    consents,
                    why,
                    whose,
                )
    for record, fields in stored.get("file", {}).items():
        if "working_copy_of" not in fields:
            yield _file_offer(desk, stored, RecordId(record), fields, partner)


def _of_part(stored: Records, part: Part, person: bytes | None) -> Iterator[tuple[str, bytes, tuple[str, ...]]]:
    """Kind, record and fields of what a part holds."""
    for kind, names in part.fields.items():
        for record, fields in stored.get(kind, {}).items():
            if part.of_person and (record if kind == "person" else subject_of(fields)) != person:
                continue
            if part.name == "danger" and subject_of(fields) is not None:
                continue
            has = tuple(name for name in names if name in fields and not isinstance(fields[name], Unread))
            if has:
                yield kind, record, has


def _covered(
    desk: Desk, stored: Records, people: Sequence[bytes | None], scope: ConsentScope, partner: bytes
) -> tuple[tuple[RecordId, ...], Why | None, RecordId | None]:
    if not people:
        return (), Why.NOBODY, None
    found: list[RecordId] = []
    for person in people:
        if person is None:
            continue
        consent = covering(stored.get("consent", {}), person, scope, partner, desk.today())
        if isinstance(consent, Why):
            return (), consent, RecordId(person)
        found.append(RecordId(consent))
    return tuple(found), None, None


def _file_offer(desk: Desk, stored: Records, record: RecordId, fields: Fields, partner: bytes) -> Offer:
    copies = [one for one in stored["file"].values() if one.get("working_copy_of") == record]
    shown = copies[-1] if copies else fields
    media_type = str(shown.get("media_type", ""))
    scope, person = file_scope(record, media_type, stored)
    people = (person,) if person is not None else tuple(stored.get("person", {}))
    consents, why, whose = _covered(desk, stored, people, scope, partner)
    size = shown.get("size")
    return Offer(
        f"file.{to_text(record)}",
        None,
        str(fields.get("description", "")),
        RecordId(person) if person is not None else None,
        scope,
        1,
        masked=False,
        wanted=False,
        consents=consents,
        why=why,
        whose=whose,
        file=record,
        media_type=media_type,
        size=size if isinstance(size, int) else 0,
        telling=not copies and not media_type.startswith("text/"),
    )


def as_records(desk: Desk, stored: Records, taken: Sequence[Offer], consents: Sequence[bytes]) -> tuple[Change, ...]:
    """The chosen parts as records; a person of whom something leaves is there at least by their role."""
    found: dict[tuple[str, bytes], dict[str, Value | None]] = {}
    for offer in taken:
        if offer.part is not None:
            for kind, record, names in _of_part(stored, offer.part, offer.person):
                fields = stored[kind][record]
                found.setdefault((kind, record), {}).update({name: fields[name] for name in names})
    for record in consents:
        given = stored["consent"][record]
        found["consent", record] = {name: given[name] for name in CONSENT_FIELDS if name in given}
    files = {offer.file for offer in taken if offer.file is not None}
    spoken_of = {offer.person for offer in taken} | {subject_of(stored["consent"][one]) for one in consents}
    for person in filter(None, spoken_of):
        own = found.setdefault(("person", person), {})
        fields = stored["person"].get(person, {})
        own.setdefault("role", fields.get("role", PersonRole.IN_CASE))
        if fields.get("photo") in files:
            own["photo"] = fields["photo"]
    here = frozenset({record for _, record in found} | files)
    changes = (Change(kind, RecordId(record), _linked(desk, kind, own, here)) for (kind, record), own in found.items())
    # People first, then what speaks of them: whoever reads it lays it out in this order.
    return tuple(sorted((one for one in changes if one.fields), key=lambda one: one.kind != "person"))


def _linked(
    desk: Desk, kind: str, fields: Mapping[str, Value | None], here: Collection[bytes]
) -> dict[str, Value | None]:
    """The fields, without links that lead out of the packet."""
    kept: dict[str, Value | None] = {}
    for name, value in fields.items():
        spec = desk.registry[kind].fields[name]
        if not spec.target:
            kept[name] = value
        elif isinstance(spec, ManyField) and isinstance(value, Many):
            items = [item for item in value if isinstance(item, bytes) and item in here]
            if items:
                kept[name] = Many.of(items)
        elif isinstance(value, bytes) and value in here:
            kept[name] = value
    return kept


def under_new_ids(
    desk: Desk, identity: bytes, files: Sequence[PacketFile], records: Sequence[Change]
) -> tuple[tuple[PacketFile, ...], tuple[Change, ...]]:
    """The same under ids of this packet alone (H7)."""

    def anew(record: bytes) -> RecordId:
        return RecordId(digest("packet-record", identity + record)[:ID_BYTES])

    def linked(kind: str, name: str, value: Value | None) -> Value | None:
        if not desk.registry[kind].fields[name].target:
            return value
        if isinstance(value, Many):
            return Many.of([anew(item) for item in value if isinstance(item, bytes)])
        return anew(value) if isinstance(value, bytes) else value

    changed = tuple(
        Change(one.kind, anew(one.record), {name: linked(one.kind, name, value) for name, value in one.fields.items()})
        for one in records
    )
    return tuple(structs.replace(file, record=anew(file.record)) for file in files), changed
