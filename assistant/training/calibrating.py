"""Makes raw figures honest ones, on cases that did not teach the judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from assistant.domain import Sensitive
from assistant.judgement.cases import Alarm, WorkedCase
from assistant.judgement.clauses import split_clauses
from assistant.judgement.criteria import VERDICTS
from assistant.judgement.judge import SENSITIVES, Judge, Judged
from assistant.judgement.kinds import KINDS, Nearness, kind_features
from assistant.judgement.matters import MATTERS, matter_features, weigh_matters
from assistant.judgement.scale import Numbers, Scale

# Bands: `high` begins where this share is right among the development writers' cases, `fair` at this probability.
HIGH_PRECISION, FAIR = 0.975, 0.6
# A matter comes first from the highest figure on at which this share of the development messages about it is seen: for
# danger, a false alarm costs a kind text and a missed one perhaps a life.
SEEN: dict[Sensitive, float] = {"danger": 0.92, "hr": 0.85, "counselling": 0.85}
# How strongly the weights of a scale are held small.
PENALTY = 5.0
# What a judge is read with before it is calibrated.
RAW: dict[str, Any] = {
    "temperature": 1.0, "high": 1.0, "fair": FAIR, "sensitive": dict.fromkeys(SENSITIVES, 1.0),
    "kinds": {"weights": [[0.0]], "bias": [0.0]}, "matters": {"weights": [[0.0]], "bias": [0.0]},
}  # fmt: skip


def calibrate(
    judge: Judge, development: Sequence[WorkedCase], alarms: Sequence[Alarm], nearness: Callable[[str], Nearness]
) -> dict[str, Any]:
    """Temperature, bands, thresholds and scales for a judge that is read with RAW."""

    read = [(case, judge.judge(case.text, split_clauses(case.text))) for case in development]
    situations = [(case, judged) for case, judged in read if case.kind == "situation"]
    temperature, confidence, right = _temperature(situations)
    seen = [(judge.judge(alarm.text, split_clauses(alarm.text)), alarm.sensitive) for alarm in alarms]
    # Of what is neither an alarm nor looks like one there is most in life.
    seen += [(judged, case.sensitive) for case, judged in situations]
    matters = _fit_scale([(matter_features(judged), MATTERS.index(matter)) for judged, matter in seen], len(MATTERS))
    scale = Scale.from_json(matters)
    shares = [(weigh_matters(scale, judged), told) for judged, told in seen]
    return {
        "temperature": temperature,
        "high": _high(confidence, right),
        "fair": FAIR,
        "sensitive": {
            matter: _threshold([share[matter] for share, told in shares if told == matter], SEEN[matter])
            for matter in SENSITIVES
        },
        "kinds": _fit_scale(_kinds(read, nearness), len(KINDS)),
        "matters": matters,
    }


def _temperature(situations: Sequence[tuple[WorkedCase, Judged]]) -> tuple[float, Numbers, NDArray[np.bool_]]:
    """The temperature under which the verdicts given are likeliest, and with it each confidence and whether it is right."""
    logits = np.log([[judged.verdicts[verdict] + 1e-9 for verdict in VERDICTS] for _, judged in situations])
    labels = np.array([VERDICTS.index(case.verdict) for case, _ in situations if case.verdict])

    def shares(temperature: float) -> Numbers:
        odds = np.exp(logits / temperature)
        scaled: Numbers = odds / odds.sum(axis=1, keepdims=True)
        return scaled

    def loss(temperature: float) -> float:
        return float(-np.log(shares(temperature)[np.arange(len(labels)), labels]).mean())

    best = float(min(np.arange(0.3, 3.0, 0.02), key=loss))
    return round(best, 2), shares(best).max(axis=1), shares(best).argmax(axis=1) == labels


def _kinds(read: Sequence[tuple[WorkedCase, Judged]], nearness: Callable[[str], Nearness]) -> list[tuple[Numbers, int]]:
    rows = []
    for case, judged in read:
        if case.kind == "answer":
            continue
        near = nearness(case.text)
        # What stands alone is met in the middle of a conversation too; that turns stand before it says nothing by itself.
        for has_previous in {bool(case.previous), True}:
            rows.append((kind_features(judged, near, case.text, has_previous), KINDS.index(case.kind)))
    return rows


def _fit_scale(rows: Sequence[tuple[Numbers, int]], classes: int) -> dict[str, Any]:
    seen, wanted = torch.tensor(np.array([row for row, _ in rows])), torch.tensor([label for _, label in rows])
    weights = torch.zeros(classes, seen.shape[1], dtype=seen.dtype, requires_grad=True)
    bias = torch.zeros(classes, dtype=seen.dtype, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=500, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = functional.cross_entropy(seen @ weights.T + bias, wanted, reduction="sum")
        loss = loss + PENALTY * weights.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return {"weights": weights.detach().numpy().round(3).tolist(), "bias": bias.detach().numpy().round(3).tolist()}


def _high(confidence: Numbers, right: NDArray[np.bool_]) -> float:
    """The lowest confidence from which on the wanted share is right, never below 0.7."""
    order = np.argsort(-confidence)
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= HIGH_PRECISION)
    return round(max(0.7, float(confidence[order[good[-1]]]) if len(good) else 1.0), 3)


def _threshold(figures: Sequence[float], share: float) -> float:
    """The highest threshold, in thousandths, at which this share of the figures is seen."""
    return max(1, math.floor(1000 * sorted(figures, reverse=True)[math.ceil(share * len(figures)) - 1])) / 1000
