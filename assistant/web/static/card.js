// <judgement-card>: the judgement of a situation, for the chat page and for a widget on any page.
//
//   card.assessment = {…}   as on the wire        card.message  = "…"    what the person wrote
//   card.answered = true    closes the question   card.strings = {…}    other words, say in German
//   theme="light|dark|auto" as an attribute; auto follows the reader's system
//
// Choosing an answer to its question fires "choose" with detail {text}. Whatever comes in goes in as text, never as HTML.

const STRINGS = {
  verdict: {
    coach: "A coach",
    mentor: "A mentor",
    both: "A coach and a mentor",
    neither: "Neither a coach nor a mentor",
    unclear: "Not clear yet",
  },
  instead: {
    manager: "your manager",
    hr: "HR",
    counselling: "a doctor, a counsellor or employee assistance",
    training: "training",
    sponsor: "a sponsor",
    expert: "a professional for the matter",
  },
  sure: { high: "I am quite sure", fair: "I think so", low: "I am not sure" },
  // How sure it is that something is still missing is another thing than how sure it is of a verdict.
  missing: { high: "I need to know more", fair: "I think I need to know more", low: "I may need to know more" },
  percent: "{n} %",
  meaning: "Of 100 judgements with this confidence, about {n} are right.",
  provisional: "First impression",
  pole: { coach: "coach", mentor: "mentor", elsewhere: "neither", none: "open" },
  need: { coach: "For a coach", mentor: "For a mentor" },
  sign: {
    behaviour: "a habit or skill to change",
    goal: "a result with a date or measure",
    block: "knows it, but something holds back",
    reflect: "wants to think, practise or be held to it",
    road: "needs somebody who has done it",
    direction: "where the way is to go",
    landscape: "how this place or trade works",
    belonging: "somebody alike, or a lasting bond",
    manager: "for the manager",
    hr: "for HR",
    counselling: "about how somebody is",
    training: "knowledge to be taught",
    sponsor: "ready, and needs a voice",
    expert: "for a professional to do",
    thin: "says too little of the need",
  },
  message: "What you wrote",
  more: "Show the whole message",
  less: "Show less",
  why: "Why",
  change: "What would change it",
  step: "Next step",
  page: "Open the page at {where}",
  mail: "Write to {where}",
  draft: "A draft of your request",
  edit: "Change it as you like; nobody but you sees it.",
  copy: "Copy",
  copied: "Copied.",
  selected: "It is selected: copy it with Ctrl+C or ⌘C.",
  type: "Or just type your answer in your own words.",
  similar: "Similar cases",
  judged: "Judged: {verdict}.",
};

// A message up to this long is shown whole; of a longer one the clauses, and about so much on either side.
const LONG = 320;
const BESIDE = 60;
const LONG_CLAUSE = 240;

// One sheet for all cards. It is fetched, since a <link> in each would flash, and a <style> would need an inline policy.
const sheet = new CSSStyleSheet();
fetch(new URL("card.css", import.meta.url))
  .then((answer) => answer.text())
  .then((css) => sheet.replace(css))
  // Without it the card is plain, and still says everything.
  .catch(() => {});

const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child));
  return node;
};
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

// The message in pieces, those that carry the judgement with their signals. Clauses stand in order, so each is looked for
// after the one before it: the same words may occur twice.
const split = (message, signals) => {
  const pieces = [];
  let end = 0;
  for (const signal of [...signals].sort((one, other) => one.clause - other.clause)) {
    const last = pieces.at(-1);
    if (last?.signals && last.signals[0].clause === signal.clause && last.text === signal.quote) {
      last.signals.push(signal);
      continue;
    }
    const start = message.indexOf(signal.quote, end);
    if (start < 0 || !signal.quote) continue;
    if (start > end) pieces.push({ text: message.slice(end, start) });
    end = start + signal.quote.length;
    pieces.push({ text: signal.quote, signals: [signal] });
  }
  if (end < message.length) pieces.push({ text: message.slice(end) });
  return pieces;
};

