"""The judgement card by itself: a real browser, a page with nothing but the card, and a policy that allows nothing inline."""

from __future__ import annotations

import gzip
import json
import re
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from assistant.domain import Ask, Assessment, NextStep, Pole, Precedent, Sign, Signal, to_wire

# The browser driver leaves warnings that are not ours to mend.
pytestmark = pytest.mark.filterwarnings("default")

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "assistant" / "web" / "static"
# A page that does its worst to whatever it holds: the card must look the same in it.
HOSTILE_PAGE = "body, body * { color: lime !important; font: 40px fantasy !important; } .card, article, mark { display: none !important; }"
PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Card</title><link rel="icon" href="data:,">'
    '<script type="module" src="card.js"></script><main><h1>Card</h1></main></html>'
)
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:"

MESSAGE = "I keep interrupting people in meetings, and I want to stop that before the summer."
INTERRUPTING = Signal("behaviour", "coach", 1, "I keep interrupting people in meetings")
DRAFT = "Hello …,\n\nI would like some coaching on one thing.\n\nThank you"
ASK = Ask("What should be different in three months?", ("I do it differently", "I know the way", "My tasks are others"))


def _assessment(**changes: Any) -> Assessment:
    plain: dict[str, Any] = {
        "verdict": "coach",
        "instead": None,
        "confidence": 0.86,
        "confidence_band": "high",
        "provisional": False,
        "signals": (INTERRUPTING,),
        "why": "That is a change in what you do.",
        "would_change": "If nobody had shown you how it works, a mentor would fit better.",
        "next_step": NextStep("Ask your manager for a few sessions.", DRAFT, "https://intranet.example/coaching"),
        "ask": None,
        "precedents": (
            Precedent("My boss gives me three urgent things a day.", "neither", "manager", "It is his part."),
        ),
    }
    return Assessment(**plain | changes)


