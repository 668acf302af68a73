"""A desk in whose every field stands something hostile: the worst that the records take, made from the registry.

Each kind has two records in every type of folder that it may live in. The one holds markup, scripts, templates,
formulas, marks that turn or hide the writing; the other one word as long as it may be. Days, moments, sums and numbers
are the first and the last that there may be; of choices the first and the last, or all.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.desk.journeys.furnished import Furnished, furnished
from tests.desk.journeys.walk import There, everything
from tests.ground.seeded import HeldClock, Seeded

from waystation.clock import Millis
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office.desk import Desk
from waystation.records import REGISTRY, Amount, Day, Many, Moment, Save, Value, Write, seen
from waystation.records.check import check
from waystation.records.declare import KindSpec
from waystation.records.fields import (
    ChoiceField,
    CountryField,
    DayField,
    FieldSpec,
    FlagField,
    IntegerField,
    LinkField,
    ManyField,
    MomentField,
    MoneyField,
    NumberField,
    OctetsField,
    TextField,
)
from waystation.records.values import AMOUNT_MAX, COUNTRIES, FIRST_MS, LAST_MS, MINOR_MAX, SAID_CHARS_MAX, Money

RUNS = "hostile()"
"""What nothing on a page may call."""

MARKUP = (
    f'"><script>{RUNS}</script>',
    f"'><img src=x onerror={RUNS}>",
    f"</textarea></title><svg onload={RUNS}>",
    '=HYPERLINK("http://evil.example/","x")',
    "{{ 1337*7 }}{% raw %}%(name)s ${1337*7}",
    f"javascript:{RUNS}",
    "&lt;b&gt;&amp;quot; <!-- --> ]]>",
)
CALCULATED = "9359"
"""1337 * 7: a page that holds it has run what it showed."""

SIGNS = "\u0301\u0327 \u200b\u200d\u200f\u200e שלום مرحبا 🏳️‍🌈👩🏽‍🚀 Z\u0335\u0336a\u0337"
"""Marks without a letter, marks of no width, words from the right, signs of several parts."""

WORD_CHARS = 300

ENDS = frozenset(("done", "ended", "closed", "departed", "destroyed", "exposed", "shut", "withdrawn", "outcome"))
"""What says that something is over: the longest records go on."""

KEPT = frozenset(("pages_in",))
"""What decides how the pages are told, and nothing else."""


@dataclass(frozen=True)
class Hostile:
    """The desk, and what was written into it: the records of one kind after another."""

    furnished: Furnished
    book: Sequence[There]


@contextmanager
def hostile(path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Hostile]:
    """A furnished desk to which everything hostile was added."""
    with furnished(path, clock, randomness) as there:
        desk = there.desk
        folders = {
            FolderType.CASE: there.case,
            FolderType.REQUEST: there.request,
            FolderType.PLACE: there.place,
            FolderType.OFFICE: desk.folder(FolderType.OFFICE),
            FolderType.LEDGER: desk.folder(FolderType.LEDGER),
        }
        # A link to a member leads to this one, and a link to a file to one that can be read.
        office = folders[FolderType.OFFICE]
        original = (desk.tables.shown(office, "source", there.text) or {})["original"]
        assert isinstance(original, bytes)
        written = {"member": RecordId(desk.member), "file": RecordId(original)}
        book: list[There] = []
        # Links point to what is hostile already: kinds that others point to come first.
        for spec in sorted(REGISTRY.values(), key=lambda spec: spec.name not in _targets()):
            for folder_type, folder in folders.items():
                if folder_type not in spec.folders:
                    continue
                for last in (False, True) if not spec.owns_folder else (False,):
                    record = RecordId(folder) if spec.owns_folder else desk.new_record()
                    _write(desk, folder, folder_type, spec, record, written, last=last)
                    if not last:
                        written.setdefault(spec.name, record)
                        book.append(There(folder, folder_type, spec.name, record))
        other = {one.folder: one for one in everything(desk) if one.kind in ("case", "request", "place")}
        # This member's own name is hostile too, and the organisation's; the other folders' names are one long word.
        for one in everything(desk):
            if one.kind in ("member", "organisation", "file") and one.record in (*written.values(), there.photograph):
                _write(desk, one.folder, one.folder_type, REGISTRY[one.kind], one.record, {}, last=False)
        for folder in (there.other_case, there.ended, there.exposed):
            head = other[folder]
            _write(desk, folder, head.folder_type, REGISTRY[head.kind], head.record, written, last=True)
        yield Hostile(there, book)


def _targets() -> frozenset[str]:
    return frozenset(field.target for spec in REGISTRY.values() for field in spec.fields.values() if field.target)


def _write(
    desk: Desk,
    folder: FolderId,
    folder_type: FolderType,
    spec: KindSpec,
    record: RecordId,
    written: dict[str, RecordId],
    *,
    last: bool,
) -> None:
    fields: dict[str, Value | None] = {}
    stands = bool(desk.tables.state(folder, spec.name, record))
    for number, (name, field) in enumerate(spec.fields.items()):
        # What became of a case or a member decides which pages there are; it stays as it is.
        if field.hidden or (stands and isinstance(field, LinkField | DayField | MomentField)):
            continue
        if ((last or stands) and name in ENDS) or name in KEPT:
            continue
        value = extreme(field, number, written, last=last)
        if value is not None:
            fields[name] = value
    for name, field in spec.fields.items():
        if not stands and field.required and isinstance(field, OctetsField):
            fields[name] = bytes(field.size)
    refs = seen(desk.tables.state(folder, spec.name, record), fields)
    desk.save(Save((Write(folder, folder_type, spec.name, record, check(spec, fields), refs),)))


def extreme(field: FieldSpec, number: int, written: dict[str, RecordId], *, last: bool) -> Value | None:
    """The worst that a field takes.

    Args:
        number: place of the field in its kind; neighbours get different words.
        written: kind → a record that links may point to.
        last: the last, the largest, the longest; else the first, the smallest, and markup.
    """
    match field:
        case TextField(max_chars=max_chars):
            return "W" * min(max_chars, WORD_CHARS) if last else _markup(number, max_chars, field.lines > 1)
        case ChoiceField(options=options):
            return list(options)[-1 if last else 0].value
        case CountryField():
            return "GS" if last else "AX"
        case FlagField():
            return last
        case IntegerField(low=low, high=high):
            return high if last else low
        case NumberField():
            return Amount.of(-AMOUNT_MAX, AMOUNT_MAX, "W" * SAID_CHARS_MAX) if last else Amount.of(-AMOUNT_MAX, None)
        case DayField():
            said = _markup(number, SAID_CHARS_MAX, lines=False)
            return Day("2100-12-31", "2100-12-31") if last else Day("1900-01-01", "1900-01-01", said)
        case MomentField():
            at = LAST_MS if last else FIRST_MS
            return Moment(Millis(at), "America/Argentina/ComodRivadavia" if last else "Asia/Kathmandu")
        case MoneyField():
            return Money(MINOR_MAX, "KWD") if last else Money(0, "JPY")
        case LinkField(target=target):
            return written.get(target)
        case ManyField(item=ChoiceField(options=options)):
            return Many.of([one.value for one in options]) if last else Many.of([next(iter(options)).value])
        case ManyField(item=CountryField()):
            return Many.of(sorted(COUNTRIES)[:50])
        case ManyField(item=LinkField(target=target)):
            return Many.of([written[target]]) if target in written else None
        case _:
            return None


def _markup(number: int, max_chars: int, lines: bool) -> str:
    """As much of it as fits; each field begins with another piece."""
    turned = (*MARKUP[number % len(MARKUP) :], *MARKUP[: number % len(MARKUP)])
    text = turned[0]
    for piece in (SIGNS, *turned[1:], "W" * WORD_CHARS, SIGNS):
        joined = text + ("\n" if lines else " ") + piece
        text = joined if len(joined) <= max_chars else text
    return text