const head = (text, most) => (text.length > most ? text.slice(0, most).replace(/\s+\S*$/, "") + " …" : text);
const tail = (text, most) => (text.length > most ? "… " + text.slice(-most).replace(/^\S*\s+/, "") : text);
const shorten = (pieces) =>
  pieces.map((piece, place) => {
    const { text } = piece;
    if (piece.signals) return { ...piece, text: head(text, LONG_CLAUSE) };
    const [first, last] = [place === 0, place === pieces.length - 1];
    if (first && last) return { text: head(text, LONG) };
    if (first) return { text: tail(text, BESIDE) };
    if (last) return { text: head(text, BESIDE) };
    if (text.length <= 2 * BESIDE) return piece;
    return { text: `${head(text, BESIDE)} ${tail(text, BESIDE).replace(/^… /, "")}` };
  });

class JudgementCard extends HTMLElement {
  static strings = STRINGS;
  #assessment = null;
  #message = "";
  #answered = false;
  #strings = STRINGS;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
  }

  connectedCallback() {
    // What was set before this script had loaded hides the setters of the class.
    for (const name of ["strings", "message", "answered", "assessment"]) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
  }

  get assessment() { return this.#assessment; }
  set assessment(value) { this.#assessment = value; this.#show(); }
  get message() { return this.#message; }
  set message(value) { this.#message = value ?? ""; this.#show(); }
  get strings() { return this.#strings; }
  set strings(value) {
    const words = { ...STRINGS };
    for (const [name, word] of Object.entries(value ?? {})) {
      words[name] = typeof word === "string" ? word : { ...words[name], ...word };
    }
    this.#strings = words;
    this.#show();
  }
  get answered() { return this.#answered; }
  set answered(value) {
    this.#answered = Boolean(value);
    for (const button of this.shadowRoot.querySelectorAll(".options button")) button.disabled = this.#answered;
  }

  #show() {
    const it = this.#assessment;
    if (!it) return this.shadowRoot.replaceChildren();
    // A judgement may be replaced while it is read: what was opened stays open, and an edited draft stays.
    const open = [...this.shadowRoot.querySelectorAll("details[open]")].map((each) => each.className);
    const before = this.shadowRoot.querySelector("textarea");
    const card = el(
      "article",
      { class: it.verdict, "aria-labelledby": "verdict" },
      this.#heading(it),
      this.#words(it),
      this.#part("why", it.why),
      this.#part("change", it.would_change),
      this.#step(it.next_step),
      it.ask && this.#ask(it.ask),
      it.precedents?.length && this.#precedents(it.precedents),
    );
    for (const each of card.querySelectorAll("details")) each.open = open.includes(each.className);
    const draft = card.querySelector("textarea");
    if (draft && before && before.value !== before.defaultValue) draft.value = before.value;
    this.shadowRoot.replaceChildren(card);
    this.answered = this.#answered;
  }

  #verdict({ verdict, instead }) {
    const words = this.#strings;
    return words.verdict[verdict] + (instead ? `: ${words.instead[instead]}` : "");
  }

  #heading(it) {
    const words = this.#strings;
    const n = Math.round(100 * it.confidence);
    const sure = (it.verdict === "unclear" ? words.missing : words.sure)[it.confidence_band];
    return el(
      "header",
      {},
      el("h2", { id: "verdict" }, this.#verdict(it)),
      it.provisional && el("p", { class: "tag" }, words.provisional),
      el("p", { class: "sure" }, `${sure} `, el("span", {}, fill(words.percent, { n }))),
      el("p", { class: "note" }, fill(words.meaning, { n })),
    );
  }

  // The person's own words, the carrying ones marked and named.
  #words(it) {
    const words = this.#strings;
    const both = it.verdict === "both";
    const quotes = it.signals.map((signal) => signal.quote);
    const pieces = split(this.#message || quotes.join(" … "), it.signals);
    if (!pieces.length) return null;
    const marked = (some) =>
      some.flatMap(({ text, signals }) =>
        signals
          ? [
              el("mark", { class: signals[0].pole }, text),
              ...signals.map(({ pole, sign }) => {
                const name = both ? words.pole[pole] : `${words.pole[pole]}: ${words.sign[sign]}`;
                return el("small", { class: pole }, ` (${name})`);
              }),
            ]
          : [text],
      );
    const quote = el("blockquote", { id: "message" }, ...marked(pieces));
    const part = el("section", {}, el("h3", {}, words.message), quote);
    const short = shorten(pieces);
    if (this.#message.length > LONG && short.some((piece, place) => piece.text !== pieces[place].text)) {
      const toggle = el("button", { type: "button", class: "toggle", "aria-controls": "message" });
      const show = (whole) => {
        quote.replaceChildren(...marked(whole ? pieces : short));
        toggle.textContent = whole ? words.less : words.more;
        toggle.setAttribute("aria-expanded", whole);
      };
      toggle.addEventListener("click", () => show(toggle.getAttribute("aria-expanded") !== "true"));
      show(false);
      part.append(toggle);
    }
    if (both) part.append(this.#needs(it.signals));
    return part;
  }

  // Two needs, each with its helper.
  #needs(signals) {
    const words = this.#strings;
    const needs = el("div", { class: "needs" });
    for (const pole of ["coach", "mentor"]) {
      const own = signals.filter((signal) => signal.pole === pole);
      if (!own.length) continue;
      const items = own.map(({ sign, quote }) => el("li", {}, `“${head(quote, LONG_CLAUSE)}” `, el("small", {}, words.sign[sign])));
      needs.append(el("section", { class: pole }, el("h4", {}, words.need[pole]), el("ul", {}, ...items)));
    }
    return needs;
  }

  #part(name, text) {
    return text && el("section", {}, el("h3", {}, this.#strings[name]), el("p", {}, text));
  }

  #step(step) {
    const part = step && this.#part("step", step.text);
    if (!part) return null;
    const link = this.#link(step.url);
    if (link) part.append(el("p", {}, link));
    if (step.draft) part.append(this.#draft(step.draft));
    return part;
  }

  #link(address) {
    const words = this.#strings;
    let url;
    try {
      url = new URL(address);
    } catch {
      return null;
    }
    if (url.protocol === "mailto:") return el("a", { href: url.href }, fill(words.mail, { where: url.pathname }));
    if (url.protocol !== "https:" && url.protocol !== "http:") return null;
    return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, fill(words.page, { where: url.host }));
  }

  #draft(text) {
    const words = this.#strings;
    const rows = text.split("\n").reduce((sum, line) => sum + 1 + Math.floor(line.length / 70), 1);
    const box = el("textarea", { id: "draft", rows, "aria-describedby": "edit" }, text);
    const copy = el("button", { type: "button" }, words.copy);
    const said = el("span", { role: "status" });
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(box.value);
        said.textContent = words.copied;
      } catch {
        // Without https there is no clipboard to write to.
        box.focus();
        box.select();
        said.textContent = words.selected;
      }
    });
    // What was copied is no longer what stands there.
    box.addEventListener("input", () => { said.textContent = ""; });
    return el(
      "details",
      { class: "draft" },
      el("summary", {}, words.draft),
      el("p", { class: "note", id: "edit" }, words.edit),
      el("label", { for: "draft", class: "unseen" }, words.draft),
      box,
      el("p", { class: "row" }, copy, said),
    );
  }

  #ask({ question, options }) {
    const part = el("section", { class: "ask", role: "group", "aria-labelledby": "question", tabindex: "-1" });
    const buttons = options.map((text) => {
      const button = el("button", { type: "button", "aria-pressed": "false" }, text);
      button.addEventListener("click", () => {
        button.setAttribute("aria-pressed", "true");
        // A disabled button loses the focus, and with it the reader's place.
        part.focus({ preventScroll: true });
        this.answered = true;
        this.dispatchEvent(new CustomEvent("choose", { bubbles: true, composed: true, detail: { text } }));
      });
      return button;
    });
    part.append(
      el("h3", { id: "question" }, question),
      el("div", { class: "options" }, ...buttons),
      el("p", { class: "note" }, this.#strings.type),
    );
    return part;
  }

  #precedents(cases) {
    const words = this.#strings;
    const items = cases.map((each) =>
      el(
        "li",
        {},
        el("p", {}, `“${each.text}”`),
        el("p", {}, el("strong", {}, fill(words.judged, { verdict: this.#verdict(each) })), ` ${each.why}`),
      ),
    );
    return el("details", { class: "similar" }, el("summary", {}, `${words.similar} (${cases.length})`), el("ul", {}, ...items));
  }
}

customElements.define("judgement-card", JudgementCard);
