"""The kind of a message where it stands: what the judge reads in it, how near the library comes to it, what stands before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Kind
from assistant.judgement.judge import Judged, JudgedKind

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Nearness:
    """How near the library comes to a message: the best and the fifth-best cosine similarity, and the best BM25 score."""

    best: float
    fifth: float
    bm25: float


@dataclass(frozen=True)
class KindScale:
    """A small logistic regression over what the judge reads and how near the library comes, learned on writers who did not
    teach the judge: the judge alone takes questions for situations too often, of which its cases hold so many."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> KindScale:
        """The scale as the judge's card holds it. Raises KeyError or ValueError when it is not one."""
        scale = cls(np.array(data["weights"], np.float64), np.array(data["bias"], np.float64))
        if scale.weights.shape != (len(KINDS), len(KINDS) + 5) or scale.bias.shape != (len(KINDS),):
            raise ValueError("the scale of the kinds has another shape")
        return scale

    def weigh(self, judged: Judged, nearness: Nearness, text: str, has_previous: bool) -> dict[JudgedKind, float]:
        """The probability of each kind for a message that answers nothing, the likeliest first."""
        logits = self.weights @ features(judged, nearness, text, has_previous) + self.bias
        if not has_previous:
            logits[KINDS.index("follow_up")] = -np.inf
        odds = np.exp(logits - logits.max())
        return _ranked({kind: float(share) for kind, share in zip(KINDS, odds / odds.sum(), strict=True)})


def features(judged: Judged, nearness: Nearness, text: str, has_previous: bool) -> NDArray[np.float64]:
    """What the regression sees."""
    shares = unasked(judged, has_previous)
    marks = [5 * nearness.best, 5 * nearness.fifth, nearness.bm25 / 10, float("?" in text), float(has_previous)]
    return np.array([*(np.log(shares.get(kind, 0.0) + 1e-3) for kind in KINDS), *marks])


def unasked(judged: Judged, has_previous: bool) -> dict[JudgedKind, float]:
    """The judge's own word on a message that answers nothing: only what follows something follows up."""
    kinds = dict(judged.kinds)
    # What reads like an answer to nothing tells of the person.
    kinds["situation"] += kinds.pop("answer")
    if not has_previous:
        del kinds["follow_up"]
    return _ranked(kinds)


def asked(judged: Judged) -> dict[JudgedKind, float]:
    """The judge's own word on a message after the assistant's question: whoever tells of a situation now, or follows up,
    is answering."""
    kinds = dict(judged.kinds)
    kinds["answer"] += kinds.pop("situation") + kinds.pop("follow_up")
    return _ranked(kinds)


def _ranked(kinds: dict[JudgedKind, float]) -> dict[JudgedKind, float]:
    total = sum(kinds.values())
    return {kind: kinds[kind] / total for kind in sorted(kinds, key=lambda kind: -kinds[kind])}
