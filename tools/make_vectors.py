"""Writes the vectors in spec/vectors: `PYTHONPATH=src:. python tools/make_vectors.py [--renew]`.

Everything comes from seeded randomness and is the same at every run, but for what two libraries make with randomness of
their own: envelopes to a public key (HPKE), hence the sheets and the log that name them, and age files: attachments and
backups. Those groups are made once and kept; --renew makes them anew.

Every group has valid cases, and faulty ones with exactly one fault each: `rule` is what it breaks, `error` the class
that production raises. Bytes are hexadecimal, except where a name ends in _base64.
"""

import argparse
import json
import sys
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import pyrage
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from tests.book.scribe import NOTHING, ORGANISATION, Author, Scribe, statement_body
from tests.ground.seeded import NOON_MS, Seeded
from tools import handover_vectors, joining_vectors

from waystation.book.entry import (
    Entry,
    EntryKind,
    EpochKey,
    Header,
    decode_header,
    encode_header,
    first_order,
    header_hash,
    next_order,
)
from waystation.book.files import seal_file
from waystation.book.folder import chunk_hash, make_epoch
from waystation.clock import DAY_MS
from waystation.derive import Key, derive, digest, label, mac, u32
from waystation.ids import (
    DeskId,
    FolderTag,
    FolderType,
    HeaderHash,
    MemberId,
    OrderHash,
    OrgId,
    singleton_folder,
)
from waystation.office.backup import LEAD as COPY_LEAD
from waystation.office.backup import recovery_opener
from waystation.seal import pad, seal_once, seal_to
from waystation.sign import SigningKey, SigningSeed
from waystation.unseal import SealingKey, SealingSeed
from waystation.wire import encode
from waystation.words import to_age_secret, to_words

VECTORS: Final = Path(__file__).resolve().parent.parent / "spec" / "vectors"
ABOUT: Final = (
    "Bytes are hexadecimal, except where a name ends in _base64. A faulty case has exactly one fault; `rule` is what "
    "it breaks. Written by tools/make_vectors.py."
)
MADE_ONCE: Final = {
    "envelope": ("sealed",),
    "book": ("sheet", "past", "log", "aftermath"),
    "files": ("file",),
    "vault": (),
    "backup": ("file",),
    "joining": ("admission",),
    "handover": ("packet",),
}
KIB: Final = 1024

Case = dict[str, object]
Group = dict[str, list[Case]]


def fault(name: str, rule: str, error: str, **given: object) -> Case:
    """A case that must be refused."""
    return {"name": name, "rule": rule, "error": error, **given}


def flipped(data: bytes, at: int, bit: int = 1) -> bytes:
    """The bytes with one bit turned over."""
    changed = bytearray(data)
    changed[at] ^= bit
    return bytes(changed)


def laid_over(data: bytes, at: int, value: bytes) -> bytes:
    """The bytes with others laid over them."""
    return data[:at] + value + data[at + len(value) :]


# ── envelope.json ──


def derivation() -> Group:
    rand = Seeded("derivation")
    secret, context, salt, data = rand(32), rand(52), rand(32), rand(100)
    return {
        "valid": [
            {
                "name": "with a salt",
                "secret": secret,
                "purpose": "body",
                "context": context,
                "salt": salt,
                "key": derive(secret, "body", context, salt),
            },
            {
                "name": "without",
                "secret": secret,
                "purpose": "tag",
                "context": context,
                "salt": b"",
                "key": derive(secret, "tag", context),
            },
            {"name": "digest", "purpose": "header", "data": data, "digest": digest("header", data)},
            {
                "name": "mac",
                "secret": secret,
                "purpose": "epoch",
                "data": data,
                "mac": mac(Key(secret), "epoch", data),
            },
        ],
        "faulty": [],
    }


def once() -> Group:
    rand = Seeded("once")
    key, associated = Key(rand(32)), rand(200)
    plaintext = b"the lantern is in the window"
    sealed = seal_once(key, plaintext, associated)
    given = {"key": key, "sealed": sealed, "associated": associated}
    empty = {"key": key, "sealed": seal_once(key, b"", b""), "associated": b""}
    return {
        "valid": [
            {"name": "a line", **given, "plaintext": plaintext},
            {"name": "nothing", **empty, "plaintext": b""},
        ],
        "faulty": [
            fault("ciphertext altered", "E1", "SealError", **{**given, "sealed": flipped(sealed, 0)}),
            fault("tag altered", "E1", "SealError", **{**given, "sealed": flipped(sealed, -1)}),
            fault("other key", "E1", "SealError", **{**given, "key": rand(32)}),
            fault("other context", "E1", "SealError", **{**given, "associated": associated[:-1]}),
            fault("cut short", "E1", "SealError", **{**given, "sealed": sealed[:15]}),
        ],
    }


def padding() -> Group:
    texts = {"a line": b"abc", "nothing": b"", "ends in zeros": b"a\0\0", "ends in 0x80": b"a\x80"}
    return {
        "valid": [
            {"name": name, "plaintext": text, "size": 16, "padded": pad(text, 16)} for name, text in texts.items()
        ],
        "faulty": [
            fault("zeros only", "E3", "SealError", padded=bytes(16)),
            fault("no bytes", "E3", "SealError", padded=b""),
            fault("another mark", "E3", "SealError", padded=b"abc\x81" + bytes(12)),
        ],
    }


def sealed() -> Group:
    rand = Seeded("sealed")
    seed, context, plaintext = SealingSeed(rand(32)), rand(100), rand(32)
    public = SealingKey(seed).public
    envelope = seal_to(public, "wrap", context, plaintext)
    given: Case = {"seed": seed, "purpose": "wrap", "context": context, "envelope": envelope}

    def but(**changed: object) -> Case:
        return {**given, **changed}

    faults: dict[str, Case] = {
        "suite 0": but(envelope=b"\0" + envelope[1:]),
        "suite 2": but(envelope=b"\2" + envelope[1:]),
        "lattice part altered": but(envelope=flipped(envelope, 500)),
        "curve part altered": but(envelope=flipped(envelope, 1100)),
        "ciphertext altered": but(envelope=flipped(envelope, 1121)),
        "tag altered": but(envelope=flipped(envelope, -1)),
        "cut short": but(envelope=envelope[:-1]),
        "cut in the key": but(envelope=envelope[:600]),
        "other seed": but(seed=rand(32)),
        "other purpose": but(purpose="draft"),
        "other context": but(context=flipped(context, 99)),
    }
    return {
        "valid": [{"name": "a key", **given, "public": public, "plaintext": plaintext}],
        "faulty": [fault(name, "E2", "SealError", **case) for name, case in faults.items()],
    }


def signature() -> Group:
    rand = Seeded("signature")
    seed, data = SigningSeed(rand(32)), rand(232)
    key = SigningKey(seed)
    made = key.sign("entry", data)
    given: Case = {"key": key.public, "purpose": "entry", "data": data, "signature": made}
    faults: dict[str, Case] = {
        "other purpose": {**given, "purpose": "roster"},
        "other bytes": {**given, "data": flipped(data, 7)},
        "other key": {**given, "key": SigningKey(SigningSeed(rand(32))).public},
        "altered": {**given, "signature": flipped(made, 63)},
        "cut short": {**given, "signature": made[:63]},
        "key cut short": {**given, "key": key.public[:31]},
    }
    return {
        "valid": [{"name": "a header", "seed": seed, **given}],
        "faulty": [fault(name, "E5", "SignatureError", **case) for name, case in faults.items()],
    }


def paper() -> Group:
    secrets = {"random": Seeded("paper")(32), "zeros": bytes(32), "ones": b"\xff" * 32}
    words = to_words(secrets["random"])
    age = to_age_secret(secrets["random"])
    swapped = [words[1], words[0], *words[2:]]
    other = "Q" if age[-1] != "Q" else "P"
    return {
        "valid": [
            {"name": name, "secret": secret, "words": " ".join(to_words(secret)), "age": to_age_secret(secret)}
            for name, secret in secrets.items()
        ],
        "faulty": [
            fault("a word too few", "P1", "BadInput", words=" ".join(words[:23])),
            fault("a word too many", "P1", "BadInput", words=" ".join([*words, words[0]])),
            fault("a word not on the list", "P1", "BadInput", words=" ".join([*words[:23], "lantern"])),
            fault("two words swapped", "P1", "BadInput", words=" ".join(swapped)),
            fault("a letter of the key changed", "P2", "", age=age[:-1] + other),
            fault("the key cut short", "P2", "", age=age[:-1]),
            fault("another kind of key", "P2", "", age=age.replace("SECRET", "PUBLIC")),
        ],
    }


# ── vault.json ──


