"""How well situations are judged, against the reference judgements in `evals/cases`, on the full way of a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.domain import Reply, Turn
from assistant.judgement.cases import WorkedCase
from assistant.judgement.criteria import VERDICTS
from assistant.pipeline import Assistant
from evals.answers import Scored
from evals.intervals import Figure, figure

BINS = 10


@dataclass(frozen=True)
class Outcome:
    """A reference case with what the assistant made of it. What was not judged at all is wrong, and has no confidence."""

    case: WorkedCase
    reply: Reply

    @property
    def right(self) -> bool:
        """Whether the verdict is the reference's. A message about danger gets help and no verdict, which is right for it."""
        if self.case.sensitive == "danger":
            return self.reply.sensitive == "danger"
        return self.reply.assessment is not None and self.reply.assessment.verdict == self.case.verdict

    @property
    def instead_right(self) -> bool:
        """Whether what fits instead is the reference's too."""
        if self.case.sensitive == "danger":
            return self.reply.sensitive == "danger"
        return self.reply.assessment is not None and self.reply.assessment.instead == self.case.instead

    @property
    def quoted_right(self) -> bool:
        """Whether a clause on the card lies, for the most part, in words that the reference quotes, or the other way round."""
        if self.reply.assessment is None:
            return False
        text = self.case.text
        wanted = [(text.index(quote), len(quote)) for _, quote in self.case.signs]
        for signal in self.reply.assessment.signals:
            start, length = text.index(signal.quote), len(signal.quote)
            for begin, width in wanted:
                shared = min(start + length, begin + width) - max(start, begin)
                if shared > 0.5 * min(length, width):
                    return True
        return False


async def judge_all(assistant: Assistant, cases: Sequence[WorkedCase]) -> list[Outcome]:
    """The reply to each case as the first message of a conversation."""
    return [Outcome(case, await assistant.reply([Turn("user", case.text)])) for case in cases]


def score_judgement(outcomes: Sequence[Outcome]) -> Scored:
    """Accuracy, what fits instead, bands, calibration and quoted clauses. Raises ValueError without cases."""
    judged = [outcome for outcome in outcomes if outcome.reply.assessment]
    high = [outcome for outcome in outcomes if _is_high(outcome)]
    neither = [outcome for outcome in outcomes if outcome.case.verdict == "neither"]
    pairs = _pairs(outcomes)
    figures = [
        figure("verdict right", [outcome.right for outcome in outcomes]),
        figure("instead right, of true neithers", [outcome.instead_right for outcome in neither]),
        figure("right where the band is high", [outcome.right for outcome in high]),
        figure("band is high", [_is_high(outcome) for outcome in outcomes]),
        figure("clause quoted that the reference quotes", [outcome.quoted_right for outcome in judged]),
        Figure("macro-F1", macro_f1(outcomes), len(outcomes), float("nan"), float("nan")),
        Figure("calibration error (ECE, 10 bins)", calibration_error(judged), len(judged), float("nan"), float("nan")),
    ]
    if pairs:
        figures.append(
            figure("both of a minimal pair right", [first.right and second.right for first, second in pairs])
        )
    for verdict in VERDICTS:
        figures.append(figure(f"  {verdict}", [one.right for one in outcomes if one.case.verdict == verdict]))
    for name, part in (("on behalf", True), ("for oneself", False)):
        figures.append(figure(f"  {name}", [one.right for one in outcomes if one.case.on_behalf is part]))
    for name, low, above in (("under 20 words", 0, 20), ("20 to 70 words", 20, 70), ("over 70 words", 70, 10_000)):
        within = [one.right for one in outcomes if low <= len(one.case.text.split()) < above]
        if within:
            figures.append(figure(f"  {name}", within))
    return Scored(tuple(figures), tuple(_failure(outcome) for outcome in outcomes if not outcome.right))


def _is_high(outcome: Outcome) -> bool:
    return outcome.reply.assessment is not None and outcome.reply.assessment.confidence_band == "high"


def _pairs(outcomes: Sequence[Outcome]) -> list[tuple[Outcome, Outcome]]:
    by_id = {outcome.case.id: outcome for outcome in outcomes}
    return [
        (outcome, by_id[outcome.case.pair])
        for outcome in outcomes
        if outcome.case.pair in by_id and outcome.case.id < (outcome.case.pair or "")
    ]


def given(outcome: Outcome) -> str:
    """What was given, as `verdict/instead`, or the kind it was taken for."""
    assessment = outcome.reply.assessment
    if assessment is None:
        return outcome.reply.sensitive or outcome.reply.kind
    return in_full(assessment.verdict, assessment.instead)


def in_full(verdict: str, instead: str | None) -> str:
    """A verdict with what fits instead after a slash, where something does."""
    return f"{verdict}/{instead}" if instead else verdict


def _failure(outcome: Outcome) -> str:
    expected = in_full(outcome.case.verdict or "", outcome.case.instead)
    confidence = outcome.reply.assessment.confidence if outcome.reply.assessment else 0.0
    return f"{outcome.case.id} {expected}, given {given(outcome)} ({confidence:.2f}): {outcome.case.text}"


def macro_f1(outcomes: Sequence[Outcome]) -> float:
    """The mean over the verdicts of the harmonic mean of precision and recall."""
    right = Counter(outcome.case.verdict for outcome in outcomes if outcome.right)
    wanted = Counter(outcome.case.verdict for outcome in outcomes)
    gave = Counter(
        outcome.case.verdict
        if outcome.right
        else (outcome.reply.assessment.verdict if outcome.reply.assessment else None)
        for outcome in outcomes
    )
    scores = [2 * right[verdict] / (wanted[verdict] + gave[verdict]) for verdict in VERDICTS if wanted[verdict]]
    return sum(scores) / len(scores)


def calibration_error(judged: Sequence[Outcome]) -> float:
    """Expected calibration error over ten equal bins: how far confidence and share of right verdicts lie apart, weighted
    by the cases in a bin (Guo and others 2017)."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for outcome in judged:
        if outcome.reply.assessment:
            confidence = outcome.reply.assessment.confidence
            bins.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, outcome.right))
    gaps = [abs(sum(c for c, _ in entries) - sum(right for _, right in entries)) for entries in bins.values()]
    return sum(gaps) / len(judged) if judged else 0.0
