"""A reply as plain text, the way a terminal shows it."""

from __future__ import annotations

import click

from assistant.domain import Assessment, Reply
from assistant.judgement.criteria import Criteria


def readable(reply: Reply, criteria: Criteria) -> str:
    """The whole reply: help, card, answer, sources, what else can be asked."""
    parts = []
    if reply.help:
        contacts = [f"- {contact.name}: {contact.how}" for contact in reply.help.contacts]
        parts.append("\n".join([click.wrap_text(reply.help.text, 88), *contacts]))
    if reply.assessment:
        parts.append(_card(reply.assessment, criteria))
    if reply.answer:
        opening = "To read on: " if reply.assessment and not reply.wants_answer else ""
        parts.append(click.wrap_text(opening + reply.answer, 88))
    if reply.sources:
        places: dict[tuple[str, str], list[str]] = {}
        for source in reply.sources:
            places.setdefault((f"{source.title} › {source.section}", source.url.partition(".")[0]), []).append(
                source.key
            )
        parts.append(
            "Sources\n"
            + "\n".join(
                f"{''.join(f'[{k}]' for k in keys)} {place}\n    {url}" for (place, url), keys in places.items()
            )
        )
    if reply.suggestions:
        parts.append("You can ask, for example:\n" + "\n".join(f"- {question}" for question in reply.suggestions))
    return "\n\n".join(parts)


_BANDS = {"high": "I am quite sure", "fair": "I think so", "low": "I am not sure"}


def _card(card: Assessment, criteria: Criteria) -> str:
    """The card as plain text, in the order in which the page has it."""
    label = criteria.outcome(card.verdict, card.instead).label
    heading = f"Neither a coach nor a mentor: {label}" if card.instead else label
    whose = {"coach": "for a coach: ", "mentor": "for a mentor: "} if card.verdict == "both" else {}
    clauses = [
        f"- “{signal.quote}”  ({whose.get(signal.pole, '')}{criteria.signs[signal.sign].label})"
        for signal in card.signals
    ]
    parts = [
        f"{heading.upper()}  ({_BANDS[card.confidence_band]}, {card.confidence:.0%})",
        "\n".join(["What carries it:", *clauses]),
        click.wrap_text(card.why, 88),
        click.wrap_text(f"What would change it: {card.would_change}", 88),
    ]
    if card.ask:
        options = [f"  {number}. {option}" for number, option in enumerate(card.ask.options, 1)]
        parts.append("\n".join([card.ask.question, *options]))
    else:
        link = f"\n{card.next_step.url}" if card.next_step.url else ""
        parts.append(click.wrap_text(f"Next step: {card.next_step.text}", 88) + link)
        if card.next_step.draft:
            lines = [click.wrap_text(line, 88, "  ", "  ") for line in card.next_step.draft.split("\n")]
            parts.append("\n".join(["A draft to change and send:", "", *lines]))
    for precedent in card.precedents[:1]:
        judged = criteria.outcome(precedent.verdict, precedent.instead).label
        parts.append(click.wrap_text(f"A similar case ({judged}): “{precedent.text}” {precedent.why}", 88))
    return "\n\n".join(parts)
