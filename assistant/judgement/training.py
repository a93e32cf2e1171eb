"""Learns the weights of the judge of kinds from the worked cases. Needs the dependency group `training`.

Split by writer: scores on cases are of writers that the weights they were made with have not seen.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Kind
from assistant.encoder import Vectors
from assistant.errors import LibraryError
from assistant.judgement.kinds import KINDS, KindJudge, Nearness, features

_INVERSE_REGULARISATION = 0.5
# Situations outnumber the other kinds by far; cases of a kind count less where there are more than these.
_CASES_A_KIND = 400


@dataclass(frozen=True)
class KindCase:
    """A message with its kind, who wrote it, and whether turns stand before it."""

    text: str
    kind: Kind
    writer: str
    has_previous: bool


def read_kind_cases(folder: Path) -> list[KindCase]:
    """The worked cases of all files in `folder`. Raises LibraryError with file and line for one that is broken."""
    cases = []
    for file in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            try:
                data = json.loads(line)
                # The earliest files hold situations only, and neither their kind nor their writer.
                kind: Kind = data.get("kind") or "situation"
                cases.append(KindCase(data["text"], kind, data.get("writer") or file.stem, bool(data.get("previous"))))
            except (ValueError, KeyError) as error:
                raise LibraryError(f"{file}:{number}: not a worked case ({error}).") from error
    return cases


def train_kinds(
    cases: Sequence[KindCase], seen: Sequence[tuple[str, Vectors, Nearness]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The content of `assistant/data/kinds.json`, and its scores over writers left out in turn.

    `seen` is each case as the judge will see it: text with its spelling mended, vector, nearness of the library.
    """

    def rows(which: Sequence[int]) -> tuple[NDArray[np.float64], list[Kind], NDArray[np.float64]]:
        x, y, weight = [], [], []
        share = Counter(cases[i].kind for i in which)
        for i in which:
            case = cases[i]
            # A message that stands alone may come in the middle of a conversation too.
            for has_previous in {case.has_previous, True}:
                x.append(features(*seen[i], has_previous))
                y.append(case.kind)
                alone = case.kind == "follow_up" or not has_previous
                weight.append((1.0 if alone else 0.5) * min(1.0, _CASES_A_KIND / share[case.kind]))
        return np.array(x), y, np.array(weight)

    def fit(which: Sequence[int]) -> KindJudge:
        from sklearn.linear_model import LogisticRegression

        x, y, weight = rows(which)
        model = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=5_000).fit(x, y, weight)
        order = [list(model.classes_).index(kind) for kind in KINDS]
        return KindJudge("", model.coef_[order].round(4), model.intercept_[order].round(4))

    scores = _by_writer(cases, lambda i, judge: judge.judge(*seen[i], cases[i].has_previous), fit)
    judge = fit(range(len(cases)))
    digest = hashlib.sha256(judge.weights.tobytes() + judge.bias.tobytes()).hexdigest()[:8]
    return {
        "name": f"kinds-{len(cases)}-{digest}",
        "weights": judge.weights.tolist(),
        "bias": judge.bias.tolist(),
    }, scores


def _by_writer(
    cases: Sequence[KindCase],
    judge_case: Callable[[int, KindJudge], dict[Kind, float]],
    fit: Callable[[Sequence[int]], KindJudge],
) -> dict[str, Any]:
    """Counts of (true kind, judged kind), each writer of other kinds left out together with some of situations."""
    talkers = sorted({case.writer for case in cases if case.kind != "situation"})
    tellers = sorted({case.writer for case in cases} - set(talkers))
    confusion: Counter[tuple[Kind, Kind]] = Counter()
    for fold, talker in enumerate(talkers):
        out = {talker, *tellers[fold :: len(talkers)]}
        judge = fit([i for i, case in enumerate(cases) if case.writer not in out])
        for i, case in enumerate(cases):
            if case.writer in out:
                confusion[case.kind, next(iter(judge_case(i, judge)))] += 1
    totals = Counter(case.kind for case in cases)
    return {
        "cases": dict(totals),
        "recall": {kind: round(confusion[kind, kind] / totals[kind], 3) for kind in KINDS if totals[kind]},
        "confusion": {f"{true} as {judged}": n for (true, judged), n in sorted(confusion.items()) if true != judged},
    }
