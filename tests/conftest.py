"""What the tests share: a closed network, a clean environment, the real library's index, and a small library."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from platformdirs import user_cache_path

from assistant.domain import Clause, Instead, Precedent, Sensitive, Sign, Verdict
from assistant.encoder import WIDTH, OnnxEncoder, Vectors, load_encoder
from assistant.house import House
from assistant.judgement.criteria import INSTEADS, SIGNS, VERDICTS, read_criteria
from assistant.judgement.judge import JUDGED_KINDS, SENSITIVES, Calibration, Judged, JudgedKind
from assistant.judgement.precedents import Precedents
from assistant.judgement.scale import Scale
from assistant.knowledge.index import Index, library_fingerprint, open_or_build
from assistant.knowledge.passages import read_passages
from assistant.pipeline import Assistant, Parts, build_assistant
from assistant.settings import PREFIX, Settings, packaged

# Settings of whoever runs the tests must not decide how they end. Taken out here, before any fixture reads them.
TEST_DATA_DIR = os.environ.get("COACH_OR_MENTOR_TEST_DATA_DIR")
for _key in [key for key in os.environ if key.upper().startswith(PREFIX)]:
    del os.environ[_key]


def pytest_configure(config: pytest.Config) -> None:
    """Chroma warns about its own configuration whenever it is read; as an error that would look like a broken index."""
    config.addinivalue_line("filterwarnings", "ignore:legacy embedding function config:DeprecationWarning")


@pytest.fixture(scope="session", autouse=True)
def closed_network() -> Iterator[None]:
    """The one switch that closes the network: only this machine can be reached."""
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}

    def guarded(name: str) -> Callable[[socket.socket, Any], Any]:
        def call(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_this_machine(address[0]):
                raise AssertionError(f"A test tried to reach {address[0]} over the network.")
            return real[name](self, address)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in real:
            patch.setattr(socket.socket, name, guarded(name))
        yield


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session")
def encoder() -> OnnxEncoder:
    """The real encoder."""
    return load_encoder()


@pytest.fixture(scope="session")
def library_home() -> Settings:
    """Settings with a data folder that outlives the run, so that the whole library is indexed once."""
    home = Path(TEST_DATA_DIR) if TEST_DATA_DIR else user_cache_path("coach-or-mentor") / "tests"
    return Settings(_env_file=None, data_dir=home)  # type: ignore[call-arg]


@pytest.fixture(scope="session")
def assistant(library_home: Settings) -> Iterator[Assistant]:
    """The assistant over the real library."""
    built = build_assistant(library_home, lambda done, total: None, lambda: None)
    yield built
    built.index.close()


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Sandboxed machines need the first two; the rest keep the browser from calling its makers.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def _without(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and this run must have it.")
    pytest.skip(f"{what} is missing.")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real Chromium."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _without("playwright")
    if CHROMIUM is None:
        _without("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def axe() -> Any:
    """What looks for barriers on a page."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        _without("axe-playwright-python")
    return Axe()


ARTICLE = """\
---
title: {title}
summary: A small article.
questions:
  {first}:
    - {phrasing}
claims: [S1]
sources: [alpha, beta-2020]
owner: Library team
review_by: 2027-11-30
---

## {first}

{first_text}

## {second}

{second_text}
"""


@pytest.fixture
def small_corpus(tmp_path: Path) -> Path:
    """A library of two short articles, four sections, with its lists."""
    corpus = tmp_path / "corpus"
    (corpus / "articles").mkdir(parents=True)
    (corpus / "articles" / "coaches.md").write_text(
        ARTICLE.format(
            title="About coaches",
            first="What does a coach do?",
            phrasing="wots a coach for",
            first_text="A coach asks questions that help somebody think. [alpha]\nA coach rarely gives advice.",
            second="How long does coaching last?",
            second_text="Coaching usually lasts four to twelve months. [alpha] [beta-2020]",
        ),
        encoding="utf-8",
    )
    (corpus / "articles" / "mentors.md").write_text(
        ARTICLE.format(
            title="About mentors",
            first="What does a mentor do?",
            phrasing="mentors, whats the point",
            first_text="A mentor shares experience with somebody who has less of it. [alpha, beta-2020]",
            second="Who chooses the zanzibarian mentor?",
            second_text="- The mentee chooses the zanzibarian mentor.\n- The programme helps both to meet.",
        ),
        encoding="utf-8",
    )
    (corpus / "sources.toml").write_text('[alpha]\ntitle = "Alpha"\n\n[beta-2020]\ntitle = "Beta"\n', encoding="utf-8")
    (corpus / "claims.toml").write_text('[S1]\nclaim = "A claim."\n', encoding="utf-8")
    return corpus


