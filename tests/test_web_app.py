"""The web service without a browser: headers, articles, and what the server keeps."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.answering.builtin import source_url
from assistant.knowledge.articles import read_articles
from assistant.knowledge.passages import split_article
from assistant.pipeline import Assistant
from assistant.settings import Settings
from assistant.web.app import build_app
from assistant.web.article_page import render_article

# Gradio leaves warnings that are not ours to mend.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def app(assistant: Assistant, library_home: Settings) -> FastAPI:
    return build_app(assistant, library_home.corpus_dir)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> TestClient:
    return TestClient(app)


def test_every_sentence_of_the_library_stands_in_its_article_where_a_citation_points(library_home: Settings) -> None:
    for article in read_articles(library_home.corpus_dir):
        page = render_article(library_home.corpus_dir, article.slug)
        assert page is not None
        for passage in split_article(article):
            for number in range(len(passage.sentences)):
                url = source_url(passage.id, number)
                assert url.startswith(f"library/{article.slug}#")
                assert page.count(f'id="{url.partition("#")[2]}"') == 1, url


def test_an_article_shows_its_title_and_its_sources(client: TestClient) -> None:
    page = client.get("/library/how-long-and-how-often").text
    assert "<h1>How long and how often coaching and mentoring take place</h1>" in page
    assert '<li id="source-1">' in page


def test_what_an_article_says_is_shown_as_text_and_not_run(small_corpus: Path) -> None:
    file = small_corpus / "articles" / "coaches.md"
    file.write_text(file.read_text(encoding="utf-8").replace("asks questions", "asks <script>bad()</script> questions"))
    page = render_article(small_corpus, "coaches")
    assert page is not None
    assert "<script" not in page
    assert "&lt;script&gt;bad()&lt;/script&gt;" in page


@pytest.mark.parametrize("name", ["no-such-article", "..%2FREADME", "README", "Coaches"])
def test_an_unknown_article_is_not_found(client: TestClient, name: str) -> None:
    answer = client.get(f"/library/{name}")
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/library/what-is-coaching", "/library/none", "/files/chat.js", "/files/article.css"])
def test_our_own_pages_allow_nothing_from_elsewhere_and_nothing_inline(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_no_page_may_be_framed_by_another_site(client: TestClient) -> None:
    for path in ("/", "/library/what-is-coaching"):
        assert "frame-ancestors 'self'" in client.get(path).headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/config", "/library/what-is-coaching", "/gradio_api/info"])
def test_a_foreign_origin_gets_no_leave_to_read(client: TestClient, path: str) -> None:
    headers = {"Origin": "https://elsewhere.example", "Host": "assistant.example"}
    assert "access-control-allow-origin" not in client.get(path, headers=headers).headers
    asks = {**headers, "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in client.options(path, headers=asks).headers


def test_the_server_keeps_nothing_of_what_was_typed(app: FastAPI) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    question = "How long does coaching for Zorblaxina last?"
    with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
        config = client.get("/config").json()
        submit = next(d["id"] for d in config["dependencies"] if d["targets"][0][1] == "submit")
        body = {"data": [question, []], "fn_index": submit, "session_hash": "somebody"}
        assert client.post("/gradio_api/queue/join", json=body).status_code == 200
        with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": "somebody"}) as events:
            heard = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")]
    assert any("coaching" in json.dumps(event.get("output", {})).lower() for event in heard)
    server.should_exit = True
    thread.join(10)
    gradio = next(route.app for route in app.routes if hasattr(getattr(route, "app", None), "state_holder"))
    kept = [session.config_values for session in gradio.state_holder.session_data.values()]
    assert kept, "the session that was just served should be there to look into"
    assert "Zorblaxina" not in repr(kept)
