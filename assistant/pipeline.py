"""The way of one message, from the conversation to a stream of events: one path for every client."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from assistant.answering.builtin import Answer, answer_question, fixed_answer
from assistant.answering.fixed import DECLINE, SUGGESTIONS, small_talk
from assistant.domain import Done, Event, Hit, Kind, MadeBy, Passage, Reply, Sensitive, Start, Token, Turn
from assistant.encoder import ENCODER_NAME, OnnxEncoder, Vectors, load_encoder
from assistant.errors import MessageError
from assistant.judgement.kinds import KindJudge, Nearness, load_kind_judge
from assistant.judgement.screen import help_for, screen
from assistant.knowledge.index import Index, Progress, library_fingerprint, open_or_build
from assistant.knowledge.search import Found, search
from assistant.settings import Settings

MAX_CHARACTERS = 8_000
HITS = 8

T = TypeVar("T")


@dataclass(frozen=True)
class _Work:
    """What the processor-bound part of a reply yields."""

    start: Start
    answer: Answer
    declined: bool = False


class Assistant:
    """Answers one conversation at a time, as a stream of events; holds no conversation of its own.

    What computes runs on a few threads of its own, one a core, so that many open streams cost none.
    """

    def __init__(self, encoder: OnnxEncoder, index: Index, kinds: KindJudge) -> None:
        self.index = index
        self._encoder = encoder
        self._kinds = kinds
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="assistant")

    async def stream(self, messages: Sequence[Turn]) -> AsyncIterator[Event]:
        """The events of the reply to the last message. Raises MessageError when the conversation is not well formed."""
        check_messages(messages)
        started = time.perf_counter()
        work = await asyncio.get_running_loop().run_in_executor(self._pool, self._work, messages)
        worked_ms = 1000 * (time.perf_counter() - started)
        yield work.start
        for piece in work.answer.pieces:
            if piece.source is not None:
                yield piece.source
            yield Token(piece.text)
        yield Done(
            Reply(
                id=uuid.uuid4().hex,
                kind=work.start.kind,
                wants_answer=work.start.wants_answer,
                sensitive=work.start.sensitive,
                help=work.start.help,
                answer=work.answer.text,
                sources=work.answer.sources,
                declined=work.declined,
                notices=(),
                suggestions=SUGGESTIONS if work.declined else (),
                made_by=MadeBy("built-in", self.index.name, ENCODER_NAME, self._kinds.name),
                timings_ms={"work": round(worked_ms, 1)},
            )
        )

    async def reply(self, messages: Sequence[Turn]) -> Reply:
        """The whole record at once."""
        async for event in self.stream(messages):
            if isinstance(event, Done):
                return event.reply
        raise AssertionError("a stream ends with Done")

    def search(self, query: str, limit: int) -> tuple[Hit, ...]:
        """The hits for a query, for whoever tunes the library."""
        return self._search(query, limit)[1].hits

    def nearness(self, text: str, vector: Vectors) -> Nearness:
        """How near the library comes to a text, as the judge of kinds wants it."""
        return _nearness(search(self.index, text, vector, 1))

    def _search(self, query: str, limit: int = HITS) -> tuple[Vectors, Found]:
        vector = self._encoder.encode([query])[0]
        return vector, search(self.index, query, vector, limit)

    def _work(self, messages: Sequence[Turn]) -> _Work:
        said = [turn.content for turn in messages if turn.role == "user"]
        matter = screen(said)
        text = said[-1].strip()
        vector, found = self._search(text)
        kinds = self._kinds.judge(text, vector, _nearness(found), has_previous=len(said) > 1)
        kind: Kind = next(iter(kinds))
        start = Start(kind, wants_answer=kind in ("question", "follow_up"), sensitive=matter, help=_help(matter))
        if matter == "danger":
            return _Work(start, fixed_answer(""))
        if kind == "smalltalk":
            return _Work(start, fixed_answer(small_talk(text)))
        if kind == "outside":
            return _Work(start, fixed_answer(DECLINE), declined=True)
        query = text
        if kind == "follow_up":
            query = f"{_topic(messages)} {text}"
            found = self._search(query)[1]
        before = next((turn.content for turn in reversed(messages) if turn.role == "assistant"), "")
        answer = answer_question(query, found.hits, self.index.weigh, before)
        if answer is None:
            return _Work(start, fixed_answer(DECLINE), declined=True)
        return _Work(start, answer)


def _nearness(found: Found) -> Nearness:
    similarities = found.similarities
    return Nearness(similarities[0], similarities[min(4, len(similarities) - 1)], found.best_bm25)


def _help(matter: Sensitive | None):  # type: ignore[no-untyped-def]
    return help_for(matter) if matter else None


def _topic(messages: Sequence[Turn]) -> str:
    """What a follow-up follows: the person's message before it."""
    said = [turn.content for turn in messages if turn.role == "user"]
    return said[-2]


def check_messages(messages: Sequence[Turn]) -> None:
    """Raises MessageError unless the conversation ends with something of the person's, of bearable length."""
    if not messages or messages[-1].role != "user" or not messages[-1].content.strip():
        raise MessageError("The conversation must end with a message of the user's that is not empty.")
    for turn in messages:
        if turn.role not in ("user", "assistant"):
            raise MessageError(f"The role {turn.role!r} is not allowed: use 'user' or 'assistant'.")
        if turn.role == "user" and len(turn.content) > MAX_CHARACTERS:
            raise MessageError(f"A message may have {MAX_CHARACTERS:,} characters; this one has {len(turn.content):,}: shorten it.")


def build_assistant(settings: Settings, progress: Progress, waiting: Callable[[], None]) -> Assistant:
    """The assistant that the settings ask for; builds the index first when the library has changed."""
    encoder = load_encoder()
    index = open_or_build(
        fingerprint=library_fingerprint(settings.corpus_dir),
        read_passages=lambda: _read_passages(settings),
        home=settings.data_dir / "indexes",
        encoder=encoder,
        progress=progress,
        waiting=waiting,
    )
    return Assistant(encoder, index, load_kind_judge())


def _read_passages(settings: Settings) -> list[Passage]:
    # LangChain is wanted only where something has changed.
    from assistant.knowledge.articles import read_articles
    from assistant.knowledge.passages import split_article

    return [passage for article in read_articles(settings.corpus_dir) for passage in split_article(article)]
