"""The judge of kinds gives probabilities, and says so when its weights are damaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from assistant.encoder import OnnxEncoder
from assistant.errors import EncoderError
from assistant.judgement.kinds import KINDS, WEIGHTS, Nearness, load_kind_judge

FAR, NEAR = Nearness(0.1, 0.05, 0.0), Nearness(0.75, 0.6, 12.0)
MESSAGES = [
    "What is the difference between a coach and a mentor?",
    "hi",
    "and how long?",
    "What will the weather be in Lisbon tomorrow?",
    "I have led a team for six months, nobody listens to me and I dread every meeting.",
    "?",
    "",
    "汉字",
]


@pytest.mark.parametrize("text", MESSAGES)
@pytest.mark.parametrize("nearness", [FAR, NEAR])
@pytest.mark.parametrize("has_previous", [True, False])
def test_the_probabilities_of_all_kinds_sum_to_one_likeliest_first(
    encoder: OnnxEncoder, text: str, nearness: Nearness, has_previous: bool
) -> None:
    kinds = load_kind_judge().judge(text, encoder.encode([text])[0], nearness, has_previous)
    assert set(kinds) == set(KINDS)
    assert sum(kinds.values()) == pytest.approx(1.0)
    assert list(kinds.values()) == sorted(kinds.values(), reverse=True)


@pytest.mark.parametrize("text", MESSAGES)
def test_nothing_follows_up_on_nothing(encoder: OnnxEncoder, text: str) -> None:
    kinds = load_kind_judge().judge(text, encoder.encode([text])[0], NEAR, has_previous=False)
    assert kinds["follow_up"] == 0.0


@pytest.mark.parametrize(
    ("text", "nearness", "has_previous", "kind"),
    [
        ("What is the difference between a coach and a mentor?", NEAR, False, "question"),
        ("hello there", FAR, False, "smalltalk"),
        ("and how long?", Nearness(0.4, 0.3, 3.0), True, "follow_up"),
        ("What will the weather be in Lisbon tomorrow?", FAR, False, "outside"),
        (
            "I have led a team for six months, nobody listens to me and I dread every meeting.",
            Nearness(0.5, 0.4, 8.0), False, "situation",
        ),
    ],
)  # fmt: skip
def test_a_plain_message_of_each_kind_is_told_apart(
    encoder: OnnxEncoder, text: str, nearness: Nearness, has_previous: bool, kind: str
) -> None:
    kinds = load_kind_judge().judge(text, encoder.encode([text])[0], nearness, has_previous)
    assert next(iter(kinds)) == kind


def test_the_committed_weights_have_a_name_and_a_row_a_kind() -> None:
    judge = load_kind_judge()
    assert judge.name.startswith("kinds-")
    assert judge.weights.shape[0] == len(judge.bias) == len(KINDS)
    assert np.isfinite(judge.weights).all()


WHOLE = json.loads(WEIGHTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "content",
    [
        "",
        WEIGHTS.read_text(encoding="utf-8")[:500],
        "[1, 2]",
        json.dumps({"name": "x", "bias": [1.0]}),
        json.dumps({**WHOLE, "weights": WHOLE["weights"][:3]}),
        json.dumps({**WHOLE, "weights": [row[:10] for row in WHOLE["weights"]]}),
        json.dumps({**WHOLE, "bias": WHOLE["bias"][:2]}),
        json.dumps({**WHOLE, "weights": "heavy"}),
    ],
    ids=["empty", "cut off", "list", "key missing", "kinds missing", "rows cut", "bias cut", "words"],
)
def test_damaged_weights_are_reported_in_one_sentence_with_the_way_out(tmp_path: Path, content: str) -> None:
    file = tmp_path / "kinds.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(EncoderError, match="reinstall") as caught:
        load_kind_judge(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_weights_are_reported_by_the_file_s_name(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="nowhere"):
        load_kind_judge(tmp_path / "nowhere.json")
