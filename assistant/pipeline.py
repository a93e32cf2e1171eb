"""The way of one message, from the conversation to a stream of events: one path for every client."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from assistant.answering.builtin import Answer, answer_question
from assistant.answering.fixed import DECLINE, SUGGESTIONS, small_talk
from assistant.domain import (
    Done, Event, Kind, MadeBy, Reply, Sensitive, Source, Start, Token, Turn,
)  # fmt: skip
from assistant.encoder import ENCODER_NAME, OnnxEncoder, load_encoder
from assistant.errors import MessageError
from assistant.judgement.kinds import KindJudge, load_kind_judge
from assistant.judgement.screen import help_for, screen
from assistant.knowledge.articles import read_articles
from assistant.knowledge.index import Index, Progress, library_fingerprint, open_or_build
from assistant.knowledge.passages import split_article
from assistant.knowledge.search import search
from assistant.settings import Settings

MAX_CHARACTERS = 8_000
HITS = 8

T = TypeVar("T")


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
        work = await self._compute(lambda: self._work(messages))
        first_ms = 1000 * (time.perf_counter() - started)
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
                timings_ms={"first_event": round(first_ms, 1), "whole": round(1000 * (time.perf_counter() - started), 1)},
            )
        )

    async def reply(self, messages: Sequence[Turn]) -> Reply:
        """The whole record at once."""
        async for event in self.stream(messages):
            if isinstance(event, Done):
                return event.reply
        raise AssertionError("a stream ends with Done")

    async def search(self, query: str, limit: int) -> list[Hit]: ...
