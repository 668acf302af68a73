"""Every bound in one place, with its unit in its name and its reason beside it."""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

BODY_BUCKETS: Final = (1 * KIB, 4 * KIB, 16 * KIB, 64 * KIB)
"""Sealed sizes of an entry's body; the size shows only which of four it is (spec/book.md B6)."""

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

BACKUP_VALID_DAYS: Final = 90
BACKUP_DUE_DAYS: Final = 7
