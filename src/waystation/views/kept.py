"""The filters that a member keeps for a list."""

from dataclasses import dataclass

from waystation.ids import RecordId
from waystation.views.reader import Reader


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept filter; `filters` is the query of the address that shows it."""

    record: RecordId
    name: str
    filters: str


def kept(reader: Reader, member: bytes, page: str) -> tuple[Kept, ...]:
    """A member's filters for a list, by name. `page` is one of `records.choices.ListPage`."""
    query = "SELECT id, name, filters FROM k_saved_filter WHERE member = ? AND page = ? ORDER BY name"
    return tuple(Kept(RecordId(i), name or "", filters or "") for i, name, filters in reader.rows(query, member, page))
