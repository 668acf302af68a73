// What the others save appears by itself: the page asks its own desk, which answers as soon as something came.
// Where somebody is typing or choosing, nothing moves; a line says that there is more. Without scripts, a reload shows it.
"use strict";
(() => {
  const body = document.body;
  const root = body.dataset.root;
  const one = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const quiet = { credentials: "omit", cache: "no-store", headers: { "waystation-refresh": "1" } };
  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
  const heard = (state) => state.split(".")[0];

  let state = (one("#status") || { dataset: {} }).dataset.state || "";
  let shownHeard = heard(state);
  let typed = false;
  let drawn = null;
  document.addEventListener("input", (event) => { if (event.target.closest("main")) typed = true; });

  const busy = () => {
    const at = document.activeElement;
    const writing = at && at.closest("main") && at.matches("input, textarea, select, [contenteditable]");
    const chosen = getSelection && !getSelection().isCollapsed;
    return typed || writing || chosen || one("dialog[open]") || one("main form[method=post] .error")
      || document.documentElement.classList.contains("blank");
  };

  const offer = () => {
    if (one("#newer")) return;
    const line = document.createElement("p");
    line.id = "newer";
    line.className = "newer";
    line.setAttribute("role", "status");
    line.textContent = body.dataset.newer + " ";
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = body.dataset.show;
    line.append(link);
    one("main").prepend(line);
  };

  const bare = (main) => {
    const copy = main.cloneNode(true);
    all(".flash, #newer", copy).forEach((element) => element.remove());
    return copy.innerHTML;
  };

  const refresh = async () => {
    if (body.dataset.fixed !== undefined) return;
    const answer = await fetch(location.href, quiet);
    if (!answer.ok || answer.redirected || !(answer.headers.get("content-type") || "").includes("html")) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = one("main", page);
    const now = one("main");
    if (!next || !now) return;
    const fresh = bare(next);
    if (fresh === (drawn === null ? bare(now) : drawn)) return;
    if (busy()) { offer(); return; }
    const open = all("details[open]", now).map((element) => (one("summary", element) || {}).textContent);
    const flash = one(".flash", now);
    const focus = document.activeElement && document.activeElement.id;
    const place = scrollY;
    now.replaceChildren(...next.childNodes);
    if (flash && !one(".flash", now)) now.prepend(flash);
    all("details", now).forEach((element) => {
      if (open.includes((one("summary", element) || {}).textContent)) element.open = true;
    });
    drawn = fresh;
    if (window.htmx) window.htmx.process(now);
    if (focus && document.getElementById(focus)) document.getElementById(focus).focus({ preventScroll: true });
    scrollTo({ top: place, behavior: "instant" });
  };

  const listen = async () => {
    for (;;) {
      while (document.hidden) await pause(500);
      try {
        const answer = await fetch(`${root}changed?state=${encodeURIComponent(state)}`, quiet);
        if (answer.headers.get("waystation-locked")) { location.assign(`${root}locked`); return; }
        if (!answer.ok) throw new Error();
        if (answer.status === 200) {
          const part = new DOMParser().parseFromString(await answer.text(), "text/html");
          const line = one("#status", part);
          if (line) {
            state = line.dataset.state;
            one("#status").replaceWith(line);
          }
        }
        if (heard(state) !== shownHeard) {
          shownHeard = heard(state);
          await refresh();
        }
      } catch {
        // The program ended, or the machine slept; the alarms' own question leads to the lock screen.
        await pause(3000);
      }
    }
  };
  if (state && body.dataset.newer) listen();
})();
