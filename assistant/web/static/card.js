// <judgement-card>: the judgement of a situation, for the chat page and for a widget.
// Properties: assessment (as on the wire), message (what the person wrote), answered, strings (other words).
// Attribute: theme = light | dark | auto. Event: "choose" with detail {text}. All goes in as text, never as HTML.

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

// A longer message is shown by its clauses, with about so much on either side.
const LONG = 320;
const BESIDE = 60;
const LONG_CLAUSE = 240;

// One sheet for all cards: a <link> in each would flash. Without it the card is plain, and still says everything.
const sheet = new CSSStyleSheet();
fetch(new URL("card.css", import.meta.url)).then((answer) => answer.text()).then((css) => sheet.replace(css)).catch(() => {});

const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child));
  return node;
};
const fill = (text, value) => text.replace(/\{\w+\}/, () => value);

// The message in pieces, the carrying ones with their signals. The same words may occur twice, so each clause is looked for
// after the one before it.
const split = (message, signals) => {
  const pieces = [];
  let end = 0;
  for (const signal of [...signals].sort((one, other) => one.clause - other.clause)) {
    const { quote, clause } = signal;
    const last = pieces.at(-1)?.signals;
    if (last?.[0].clause === clause) {
      last.push(signal);
      continue;
    }
    const start = message.indexOf(quote, end);
    if (start < 0 || !quote) continue;
    if (start > end) pieces.push({ text: message.slice(end, start) });
    end = start + quote.length;
    pieces.push({ text: quote, signals: [signal] });
  }
  if (end < message.length) pieces.push({ text: message.slice(end) });
  return pieces;
};

const head = (text, most) => (text.length > most ? text.slice(0, most).replace(/\s+\S*$/, "") + " …" : text);
const tail = (text) => (text.length > BESIDE ? "… " + text.slice(-BESIDE).replace(/^\S*\s+/, "") : text);
const shorten = (pieces) =>
  pieces.map(({ text, signals }, place) => {
    if (signals) return { text: head(text, LONG_CLAUSE), signals };
    if (pieces.length === 1) return { text: head(text, LONG) };
    if (place === 0) return { text: tail(text) };
    if (place === pieces.length - 1) return { text: head(text, BESIDE) };
    return { text: text.length > 2 * BESIDE ? head(text, BESIDE) + tail(text).slice(1) : text };
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
    // What was set before this script had loaded hides the class's own setters.
    for (const [name, value] of Object.entries(this)) {
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
    // A judgement may be replaced while it is read: what was opened and edited stays.
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
      el("p", {}, `${sure} · `, el("small", {}, fill(words.percent, n))),
      el("p", { class: "note" }, fill(words.meaning, n)),
    );
  }

  #words(it) {
    const words = this.#strings;
    const both = it.verdict === "both";
    const message = this.#message || it.signals.map(({ quote }) => quote).join(" … ");
    if (!message) return null;
    const pieces = split(message, it.signals);
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
    const quote = el("blockquote", {}, ...marked(pieces));
    const part = el("section", {}, el("h3", {}, words.message), quote);
    const short = shorten(pieces);
    if (message.length > LONG && short.some((piece, place) => piece.text !== pieces[place].text)) {
      const toggle = el("button", { class: "toggle" });
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
    if (url.protocol === "mailto:") return el("a", { href: url.href }, fill(words.mail, url.pathname));
    if (url.protocol !== "https:" && url.protocol !== "http:") return null;
    return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, fill(words.page, url.host));
  }

  #draft(text) {
    const words = this.#strings;
    const box = el("textarea", { rows: text.split("\n").length + 4, "aria-label": words.draft, "aria-describedby": "edit" }, text);
    const copy = el("button", { class: "copy" }, words.copy);
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
      box,
      el("p", {}, copy, said),
    );
  }

  #ask({ question, options }) {
    const part = el("section", { class: "ask", role: "group", "aria-labelledby": "question", tabindex: "-1" });
    const buttons = options.map((text) => {
      const button = el("button", { "aria-pressed": false }, text);
      button.addEventListener("click", () => {
        button.setAttribute("aria-pressed", true);
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
        el("p", {}, el("strong", {}, fill(words.judged, this.#verdict(each))), ` ${each.why}`),
      ),
    );
    return el("details", { class: "similar" }, el("summary", {}, `${words.similar} (${cases.length})`), el("ul", {}, ...items));
  }
}

customElements.define("judgement-card", JudgementCard);
