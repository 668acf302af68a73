// Files that are dropped anywhere on a form with a place for files go into that place. The browser never opens them.
"use strict";

(() => {
  const place = document.querySelector("[data-drop]");
  if (!place) return;
  const input = place.querySelector("input[type=file]");
  const words = place.querySelector(".drop-words");
  words.hidden = false;

  const holdsFiles = (event) => [...(event.dataTransfer ? event.dataTransfer.types : [])].includes("Files");
  const mark = (on) => place.classList.toggle("drop-over", on);

  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark(false);
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    mark(false);
    const all = new DataTransfer();
    for (const file of [...input.files, ...event.dataTransfer.files]) all.items.add(file);
    input.files = all.files;
    input.focus();
  });
})();
