// The hand: keys, commands, search as you type, alarms, a lock in three presses, copies that are cleared.
// Everything here has a way without scripts. It keeps nothing: no storage, no cookies, no history of its own.
"use strict";
(() => {
  // htmx notes the address of the page in the window's storage even where its history is off; nothing is kept here.
  sessionStorage.removeItem("htmx-current-path-for-history");

  const body = document.body;
  const root = body.dataset.root;
  const one = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const shown = (element) => element && element.getClientRects().length > 0;
  const tell = (words) => { const told = one("#told"); told.textContent = ""; told.textContent = words; };
  const post = (address, fields, more = {}) => fetch(address, {
    method: "POST", body: new URLSearchParams(fields), credentials: "omit", cache: "no-store",
    headers: { "HX-Current-URL": location.href }, ...more,
  });

  // ── Drafts, and the lock ──

  let written = null;
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && form.hasAttribute("hx-post")) written = form;
  });
  const draft = () => {
    const form = written;
    if (!form || !form.isConnected) return Promise.resolve();
    const fields = [...new FormData(form)].filter(([, value]) => typeof value === "string");
    const size = fields.reduce((sum, [name, value]) => sum + 3 * (name.length + value.length), 0);
    // A request that outlives its page may carry 64 KiB.
    return post(form.getAttribute("hx-post"), fields, { keepalive: size < 60000 }).catch(() => {});
  };

  const lock = async () => {
    const soon = new Promise((done) => { setTimeout(done, 1500); });
    await Promise.race([draft(), soon]);
    one("form.lock").submit();
  };

  const lockForm = one("form.lock");
  if (lockForm) lockForm.addEventListener("submit", (event) => { event.preventDefault(); lock(); });

  let escapes = [];
  const blank = () => {
    document.documentElement.classList.add("blank");
    document.title = "\u2009";
    lock();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") { escapes = []; return; }
    if (event.repeat) return;
    escapes = [...escapes.filter((at) => event.timeStamp - at < 1500), event.timeStamp];
    if (escapes.length >= 3) { escapes = []; event.preventDefault(); blank(); }
  }, true);

  // ── A list of matches under a search box ──

  const follow = (option) => {
    if (!option) return false;
    if (option.dataset.href) { location.assign(option.dataset.href); return true; }
    if (option.dataset.post === `${root}lock`) { lock(); return true; }
    const form = document.createElement("form");
    form.method = "post";
    form.action = option.dataset.post;
    for (const [name, value] of [["on", option.dataset.on || ""], ["back", location.pathname + location.search]]) {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name, value });
      form.append(input);
    }
    body.append(form);
    form.submit();
    return true;
  };

  const finder = (input, { atOnce = false } = {}) => {
    const box = document.createElement("div");
    const prefix = `${input.id}-`;
    let asked = 0, timer, current = -1;
    box.className = "found";
    box.hidden = true;
    input.closest("form").append(box);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    const options = () => all("[role=option]", box);
    const close = () => {
      box.hidden = true;
      current = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const choose = (next) => {
      const found = options();
      if (!found.length) return;
      current = (next + found.length) % found.length;
      found.forEach((option, at) => option.setAttribute("aria-selected", String(at === current)));
      input.setAttribute("aria-activedescendant", found[current].id);
      found[current].scrollIntoView({ block: "nearest" });
    };
    const ask = async () => {
      const words = input.value.trim();
      const mine = ++asked;
      if (words.length < 2 && !atOnce) { close(); return; }
      try {
        const answer = await post(input.dataset.finds, { q: words, typing: "1" });
        if (answer.redirected) location.assign(answer.url);
        if (answer.redirected || !answer.ok) return;
        const text = await answer.text();
        if (mine !== asked || !input.isConnected) return;
        box.innerHTML = text;
      } catch { return; }
      const list = one("[role=listbox]", box);
      list.id = `${prefix}list`;
      input.setAttribute("aria-controls", list.id);
      options().forEach((option) => { option.id = prefix + option.id; });
      current = -1;
      input.removeAttribute("aria-activedescendant");
      box.hidden = false;
      input.setAttribute("aria-expanded", "true");
      const count = one("p", box);
      if (count) tell(count.textContent);
    };
    const later = () => { clearTimeout(timer); timer = setTimeout(ask, 40); };
    input.addEventListener("input", later);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (box.hidden) return;
        event.preventDefault();
        choose(event.key === "ArrowDown" ? current + 1 : current < 0 ? -1 : current - 1);
      } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing) {
        const found = options()[atOnce && !box.hidden ? Math.max(current, 0) : current];
        if (!box.hidden && follow(found)) event.preventDefault();
      } else if (event.key === "Escape" && !box.hidden && !atOnce) {
        close();
      }
    });
    box.addEventListener("mousedown", (event) => event.preventDefault());
    box.addEventListener("click", (event) => follow(event.target.closest("[role=option]")));
    if (!atOnce) input.addEventListener("blur", close);
    return ask;
  };

  const search = one("#search");
  if (search) finder(search);

  const palette = one("#palette");
  const paletteWords = one("#palette-words");
  const askPalette = paletteWords && finder(paletteWords, { atOnce: true });
  const openPalette = () => {
    if (!palette || palette.open) return;
    paletteWords.value = "";
    palette.showModal();
    paletteWords.focus();
    askPalette();
  };

  const openKeys = async () => {
    const dialog = one("#keys");
    if (!dialog || dialog.open) return;
    const answer = await fetch(`${root}keys`, { headers: { "HX-Request": "true" }, cache: "no-store" });
    if (!answer.ok || answer.redirected) { location.assign(`${root}keys`); return; }
    dialog.innerHTML = await answer.text();
    dialog.showModal();
    const heading = one("h2", dialog);
    heading.tabIndex = -1;
    heading.focus();
    dialog.scrollTop = 0;
  };
  const opens = { palette: openPalette, keys: openKeys };
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("[data-opens]");
    if (link) { event.preventDefault(); opens[link.dataset.opens](); }
    // Beside a dialog lies its backdrop, which belongs to it.
    if (event.target.tagName === "DIALOG") event.target.close();
  });

  // ── Keys ──

  const rows = () => all("[data-row], .queue-row, main .lines > .line").filter(shown);
  let row = null;
  const step = (by) => {
    const found = rows();
    if (!found.length) return;
    const at = found.indexOf(row && row.isConnected ? row : null);
    const next = found[Math.min(Math.max(at < 0 ? (by > 0 ? 0 : found.length - 1) : at + by, 0), found.length - 1)];
    if (row) row.classList.remove("chosen");
    row = next;
    row.classList.add("chosen");
    const link = one("a[href]", row) || one("button, input", row);
    if (link) link.focus();
    row.scrollIntoView({ block: "nearest" });
  };
  const tick = () => {
    const box = row && one("input[type=checkbox]", row);
    if (box) box.click();
  };

  const typing = (element) => element.closest("input:not([type=checkbox], [type=radio], [type=submit]), textarea, select, [contenteditable]");
  let going = -Infinity;
  // The place of a key, not its letter: it is the same under a Russian layout.
  const letter = (event) => (/^Key[A-Z]$/.test(event.code) ? event.code[3].toLowerCase() : "");

  const single = {
    j: () => step(1),
    k: () => step(-1),
    x: tick,
    n: () => location.assign(`${root}requests/new`),
    "/": () => { search.focus(); search.select(); },
    "?": openKeys,
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const control = event.ctrlKey || event.metaKey;
    if (control && !event.altKey && letter(event) === "k") {
      event.preventDefault();
      openPalette();
      return;
    }
    if (control && event.key === "Enter") {
      const form = event.target.form || event.target.closest("form") || one("main form[hx-post]");
      if (!form) return;
      event.preventDefault();
      form.requestSubmit(one("button.primary:not([formaction])", form) || undefined);
      return;
    }
    if (control || event.altKey || body.dataset.keys !== "on" || typing(event.target)) return;
    if (one("dialog[open]")) return;
    const key = letter(event);
    if (event.timeStamp - going < 1500 && key && !event.shiftKey) {
      going = -Infinity;
      const link = one(`[data-go="${key}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    going = -Infinity;
    // Under a Russian layout the question mark and the stroke stand elsewhere; where they stand in English does too.
    const sign = event.key === "?" || (event.code === "Slash" && event.shiftKey) ? "?"
      : event.key === "/" || event.code === "Slash" ? "/" : "";
    if (sign) { event.preventDefault(); single[sign](); return; }
    if (event.shiftKey) return;
    if (key === "g") { going = event.timeStamp; return; }
    if (single[key]) { event.preventDefault(); single[key](); return; }
    const named = key && one(`[data-key="${key}"]`);
    if (named) { event.preventDefault(); named.click(); }
  });

  // ── Copies ──

  const COPY_MS = 30000;
  let clearsAt = 0;
  const clear = async () => {
    if (!clearsAt) return;
    try {
      await navigator.clipboard.writeText("");
      clearsAt = 0;
      tell(body.dataset.cleared);
    } catch {
      // Another window has the focus; it is done as soon as this one has it again.
    }
  };
  const offerCopies = (inside) => all("[data-copy]", inside).forEach((button) => { button.hidden = false; });
  offerCopies(document);
  document.addEventListener("htmx:afterSwap", (event) => offerCopies(event.target));
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button || button.disabled) return;
    const from = button.dataset.copy ? document.getElementById(button.dataset.copy) : one(".revealed", button.parentElement);
    if (!from) return;
    await navigator.clipboard.writeText("value" in from ? from.value : from.textContent);
    if ("copyKeep" in button.dataset) return;
    clearsAt = Date.now() + COPY_MS;
    setTimeout(clear, COPY_MS);
    button.textContent = body.dataset.copied;
    tell(body.dataset.copied);
  });
  addEventListener("focus", () => { if (clearsAt && Date.now() >= clearsAt) clear(); });
  addEventListener("pagehide", clear);

  // ── Alarms ──

  const title = document.title;
  let sound = null;
  const ring = () => {
    try {
      sound = sound || new AudioContext();
      const now = sound.currentTime;
      // Two soft tones, three times: a bell that can be heard in the next room and frightens nobody.
      for (let beat = 0; beat < 6; beat += 1) {
        const tone = sound.createOscillator();
        const volume = sound.createGain();
        const at = now + beat * 0.45;
        tone.frequency.value = beat % 2 ? 659 : 880;
        volume.gain.setValueAtTime(0.0001, at);
        volume.gain.exponentialRampToValueAtTime(0.35, at + 0.03);
        volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.4);
        tone.connect(volume).connect(sound.destination);
        tone.start(at);
        tone.stop(at + 0.42);
      }
      body.dataset.rang = String(Number(body.dataset.rang || 0) + 1);
    } catch {
      // A machine without sound still shows the band.
    }
  };
  const alarm = () => {
    const band = one("#alarms");
    const count = band ? Number(band.dataset.ring || 0) : 0;
    if (!document.documentElement.classList.contains("blank")) {
      document.title = count ? `(${count}) ${title}` : title;
    }
    if (count) ring();
  };
  alarm();
  document.addEventListener("htmx:afterRequest", (event) => {
    const asked = event.detail.pathInfo ? event.detail.pathInfo.requestPath : "";
    if (asked.includes("/watch")) setTimeout(alarm, 50);
  });
})();
