"""The reference sets are whole and apart from what is trained on, and the scoring scores."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from assistant.domain import MadeBy, Reply, Source
from assistant.knowledge.passages import read_passages
from assistant.pipeline import Assistant
from evals import read_cases
from evals.__main__ import below_floor
from evals.answers import first_right, points_said, score_answers, statements_kept
from evals.intervals import Figure, figure, wilson
from evals.kinds import conversation, handled, mid_conversation, score_kinds

ROOT = Path(__file__).parent.parent
QUESTIONS = read_cases("questions.jsonl")
MESSAGES = read_cases("kinds.jsonl")
# Shorter ones ("thanks", "price?") are alike by nature.
LONG = 25
NEARLY_EQUAL = 0.9


def a_reply(answer: str, *sources: Source, declined: bool = False) -> Reply:
    made_by = MadeBy("built-in", "index", "encoder", "judge")
    return Reply("id", "question", True, None, None, answer, sources, declined, (), made_by)


def a_source(quote: str) -> Source:
    return Source("1", "Title", "Heading?", quote, "library/article#heading.1")


def near_copies(texts: Sequence[str], others: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of long texts that are nearly equal; letters are counted first, which bounds the ratio from above."""
    lowered = [text.lower() for text in others if len(text) > LONG]
    letters = sorted({letter for text in lowered for letter in text})
    counts = np.array([[count[letter] for letter in letters] for count in map(Counter, lowered)])
    lengths = np.array([len(text) for text in lowered])
    copies = []
    for text in (text.lower() for text in texts if len(text) > LONG):
        count = Counter(text)
        shared = np.minimum(counts, np.array([count[letter] for letter in letters])).sum(axis=1)
        for row in np.flatnonzero(2 * shared / (lengths + len(text)) > NEARLY_EQUAL):
            if SequenceMatcher(None, text, lowered[row], autojunk=False).ratio() > NEARLY_EQUAL:
                copies.append((text, lowered[row]))
    return copies


def test_every_case_has_an_id_of_its_own() -> None:
    ids = [case["id"] for case in (*QUESTIONS, *MESSAGES)]
    assert [case_id for case_id, count in Counter(ids).items() if count > 1] == []


def test_every_question_has_key_points_whose_patterns_compile_and_are_lower_case() -> None:
    for case in QUESTIONS:
        assert case["key_points"], case["id"]
        for point in case["key_points"]:
            assert point["match"] != [], (case["id"], point["point"])
            assert all(point["match"]), (case["id"], point["point"])
            for pattern in (pattern for group in point["match"] for pattern in group):
                re.compile(pattern)
                # Answers are matched in lower case, so a capital outside an escape (\\W, \\S) would never be found.
                assert not re.search(r"[A-Z]", re.sub(r"\\.", "", pattern)), (case["id"], pattern)


def test_every_right_section_is_in_the_library() -> None:
    there = {passage.id for passage in read_passages(ROOT / "corpus")}
    assert [(case["id"], s) for case in QUESTIONS for s in case["sections"] if s not in there] == []
    assert [case["id"] for case in QUESTIONS if not case["sections"]] == []


def test_every_message_is_of_a_known_kind_and_only_a_follow_up_has_turns_before_it() -> None:
    assert {case["kind"] for case in MESSAGES} == {"question", "follow_up", "smalltalk", "outside"}
    assert [case["id"] for case in MESSAGES if bool(case["previous"]) != (case["kind"] == "follow_up")] == []


