"""The card: what the judge saw, put into words for the person.

The words come from the criteria; what is particular in them is the person's own clauses and what the house offers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.domain import Ask, Assessment, Clause, Instead, NextStep, Pole, Precedent, Sign, Signal, Verdict
from assistant.house import House, Programme, ProgrammeKind
from assistant.judgement.criteria import Criteria, DecidingQuestion, Outcome
from assistant.judgement.judge import Calibration, Judged

# A clause is shown when about this much of it shows a sign that speaks for the verdict; the strongest always is.
SHOWN = 0.35
MOST_SIGNALS = 3
LONGEST_QUOTE = 160
# What an answer that was chosen from our own options weighs against what the judge reads in the whole.
CHOSEN = 0.8
MOST_CONFIDENT = 0.99


@dataclass(frozen=True)
class Decision:
    """A verdict with its calibrated probability, and how likely each other outcome was (`neither` by what fits instead)."""

    verdict: Verdict
    instead: Instead | None
    confidence: float
    outcomes: dict[str, float]


@dataclass(frozen=True)
class Settled:
    """An outcome that stands already, by a chosen answer or by a matter that comes first; `weight` (0 to 1) says how surely."""

    verdict: Verdict
    instead: Instead | None
    weight: float


def decide(judged: Judged, settled: Settled | None, may_ask: bool) -> Decision:
    """The verdict of a situation: what is `settled` where something is, and never `unclear` where it may not ask."""
    shares = dict(judged.verdicts)
    insteads = dict(judged.insteads)
    if settled:
        shares = {verdict: (1 - settled.weight) * share for verdict, share in shares.items()}
        shares[settled.verdict] += settled.weight
        if settled.instead:
            insteads = {instead: float(instead == settled.instead) for instead in insteads}
    if not may_ask:
        del shares["unclear"]
        rest = sum(shares.values()) or 1.0
        shares = {verdict: share / rest for verdict, share in shares.items()}
    verdict = settled.verdict if settled else max(shares, key=shares.__getitem__)
    likeliest = max(insteads, key=insteads.__getitem__)
    instead = likeliest if verdict == "neither" else None
    outcomes: dict[str, float] = {name: share for name, share in shares.items() if name != "neither"}
    outcomes |= {name: shares["neither"] * share for name, share in insteads.items()}
    return Decision(verdict, instead, min(shares[verdict], 1.0), outcomes)


def write_card(
    decision: Decision,
    judged: Judged,
    clauses: Sequence[Clause],
    criteria: Criteria,
    calibration: Calibration,
    house: House,
    precedents: tuple[Precedent, ...],
    may_ask: bool,
    asked: Sequence[Ask] = (),
) -> Assessment:
    """The assessment as it is shown. Where it is not sure it asks the question that decides, unless it may not ask.

    `asked` are the questions that it put before in a row, which it does not put again.
    """
    outcome = criteria.outcome(decision.verdict, decision.instead)
    on_behalf = judged.on_behalf > 0.5
    signals = _signals(decision, judged, clauses, criteria)
    band = calibration.band(decision.confidence)
    ask = None
    if may_ask and (decision.verdict == "unclear" or band == "low"):
        ask = _question(decision, criteria, on_behalf, asked)
    return Assessment(
        verdict=decision.verdict,
        instead=decision.instead,
        # No figure here rests on more than some hundred cases, so none is called certain.
        confidence=round(min(decision.confidence, MOST_CONFIDENT), 3),
        confidence_band=band,
        provisional=False,
        signals=signals,
        why=_why(signals, outcome, criteria, on_behalf),
        would_change=outcome.would_change,
        next_step=_next_step(decision, outcome, signals, house, on_behalf),
        ask=ask,
        precedents=precedents,
    )


def _signals(decision: Decision, judged: Judged, clauses: Sequence[Clause], criteria: Criteria) -> tuple[Signal, ...]:
    """The clauses that carry the verdict, in the order of the message; with `both`, some of each kind."""
    wanted: list[tuple[Sign, ...]]
    poles: dict[Verdict, tuple[Pole, ...]] = {"coach": ("coach",), "mentor": ("mentor",), "both": ("coach", "mentor")}
    if decision.instead:
        wanted = [(decision.instead,)]
    elif decision.verdict == "unclear":
        wanted = [("thin",)]
    else:
        wanted = [
            tuple(sign for sign, meaning in criteria.signs.items() if meaning.pole == pole)
            for pole in poles[decision.verdict]
        ]
    found: list[Signal] = []
    texts = {clause.number: clause.text for clause in clauses}
    for signs in wanted:
        strength = {
            clause.number: max((shares[sign], sign) for sign in signs)
            for clause in clauses
            for shares in [judged.signs[clause.number - 1]]
        }
        # A clause that speaks for the one need already is left to it, unless there is no other.
        free = strength.keys() - {signal.clause for signal in found} or strength.keys()
        ranked = sorted(free, key=lambda number: -strength[number][0])
        most = MOST_SIGNALS if len(wanted) == 1 else 2
        for place, number in enumerate(ranked[:most]):
            share, sign = strength[number]
            if place == 0 or share >= SHOWN:
                quote = texts[number].rstrip(" ,;:–—-")
                found.append(Signal(sign, criteria.signs[sign].pole, number, quote))
    return tuple(sorted(found, key=lambda signal: signal.clause))


def _why(signals: Sequence[Signal], outcome: Outcome, criteria: Criteria, on_behalf: bool) -> str:
    """What the person says, in the person's own words, once for each need; then what follows from it."""
    leads: dict[Pole, str] = {}
    for signal in signals:
        quote = f"“{_short(signal.quote.rstrip('.!… '))}”"
        leads.setdefault(signal.pole, criteria.signs[signal.sign].lead.replace("{quote}", quote))
    return " ".join([*leads.values(), outcome.why_on_behalf if on_behalf else outcome.why])


