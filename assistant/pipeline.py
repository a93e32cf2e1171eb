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

from assistant.answering.builtin import Answer, answer_question, fixed_answer, read_on
from assistant.answering.fixed import DECLINE, SUGGESTIONS, asks_about_the_program, small_talk
from assistant.conversation import bearable, check_messages, topic
from assistant.domain import (
    Assessment,
    Clause,
    Done,
    Event,
    Hit,
    MadeBy,
    Passage,
    Reply,
    Sensitive,
    Start,
    Token,
    Turn,
)  # fmt: skip
from assistant.encoder import ENCODER_NAME, OnnxEncoder, load_encoder
from assistant.errors import MessageError
from assistant.house import House, read_house
from assistant.judgement.card import CHOSEN, Decision, Settled, decide, write_card
from assistant.judgement.clauses import split_clauses
from assistant.judgement.criteria import Criteria, read_criteria
from assistant.judgement.exchange import Exchange, exchange_before, library_question, tells_of_a_situation
from assistant.judgement.judge import SENSITIVES, Judge, Judged, JudgedKind, load_judge
from assistant.judgement.kinds import Nearness, asked, weigh_kinds
from assistant.judgement.language import reads_as_english
from assistant.judgement.matters import weigh_matters
from assistant.judgement.precedents import Precedents, load_precedents
from assistant.judgement.screen import help_for, speaks_of_danger, unreadable
from assistant.knowledge.index import Index, Progress, library_fingerprint, open_or_build
from assistant.knowledge.search import Found, search
from assistant.knowledge.spelling import mend_spelling
from assistant.settings import Settings

HITS = 8
# A message in a conversation that is a follow-up with this probability is also looked up with what it follows.
MAYBE_FOLLOW_UP = 0.1
# A situation with a question mark is answered too when it is a question with this probability: of the development questions
# that are taken for situations 12 of 20 are, of the development situations with a question mark 15 of 73.
MAYBE_QUESTION = 0.05


@dataclass(frozen=True)
class _Work:
    """What the processor-bound part of a reply yields."""

    start: Start
    answer: Answer
    assessment: Assessment | None = None
    declined: bool = False


@dataclass(frozen=True)
class _First:
    """The matter that comes first in a message, if any, with its probability (of none, that there is none)."""

    matter: Sensitive | None
    share: float


@dataclass(frozen=True)
class _LookUp:
    """A message as the search sees it, its spelling mended, with what was found."""

    text: str
    found: Found

    @property
    def nearness(self) -> Nearness:
        similarities = self.found.similarities
        return Nearness(similarities[0], similarities[min(4, len(similarities) - 1)], self.found.best_bm25)


@dataclass(frozen=True)
class Parts:
    """What an assistant is made of; whoever builds one chooses them."""

    encoder: OnnxEncoder
    index: Index
    judge: Judge
    criteria: Criteria
    precedents: Precedents
    house: House


