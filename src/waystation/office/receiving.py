"""What comes from the others, taken into the book and the tables together; each in the caller's transaction.

Guarantees: the tables show the log's prefix with this desk's own unsent saves laid over, before and after every
stretch (spec/sync.md S6); a folder that is hidden on the way is out of every table when the stretch is in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from waystation.book import Book, Received
from waystation.book.entry import Entry
from waystation.book.roster import DeskEntry
from waystation.ids import ChunkHash, FolderId
from waystation.tables import Tables

Wanted = Callable[[FolderId], Sequence[DeskEntry]]
"""Who shall read a folder whose next epoch is made again."""


def receive(
    book: Book,
    tables: Tables,
    wanted: Wanted,
    entries: Sequence[Entry],
    sheets: Mapping[ChunkHash, bytes],
    *,
    far: bool,
) -> Received:
    """Takes a stretch; what is unsent lies over it again. Arguments and errors as of `Desk.receive`."""
    if far:
        put_off_tables(book)
        got = book.receive(entries, sheets)
        _follow(book, tables, (*got.hidden, *book.lay(wanted).hidden), ())
        return got
    before = book.position
    with tables.lifted():
        got = book.receive(entries, sheets)
        _follow(book, tables, got.hidden, got.fresh)
        tables.apply(change for change in book.changes(after=before) if change.folder not in got.fresh)
        laid = book.lay(wanted)
        _follow(book, tables, laid.hidden, laid.fresh)
    tables.lay_over(laid.changes)
    return got


def take_sheets(book: Book, tables: Tables, sheets: Mapping[ChunkHash, bytes], *, far: bool) -> None:
    """Takes sheets that came late; what they open gets its rows, unless the tables are put off."""
    if far:
        book.add_sheets(sheets)
        return
    with tables.lifted():
        _follow(book, tables, (), book.add_sheets(sheets))
    tables.lay_over(book.unsent_changes())


def bring_back(book: Book, tables: Tables, folder: FolderId) -> None:
    """Lays the whole of a folder into the tables that was hidden."""
    with tables.lifted():
        _follow(book, tables, (), (folder,))
    tables.lay_over(book.unsent_changes())


def put_off_tables(book: Book) -> None:
    """The tables are made at the end, or, should the program end before that, when the desk is unlocked."""
    book.store.set_meta("tables", b"")


def _follow(book: Book, tables: Tables, hidden: Iterable[FolderId], fresh: Iterable[FolderId]) -> None:
    """Takes hidden folders out of the tables, and lays in the whole history of newly readable ones."""
    for folder in hidden:
        tables.forget(folder)
    for folder in fresh:
        tables.forget(folder)
        if not book.is_hidden(folder):
            tables.apply(book.changes(folder=folder))
