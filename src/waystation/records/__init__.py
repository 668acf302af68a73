"""Everything that is kept, declared once; what follows from it; how changes of it merge. Pure.

    kinds/     the kinds of record: what is kept, its label, limits, and who may see it
    declare    how a kind is declared, and the registry of all
    check      validation, forms, rows, exports, words to search: all from the declaration
    values     uncertain days and numbers, moments, money;   said   reads them from people's words
    save       what one act writes;   payload   its bytes (spec/records.md);   merge   how it joins
    status     where a case stands, derived from its records and stored nowhere
    codenames  two dissimilar words for each case

To add a field, add its line in `kinds/`, its Russian in `locale/`, and its place on a page.
"""

from waystation.records.check import (
    check,
    export_columns,
    export_row,
    from_form,
    row,
    search_text,
    to_form,
)
from waystation.records.declare import STRUCK, FieldSpec, KindSpec, Registry, Who, columns
from waystation.records.kinds import (
    casework,
    handover,
    intake,
    journeys,
    money,
    outside,
    shelter,
    staff,
    testimony,
)
from waystation.records.labels import N_, Choice
from waystation.records.merge import apply_change, conflicts, is_struck, read_shown, seen, shown
from waystation.records.payload import (
    EMPTY,
    Change,
    LiveValue,
    RecordState,
    changes_of,
    decode_payload,
    decode_state,
    encode_payload,
    encode_state,
)
from waystation.records.save import Save, Write, check_save
from waystation.records.values import Amount, Day, Many, Moment, Money, Unread, Value

REGISTRY = Registry.of(intake, casework, shelter, journeys, testimony, money, staff, outside, handover)
"""All kinds of record, in the order of the work."""

__all__ = [
    "EMPTY",
    "N_",
    "REGISTRY",
    "STRUCK",
    "Amount",
    "Change",
    "Choice",
    "Day",
    "FieldSpec",
    "KindSpec",
    "LiveValue",
    "Many",
    "Moment",
    "Money",
    "RecordState",
    "Registry",
    "Save",
    "Unread",
    "Value",
    "Who",
    "Write",
    "apply_change",
    "changes_of",
    "check",
    "check_save",
    "columns",
    "conflicts",
    "decode_payload",
    "decode_state",
    "encode_payload",
    "encode_state",
    "export_columns",
    "export_row",
    "from_form",
    "is_struck",
    "read_shown",
    "row",
    "search_text",
    "seen",
    "shown",
    "to_form",
]