def vault() -> Group:
    rand = Seeded("vault")
    root, kdf_salt, secrets_salt = Key(rand(32)), rand(32), rand(32)
    org, desk, database, signing = rand(32), rand(16), rand(32), rand(32)
    keyring, sealing = [rand(32), rand(32)], [[rand(32), NOON_MS], [rand(32), NOON_MS + DAY_MS]]
    passphrase = "ﬁve unrelated wörds, and a lantern"

    def kdf(**changed: object) -> bytes:
        said = {"name": "argon2id", "memory": 64, "passes": 1, "lanes": 2, "salt": kdf_salt, **changed}
        return encode([1, *said.values()])

    def wrap(stated: bytes, memory: int = 64, passes: int = 1, lanes: int = 2) -> bytes:
        stretch = Argon2id(salt=kdf_salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory)
        normal = unicodedata.normalize("NFKC", passphrase).encode()
        return seal_once(Key(stretch.derive(normal)), root, label("vault-root") + stated)

    def guard(plain: Sequence[object]) -> bytes:
        return seal_once(derive(root, "vault-secrets", b"", secrets_salt), encode(plain), b"")

    def file(body: Sequence[object], magic: bytes = b"waystation vault") -> bytes:
        inner = encode(body)
        return magic + inner + digest("vault", inner)

    said: list[object] = [1, org, desk, database, keyring[:1], signing, sealing]
    wrapped, guarded = wrap(kdf()), guard(said)
    parts: list[object] = [1, kdf(), wrapped, secrets_salt, guarded]
    sound = file(parts)

    def opened(name: str, whole: bytes, words: str, keys: Sequence[bytes]) -> Case:
        return {
            "name": name,
            "file": whole,
            "passphrase": words,
            "org": org,
            "desk": desk,
            "database_key": database,
            "keyring_keys": list(keys),
            "signing_seed": signing,
            "sealing_seeds": sealing,
        }

    def damaged(name: str, rule: str, error: str, whole: bytes, words: str = passphrase) -> Case:
        return fault(name, rule, error, file=whole, passphrase=words)

    def with_kdf(stated: bytes, **cost: int) -> bytes:
        return file([1, stated, wrap(stated, **cost), secrets_salt, guarded])

    def with_secrets(plain: Sequence[object]) -> bytes:
        return file([1, kdf(), wrapped, secrets_salt, guard(plain)])

    stronger = kdf(memory=128, passes=2, lanes=1)
    rolling = [*said[:4], keyring, *said[5:]]
    return {
        "valid": [
            opened("one keyring key", sound, passphrase, keyring[:1]),
            opened("passphrase typed otherwise", sound, "five unrelated wo\u0308rds, and a lantern", keyring[:1]),
            opened("parameters raised", with_kdf(stronger, memory=128, passes=2, lanes=1), passphrase, keyring[:1]),
            opened("keyring being rolled", with_secrets(rolling), passphrase, keyring),
        ],
        "faulty": [
            damaged("another magic", "V1", "ForeignFile", file(parts, b"waystation vanlt")),
            damaged("no bytes", "V1", "ForeignFile", b""),
            damaged("the digest altered", "V1", "DamagedVault", flipped(sound, -1)),
            damaged("the body altered", "V1", "DamagedVault", flipped(sound, 60)),
            damaged("cut short", "V1", "DamagedVault", sound[:-40]),
            damaged("cut behind the magic", "V1", "DamagedVault", sound[:16]),
            damaged("a newer version", "W2", "NewerFormat", file([2, *parts[1:]])),
            damaged("version 0", "W2", "WireError", file([0, *parts[1:]])),
            damaged("an element too few", "W3", "WireError", file(parts[:-1])),
            damaged("an element too many", "W3", "WireError", file([*parts, b""])),
            damaged("text for bytes", "W3", "WireError", file([*parts[:2], "root", *parts[3:]])),
            damaged("another hash", "W3", "DamagedVault", with_kdf(kdf(name="argon2i"))),
            damaged("newer parameters", "W2", "NewerFormat", with_kdf(encode([2, "argon2id", 64, 1, 2, kdf_salt]))),
            damaged("above 4 GiB", "V3", "DamagedVault", with_kdf(kdf(memory=4 * KIB * KIB + 1))),
            damaged("65 passes", "V3", "DamagedVault", with_kdf(kdf(passes=65))),
            damaged("no pass", "V3", "DamagedVault", with_kdf(kdf(passes=0))),
            damaged("65 lanes", "V3", "DamagedVault", with_kdf(kdf(memory=8 * 65, lanes=65))),
            damaged("no lane", "V3", "DamagedVault", with_kdf(kdf(lanes=0))),
            damaged("below 8 KiB a lane", "V3", "DamagedVault", with_kdf(kdf(memory=15))),
            damaged("a short salt", "W3", "DamagedVault", with_kdf(kdf(salt=kdf_salt[:31]))),
            damaged("another passphrase", "V5", "WrongPassphrase", sound, passphrase + "."),
            damaged("the root altered", "V5", "WrongPassphrase", file([1, kdf(), flipped(wrapped, 0), *parts[3:]])),
            damaged("parameters put in place of others", "V5", "WrongPassphrase", file([1, kdf(passes=2), *parts[2:]])),
            damaged("the secrets altered", "V6", "DamagedVault", file([*parts[:4], flipped(guarded, 0)])),
            damaged("another secrets salt", "V6", "DamagedVault", file([*parts[:3], rand(32), guarded])),
            damaged("newer secrets", "W2", "NewerFormat", with_secrets([2, *said[1:]])),
            damaged("a secret too few", "W3", "WireError", with_secrets(said[:-1])),
            damaged("no keyring key", "V7", "WireError", with_secrets([*said[:4], [], *said[5:]])),
            damaged("three keyring keys", "V7", "WireError", with_secrets([*said[:4], [*keyring, root], *said[5:]])),
            damaged("no sealing seed", "V7", "WireError", with_secrets([*said[:6], []])),
        ],
    }


# ── book.json ──


def genesis() -> Group:
    rand = Seeded("genesis")
    roots = [SigningKey(SigningSeed(rand(32))).public for _ in range(3)]
    nonce = rand(16)

    def valid(name: str, keys: Sequence[bytes], threshold: int) -> Case:
        record = encode([1, keys, threshold, nonce])
        org = OrgId(digest("genesis", record))
        names = (FolderType.ORGANISATION, FolderType.OFFICE, FolderType.LEDGER)
        return {
            "name": name,
            "record": record,
            "roots": list(keys),
            "threshold": threshold,
            "org": org,
            "folders": {kind.value: singleton_folder(org, kind) for kind in names},
        }

    faults: dict[str, tuple[str, str, object]] = {
        "a newer version": ("W2", "NewerFormat", [2, roots, 1, nonce]),
        "no key": ("B1", "WireError", [1, [], 1, nonce]),
        "threshold 0": ("B1", "WireError", [1, roots, 0, nonce]),
        "threshold above the keys": ("B1", "WireError", [1, roots, 4, nonce]),
        "a key twice": ("B1", "WireError", [1, [roots[0], roots[0]], 1, nonce]),
        "a short key": ("W3", "WireError", [1, [roots[0][:31]], 1, nonce]),
        "a short nonce": ("W3", "WireError", [1, roots, 1, nonce[:15]]),
        "text for a number": ("W3", "WireError", [1, roots, "1", nonce]),
        "an element too few": ("W3", "WireError", [1, roots, 1]),
        "an element too many": ("W3", "WireError", [1, roots, 1, nonce, nonce]),
        "no array": ("W3", "WireError", {"version": 1}),
    }
    record = encode([1, roots, 2, nonce])
    return {
        "valid": [valid("one key", roots[:1], 1), valid("two of three", roots, 2)],
        "faulty": [
            *(fault(name, rule, error, record=encode(said)) for name, (rule, error, said) in faults.items()),
            fault("a byte behind", "W3", "WireError", record=record + b"\0"),
            fault("cut short", "W3", "WireError", record=record[:-1]),
            fault("no bytes", "W3", "WireError", record=b""),
        ],
    }


def header() -> Group:
    rand = Seeded("header")

    def draw(kind: int, bucket: int, seq: int, seen: int) -> tuple[Case, bytes]:
        desk, prev, order = DeskId(rand(16)), HeaderHash(rand(32)), OrderHash(rand(32))
        org, named, salt, body = OrgId(rand(32)), FolderTag(rand(32)), rand(32), rand(32)
        raw = encode_header(Header(EntryKind(kind), bucket, org, desk, seq, prev, seen, order, named, salt, body))
        fields: Case = {
            "kind": kind,
            "bucket": bucket,
            "org": org,
            "desk": desk,
            "seq": seq,
            "prev": prev,
            "seen_position": seen,
            "seen_order": order,
            "tag": named,
            "salt": salt,
            "body_hash": body,
        }
        return {"header": raw, **fields, "hash": header_hash(raw)}, raw

    drawn = [draw(kind, kind % 4, 10**kind, 2**kind) for kind in range(1, 6)]
    raw = drawn[2][1]
    faults: dict[str, tuple[str, str, bytes]] = {
        "another magic": ("B2", "WireError", laid_over(raw, 0, b"WSF")),
        "version 0": ("B5", "WireError", laid_over(raw, 3, b"\0")),
        "version 2": ("B5", "NewerFormat", laid_over(raw, 3, b"\2")),
        "kind 0": ("B5", "WireError", laid_over(raw, 4, b"\0")),
        "kind 6": ("B5", "WireError", laid_over(raw, 4, b"\6")),
        "bucket 4": ("B5", "WireError", laid_over(raw, 5, b"\4")),
        "byte 6 not zero": ("B5", "WireError", laid_over(raw, 6, b"\1")),
        "byte 7 not zero": ("B5", "WireError", laid_over(raw, 7, b"\1")),
        "a byte short": ("B2", "WireError", raw[:-1]),
        "a byte long": ("B2", "WireError", raw + b"\0"),
    }
    return {
        "valid": [{"name": f"kind {case['kind']}", **case} for case, _ in drawn],
        "faulty": [fault(name, rule, error, header=given) for name, (rule, error, given) in faults.items()],
    }


