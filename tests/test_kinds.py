"""The kind of a message: what the judge reads, how near the library comes, and what stands before it."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import View

from assistant.judgement.judge import Judged, load_judge
from assistant.judgement.kinds import KINDS, Nearness, asked, unasked, weigh_kinds
from assistant.judgement.scale import Scale
from assistant.pipeline import Assistant

ALL = {*KINDS, "answer"}
FAR, NEAR = Nearness(0.1, 0.1, 0.0), Nearness(0.9, 0.6, 20.0)


def judged(kind: str) -> Judged:
    one = View().judged([])
    return Judged(**{**vars(one), "kinds": {name: 0.6 if name == kind else 0.08 for name in one.kinds}})


def test_what_follows_nothing_is_no_follow_up_and_what_was_not_asked_is_no_answer() -> None:
    assert set(unasked(judged("question"), has_previous=False)) == ALL - {"follow_up", "answer"}
    assert set(unasked(judged("question"), has_previous=True)) == ALL - {"answer"}


@pytest.mark.parametrize("kind", ["situation", "follow_up", "answer"])
def test_whoever_was_just_asked_and_tells_of_a_situation_is_answering(kind: str) -> None:
    kinds = asked(judged(kind))
    assert set(kinds) == ALL - {"situation", "follow_up"}
    assert next(iter(kinds)) == "answer"


def test_what_reads_like_an_answer_to_nothing_tells_of_a_situation() -> None:
    assert next(iter(unasked(judged("answer"), has_previous=True))) == "situation"


@pytest.mark.parametrize("kind", sorted(ALL))
def test_the_possible_kinds_sum_to_one_likeliest_first(kind: str) -> None:
    for kinds in (unasked(judged(kind), False), unasked(judged(kind), True), asked(judged(kind))):
        shares = list(kinds.values())
        assert sum(shares) == pytest.approx(1)
        assert shares == sorted(shares, reverse=True)


def test_the_committed_scale_lets_the_library_speak_for_a_question() -> None:
    scale = load_judge().calibration.kinds
    doubtful = Judged(**{**vars(judged("question")), "kinds": dict.fromkeys(judged("question").kinds, 1 / 6)})
    near = weigh_kinds(scale, doubtful, NEAR, "how long", has_previous=False)
    far = weigh_kinds(scale, doubtful, FAR, "how long", has_previous=False)
    assert near["question"] > far["question"]
    assert near["outside"] < far["outside"]


def test_the_scale_never_gives_a_follow_up_where_nothing_stands_before() -> None:
    scale = Scale(np.zeros((5, 10)), np.array([0.0, 0.0, 9.0, 0.0, 0.0]))
    assert weigh_kinds(scale, judged("question"), NEAR, "and then?", has_previous=False)["follow_up"] == 0.0
    assert next(iter(weigh_kinds(scale, judged("question"), NEAR, "and then?", has_previous=True))) == "follow_up"


@pytest.mark.parametrize("data", [{}, {"weights": [[1.0]], "bias": [0.0, 0.0]}, {"weights": "x", "bias": []}])
def test_a_scale_that_is_none_is_refused(data: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError)):
        Scale.from_json(data)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("How long does coaching last?", "question"),
        ("What is the difference between a coach and a mentor?", "question"),
        ("What time is it in Tokyo?", "outside"),
        ("How many days of leave do I have left?", "outside"),
        ("hello", "smalltalk"),
        ("I say yes to everything. It has to stop.", "situation"),
        ("My lead says I cut people off in meetings, and I want that sorted by March.", "situation"),
    ],
)
async def test_plain_messages_are_what_they_are(assistant: Assistant, message: str, kind: str) -> None:
    from assistant.domain import Turn

    assert (await assistant.reply([Turn("user", message)])).kind == kind
