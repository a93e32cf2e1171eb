// Opens a citation beside the conversation. Without this script the link opens the article itself.
"use strict";

const makePanel = () => {
  const panel = document.createElement("dialog");
  panel.id = "article-panel";
  panel.setAttribute("aria-labelledby", "article-panel-title");
  panel.innerHTML =
    '<div class="bar"><h2 id="article-panel-title">Where it stands</h2>' +
    '<a target="_blank" rel="noopener">Open in its own tab</a><button type="button">Close</button></div>';
  panel.querySelector("button").addEventListener("click", () => panel.close());
  // A click on the backdrop is a click on the dialog itself.
  panel.addEventListener("click", (event) => event.target === panel && panel.close());
  document.body.append(panel);
  return panel;
};

let panel = null;

const openArticle = (link) => {
  panel ??= makePanel();
  panel.querySelector("iframe")?.remove();
  panel.querySelector("a").href = link.href;
  // A new frame each time, because one that changes its address fills the browser's history.
  const frame = document.createElement("iframe");
  frame.title = "The article, at the quoted sentence";
  frame.src = link.href;
  frame.addEventListener("load", () => {
    // Esc pressed inside the frame does not reach the dialog by itself.
    frame.contentDocument?.addEventListener("keydown", (event) => event.key === "Escape" && panel.close());
  });
  panel.append(frame);
  panel.onclose = () => {
    frame.remove();
    link.focus();
  };
  panel.showModal();
};

document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || link.closest("#article-panel") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const base = new URL("library/", document.baseURI);
    if (!link.href.startsWith(base.href)) return;
    event.preventDefault();
    event.stopPropagation();
    openArticle(link);
  },
  true,
);

// Gradio names each message by its own raw text, which a screen reader would say instead of the message, and calls
// a row of buttons a list.
const tidy = () => {
  for (const said of document.querySelectorAll("#conversation [data-testid][aria-label]")) said.removeAttribute("aria-label");
  for (const row of document.querySelectorAll('#conversation .examples[role="list"]')) row.setAttribute("role", "group");
};

// A new answer is read from its beginning: the question goes to the top and stays there until the reader scrolls.
let questions = 0;
let readerScrolls = false;
for (const sign of ["wheel", "touchmove", "pointerdown", "keydown"]) {
  document.addEventListener(sign, () => { readerScrolls = true; }, { capture: true, passive: true });
}
const showQuestion = () => {
  const asked = document.querySelectorAll("#conversation .user-row");
  if (asked.length > questions) readerScrolls = false;
  questions = asked.length;
  const last = asked[questions - 1];
  const log = last?.closest('[role="log"]');
  if (log && !readerScrolls) log.scrollTop += last.getBoundingClientRect().top - log.getBoundingClientRect().top - 8;
};

new MutationObserver(() => { tidy(); showQuestion(); }).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["aria-label"] });