def test_no_reference_message_is_a_near_copy_of_a_training_message() -> None:
    files = sorted((ROOT / "corpus" / "cases").glob("*.jsonl"))
    trained = [json.loads(line)["text"] for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    asked = [*(case["question"] for case in QUESTIONS), *(case["text"] for case in MESSAGES)]
    assert near_copies([trained[0] + "!"], trained) != []  # a copy would be seen
    assert near_copies(asked, trained) == []


def test_the_fast_run_takes_the_same_third_each_time_with_every_group_in_it() -> None:
    fast = read_cases("kinds.jsonl", fast=True)
    assert fast == read_cases("kinds.jsonl", fast=True)
    assert len(fast) == -(-len(MESSAGES) // 3)
    assert {case["group"] for case in fast} == {case["group"] for case in MESSAGES}


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(5, 10, 0.2366, 0.7634), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_the_wilson_interval_has_its_known_values(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == pytest.approx((low, high), abs=1e-4)


def test_a_figure_is_the_share_of_successes() -> None:
    found = figure("name", [True, True, True, False])
    assert (found.value, found.n) == (0.75, 4)
    assert found.low < 0.75 < found.high


def test_scoring_an_empty_set_fails() -> None:
    nobody = cast(Assistant, None)
    with pytest.raises(ValueError, match="the set is empty"):
        wilson(0, 0)
    with pytest.raises(ValueError, match="the set is empty"):
        asyncio.run(score_answers(nobody, [], []))
    with pytest.raises(ValueError, match="the set is empty"):
        asyncio.run(score_kinds(nobody, []))


def test_a_key_point_is_said_when_every_group_is_found() -> None:
    case: dict[str, Any] = {"key_points": [{"match": [["six", "half a year"], ["coach"]]}]}
    assert points_said(case, "A Coach works with you for HALF A YEAR.") == [True]
    assert points_said(case, "A mentor works with you for half a year.") == [False]


def test_the_rank_is_that_of_the_first_right_section() -> None:
    assert first_right(["a#x", "b#y"], ["c#z", "b#y", "a#x"]) == 2
    assert first_right(["a#x"], ["c#z"]) is None


def test_a_statement_counts_only_when_it_is_cited_and_stands_word_for_word_in_the_library() -> None:
    said = "A coach asks."
    library = {"library/article#heading.1": said}
    assert statements_kept(a_reply(f"{said} [1]", a_source(said)), library) == [True]
    assert statements_kept(a_reply(f"*Heading?* {said} [1]", a_source(said)), library) == [True]
    assert statements_kept(a_reply("A coach tells. [1]", a_source(said)), library) == [False]
    assert statements_kept(a_reply("A coach tells. [1]", a_source("A coach tells.")), library) == [False]
    assert statements_kept(a_reply(f"{said} [2]", a_source(said)), library) == [False]
    assert statements_kept(a_reply(f"{said} [1] Trust me.", a_source(said)), library) == [True, False]


def test_what_counts_as_handled_depends_on_the_kind_of_message() -> None:
    answered = a_reply("A coach asks. [1]", a_source("A coach asks."))
    declined, fixed = a_reply("Outside.", declined=True), a_reply("Hello.")
    for kind, right in (("outside", declined), ("question", answered), ("follow_up", answered), ("smalltalk", fixed)):
        assert [reply for reply in (answered, declined, fixed) if handled({"kind": kind}, reply)] == [right]


def test_mid_conversation_a_message_stands_behind_one_exchange_of_a_follow_up() -> None:
    placed = mid_conversation(MESSAGES)
    assert len(placed) == sum(case["kind"] != "follow_up" for case in MESSAGES)
    for case in placed:
        assert [turn.role for turn in conversation(case)] == ["user", "assistant", "user"]
        assert conversation(case)[-1].content == case["text"]


def test_a_figure_under_its_floor_is_named_and_in_a_fast_run_only_when_chance_does_not_explain_it() -> None:
    low = Figure("  a", 0.7, 10, 0.4, 0.9)
    assert below_floor([low], {"a": 0.8}, fast=False) == ["  a"]
    assert below_floor([low], {"a": 0.8}, fast=True) == []
    assert below_floor([low], {"a": 0.95}, fast=True) == ["  a"]
    assert below_floor([low], {"a": 0.7}, fast=False) == []
