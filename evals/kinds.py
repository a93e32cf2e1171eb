"""Whether the kind of a message is seen: what is outside declined, what is a question answered, alone and mid-conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.domain import Reply, Turn, to_turn
from assistant.pipeline import Assistant
from evals.answers import Scored
from evals.intervals import figure

ASKS = ("question", "follow_up")
SITUATIONS = ("situation", "answer")


def conversation(case: dict[str, Any]) -> list[Turn]:
    """The messages of a case: the turns before it, where it has some, and its own."""
    return [*(to_turn(turn) for turn in case["previous"] or ()), Turn("user", case["text"])]


def mid_conversation(cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases that stand alone, each put behind two turns of a follow-up case, the same ones every time."""
    before = [case["previous"][-2:] for case in cases if case["kind"] == "follow_up"]
    alone = [case for case in cases if not case["previous"]]
    return [{**case, "previous": before[place % len(before)]} for place, case in enumerate(alone)] if before else []


def handled(case: dict[str, Any], reply: Reply) -> bool:
    """Whether a reply does what its kind of message asks: decline, answer with sources, judge, or small talk without."""
    if case["kind"] == "outside":
        return reply.declined
    if case["kind"] in ASKS:
        return not reply.declined and bool(reply.sources) and reply.wants_answer
    if case["kind"] in SITUATIONS:
        return reply.kind == "situation" and (not case.get("wants_answer") or reply.wants_answer)
    return not reply.declined and not reply.sources and reply.assessment is None


def told_apart(case: dict[str, Any], reply: Reply) -> bool:
    """Whether the kind is the right one; an answer to the assistant's question is judged as a situation."""
    return reply.kind == ("situation" if case["kind"] == "answer" else case["kind"])


async def score_kinds(assistant: Assistant, cases: Sequence[dict[str, Any]]) -> Scored:
    """Scores the messages alone and mid-conversation. Raises ValueError when a group has no cases."""
    figures = []
    failures = []
    for place, there in (("alone", cases), ("mid-conversation", mid_conversation(cases))):
        results = [(case, await assistant.reply(conversation(case))) for case in there]
        done = [(case, reply, handled(case, reply)) for case, reply in results]
        figures.append(figure(f"outside declined, {place}", [ok for c, _, ok in done if c["kind"] == "outside"]))
        figures.append(figure(f"questions answered, {place}", [ok for c, _, ok in done if c["kind"] in ASKS]))
        figures.append(figure(f"small talk met, {place}", [ok for c, _, ok in done if c["kind"] == "smalltalk"]))
        figures.append(figure(f"situations judged, {place}", [ok for c, _, ok in done if c["kind"] in SITUATIONS]))
        figures.append(figure(f"kind right, {place}", [told_apart(c, reply) for c, reply, _ in done]))
        for group in dict.fromkeys((c["kind"], c["group"]) for c in there):
            if group[0] != group[1]:
                name = f"  {' '.join(group)}, {place}"
                figures.append(figure(name, [ok for c, _, ok in done if (c["kind"], c["group"]) == group]))
        if place == "alone":
            # Follow-ups have their turns before them already, so they are counted here only.
            figures.append(figure("  follow-ups", [ok for c, _, ok in done if c["kind"] == "follow_up"]))
        failures += [
            f"{_wrong(case):<14} {case['id']} {place}, taken for {reply.kind}: {case['text']}"
            for case, reply, ok in done
            if not ok
        ]
    return Scored(tuple(figures), tuple(failures))


def _wrong(case: dict[str, Any]) -> str:
    wrong = {
        "outside": "not declined",
        "smalltalk": "not small talk",
        "situation": "not judged",
        "answer": "not judged",
    }
    return wrong.get(case["kind"], "not answered")
