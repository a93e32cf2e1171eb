"""The chat page in a real browser, against a real server and the real library."""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from assistant.pipeline import MAX_CHARACTERS, Assistant
from assistant.settings import Settings
from assistant.web.app import build_app
from assistant.web.chat_page import EXAMPLES, to_turns

# Gradio and the browser driver leave warnings that are not ours to mend.
pytestmark = pytest.mark.filterwarnings("default")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DANGER = "I want to kill myself"


def _without(what: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and this run must have it.")
    pytest.skip(f"{what} is missing.")


@pytest.fixture(scope="module")
def address(assistant: Assistant, library_home: Settings) -> Iterator[str]:
    app = build_app(assistant, library_home.corpus_dir)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _without("playwright")
    if CHROMIUM is None:
        _without("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


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
    return page.get_by_label("Your question")


def _ask(page: Any, text: str) -> None:
    _box(page).fill(text)
    _box(page).press("Enter")


def _bot(page: Any) -> Any:
    return page.locator("[data-testid=bot]").last


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
    page.get_by_role("button", name=EXAMPLES[1]).click()
    page.locator(".sources").wait_for()
    assert page.locator("[data-testid=user]").inner_text().strip() == EXAMPLES[1]


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
    assert _bot(page).inner_text().startswith("What you describe should not be left to a coach")


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
    _ask(page, "How long does coaching for Zorblaxina last?")
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
def test_axe_finds_nothing_wrong(browser: Any, address: str, scheme: str) -> None:
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        _without("axe-playwright-python")
    with browser.new_context(color_scheme=scheme, reduced_motion="reduce") as context:
        page = _open(context, address)
        found = {"start": Axe().run(page)}
        _ask(page, "my boss bullies me")
        page.locator(".sources").wait_for()
        _ask(page, "What is the capital of Peru?")
        page.locator("#conversation .option").first.wait_for()
        page.get_by_role("button", name="Send").wait_for()
        found["answers"] = Axe().run(page)
        page.locator(".sources a").first.click()
        page.frame_locator("#article-panel iframe").locator(":target").wait_for()
        found["panel"] = Axe().run(page)
        page.goto(f"{address}library/how-long-and-how-often#how-long-does-coaching-last.1")
        found["article"] = Axe().run(page)
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
