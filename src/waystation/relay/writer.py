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
    """A thread that writes for everyone.

    Args:
        store: where to.
        written: called after each commit, in that thread, with the number of jobs.
    """

    def __init__(self, store: Store, written: Callable[[int], None] = lambda jobs: None) -> None:
        self._store = store
        self._written = written
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._ended = False
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="relay-writer", daemon=True)
        self._thread.start()

    async def __call__(self, job: Job) -> Outcome:
        """Does a job. Returns: what it was answered, refusals included. Raises: Away, or whatever went wrong."""
        if self._ended:
            raise Away
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.put((job, future))
        answer = await future
        if isinstance(answer, Exception) and not isinstance(answer, Refusal | Stale):
            raise answer
        return answer

    def close(self) -> None:
        """Finishes what waits, then ends the thread."""
        self._ended = True
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        ended = False
        while not ended:
            group, ended = self._taken()
            if group:
                answers = self._write([job for job, _ in group])
                self._loop.call_soon_threadsafe(_deliver, group, answers)

    def _taken(self) -> tuple[list[_Waiting], bool]:
        """What waits, and whether nothing more will come."""
        group: list[_Waiting] = []
        one = self._waiting.get()
        while one is not None:
            group.append(one)
            if len(group) == _GROUP_MAX or self._waiting.empty():
                return group, False
            one = self._waiting.get()
        return group, True

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


def _deliver(group: list[_Waiting], answers: list[Answer]) -> None:
    for (_, future), answer in zip(group, answers, strict=True):
        if not future.done():
            future.set_result(answer)
