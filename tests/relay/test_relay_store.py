"""What a store promises, beneath HTTP: one commit for many, each refused alone, and what others did is heard (L24)."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence

import pytest
from tests.ground.seeded import Seeded
from tests.relay.serving import PLENTY, Key, entry, first_order, order_after, organisation

from waystation.errors import StoreError
from waystation.ids import OrgId
from waystation.relay.entry import Entry, sent
from waystation.relay.messages import credential_id, ticket_hash
from waystation.relay.port import (
    Append,
    Appended,
    Asked,
    Away,
    Beat,
    Code,
    Credential,
    Head,
    Job,
    Outcome,
    PutCredential,
    Refusal,
    Register,
    Right,
    Stale,
    Store,
)
from waystation.relay.writer import Writer
from waystation.verify import VerifyKey

NOW_S = 1_495_022_400


def came(store: Store, randomness: Seeded) -> tuple[OrgId, int]:
    """An organisation in the store, and the version of its keys."""
    made = organisation(store, randomness, allowance=PLENTY)
    credential = Credential(made.key.id, VerifyKey(made.key.public), Right.MANAGE, made.desk, None)
    job = Register(made.org, made.genesis, ticket_hash(made.ticket), credential, first_order(made.org), NOW_S)
    assert store.write([job]) == [True]
    keys = store.keys(made.org)
    assert keys is not None
    assert list(keys.credentials) == [made.key.id]
    return made.org, keys.version


def appending(org: OrgId, version: int, randomness: Seeded, count: int = 1, after: int | None = None) -> Append:
    entries = [sent(Entry(*entry(org, bytes(16), randomness)), org, None) for _ in range(count)]
    return Append(Asked(org, version), after, entries)


def test_jobs_of_one_commit_are_done_in_turn_and_refused_alone(store: Store, randomness: Seeded) -> None:
    one, one_version = came(store, randomness)
    two, two_version = came(store, randomness)
    first = appending(one, one_version, randomness, 2)
    jobs: list[Job] = [
        first,
        appending(one, one_version, randomness, after=7),
        appending(two, two_version, randomness, 3),
        first,
        appending(one, one_version + 1, randomness),
        appending(OrgId(bytes(32)), 1, randomness),
        appending(one, one_version, randomness, after=2),
        Beat(NOW_S),
    ]
    done = store.write(jobs)
    h2 = order_after(first_order(one), [[e.header] for e in first.entries])
    assert done[0] == done[3] == Appended(1, Head(2, h2))
    assert isinstance(done[1], Refusal)
    assert done[1].why is Code.MOVED_ON
    assert done[1].head == Head(2, h2)
    assert isinstance(done[2], Appended)
    assert done[2].head.position == 3
    assert isinstance(done[4], Stale)
    assert isinstance(done[5], Stale)
    assert isinstance(done[6], Appended)
    assert done[6].first == 3
    assert store.head(one).position == 3
    assert [held.header for held in store.stretch(one, 0, 9, 10**9).entries][:2] == [e.header for e in first.entries]


def test_a_change_of_keys_makes_what_was_judged_before_it_stale(store: Store, randomness: Seeded) -> None:
    org, version = came(store, randomness)
    key = Key(randomness)
    new = Credential(credential_id(VerifyKey(key.public)), VerifyKey(key.public), Right.DESK, randomness(16), None)
    put = PutCredential(Asked(org, version, ((key.id, randomness(16), NOW_S + 300),)), new)
    assert store.write([put]) == [None]
    assert isinstance(store.write([appending(org, version, randomness)])[0], Stale)
    again = PutCredential(Asked(org, version + 1, put.asked.nonces), new)
    (refused,) = store.write([again])
    assert isinstance(refused, Refusal)
    assert refused.why is Code.UNSIGNED


def test_a_removed_organisation_leaves_nothing_and_its_old_keys_are_worth_nothing(
    store: Store, randomness: Seeded
) -> None:
    org, version = came(store, randomness)
    other, _ = came(store, randomness)
    store.write([appending(org, version, randomness)])
    store.remove(org)
    assert store.keys(org) is None
    assert [standing.org for standing in store.standings()] == [other]
    assert isinstance(store.write([appending(org, version, randomness)])[0], Stale)
    with pytest.raises(Refusal):
        store.head(org)
    with pytest.raises(Refusal):
        store.remove(org)


class Slow:
    """A store that takes its time, and fails as it is told to."""

    def __init__(self, failing: Callable[[Sequence[Job]], Exception | None]) -> None:
        self.groups: list[int] = []
        self.failing = failing

    def write(self, jobs: Sequence[Job]) -> list[Outcome]:
        time.sleep(0.02)
        self.groups.append(len(jobs))
        error = self.failing(jobs)
        if error is not None:
            raise error
        return [job.now_s for job in jobs if isinstance(job, Beat)]


def test_what_waits_together_is_written_together() -> None:
    slow = Slow(lambda jobs: None)

    async def many() -> list[Outcome]:
        writer = Writer(slow)  # type: ignore[arg-type]  # all that a writer asks of a store
        try:
            return list(await asyncio.gather(*(writer(Beat(at)) for at in range(100))))
        finally:
            await writer.close()

    assert asyncio.run(many()) == list(range(100))
    assert len(slow.groups) <= 3
    assert sum(slow.groups) == 100


def test_one_that_does_not_fit_fails_alone_and_an_absent_store_fails_all() -> None:
    def clash(jobs: Sequence[Job]) -> Exception | None:
        return StoreError("no") if any(isinstance(job, Beat) and job.now_s == 3 for job in jobs) else None

    async def many(slow: Slow) -> list[object]:
        writer = Writer(slow)  # type: ignore[arg-type]  # all that a writer asks of a store
        try:
            return list(await asyncio.gather(*(writer(Beat(at)) for at in range(6)), return_exceptions=True))
        finally:
            await writer.close()

    done = asyncio.run(many(Slow(clash)))
    assert isinstance(done.pop(3), StoreError)
    assert done == [0, 1, 2, 4, 5]
    assert all(isinstance(one, Away) for one in asyncio.run(many(Slow(lambda jobs: Away()))))


def test_many_writers_at_once_leave_one_order(store: Store, randomness: Seeded) -> None:
    """As several relays on one store do: each position is given once, and the order hash runs through all."""
    org, version = came(store, randomness)
    jobs = [[appending(org, version, Seeded(f"{n}-{m}"), 3) for m in range(10)] for n in range(4)]
    threads = [threading.Thread(target=lambda mine=mine: [store.write([job]) for job in mine]) for mine in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stretch = store.stretch(org, 0, 4096, 10**9)
    assert len(stretch.entries) == 120
    assert order_after(first_order(org), [[held.header] for held in stretch.entries]) == stretch.head.order