def _short(quote: str) -> str:
    """A long clause cut at a word."""
    return quote if len(quote) <= LONGEST_QUOTE else quote[:LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"


def _next_step(
    decision: Decision, outcome: Outcome, signals: Sequence[Signal], house: House, on_behalf: bool
) -> NextStep:
    kinds: dict[Verdict, tuple[ProgrammeKind, ...]] = {
        "coach": ("coach",), "mentor": ("mentor",), "both": ("coach", "mentor"),
    }  # fmt: skip
    asked_for = kinds.get(decision.verdict, ())
    offered = {kind: house.programmes_for(kind) for kind in asked_for}
    parts = [
        f"Here, a {kind} is {definition.rstrip('.')}."
        for kind in asked_for
        if (definition := house.definition_of(kind))
    ]
    programmes = [programme for kind in asked_for for programme in offered[kind]]
    # The card has one link; that of a second programme stands in its sentence.
    url = next((programme.link for programme in programmes if programme.link), None)
    parts += [_offer(programme, house, linked=programme.link == url) for programme in programmes]
    if not offered or not all(offered.values()):
        parts.append(outcome.step)
    if decision.instead == "hr" or decision.instead == "counselling":
        parts += [f"{contact.name}: {contact.how.rstrip('.')}." for contact in house.contacts_for(decision.instead)]
    quotes = {
        "to": "…",
        "quotes": _listed(signals),
        "coach_quotes": _listed([signal for signal in signals if signal.pole == "coach"]),
        "mentor_quotes": _listed([signal for signal in signals if signal.pole == "mentor"]),
    }
    draft = (outcome.draft_on_behalf or outcome.draft) if on_behalf else outcome.draft
    return NextStep(
        text=" ".join(parts),
        draft=re.sub(r"\{(\w+)\}", lambda mark: quotes[mark[1]], draft).strip() or None,
        url=url,
    )


def _listed(signals: Sequence[Signal]) -> str:
    return "\n".join(f"- {signal.quote}" for signal in signals)


def _offer(programme: Programme, house: House, linked: bool) -> str:
    where = f"{house.name} offers" if house.name else "There is"
    length = f", {programme.length}" if programme.length else ""
    link = f" ({programme.link})" if programme.link and not linked else ""
    return f"{where} “{programme.name}” (for {programme.audience}{length}): {programme.how.rstrip('.')}{link}."


def _question(decision: Decision, criteria: Criteria, on_behalf: bool, asked: Sequence[Ask]) -> Ask:
    """The question between whose answers most of what is still likely lies; of equal ones the one with fewer answers."""
    asked_of = "other" if on_behalf else "self"

    def settles(question: DecidingQuestion) -> tuple[float, int]:
        likely = sum(decision.outcomes.get(name, 0.0) for name in question.between)
        # `both` is settled by every question that tells the coach from the mentor.
        if {"coach", "mentor"} <= question.between:
            likely += decision.outcomes.get("both", 0.0)
        return round(likely, 2), -len(question.between)

    fresh = [question for question in criteria.questions if question.ask not in asked]
    fitting = [question for question in fresh if question.asked_of == asked_of] or fresh
    return max(fitting, key=settles).ask