def order() -> Group:
    rand = Seeded("order")
    org = OrgId(rand(32))
    hashed, steps = first_order(org), []
    first = hashed
    for _ in range(3):
        head, body = HeaderHash(rand(32)), rand(32)
        hashed = next_order(hashed, head, body)
        steps.append({"header_hash": head, "body_hash": body, "order": hashed})
    return {"valid": [{"name": "three entries", "org": org, "first": first, "steps": steps}], "faulty": []}


def body() -> Group:
    scribe = Scribe(Seeded("body"))
    author = scribe.author()
    author.seq = 7
    key = scribe.new_key(scribe.folder(FolderType.CASE), 3)
    other = EpochKey(key.org, scribe.folder(FolderType.CASE), 3, key.key)

    def case(plaintext: bytes, entry: Entry, under: EpochKey = key) -> Case:
        return {
            "key": under.key,
            "folder": under.folder,
            "epoch": under.epoch,
            "header": entry.header,
            "body_base64": b64encode(entry.body or b"").decode(),
            "plaintext": plaintext,
        }

    def faulty(name: str, entry: Entry, under: EpochKey = key, header: bytes | None = None) -> Case:
        given = case(b"", Entry(header or entry.header, entry.signature, entry.body), under)
        del given["plaintext"]
        return fault(name, "B6", "SealError", **given)

    texts = {"nothing": b"", "full": bytes(1007), "one more": bytes(1008)}
    entries = {name: scribe.compose(author, 3, text, key) for name, text in texts.items()}
    sound = entries["nothing"]
    assert sound.body is not None
    nearby = scribe.compose(author, 3, b"", key)
    unmarked = scribe.compose(author, 3, b"", key, padded=bytes(1008))
    return {
        "valid": [{"name": name, **case(texts[name], entry)} for name, entry in entries.items()],
        "faulty": [
            faulty("altered", Entry(sound.header, sound.signature, flipped(sound.body, 100))),
            faulty("another entry's", Entry(sound.header, sound.signature, nearby.body)),
            faulty("another folder", sound, other),
            faulty("another epoch", sound, EpochKey(key.org, key.folder, 4, key.key)),
            faulty("another number", sound, header=laid_over(sound.header, 63, b"\x08")),
            faulty("another kind", sound, header=laid_over(sound.header, 4, b"\4")),
            faulty("another history", sound, header=flipped(sound.header, 104)),
            faulty("no end mark", unmarked),
        ],
    }


def change() -> Group:
    rand = Seeded("change")
    save, payload = rand(16), rand(40)
    said: list[object] = [1, save, NOON_MS, "Europe/Vilnius", payload]
    read = {"save": save, "at": NOON_MS, "zone": "Europe/Vilnius", "payload": payload}
    early = encode([1, save, -1, "UTC", b""])
    faults: dict[str, tuple[str, str, object]] = {
        "a newer version": ("W2", "NewerFormat", [2, *said[1:]]),
        "a short save id": ("W3", "WireError", [1, save[:15], *said[2:]]),
        "text for a payload": ("W3", "WireError", [*said[:4], "payload"]),
        "a time of 65 bits": ("W3", "WireError", [1, save, 2**63, *said[3:]]),
        "nothing for a time": ("W3", "WireError", [1, save, None, *said[3:]]),
        "an element too few": ("W3", "WireError", said[:-1]),
        "an element too many": ("W3", "WireError", [*said, 1]),
    }
    return {
        "valid": [
            {"name": "noon", "plaintext": encode(said), **read},
            {"name": "before 1970", "plaintext": early, "save": save, "at": -1, "zone": "UTC", "payload": b""},
        ],
        "faulty": [fault(name, rule, error, plaintext=encode(made)) for name, (rule, error, made) in faults.items()],
    }


def tombstone() -> Group:
    folder = Seeded("tombstone")(16)
    valid: list[Case] = [
        {
            "name": action,
            "plaintext": encode([1, action, folder, NOON_MS, "UTC"]),
            "action": action,
            "folder": folder,
            "at": NOON_MS,
            "zone": "UTC",
        }
        for action in ("hide", "confirm", "cancel", "done")
    ]
    faults: dict[str, tuple[str, str, object]] = {
        "a newer version": ("W2", "NewerFormat", [2, "hide", folder, NOON_MS, "UTC"]),
        "a number for an action": ("W3", "WireError", [1, 1, folder, NOON_MS, "UTC"]),
        "a short folder id": ("W3", "WireError", [1, "hide", folder[:15], NOON_MS, "UTC"]),
        "a time of 65 bits": ("W3", "WireError", [1, "hide", folder, 2**63, "UTC"]),
        "an element too few": ("W3", "WireError", [1, "hide", folder, NOON_MS]),
    }
    return {
        "valid": valid,
        "faulty": [fault(name, rule, error, plaintext=encode(made)) for name, (rule, error, made) in faults.items()],
    }


def epoch() -> Group:
    rand = Seeded("epoch")
    scribe = Scribe(rand)
    first = scribe.new_key(scribe.folder(FolderType.CASE), 0)
    second = scribe.new_key(first.folder, 1)
    desks, sheet = sorted(rand(16) for _ in range(3)), rand(32)
    founding: list[object] = [1, first.folder, "case", 0, NOTHING, first.tag, desks, sheet]
    later: list[object] = [1, first.folder, "case", 1, first.tag, second.tag, desks[:1], sheet]

    def valid(name: str, said: Sequence[object], parent: EpochKey | None) -> Case:
        _, folder, kind, number, parent_tag, named, recipients, of = said
        return {
            "name": name,
            "body": statement_body(said, parent),
            "org": scribe.org,
            "parent_key": parent.key if parent else None,
            "folder": folder,
            "type": kind,
            "epoch": number,
            "parent_tag": parent_tag,
            "tag": named,
            "recipients": recipients,
            "sheet": of,
        }

    def but(said: Sequence[object], at: int, value: object) -> list[object]:
        return [*said[:at], value, *said[at + 1 :]]

    def faulty(name: str, rule: str, error: str, made: bytes, parent: EpochKey | None = None) -> Case:
        return fault(name, rule, error, body=made, org=scribe.org, parent_key=parent.key if parent else None)

    def stated(name: str, rule: str, error: str, at: int, value: object) -> Case:
        return faulty(name, rule, error, statement_body(but(founding, at, value), None))

    inner = encode(founding)
    return {
        "valid": [valid("the first", founding, None), valid("the next", later, first)],
        "faulty": [
            stated("a newer statement", "W2", "NewerFormat", 0, 2),
            stated("a short folder id", "W3", "WireError", 1, first.folder[:15]),
            stated("an unknown type", "W3", "WireError", 2, "cellar"),
            stated("a number below zero", "W3", "WireError", 3, -1),
            stated("a number of 33 bits", "W3", "WireError", 3, 2**32),
            stated("a short parent tag", "W3", "WireError", 4, bytes(31)),
            stated("a parent before the first", "B10", "WireError", 4, first.tag),
            stated("a short tag", "W3", "WireError", 5, first.tag[:31]),
            stated("recipients out of order", "B10", "WireError", 6, desks[::-1]),
            stated("a recipient twice", "B10", "WireError", 6, [desks[0], desks[0]]),
            stated("no recipient", "B10", "WireError", 6, []),
            stated("a short recipient", "W3", "WireError", 6, [desks[0][:15]]),
            stated("a short sheet hash", "W3", "WireError", 7, sheet[:31]),
            faulty("no parent", "B10", "WireError", statement_body(but(later, 4, NOTHING), None)),
            faulty("a mac at the first", "B10", "AuthorityError", encode([1, inner, rand(32)])),
            faulty("a wrong mac", "B10", "AuthorityError", flipped(statement_body(later, first), -1), first),
            faulty("a mac by another key", "B10", "AuthorityError", statement_body(later, second), first),
            faulty("an element too many", "W3", "WireError", statement_body([*founding, 1], None)),
            faulty("a newer body", "W2", "NewerFormat", encode([2, inner, NOTHING])),
            faulty("no mac", "W3", "WireError", encode([1, inner])),
        ],
    }


