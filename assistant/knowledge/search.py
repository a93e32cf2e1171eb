"""Search: hits by meaning and hits by words, fused by reciprocal rank, without near-duplicates."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.domain import Hit
from assistant.encoder import Vectors
from assistant.knowledge.index import Index

# Reciprocal rank fusion (Cormack, Clarke & Büttcher 2009). Their constant is 60; with three short rankings a smaller
# one, which trusts the first places more, put the right section first more often (`evals/LOG.md`).
RANK_CONSTANT = 10
CANDIDATES = 30
PHRASINGS = 90
# Passages that share more of their words than this say the same.
DUPLICATE_OVERLAP = 0.8


@dataclass(frozen=True)
class Found:
    """What a search found: the hits, best first (none is a normal result), and how near the library came at all.

    `similarities` are cosines of the nearest passages, best first; `best_bm25` is the best word score, 0 without any.
    """

    hits: tuple[Hit, ...]
    similarities: tuple[float, ...]
    best_bm25: float


def search(index: Index, query: str, vector: Vectors, limit: int) -> Found:
    """The best passages for a query; `vector` is the query's own."""
    said = index.nearest_passages(vector, CANDIDATES)
    asked = index.nearest_phrasings(vector, PHRASINGS)
    bm25 = index.wordwise(query, CANDIDATES)
    dense = {passage_id: max(said.get(passage_id, -1.0), asked.get(passage_id, -1.0)) for passage_id in said | asked}
    fused: dict[str, float] = {}
    for ranking in (said, asked, bm25):
        for rank, passage_id in enumerate(list(ranking)[:CANDIDATES], 1):
            fused[passage_id] = fused.get(passage_id, 0.0) + 1 / (RANK_CONSTANT + rank)
    ranked = sorted(fused, key=lambda passage_id: -fused[passage_id])[: limit * 2]
    passages = index.passages(ranked)
    hits = [
        Hit(passages[passage_id], fused[passage_id], dense.get(passage_id), bm25.get(passage_id))
        for passage_id in ranked
        if passage_id in passages
    ]
    return Found(
        tuple(_without_duplicates(hits)[:limit]),
        tuple(sorted(dense.values(), reverse=True)),
        max(bm25.values(), default=0.0),
    )


def _without_duplicates(hits: list[Hit]) -> list[Hit]:
    kept: list[tuple[Hit, set[str]]] = []
    for hit in hits:
        words = set(hit.passage.text.lower().split())
        if all(len(words & other) <= DUPLICATE_OVERLAP * min(len(words), len(other)) for _, other in kept):
            kept.append((hit, words))
    return [hit for hit, _ in kept]
