"""The built-in judge: one pass of a small encoder over a message, trained on the worked cases in `corpus/cases`.

Messages of any length are read in windows that are computed together; what is pooled (means, highest values) is pooled over
all of them, so a clause counts wherever it stands. `coach-or-mentor train` writes the model and its card.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Band, Clause, Instead, Kind, Sensitive, Sign, Verdict
from assistant.encoder import open_session, tokenizer_file
from assistant.errors import EncoderError
from assistant.judgement.criteria import INSTEADS, SIGNS, VERDICTS
from assistant.judgement.scale import Scale

MODEL = Path(__file__).parent.parent / "data" / "judge.onnx"
CARD = Path(__file__).parent.parent / "data" / "judge.json"

# An answer to the assistant's own question is a kind of its own for the judge; the pipeline turns it into a situation.
JudgedKind = Kind | Literal["answer"]
JUDGED_KINDS: tuple[JudgedKind, ...] = (*get_args(Kind), "answer")
SENSITIVES: tuple[Sensitive, ...] = get_args(Sensitive)
WINDOW_TOKENS = 256

Floats = NDArray[np.float32]
_Label = TypeVar("_Label")


@dataclass(frozen=True)
class Judged:
    """What one pass yields, as probabilities (0 to 1).

    `signs` holds for each clause, in order, how much of it shows each sign; `vector` is where the message lies in the
    judge's own space (length 1), for precedents.
    """

    kinds: dict[JudgedKind, float]
    verdicts: dict[Verdict, float]
    insteads: dict[Instead, float]
    sensitive: dict[Sensitive, float]
    on_behalf: float
    signs: tuple[dict[Sign, float], ...]
    vector: Floats

    @property
    def verdict(self) -> Verdict:
        """The likeliest verdict."""
        return max(self.verdicts, key=self.verdicts.__getitem__)

    @property
    def instead(self) -> Instead:
        """The likeliest of what may fit instead."""
        return max(self.insteads, key=self.insteads.__getitem__)


@dataclass(frozen=True)
class Calibration:
    """How raw figures become honest ones, learned on writers that the judge was not trained on.

    `temperature` divides the logits of the verdicts (Guo and others 2017, "On calibration of modern neural networks").
    Bands begin at the calibrated probabilities `high` and `fair`. A matter comes first from its threshold in `sensitive`
    on. `kinds` and `matters` are the scales by which these are weighed.
    """

    temperature: float
    high: float
    fair: float
    sensitive: dict[Sensitive, float]
    kinds: Scale
    matters: Scale

    def band(self, confidence: float) -> Band:
        """The confidence in words."""
        return "high" if confidence >= self.high else "fair" if confidence >= self.fair else "low"


class Judge:
    """Judges one message a call; safe to call from several threads at once. `name` says which training made it."""

    def __init__(self, model: Path, card: Path) -> None:
        from tokenizers import Tokenizer

        try:
            data: dict[str, Any] = json.loads(card.read_text(encoding="utf-8"))
            weights = model.read_bytes()
            self.name: str = data["name"]
            scales = {name: Scale.from_json(data["calibration"][name]) for name in ("kinds", "matters")}
            self.calibration = Calibration(**(data["calibration"] | scales))
            expected = data["sha256"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EncoderError(f"The judge {model} cannot be read ({error}): reinstall coach-or-mentor.") from error
        if hashlib.sha256(weights).hexdigest() != expected:
            raise EncoderError(f"The judge {model} is damaged or another version's: reinstall coach-or-mentor.")
        self._session = open_session(weights)
        self._tokenizer = Tokenizer.from_file(str(tokenizer_file()))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def judge(self, message: str, clauses: Sequence[Clause]) -> Judged:
        """All that the judge sees in a message; `clauses` are its own."""
        encoding = self._tokenizer.encode(message, add_special_tokens=False)
        windows = list(_windows([start for start, _ in encoding.offsets], [clause.start for clause in clauses]))
        width = max(end - start for start, end in windows) + 2
        ids = np.zeros((len(windows), width), np.int64)
        mask = np.zeros_like(ids)
        # [CLS] and [SEP] stand around each window, as in training.
        for row, (start, end) in enumerate(windows):
            ids[row, : end - start + 2] = [101, *encoding.ids[start:end], 102]
            mask[row, : end - start + 2] = 1
        names = ["vector", "kinds", "verdicts", "insteads", "sensitive", "on_behalf", "signs"]
        out = dict(zip(names, self._session.run(names, {"input_ids": ids, "attention_mask": mask}), strict=True))
        shares = _softmax(
            np.concatenate([out["signs"][row, 1 : end - start + 1] for row, (start, end) in enumerate(windows)])
        )
        vector = out["vector"]
        verdicts = _softmax(out["verdicts"] / self.calibration.temperature)
        return Judged(
            kinds=_named(JUDGED_KINDS, _softmax(out["kinds"])),
            verdicts=_named(VERDICTS, verdicts),
            insteads=_named(INSTEADS, _softmax(out["insteads"])),
            sensitive=_named(SENSITIVES, 1 / (1 + np.exp(-out["sensitive"]))),
            on_behalf=float(1 / (1 + np.exp(-out["on_behalf"][0]))),
            signs=tuple(_signs_of(clause, encoding.offsets, shares) for clause in clauses),
            vector=vector / np.linalg.norm(vector),
        )


def _windows(token_starts: Sequence[int], clause_starts: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Ranges of tokens that fit the encoder; a long message is cut where a clause begins, if one does."""
    borders = set(clause_starts)
    start, total = 0, len(token_starts)
    while True:
        end = min(start + WINDOW_TOKENS - 2, total)
        if end < total:
            end = next((cut for cut in range(end, start + WINDOW_TOKENS // 2, -1) if token_starts[cut] in borders), end)
        yield start, end
        if end == total:
            return
        start = end


def _signs_of(clause: Clause, offsets: Sequence[tuple[int, int]], shares: Floats) -> dict[Sign, float]:
    """The mean over the clause's tokens; column 0 is for no sign."""
    rows = [row for row, (start, end) in enumerate(offsets) if start < clause.end and end > clause.start]
    mean = shares[rows].mean(axis=0) if rows else np.zeros(len(SIGNS) + 1, np.float32)
    return _named(SIGNS, mean[1:])


def _softmax(logits: Floats) -> Floats:
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = odds / odds.sum(axis=-1, keepdims=True)
    return shares


def _named(labels: Sequence[_Label], values: Floats) -> dict[_Label, float]:
    return {label: float(value) for label, value in zip(labels, values, strict=True)}


def load_judge() -> Judge:
    """The judge with the committed model."""
    return Judge(MODEL, CARD)
