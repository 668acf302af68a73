"""A desk that saves until it is killed; it prints each save's number once the save is durable.

    saver.py BOOK DATABASE_KEY KEYRING_KEY SIGNING_SEED SEALING_SEED CASE NEXT

All but the path and the last are hexadecimal. It is run by test_killed.py.
"""

import os
import sys
from pathlib import Path

from waystation.book import Book, DeskKeys, FolderWrite, Stamp, Store
from waystation.derive import Key
from waystation.ids import FolderId, FolderType, SaveId
from waystation.sign import SigningKey, SigningSeed
from waystation.unseal import SealingKey, SealingSeed


def main() -> None:
    """Saves into the case and the office, the same number in both."""
    path, *secrets, following = sys.argv[1:]
    database, keyring, signing, sealing, case = (bytes.fromhex(secret) for secret in secrets)
    store = Store.open(Path(path), Key(database))
    keys = DeskKeys(SigningKey(SigningSeed(signing)), (SealingKey(SealingSeed(sealing)),))
    book = Book.open(store, keys, [Key(keyring)], os.urandom)
    office = book.singleton(FolderType.OFFICE)
    number = int(following)
    while True:
        payload = number.to_bytes(4, "big")
        with book.transaction():
            writes = [FolderWrite(FolderId(case), payload + bytes(number % 5 * 3000)), FolderWrite(office, payload)]
            book.append(Stamp(SaveId(os.urandom(16)), 0, "UTC"), writes)
        os.write(1, b"%d\n" % number)
        number += 1


if __name__ == "__main__":
    main()
