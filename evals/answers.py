"""How well questions are answered: the right section found, the key points said, every statement cited and verbatim."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.answering.builtin import source_url
from assistant.domain import Passage, Reply, Turn
from assistant.encoder import OnnxEncoder
from assistant.knowledge.index import Index
from assistant.knowledge.search import CANDIDATES, PHRASINGS, search
from assistant.knowledge.spelling import mend_spelling
from assistant.pipeline import Assistant
from evals.intervals import Figure, figure

_CITATION = re.compile(r" \[(\d+)\]")


@dataclass(frozen=True)
class Scored:
    """The figures of a set, and one line for each case that failed at something."""

    figures: tuple[Figure, ...]
    failures: tuple[str, ...]


def points_said(case: dict[str, Any], answer: str) -> list[bool]:
    """For each key point, whether the answer says it: every group of `match` must be found by one of its patterns."""
    lower = answer.lower()
    return [
        all(any(re.search(pattern, lower) for pattern in group) for group in point["match"])
        for point in case["key_points"]
    ]


def statements_kept(reply: Reply, library: dict[str, str]) -> list[bool]:
    """For each statement of a reply with sources, whether it is cited and stands word for word where the citation says.

    `library` has the sentences by the address that cites them. A heading in italics may stand before the first one.
    """
    pieces = _CITATION.split(reply.answer)
    sources = {source.key: source for source in reply.sources}
    kept = []
    for text, key in zip(pieces[:-1:2], pieces[1::2], strict=True):
        source = sources.get(key)
        said = text.strip()
        if source is not None:
            said = said.removeprefix(f"*{source.section}* ")
        kept.append(source is not None and said == source.quote == library.get(source.url))
    if pieces[-1].strip():
        kept.append(False)  # words that cite nothing
    return kept


def first_right(sections: Sequence[str], found: Sequence[str]) -> int | None:
    """The rank, from 1, of the first right section among the passages found."""
    return next((rank for rank, passage_id in enumerate(found, 1) if passage_id in sections), None)


async def score_answers(assistant: Assistant, cases: Sequence[dict[str, Any]], passages: Sequence[Passage]) -> Scored:
    """Scores the reference questions on the full path. Raises ValueError when there are no cases."""
    library = {source_url(p.id, number): s.text for p in passages for number, s in enumerate(p.sentences)}
    ranks: list[int | None] = []
    points: list[bool] = []
    complete: list[bool] = []
    declined: list[bool] = []
    kept: list[bool] = []
    failures: list[str] = []
    for case in cases:
        rank = first_right(case["sections"], [hit.passage.id for hit in assistant.search(case["question"], 10)])
        reply = await assistant.reply([Turn("user", case["question"])])
        said = points_said(case, reply.answer)
        ranks.append(rank)
        points += said
        complete.append(all(said))
        declined.append(reply.declined)
        if reply.sources:
            verbatim = statements_kept(reply, library)
            kept += verbatim
            if not all(verbatim):
                failures.append(f"not verbatim   {case['id']} {case['question']}")
        if reply.declined:
            failures.append(f"declined       {case['id']} {case['question']}")
        if rank is None or rank > 5:
            failures.append(f"not in first 5 {case['id']} {case['question']}")
        failures += [
            f"point missing  {case['id']} {case['question']} -> {point['point']}"
            for point, there in zip(case["key_points"], said, strict=True)
            if not there and not reply.declined
        ]
    figures = (
        figure("recall@1", [rank == 1 for rank in ranks]),
        figure("recall@5", [rank is not None and rank <= 5 for rank in ranks]),
        figure("MRR@10", [1 / rank if rank else 0.0 for rank in ranks]),
        figure("key points said", points),
        figure("questions with all points", complete),
        figure("questions not declined", [not there for there in declined]),
        figure("statements cited and verbatim", kept),
    )
    return Scored(figures, tuple(failures))


def score_rankings(index: Index, encoder: OnnxEncoder, cases: Sequence[dict[str, Any]]) -> tuple[Figure, ...]:
    """Recall at 5 of each ranking alone and of all fused, to see what each is worth."""
    found: dict[str, list[list[str]]] = {"meaning": [], "phrasings": [], "words (BM25)": [], "fused": []}
    for case in cases:
        # As the assistant does before it searches.
        query = mend_spelling(case["question"], index.words, encoder.is_word)
        vector = encoder.encode([query])[0]
        found["meaning"].append(list(index.nearest_passages(vector, CANDIDATES)))
        found["phrasings"].append(list(index.nearest_phrasings(vector, PHRASINGS)))
        found["words (BM25)"].append(list(index.wordwise(query, CANDIDATES)))
        found["fused"].append([hit.passage.id for hit in search(index, query, vector, 5).hits])
    return tuple(
        figure(
            f"recall@5, {name}",
            [first_right(case["sections"], ids[:5]) is not None for case, ids in zip(cases, lists, strict=True)],
        )
        for name, lists in found.items()
    )
