"""The matters that come first, danger before all: how likely each is by what the judge reads in a message."""

from __future__ import annotations

import numpy as np

from assistant.domain import Sensitive
from assistant.judgement.judge import SENSITIVES, Judged
from assistant.judgement.scale import Numbers, Scale

MATTERS: tuple[Sensitive | None, ...] = (None, *SENSITIVES)


def weigh_matters(scale: Scale, judged: Judged) -> dict[Sensitive | None, float]:
    """The probability of each matter, and of none."""
    return {matter: float(share) for matter, share in zip(MATTERS, scale.weigh(matter_features(judged)), strict=True)}


def matter_features(judged: Judged) -> Numbers:
    """What the matters are weighed by: what comes first is for neither coach nor mentor, so the verdict speaks for it too."""
    shares = np.clip([*judged.sensitive.values(), judged.verdicts["neither"]], 1e-5, 1 - 1e-5)
    features: Numbers = np.log(shares / (1 - shares))
    return features
