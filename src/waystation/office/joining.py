"""Joining an organisation, at the newcomer's desk: ask, show words to compare, take the log up to the checkpoint.

Guarantees: the keys are made here and stay here; a history without the admission's checkpoint is refused, and nothing
of it stays; after any interruption it goes on where it was. Implements spec/joining.md J3–J8.
"""

from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from waystation.book import Book, Progress, Store
from waystation.derive import KEY_BYTES, Key, derive
from waystation.errors import (
    BookError,
    InUse,
    JoinError,
    OrderError,
    RelayRefused,
    StoreError,
    TooFar,
    WaystationError,
)
from waystation.office.desk import Desk, Home, System
from waystation.office.fingerprints import words_of
from waystation.office.founding import desk_keys, fingerprint, new_secrets
from waystation.office.invitation import (
    SALT_BYTES,
    Admitted,
    Invitation,
    check_admission,
    comparing_words,
    make_request,
    open_admission,
    read_invitation,
)
from waystation.seal import seal_once
from waystation.sign import SigningKey, SigningSeed
from waystation.sync.credential import Credential
from waystation.sync.relay import Relay
from waystation.unseal import SealingSeed, open_once
from waystation.vault import Kdf, Vault, check_passphrase, flush_folder, new_kdf, replace_file, wipe
from waystation.wire import Decoder, encode

_STRETCH: Final = 2048
_FILE: Final = "joining"