def roster() -> Group:
    scribe = Scribe(Seeded("roster"))
    first, second = scribe.author(), scribe.author(MemberId(Seeded("roster member")(16)))
    admission: list[object] = ["desk", first.desk, first.member, first.keys.signing.public, first.listed.sealing_key]
    member: list[object] = ["member", first.member, ["coordinator", "finance"]]
    every: list[object] = [
        member,
        admission,
        ["member", second.member, []],
        ["desk", second.desk, second.member, second.keys.signing.public, second.listed.sealing_key],
        ["sealing", first.desk, second.listed.sealing_key],
        ["succeed", first.desk, second.desk],
        ["remove desk", first.desk],
        ["remove member", second.member],
    ]

    def case(operations: Sequence[object], **changed: object) -> Case:
        return {"genesis": scribe.genesis, "body": scribe.by_root(scribe.amendment(operations, **changed))}

    def faulty(name: str, operations: Sequence[object], rule: str = "W3", error: str = "WireError") -> Case:
        return fault(name, rule, error, **case(operations))

    def mended(name: str, rule: str, error: str, made: bytes) -> Case:
        return fault(name, rule, error, genesis=scribe.genesis, body=made)

    amendment = scribe.amendment([member, admission])
    newer = encode([2, scribe.org, 0, NOTHING, []])
    short_key = b"k" * 31
    short_desk = digest("desk", short_key)[:16]
    return {
        "valid": [
            {"name": "the first", **case([member, admission]), "number": 0, "operations": [member, admission]},
            {"name": "every operation", **case(every), "number": 0, "operations": every},
        ],
        "faulty": [
            faulty("an unknown operation", [["promote", first.member]]),
            faulty("a short member id", [["member", first.member[:15], []]]),
            faulty("an element too few", [["member", first.member]]),
            faulty("an element too many", [[*member, 1]]),
            faulty("a short sealing key", [member, [*admission[:4], first.listed.sealing_key[:-1]]]),
            faulty("a short verification key", [member, ["desk", short_desk, first.member, short_key, admission[4]]]),
            faulty("a number for a role", [["member", first.member, [1]]]),
            mended("a newer body", "W2", "NewerFormat", encode([2, amendment, []])),
            mended("a newer amendment", "W2", "NewerFormat", scribe.by_root(newer)),
            mended("no signatures", "W3", "WireError", encode([1, amendment])),
            mended("text for an amendment", "W3", "WireError", encode([1, "amendment", []])),
        ],
    }


def sheet() -> Group:
    scribe = Scribe(Seeded("sheet"))
    readers = [scribe.author() for _ in range(3)]
    stranger = scribe.author()
    key = scribe.new_key(scribe.folder(FolderType.CASE), 2)
    salt = scribe.randomness(32)
    parent = scribe.new_key(key.folder, 1)

    def made(wrapping: EpochKey | None, under: EpochKey = key, count: int = 2) -> bytes:
        desks = [reader.listed for reader in readers[:count]]
        return make_epoch(under, FolderType.CASE, parent if under.epoch else None, desks, wrapping, salt).sheet

    def case(stored: bytes, reader: Author, wrapping: bytes, under: EpochKey = key) -> Case:
        return {
            "sheet": stored,
            "org": scribe.org,
            "folder": under.folder,
            "epoch": under.epoch,
            "tag": under.tag,
            "wrapping": wrapping,
            "desk": reader.desk,
            "seed": reader.sealing_seed,
        }

    def but(reader: Author = readers[0], **changed: object) -> Case:
        return {**case(sound, reader, scribe.key.key), **changed}

    sound, founding = made(scribe.key), made(None, scribe.key, 1)
    # A sheet whose wraps hold another key than the one that the tag commits to.
    lying = EpochKey(key.org, key.folder, key.epoch, Key(scribe.randomness(32)))
    wraps = [
        [reader.desk, seal_to(reader.listed.sealing_key, "wrap", key.context + key.tag + reader.desk, lying.key)]
        for reader in sorted(readers[:1], key=lambda reader: reader.desk)
    ]
    outer = derive(scribe.key.key, "sheet", key.context + key.tag, salt)
    false = salt + seal_once(outer, pad(encode([1, wraps]), 2048 - 48), b"")
    faults: dict[str, tuple[str, Case]] = {
        "altered": ("B12", but(sheet=flipped(sound, 1000))),
        "salt altered": ("B12", but(sheet=flipped(sound, 0))),
        "cut short": ("B12", but(sheet=sound[:-1])),
        "cut in the salt": ("B12", but(sheet=sound[:20])),
        "another wrapping key": ("B12", but(wrapping=scribe.randomness(32))),
        "another folder": ("B12", but(folder=scribe.randomness(16))),
        "another epoch": ("B12", but(epoch=3)),
        "no copy for this desk": ("B12", but(stranger)),
        "another desk's seed": ("E2", but(seed=readers[1].sealing_seed)),
        "a key that the tag denies": ("B13", but(sheet=false)),
    }
    valid = [
        {"name": "two readers, the first", **case(sound, readers[0], scribe.key.key), "key": key.key},
        {"name": "two readers, the second", **case(sound, readers[1], scribe.key.key), "key": key.key},
        {
            "name": "the organisation's first",
            **case(founding, readers[0], scribe.org, scribe.key),
            "key": scribe.key.key,
        },
    ]
    return {
        "valid": valid,
        "faulty": [fault(name, rule, "SealError", **case) for name, (rule, case) in faults.items()],
    }


def past() -> Group:
    """What a sheet brings of the epoch before (B32)."""
    scribe = Scribe(Seeded("past"))
    reader = scribe.author()
    parent = scribe.new_key(scribe.folder(FolderType.CASE), 1)
    key = scribe.new_key(parent.folder, 2)
    salt = scribe.randomness(32)
    sound = make_epoch(key, FolderType.CASE, parent, [reader.listed], scribe.key, salt).sheet
    outer = derive(scribe.key.key, "sheet", key.context + key.tag, salt)
    wrap = seal_to(reader.listed.sealing_key, "wrap", key.context + key.tag + reader.desk, key.key)

    def sealed(plaintext: object) -> bytes:
        return salt + seal_once(outer, pad(encode(plaintext), 2048 - 48), b"")

    def holding(held: bytes, secret: EpochKey = key) -> bytes:
        under = derive(secret.key, "past", secret.context + secret.tag, salt)
        return sealed([2, [[reader.desk, wrap]], seal_once(under, held, b"")])

    def case(stored: bytes) -> Case:
        return {
            "sheet": stored,
            "org": scribe.org,
            "folder": key.folder,
            "epoch": key.epoch,
            "tag": key.tag,
            "parent_tag": parent.tag,
            "wrapping": scribe.key.key,
            "key": key.key,
        }

    faults: dict[str, tuple[str, str, bytes]] = {
        "another key than the parent's": ("B32", "SealError", holding(scribe.randomness(32))),
        "a short key": ("B32", "SealError", holding(parent.key[:31])),
        "sealed under another key": ("B32", "SealError", holding(parent.key, parent)),
        "a past that is text": ("W3", "WireError", sealed([2, [[reader.desk, wrap]], "past"])),
        "no past": ("W3", "WireError", sealed([2, [[reader.desk, wrap]]])),
        "a newer sheet": ("W2", "NewerFormat", sealed([3, [[reader.desk, wrap]], b""])),
    }
    return {
        "valid": [
            {"name": "the epoch before", **case(sound), "past": parent.key},
            {"name": "of the first version", **case(sealed([1, [[reader.desk, wrap]]])), "past": None},
        ],
        "faulty": [fault(name, rule, error, **case(stored)) for name, (rule, error, stored) in faults.items()],
    }


def era() -> Group:
    scribe = Scribe(Seeded("era"), roots=3, threshold=2)
    order, stranger = scribe.randomness(32), Scribe(Seeded("another organisation"))
    sound = scribe.era(4, 1234, order, 2)

    def signed(stated: object, roots: Sequence[SigningKey] = tuple(scribe.roots)) -> bytes:
        stored = encode(stated)
        return encode([1, stored, sorted([root.public, root.sign("era", stored)] for root in roots)])

    said = [1, scribe.org, 4, 1234, order, "the relay is lost"]
    first = scribe.roots[0]
    stored = encode(said)
    one = [first.public, first.sign("era", stored)]
    false = [scribe.roots[1].public, first.sign("era", stored)]
    faults: dict[str, tuple[str, str, bytes]] = {
        "a newer era": ("W2", "NewerFormat", signed([2, *said[1:]])),
        "a newer body": ("W2", "NewerFormat", encode([2, stored, [one]])),
        "a number that is text": ("W3", "WireError", signed([*said[:2], "4", *said[3:]])),
        "a negative number": ("W3", "WireError", signed([*said[:2], -1, *said[3:]])),
        "a short order": ("W3", "WireError", signed([*said[:4], order[:31], said[5]])),
        "an element too many": ("W3", "WireError", signed([*said, 1])),
        "another organisation's": ("B30", "AuthorityError", signed([1, stranger.org, *said[2:]])),
        "one root of two": ("B30", "AuthorityError", signed(said, scribe.roots[:1])),
        "one root that signed twice": ("B30", "AuthorityError", encode([1, stored, [one, one]])),
        "another's signature in a root's name": ("B30", "AuthorityError", encode([1, stored, sorted([one, false])])),
        "who is not root": ("B30", "AuthorityError", signed(said, [*scribe.roots[:2], *stranger.roots])),
        "nobody": ("B30", "AuthorityError", signed(said, [])),
    }
    read = {"number": 4, "checkpoint": 1234, "order": order, "reason": "the relay is lost"}
    return {
        "valid": [{"name": "by two roots of three", "genesis": scribe.genesis, "body": sound, **read}],
        "faulty": [
            fault(name, rule, error, genesis=scribe.genesis, body=made) for name, (rule, error, made) in faults.items()
        ],
    }