@cache
def _word_vector(word: str) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
    return np.random.default_rng(seed).standard_normal(WIDTH).astype(np.float32)


class CountingEncoder:
    """Stands in for the encoder: the same text always gets the same vector, and it remembers what it was given.

    Texts that share words get similar vectors. `pause` slows it down, for tests that interrupt it.
    """

    def __init__(self, pause: float = 0.0) -> None:
        self.seen: list[str] = []
        self._pause = pause

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.seen += texts
        rows = [np.sum([_word_vector(word) for word in text.lower().split()], axis=0) for text in texts]
        return np.array([row / np.linalg.norm(row) for row in rows], np.float32).reshape(-1, WIDTH)

    def encode_many(self, texts: Sequence[str], progress: Callable[[int], None]) -> Vectors:
        out = []
        for text in texts:
            time.sleep(self._pause)
            out.append(self.encode([text])[0])
            progress(1)
        return np.array(out, np.float32).reshape(-1, WIDTH)

    def is_word(self, word: str) -> bool:
        return True


def build_index(
    corpus: Path, home: Path, encoder: CountingEncoder, waiting: Callable[[], None] = lambda: None
) -> Index:
    """The index of a library in `home`, as the assistant opens it, with a stand-in for the encoder."""
    return open_or_build(
        fingerprint=library_fingerprint(corpus),
        read_passages=lambda: read_passages(corpus),
        home=home,
        encoder=encoder,  # type: ignore[arg-type]
        progress=lambda done, total: None,
        waiting=waiting,
    )


@dataclass(frozen=True)
class View:
    """What a StubJudge sees in a message: `sure` is the share of the verdict, `signs` names the sign of each clause that
    holds one of these words."""

    kind: JudgedKind = "situation"
    verdict: Verdict = "coach"
    sure: float = 0.9
    instead: Instead = "manager"
    matter: Sensitive | None = None
    on_behalf: bool = False
    signs: Mapping[str, Sign] = field(default_factory=dict)

    def judged(self, clauses: Sequence[Clause]) -> Judged:
        return Judged(
            kinds=_mostly(self.kind, JUDGED_KINDS, 0.9),
            verdicts=_mostly(self.verdict, VERDICTS, self.sure),
            insteads=_mostly(self.instead, INSTEADS, 0.9),
            sensitive={matter: 0.9 if matter == self.matter else 0.1 for matter in SENSITIVES},
            on_behalf=float(self.on_behalf),
            signs=tuple(
                {sign: 0.8 if sign in (self.signs[word] for word in self.signs if word in clause.text) else 0.01 for sign in SIGNS}
                for clause in clauses
            ),
            vector=np.array([1.0, 0.0], np.float32),
        )  # fmt: skip


def _mostly(one: Any, names: Sequence[Any], share: float) -> dict[Any, float]:
    return {name: share if name == one else (1 - share) / (len(names) - 1) for name in names}


class StubJudge:
    """Stands in for the judge: of a message that is one of `views` it sees that view, of every other `otherwise`.

    It remembers the messages that it was given.
    """

    name = "judge-stub"
    # The scales take the judge at its word.
    calibration = Calibration(
        1.0, high=0.7, fair=0.5, sensitive=dict.fromkeys(SENSITIVES, 0.5),
        kinds=Scale(np.eye(5, 10), np.zeros(5)), matters=Scale(np.eye(4, 4, -1), np.zeros(4)),
    )  # fmt: skip

    def __init__(self, otherwise: View, views: Mapping[str, View] | None = None) -> None:
        self.seen: list[str] = []
        self._views, self._otherwise = views or {}, otherwise

    def judge(self, message: str, clauses: Sequence[Clause]) -> Judged:
        self.seen.append(message)
        return self._views.get(message, self._otherwise).judged(clauses)


def assistant_with(judge: StubJudge, index: Index, encoder: Any, house: House | None = None) -> Assistant:
    """An assistant over an index, with a stand-in for the judge and one precedent a verdict."""
    cases = [Precedent(f"A case for {verdict}.", verdict, None, "Why.") for verdict in VERDICTS if verdict != "neither"]
    cases += [Precedent(f"A case for {instead}.", "neither", instead, "Why.") for instead in INSTEADS]
    return Assistant(
        Parts(
            encoder=encoder,
            index=index,
            judge=judge,  # type: ignore[arg-type]
            criteria=read_criteria(packaged("prompts") / "criteria.toml"),
            precedents=Precedents(tuple(cases), np.ones((len(cases), 2), np.float32)),
            house=house or House(),
        )
    )
