"""`python -m bench [SIZE …]`: every measurement at every size; a table, and build/bench.json."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

SIZES = (2_000, 20_000, 100_000)
BUILD = Path("build")
FLAT = "save, flat from the smallest size to the largest"


def measured(size: int) -> list[dict[str, Any]]:
    """One size, in a process of its own."""
    return _lines("bench.measure", str(size), str(BUILD / "bench"))


def _lines(*module: str) -> list[dict[str, Any]]:
    run = subprocess.run([sys.executable, "-m", *module], stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def flatness(results: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """How the median save grows from the smallest size to the largest."""
    saves = {r["size"]: r for r in results if r["name"] == "save (median)"}
    if len(saves) > 1:
        small, large = saves[min(saves)], saves[max(saves)]
        ratio = large["value"] / small["value"]
        yield {
            "name": FLAT,
            "size": max(saves),
            "value": large["value"],
            "unit": "ms",
            "floor": small["value"],
            "ratio": ratio,
            "bar": "≤ 1.5 × the smallest",
            "ok": ratio <= 1.5,
        }


def table(results: list[dict[str, Any]]) -> Table:
    """The results for a person."""
    drawn = Table("Measurement", "Cases", "Value", "Floor", "Ratio", "Bar", "", box=None, header_style="bold")
    for r in results:
        least = "" if r["floor"] is None else f"{r['floor']:.2f}"
        ratio = "" if r["ratio"] is None else f"{r['ratio']:.2f}"
        met = "met" if r["ok"] else "MISSED"
        drawn.add_row(r["name"], f"{r['size']:,}", f"{r['value']:.2f} {r['unit']}", least, ratio, r["bar"], met)
    return drawn


def main(sizes: tuple[int, ...]) -> int:
    """Measures, prints, writes; 1 if a bar was missed."""
    (BUILD / "bench").mkdir(parents=True, exist_ok=True)
    console = Console()
    results: list[dict[str, Any]] = []
    for size in sizes:
        console.print(f"{size:,} cases: building the book where it is not kept from an earlier run, then measuring …")
        results += measured(size)
    results += flatness(results)
    results += _lines("bench.paint", str(max(sizes)))
    for many in ("bench.removal", "bench.relay"):
        console.print(f"{many}: several desks …")
        results += _lines(many)
    (BUILD / "bench.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    console.print(table(results))
    return int(not all(r["ok"] for r in results))


if __name__ == "__main__":
    sys.exit(main(tuple(int(arg) for arg in sys.argv[1:]) or SIZES))
