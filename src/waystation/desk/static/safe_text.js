// Copies words that were looked over, when a person presses, and never before they have said that they read what was found.
"use strict";

(() => {
  const box = document.querySelector("[data-safe-copy]");
  if (!box) return;
  const words = document.querySelector("[data-safe-words]");
  const press = box.querySelector("[data-safe-press]");
  const read = box.querySelector("[data-safe-read]");
  const told = box.querySelector("[data-safe-told]");
  box.hidden = false;
  if (read) {
    read.addEventListener("change", () => {
      press.disabled = !read.checked;
    });
  }

  const plain = () => {
    const copy = words.cloneNode(true);
    for (const label of copy.querySelectorAll("[data-not-copied]")) label.remove();
    return copy.textContent;
  };

  press.addEventListener("click", async () => {
    if (read && !read.checked) return;
    try {
      await navigator.clipboard.writeText(plain());
      told.textContent = press.dataset.done;
    } catch {
      told.textContent = press.dataset.failed;
    }
  });
})();
