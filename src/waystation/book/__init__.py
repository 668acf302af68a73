"""The book: one signed, encrypted, append-only log an organisation. It knows nothing of records.

entry      header and body                          spec/book.md B2–B7
roster     membership, checked from genesis         B1, B15–B17
folder     epochs and sheets                        B8–B14
era        going on after a fork                    B30
log        the rules, entry by entry                B20–B24, B29–B31
graves     what is hidden, confirmed, destroyed     B22–B24, B35
keyring    epoch keys at rest                       B26
store      the one encrypted file                   B25
entries    the stored log                           B4
sheets     keys as they come, past keys behind them B12, B13, B32
unsent     what no position has yet                 spec/sync.md S1–S4
receiving  a stretch from elsewhere                 B20, B29
forks      the log cut back, nothing lost           B31
asking     who reads, what was set aside            B34, B35
files      attachments                              spec/files.md
opened     a book as it is read
writing    a book as its desk writes to it          B19
book       all of it together: what other rooms use
"""

from waystation.book.asking import Aside, EpochSeen, EraSeen, Erasure
from waystation.book.audit import Progress, Report
from waystation.book.book import Book, Laid
from waystation.book.forks import Left
from waystation.book.opened import Accepted, DeskKeys, Stamp
from waystation.book.receiving import Received
from waystation.book.store import Store
from waystation.book.unsent import Unsent
from waystation.book.writing import FolderWrite, NewFolder

__all__ = [
    "Accepted",
    "Aside",
    "Book",
    "DeskKeys",
    "EpochSeen",
    "EraSeen",
    "Erasure",
    "FolderWrite",
    "Laid",
    "Left",
    "NewFolder",
    "Progress",
    "Received",
    "Report",
    "Stamp",
    "Store",
    "Unsent",
]