def adopted() -> Group:
    """The save id by which everybody sees what an adoption took up (B34)."""
    rand = Seeded("adoption")
    headers = [rand(232), rand(232)]
    return {
        "valid": [
            {
                "name": f"entry {number}",
                "header": header,
                "save": digest("adopt", digest("header", header))[:16],
            }
            for number, header in enumerate(headers, 1)
        ],
        "faulty": [],
    }


class Story:
    """The log of the vectors: three roots of whom two sign, four desks, and what may happen to them."""

    def __init__(self) -> None:
        scribe = Scribe(Seeded("log"), roots=3, threshold=2)
        self.scribe = scribe
        self.faults: list[Case] = []
        self.outcomes: list[tuple[str, str]] = []
        self.ann, self.ben, self.cleo = scribe.author(), scribe.author(), scribe.author()
        self.dora = scribe.author(self.ben.member)
        self.stranger = scribe.author()
        self.authors = {"ann": self.ann, "ben": self.ben, "cleo": self.cleo, "dora": self.dora}

    def tell(self) -> None:
        """Writes the log, and the faults that would come after each of its parts."""
        scribe, ann, ben, cleo = self.scribe, self.ann, self.ben, self.cleo
        self._begin()
        keys = scribe.key
        case = scribe.new_key(scribe.folder(FolderType.CASE), 0)
        self.case = [case]
        self._write(ann, 2, scribe.epoch(case, FolderType.CASE, None, [ann, ben], keys))
        self._write(ann, 3, scribe.change(b"she was seen at the bridge", NOON_MS), case)
        self._write(ben, 3, scribe.change(b"two beds are free", NOON_MS), self.office)
        self._faults_of_chain()
        amendment = scribe.amendment([["member", cleo.member, ["documenter"]], cleo.admission])
        self._write(ann, 1, scribe.by_desk(amendment, ann))
        scribe.stands(amendment)
        self._faults_of_roster()
        before = len(scribe.entries)
        newer = scribe.new_key(keys.folder, 1)
        self._write(ann, 2, scribe.epoch(newer, ORGANISATION, keys, [ann, ben, cleo], keys))
        later = scribe.new_key(case.folder, 1)
        scribe.key, self.old = newer, keys
        self._write(ann, 2, scribe.epoch(later, FolderType.CASE, case, [ann, cleo], newer))
        self.case.append(later)
        self.rotated = len(scribe.entries)
        self._write(ben, 3, scribe.change(b"written before he knew"), case, seen=before)
        self._write(ben, 3, scribe.change(b"written though he knew"), case, outcome=("set aside", "B20"))
        self._faults_of_epochs()
        self._faults_of_authority()
        self._write(ann, 4, scribe.tombstone("hide", case.folder, NOON_MS))
        self._write(cleo, 3, scribe.change(b"written into a hidden folder"), later)
        self._faults_of_tombstones()
        self._write(cleo, 4, scribe.tombstone("confirm", case.folder, NOON_MS + DAY_MS))
        self._rekey()
        # Ben read the case once, so he has something to destroy.
        self._write(ben, 4, scribe.tombstone("done", case.folder, NOON_MS + 8 * DAY_MS))
        self._aside("done twice", "B22", ben, 4, scribe.tombstone("done", case.folder))
        self._aside("cancelled after it was done", "B22", ann, 4, scribe.tombstone("cancel", case.folder))
        self._succeed()

    def _begin(self) -> None:
        """Founding: two roots sign, Ben's desk is admitted at once."""
        scribe, ann, ben = self.scribe, self.ann, self.ben
        operations = [
            ["member", ann.member, ["coordinator"]],
            ann.admission,
            ["member", ben.member, ["caseworker"]],
            ben.admission,
        ]
        amendment = scribe.amendment(operations)
        one = scribe.by_root(amendment, 1)
        self._aside("the first amendment by one root of two", "B17", ann, 1, one)
        away = scribe.by_root(scribe.amendment(operations[2:]), 2)
        self._aside("a first amendment that leaves out its author", "B17", ann, 1, away)
        early = self._unlisted(scribe.key, ORGANISATION, None, None)
        self._aside("an epoch before the first amendment", "B20", ann, 2, early)
        self._write(ann, 1, scribe.by_root(amendment, 2))
        scribe.stands(amendment)
        false = self._unlisted(scribe.new_key(scribe.folder(FolderType.CASE), 0), ORGANISATION, None, None)
        self._aside("another folder called organisation", "B11", ann, 2, false)
        self._write(ann, 2, scribe.epoch(scribe.key, ORGANISATION, None, [ann, ben], None))
        self.office = scribe.new_key(scribe.folder(FolderType.OFFICE), 0)
        self._write(ann, 2, scribe.epoch(self.office, FolderType.OFFICE, None, [ann, ben], scribe.key))
        self.ledger = scribe.new_key(scribe.folder(FolderType.LEDGER), 0)
        self._write(ann, 2, scribe.epoch(self.ledger, FolderType.LEDGER, None, [ann], scribe.key))

    def _rekey(self) -> None:
        """Ben replaces his own sealing key, which nobody else has to sign (B33)."""
        scribe, ben = self.scribe, self.ben
        amendment = scribe.amendment([["sealing", ben.desk, scribe.author().listed.sealing_key]])
        self._write(ben, 1, scribe.by_desk(amendment, ben))
        scribe.stands(amendment)

    def _succeed(self) -> None:
        """Ben's desk is lost; a new one of his takes its place by root's signature, and writes."""
        scribe, ben, dora = self.scribe, self.ben, self.dora
        operations = [dora.admission, ["succeed", dora.desk, ben.desk]]
        amendment = scribe.amendment(operations)
        self._aside("a desk that succeeds by a coordinator", "B17", self.ann, 1, scribe.by_desk(amendment, self.ann))
        self._write(dora, 1, scribe.by_root(amendment, 2))
        scribe.stands(amendment)
        self._write(dora, 3, scribe.change(b"back at work"), self.office)
        self._write(dora, 3, b"no change at all", self.office, outcome=("undecodable", "W3"))
        self._aside("a change by a removed desk", "B20", ben, 3, scribe.change(b""), self.office)
        signers: dict[bytes, SigningKey] = {ben.desk: ben.keys.signing, self.ann.desk: self.ann.keys.signing}
        lapsed = scribe.signed(scribe.amendment([["member", ben.member, []]]), signers)
        self._aside("an amendment that a removed desk signed too", "B17", self.ann, 1, lapsed)
        self._amend("a removed desk admitted again", "B16", [ben.admission])
        self._amend("a removed desk that succeeds", "B16", [["succeed", ben.desk, dora.desk]])
        self._amend("a removed desk removed", "B16", [["remove desk", ben.desk]])
        self._amend("a sealing key for a removed desk", "B16", [["sealing", ben.desk, dora.listed.sealing_key]])

    def _faults_of_chain(self) -> None:
        scribe, ann, office = self.scribe, self.ann, self.office
        text = scribe.change(b"one fault")
        here = len(scribe.entries)
        patches: dict[str, tuple[str, str, Mapping[int, bytes]]] = {
            "another organisation": ("B2", "Damaged", {8: bytes(32)}),
            "a number left out": ("B29", "Damaged", {56: (ann.seq + 1).to_bytes(8, "big")}),
            "seen itself": ("B4", "Forked", {96: (here + 1).to_bytes(8, "big")}),
            "seen another history": ("B4", "Forked", {104: bytes(32)}),
            "another body hash": ("B2", "Damaged", {200: bytes(32)}),
            "an unknown kind": ("B5", "Damaged", {4: b"\6"}),
            "a newer entry": ("B5", "NewerFormat", {3: b"\2"}),
            "a reserved byte": ("B5", "Damaged", {6: b"\1"}),
            "another size than its body's": ("B2", "Damaged", {5: b"\1"}),
        }
        twice: dict[str, Mapping[int, bytes]] = {
            "a number again": {56: (ann.seq - 1).to_bytes(8, "big")},
            "another entry before": {64: bytes(32)},
        }
        for name, patch in twice.items():
            self._fault(name, "B29", "set aside", "", scribe.compose(ann, 3, text, office, patch=patch))
        self._fault("an entry again", "B29", "set aside", "", scribe.entries[-2])
        unbacked = scribe.compose(ann, 3, text, office, patch={64: bytes(32)}, signer=self.ben.keys.signing)
        self._fault("another entry before, and another's signature", "B3", "refused", "Damaged", unbacked)
        whole = scribe.compose(ann, 1, text, scribe.key)
        bare = Entry(whole.header, whole.signature, None)
        self._fault("an amendment without a body", "B21", "refused", "Damaged", bare)
        for name, (rule, error, patch) in patches.items():
            self._fault(name, rule, "refused", error, scribe.compose(ann, 3, text, office, patch=patch))
        behind = scribe.compose(ann, 3, text, office, seen=here - 3)
        self._fault("seen less than before", "B4", "refused", "Damaged", behind)
        sound = scribe.compose(ann, 3, text, office)
        assert sound.body is not None
        altered = Entry(sound.header, sound.signature, flipped(sound.body, 5))
        self._fault("a body altered", "B2", "refused", "Damaged", altered)
        forged = scribe.compose(ann, 3, text, office, signer=self.ben.keys.signing)
        self._fault("another's signature", "B3", "refused", "Damaged", forged)
        claimed = scribe.compose(ann, 3, text, office, patch={40: self.ben.desk})
        self._fault("another's name", "B3", "refused", "Damaged", claimed)
        unmarked = scribe.compose(ann, 3, text, office, padded=bytes(1008))
        self._fault("a change without its end mark", "B6", "undecodable", "", unmarked)
        self._aside("an era that says nothing", "W3", ann, 5, b"")
        here_now = (here, scribe.orders[-1])
        self._aside("an era by one root of two", "B30", ann, 5, scribe.era(0, *here_now, 1))
        self._aside("an era by another number", "B30", ann, 5, scribe.era(1, *here_now))
        self._aside("an era of an earlier checkpoint", "B30", ann, 5, scribe.era(0, here - 1, scribe.orders[-2]))
        self._aside("an era of another order", "B30", ann, 5, scribe.era(0, here, bytes(32)))
        late = scribe.compose(ann, 5, scribe.era(0, *here_now), scribe.key, seen=here - 1)
        self._fault("an era whose author has seen less", "B30", "set aside", "", late)

    def _faults_of_roster(self) -> None:
        scribe, ann, ben, cleo = self.scribe, self.ann, self.ben, self.cleo
        plain = [["member", ben.member, ["finance"]]]
        wrong: dict[str, Case] = {
            "another organisation's amendment": {"org": bytes(32)},
            "an amendment's number left out": {"number": scribe.number + 1},
            "an amendment again": {"number": scribe.number - 1},
            "another amendment before": {"previous": NOTHING},
        }
        for name, changed in wrong.items():
            self._aside(name, "B15", ann, 1, scribe.by_root(scribe.amendment(plain, **changed), 2))
        new = scribe.author(ben.member)
        nobody = scribe.author()
        self._amend("a desk under another id", "B16", [["desk", ben.desk[::-1], *encodable(new)[2:]]])
        self._amend("a desk admitted twice", "B16", [cleo.admission])
        self._amend("a desk of nobody", "B16", [nobody.admission])
        self._amend("a desk that succeeds itself", "B16", [["succeed", ann.desk, ann.desk]])
        self._amend("a desk that succeeds a stranger", "B16", [["succeed", ann.desk, nobody.desk]])
        self._amend("a sealing key for a stranger", "B16", [["sealing", nobody.desk, ann.listed.sealing_key]])
        self._amend("a stranger's desk removed", "B16", [["remove desk", nobody.desk]])
        self._amend("a stranger removed", "B16", [["remove member", nobody.member]])
        self._amend("an unknown operation", "W3", [["promote", ben.member]])
        sealing = ben.listed.sealing_key
        for name, operations in {
            "another's sealing key by a caseworker": [["sealing", cleo.desk, sealing]],
            "their own sealing key and more by a caseworker": [["sealing", ben.desk, sealing], plain[0]],
        }.items():
            self._aside(name, "B17", ann, 1, scribe.by_desk(scribe.amendment(operations), ben))
        amendment = scribe.amendment(plain)
        bodies = {
            "an amendment by a caseworker": scribe.by_desk(amendment, ben),
            "an amendment by one root of two": scribe.by_root(amendment, 1),
            "an amendment that nobody signed": scribe.signed(amendment, {}),
            "an amendment signed by a stranger": scribe.by_desk(amendment, nobody),
            "another's signature in a coordinator's name": scribe.signed(amendment, {ann.desk: ben.keys.signing}),
            "a root's signature of something else": scribe.signed(amendment, {
                scribe.roots[0].public: scribe.roots[0], scribe.roots[1].public: scribe.roots[2]}),
        }  # fmt: skip
        for name, body in bodies.items():
            self._aside(name, "B17", ann, 1, body)
        one = [scribe.roots[0].public, scribe.roots[0].sign("roster", amendment)]
        self._aside("one root that signed twice", "B17", ann, 1, encode([1, amendment, [one, one]]))
        sound = scribe.by_root(amendment, 2)
        self._aside("an amendment carried by a stranger", "B17", nobody, 1, sound)
        self._aside("an amendment in a case", "B7", ann, 1, sound, self.case[0])

    def _faults_of_epochs(self) -> None:
        scribe, ann, ben, cleo = self.scribe, self.ann, self.ben, self.cleo
        first, newest = self.case
        number, sheet = newest.epoch + 1, bytes(32)
        fresh = scribe.new_key(first.folder, number)
        readers = sorted([ann.desk, cleo.desk])

        def stated(name: str, rule: str, parent: EpochKey | None, author: Author = ann, **changed: object) -> None:
            said = {
                "folder": first.folder,
                "type": "case",
                "epoch": number,
                "parent": parent.tag if parent else NOTHING,
                "tag": fresh.tag,
                "recipients": readers,
                "sheet": sheet,
                **changed,
            }
            self._aside(name, rule, author, 2, statement_body([1, *said.values()], parent))

        stated("recipients out of order", "B10", newest, recipients=readers[::-1])
        stated("a recipient twice", "B10", newest, recipients=[ann.desk, ann.desk])
        stated("no recipient", "B10", newest, recipients=[])
        stated("a later epoch without a parent", "B10", None)
        stated("a first epoch with a parent", "B10", newest, epoch=0)
        stated("a parent that has a child already", "B11", first)
        stated("a parent of another folder", "B11", self.office)
        stated("an epoch's number left out", "B11", newest, epoch=number + 1)
        stated("another type", "B11", newest, type="place")
        stated("a second first epoch", "B11", None, epoch=0)
        stated("by someone who left", "B11", newest, ben)
        stated("a tag that is another's", "B11", newest, tag=self.office.tag)
        stated("a short recipient", "W3", newest, recipients=[ann.desk[:15]])
        stated("an unknown type", "W3", newest, type="cellar")
        stated("a second office", "B11", None, epoch=0, type="office", folder=scribe.randomness(16))
        sound = self._unlisted(fresh, FolderType.CASE, newest, scribe.key)
        self._aside("an epoch in a case", "B7", ann, 2, sound, newest)
        self._aside("an epoch under a key known to be old", "B20", ann, 2, sound, self.old)

    def _faults_of_authority(self) -> None:
        scribe, ann, ben, cleo = self.scribe, self.ann, self.ben, self.cleo
        text = scribe.change(b"one fault")
        self._aside("a change by a stranger", "B20", self.stranger, 3, text, self.office)
        self._aside("a change by who cannot read", "B20", cleo, 3, text, self.office)
        self._aside("a change by who left", "B20", ben, 3, text, self.case[1])
        just = scribe.compose(ann, 3, text, self.case[0], seen=self.rotated)
        self._fault("a change by who has just seen the next epoch", "B20", "set aside", "", just)
        unknown = scribe.new_key(scribe.folder(FolderType.CASE), 0)
        self._aside("a folder that does not exist", "B20", ann, 3, text, unknown)
        case = self.case[0].folder
        grave = scribe.tombstone("hide", case, NOON_MS)
        self._aside("a tombstone by a stranger", "B20", self.stranger, 4, grave)
        self._aside("a tombstone in a case", "B7", ann, 4, grave, self.case[1])
        self._aside("a tombstone by who cannot read", "B23", ben, 4, grave)
        self._aside("the office hidden", "B23", ann, 4, scribe.tombstone("hide", self.office.folder))
        self._aside("a stranger's folder hidden", "B23", ann, 4, scribe.tombstone("hide", unknown.folder))
        self._aside("a confirmation of nothing", "B22", ann, 4, scribe.tombstone("confirm", case))
        self._aside("a cancellation of nothing", "B22", ann, 4, scribe.tombstone("cancel", case))
        self._aside("an unknown action", "B22", ann, 4, scribe.tombstone("burn", case))
        cut = scribe.compose(ann, 3, text[:-1], self.office)
        self._fault("a change cut short", "W3", "undecodable", "", cut)
        newer = scribe.compose(ann, 3, encode([2]), self.office)
        self._fault("a newer change", "W2", "undecodable", "", newer)

    def _faults_of_tombstones(self) -> None:
        scribe, ann, case = self.scribe, self.ann, self.case[0].folder
        self._aside("done before it was confirmed", "B22", ann, 4, scribe.tombstone("done", case))
        self._aside("hidden again", "B22", self.cleo, 4, scribe.tombstone("hide", case))
        self._aside("confirmed by who hid", "B22", ann, 4, scribe.tombstone("confirm", case))

    def _unlisted(self, key: EpochKey, kind: FolderType, parent: EpochKey | None, wrapping: EpochKey | None) -> bytes:
        """An epoch body for Ann whose sheet stays out of the chunks, since the epoch never stands."""
        body = self.scribe.epoch(key, kind, parent, [self.ann], wrapping)
        self.scribe.chunks.pop()
        return body

    def _amend(self, name: str, rule: str, operations: Sequence[object]) -> None:
        self._aside(name, rule, self.ann, 1, self.scribe.by_root(self.scribe.amendment(operations), 2))

    def _aside(
        self, name: str, rule: str, author: Author, kind: int, plaintext: bytes, key: EpochKey | None = None
    ) -> None:
        entry = self.scribe.compose(author, kind, plaintext, key or self.scribe.key)
        self._fault(name, rule, "set aside", "", entry)

    def _fault(self, name: str, rule: str, outcome: str, error: str, entry: Entry) -> None:
        given = {"outcome": outcome, "after": len(self.scribe.entries), "entry": stored(entry)}
        self.faults.append(fault(name, rule, error, **given))

    def _write(
        self,
        author: Author,
        kind: int,
        plaintext: bytes,
        key: EpochKey | None = None,
        seen: int | None = None,
        outcome: tuple[str, str] = ("accepted", ""),
    ) -> None:
        self.scribe.write(author, kind, plaintext, key or self.scribe.key, seen)
        self.outcomes.append(outcome)


