"""The worked cases are whole, many and various, and kept apart from the reference sets that score what they teach."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import LibraryError
from assistant.judgement.cases import Alarm, WorkedCase, read_alarms, read_cases
from assistant.judgement.criteria import INSTEADS, SIGNS, VERDICTS
from assistant.judgement.judge import JUDGED_KINDS

ROOT = Path(__file__).parent.parent
CASES: list[WorkedCase] = read_cases(ROOT / "corpus" / "cases")
REFERENCE: list[WorkedCase] = read_cases(ROOT / "evals" / "cases")
ALARMS: list[Alarm] = read_alarms(ROOT / "corpus" / "alarms")
DEVELOPMENT: list[Alarm] = read_alarms(ROOT / "corpus" / "development")
LEARNED_FROM: list[WorkedCase | Alarm] = [*CASES, *ALARMS, *DEVELOPMENT]
SITUATIONS = [case for case in CASES if case.kind == "situation"]
OTHERS = [case for case in CASES if case.kind not in ("situation", "answer")]


def ids(cases: Sequence[WorkedCase | Alarm]) -> list[str]:
    return [case.id for case in cases]


def test_there_are_enough_cases_of_every_kind() -> None:
    assert len(SITUATIONS) >= 3_000
    assert len(OTHERS) >= 700
    assert {case.kind for case in CASES} == set(JUDGED_KINDS)


def test_there_are_enough_alarms_of_every_matter_with_as_many_that_only_look_like_one() -> None:
    counts = Counter(alarm.sensitive for alarm in ALARMS)
    assert counts["danger"] >= 1_000
    assert min(counts["hr"], counts["counselling"]) >= 200
    assert counts[None] >= sum(counts.values()) / 3


def test_every_verdict_instead_and_sign_is_taught_by_a_hundred_cases() -> None:
    taught = Counter(
        name for case in SITUATIONS for name in (case.verdict, case.instead, *{sign for sign, _ in case.signs})
    )
    # `neither` and its signs share their names, so what fits instead is counted by itself.
    instead = Counter(case.instead for case in SITUATIONS)
    assert [name for name in (*VERDICTS, *SIGNS) if taught[name] < 100] == []
    assert [name for name in INSTEADS if instead[name] < 100] == []


def test_one_situation_in_ten_has_a_twin_that_differs_in_what_decides() -> None:
    assert len([case for case in SITUATIONS if case.pair]) >= len(SITUATIONS) / 10


@pytest.mark.parametrize("cases", [LEARNED_FROM, REFERENCE], ids=["corpus", "evals"])
def test_every_case_has_an_id_and_a_text_of_its_own(cases: Sequence[WorkedCase | Alarm]) -> None:
    assert [name for name, count in Counter(ids(cases)).items() if count > 1] == []
    assert [case.id for case in cases if not case.text.strip() or not case.writer] == []
    # Of a few words the same may be said twice, after different turns.
    alone = Counter(case.text for case in cases if len(case.text.split()) > 3)
    assert [text for text, count in alone.items() if count > 1] == []


@pytest.mark.parametrize("cases", [LEARNED_FROM, REFERENCE], ids=["corpus", "evals"])
def test_a_pair_points_at_another_case_that_exists(cases: Sequence[WorkedCase | Alarm]) -> None:
    known = set(ids(cases))
    assert [case.id for case in cases if case.pair and (case.pair not in known or case.pair == case.id)] == []


@pytest.mark.parametrize("cases", [CASES, REFERENCE], ids=["corpus", "evals"])
def test_a_judged_situation_is_explained_and_quotes_its_own_words(cases: list[WorkedCase]) -> None:
    situations = [case for case in cases if case.kind == "situation"]
    assert [case.id for case in situations if not case.why] == []
    assert [case.id for case in situations if case.verdict in ("coach", "mentor", "both") and not case.signs] == []


@pytest.mark.parametrize("cases", [CASES, REFERENCE], ids=["corpus", "evals"])
def test_each_option_of_a_question_leads_to_a_verdict(cases: list[WorkedCase]) -> None:
    targets = {*VERDICTS, *(f"neither/{instead}" for instead in INSTEADS)} - {"neither"}
    for case in cases:
        if case.ask:
            assert 2 <= len(case.ask.options) <= 4, case.id
            assert not case.leads_to or len(case.leads_to) == len(case.ask.options), case.id
            assert set(case.leads_to) <= targets, case.id


def test_an_answer_has_the_question_before_it_and_a_verdict() -> None:
    answers = [case for case in CASES if case.kind == "answer"]
    assert [case.id for case in answers if not case.previous or case.previous[-1].ask is None] == []
    assert [case.id for case in answers if case.verdict is None] == []


def test_a_follow_up_has_something_that_it_follows() -> None:
    assert [case.id for case in CASES if case.kind == "follow_up" and not case.previous] == []


LINE: dict[str, Any] = {
    "id": "X1", "text": "I talk too much in meetings", "kind": "situation", "writer": "x", "verdict": "coach", "instead": None,
    "signals": [{"sign": "behaviour", "quote": "talk too much"}], "why": "w",
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "riddle"},
        {"verdict": "guru"},
        {"verdict": None},
        {"verdict": "neither"},
        {"instead": "hr"},
        {"verdict": "unclear"},
        {"signals": [{"sign": "aura", "quote": "talk"}]},
        {"signals": [{"sign": "behaviour", "quote": "talks too much"}]},
        {"signals": ["talk"]},
        {"sensitive": "gossip"},
        {"ask": {"question": "q"}},
        {"previous": [{"content": "no role"}]},
        {"previous": ["words"]},
    ],
)
def test_a_broken_line_is_named_with_file_and_line(tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / "good.jsonl").write_text(json.dumps(LINE), encoding="utf-8")
    (tmp_path / "x.jsonl").write_text(f"{json.dumps(LINE)}\n{json.dumps(LINE | change)}\n", encoding="utf-8")
    with pytest.raises(LibraryError, match=r"x\.jsonl:2: not a worked case"):
        read_cases(tmp_path)


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '"words"', '{"id": "X1"}'])
def test_a_line_that_is_no_case_at_all_is_named_with_file_and_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.jsonl").write_text(f"{line}\n{json.dumps(LINE)}\n", encoding="utf-8")
    with pytest.raises(LibraryError, match=r"x\.jsonl:1"):
        read_cases(tmp_path)


def test_cases_are_read_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    for name, numbers in (("b", (3, 4)), ("a", (1, 2))):
        (tmp_path / f"{name}.jsonl").write_text(
            "".join(json.dumps({**LINE, "id": str(number)}) + "\n" for number in numbers), encoding="utf-8"
        )
    assert ids(read_cases(tmp_path)) == ["1", "2", "3", "4"]


# Two texts are near-duplicates when half of all their runs of five words are the same (Jaccard), or half of the shorter one's
# runs stand in the longer one and these are four or more, so at least eight words on end. When this was chosen, the likest
# pairs that two people wrote by chance ("who won the election in Portugal", "how long do you boil an egg", "I'm ready for
# the next step") had a Jaccard of up to 0.33 and shared up to three runs; copied texts have nearly 1. Texts of fewer than five
# words ("hi", "ok cool") say nothing about where they come from.
RUN, LIKE, ON_END = 5, 0.5, 4
Runs = set[tuple[str, ...]]


def runs_of(text: str) -> Runs:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def near_duplicates(texts: dict[str, str], others: dict[str, str]) -> list[str]:
    """The pairs of a text and another that are nearly the same, in words to look at."""
    there = {name: runs_of(text) for name, text in others.items()}
    holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, runs in there.items():
        for run in runs:
            holders[run].append(name)
    found = []
    for name, text in texts.items():
        runs = runs_of(text)
        for other, shared in Counter(holder for run in runs for holder in holders.get(run, ())).items():
            jaccard = shared / len(runs | there[other])
            contained = shared / min(len(runs), len(there[other]))
            if jaccard >= LIKE or (shared >= ON_END and contained >= LIKE):
                found.append(f"{name} and {other} ({jaccard:.2f}, {contained:.2f}): {text!r} and {others[other]!r}")
    return found


def lines_of(pattern: str) -> list[dict[str, Any]]:
    files = sorted((ROOT / "evals").glob(pattern))
    assert files
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def test_the_check_for_near_duplicates_sees_copies_and_lets_other_texts_be() -> None:
    text = "I run the morning meeting at a radio station and it always takes an hour too long for everybody"
    copies = {"same": text, "longer": f"Hello there. {text.upper()}! Thanks.", "changed": text.replace("hour", "age")}
    assert len(near_duplicates({"t": text}, copies)) == 3
    assert near_duplicates({"t": text}, {"o": "I run the morning meeting at a bank and I like it", "hi": "hi"}) == []
    assert near_duplicates({"t": "hi"}, {"hi": "hi"}) == []


@pytest.mark.parametrize("pattern", ["cases/*.jsonl", "sensitive.jsonl", "kinds*.jsonl"])
def test_no_text_of_a_reference_set_is_nearly_one_that_the_judge_learns_from(pattern: str) -> None:
    texts = {line["id"]: line["text"] for line in lines_of(pattern)}
    assert near_duplicates(texts, {case.id: case.text for case in LEARNED_FROM}) == []


def test_no_alarm_that_sets_a_threshold_is_nearly_one_that_teaches() -> None:
    texts = {alarm.id: alarm.text for alarm in DEVELOPMENT}
    assert near_duplicates(texts, {case.id: case.text for case in (*CASES, *ALARMS)}) == []
    assert {alarm.writer for alarm in DEVELOPMENT} & {case.writer for case in (*CASES, *ALARMS)} == set()


def test_nobody_wrote_both_for_a_reference_set_and_for_the_judge_to_learn_from() -> None:
    wrote = {line.get("writer") for pattern in ("cases/*.jsonl", "*.jsonl") for line in lines_of(pattern)} - {None}
    assert {"estuary", "heron", "wren"} <= wrote
    assert wrote & {case.writer for case in LEARNED_FROM} == set()
