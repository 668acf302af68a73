"""Who asks: the signature, the moment, the nonce, the right, the rate. Implements spec/relay.md L4–L7 and L22.

Guarantees: nothing of a body is read before the request's signature was checked, but for a registration; whoever is
unknown, revoked, expired, late or repeated is answered alike; a credential that was deleted counts no more.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from waystation import httpsig
from waystation.errors import SignatureError
from waystation.ids import OrgId
from waystation.relay.messages import credential_id, read_genesis
from waystation.relay.port import Asked, Code, Credential, Keys, Refusal, Right
from waystation.relay.rates import Rates
from waystation.verify import VerifyKey

_ORG: Final = re.compile(r"[0-9a-f]{64}")
_CACHED_MAX: Final = 20_000
"""Organisations whose credentials are kept in memory."""

_SHARE: Final = 2
"""One credential may take half of what its organisation may; so one desk never keeps the others out."""

_STRANGERS_PER_MINUTE: Final = 60
"""Registrations, of all who try."""


class Line(msgspec.Struct, frozen=True):
    """A request before its body: what was asked, and the header fields that count, each at most once."""

    method: str
    authority: str
    path: str
    query: str
    digest: str | None
    signature_input: str
    signature: str


class Caller(msgspec.Struct):
    """Whose request it is.

    Args:
        org: the organisation. keys: its keys, by which this was judged.
        credential: None for root.
        spent: the nonces of the request, each with its key and the second until which it counts.
    """

    org: OrgId
    keys: Keys
    credential: Credential | None
    spent: tuple[tuple[bytes, bytes, int], ...]

    @property
    def manages(self) -> bool:
        return self.credential is None or self.credential.right is Right.MANAGE

    def asked(self, *, once: bool = False) -> Asked:
        """For a job.

        Args:
            once: the request would do harm if it were repeated.
        """
        return Asked(self.org, self.keys.version, self.spent if once else ())


class Cache:
    """Credentials of organisations, read once until they change."""

    def __init__(self, read: Callable[[OrgId], Awaitable[Keys | None]]) -> None:
        self._read = read
        self._kept: dict[OrgId, Keys] = {}
        self._changes = 0

    async def of(self, org: OrgId) -> Keys:
        """Raises: Refusal, if there is no such organisation."""
        kept = self._kept.get(org)
        if kept is not None:
            return kept
        changes = self._changes
        found = await self._read(org)
        if found is None:
            raise Refusal(Code.UNSIGNED)
        # What was read before a change that was heard of meanwhile may be old.
        if changes == self._changes:
            if len(self._kept) >= _CACHED_MAX:
                self._kept.pop(next(iter(self._kept)))
            self._kept[org] = found
        return found

    def forget(self, org: OrgId | None = None) -> None:
        """One organisation's, or all."""
        self._changes += 1
        if org is None:
            self._kept.clear()
        else:
            self._kept.pop(org, None)


class Nonces:
    """Those of this process, for as long as their signatures are good."""

    def __init__(self) -> None:
        self._seen: dict[int, set[bytes]] = {}
        self._swept_s = 0

    def take(self, parameters: httpsig.Parameters, now_s: int) -> None:
        """Raises: Refusal, if the nonce was taken before."""
        if now_s != self._swept_s:
            self._swept_s = now_s
            for created in [created for created in self._seen if created < now_s - httpsig.WINDOW_S]:
                del self._seen[created]
        seen = self._seen.setdefault(parameters.created, set())
        name = parameters.keyid + parameters.nonce
        if name in seen:
            raise Refusal(Code.UNSIGNED)
        seen.add(name)


