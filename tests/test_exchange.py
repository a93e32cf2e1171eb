"""What a message can be where it stands: what was asked is answered, and two questions in a row are the most."""

from __future__ import annotations

import pytest
from conftest import View

from assistant.domain import Ask, Turn
from assistant.judgement.exchange import exchange_before, library_question
from assistant.judgement.judge import Judged

FIRST = Ask("What is missing?", ("Practice", "Somebody's experience"))
SECOND = Ask("For how long?", ("Weeks", "Years"))
KINDS = {"situation", "question", "follow_up", "smalltalk", "outside", "answer"}


def said(content: str) -> Turn:
    return Turn("user", content)


def asked(ask: Ask | None, content: str = "") -> Turn:
    return Turn("assistant", content, ask)


def test_a_first_message_answers_nothing() -> None:
    assert exchange_before([said("I want to grow")]) is None


def test_after_a_question_the_exchange_holds_it_and_what_was_said_before() -> None:
    exchange = exchange_before([said(" I want to grow "), asked(FIRST), said("Practice")])
    assert exchange is not None
    assert exchange.said == ("I want to grow",)
    assert exchange.asks == (FIRST,)
    assert exchange.may_go_on


def test_after_two_questions_in_a_row_no_other_may_be_put() -> None:
    exchange = exchange_before([said("I want to grow"), asked(FIRST), said("don't know"), asked(SECOND), said("Years")])
    assert exchange is not None
    assert exchange.said == ("I want to grow", "don't know")
    assert exchange.asks == (FIRST, SECOND)
    assert not exchange.may_go_on


def test_a_question_before_a_turn_without_one_is_over() -> None:
    assert exchange_before([said("I want to grow"), asked(FIRST), said("Years"), asked(None), said("thanks")]) is None
    exchange = exchange_before([said("hi"), asked(None), said("I want to grow"), asked(FIRST), said("Practice")])
    assert exchange is not None
    assert exchange.said == ("I want to grow",)


@pytest.mark.parametrize(
    "messages",
    [
        [asked(FIRST), said("Practice")],
        [asked(SECOND), asked(FIRST), said("Practice")],
        [said("I want to grow"), said("Practice")],
    ],
)
def test_a_question_with_nothing_of_the_person_s_before_it_is_no_exchange(messages: list[Turn]) -> None:
    assert exchange_before(messages) is None


def judged(kind: str, share: float = 0.9) -> Judged:
    one = View(kind=kind).judged(())  # type: ignore[arg-type]
    return Judged(**{**vars(one), "kinds": {name: share if name == kind else (1 - share) / 5 for name in one.kinds}})


SITUATION = "I freeze in meetings and want to stop by June."


@pytest.mark.parametrize("question", ["How long does coaching last?", "Will my boss find out what I say to a coach?"])
def test_a_question_of_its_own_is_found_inside_a_situation(question: str) -> None:
    assert library_question(f"{SITUATION} {question}", lambda text: judged("question")) == question
    assert library_question(f"{question} {SITUATION}", lambda text: judged("question")) == question


@pytest.mark.parametrize(
    "question",
    ["Should I get a coach?", "Coach or mentor?", "Is this something for a mentor or a coach?", "What kind of help do I need?",
     "Who can help me?", "What now?"],
)  # fmt: skip
def test_asking_for_the_verdict_is_no_question_to_the_library(question: str) -> None:
    assert library_question(f"{SITUATION} {question}", lambda text: judged("question")) is None


def test_a_sentence_that_the_judge_takes_for_no_question_is_none() -> None:
    text = f"{SITUATION} How long does coaching last?"
    assert library_question(text, lambda sentence: judged("situation")) is None
    assert library_question(text, lambda sentence: judged("question", 0.5)) is None


@pytest.mark.parametrize("message", ["", "How long does coaching last?", SITUATION, f"{SITUATION} I need it soon."])
def test_a_single_sentence_and_one_without_a_question_mark_hold_no_further_question(message: str) -> None:
    assert library_question(message, lambda text: judged("question")) is None


def test_a_message_full_of_questions_does_not_keep_the_judge_busy() -> None:
    seen: list[str] = []

    def judge(text: str) -> Judged:
        seen.append(text)
        return judged("situation")

    library_question("Why on earth? " * 500, judge)
    assert len(seen) <= 20
