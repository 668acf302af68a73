"""The relay: an append-only log of ciphertext for each organisation, behind one storage port. Implements spec/relay.md.

Guarantees: what was answered is durable, in one order for each organisation; a request counts only with a signature of
a credential that has the right to it, now. It can read nothing of what it keeps: no key is here, and the rooms that
could open an entry cannot be imported (the contract "The relay cannot read").

Where to start: `routes` says what can be asked, `app` answers, `port` says what a store must do, `sql` does it, on
`sqlite` or `postgres`.
"""
