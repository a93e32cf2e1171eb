// Shows the cards, and opens a citation beside the conversation. Without this script the link opens the article itself.
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

// Gradio lets only a place with data through for a card. With each piece of an answer it writes the message anew, so a card
// is kept and moved to where its place is now, with all that was opened and typed in it, and with the focus.
const cards = [];
let focused = null;
let choices = 0;
const makeCard = () => {
  const card = document.createElement("judgement-card");
  card.addEventListener("focusin", () => { focused = [card, card.shadowRoot.activeElement]; });
  card.addEventListener("focusout", () => { if (card.isConnected) focused = null; });
  card.addEventListener("choose", (event) => {
    const box = document.querySelector("#chosen textarea, #chosen input");
    // Gradio tells of a change only, and the same answer may be chosen twice.
    box.value = `${++choices} ${event.detail.text}`;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return card;
};
const showCards = () => {
  if (!customElements.get("judgement-card")) return;
  const places = document.querySelectorAll("#conversation [data-testid=bot] .judgement[value]");
  const asked = [...document.querySelectorAll("#conversation [data-testid=user]")].at(-1);
  cards.length = Math.min(cards.length, places.length);
  places.forEach((place, number) => {
    const data = place.getAttribute("value");
    if (cards[number]?.data !== data) {
      const { message, assessment } = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(data), (c) => c.charCodeAt(0))));
      // The same message judged again keeps its card.
      if (cards[number]?.message !== message) cards[number] = { card: makeCard(), message };
      cards[number].data = data;
      Object.assign(cards[number].card, { message, assessment });
    }
    const { card } = cards[number];
    card.setAttribute("theme", document.body.classList.contains("dark") ? "dark" : "light");
    if (asked && place.compareDocumentPosition(asked) & Node.DOCUMENT_POSITION_FOLLOWING) card.answered = true;
    if (card.parentNode === place) return;
    place.replaceChildren(card);
    if (focused?.[0] === card && document.activeElement === document.body) focused[1]?.focus({ preventScroll: true });
  });
};
customElements.whenDefined("judgement-card").then(showCards);
new MutationObserver(showCards).observe(document.body, { attributeFilter: ["class"] });

new MutationObserver(() => { tidy(); showCards(); showQuestion(); }).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["aria-label"] });
