"""Worked cases to show beside a judgement: those that lie nearest in the judge's own space, so like in what decides."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Instead, Precedent, Verdict
from assistant.errors import EncoderError

PRECEDENTS = Path(__file__).parent.parent / "data" / "precedents.jsonl"
SHOWN = 2


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