def encodable(author: Author) -> list[object]:
    """An admission as an operation's elements."""
    entry = author.listed
    return ["desk", entry.desk, entry.member, entry.verify_key, entry.sealing_key]


def stored(entry: Entry) -> Case:
    """An entry as the vectors hold it."""
    body = None if entry.body is None else b64encode(entry.body).decode()
    return {"header": entry.header, "signature": entry.signature, "body_base64": body}


def log() -> Group:
    story = Story()
    story.tell()
    scribe = story.scribe
    entries = []
    for entry, (outcome, rule), order_hash in zip(scribe.entries, story.outcomes, scribe.orders[1:], strict=True):
        kind = int(decode_header(entry.header).kind)
        entries.append({"kind": kind, "outcome": outcome, "rule": rule, "order": order_hash, **stored(entry)})
    valid: Case = {
        "name": "three roots, four desks",
        "genesis": scribe.genesis,
        "org": scribe.org,
        "organisation_keys": [story.old.key, scribe.key.key],
        "desks": [
            {
                "name": name,
                "desk": author.desk,
                "member": author.member,
                "signing_seed": author.signing_seed,
                "sealing_seed": author.sealing_seed,
            }
            for name, author in story.authors.items()
        ],
        "entries": entries,
        "chunks_base64": [b64encode(chunk).decode() for chunk in scribe.chunks],
        "hidden": [story.case[0].folder],
        "due_at": NOON_MS + 7 * DAY_MS,
    }
    return {"valid": [valid], "faulty": story.faults}


