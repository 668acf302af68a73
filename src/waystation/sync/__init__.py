"""How a desk's book and a relay's log come together. The relay is trusted to be there, and with nothing else.

relay        what a relay does for a desk; its answers and refusals
credential   the key by which a relay knows a desk           spec/relay.md L4
http         a relay over HTTP, through Tor if wished        spec/relay.md
engine       pull, push, take over; what a lie looks like    spec/sync.md S5–S26
heads        two desks compare what they hold                spec/sync.md S22
"""

from waystation.sync.credential import Credential
from waystation.sync.relay import Appended, CredentialSeen, Head, OrderAt, Relay, Stretch

__all__ = ["Appended", "Credential", "CredentialSeen", "Head", "OrderAt", "Relay", "Stretch"]
