// Words that are selected in the text of a source can be marked at once: they go into a small form at the foot of the
// window. Everything that it does can be done without it, by the number of the paragraph.
"use strict";

(() => {
  const form = document.querySelector("[data-marker]");
  if (!form) return;
  const shown = form.querySelector("[data-marked]");
  const input = (name) => form.elements.namedItem(name);
  for (const hint of document.querySelectorAll("[data-with-scripts]")) hint.hidden = false;

  // The small numbers of marks stand in the text, but are none of its words.
  const words = (range) => {
    const copy = range.cloneContents();
    for (const number of copy.querySelectorAll("sup")) number.remove();
    return copy.textContent;
  };

  const paragraphOf = (node) => {
    const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
    return element && element.closest("[data-passage]");
  };

  const look = () => {
    const selection = document.getSelection();
    if (form.contains(document.activeElement)) return;
    if (!selection || selection.isCollapsed || !selection.rangeCount) {
      form.hidden = true;
      return;
    }
    const range = selection.getRangeAt(0);
    const paragraph = paragraphOf(range.startContainer);
    if (!paragraph) {
      form.hidden = true;
      return;
    }
    const within = range.cloneRange();
    // One mark stands in one paragraph: what is selected beyond it is let go.
    if (!paragraph.contains(range.endContainer)) within.setEnd(paragraph, paragraph.childNodes.length);
    const before = document.createRange();
    before.setStart(paragraph, 0);
    before.setEnd(within.startContainer, within.startOffset);
    const said = words(within);
    if (!said.trim()) {
      form.hidden = true;
      return;
    }
    input("passage").value = paragraph.dataset.passage;
    input("citation.words").value = said.trim();
    input("citation.starts").value = [...words(before)].length + [...said].length - [...said.trimStart()].length;
    shown.textContent = said.trim();
    form.hidden = false;
  };

  document.addEventListener("selectionchange", look);
})();
