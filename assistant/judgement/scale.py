"""A small regression on top of the judge: it weighs what the judge reads, and is learned on writers who did not teach it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """A multinomial logistic regression: `weights` has a row a class and a column a feature, `bias` a number a class."""

    weights: Numbers
    bias: Numbers

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Scale:
        """The scale as the judge's card holds it. Raises KeyError, TypeError or ValueError when it is not one."""
        scale = cls(np.array(data["weights"], np.float64), np.array(data["bias"], np.float64))
        if scale.weights.ndim != 2 or scale.bias.shape != scale.weights.shape[:1]:
            raise ValueError("a scale has another shape")
        return scale

    def weigh(self, features: Numbers, possible: Numbers | None = None) -> Numbers:
        """The probability of each class, in order; a class that is not `possible` (true or false) gets none."""
        logits = self.weights @ features + self.bias
        if possible is not None:
            logits = np.where(possible, logits, -np.inf)
        odds = np.exp(logits - logits.max())
        shares: Numbers = odds / odds.sum()
        return shares
