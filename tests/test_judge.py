"""The committed judge is the one of its card, says the same each time, and reads a message of any length."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from assistant.domain import Clause
from assistant.errors import EncoderError
from assistant.judgement.clauses import split_clauses
from assistant.judgement.criteria import INSTEADS, SIGNS, VERDICTS
from assistant.judgement.judge import CARD, JUDGED_KINDS, MODEL, SENSITIVES, WINDOW_TOKENS, Judge, Judged, load_judge

MESSAGES = [
    "I interrupt people in meetings, and my 360 said so. I want that gone by June.",
    "What is the difference between a coach and a mentor?",
    "hi",
    "?",
    "",
    "   ",
    "😀👍🏽",
    "汉字",
    "a" * 3_000,
    "\x00\x01",
]


@pytest.fixture(scope="module")
def judge() -> Judge:
    return load_judge()


def view(judge: Judge, message: str) -> Judged:
    return judge.judge(message, split_clauses(message))


def test_the_committed_model_is_the_one_of_its_card() -> None:
    card = json.loads(CARD.read_text(encoding="utf-8"))
    assert hashlib.sha256(MODEL.read_bytes()).hexdigest() == card["sha256"]
    assert load_judge().name == card["name"] == f"judge-{card['sha256'][:8]}"


def test_the_card_s_calibration_is_of_bearable_size(judge: Judge) -> None:
    calibration = judge.calibration
    assert calibration.temperature > 0
    assert 0 < calibration.fair < calibration.high < 1
    assert set(calibration.sensitive) == set(SENSITIVES)
    assert all(0 < threshold < 1 for threshold in calibration.sensitive.values())


@pytest.mark.parametrize("message", MESSAGES, ids=range(len(MESSAGES)))
def test_whatever_is_typed_the_judge_gives_probabilities(judge: Judge, message: str) -> None:
    judged = view(judge, message)
    for shares, names in ((judged.kinds, JUDGED_KINDS), (judged.verdicts, VERDICTS), (judged.insteads, INSTEADS)):
        assert list(shares) == list(names)
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
    assert list(judged.sensitive) == list(SENSITIVES)
    assert all(0 <= share <= 1 for share in (*judged.sensitive.values(), judged.on_behalf))
    assert np.linalg.norm(judged.vector) == pytest.approx(1, abs=1e-5)
    assert len(judged.signs) == len(split_clauses(message))
    for signs in judged.signs:
        assert list(signs) == list(SIGNS)
        assert sum(signs.values()) <= 1 + 1e-5


def test_the_same_message_is_judged_the_same_each_time(judge: Judge) -> None:
    first, second = view(judge, MESSAGES[0]), view(judge, MESSAGES[0])
    assert first.vector.tolist() == second.vector.tolist()
    assert {**vars(first), "vector": None} == {**vars(second), "vector": None}


def test_a_message_of_8000_characters_is_judged_with_all_its_clauses(judge: Judge) -> None:
    message = ("I talk too much in meetings with the board. " * 200)[:8_000]
    judged = view(judge, message)
    assert len(judged.signs) == len(split_clauses(message)) > 100
    assert all(sum(signs.values()) > 0 for signs in judged.signs)


def test_the_likeliest_verdict_and_instead_are_named(judge: Judge) -> None:
    judged = view(judge, MESSAGES[0])
    assert judged.verdicts[judged.verdict] == max(judged.verdicts.values())
    assert judged.insteads[judged.instead] == max(judged.insteads.values())


CARD_DATA: dict[str, Any] = {
    "name": "judge-test",
    "calibration": {
        "temperature": 1.0,
        "high": 0.7,
        "fair": 0.5,
        "sensitive": dict.fromkeys(SENSITIVES, 0.5),
        "kinds": {"weights": [[1.0]], "bias": [0.0]},
        "matters": {"weights": [[1.0]], "bias": [0.0]},
    },
    "sha256": hashlib.sha256(b"weights").hexdigest(),
}


def written(folder: Path, weights: bytes, card: str) -> tuple[Path, Path]:
    (folder / "judge.onnx").write_bytes(weights)
    (folder / "judge.json").write_text(card, encoding="utf-8")
    return folder / "judge.onnx", folder / "judge.json"


@pytest.mark.parametrize(
    ("weights", "card"),
    [
        (b"weights, damaged", json.dumps(CARD_DATA)),
        (b"", json.dumps(CARD_DATA)),
        (b"weights", ""),
        (b"weights", json.dumps(CARD_DATA)[:40]),
        (b"weights", "[1, 2]"),
        (b"weights", json.dumps({**CARD_DATA, "calibration": {"temperature": 1.0}})),
        (b"weights", json.dumps({**CARD_DATA, "calibration": {**CARD_DATA["calibration"], "kinds": {"weights": []}}})),
        (b"weights", json.dumps({key: CARD_DATA[key] for key in ("name", "calibration")})),
    ],
    ids=[
        "other weights",
        "empty weights",
        "empty card",
        "cut card",
        "list",
        "calibration cut",
        "scale cut",
        "hash missing",
    ],
)
def test_damaged_files_are_reported_in_one_sentence_with_the_way_out(tmp_path: Path, weights: bytes, card: str) -> None:
    model, file = written(tmp_path, weights, card)
    with pytest.raises(EncoderError, match="reinstall coach-or-mentor") as caught:
        Judge(model, file)
    assert str(model) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_model_is_reported_by_its_name(tmp_path: Path) -> None:
    _, card = written(tmp_path, b"weights", json.dumps(CARD_DATA))
    with pytest.raises(EncoderError, match=r"nowhere\.onnx"):
        Judge(tmp_path / "nowhere.onnx", card)


class TokenSession:
    """Stands in for the model: a token shows the same signs wherever it stands, and it keeps what it was given."""

    runs: list[dict[str, Any]]

    def __init__(self, *args: Any, **options: Any) -> None:
        self.runs = []

    def run(self, names: list[str], given: dict[str, Any]) -> list[Any]:
        self.runs.append(given)
        ids = given["input_ids"]
        signs = np.sin(ids[..., None] * np.arange(1, len(SIGNS) + 2)).astype(np.float32)
        zeros = {
            "kinds": len(JUDGED_KINDS),
            "verdicts": len(VERDICTS),
            "insteads": len(INSTEADS),
            "sensitive": 3,
            "on_behalf": 1,
        }
        out: dict[str, Any] = {name: np.zeros(size, np.float32) for name, size in zeros.items()}
        out |= {"vector": np.ones(4, np.float32), "signs": signs}
        return [out[name] for name in names]


@pytest.fixture
def windowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Judge, list[dict[str, Any]]]:
    """A judge whose model is a TokenSession, with what the model was given."""
    session = TokenSession()
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *args, **options: session)
    return Judge(*written(tmp_path, b"weights", json.dumps(CARD_DATA))), session.runs


CLAUSE = "I freeze when the director looks at me."


@pytest.mark.parametrize("words_before", [0, 10, 235, 240, 245, 249, 250, 251, 253, 254, 255, 500, 1_200])
@pytest.mark.parametrize("filler", ["table. ", "table "])
def test_the_signs_of_a_clause_do_not_depend_on_where_windows_fall(
    windowed: tuple[Judge, list[dict[str, Any]]], words_before: int, filler: str
) -> None:
    judge, _ = windowed
    [alone] = judge.judge(CLAUSE, split_clauses(CLAUSE)).signs
    before = filler * words_before + "\n"
    clause = Clause(1, CLAUSE, len(before), len(before) + len(CLAUSE))
    [there] = judge.judge(before + CLAUSE, [clause]).signs
    assert there == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize("words", [0, 1, 253, 254, 255, 256, 600, 2_000])
def test_windows_hold_every_token_once_and_fit_the_encoder(
    windowed: tuple[Judge, list[dict[str, Any]]], words: int
) -> None:
    judge, runs = windowed
    message = " ".join(f"table{'.' if n % 12 == 0 else ''}" for n in range(words))
    judge.judge(message, split_clauses(message))
    [given] = runs
    assert given["input_ids"].shape == given["attention_mask"].shape
    assert given["input_ids"].shape[1] <= WINDOW_TOKENS
    read = given["input_ids"][given["attention_mask"] == 1].tolist()
    assert (read.count(101), read.count(102)) == (len(given["input_ids"]),) * 2
    assert len([token for token in read if token not in (101, 102)]) == words + -(-words // 12)


def test_a_long_message_is_cut_where_a_clause_begins(windowed: tuple[Judge, list[dict[str, Any]]]) -> None:
    judge, runs = windowed
    message = f"{CLAUSE} " * 100
    judge.judge(message, split_clauses(message))
    begins = runs[0]["input_ids"][:, 1]
    assert len(begins) > 2
    assert len(set(begins.tolist())) == 1