BOTH = _assessment(
    verdict="both",
    confidence_band="fair",
    signals=(
        Signal("behaviour", "coach", 1, "I lose my temper in meetings"),
        Signal("landscape", "mentor", 2, "I do not see how this board decides"),
    ),
)
BOTH_MESSAGE = "I lose my temper in meetings, and I do not see how this board decides."
UNCLEAR = _assessment(
    verdict="unclear",
    confidence_band="fair",
    signals=(Signal("thin", "none", 1, "work is hard"),),
    next_step=NextStep("Choose the answer that comes nearest."),
    ask=ASK,
)


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.lstrip("/").partition("?")[0]
        kinds = {"": "text/html", "card.js": "text/javascript", "card.css": "text/css"}
        if name not in kinds:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", kinds[name])
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write((STATIC / name).read_bytes() if name else PAGE.encode())

    def log_message(self, *arguments: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    with browser.new_context() as context:
        page = _open(context, address)
        yield page
        assert page.evaluate("window.broken") == []


def _open(context: Any, address: str) -> Any:
    page = context.new_page()
    page.set_default_timeout(20_000)
    # Whatever the policy forbids, and whatever goes wrong in the script, is remembered.
    page.add_init_script(
        "window.broken = []; window.chosen = [];"
        "addEventListener('securitypolicyviolation', (e) => broken.push(e.violatedDirective));"
        "addEventListener('error', (e) => broken.push(String(e.message)));"
        "addEventListener('choose', (e) => chosen.push([e.detail.text, e.composed, e.target.localName]));"
    )
    page.goto(address)
    page.evaluate("customElements.whenDefined('judgement-card')")
    return page


def _show(page: Any, assessment: Assessment, message: str = MESSAGE, **properties: Any) -> Any:
    """Puts the card into the page as its only one."""
    from playwright.sync_api import expect

    wire = json.loads(json.dumps(to_wire(assessment)[1]))
    page.evaluate(
        """(properties) => {
            document.querySelector('judgement-card')?.remove();
            const card = Object.assign(document.createElement('judgement-card'), properties);
            document.querySelector('main').append(card);
        }""",
        {"message": message, "assessment": wire, **properties},
    )
    card = page.locator("judgement-card")
    # Until its style is there. (Waiting for a function would poll by eval, which the policy forbids.)
    expect(card.locator("article")).not_to_have_css("border-radius", "0px")
    return card


def test_script_and_style_are_small() -> None:
    assert sum(len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in ("card.js", "card.css")) <= 6 * 1024


def test_its_labels_are_those_of_the_criteria(page: Any) -> None:
    criteria = tomllib.loads((ROOT / "prompts" / "criteria.toml").read_text(encoding="utf-8"))
    words = page.evaluate("customElements.get('judgement-card').strings")
    for name in ("verdicts", "signs"):
        assert words[name[:-1]] == {key: value["label"] for key, value in criteria[name].items()}
    assert {key: value.lower() for key, value in words["instead"].items()} == {
        key: value["label"].lower() for key, value in criteria["instead"].items()
    }


@pytest.mark.parametrize(
    ("changes", "heading", "sure"),
    [
        ({}, "A coach", "I am quite sure"),
        ({"verdict": "mentor", "confidence_band": "fair"}, "A mentor", "I think so"),
        ({"verdict": "both", "confidence_band": "low"}, "A coach and a mentor", "I am not sure"),
        ({"verdict": "neither", "instead": "manager"}, "Neither a coach nor a mentor: your manager", "I am quite sure"),
        ({"verdict": "unclear", "confidence_band": "fair"}, "Not clear yet", "I think I need to know more"),
    ],
)
def test_verdict_and_confidence_are_said_in_words_and_the_number_explained(
    page: Any, changes: dict[str, Any], heading: str, sure: str
) -> None:
    card = _show(page, _assessment(**changes))
    assert card.get_by_role("heading", level=2).inner_text() == heading
    said = card.locator("header").inner_text()
    assert f"{sure} · 86 %" in said
    assert "Of 100 judgements with this confidence, about 86 are right." in said


def test_the_carrying_clause_is_marked_in_the_persons_own_message_and_named(page: Any) -> None:
    card = _show(page, _assessment())
    assert card.locator("mark").inner_text() == INTERRUPTING.quote
    said = card.locator("blockquote").inner_text()
    assert said == MESSAGE.replace(INTERRUPTING.quote, f"{INTERRUPTING.quote} (coach: a habit or skill to change)")


def test_the_same_words_said_twice_are_marked_where_the_clauses_stand(page: Any) -> None:
    again = "It is hard. It is hard."
    signals = (Signal("thin", "none", 2, "It is hard."), Signal("counselling", "elsewhere", 1, "It is hard."))
    card = _show(page, _assessment(verdict="unclear", signals=signals), again)
    assert [mark.get_attribute("class") for mark in card.locator("mark").all()] == ["elsewhere", "none"]


@pytest.mark.parametrize(
    ("pole", "sign", "word"),
    [
        ("coach", "goal", "coach"),
        ("mentor", "road", "mentor"),
        ("elsewhere", "hr", "neither"),
        ("none", "thin", "open"),
    ],
)
def test_each_pole_has_a_colour_and_a_word(page: Any, pole: Pole, sign: Sign, word: str) -> None:
    card = _show(page, _assessment(signals=(Signal(sign, pole, 1, INTERRUPTING.quote),)))
    assert card.locator("mark").evaluate("e => getComputedStyle(e).backgroundColor") != "rgba(0, 0, 0, 0)"
    assert card.locator("blockquote small").inner_text().strip().startswith(f"({word}: ")


def test_with_both_it_is_plain_which_need_is_whose(page: Any) -> None:
    card = _show(page, BOTH, BOTH_MESSAGE)
    needs = card.locator(".needs section")
    assert [re.sub(r"\s+", " ", text).strip() for text in needs.all_inner_texts()] == [
        "For a coach “I lose my temper in meetings” a habit or skill to change",
        "For a mentor “I do not see how this board decides” how this place or trade works",
    ]


def test_a_long_message_is_shortened_around_its_clauses_and_opens(page: Any) -> None:
    before, after = "Before that I did many other things. " * 40, " And then there was a great deal more to say." * 40
    message = f"{before}{INTERRUPTING.quote}{after}"
    card = _show(page, _assessment(), message)
    quote = card.locator("blockquote")
    assert len(quote.inner_text()) < 300
    assert quote.inner_text().startswith("… ")
    assert quote.inner_text().endswith(" …")
    assert card.locator("mark").inner_text() == INTERRUPTING.quote
    more = card.get_by_role("button", name="Show the whole message")
    assert more.get_attribute("aria-expanded") == "false"
    more.focus()
    page.keyboard.press("Enter")
    assert quote.inner_text().replace(" (coach: a habit or skill to change)", "") == message.strip()
    assert card.locator("mark").inner_text() == INTERRUPTING.quote
    less = card.get_by_role("button", name="Show less")
    assert less.get_attribute("aria-expanded") == "true"
    less.click()
    assert len(quote.inner_text()) < 300


def test_a_message_without_any_full_stop_is_shortened_too(page: Any) -> None:
    endless = "and then he said this and that " * 200
    card = _show(page, _assessment(signals=(Signal("thin", "none", 1, endless.strip()),)), endless)
    assert len(card.locator("blockquote").inner_text()) < 400


def test_a_short_message_is_shown_whole(page: Any) -> None:
    assert _show(page, _assessment()).get_by_role("button", name="Show the whole message").count() == 0


def test_why_what_would_change_it_and_the_next_step_are_there(page: Any) -> None:
    card = _show(page, _assessment())
    assert card.get_by_role("heading", level=3).all_inner_texts() == [
        "What you wrote", "Why", "What would change it", "Next step",
    ]  # fmt: skip
    link = card.get_by_role("link")
    assert link.get_attribute("href") == "https://intranet.example/coaching"
    assert link.inner_text() == "Open the page at intranet.example"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://intranet.example/", True),
        ("mailto:hr@firm.example", True),
        ("javascript:alert(1)", False),
        (" JaVaScRiPt:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("//elsewhere.example", False),
        ("nonsense", False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_and_mail_addresses_become_links(page: Any, url: str | None, shown: bool) -> None:
    card = _show(page, _assessment(next_step=NextStep("Ask.", None, url)))
    assert card.get_by_role("link").count() == shown


def test_the_draft_can_be_edited_and_copied_by_keyboard(browser: Any, address: str) -> None:
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = _open(context, address)
        card = _show(page, _assessment())
        assert not card.get_by_role("textbox").is_visible()
        card.get_by_text("A draft of your request").focus()
        page.keyboard.press("Enter")
        box = card.get_by_role("textbox", name="A draft of your request")
        assert box.input_value() == DRAFT
        page.keyboard.press("Tab")
        page.keyboard.press("Control+Home")
        page.keyboard.type("Dear Kim! ")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        card.get_by_role("status").get_by_text("Copied.").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == f"Dear Kim! {DRAFT}"


def test_without_a_clipboard_the_draft_is_selected(page: Any) -> None:
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    card = _show(page, _assessment())
    card.get_by_text("A draft of your request").click()
    card.get_by_role("button", name="Copy").click()
    card.get_by_role("status").get_by_text("It is selected").wait_for()
    assert card.get_by_role("textbox").evaluate("e => e.value.slice(e.selectionStart, e.selectionEnd)") == DRAFT


def test_similar_cases_open_on_demand_with_their_verdicts(page: Any) -> None:
    card = _show(page, _assessment())
    case = card.get_by_text("My boss gives me three urgent things a day.")
    assert not case.is_visible()
    card.get_by_text("Similar cases (1)").click()
    assert case.is_visible()
    assert card.get_by_text("Judged: Neither a coach nor a mentor: your manager.").is_visible()


def test_choosing_an_answer_fires_once_and_closes_the_question(page: Any) -> None:
    card = _show(page, UNCLEAR, "work is hard")
    group = card.get_by_role("group", name=ASK.question)
    buttons = group.get_by_role("button")
    assert buttons.all_inner_texts() == list(ASK.options)
    assert "just type your answer" in group.inner_text()
    buttons.nth(1).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.evaluate("chosen") == [["I know the way", True, "judgement-card"]]
    assert [button.is_disabled() for button in buttons.all()] == [True] * 3
    assert buttons.nth(1).get_attribute("aria-pressed") == "true"
    # The reader's place is not lost with the button.
    assert card.evaluate("e => e.shadowRoot.activeElement?.getAttribute('role')") == "group"


def test_an_answered_question_cannot_be_answered_again(page: Any) -> None:
    card = _show(page, UNCLEAR, "work is hard", answered=True)
    assert card.locator(".options button:disabled").count() == 3
    assert _show(page, UNCLEAR, "work is hard").locator(".options button:enabled").count() == 3


def test_a_first_impression_says_so_until_it_is_replaced_and_what_was_opened_and_edited_stays(page: Any) -> None:
    card = _show(page, _assessment(provisional=True))
    assert card.get_by_text("First impression").is_visible()
    card.get_by_text("A draft of your request").click()
    card.get_by_role("textbox").fill("My own words")
    page.evaluate("(a) => { document.querySelector('judgement-card').assessment = a; }", to_wire(BOTH)[1])
    assert card.get_by_text("First impression").count() == 0
    assert card.get_by_role("heading", level=2).inner_text() == "A coach and a mentor"
    assert card.get_by_role("textbox").input_value() == "My own words"


def test_hostile_content_is_shown_as_text_in_every_field(page: Any) -> None:
    bad = "<img src=x onerror=\"broken.push('ran')\"><script>broken.push('ran')</script>{n}$&"
    hostile = _assessment(
        signals=(Signal("behaviour", "coach", 1, bad),),
        why=bad,
        would_change=bad,
        next_step=NextStep(bad, f"</textarea>{bad}", "javascript:broken.push('ran')"),
        ask=Ask(bad, (bad, bad)),
        precedents=(Precedent(bad, "coach", None, bad),),
    )
    card = _show(page, hostile, f"{bad} {bad}")
    for summary in card.locator("summary").all():
        summary.click()
    assert card.locator("img, script, a, iframe").count() == 0
    assert card.locator("mark").inner_text() == bad
    for text in card.locator("section > p, .ask h3, .options button").all_inner_texts():
        assert text == bad or text == "Or just type your answer in your own words."
    assert card.get_by_role("textbox").input_value() == f"</textarea>{bad}"
    card.locator(".options button").first.click()
    assert page.evaluate("chosen")[0][0] == bad


def test_other_words_can_be_given_in_part(page: Any) -> None:
    card = _show(page, _assessment(), strings={"why": "Warum", "verdict": {"coach": "Ein Coach"}})
    assert card.get_by_role("heading", level=2).inner_text() == "Ein Coach"
    assert "Warum" in card.get_by_role("heading", level=3).all_inner_texts()
    assert "Next step" in card.get_by_role("heading", level=3).all_inner_texts()


def test_what_is_set_before_the_script_has_loaded_is_shown(page: Any, address: str) -> None:
    page.route("**/card.js", lambda route: route.abort())
    page.goto(address)
    page.evaluate(
        "(a) => document.querySelector('main').append(Object.assign(document.createElement('judgement-card'), {assessment: a}))",
        to_wire(_assessment())[1],
    )
    page.add_script_tag(type="module", url="/card.js?late")
    page.locator("judgement-card h2").wait_for()


def test_the_page_around_it_does_not_change_how_it_looks(page: Any) -> None:
    look = """e => { const s = getComputedStyle(e.shadowRoot.querySelector('h2')), m = e.shadowRoot.querySelector('mark');
        return [s.color, s.fontSize, s.fontFamily, getComputedStyle(m).display, getComputedStyle(m).color]; }"""
    card = _show(page, _assessment())
    alone = card.evaluate(look)
    page.evaluate(
        "(css) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }",
        HOSTILE_PAGE,
    )
    assert card.evaluate(look) == alone


@pytest.mark.parametrize(
    ("theme", "scheme", "dark"),
    [
        ("light", "dark", False),
        ("dark", "light", True),
        ("auto", "light", False),
        ("auto", "dark", True),
        (None, "dark", True),
    ],
)
def test_its_theme_is_what_the_attribute_says_or_else_the_readers(
    browser: Any, address: str, theme: str | None, scheme: str, dark: bool
) -> None:
    with browser.new_context(color_scheme=scheme) as context:
        card = _show(_open(context, address), _assessment())
        if theme:
            card.evaluate("(e, theme) => e.setAttribute('theme', theme)", theme)
        paper = card.locator("article").evaluate("e => getComputedStyle(e).backgroundColor")
        assert paper == ("rgb(21, 29, 36)" if dark else "rgb(255, 255, 255)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(browser: Any, axe: Any, address: str, scheme: str) -> None:
    shown = {
        "coach": (_assessment(provisional=True), MESSAGE),
        "mentor": (_assessment(verdict="mentor", signals=(Signal("road", "mentor", 1, MESSAGE),)), MESSAGE),
        "both": (BOTH, BOTH_MESSAGE),
        "neither": (
            _assessment(verdict="neither", instead="hr", signals=(Signal("hr", "elsewhere", 1, MESSAGE),), ask=ASK),
            MESSAGE * 8,
        ),
        "unclear": (UNCLEAR, "work is hard"),
    }
    with browser.new_context(color_scheme=scheme, bypass_csp=True) as context:
        page = _open(context, address)
        for name, (assessment, message) in shown.items():
            card = _show(page, assessment, message)
            for summary in card.locator("summary").all():
                summary.click()
            found = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
            wrong = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found.response["violations"]]
            assert wrong == [], name
            # An unresolved contrast is no pass: the gradient behind the heading is the one thing that axe cannot read.
            open_ends = [each["id"] for each in found.response["incomplete"]]
            assert open_ends == (["color-contrast"] if name == "both" else []), name


def test_at_320_pixels_and_with_endless_words_nothing_scrolls_sideways(browser: Any, address: str) -> None:
    with browser.new_context(viewport={"width": 320, "height": 640}) as context:
        page = _open(context, address)
        endless = "Donaudampfschifffahrt" * 20
        for assessment, message in (
            (BOTH, BOTH_MESSAGE),
            (_assessment(why=endless, ask=Ask(endless, (endless, "b"))), endless),
        ):
            card = _show(page, assessment, message)
            for summary in card.locator("summary").all():
                summary.click()
            assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_with_forced_colours_marks_and_needs_are_still_told_apart(browser: Any, address: str) -> None:
    with browser.new_context(forced_colors="active") as context:
        card = _show(_open(context, address), BOTH, BOTH_MESSAGE)
        assert card.locator("mark").first.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
        assert card.locator(".needs section").first.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


def test_on_paper_what_is_folded_is_printed_and_the_paper_is_white(browser: Any, address: str) -> None:
    with browser.new_context(color_scheme="dark") as context:
        page = _open(context, address)
        card = _show(page, _assessment())
        card.evaluate("e => e.setAttribute('theme', 'dark')")
        page.emulate_media(media="print")
        assert card.locator("article").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
        assert card.locator("textarea").evaluate("e => e.getBoundingClientRect().height") > 50
        assert not card.get_by_role("button", name="Copy").is_visible()
