"""`python -m bench.paint [SIZE]`: what a person at an old laptop sees: first paint, and letters becoming results.

A real Chromium on loopback with its processor slowed down four times; the desk serves a built book. Prints JSON lines,
as `bench.measure` does.
"""

import json
import statistics
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.corpus import FAMILY, PASSPHRASE, built
from bench.measure import Result, below

ROOT = Path(__file__).resolve().parents[1]
SLOWED = 4
"""How much slower than this machine: about a laptop of 2015 with four cores."""

TIMES = 9

_PAINTED = """() => new Promise(done => {
  const look = () => {
    const [paint] = performance.getEntriesByName('first-contentful-paint');
    paint ? done(paint.startTime) : requestAnimationFrame(look);
  };
  look();
})"""

_TYPED = """letter => new Promise(done => {
  const box = document.querySelector('#palette .found'), input = document.querySelector('#palette-words');
  const began = performance.now();
  const seen = new MutationObserver(() => {
    if (box.hidden || !box.children.length) return;
    seen.disconnect();
    requestAnimationFrame(() => done(performance.now() - began));
  });
  seen.observe(box, {childList: true, subtree: true, attributes: true});
  input.value += letter;
  input.dispatchEvent(new InputEvent('input', {bubbles: true}));
})"""


def painted(page: Page, address: str) -> float:
    """Milliseconds from asking for a page to its first words; the median of several visits."""
    times = []
    for _ in range(TIMES):
        page.goto(address)
        times.append(page.evaluate(_PAINTED))
    return statistics.median(times)


def typed(page: Page) -> float:
    """Milliseconds from a letter in the palette to its results on the screen; the median over some names."""
    times = []
    for name in FAMILY[:TIMES]:
        page.reload()
        page.keyboard.press("Control+k")
        times += [page.evaluate(_TYPED, letter) for letter in name[:3].lower()]
    return statistics.median(times)


def main(size: int) -> None:
    """Measures at one size, and prints the results as JSON lines."""
    home = built(ROOT / "build" / "bench", size)
    command = [sys.executable, "-m", "bench.serve", str(home.folder)]
    results: list[Result] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, sync_playwright() as playwright:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        path = (ROOT / "build" / "browser.path").read_text().strip()
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(300_000)
        page.goto(address)
        page.get_by_label("Passphrase").fill(PASSPHRASE)
        page.keyboard.press("Enter")
        page.wait_for_url("**/today")
        root = page.url.removesuffix("today")
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        for name, where in (("Today", "today"), ("Cases", "cases"), ("Places", "places"), ("Help", "help")):
            results.append(
                below(f"first paint: {name}, slowed {SLOWED} ×", size, painted(page, root + where), "ms", 300)
            )
        page.goto(root + "today")
        results.append(below(f"a letter to its results on the screen, slowed {SLOWED} ×", size, typed(page), "ms", 100))
        browser.close()
        process.terminate()
    for result in results:
        sys.stdout.write(json.dumps(asdict(result)) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
