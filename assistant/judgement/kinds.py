"""The kind of a message where it stands: what the judge reads in it, how near the library comes to it, what stands before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np

from assistant.domain import Kind
from assistant.judgement.judge import Judged, JudgedKind
from assistant.judgement.scale import Numbers, Scale

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Nearness:
    """How near the library comes to a message: the best and the fifth-best cosine similarity, and the best BM25 score."""

    best: float
    fifth: float
    bm25: float


def weigh_kinds(
    scale: Scale, judged: Judged, nearness: Nearness, text: str, has_previous: bool
) -> dict[JudgedKind, float]:
    """The probability of each kind for a message that answers nothing, the likeliest first.

    The judge alone takes questions for situations too often, of which its cases hold so many.
    """
    possible = np.array([kind != "follow_up" or has_previous for kind in KINDS])
    shares = scale.weigh(kind_features(judged, nearness, text, has_previous), possible)
    return _ranked({kind: float(share) for kind, share in zip(KINDS, shares, strict=True)})


def kind_features(judged: Judged, nearness: Nearness, text: str, has_previous: bool) -> Numbers:
    """What the kinds are weighed by."""
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
