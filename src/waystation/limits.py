"""Every bound in one place, with its unit in its name and its reason beside it."""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

BODY_BUCKETS: Final = (1 * KIB, 4 * KIB, 16 * KIB, 64 * KIB)
"""Sealed sizes of an entry's body; the size shows only which of four it is (spec/book.md B6)."""

ENTRY_ROOM: Final = 62 * KIB
"""What one save may write into one folder; the rest of the largest bucket is the entry's own."""

SHEET_BUCKET_MIN: Final = 2 * KIB
SHEET_BUCKET_MAX: Final = 16 * MIB

FILE_PIECE: Final = 256 * KIB
"""A stored file is cut into pieces of this size; each is one chunk (spec/files.md)."""

FILE_MAX: Final = 64 * MIB
"""One file is sealed in memory, never on disk; a laptop of 4 GB must bear it."""

FORM_MAX: Final = 2 * MIB
"""A form without files. A text field is bounded far lower by its declaration."""

ARGON2_MEMORY_KIB: Final = 256 * KIB
ARGON2_PASSES: Final = 3
ARGON2_LANES: Final = 4
ARGON2_MEMORY_KIB_MAX: Final = 4 * MIB
"""A vault that asks for more than 4 GiB is damaged or hostile."""
ARGON2_PASSES_MAX: Final = 64

PASSPHRASE_SCORE_MIN: Final = 4
"""zxcvbn's scale runs from 0 to 4; 4 means over 10^10 guesses, before Argon2id makes each one slow."""

PASSPHRASE_CHARS_MIN: Final = 12
PASSPHRASE_CHARS_MAX: Final = 1024

IDLE_LOCK_S: Final = 600

ERASE_AFTER_DAYS: Final = 7
EMERGENCY_HOURS: Final = 24

BACKUP_VALID_DAYS: Final = 90
BACKUP_DUE_DAYS: Final = 7

ARTICLE_MAX: Final = 16 * MIB
"""A saved page, a PDF or a text that is read for its words; a larger one is kept as a file."""
ARTICLE_MARKS_MAX: Final = 60_000
"""Marks (`<`) of one page; above, telling its article from its furniture would take seconds."""
ARTICLE_PDF_PAGES_MAX: Final = 200
ARTICLE_LINES_MAX: Final = 5_000
ARTICLE_CHARS_MAX: Final = 1_000_000
"""A long report. It is kept in pieces of one entry each."""
PASSAGE_CHARS_MAX: Final = 12_000
"""As `passage.words` is declared; in Cyrillic, two of them fit into one entry."""

THREAD_MAX: Final = 8 * MIB
"""A chat thread is read as text in memory; a longer file is kept and not read."""
PACKED_FILES_MAX: Final = 1_000
"""Files in the zip of an exported chat; together they unfold to no more than one file may have."""

LETTERS_MAX: Final = 500
"""Letters of one mbox that are taken apart at once."""
LETTER_PARTS_MAX: Final = 200
LETTER_LEVELS_MAX: Final = 20
LETTER_DEPTH_MAX: Final = 5
"""A letter within a letter within a letter; what lies deeper stays a file."""

PICTURE_PIXELS_MAX: Final = 80_000_000
"""All frames of a picture together, while it is cleaned: 320 MB in memory. A small file can unfold to far more."""
PDF_PAGES_MAX: Final = 2_000
PDF_OBJECTS_MAX: Final = 200_000
"""A small file can hold objects without end."""

TRAY_MAX: Final = 2 * FILE_MAX
TRAY_KEPT_S: Final = 30 * 60
"""What was dropped onto a page and is not saved yet stays in memory so long, and no longer than the desk is open."""

SAFE_TEXT_CHARS_MAX: Final = 20_000
"""Words for outside that are looked over at once; some eight pages."""

TOGETHER_MAX: Final = 100
"""Rows of a list on which one act is done: more than anybody looks through before pressing."""

PACKET_MAX: Final = FILE_MAX
"""What comes from another organisation is kept as one file (spec/handover.md H11)."""
PACKET_FILES_MAX: Final = 48 * MIB
PACKET_FILES_MAX_COUNT: Final = 200

BATCH_ENTRIES_MAX: Final = 4096
BATCH_MAX: Final = 8 * MIB
"""Entries that are appended together, and chunks that are stored together (spec/relay.md L13, L18)."""
STRETCH_MAX: Final = 4 * MIB
"""Entries of one answer; the time in which a slow line may lose it again."""
CHUNKS_FETCHED_MAX: Final = 1024
PARCEL_MAX: Final = 64 * KIB
PARCEL_KEPT_DAYS: Final = 14
NEWS_WAIT_S: Final = 50
"""Below the minute after which proxies and network address translators forget a quiet connection."""