class Assistant:
    """Answers one conversation at a time, as a stream of events; holds no conversation of its own.

    What computes runs on a few threads of its own, one a core, so that many open streams cost none.
    """

    def __init__(self, parts: Parts) -> None:
        self.index = parts.index
        self.house = parts.house
        self.criteria = parts.criteria
        self._encoder = parts.encoder
        self._judge = parts.judge
        self._precedents = parts.precedents
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="assistant")
        # What the library says on from a verdict, by our own query: the same for everybody.
        self._reading: dict[str, Hit] = {}

    async def stream(self, messages: Sequence[Turn]) -> AsyncIterator[Event]:
        """The events of the reply to the last message. Raises MessageError when the conversation is not well formed."""
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        try:
            check_messages(messages)
        except MessageError:
            # Nobody in danger is turned away for writing too much.
            if not await loop.run_in_executor(self._pool, self._danger_in_too_much, messages):
                raise
            work = self._danger()
        else:
            work = await loop.run_in_executor(self._pool, self._work, messages)
        worked_ms = 1000 * (time.perf_counter() - started)
        yield work.start
        if work.assessment:
            yield work.assessment
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
                assessment=work.assessment,
                answer=work.answer.text,
                sources=work.answer.sources,
                declined=work.declined,
                notices=(),
                suggestions=SUGGESTIONS if work.declined and not work.start.help else (),
                made_by=MadeBy(
                    "built-in",
                    self.index.name,
                    ENCODER_NAME,
                    self._judge.name,
                    prompts={"criteria": self.criteria.name},
                ),
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

    @property
    def judge_name(self) -> str:
        """Which training made the judge."""
        return self._judge.name

    def nearness(self, text: str) -> Nearness:
        """How near the library comes to a text, for whoever trains the judge."""
        return self._look_up(text, 1).nearness

    def judge(self, message: str) -> Judged:
        """What the judge sees in a message by itself, for whoever measures it."""
        return self._judge.judge(message, split_clauses(message))

    def _work(self, messages: Sequence[Turn]) -> _Work:
        said = [turn.content for turn in messages if turn.role == "user"]
        # The patterns need nothing that could fail.
        if any(map(speaks_of_danger, said)):
            return self._danger()
        message = said[-1].strip()
        clauses = split_clauses(message)
        judged = self._judge.judge(message, clauses)
        first = self._first(judged)
        if first.matter == "danger" or any(self._first(self.judge(text)).matter == "danger" for text in said[:-1]):
            return self._danger()
        matter = first.matter
        if not reads_as_english(message, self._encoder.is_word):
            return _Work(Start("outside", False, matter, unreadable(self.house)), fixed_answer(""), declined=True)
        exchange = exchange_before(messages)
        kinds = asked(judged)
        if exchange and (next(iter(kinds)) == "answer" or message in exchange.asks[-1].options):
            return self._answered(message, first, exchange)
        alone = self._look_up(message)
        if exchange is None:
            kinds = weigh_kinds(self._judge.calibration.kinds, judged, alone.nearness, message, len(said) > 1)
        kind = next(iter(kinds))
        if (
            kind == "situation"
            # What comes first is told of, whatever else the words look like.
            or (matter and kind in ("outside", "smalltalk"))
            or (kind == "question" and not matter and tells_of_a_situation(message, judged, self.judge))
        ):
            # What may as well be a question gets an answer beside the card.
            maybe_question = "?" in message and kinds.get("question", 0.0) >= MAYBE_QUESTION
            return self._situation(message, clauses, judged, first, None, maybe_question)
        if asks_about_the_program(message) and not matter:
            kind = "smalltalk"
        assert kind != "answer", "only what was asked is answered"
        start = Start(kind, kind in ("question", "follow_up"), matter, help_for(matter, self.house) if matter else None)
        if kind == "smalltalk":
            return _Work(start, fixed_answer(small_talk(message)))
        if kind == "outside":
            return _Work(start, fixed_answer(DECLINE), declined=True)
        answer = self._answer(messages, said, alone, kinds)
        return _Work(start, answer) if answer else _Work(start, fixed_answer(DECLINE), declined=True)

    def _danger(self) -> _Work:
        """The fixed help, and nothing else."""
        return _Work(Start("situation", False, "danger", help_for("danger", self.house)), fixed_answer(""))

    def _danger_in_too_much(self, messages: Sequence[Turn]) -> bool:
        """Whether danger is seen at the beginning or the end of a turn in a conversation that is too long to be answered."""
        said = bearable(messages)
        return any(speaks_of_danger(part) for parts in said for part in parts) or any(
            self._first(self.judge(part)).matter == "danger" for parts in said[-1:] for part in parts
        )

    def _first(self, judged: Judged) -> _First:
        """What the judge sees that comes first: danger wherever it may be, else the likeliest of the matters that may be."""
        shares, from_on = weigh_matters(self._judge.calibration.matters, judged), self._judge.calibration.sensitive
        seen = [matter for matter in SENSITIVES if shares[matter] >= from_on[matter]]
        matter = "danger" if "danger" in seen else max(seen, key=shares.__getitem__, default=None)
        return _First(matter, shares[matter])

    def _answered(self, message: str, first: _First, exchange: Exchange) -> _Work:
        """The judgement of all that was said since the first of the assistant's questions in a row."""
        text = "\n".join((*exchange.said, message))
        clauses = split_clauses(text)
        judged = self._judge.judge(text, clauses)
        together = self._first(judged)
        if together.matter == "danger":
            return self._danger()
        return self._situation(message, clauses, judged, first if first.matter else together, exchange)

    def _situation(
        self,
        message: str,
        clauses: Sequence[Clause],
        judged: Judged,
        first: _First,
        exchange: Exchange | None,
        maybe_question: bool = False,
    ) -> _Work:
        """The judgement; `clauses` and `judged` are of all that counts, `message` is the last of it."""
        matter = first.matter
        settled: Settled | None = None
        if matter == "hr" or matter == "counselling":
            settled = Settled("neither", matter, first.share)
        elif exchange and (target := self.criteria.leads_to(exchange.asks[-1], message)):
            settled = Settled(*target, CHOSEN)
        may_ask = exchange is None or exchange.may_go_on
        decision = decide(judged, settled, may_ask)
        # A contract or a policy may be for HR without anybody being wronged; what is for counselling always gets the help.
        if decision.instead == "counselling":
            matter = "counselling"
        assessment = write_card(
            decision,
            judged,
            # The assistant's own words, chosen as an answer, are not quoted back as the person's.
            [clause for clause in clauses if not exchange or not exchange.offered(clause.text)] or clauses,
            self.criteria,
            self._judge.calibration,
            # With a matter its contacts stand in the help already.
            House() if matter else self.house,
            self._precedents.nearest(judged.vector, decision.verdict, decision.instead),
            may_ask=may_ask and not matter,
            asked=exchange.asks if exchange else (),
        )
        question = library_question(message, self.judge) or (message if maybe_question and not matter else None)
        start = Start("situation", question is not None, matter, help_for(matter, self.house) if matter else None)
        answer = self._look_up_answer(question) if question else None
        return _Work(start, answer or read_on(self._further_reading(decision)), assessment)

    def _look_up_answer(self, question: str) -> Answer | None:
        asked = self._look_up(question)
        return answer_question(asked.text, asked.found.hits, self.index.weigh)

    def _further_reading(self, decision: Decision) -> list[Hit]:
        """The library's best passages for the queries that belong to a verdict; these are ours and the same for everybody."""
        hits = []
        for query in self.criteria.outcome(decision.verdict, decision.instead).read_on:
            if query not in self._reading:
                found = self._look_up(query, 1).found.hits
                if found:
                    self._reading[query] = found[0]
            if query in self._reading:
                hits.append(self._reading[query])
        return hits

    def _answer(
        self, messages: Sequence[Turn], said: Sequence[str], alone: _LookUp, kinds: dict[JudgedKind, float]
    ) -> Answer | None:
        asked = alone
        before = ""
        if len(said) > 1 and kinds.get("follow_up", 0.0) > MAYBE_FOLLOW_UP:
            together = self._look_up(f"{topic(said)} {said[-1].strip()}")
            if next(iter(kinds)) == "follow_up" or together.found.similarities[0] > asked.found.similarities[0]:
                asked = together
                before = next((turn.content for turn in reversed(messages) if turn.role == "assistant"), "")
        return answer_question(asked.text, asked.found.hits, self.index.weigh, before)

    def _look_up(self, text: str, limit: int = HITS) -> _LookUp:
        mended = mend_spelling(text, self.index.words, self._encoder.is_word)
        vector = self._encoder.encode([mended])[0]
        return _LookUp(mended, search(self.index, mended, vector, limit))


def build_assistant(
    settings: Settings,
    progress: Progress,
    waiting: Callable[[], None],
    build_apart: Callable[[], None] | None = None,
) -> Assistant:
    """The assistant that the settings ask for; builds the index first when the library has changed (see open_or_build)."""
    # A mistake in one of these is said before the long work.
    criteria = read_criteria(settings.prompts_dir / "criteria.toml")
    house = read_house(settings.house_file) if settings.house_file else House()
    # Encoder and judge load while Python imports what the index needs: a third of a second less before the first answer.
    with ThreadPoolExecutor(2) as pool:
        loading, judging = pool.submit(load_encoder), pool.submit(load_judge)
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
        build_apart=build_apart,
    )
    return Assistant(
        Parts(
            encoder=encoder,
            index=index,
            judge=judging.result(),
            criteria=criteria,
            precedents=load_precedents(),
            house=house,
        )
    )


def _read_passages(corpus: Path) -> list[Passage]:
    # LangChain is wanted only where something has changed.
    from assistant.knowledge.passages import read_passages

    return read_passages(corpus)