class Gate:
    """Lets requests in.

    Args:
        cache: credentials.
        names: authorities to which this relay answers.
        now_s: seconds since 1970. monotonic_ms: a clock that never goes back.
    """

    def __init__(
        self, cache: Cache, names: frozenset[str], now_s: Callable[[], int], monotonic_ms: Callable[[], int]
    ) -> None:
        self._cache = cache
        self._names = names
        self._now_s = now_s
        self._nonces = Nonces()
        self._rates = Rates(monotonic_ms)

    async def admit(self, line: Line, org: str, *, root: bool) -> Caller:
        """Judges a request by its signatures.

        Args:
            org: as the path has it.
            root: whether keys of the genesis may sign instead (L7).
        Raises: Refusal.
        """
        if line.authority not in self._names or not _ORG.fullmatch(org):
            raise Refusal(Code.BAD_REQUEST)
        signed = self._signed(line)
        named = OrgId(bytes.fromhex(org))
        keys = await self._cache.of(named)
        if signed[0].label == httpsig.LABEL and len(signed) == 1:
            credential = keys.credentials.get(signed[0].parameters.keyid)
            if credential is None or self._is_over(credential):
                raise Refusal(Code.UNSIGNED)
            self._check(line, credential.public, signed[0])
        elif root:
            credential = None
            self._check_root(line, keys.genesis, signed)
        else:
            raise Refusal(Code.UNSIGNED)
        self._count(named, keys, credential)
        spent = tuple(
            (one.parameters.keyid, one.parameters.nonce, one.parameters.created + httpsig.WINDOW_S) for one in signed
        )
        return Caller(named, keys, credential, spent)

    def admit_stranger(self) -> None:
        """Counts a registration, before anything of it is read. Raises: Refusal."""
        self._take(b"", _STRANGERS_PER_MINUTE)

    def check_stranger(self, line: Line, public: VerifyKey) -> None:
        """Checks that a registration was signed by the credential that it brings (L8). Raises: Refusal."""
        if line.authority not in self._names:
            raise Refusal(Code.BAD_REQUEST)
        signed = self._signed(line)
        if len(signed) != 1 or signed[0].label != httpsig.LABEL or signed[0].parameters.keyid != credential_id(public):
            raise Refusal(Code.UNSIGNED)
        self._check(line, public, signed[0])

    async def again(self, caller: Caller) -> None:
        """Judges a caller by the keys that the organisation has now. Raises: Refusal, if theirs is gone."""
        caller.keys = await self._cache.of(caller.org)
        if caller.credential is not None:
            now = caller.keys.credentials.get(caller.credential.id)
            if now is None or now != caller.credential or self._is_over(now):
                raise Refusal(Code.UNSIGNED)

    def _signed(self, line: Line) -> list[httpsig.Signed]:
        try:
            signed = httpsig.parse_signatures(line.signature_input, line.signature, with_body=line.digest is not None)
        except SignatureError:
            raise Refusal(Code.UNSIGNED) from None
        if any(abs(one.parameters.created - self._now_s()) > httpsig.WINDOW_S for one in signed):
            raise Refusal(Code.UNSIGNED)
        return signed

    def _check(self, line: Line, public: VerifyKey, signed: httpsig.Signed) -> None:
        base = httpsig.signature_base(
            line.method, line.authority, line.path, line.query, line.digest, signed.parameters
        )
        try:
            httpsig.check_signature(public, base, signed.signature)
        except SignatureError:
            raise Refusal(Code.UNSIGNED) from None
        self._nonces.take(signed.parameters, self._now_s())

    def _check_root(self, line: Line, raw: bytes, signed: list[httpsig.Signed]) -> None:
        genesis = read_genesis(raw)
        signers = {VerifyKey(one.parameters.keyid) for one in signed}
        labels = [f"r{number}" for number in range(1, len(signed) + 1)]
        if (
            len(signers) != len(signed)
            or len(signed) < genesis.threshold
            or not signers <= set(genesis.roots)
            or [one.label for one in signed] != labels
        ):
            raise Refusal(Code.UNSIGNED)
        for one in signed:
            self._check(line, VerifyKey(one.parameters.keyid), one)

    def _count(self, org: OrgId, keys: Keys, credential: Credential | None) -> None:
        if credential is not None:
            self._take(org + credential.id, max(1, keys.requests_max // _SHARE))
        self._take(org, keys.requests_max)

    def _take(self, who: bytes, per_minute: int) -> None:
        wait_s = self._rates.take(who, per_minute)
        if wait_s is not None:
            raise Refusal(Code.BUSY_YOU, after_s=wait_s)

    def _is_over(self, credential: Credential) -> bool:
        return credential.expires_s is not None and credential.expires_s <= self._now_s()
