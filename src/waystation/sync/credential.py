"""The key by which a relay knows a desk. It is not the desk's own key, so that the relay cannot tell who wrote what.

Implements spec/relay.md L4.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from waystation.derive import derive, digest
from waystation.ids import OrgId


class Credential:
    """An Ed25519 key for one relay's eyes.

    `label` and `keyid` are what its signatures are named by (L5, L7).

    Args:
        seed: 32 bytes that only the holder knows.
    """

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes_raw()
        self.id = self.keyid = digest("credential", self.public)
        self.label = "ws"

    @classmethod
    def from_seed(cls, seed: bytes) -> "Credential":
        """As of an invitation's secret."""
        return cls(seed)

    @classmethod
    def of_desk(cls, signing_seed: bytes, org: OrgId) -> "Credential":
        """A desk's own, from the seed of its signing key."""
        return cls(derive(signing_seed, "relay-credential", org))

    @classmethod
    def of_root(cls, root_seed: bytes) -> "Credential":
        """The root key itself, which lets in and shuts out where one signature of root is enough (L7)."""
        root = cls(root_seed)
        root.label, root.keyid = "r1", root.public
        return root

    def sign(self, base: bytes) -> bytes:
        """64-byte signature of a request's signature base, bare, as RFC 9421 wants it."""
        return self._private.sign(base)
