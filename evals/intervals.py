"""A measured share, with how far chance may have moved it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z = 1.959964  # 95 per cent of a normal distribution lie within this many standard deviations


def wilson(successes: float, n: int) -> tuple[float, float]:
    """The 95% Wilson interval of `successes` out of `n`. Raises ValueError when there is nothing to score.

    With a mean of values between 0 and 1 in place of a count (a reciprocal rank) it is too wide rather than too narrow.
    """
    if n <= 0:
        raise ValueError("There is nothing to score: the set is empty.")
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes out of {n} cannot be: give a number from 0 to {n}.")
    share = successes / n
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Figure:
    """A share between 0 and 1 over `n` trials."""

    name: str
    value: float
    n: int
    low: float
    high: float


def figure(name: str, scores: Sequence[float]) -> Figure:
    """The mean of scores between 0 and 1, one a trial. Raises ValueError when there are none."""
    low, high = wilson(sum(scores), len(scores))
    return Figure(name, sum(scores) / len(scores), len(scores), low, high)
