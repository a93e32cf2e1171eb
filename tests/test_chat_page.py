"""The chat page in a real browser, against a real server and the real library."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from assistant.conversation import MAX_CHARACTERS
from assistant.domain import (
    Ask,
    Assessment,
    Done,
    Event,
    MadeBy,
    NextStep,
    Reply,
    Signal,
    Source,
    Start,
    Token,
    Turn,
    to_wire,
)  # fmt: skip
from assistant.pipeline import Assistant
from assistant.settings import Settings
from assistant.web.app import build_app
from assistant.web.chat_page import EXAMPLES, to_turns

# Gradio and the browser driver leave warnings that are not ours to mend.
pytestmark = pytest.mark.filterwarnings("default")

DANGER = "I want to kill myself"


@contextmanager
def _served(assistant: Any, corpus_dir: Path) -> Iterator[str]:
    app = build_app(assistant, corpus_dir)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def address(assistant: Assistant, library_home: Settings) -> Iterator[str]:
    with _served(assistant, library_home.corpus_dir) as address:
        yield address


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    with browser.new_context() as context:
        yield _open(context, address)


def _open(context: Any, address: str) -> Any:
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(address)
    _box(page).wait_for()
    page.get_by_role("button", name=EXAMPLES[0]).wait_for()
    return page


def _box(page: Any) -> Any:
    return page.get_by_label("Your situation or question")


def _ask(page: Any, text: str) -> None:
    _box(page).fill(text)
    _box(page).press("Enter")


def _bot(page: Any) -> Any:
    return page.locator("[data-testid=bot]").last


def _card(page: Any) -> Any:
    return page.locator("judgement-card").last


def test_a_question_asked_by_keyboard_leads_to_the_quoted_sentence_in_its_article(page: Any) -> None:
    _box(page).focus()
    page.keyboard.type("How long does coaching last?")
    page.keyboard.press("Enter")
    page.locator(".sources").wait_for()
    link = _bot(page).get_by_role("link", name="[1]").first
    said = _bot(page).inner_text().partition("[1]")[0].strip()
    link.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    panel.wait_for()
    quoted = page.frame_locator("#article-panel iframe").locator(":target")
    assert quoted.inner_text() == said
    assert quoted.evaluate("e => getComputedStyle(e).backgroundColor") != "rgba(0, 0, 0, 0)"
    assert quoted.evaluate("e => e.getBoundingClientRect().top >= 0 && e.getBoundingClientRect().top < innerHeight")
    page.keyboard.press("Escape")
    panel.wait_for(state="hidden")
    assert link.evaluate("e => e === document.activeElement")


def test_escape_inside_the_article_closes_it(page: Any) -> None:
    _ask(page, "How long does coaching last?")
    page.locator(".sources").wait_for()
    _bot(page).get_by_role("link", name="[1]").first.click()
    page.frame_locator("#article-panel iframe").locator(":target").click()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


def test_a_citation_opens_the_article_without_the_script_too(page: Any, address: str) -> None:
    _ask(page, "How long does coaching last?")
    page.locator(".sources").wait_for()
    url = _bot(page).get_by_role("link", name="[1]").first.evaluate("e => e.href")
    assert url.startswith(f"{address}library/")
    page.goto(url)
    assert page.locator(":target").count() == 1


def test_the_sources_stand_under_the_answer_with_article_and_section(page: Any) -> None:
    _ask(page, "How long does coaching last?")
    sources = page.locator(".sources")
    sources.wait_for()
    answered = set(re.findall(r"\[\d+\]", _bot(page).inner_text().partition("Sources")[0]))
    assert answered
    assert set(re.findall(r"\[\d+\]", sources.inner_text())) == answered
    assert " › How long does coaching last?" in sources.inner_text()


def test_an_example_button_asks_its_question(page: Any) -> None:
    page.get_by_role("button", name=EXAMPLES[2]).click()
    page.locator(".sources").wait_for()
    assert page.locator("[data-testid=user]").inner_text().strip() == EXAMPLES[2]


@pytest.mark.parametrize(("example", "verdict"), [(EXAMPLES[0], "A coach"), (EXAMPLES[1], "A mentor")])
def test_an_example_of_a_situation_is_judged(page: Any, example: str, verdict: str) -> None:
    page.get_by_role("button", name=example).click()
    assert _card(page).get_by_role("heading", level=2).inner_text() == verdict


def test_a_message_from_outside_is_declined_without_sources_and_offers_questions(page: Any) -> None:
    _ask(page, "What is the capital of Peru?")
    page.get_by_text("That is outside what I know").wait_for()
    offered = page.locator("#conversation .option")
    offered.nth(2).wait_for()
    assert page.locator("#conversation a").count() == 0
    offered.first.click()
    page.locator(".sources").wait_for()


def test_a_message_about_danger_gets_help_and_contacts_and_nothing_else(page: Any) -> None:
    _ask(page, DANGER)
    help_first = page.locator(".help")
    help_first.wait_for()
    page.get_by_role("button", name="Send").wait_for()
    assert "call your local emergency number" in help_first.inner_text()
    assert help_first.get_by_role("listitem").count() == 3
    assert _bot(page).inner_text().strip() == help_first.inner_text().strip()


def test_a_matter_for_hr_shows_the_help_before_the_answer(page: Any) -> None:
    _ask(page, "my boss bullies me")
    page.locator(".sources").wait_for()
    assert _bot(page).inner_text().startswith("What you describe is not for you to put right alone")


def test_a_new_conversation_is_empty(page: Any) -> None:
    _ask(page, "How long does coaching last?")
    page.locator(".sources").wait_for()
    page.get_by_role("button", name="New conversation").click()
    page.get_by_role("button", name=EXAMPLES[0]).wait_for()
    assert page.locator("[data-testid=user]").count() == 0


def test_a_message_too_long_is_said_in_a_sentence_and_stays_to_be_shortened(page: Any) -> None:
    text = "coach " * (MAX_CHARACTERS // 6 + 1)
    _ask(page, text)
    page.get_by_text(f"A message may have {MAX_CHARACTERS:,} characters").wait_for()
    assert len(_box(page).input_value()) == len(text)
    _ask(page, "How long does coaching last?")
    page.locator(".sources").wait_for()


def test_nothing_that_was_typed_stays_in_the_browser(page: Any) -> None:
    _ask(page, "How long does coaching last for people at Zorblaxina?")
    page.locator(".sources").wait_for()
    assert "Zorblaxina" in page.locator("#conversation").inner_text()
    assert "Zorblaxina" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    page.reload()
    page.get_by_role("button", name=EXAMPLES[0]).wait_for()
    assert "Zorblaxina" not in page.content()


def test_two_people_at_once_get_their_own_answers(browser: Any, address: str) -> None:
    with browser.new_context() as one, browser.new_context() as other:
        first, second = _open(one, address), _open(other, address)
        _ask(first, "How long does coaching last?")
        _ask(second, "How do I ask someone to be my mentor?")
        for page, own in ((first, "How long does coaching last?"), (second, "How do I ask someone to be my mentor?")):
            page.locator(".sources").wait_for()
            assert page.locator("[data-testid=user]").all_inner_texts() == [own]
        assert _bot(first).inner_text() != _bot(second).inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(browser: Any, axe: Any, address: str, scheme: str) -> None:
    with browser.new_context(color_scheme=scheme, reduced_motion="reduce") as context:
        page = _open(context, address)
        found = {"start": axe.run(page)}
        _ask(page, "my boss bullies me")
        page.locator(".sources").wait_for()
        _ask(page, "What is the capital of Peru?")
        page.locator("#conversation .option").first.wait_for()
        page.get_by_role("button", name="Send").wait_for()
        found["answers"] = axe.run(page)
        page.locator(".sources a").first.click()
        page.frame_locator("#article-panel iframe").locator(":target").wait_for()
        found["panel"] = axe.run(page)
        page.goto(f"{address}library/how-long-and-how-often#how-long-does-coaching-last.1")
        found["article"] = axe.run(page)
        for where, results in found.items():
            wrong = [(each["id"], [node["html"] for node in each["nodes"]]) for each in results.response["violations"]]
            assert wrong == [], where


def test_the_page_is_dark_where_the_reader_wants_it_dark(browser: Any, address: str) -> None:
    shades = []
    for scheme in ("light", "dark"):
        with browser.new_context(color_scheme=scheme) as context:
            page = _open(context, address)
            shades.append(page.locator("#conversation").evaluate("e => getComputedStyle(e).backgroundColor"))
    assert shades == ["rgb(255, 255, 255)", "rgb(18, 25, 31)"]


def test_at_320_pixels_nothing_scrolls_sideways(browser: Any, address: str) -> None:
    with browser.new_context(viewport={"width": 320, "height": 640}) as context:
        page = _open(context, address)
        _ask(page, "How long does coaching last?")
        page.locator(".sources").wait_for()
        wide = "() => [document.documentElement, document.querySelector('[role=log]')].map(e => e.scrollWidth - e.clientWidth)"
        assert page.evaluate(wide) == [0, 0]
        page.goto(f"{address}library/how-long-and-how-often")
        assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_no_request_goes_to_another_host(browser: Any, address: str) -> None:
    with browser.new_context() as context:
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        page = _open(context, address)
        # A picture that somebody writes into the conversation is the one thing that could fetch from elsewhere.
        _ask(page, "How long does coaching last? ![x](https://elsewhere.example/x.png)")
        page.locator(".sources").wait_for()
        page.locator(".sources a").first.click()
        page.frame_locator("#article-panel iframe").locator(":target").wait_for()
        assert len(asked) > 10
        reached = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
        assert [url for url in reached if "elsewhere.example" not in url] == []
        blocked = page.evaluate(
            "() => [...document.images].filter(i => i.src.includes('elsewhere')).every(i => !i.naturalWidth)"
        )
        assert blocked


def test_the_assistant_gets_its_earlier_answers_without_links_help_and_sources() -> None:
    content = (
        '<div class="help"><p>Help &amp; care.</p><ul><li>HR</li></ul></div>\n\n'
        r"Coaching ends. [\[1\]](library/a#b.1) Mentoring stays. [\[2\]](library/c#d~2.3)"
        '\n\n<div class="sources"><p>Sources</p><ul><li><a href="library/a#b.1">[1]</a> A › B</li></ul></div>\n\n'
    )
    turns = to_turns(
        [
            {"role": "user", "content": [{"type": "text", "text": "Does it last?"}]},
            {"role": "assistant", "content": content},
            {"role": "assistant", "content": '<div class="notice"><p>Too long.</p></div>'},
        ]
    )
    assert [turn.content for turn in turns] == ["Does it last?", "Coaching ends. [1] Mentoring stays. [2]"]


ASK = Ask("What should be different?", ("I do it differently", "I know the way"))
HOSTILE = "I shout <img src=x onerror='window.ran=1'> at **people**"


class Scripted:
    """Stands in for the assistant: asks about `work is hard`, and finds for a coach in everything else.

    Where the message says `slowly`, the answer waits in its middle until `go_on` is set.
    """

    def __init__(self) -> None:
        self.seen: list[list[Turn]] = []
        self.go_on = threading.Event()

    async def stream(self, turns: Sequence[Turn]) -> AsyncIterator[Event]:
        self.seen.append(list(turns))
        text = turns[-1].content
        answered = len(turns) > 1 and turns[-2].ask is not None
        asks = text == "work is hard" or "and ask" in text
        signal = (
            Signal("thin", "none", 1, "work is hard") if answered or asks else Signal("behaviour", "coach", 1, text)
        )
        if "and ask" in text:
            signal = Signal("thin", "none", 1, text)
        assessment = Assessment(
            "unclear" if asks else "coach", None, 0.6, "fair", False, (signal,), "Why.", "What else.",
            NextStep("Do this.", "Hello, my draft", None), ASK if asks else None, (),
        )  # fmt: skip
        yield Start("situation", False)
        yield assessment
        answer, sources = "", ()
        if not asks or "slowly" in text:
            answer = "Read [1] on."
            sources = (Source("1", "Title", "Section", "Quote.", "library/what-is-coaching"),)
            yield sources[0]
            yield Token("Read [1]")
            while "slowly" in text and not self.go_on.is_set():
                await asyncio.sleep(0.02)
            yield Token(" on.")
        made_by = MadeBy("built-in", "index", "encoder", "judge")
        yield Done(
            Reply("x", "situation", False, None, None, answer, sources, False, (), made_by, assessment=assessment)
        )


@pytest.fixture(scope="module")
def scripted_address(library_home: Settings) -> Iterator[tuple[Scripted, str]]:
    assistant = Scripted()
    with _served(assistant, library_home.corpus_dir) as address:
        yield assistant, address


@pytest.fixture
def judged(browser: Any, scripted_address: tuple[Scripted, str]) -> Iterator[tuple[Any, Scripted]]:
    assistant, address = scripted_address
    assistant.seen.clear()
    assistant.go_on.clear()
    with browser.new_context() as context:
        yield _open(context, address), assistant


def test_a_situation_gets_its_card_and_below_it_what_to_read_on(judged: tuple[Any, Scripted]) -> None:
    page, _ = judged
    _ask(page, HOSTILE)
    page.locator(".sources").wait_for()
    card = _card(page)
    assert card.get_by_role("heading", level=2).inner_text() == "A coach"
    assert card.locator("mark").inner_text() == HOSTILE
    assert page.evaluate("window.ran") is None
    assert (
        _bot(page)
        .get_by_role("heading", name="To read on")
        .evaluate(
            "(e, card) => Boolean(card.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING)",
            card.element_handle(),
        )
    )


def test_a_chosen_answer_goes_as_the_next_message_with_the_question_it_answers(judged: tuple[Any, Scripted]) -> None:
    page, assistant = judged
    _ask(page, "work is hard")
    option = _card(page).get_by_role("button", name=ASK.options[1])
    option.wait_for()
    page.get_by_role("button", name="Send").wait_for()
    _box(page).fill("half typed")
    option.focus()
    page.keyboard.press("Enter")
    page.locator(".sources").wait_for()
    assert assistant.seen[-1] == [
        Turn("user", "work is hard"),
        Turn("assistant", "", ASK),
        Turn("user", ASK.options[1]),
    ]
    assert _box(page).input_value() == "half typed"
    assert page.locator("judgement-card").first.locator(".options button:disabled").count() == 2
    assert _card(page).get_by_role("heading", level=2).inner_text() == "A coach"
    # The second judgement is of both messages, and quotes the first.
    assert ASK.options[1] in _card(page).locator("blockquote").inner_text()


def test_an_answer_can_be_chosen_while_the_reply_is_still_coming(judged: tuple[Any, Scripted]) -> None:
    page, assistant = judged
    _ask(page, "slowly and ask")
    _card(page).get_by_role("button", name=ASK.options[0]).click()
    page.locator(".sources").wait_for()
    assert page.locator("[data-testid=user]").all_inner_texts() == ["slowly and ask", ASK.options[0]]
    assert assistant.seen[-1][-2] == Turn("assistant", "Read [1]", ASK)


def test_what_is_opened_and_typed_in_a_card_stays_while_the_answer_arrives(judged: tuple[Any, Scripted]) -> None:
    page, assistant = judged
    _ask(page, "I shout slowly")
    _card(page).get_by_text("A draft of your request").click()
    box = _card(page).get_by_role("textbox")
    box.fill("My own ")
    assistant.go_on.set()
    page.locator(".sources").wait_for()
    page.keyboard.type("words")
    assert box.input_value() == "My own words"


def test_a_new_conversation_has_no_card_and_the_next_one_its_own(judged: tuple[Any, Scripted]) -> None:
    page, _ = judged
    _ask(page, "I shout")
    page.locator(".sources").wait_for()
    page.get_by_role("button", name="New conversation").click()
    page.get_by_role("button", name=EXAMPLES[0]).wait_for()
    assert page.locator("judgement-card").count() == 0
    _ask(page, "I whisper")
    page.locator(".sources").wait_for()
    assert page.locator("judgement-card mark").all_inner_texts() == ["I whisper"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_a_card_in_the_conversation(
    browser: Any, axe: Any, scripted_address: tuple[Scripted, str], scheme: str
) -> None:
    with browser.new_context(color_scheme=scheme, viewport={"width": 320, "height": 700}) as context:
        page = _open(context, scripted_address[1])
        _ask(page, "work is hard")
        _card(page).get_by_role("button", name=ASK.options[0]).click()
        page.locator(".sources").wait_for()
        assert _card(page).get_attribute("theme") == scheme
        found = axe.run(page)
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found.response["violations"]] == []
        assert page.evaluate(
            "() => [document.documentElement, document.querySelector('[role=log]')].map(e => e.scrollWidth - e.clientWidth)"
        ) == [0, 0]


def _placed(data: Any) -> str:
    packed = base64.b64encode(json.dumps(data).encode()).decode()
    return f'<div class="judgement" value="{packed}"></div>\n\n'


def test_the_assistant_gets_back_what_its_card_asked() -> None:
    assessment = Assessment("unclear", None, 0.6, "fair", False, (), "", "", NextStep(""), ASK, ())
    card = _placed({"assessment": to_wire(assessment)[1], "message": "work is hard"})
    heading = '<h3 class="under-card">To read on</h3>\n\n'
    turns = to_turns(
        [
            {"role": "user", "content": card},
            {"role": "assistant", "content": card},
            {"role": "assistant", "content": f"{card}{heading}Coaching ends."},
        ]
    )
    assert turns == [
        Turn("user", card),
        Turn("assistant", "", ASK),
        Turn("assistant", "Coaching ends.", ASK),
    ]


@pytest.mark.parametrize(
    "data",
    [
        [], 1, {}, {"assessment": None}, {"assessment": {"ask": 3}}, {"assessment": {"ask": {"question": 1, "options": []}}},
        {"assessment": {"ask": {"question": "q", "options": [1]}}}, {"assessment": {"ask": {"question": "q", "options": 1}}},
    ],
)  # fmt: skip
def test_a_card_that_holds_nonsense_asks_nothing(data: Any) -> None:
    for card in (
        _placed(data),
        '<div class="judgement" value="not/base64="></div>',
        '<div class="judgement" value="A"></div>',
    ):
        assert to_turns([{"role": "assistant", "content": card + "Text."}]) == [Turn("assistant", "Text.")]
