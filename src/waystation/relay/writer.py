"""Group commit: what waits at the same time shares one durable commit. Implements spec/relay.md L24.

Guarantees: a job is answered after its commit, never before; one that cannot be done is refused alone; when the store
is away, everything that waited hears so, and may be sent again. Whatever goes wrong, the writing goes on.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Final

from waystation.relay.port import Away, Job, Outcome, Refusal, Stale, Store

_GROUP_MAX: Final = 256
"""Jobs of one commit. More would only make the first wait longer."""

Answer = Outcome | Exception
_Waiting = tuple[Job, asyncio.Future[Answer]]


class Writer:
    """A thread that writes for everyone. Its methods are called in one event loop.

    Args:
        store: where to.
        written: called after each commit, in that thread, with the number of jobs.
    """

    def __init__(self, store: Store, written: Callable[[int], None] = lambda jobs: None) -> None:
        self._store = store
        self._written = written
        self._waiting: list[_Waiting] = []
        self._gathering = False
        self._writing = False
        self._ended = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._groups: queue.SimpleQueue[list[_Waiting] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="relay-writer", daemon=True)
        self._thread.start()

    async def __call__(self, job: Job) -> Outcome:
        """Does a job. Returns: what it was answered, refusals included. Raises: Away, or whatever went wrong."""
        if self._ended:
            raise Away
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.append((job, future))
        self._idle.clear()
        self._gather()
        answer = await future
        if isinstance(answer, Exception) and not isinstance(answer, Refusal | Stale):
            raise answer
        return answer

    async def close(self) -> None:
        """Finishes what waits, then ends the thread."""
        self._ended = True
        await self._idle.wait()
        self._groups.put(None)
        await asyncio.to_thread(self._thread.join)

    def _gather(self) -> None:
        # Not at once: what else is ready to ask in this turn of the loop goes with it. Without that the first would go
        # alone, and a commit for one costs as much as a commit for forty.
        if not self._gathering and not self._writing:
            self._gathering = True
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        self._gathering = False
        group, self._waiting = self._waiting[:_GROUP_MAX], self._waiting[_GROUP_MAX:]
        self._writing = True
        self._groups.put(group)

    def _deliver(self, group: list[_Waiting], answers: list[Answer]) -> None:
        self._writing = False
        for (_, future), answer in zip(group, answers, strict=True):
            if not future.done():
                future.set_result(answer)
        if self._waiting:
            self._gather()
        else:
            self._idle.set()

    def _run(self) -> None:
        while (group := self._groups.get()) is not None:
            answers = self._write([job for job, _ in group])
            self._loop.call_soon_threadsafe(self._deliver, group, answers)

    def _write(self, jobs: list[Job]) -> list[Answer]:
        try:
            answers: list[Answer] = [*self._store.write(jobs)]
        except Away as away:
            return [away] * len(jobs)
        except Exception as error:  # noqa: BLE001 -- it is raised where the job was asked for
            if len(jobs) == 1:
                return [error]
            return [answer for job in jobs for answer in self._write([job])]
        self._written(len(jobs))
        return answers
