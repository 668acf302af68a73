"""Writes logs entry by entry, by any author, with any fault, past the rules that `Book` keeps.

`Book` only writes what stands. To see what is refused or set aside, a log must also hold what an
honest desk would never write; this is the pen for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from waystation.book import Book, DeskKeys, Store
from waystation.book.entry import (
    ZERO_HASH,
    Entry,
    EntryKind,
    EpochKey,
    Header,
    bucket_for,
    encode_header,
    first_order,
    header_hash,
    next_order,
)
from waystation.book.folder import chunk_hash, make_epoch
from waystation.book.roster import AdmitDesk, DeskEntry, new_genesis, read_genesis
from waystation.derive import KEY_BYTES, Key, derive, digest, mac, u64
from waystation.ids import (
    SINGLETONS,
    FolderId,
    FolderType,
    HeaderHash,
    MemberId,
    OrderHash,
    Randomness,
    singleton_folder,
)
from waystation.limits import BODY_BUCKETS
from waystation.seal import TAG_BYTES, pad, seal_once
from waystation.sign import SigningKey, SigningSeed
from waystation.unseal import SealingKey, SealingSeed
from waystation.wire import encode

ORGANISATION = FolderType.ORGANISATION
NOTHING = bytes(32)
NO_HEAD = HeaderHash(ZERO_HASH)


@dataclass
class Author:
    """A desk that writes: its seeds, its member, and where its chain ends."""

    member: MemberId
    signing_seed: SigningSeed
    sealing_seed: SealingSeed
    seq: int = 0
    prev: HeaderHash = NO_HEAD

    def __post_init__(self) -> None:
        sealing = SealingKey(self.sealing_seed)
        self.keys = DeskKeys(SigningKey(self.signing_seed), (sealing,))
        self.desk = self.keys.desk

    @property
    def listed(self) -> DeskEntry:
        """What the roster says of this desk."""
        return self.keys.entry(self.member)

    @property
    def admission(self) -> AdmitDesk:
        """The operation that admits this desk."""
        entry = self.listed
        return AdmitDesk(entry.desk, entry.member, entry.verify_key, entry.sealing_key)


class Scribe:
    """A log that grows under the pen.

    Args:
        randomness: where keys, salts and ids come from.
        roots: how many root keys the genesis names.
        threshold: how many of them must sign.
    """

    def __init__(self, randomness: Randomness, roots: int = 1, threshold: int = 1) -> None:
        self.randomness = randomness
        self.roots = [SigningKey(SigningSeed(randomness(32))) for _ in range(roots)]
        publics = [root.public for root in self.roots]
        self.genesis = new_genesis(publics, threshold, randomness(16))
        self.org, _ = read_genesis(self.genesis)
        self.entries: list[Entry] = []
        self.orders: list[OrderHash] = [first_order(self.org)]
        self.chunks: list[bytes] = []
        self.number = 0
        self.previous = NOTHING
        self.key = self.new_key(self.folder(ORGANISATION), 0)

    def author(self, member: MemberId | None = None) -> Author:
        """A new desk, of a new member unless one is given."""
        return Author(
            member or MemberId(self.randomness(16)),
            SigningSeed(self.randomness(32)),
            SealingSeed(self.randomness(32)),
        )

    def folder(self, folder_type: FolderType) -> FolderId:
        """Id of a folder of which there is one, else a random one."""
        if folder_type in SINGLETONS:
            return singleton_folder(self.org, folder_type)
        return FolderId(self.randomness(16))

    def new_key(self, folder: FolderId, epoch: int) -> EpochKey:
        """A fresh epoch key."""
        return EpochKey(self.org, folder, epoch, Key(self.randomness(KEY_BYTES)))

    # ── plaintexts ──

    def amendment(self, operations: Sequence[object], **changed: object) -> bytes:
        """The next amendment (B15), with `org`, `number` or `previous` changed if given."""
        said = {"org": self.org, "number": self.number, "previous": self.previous, **changed}
        return encode([1, said["org"], said["number"], said["previous"], operations])

    def signed(self, amendment: bytes, signers: Mapping[bytes, SigningKey]) -> bytes:
        """A roster body (B15)."""
        rows = [[name, key.sign("roster", amendment)] for name, key in sorted(signers.items())]
        return encode([1, amendment, rows])

    def by_root(self, amendment: bytes, count: int = 1) -> bytes:
        """A roster body that `count` root keys signed."""
        return self.signed(amendment, {root.public: root for root in self.roots[:count]})

    def by_desk(self, amendment: bytes, author: Author) -> bytes:
        """A roster body that a desk signed."""
        return self.signed(amendment, {author.desk: author.keys.signing})

    def stands(self, amendment: bytes) -> None:
        """Notes that an amendment stood; the next follows it."""
        self.number += 1
        self.previous = digest("roster", amendment)

    def epoch(
        self,
        key: EpochKey,
        folder_type: FolderType,
        parent: EpochKey | None,
        readers: Iterable[Author],
        wrapping: EpochKey | None,
    ) -> bytes:
        """A sound epoch body (B10); its sheet joins the chunks."""
        desks = [reader.listed for reader in readers]
        made = make_epoch(key, folder_type, parent, desks, wrapping, self.randomness(32))
        self.chunks.append(made.sheet)
        return made.body

    def change(self, payload: bytes, at_ms: int = 0) -> bytes:
        """A change's plaintext (B18)."""
        return encode([1, self.randomness(16), at_ms, "UTC", payload])

    def tombstone(self, action: str, folder: FolderId, at_ms: int = 0) -> bytes:
        """A tombstone's plaintext (B22)."""
        return encode([1, action, folder, at_ms, "UTC"])

    def era(self, number: int, checkpoint: int, order: bytes, roots: int | None = None) -> bytes:
        """An era's plaintext (B30), signed by as many roots as there are unless fewer are asked for."""
        stated = encode([1, self.org, number, checkpoint, order, "the relay is lost"])
        signed = sorted([root.public, root.sign("era", stated)] for root in self.roots[:roots])
        return encode([1, stated, signed])

    # ── entries ──

    def compose(
        self,
        author: Author,
        kind: int,
        plaintext: bytes,
        key: EpochKey,
        *,
        seen: int | None = None,
        patch: Mapping[int, bytes] | None = None,
        signer: SigningKey | None = None,
        padded: bytes | None = None,
    ) -> Entry:
        """An entry that would come next.

        Args:
            seen: the seen position; all that is written so far if not given.
            patch: bytes to lay over the header, by offset, before it is sealed and signed.
            signer: whose signature it carries, if not the author's.
            padded: the padded plaintext, if it is not to be padded by the rules.
        """
        seen = len(self.entries) if seen is None else seen
        bucket = bucket_for(len(plaintext))
        header = Header(
            EntryKind(1),
            bucket,
            self.org,
            author.desk,
            author.seq,
            author.prev,
            seen,
            self.orders[min(seen, len(self.entries))],
            key.tag,
            self.randomness(32),
            ZERO_HASH,
        )
        raw = bytearray(encode_header(header))
        raw[4] = kind
        for at, value in (patch or {}).items():
            raw[at : at + len(value)] = value
        associated = bytes(raw[:200])
        context = key.context + raw[136:168] + raw[40:56] + raw[56:64] + raw[4:5]
        own = derive(key.key, "body", context, bytes(raw[168:200]))
        if padded is None:
            padded = pad(plaintext, BODY_BUCKETS[bucket] - TAG_BYTES)
        body = seal_once(own, padded, associated)
        named = (patch or {}).get(200, sha256(body).digest())
        signed = associated + named
        return Entry(signed, (signer or author.keys.signing).sign("entry", signed), body)

    def put(self, author: Author, entry: Entry) -> Entry:
        """Appends an entry to the log and, unless it is an era (B30), to its author's chain."""
        head = header_hash(entry.header)
        if entry.header[4] != EntryKind.ERA:
            author.seq += 1
            author.prev = head
        self.entries.append(entry)
        self.orders.append(next_order(self.orders[-1], head, entry.header[200:]))
        return entry

    def write(self, author: Author, kind: int, plaintext: bytes, key: EpochKey, seen: int | None = None) -> Entry:
        """Composes and appends."""
        return self.put(author, self.compose(author, kind, plaintext, key, seen=seen))

    def found(self, founder: Author, readers: Sequence[Author] = ()) -> dict[FolderType, EpochKey]:
        """Writes what founding writes, and returns the keys of the singletons.

        Args:
            readers: desks besides the founder's, admitted at once, without a role.
        """
        everyone = (founder, *readers)
        operations = [["member", founder.member, ["coordinator"]], founder.admission]
        for reader in readers:
            operations += [["member", reader.member, ["caseworker"]], reader.admission]
        amendment = self.amendment(operations)
        self.write(founder, 1, self.by_root(amendment, len(self.roots)), self.key)
        self.stands(amendment)
        keys = {ORGANISATION: self.key}
        for kind in SINGLETONS:
            if kind is not ORGANISATION:
                keys[kind] = self.new_key(self.folder(kind), 0)
            wrapping = None if kind is ORGANISATION else self.key
            body = self.epoch(keys[kind], kind, None, everyone, wrapping)
            self.write(founder, 2, body, self.key)
        return keys

    def open_folder(self, author: Author, folder_type: FolderType, readers: Sequence[Author]) -> EpochKey:
        """Writes the first epoch of a new folder."""
        key = self.new_key(self.folder(folder_type), 0)
        self.write(author, 2, self.epoch(key, folder_type, None, readers, self.key), self.key)
        return key

    # ── readers ──

    def book(
        self,
        path: Path,
        reader: Author,
        organisation_keys: Sequence[EpochKey] = (),
        entries: Sequence[Entry] = (),
    ) -> Book:
        """An empty book of this organisation at a reader's desk, with all chunks, then `entries`."""
        store = Store.create(path, Key(sha256(bytes(path)).digest()))
        keys = organisation_keys or (self.key,)
        keyring_key = Key(self.randomness(32))
        book = Book.join(store, self.genesis, keys, reader.keys, keyring_key, self.randomness)
        with book.transaction():
            for chunk in self.chunks:
                store.add_chunk(chunk_hash(chunk), chunk)
            book.receive(entries)
        return book


def statement_body(statement: Sequence[object], parent: EpochKey | None) -> bytes:
    """An epoch body (B10) that says anything, with the mac that fits it."""
    stored = encode(statement)
    seal = NOTHING
    if parent is not None:
        seal = mac(derive(parent.key, "epoch-mac", parent.context), "epoch", stored)
    return encode([1, stored, seal])


def chain_number(seq: int) -> bytes:
    """A sequence number as the header writes it."""
    return u64(seq)
