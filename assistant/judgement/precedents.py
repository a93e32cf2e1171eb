"""Worked cases to show beside a judgement: those that lie nearest in the judge's own space, so like in what decides."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Instead, Precedent, Verdict
from assistant.errors import EncoderError

if TYPE_CHECKING:
    from assistant.judgement.cases import WorkedCase
    from assistant.judgement.judge import Judged

PRECEDENTS = Path(__file__).parent.parent / "data" / "precedents.jsonl"
SHOWN = 2
# A precedent can be read at a glance.
LEAST_WORDS, MOST_WORDS = 8, 60
MOST_PRECEDENTS = 900


class Precedents:
    """A small matrix of unit vectors, one row a case."""

    def __init__(self, cases: tuple[Precedent, ...], vectors: NDArray[np.float32]) -> None:
        self._cases = cases
        self._vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def nearest(self, vector: NDArray[np.float32], verdict: Verdict, instead: Instead | None) -> tuple[Precedent, ...]:
        """The nearest cases that were judged alike, the nearest first."""
        order = np.argsort(-(self._vectors @ vector))
        alike = (self._cases[row] for row in order)
        found = [case for case in alike if case.verdict == verdict and case.instead == instead]
        return tuple(found[:SHOWN])


def load_precedents(file: Path = PRECEDENTS) -> Precedents:
    """The committed cases. Raises EncoderError when the file is missing or damaged."""
    cases, vectors = [], []
    try:
        for line in file.read_text(encoding="utf-8").splitlines():
            data = json.loads(line)
            cases.append(Precedent(data["text"], data["verdict"], data["instead"], data["why"]))
            vectors.append(np.frombuffer(base64.b64decode(data["vector"], validate=True), np.int8).astype(np.float32))
        return Precedents(tuple(cases), np.stack(vectors))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(f"The precedents {file} cannot be read ({error}): reinstall coach-or-mentor.") from error


def write_precedents(judged_cases: Sequence[tuple[WorkedCase, Judged]], file: Path) -> None:
    """Keeps the short, plain cases that the judge is surest of, spread evenly over verdicts and writers."""
    drawers: dict[tuple[str, ...], list[tuple[WorkedCase, Judged]]] = {}
    for case, judged in judged_cases:
        if case.sensitive == "danger" or not LEAST_WORDS <= len(case.text.split()) <= MOST_WORDS:
            continue
        if judged.verdict == case.verdict and case.instead in (None, judged.instead):
            drawers.setdefault((case.verdict, case.instead or "", case.writer), []).append((case, judged))
    for drawer in drawers.values():
        drawer.sort(key=lambda entry: -entry[1].verdicts[entry[1].verdict])
    deepest = max(map(len, drawers.values()))
    chosen = [entry for place in range(deepest) for drawer in drawers.values() for entry in drawer[place : place + 1]]
    lines = [
        json.dumps(
            {"text": case.text, "verdict": case.verdict, "instead": case.instead, "why": case.why,
             "vector": base64.b64encode(_small(judged.vector)).decode()},
            ensure_ascii=False,
        )
        for case, judged in chosen[:MOST_PRECEDENTS]
    ]  # fmt: skip
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _small(vector: NDArray[np.float32]) -> bytes:
    """A byte a dimension; the length is lost, and not needed."""
    return bytes(np.round(127 * vector / np.abs(vector).max()).astype(np.int8).data)
