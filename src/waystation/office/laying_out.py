"""What a referral from elsewhere becomes here: the head of a request, records that fit our declarations, files.

Guarantees: what does not fit stays in the packet and is counted, never bent; nothing that came decides anything here.
Implements spec/handover.md H13.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from waystation.coverage import taken_over
from waystation.errors import BadInput
from waystation.ids import FolderId, RecordId
from waystation.office import attachments
from waystation.office.attachments import Attachment, Put
from waystation.office.packets import Opened
from waystation.office.writing import Writing
from waystation.plaintext import legible
from waystation.records import REGISTRY, Change, Day, Many, Unread, Value
from waystation.records.check import check
from waystation.records.choices import Channel, VerifiedBy
from waystation.records.fields import LinkField, ManyField

LAID_OUT: Final = (
    "person",
    "contact_channel",
    "identity_document",
    "protection_concern",
    "risk_assessment",
    "verification_step",
    "consent",
    "conversation",
    "own_departure",
    "note",
)
"""Kinds of a packet that become records of a request, in this order; all others stay in the file (H13)."""

_REQUEST_FIELDS: Final = {"region": "region", "needs": "needs", "summary": "story", "time_zone": "time_zone"}
_FILE_LINKS: Final = {("person", "photo"), ("identity_document", "scan"), ("conversation", "original")}


def request_of(records: Sequence[Change], partner: str, language: str) -> dict[str, Value | None]:
    """The head of the request, from what the packet says of the case and its danger."""
    fields: dict[str, Value | None] = {"channel": Channel.PARTNER, "referrer": partner or None}
    spec = REGISTRY["request"]
    case = next((one for one in records if one.kind == "case"), None)
    if case is not None:
        sound = _sound("request", {to: case.fields.get(name) for name, to in _REQUEST_FIELDS.items()})
        fields |= {name: value for name, value in sound.items() if value is not None}
    risks = [one for one in records if one.kind == "risk_assessment"]
    if risks:
        latest = max(risks, key=_assessed)
        sound = _sound("request", {name: latest.fields.get(name) for name in ("level", "timeframe", "deadline")})
        fields |= {name: value for name, value in sound.items() if value is not None}
    people = sum(one.kind == "person" for one in records)
    if 0 < people < 100:
        fields["people"] = people
    if language:
        fields |= {n: v for n, v in _sound("request", {"language": language}).items() if v is not None}
    return {name: value for name, value in fields.items() if name in spec.fields}


def _assessed(risk: Change) -> str:
    day = risk.fields.get("assessed")
    return day.sort_key if isinstance(day, Day) else ""


def lay_out(
    writing: Writing, folder: FolderId, records: Sequence[Change], anew: Mapping[bytes, RecordId], partner: RecordId
) -> int:
    """Writes the records that fit our declarations. Returns: how many did not, or not whole."""
    left_out = sum(one.kind not in LAID_OUT and one.kind != "case" for one in records)
    placed = {one.record for one in records if one.kind == "person"}
    for kind in LAID_OUT:
        for one in records:
            if one.kind != kind:
                continue
            fields = _ours(one, anew, placed, partner)
            spec = REGISTRY[kind]
            if not fields or any(field.required and name not in fields for name, field in spec.fields.items()):
                left_out += 1
                continue
            left_out += len(fields.keys() & one.fields.keys()) < len(one.fields)
            # Not by the rules for what is written by hand: it says what they saw, and they may have seen it otherwise.
            writing.put(writing.entry(folder, kind, fields, anew[one.record]))
    return left_out


def _ours(
    one: Change, anew: Mapping[bytes, RecordId], placed: set[RecordId], partner: RecordId
) -> dict[str, Value | None]:
    """A record's fields as they may stand here: known, sound, and pointing to what came along."""
    wanted = taken_over(one.kind)
    fields = _sound(one.kind, {name: value for name, value in one.fields.items() if name in wanted})
    linked: dict[str, Value | None] = {}
    for name, value in fields.items():
        field = REGISTRY[one.kind].fields[name]
        if isinstance(field, LinkField):
            is_file = (one.kind, name) in _FILE_LINKS
            if isinstance(value, bytes) and value in anew and (is_file or value in placed):
                linked[name] = anew[value]
        elif isinstance(field, ManyField) and field.target:
            items = [anew[item] for item in _links(value) if item in anew and item in placed]
            if items:
                linked[name] = Many.of(items)
        else:
            linked[name] = value
    if one.kind == "verification_step" and linked:
        linked |= {"verified_by": VerifiedBy.PARTNER, "partner": partner}
    return linked


def _sound(kind: str, fields: Mapping[str, Value | None]) -> dict[str, Value | None]:
    """Those fields that our own declaration accepts."""
    spec = REGISTRY[kind]
    kept: dict[str, Value | None] = {}
    for name, value in fields.items():
        if value is None or isinstance(value, Unread) or name not in spec.fields:
            continue
        try:
            kept |= check(spec, {name: value})
        except BadInput:
            continue
    return kept


def _links(value: Value | None) -> Iterator[bytes]:
    if isinstance(value, Many):
        yield from (item for item in value if isinstance(item, bytes))


def put_files(writing: Writing, folder: FolderId, opened: Opened) -> tuple[tuple[Put, ...], dict[bytes, RecordId]]:
    """The files, each with its working copy; their names are ours."""
    put: list[Put] = []
    anew: dict[bytes, RecordId] = {}
    for number, (file, content) in enumerate(zip(opened.content.files, opened.files, strict=True), 1):
        if content:
            name = f"referral-{number}"
            description = legible(file.description).strip()
            put.append(attachments.put(writing, folder, Attachment(name, file.media_type, content), description))
            anew[file.record] = put[-1].original
    return tuple(put), anew
