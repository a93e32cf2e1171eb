"""Worked cases beside a judgement were judged alike, the nearest first; a damaged file is one sentence."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from assistant.domain import Precedent
from assistant.errors import EncoderError
from assistant.judgement.criteria import INSTEADS, VERDICTS
from assistant.judgement.judge import load_judge
from assistant.judgement.precedents import PRECEDENTS, Precedents, load_precedents


def case(text: str, verdict: str = "coach", instead: str | None = None) -> Precedent:
    return Precedent(text, verdict, instead, "why")  # type: ignore[arg-type]


CASES = (
    case("far"), case("mentor", "mentor"), case("near"), case("nearest"),
    case("hr", "neither", "hr"), case("training", "neither", "training"),
)  # fmt: skip
VECTORS = np.array([[-1, 0], [1, 0], [2, 1], [9, 0], [1, 0.1], [1, 0]], np.float32)
HERE = np.array([1, 0], np.float32)


def test_the_two_nearest_of_the_same_verdict_are_shown_the_nearest_first() -> None:
    found = Precedents(CASES, VECTORS).nearest(HERE, "coach", None)
    assert [one.text for one in found] == ["nearest", "near"]


def test_with_neither_what_fits_instead_must_be_the_same_too() -> None:
    assert [one.text for one in Precedents(CASES, VECTORS).nearest(HERE, "neither", "hr")] == ["hr"]
    assert Precedents(CASES, VECTORS).nearest(HERE, "neither", "expert") == ()


def test_how_long_a_vector_is_does_not_matter() -> None:
    found = Precedents(CASES, VECTORS * np.array([[5], [1], [100], [0.01], [1], [1]], np.float32))
    assert [one.text for one in found.nearest(HERE, "coach", None)] == ["nearest", "near"]


def test_the_committed_cases_are_judged_and_explained_and_lie_in_the_judge_s_space() -> None:
    lines = [json.loads(line) for line in PRECEDENTS.read_text(encoding="utf-8").splitlines()]
    assert lines
    for line in lines:
        assert line["verdict"] in VERDICTS
        assert (line["instead"] in INSTEADS) == (line["verdict"] == "neither")
        assert line["text"]
        assert line["why"]
    judged = load_judge().judge("I freeze in meetings", ())
    found = load_precedents().nearest(judged.vector, lines[0]["verdict"], lines[0]["instead"])
    assert {one.verdict for one in found} == {lines[0]["verdict"]}


LINE = {"text": "t", "verdict": "coach", "instead": None, "why": "w", "vector": base64.b64encode(b"\x01\x02").decode()}


def test_a_file_of_cases_is_read(tmp_path: Path) -> None:
    file = tmp_path / "precedents.jsonl"
    file.write_text(f"{json.dumps(LINE)}\n{json.dumps({**LINE, 'text': 'u'})}\n", encoding="utf-8")
    assert {one.text for one in load_precedents(file).nearest(HERE, "coach", None)} == {"t", "u"}


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["{"],
        ["[1]"],
        ["3"],
        [json.dumps({"text": "t"})],
        [json.dumps({**LINE, "vector": "%%%"})],
        [json.dumps({**LINE, "vector": None})],
        [json.dumps(LINE), json.dumps({**LINE, "vector": base64.b64encode(b"\x01").decode()})],
    ],
    ids=["empty", "cut off", "list", "number", "keys missing", "no base64", "no vector", "of unequal width"],
)
def test_a_damaged_file_is_reported_in_one_sentence_with_the_way_out(tmp_path: Path, lines: list[str]) -> None:
    file = tmp_path / "precedents.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(EncoderError, match="reinstall") as caught:
        load_precedents(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"nowhere\.jsonl"):
        load_precedents(tmp_path / "nowhere.jsonl")
