"""The way of one message, from the conversation to a stream of events: one path for every client."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.answering.builtin import Answer, answer_question, fixed_answer
from assistant.answering.fixed import DECLINE, SUGGESTIONS, asks_about_the_program, small_talk
from assistant.domain import Done, Event, Hit, Kind, MadeBy, Passage, Reply, Start, Token, Turn
from assistant.encoder import ENCODER_NAME, OnnxEncoder, Vectors, load_encoder
from assistant.errors import MessageError
from assistant.judgement.kinds import KindJudge, Nearness, load_kind_judge
from assistant.judgement.screen import help_for, screen
from assistant.knowledge.index import Index, Progress, library_fingerprint, open_or_build
from assistant.knowledge.search import Found, search
from assistant.knowledge.spelling import mend_spelling
from assistant.settings import Settings

MAX_CHARACTERS = 8_000
HITS = 8
# A message in a conversation that is a follow-up with this probability is also looked up with what it follows.
MAYBE_FOLLOW_UP = 0.1
# A message of fewer words says too little to be a topic by itself.
SHORT_WORDS = 4

if TYPE_CHECKING:
    from assistant.judgement.training import KindCase


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
        return self._look_up(query, limit).found.hits

    def _work(self, messages: Sequence[Turn]) -> _Work:
        said = [turn.content for turn in messages if turn.role == "user"]
        matter = screen(said)
        if matter == "danger":
            return _Work(Start("situation", False, matter, help_for(matter)), fixed_answer(""))
        alone = self._look_up(said[-1].strip())
        kinds = self._kinds.judge(alone.text, alone.vector, alone.nearness, has_previous=len(said) > 1)
        kind: Kind = next(iter(kinds))
        if asks_about_the_program(said[-1]):
            kind = "smalltalk"
        start = Start(
            kind,
            wants_answer=kind in ("question", "follow_up"),
            sensitive=matter,
            help=help_for(matter) if matter else None,
        )
        if kind == "smalltalk":
            return _Work(start, fixed_answer(small_talk(alone.text)))
        if kind == "outside":
            return _Work(start, fixed_answer(DECLINE), declined=True)
        asked = alone
        before = ""
        if len(said) > 1 and kinds["follow_up"] > MAYBE_FOLLOW_UP:
            together = self._look_up(f"{_topic(said)} {said[-1].strip()}")
            if kind == "follow_up" or together.nearness.best > alone.nearness.best:
                asked = together
                before = next((turn.content for turn in reversed(messages) if turn.role == "assistant"), "")
        answer = answer_question(asked.text, asked.found.hits, self.index.weigh, before)
        return _Work(start, answer) if answer else _Work(start, fixed_answer(DECLINE), declined=True)

    def _look_up(self, text: str, limit: int = HITS) -> _LookUp:
        mended = mend_spelling(text, self.index.words, self._encoder.is_word)
        vector = self._encoder.encode([mended])[0]
        return _LookUp(mended, vector, search(self.index, mended, vector, limit))

    def train_kinds(self, cases: Sequence[KindCase]) -> tuple[dict[str, Any], dict[str, Any]]:
        """New weights for the judge of kinds and their scores, from worked cases seen as messages are seen here."""
        from assistant.judgement.training import train_kinds

        seen = [self._look_up(case.text, limit=1) for case in cases]
        return train_kinds(cases, [(look.text, look.vector, look.nearness) for look in seen])


@dataclass(frozen=True)
class _LookUp:
    """A message as search and judge see it: spelling mended, one vector for both."""

    text: str
    vector: Vectors
    found: Found

    @property
    def nearness(self) -> Nearness:
        similarities = self.found.similarities
        return Nearness(similarities[0], similarities[min(4, len(similarities) - 1)], self.found.best_bm25)


def _topic(said: Sequence[str]) -> str:
    """What a follow-up follows: the person's message before it, with the one before that where it is a mere few words."""
    previous = said[-2].strip()
    return f"{said[-3].strip()} {previous}" if len(said) > 2 and len(previous.split()) < SHORT_WORDS else previous


def check_messages(messages: Sequence[Turn]) -> None:
    """Raises MessageError unless the conversation ends with something of the person's, of bearable length."""
    if not messages or messages[-1].role != "user" or not messages[-1].content.strip():
        raise MessageError("The conversation must end with a message of the user's that is not empty.")
    for turn in messages:
        if turn.role not in ("user", "assistant"):
            raise MessageError(f"The role {turn.role!r} is not allowed: use 'user' or 'assistant'.")
        if turn.role == "user" and len(turn.content) > MAX_CHARACTERS:
            raise MessageError(
                f"A message may have {MAX_CHARACTERS:,} characters; this one has {len(turn.content):,}: shorten it."
            )


def build_assistant(settings: Settings, progress: Progress, waiting: Callable[[], None]) -> Assistant:
    """The assistant that the settings ask for; builds the index first when the library has changed."""
    # The encoder loads while Python imports what the index needs: a third of a second less before the first answer.
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load_encoder)
        for library in ("chromadb", "bm25s"):
            import_module(library)
        encoder = loading.result()
    index = open_or_build(
        fingerprint=library_fingerprint(settings.corpus_dir),
        read_passages=lambda: _read_passages(settings.corpus_dir),
        home=settings.data_dir / "indexes",
        encoder=encoder,
        progress=progress,
        waiting=waiting,
    )
    return Assistant(encoder, index, load_kind_judge())


def _read_passages(corpus: Path) -> list[Passage]:
    # LangChain is wanted only where something has changed.
    from assistant.knowledge.passages import read_passages

    return read_passages(corpus)