class Aftermath:
    """The log of an organisation whose relay was lost: an era, what the fork left behind, and a cloned desk."""

    def __init__(self) -> None:
        self.scribe = Scribe(Seeded("aftermath"))
        self.ann, self.ben, self.cleo = (self.scribe.author() for _ in range(3))
        self.outcomes: list[tuple[str, str]] = []
        self.faults: list[Case] = []

    def tell(self) -> None:
        scribe, ann, ben, cleo = self.scribe, self.ann, self.ben, self.cleo
        office = scribe.found(ann, [ben, cleo])[FolderType.OFFICE]
        self.outcomes += [("accepted", "")] * len(scribe.entries)
        for author in (ann, ben, cleo):
            self._write(author, b"before the fork", office)
        checkpoint, before = len(scribe.entries), (ann.seq, ann.prev)
        left = self._fork(office)
        after = (ann.seq, ann.prev)
        ann.seq, ann.prev = before
        era = scribe.compose(ann, 5, scribe.era(0, checkpoint, scribe.orders[-1]), scribe.key)
        self._put(era)
        ann.seq, ann.prev = after
        self._fault("an era again", "B30", "set aside", "", era)
        for entry in left:
            self._put(entry)
        self._fault("what was left behind, again", "B29", "set aside", "", left[1])
        self._write(ben, b"after the era", office)
        text = scribe.change(b"one fault")
        elsewhere = scribe.compose(ben, 3, text, office, patch={104: bytes(32)})
        self._fault("another history by who has seen the era", "B4", "refused", "Forked", elsewhere)
        clone = Author(cleo.member, cleo.signing_seed, cleo.sealing_seed, cleo.seq, cleo.prev)
        self._write(cleo, b"by cleo herself", office)
        twin = scribe.compose(clone, 3, scribe.change(b"by her clone"), office)
        self._put(twin, ("set aside", "B29"))
        clone.seq, clone.prev = clone.seq + 1, header_hash(twin.header)
        self._put(scribe.compose(clone, 3, scribe.change(b"by her clone"), office), ("set aside", "B29"))
        self._write(cleo, b"by cleo, too late", office, ("set aside", "B29"))
        further = scribe.compose(clone, 3, text, office, patch={56: (clone.seq + 5).to_bytes(8, "big")})
        self._fault("a number left out by a suspended desk", "B29", "set aside", "", further)

    def _fork(self, office: EpochKey) -> list[Entry]:
        """What Ann and Ben write to a relay that is lost: the second and third have seen what nobody will see again."""
        scribe, start = self.scribe, len(self.scribe.entries)
        for author in (self.ann, self.ben, self.ben):
            scribe.write(author, 3, scribe.change(b"left behind"), office)
        left = scribe.entries[start:]
        del scribe.entries[start:], scribe.orders[start + 1 :]
        return left

    def _write(
        self, author: Author, payload: bytes, key: EpochKey, outcome: tuple[str, str] = ("accepted", "")
    ) -> None:
        self.scribe.write(author, 3, self.scribe.change(payload), key)
        self.outcomes.append(outcome)

    def _put(self, entry: Entry, outcome: tuple[str, str] = ("accepted", "")) -> None:
        """Appends an entry whatever its author's chain says."""
        scribe = self.scribe
        scribe.entries.append(entry)
        scribe.orders.append(next_order(scribe.orders[-1], header_hash(entry.header), entry.header[200:]))
        self.outcomes.append(outcome)

    def _fault(self, name: str, rule: str, outcome: str, error: str, entry: Entry) -> None:
        given = {"outcome": outcome, "after": len(self.scribe.entries), "entry": stored(entry)}
        self.faults.append(fault(name, rule, error, **given))


def aftermath() -> Group:
    story = Aftermath()
    story.tell()
    scribe = story.scribe
    entries = [
        {"kind": entry.header[4], "outcome": outcome, "rule": rule, "order": order_hash, **stored(entry)}
        for entry, (outcome, rule), order_hash in zip(scribe.entries, story.outcomes, scribe.orders[1:], strict=True)
    ]
    valid: Case = {
        "name": "an era and a clone",
        "genesis": scribe.genesis,
        "org": scribe.org,
        "organisation_keys": [scribe.key.key],
        "signing_seed": story.ann.signing_seed,
        "sealing_seed": story.ann.sealing_seed,
        "desk": story.ann.desk,
        "suspended": [story.cleo.desk],
        "entries": entries,
        "chunks_base64": [b64encode(chunk).decode() for chunk in scribe.chunks],
    }
    return {"valid": [valid], "faulty": story.faults}


# ── files.json ──


def file() -> Group:
    rand = Seeded("file")
    segment, piece = 64 * KIB, 256 * KIB
    sizes = {"nothing": 0, "a line": 28, "two segments": segment + 1, "two pieces": piece + 1}
    valid: list[Case] = []
    whole: dict[str, list[bytes]] = {}
    for name, size in sizes.items():
        key, content = Key(rand(32)), rand(size)
        made = seal_file(key, content)
        whole[name] = list(made.pieces)
        valid.append(
            {
                "name": name,
                "key": key,
                "key_text": to_age_secret(key),
                "size": size,
                "content_hash": sha256(content).digest(),
                "hashes": list(made.hashes),
                "pieces_base64": [b64encode(part).decode() for part in made.pieces],
            }
        )

    def cut(name: str, of: str, slices: Sequence[tuple[int, int, int]], rule: str = "F5") -> Case:
        """Pieces made of slices (piece, from, to) of a valid file's, with the hashes that fit them."""
        pieces = [whole[of][index][start:stop] for index, start, stop in slices]
        hashes = [chunk_hash(part) for part in pieces]
        return fault(name, rule, "SealError", of=of, pieces=[list(part) for part in slices], hashes=hashes)

    two, last = (len(part) for part in whole["two pieces"])
    edge = len(whole["two segments"][0]) - 17
    sound = [[0, 0, two], [1, 0, last]]
    hashes = [chunk_hash(part) for part in whole["two pieces"]]
    stranger = to_age_secret(rand(32))
    return {
        "valid": valid,
        "faulty": [
            cut("the last segment missing", "two segments", [(0, 0, edge)]),
            cut("the last segment cut", "two segments", [(0, 0, edge + 16)]),
            cut("the last byte missing", "a line", [(0, 0, len(whole["a line"][0]) - 1)]),
            cut("the header alone", "a line", [(0, 0, len(whole["a line"][0]) - 28 - 16 - 16)]),
            cut("no piece", "a line", []),
            cut("pieces swapped, and hashes too", "two pieces", [(1, 0, last), (0, 0, two)], "F3"),
            cut("the last piece missing, and its hash", "two pieces", [(0, 0, two)]),
            cut("the first piece twice", "two pieces", [(0, 0, two), (0, 0, two)]),
            fault("pieces swapped", "F5", "SealError", of="two pieces", pieces=sound[::-1], hashes=hashes),
            fault("a piece missing", "F5", "SealError", of="two pieces", pieces=sound[:1], hashes=hashes),
            fault("another key", "F2", "SealError", of="a line", key_text=stranger),
        ],
    }