class _State(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the file `joining` holds (J8): the invitation's bytes, the request, the admission if it came, the proxy."""

    version: int
    invitation: bytes
    request: bytes
    admission: bytes
    proxy: str


_decode_state: Final = Decoder(_State)
_decode_invitation: Final = Decoder(Invitation)


def waits(home: Home) -> bool:
    """Whether the desk in that folder waits to be admitted."""
    return _file(home).exists()


class Joining:
    """A desk that waits to be admitted. One thread at a time."""

    def __init__(self, home: Home, vault: Vault, state: _State, system: System) -> None:
        self.home = home
        self._vault = vault
        self._state = state
        self._system = system
        self.invitation: Final = _decode_invitation(state.invitation)
        self._signing: Final = SigningKey(vault.secrets.signing_seed)
        self._sealing: Final = desk_keys(vault.secrets).sealing
        self._line: Relay | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """Six words that the coordinator's screen shows too, if nobody came in between (J4)."""
        return comparing_words(self.invitation.org, self._signing.public, self._sealing[-1].public)

    @property
    def organisation(self) -> tuple[str, tuple[str, ...]]:
        """What the inviting organisation is known by: as text, and as twelve words."""
        return fingerprint(self.invitation.org), words_of(self.invitation.org)

    @property
    def is_admitted(self) -> bool:
        """Whether the admission has come, so that only the log has still to be taken."""
        return bool(self._state.admission)

    def poll(self, progress: Progress = lambda done, of: None) -> Desk | None:
        """Asks, or asks again; once admitted, takes the log up to the checkpoint (J6).

        Args:
            progress: entries taken, of those up to the checkpoint.
        Returns: the unlocked desk; None as long as nobody has admitted it.
        Raises: RelayError, to be tried again; JoinError, which says what to do.
        """
        if not self._state.admission:
            relay = self._relay(Credential.from_seed(self.invitation.credential_seed))
            try:
                answer = self._ask(relay)
            finally:
                relay.close()
            if answer is None:
                return None
            open_admission(self.invitation, self._vault.secrets.desk, self._sealing, answer)
            self._remember(structs.replace(self._state, admission=answer))
        admitted = open_admission(self.invitation, self._vault.secrets.desk, self._sealing, self._state.admission)
        relay = self._relay(Credential.of_desk(self._vault.secrets.signing_seed, self.invitation.org))
        try:
            return self._take(relay, admitted, progress)
        except (BookError, JoinError, OrderError, TooFar):
            self._forget()
            raise
        finally:
            relay.close()

    def stop(self) -> None:
        """Ends a `poll` that another thread is in, at once where it waits for the relay."""
        if self._line is not None:
            self._line.close()

    def give_up(self) -> None:
        """Destroys this desk's keys, and what was made of it; the invitation stays unused or waits in vain."""
        wipe(self.home.vault, self._system.randomness)
        _remove_book(self.home)
        _file(self.home).unlink(missing_ok=True)

    def _ask(self, relay: Relay) -> bytes | None:
        try:
            # The same bytes again are no second request (L21).
            relay.put_parcel(self.invitation.parcel, "request", self._state.request)
            return relay.parcel(self.invitation.parcel, "answer")
        except RelayRefused as refused:
            if refused.why == "forbidden":
                raise JoinError(
                    "Somebody else has used this invitation already. Tell the coordinator at once, by a channel that "
                    "only the two of you use."
                ) from None
            if refused.why == "unsigned":
                raise JoinError(
                    "The relay does not know this invitation: it is too new, has expired, or was taken back. Try again "
                    "in a few minutes, or ask the coordinator."
                ) from None
            raise

    def _take(self, relay: Relay, admitted: Admitted, progress: Progress) -> Desk:
        admission = admitted.admission
        store, book = self._book(admitted)
        try:
            while book.position < admission.position:
                room = min(_STRETCH, admission.position - book.position)
                stretch = relay.entries(book.position, room)
                if not stretch.entries or stretch.order_after != book.order:
                    raise JoinError(
                        "The relay does not hold the history in which this desk was admitted. Tell the coordinator."
                    )
                with book.transaction():
                    # Up to the checkpoint the admission's keys open all that this desk can read: no sheet is needed.
                    book.receive(stretch.entries[:room], {})
                progress(book.position, admission.position)
            check_admission(admitted, book.order_at(admission.position), book.roster)
            desk = Desk(self.home, self._vault, book, self._system)
            if store.meta("tables") is None:
                with book.transaction():
                    desk.tables.create()
                    store.set_meta("tables", desk.tables.shape)
                    store.set_meta("relay", admission.relay)
                    store.set_meta("relay_proxy", self._state.proxy)
                    book.connect()
            _file(self.home).unlink()
            flush_folder(self.home.folder)
            desk.turn()
        except BaseException:
            store.close()
            raise
        return desk

    def _book(self, admitted: Admitted) -> tuple[Store, Book]:
        """The book as far as it was taken, or an empty one."""
        secrets, keys = self._vault.secrets, desk_keys(self._vault.secrets)
        if self.home.book.exists():
            try:
                store = Store.open(self.home.book, secrets.database_key, self._system.vfs)
                return store, Book.open(store, keys, secrets.keyring_keys, self._system.randomness)
            except InUse:
                raise
            except WaystationError:
                # The program ended while it was being made; there is nothing in it that the relay does not hold.
                _remove_book(self.home)
        store = Store.create(self.home.book, secrets.database_key, self._system.vfs)
        admission = admitted.admission
        book = Book.join(
            store,
            admission.genesis,
            admission.organisation_keys(),
            keys,
            secrets.keyring_keys[0],
            self._system.randomness,
        )
        return store, book

    def _relay(self, credential: Credential) -> Relay:
        if self._system.relay is None:
            raise JoinError("This Waystation has no way to a relay. Start it as it was installed.")
        self._line = self._system.relay(self.invitation.relay, self.invitation.org, credential, self._state.proxy)
        return self._line

    def _remember(self, state: _State) -> None:
        self._state = state
        _write(self.home, self._vault, state, self._system)

    def _forget(self) -> None:
        _remove_book(self.home)
        self._remember(structs.replace(self._state, admission=b""))


def begin(
    home: Home, invitation: str, passphrase: str, system: System, kdf: Kdf | None = None, proxy: str = ""
) -> Joining:
    """Makes a new desk that asks to be admitted.

    Args:
        invitation: its text, as it was sent. passphrase: the new desk's.
        proxy: through which the relay is reached, as socks5h://127.0.0.1:9050; empty for none.
        kdf: as in `founding.found`.
    Raises: BadInput, JoinError, WeakPassphrase, StoreError; nothing is left behind then.
    """
    read = read_invitation(invitation)
    if read.expires_s * 1000 <= system.clock.now_ms():
        raise JoinError("This invitation has expired. Ask the coordinator for a new one.")
    check_passphrase(passphrase)
    if home.exists or home.book.exists():
        raise StoreError("A desk exists in that folder already. Nothing was changed.")
    home.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    random = system.randomness
    secrets = new_secrets(read.org, SigningSeed(random(KEY_BYTES)), SealingSeed(random(KEY_BYTES)), system)
    credential = Credential.of_desk(secrets.signing_seed, read.org).public
    keys = desk_keys(secrets)
    request = make_request(read, keys.signing, keys.sealing[-1].public, credential, random(SALT_BYTES))
    vault = Vault.create(home.vault, passphrase, secrets, kdf or new_kdf(random), random)
    state = _State(1, encode(read), request, b"", proxy)
    try:
        _write(home, vault, state, system)
    except BaseException:
        home.vault.unlink(missing_ok=True)
        raise
    return Joining(home, vault, state, system)


def resume(home: Home, passphrase: str, system: System) -> Joining:
    """Takes up a desk that waits. Raises: WrongPassphrase, JoinError, StoreError and what else a vault may be."""
    vault = Vault.open(home.vault, passphrase)
    try:
        raw = _file(home).read_bytes()
        state = _decode_state(open_once(_key(vault, raw[:SALT_BYTES]), raw[SALT_BYTES:], b""))
    except (OSError, WaystationError):
        raise JoinError(
            "What this desk noted of its invitation is damaged. Wipe it, and ask for a new invitation."
        ) from None
    return Joining(home, vault, state, system)


def _write(home: Home, vault: Vault, state: _State, system: System) -> None:
    salt = system.randomness(SALT_BYTES)
    replace_file(_file(home), salt + seal_once(_key(vault, salt), encode(state), b""))


def _key(vault: Vault, salt: bytes) -> Key:
    return derive(vault.derive("joining"), "joining-file", b"", salt)


def _file(home: Home) -> Path:
    return home.folder / _FILE


def _remove_book(home: Home) -> None:
    for name in ("book.db", "book.db-wal", "book.db-shm"):
        home.book.with_name(name).unlink(missing_ok=True)
