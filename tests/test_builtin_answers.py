"""Answers are whole sentences of the library, each cited, that say what was asked and no more."""

from __future__ import annotations

import re

import pytest
from conftest import read_passages

from assistant.answering.builtin import FURTHER_DENSE, answer_question, source_url
from assistant.domain import Hit, Passage, Reply, Sentence, Turn
from assistant.knowledge.passages import make_passage
from assistant.pipeline import Assistant
from assistant.settings import packaged

PASSAGES: dict[str, Passage] = {passage.id: passage for passage in read_passages(packaged("corpus"))}

QUESTIONS = [
    "How long does coaching last?",
    "how much does a coach cost",
    "What is the difference between a coach and a mentor?",
    "is my boss allowed to be my mentor?",
    "can coaching do harm?",
    "How do I ask someone to be my mentor?",
    "what is reverse mentoring",
    "How often should I meet my mentor?",
    "will my manager find out what I tell a coach?",
    "What is a sponsor?",
]


async def ask(assistant: Assistant, *messages: str) -> Reply:
    """The reply to the last message, with the assistant's own answers in between."""
    turns: list[Turn] = []
    for message in messages:
        turns.append(Turn("user", message))
        reply = await assistant.reply(turns)
        turns.append(Turn("assistant", reply.answer))
    return reply


def statement(reply: Reply, key: str) -> str:
    """What the answer says before `[key]`, without a heading shown in italics before it."""
    before = reply.answer.partition(f" [{key}]")[0]
    return re.sub(r"^\*[^*]+\* ", "", before.rpartition("] ")[2])


@pytest.mark.parametrize("question", QUESTIONS)
async def test_an_answer_is_one_to_five_sentences_of_the_library_each_with_its_source(
    assistant: Assistant, question: str
) -> None:
    reply = await ask(assistant, question)
    assert 1 <= len(reply.sources) <= 5
    assert [source.key for source in reply.sources] == [str(n + 1) for n in range(len(reply.sources))]
    assert re.findall(r"\[(\d+)\]", reply.answer) == [source.key for source in reply.sources]
    for source in reply.sources:
        assert statement(reply, source.key) == source.quote
        article, _, place = source.url.removeprefix("library/").partition("#")
        section, _, number = place.rpartition(".")
        passage = PASSAGES[f"{article}#{section}"]
        assert passage.sentences[int(number) - 1].text == source.quote
        assert (passage.title, passage.section) == (source.title, source.section)
    assert len({source.quote for source in reply.sources}) == len(reply.sources)


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("can coaching do harm?", "Yes"),
        ("is my boss allowed to be my mentor?", "Usually not"),
        ("do mentors get paid?", "Usually not"),
        ("does coaching work?", "Yes"),
        ("Must a coach know my industry?", "No"),
        ("does my mentor have to be older than me?", "No"),
    ],
)
async def test_a_question_of_yes_or_no_is_answered_with_the_library_s_yes_or_no_first(
    assistant: Assistant, question: str, begins: str
) -> None:
    assert (await ask(assistant, question)).answer.startswith(begins)


@pytest.mark.parametrize(
    "question",
    [
        "How long does coaching last?",
        "how many sessions will i get with a coach",
        "how much does a coach cost",
        "how often should i meet my mentor",
        "How many hours of training does a coach need?",
    ],
)
async def test_a_question_for_a_number_is_answered_with_one(assistant: Assistant, question: str) -> None:
    said = " ".join(source.quote for source in (await ask(assistant, question)).sources)
    assert re.search(r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|month|monthly)\b", said)


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("What is the difference between a coach and a mentor?", ("coach", "mentor")),
        ("coach vs mentor", ("coach", "mentor")),
        ("what is the difference between a mentor and a sponsor", ("mentor", "sponsor")),
        ("How does coaching differ from therapy?", ("coaching", "therap")),
        ("internal or external coach, what is better?", ("internal", "external")),
    ],
)
async def test_a_comparison_names_both_sides_in_its_first_sentence(
    assistant: Assistant, question: str, sides: tuple[str, str]
) -> None:
    first = (await ask(assistant, question)).sources[0].quote.lower()
    assert all(side in first for side in sides)


@pytest.mark.parametrize(
    ("question", "corrected"),
    [
        ("since a coach must know my industry, how do I find one", "No, a coach need not know"),
        ("my mentor has to be older than me, so whom do I ask?", "No, a mentor does not have to be older"),
    ],
)
async def test_a_false_premise_is_corrected_with_the_heading_that_the_no_belongs_to(
    assistant: Assistant, question: str, corrected: str
) -> None:
    reply = await ask(assistant, question)
    assert reply.sources[0].quote.startswith(corrected)
    assert re.match(r"\*[^*]+\?\* No", reply.answer)


async def test_a_follow_up_does_not_say_again_what_was_said_before(assistant: Assistant) -> None:
    first = await ask(assistant, "How do I ask someone to be my mentor?")
    again = await ask(assistant, "How do I ask someone to be my mentor?", "can you tell me more about that?")
    assert again.kind == "follow_up"
    assert again.sources
    assert not {source.quote for source in first.sources} & {source.quote for source in again.sources}


# --- the answerer alone -----------------------------------------------------------------------------------------------


def hit(section: str, *texts: str, dense: float | None = 0.9) -> Hit:
    sentences = tuple(Sentence(text) for text in texts)
    return Hit(make_passage("article", "Article", section, sentences, ()), 0.1, dense, None)


def weigh(text: str) -> dict[str, float]:
    return {word: 1.0 for word in re.findall(r"[a-z]{4,}", text.lower())}


BEST = hit("How long?", "Coaching lasts months.", "Mentoring lasts years.")
FURTHER = "Sponsors open doors elsewhere."


@pytest.mark.parametrize(
    ("dense", "added"), [(FURTHER_DENSE + 0.01, True), (FURTHER_DENSE - 0.01, False), (None, False)]
)
def test_a_further_passage_adds_its_sentence_only_when_it_is_near(dense: float | None, added: bool) -> None:
    answer = answer_question("How long does it last?", [BEST, hit("Sponsors", FURTHER, dense=dense)], weigh)
    assert answer is not None
    assert (FURTHER in answer.text) is added


def test_a_further_passage_that_repeats_what_is_said_adds_nothing() -> None:
    answer = answer_question("How long?", [BEST, hit("Again", "Coaching lasts months, mentoring lasts years.")], weigh)
    assert answer is not None
    assert len(answer.sources) == 2


def test_a_yes_or_no_of_a_further_passage_is_left_out_because_it_answers_something_else() -> None:
    answer = answer_question("How long?", [BEST, hit("May I?", "No, sponsors never open doors.")], weigh)
    assert answer is not None
    assert "sponsors" not in answer.text


def test_there_are_never_more_than_five_sentences() -> None:
    names = ["alpha", "bravo", "charlie", "delta1", "echoes", "foxtrot", "golfing"]
    answer = answer_question("How?", [BEST, *(hit(name, f"{name * 2} {name * 3}.") for name in names)], weigh)
    assert answer is not None
    assert len(answer.sources) == 5


def test_when_all_is_said_already_or_nothing_was_found_there_is_no_answer() -> None:
    assert answer_question("How long?", [], weigh) is None
    assert answer_question("How long?", [BEST], weigh, said_before=BEST.passage.text) is None


def test_a_source_opens_at_its_sentence_counted_from_one() -> None:
    assert source_url("article#how-long", 0) == "library/article#how-long.1"
