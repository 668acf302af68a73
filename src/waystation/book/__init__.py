"""The book: one signed, encrypted, append-only log an organisation. It knows nothing of records.

entry      header and body                          spec/book.md B2–B7
roster     membership, checked from genesis         B1, B15–B17
folder     epochs and sheets                        B8–B14
log        the rules, entry by entry                B20–B24
keyring    epoch keys at rest                       B26
store      the one encrypted file                   B25
files      attachments                              spec/files.md
book       all of it together: what other rooms use
"""

from waystation.book.audit import Progress, Report
from waystation.book.book import (
    Accepted,
    Book,
    DeskKeys,
    FolderWrite,
    NewFolder,
    Stamp,
)
from waystation.book.store import Store

__all__ = ["Accepted", "Book", "DeskKeys", "FolderWrite", "NewFolder", "Progress", "Report", "Stamp", "Store"]