# ── backup.json ──


def inside() -> Group:
    rand = Seeded("inside a backup")
    org, desk, order = rand(32), rand(16), rand(32)
    database_key, keyring_key, book = rand(32), rand(32), rand(200)
    made, expires = NOON_MS, NOON_MS + 90 * DAY_MS
    fields: dict[str, object] = {
        "version": 1,
        "org": org,
        "desk": desk,
        "made_ms": made,
        "expires_ms": expires,
        "position": 77,
        "order": order,
        "database_key": database_key,
        "keyring_key": keyring_key,
        "size": len(book),
        "digest": sha256(book).digest(),
    }

    def manifest(**other: object) -> bytes:
        return encode(list({**fields, **other}.values()))

    def joined(described: bytes, content: bytes = book, length: int | None = None) -> bytes:
        return COPY_LEAD + u32(len(described) if length is None else length) + described + content

    def bad(name: str, rule: str, error: str, plaintext: bytes, now_ms: int = made) -> Case:
        return fault(name, rule, error, plaintext=plaintext, now_ms=now_ms, accepted=False)

    def good(name: str, now_ms: int, accepted: bool = False, **other: object) -> Case:
        return {
            "name": name,
            "plaintext": joined(manifest(**other)),
            "now_ms": now_ms,
            "accepted": accepted,
            "manifest": {**fields, **other},
            "book": book,
        }

    sound = manifest()
    fixed = {"org": org, "desk": desk, "order": order, "database_key": database_key, "keyring_key": keyring_key}
    return {
        "valid": [
            good("on the day it was made", made),
            good("in its last millisecond", expires - 1),
            good("expired, which the person accepts", expires + 1, accepted=True),
            good("for one day", made + DAY_MS - 1, expires_ms=made + DAY_MS),
        ],
        "faulty": [
            bad("nothing", "K2", "BackupError", b""),
            bad("another lead", "K2", "BackupError", laid_over(joined(sound), 0, b"waystation vault")),
            bad("a lead in capitals", "K2", "BackupError", laid_over(joined(sound), 0, b"W")),
            bad("the lead cut", "K2", "BackupError", COPY_LEAD[:-1]),
            bad("the lead alone", "K2", "BackupError", COPY_LEAD),
            bad("the length cut", "K2", "BackupError", joined(sound)[: len(COPY_LEAD) + 3]),
            bad("the manifest cut", "K2", "BackupError", joined(sound, b"")[:-1]),
            bad("a length above all that follows", "K2", "BackupError", joined(sound, length=len(sound + book) + 1)),
            bad("an impossible length", "K2", "BackupError", joined(sound, length=2**32 - 1)),
            bad("no length", "W2", "WireError", joined(sound, length=0)),
            bad("a length one too small", "W3", "WireError", joined(sound, length=len(sound) - 1)),
            bad("a length one too large", "W3", "WireError", joined(sound, length=len(sound) + 1)),
            bad("version 0", "W2", "WireError", joined(manifest(version=0))),
            bad("version 2", "W2", "NewerFormat", joined(manifest(version=2))),
            bad("version 2 of another shape", "W2", "NewerFormat", joined(encode([2, "other"]))),
            bad("an element too many", "W3", "WireError", joined(manifest(more=None))),
            bad("an element too few", "W3", "WireError", joined(encode(list(fields.values())[:-1]))),
            *(bad(f"{of} cut", "W3", "WireError", joined(manifest(**{of: whole[:-1]}))) for of, whole in fixed.items()),
            bad("org too long", "W3", "WireError", joined(manifest(org=org + b"\0"))),
            bad("digest cut", "W3", "WireError", joined(manifest(digest=sha256(book).digest()[:-1]))),
            bad("desk as text", "W3", "WireError", joined(manifest(desk="d" * 16))),
            bad("a made that is no time", "W3", "WireError", joined(manifest(made_ms=2**63))),
            bad("an expires that is no time", "W3", "WireError", joined(manifest(expires_ms=2**63))),
            bad("a position below zero", "W3", "WireError", joined(manifest(position=-1))),
            bad("a size below zero", "W3", "WireError", joined(manifest(size=-1))),
            bad("a size that is a float", "W3", "WireError", joined(manifest(size=float(len(book))))),
            bad("a size one too small", "K5", "BackupError", joined(manifest(size=len(book) - 1))),
            bad("a size one too large", "K5", "BackupError", joined(manifest(size=len(book) + 1))),
            bad("another digest", "K5", "BackupError", joined(manifest(digest=sha256(sound).digest()))),
            bad("a bit of the book turned", "K5", "BackupError", joined(sound, flipped(book, 100))),
            bad("the book cut", "K5", "BackupError", joined(sound, book[:-1])),
            bad("a byte after the book", "K5", "BackupError", joined(sound, book + b"\0")),
            bad("no book", "K5", "BackupError", joined(sound, b"")),
            bad("expired", "K5", "BackupError", joined(sound), expires + 1),
        ],
    }


def backup_file() -> Group:
    rand = Seeded("a backup's file")
    recovery, once_only, stranger = rand(32), rand(32), rand(32)
    plain = inside()["valid"][0]
    plaintext = plain["plaintext"]
    assert isinstance(plaintext, bytes)
    readers = [recovery_opener(secret).to_public() for secret in (recovery, once_only)]
    file = pyrage.encrypt(plaintext, readers)
    words, identity = " ".join(to_words(recovery)), to_age_secret(once_only)

    def bad(name: str, content: bytes, said: str = words) -> Case:
        return fault(name, "K1", "BackupError", words=said, file_base64=b64encode(content).decode())

    return {
        "valid": [
            {
                "name": "to the recovery key and a one-time identity",
                "words": words,
                "key_text": identity,
                "file_base64": b64encode(file).decode(),
                **{key: of for key, of in plain.items() if key not in {"name", "plaintext"}},
            }
        ],
        "faulty": [
            bad("another recovery key", file, " ".join(to_words(stranger))),
            bad("the last byte missing", file[:-1]),
            bad("a bit turned", flipped(file, -100)),
            bad("a bit of the header turned", flipped(file, file.index(b"\n---") + 6)),
            bad("no age file", plaintext),
        ],
    }


FORMATS: Final[Mapping[str, Mapping[str, Callable[[], Group]]]] = {
    "envelope": {
        "derive": derivation,
        "once": once,
        "padding": padding,
        "sealed": sealed,
        "signature": signature,
        "paper": paper,
    },
    "vault": {"vault": vault},
    "book": {
        "genesis": genesis,
        "header": header,
        "order": order,
        "body": body,
        "change": change,
        "tombstone": tombstone,
        "epoch": epoch,
        "sheet": sheet,
        "past": past,
        "roster": roster,
        "era": era,
        "adoption": adopted,
        "log": log,
        "aftermath": aftermath,
    },
    "files": {"file": file},
    "backup": {"inside": inside, "file": backup_file},
    "joining": joining_vectors.GROUPS,
    "handover": handover_vectors.GROUPS,
}


def written(value: object) -> object:
    """A value as JSON holds it: bytes in hexadecimal."""
    match value:
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): written(inner) for key, inner in value.items()}
        case list() | tuple():
            return [written(inner) for inner in value]
        case _:
            return value


def make(name: str, renew: bool) -> dict[str, object]:
    """One file of vectors.

    Args:
        name: envelope, vault, book, files, backup, joining or handover.
        renew: whether to make anew what is otherwise kept.
    """
    path = VECTORS / f"{name}.json"
    kept = json.loads(path.read_text("utf-8")) if path.exists() and not renew else {}
    groups: dict[str, object] = {"about": ABOUT}
    for group, build in FORMATS[name].items():
        keeps = group in MADE_ONCE[name] and group in kept
        groups[group] = kept[group] if keeps else written(build())
    return groups


def main() -> None:
    """Writes all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renew", action="store_true", help="make anew what has randomness of its own")
    renew = parser.parse_args().renew
    VECTORS.mkdir(exist_ok=True)
    for name in FORMATS:
        text = json.dumps(make(name, renew), indent=1, ensure_ascii=False) + "\n"
        (VECTORS / f"{name}.json").write_text(text, "utf-8")
        sys.stdout.write(f"{name}.json: {len(text) // KIB} KiB\n")


if __name__ == "__main__":
    main()
