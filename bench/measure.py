"""What is measured at one size; each size in a process of its own, so that memory and caches do not carry over."""

import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx2

from bench import floor
from bench.corpus import FAMILY, GIVEN, NOUNS, PASSPHRASE, VERBS, Seeded, built, note_text, opened
from waystation.assemble import terms as make_terms
from waystation.derive import u32
from waystation.ids import to_text
from waystation.office import casework
from waystation.office.desk import Desk, Home
from waystation.records import Change, decode_state, encode_payload, search_text, shown
from waystation.tables import schema, search
from waystation.vault import Vault
from waystation.views.found import search as search_view

SAVES = 300
QUERIES = 200


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. `ratio` is value : floor; `bar` says what is asked of it; `ok` whether it is met."""

    name: str
    size: int
    value: float
    unit: str
    floor: float | None
    ratio: float | None
    bar: str
    ok: bool


def p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def at_least_as_fast(name: str, size: int, value_s: float, floor_s: float, most: float) -> Result:
    ratio = value_s / floor_s
    return Result(name, size, value_s * 1000, "ms", floor_s * 1000, ratio, f"≤ {most} × floor", ratio <= most)


def below(name: str, size: int, value: float, unit: str, most: float) -> Result:
    return Result(name, size, value, unit, None, None, f"≤ {most} {unit}", value <= most)


def saves(home: Home, size: int, scratch: Path) -> Result:
    """Median of saving a note to a random case, beside the bare work on a copy of the same file."""
    desk = opened(home)
    rows = desk.reader.rows("SELECT folder, id FROM epoch WHERE type = 'case' ORDER BY id")
    words = Seeded("saves")
    picked = [rows[int.from_bytes(words(4), "big") % len(rows)] for _ in range(2 * SAVES)]
    texts = [note_text(words) for _ in range(2 * SAVES)]
    desk.book.store.fold()
    copy = scratch / "floor.db"
    shutil.copy(home.book, copy)
    os.sync()  # Gigabytes that are still on their way to the disk would be paid for by the saves.
    key = desk.vault.secrets.database_key
    times = []
    for (folder, _), text in zip(picked[:SAVES], texts[:SAVES], strict=True):
        started = time.perf_counter()
        desk.save(casework.add(desk, folder, "note", {"body": text}))
        times.append(time.perf_counter() - started)
    desk.lock()
    payload_terms = make_terms()
    samples = [
        (encode_payload((Change("note", words(16), {"body": text}, {}),)), text, payload_terms.index_terms(text))
        for text in texts[SAVES:]
    ]
    bare = floor.connect(copy, key)
    least = floor.save(bare, samples, picked[SAVES:])
    bare.close()
    copy.unlink()
    return at_least_as_fast("save (median)", size, statistics.median(times), statistics.median(least), 3)


def searches(desk: Desk, size: int) -> list[Result]:
    """p95 of the index query beside the bare query, and of the whole view that the page shows."""
    words = Seeded("queries")
    questions = [
        " ".join(words.pick(kind) for kind in kinds)
        for kinds in ([FAMILY], [GIVEN, FAMILY], [NOUNS, VERBS], [FAMILY, NOUNS]) * (QUERIES // 4)
    ]
    connection = desk.book.store.connection
    terms = make_terms()
    matches = [terms.query_terms(question) for question in questions]
    for question in questions[:20]:
        search(connection, terms, question)
    bare = floor.search(connection, matches)
    ours = [timed(lambda q=question: search(connection, terms, q)) for question in questions]
    view = [timed(lambda q=question: search_view(desk.reader, q)) for question in questions]
    return [
        at_least_as_fast("search, index query (p95)", size, p95(ours), p95(bare), 2),
        below("search, view (p95)", size, p95(view) * 1000, "ms", 30),
    ]


def rebuilds(home: Home, size: int, scratch: Path) -> Result:
    """Making every table again, beside opening every body and writing the same rows."""
    desk = opened(home)
    connection = desk.book.store.connection
    keys = {}
    for tag, folder, number in connection.execute("SELECT tag, folder, number FROM epoch").fetchall():
        epoch = desk.book._keyring.get(tag)
        keys[tag] = (epoch.key, desk.book.org + folder + u32(number))
    tables = [name for name in schema.names(desk.registry) if name != "search"]
    # The floor writes the totals as they were; triggers would count them twice.
    statements = [s for s in schema.statements(desk.registry) if s.strip() and not s.startswith("CREATE TRIGGER")]
    rows = {
        n: connection.execute(
            f"SELECT * FROM {n} ORDER BY rowid"
            if n in ("record", "history") or n.startswith("k_")
            else f"SELECT * FROM {n}"
        ).fetchall()
        for n in tables
    }
    terms = make_terms()
    texts = []
    for rowid, kind, state in connection.execute("SELECT rowid, kind, state FROM record"):
        spec = desk.registry[kind]
        if text := search_text(spec, shown(decode_state(state), spec)):
            texts.append((rowid, text))
    known = {word for _, text in texts for word in floor.WORD.findall(text.casefold())}
    look_up = {word: terms.index_terms(word) for word in known}
    copy = scratch / "rebuild.db"
    desk.book.store.fold()
    shutil.copy(home.book, copy)
    value = timed(desk.rebuild)
    bare = floor.connect(copy, desk.vault.secrets.database_key)
    least = floor.rebuild(bare, keys, floor.Laid(statements, rows, texts, look_up))
    bare.close()
    desk.book.store.fold()
    desk.lock()
    copy.unlink()
    share = least / value
    return Result("rebuild", size, value, "s", least, value / least, "≥ 40 % of the floor", share >= 0.4)


def addresses(home: Home) -> dict[str, str]:
    """Every list, as people sort and filter it, and one page of each sort behind it: what it is → where it stands."""
    desk = opened(home)

    def one(kind: str, order: str = "record") -> str:
        ((record,),) = desk.reader.rows(f"SELECT id FROM k_{kind} ORDER BY {order} LIMIT 1 OFFSET 5")
        return to_text(record)

    places = {
        **{f"cases by {sort}": f"cases?sort={sort}" for sort in ("stage", "check_in_due", "caseworker", "route")},
        "cases in extreme danger": "cases?level=extreme",
        "all cases": "cases?state=all",
        "requests": "requests",
        "requests that ended": "requests?stage=ended",
        "a request": f"requests/{one('request')}",
        "a case": f"cases/{one('case')}",
        "places": "places",
        "places, a past month": "places?month=2024-03",
        "figures since the beginning": "figures?span=all",
        "who was granted": "figures/granted",
        "a place": f"places/{one('place')}",
        "routes": "routes",
        "a route": f"routes/{one('route')}",
        "sources": "sources",
        "a source": f"sources/{one('source')}",
        "claims": "sources/claims",
        "money": "money",
        "organisation": "organisation",
        "history": "organisation/history",
        "looks at masked fields": "organisation/reveals",
        "duty": "duty",
        "people without a desk": "helpers",
        "helpers for a case": f"helpers?for={one('case')}",
        "paste messages": "messages/new",
        "help": "help",
    }
    desk.lock()
    return places


def visit(home: Home, size: int) -> list[Result]:
    """The program as it runs: from the passphrase to a served Today, pages at their p95, and the memory it took."""
    pages = addresses(home)
    command = [sys.executable, "-m", "bench.serve", str(home.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            return _visits(home, size, address, process.pid, pages)
        finally:
            process.terminate()


def _visits(home: Home, size: int, address: str, pid: int, lists: dict[str, str]) -> list[Result]:
    origin = "/".join(address.split("/")[:3])
    headers = {"origin": origin, "sec-fetch-site": "same-origin"}
    stretch = min(timed(lambda: Vault.open(home.vault, PASSPHRASE)) for _ in range(3))
    with httpx2.Client(headers=headers, follow_redirects=True, timeout=120) as client:
        root = "/".join(str(client.get(address).url).split("/")[:4])
        started = time.perf_counter()
        served = client.post(f"{root}/unlock", data={"passphrase": PASSPHRASE})
        unlock = time.perf_counter() - started
        assert served.status_code == 200, served.status_code
        assert str(served.url).endswith("/today"), served.url
        words = Seeded("pages")
        pages = {
            "page: today (p95)": lambda: client.get(f"{root}/today"),
            "page: cases (p95)": lambda: client.get(f"{root}/cases"),
            "page: figures (p95)": lambda: client.get(f"{root}/figures"),
            "page: search (p95)": lambda: client.post(
                f"{root}/search", data={"q": words.pick(FAMILY) + " " + words.pick(NOUNS)}
            ),
        }
        results = [below("unlock to Today, beyond the password hash", size, unlock - stretch, "s", 0.5)]
        heaviest = 0
        for name, ask in pages.items():
            answer = ask()
            assert answer.status_code == 200, name
            assert str(answer.url).rpartition("/")[2] != "locked", "the desk has locked"
            heaviest = max(heaviest, len(answer.content))
            results.append(below(name, size, p95([timed(ask) for _ in range(60)]) * 1000, "ms", 30))
        for name, path in lists.items():
            answer = client.get(f"{root}/{path}")
            assert answer.status_code == 200, (name, answer.status_code)
            heaviest = max(heaviest, len(answer.content))
            times = [timed(lambda path=path: client.get(f"{root}/{path}")) for _ in range(40)]
            results.append(below(f"page: {name} (p95)", size, p95(times) * 1000, "ms", 50))
        found = [timed(lambda: client.post(f"{root}/cases", data={"text": words.pick(FAMILY)})) for _ in range(40)]
        results.append(below("page: cases with a word (p95)", size, p95(found) * 1000, "ms", 50))
        typed = [
            timed(lambda where=where: client.post(f"{root}/{where}", data={"q": words.pick(FAMILY)[:3], "typing": "1"}))
            for where in ("search", "palette") * 30
        ]
        results.append(below("a keystroke's results, served (p95)", size, p95(typed) * 1000, "ms", 100))
        results.append(below("heaviest page", size, heaviest / 1000, "kB", 150))
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    most = 200 if size <= 20_000 else 300
    return [*results, below("memory of the desk", size, peak / 1024, "MiB", most)]


def main(size: int, folder: Path) -> None:
    """Measures one size and prints the results as JSON lines."""
    home = built(folder, size)
    for leftover in home.folder.glob("draft-*"):
        leftover.unlink()
    os.sync()  # As before the saves: what the size before wrote would be waited for here.
    gc.collect()
    results = [*visit(home, size), saves(home, size, folder)]
    desk = opened(home)
    results += searches(desk, size)
    desk.lock()
    results.append(rebuilds(home, size, folder))
    for result in results:
        sys.stdout.write(json.dumps(asdict(result)) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
