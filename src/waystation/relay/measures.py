"""What is counted and timed, in the Prometheus text format. Implements spec/relay.md L23.

Nothing of it belongs to an organisation, a credential or an address: routes, statuses, sizes of commits, durations.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

_BOUNDS_MS: Final = (2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000, 60_000)


class Measures:
    """Counts since this process began."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._bytes: Counter[tuple[str, str]] = Counter()
        self._durations: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(_BOUNDS_MS) + 1))
        self._took_ms: Counter[str] = Counter()
        self._commits = 0
        self._jobs = 0

    def answered(self, route: str, status: int, took_ms: int, received: int, sent: int) -> None:
        self._requests[route, status] += 1
        self._bytes[route, "in"] += received
        self._bytes[route, "out"] += sent
        self._durations[route][bisect_left(_BOUNDS_MS, took_ms)] += 1
        self._took_ms[route] += took_ms

    def committed(self, jobs: int) -> None:
        """A durable commit of so many jobs. Called by the writer's thread, and by no other."""
        self._commits += 1
        self._jobs += jobs

    def text(self, waiting: int) -> str:
        """Everything, for a scraper.

        Args:
            waiting: how many wait for news.
        """
        return "\n".join([*self._lines(waiting), ""])

    def _lines(self, waiting: int) -> Iterator[str]:
        yield "# TYPE waystation_relay_requests_total counter"
        for (route, status), count in sorted(self._requests.items()):
            yield f'waystation_relay_requests_total{{route="{route}",status="{status}"}} {count}'
        yield "# TYPE waystation_relay_bytes_total counter"
        for (route, way), count in sorted(self._bytes.items()):
            yield f'waystation_relay_bytes_total{{route="{route}",way="{way}"}} {count}'
        yield "# TYPE waystation_relay_seconds histogram"
        for route, counts in sorted(self._durations.items()):
            total = 0
            for bound, count in zip((*(ms / 1000 for ms in _BOUNDS_MS), "+Inf"), counts, strict=True):
                total += count
                yield f'waystation_relay_seconds_bucket{{route="{route}",le="{bound}"}} {total}'
            yield f'waystation_relay_seconds_sum{{route="{route}"}} {self._took_ms[route] / 1000}'
            yield f'waystation_relay_seconds_count{{route="{route}"}} {total}'
        yield "# TYPE waystation_relay_commits_total counter"
        yield f"waystation_relay_commits_total {self._commits}"
        yield "# TYPE waystation_relay_commit_jobs_total counter"
        yield f"waystation_relay_commit_jobs_total {self._jobs}"
        yield "# TYPE waystation_relay_waiting gauge"
        yield f"waystation_relay_waiting {waiting}"
