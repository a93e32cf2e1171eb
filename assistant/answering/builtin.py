"""Answers without a model: whole sentences, chosen from the best passages, each cited.

Articles are written answer first, so the first sentence of the best passage answers the question. What bears on it most
in the rest of that passage follows in its own order, then the first sentences of the next passages, as far as they
are about the question too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from assistant.domain import Hit, Sentence, Source

MAX_SENTENCES = 5
FROM_BEST_PASSAGE = 3
# A further passage adds a sentence only when it is about this near to the question (cosine similarity) ...
FURTHER_DENSE = 0.55
# ... and its sentence repeats no more than this share of the words said already.
MAX_REPETITION = 0.6
# A heading or phrasing this near is the same question, so that its "Yes," or "No," answers this one.
SAME_QUESTION = 0.7

_VERDICT_FIRST = re.compile(r"(?:yes|no|usually|often|sometimes|rarely|not)\b[^.:;]{0,20}?[,:]", re.IGNORECASE)
_ASKS_YES_NO = re.compile(
    r"^(?:(?:and|so|but|ok|hi|hello|please)\W+)*(?:is|are|am|was|were|do|does|did|can|could|may|might|must|should|shall|will|would|has|have|had|"
    r"isn'?t|aren'?t|don'?t|doesn'?t|can'?t|shouldn'?t|won'?t|must)\b|\b(?:true|right|correct|really|ok|normal|allowed|myth)\b\W*|\bor\s+(?:not|no)\b",
    re.IGNORECASE,
)
_ASKS_NUMBER = re.compile(
    r"\bhow\s+(?:many|much|long|often|big|large|high)\b|\b(?:number|percent\w*|cost|price|fee|rate|hours?)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|dozen|monthly|weekly|half)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Piece:
    """A part of the answer's Markdown, with the source that it cites where it is a statement."""

    text: str
    source: Source | None = None


@dataclass(frozen=True)
class Answer:
    """An answer as pieces, in order."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The whole answer as Markdown with keys like `[1]`."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sentences it cites, in order of their keys."""
        return tuple(piece.source for piece in self.pieces if piece.source is not None)


def fixed_answer(text: str) -> Answer:
    """An answer that cites nothing."""
    return Answer((Piece(text),))


def read_on(hits: Sequence[Hit]) -> Answer:
    """The first sentence of each hit, to read on from a judgement; empty without hits."""
    return Answer(tuple(_pieces("", [(hit, 0) for hit in hits])))


def answer_question(
    question: str, hits: Sequence[Hit], weigh: Callable[[str], dict[str, float]], said_before: str = ""
) -> Answer | None:
    """One to five sentences of the hits that answer the question, or None when there is nothing to say.

    `weigh` gives the stems of a text, each with how much it tells (inverse document frequency). Sentences that occur in
    `said_before`, the conversation's last answer, are not said again.
    """
    hits = [hit for hit in hits if any(s.text not in said_before for s in hit.passage.sentences)]
    if not hits:
        return None
    best = hits[0]
    chosen = [(best, number) for number in _from_best(question, best, weigh, said_before)]
    said = set[str]().union(*(weigh(hit.passage.sentences[number].text) for hit, number in chosen))
    for hit in hits[1:]:
        if len(chosen) == MAX_SENTENCES:
            break
        if (hit.dense or 0.0) < FURTHER_DENSE:
            continue
        number = _further(hit, said_before)
        words = weigh(hit.passage.sentences[number].text) if number is not None else {}
        if number is None or len(said & words.keys()) > MAX_REPETITION * len(words):
            continue
        said |= words.keys()
        chosen.append((hit, number))
    return Answer(tuple(_pieces(question, chosen)))


def _from_best(question: str, hit: Hit, weigh: Callable[[str], dict[str, float]], said_before: str) -> list[int]:
    """Numbers of the sentences to take from the best passage: the first, then what is nearest to the question."""
    asked = weigh(question)
    wants_number = bool(_ASKS_NUMBER.search(question))

    def relevance(number: int) -> float:
        text = hit.passage.sentences[number].text
        shared = sum(asked[stem] for stem in asked.keys() & weigh(text).keys())
        return (
            shared / (sum(asked.values()) or 1.0)
            - 0.05 * number
            + (0.2 if wants_number and _NUMBER.search(text) else 0.0)
        )

    fresh = [number for number, s in enumerate(hit.passage.sentences) if s.text not in said_before]
    return sorted([fresh[0], *sorted(fresh[1:], key=relevance, reverse=True)[: FROM_BEST_PASSAGE - 1]])


def _further(hit: Hit, said_before: str) -> int | None:
    """The first sentence of a further passage that stands without its heading, near the top."""
    for number, sentence in enumerate(hit.passage.sentences[:2]):
        if sentence.text not in said_before and not _VERDICT_FIRST.match(sentence.text):
            return number
    return None


def _pieces(question: str, chosen: Iterable[tuple[Hit, int]]) -> Iterable[Piece]:
    for place, (hit, number) in enumerate(chosen):
        sentence: Sentence = hit.passage.sentences[number]
        if place == 0:
            lead = ""
            same = (hit.dense or 0.0) >= SAME_QUESTION and _ASKS_YES_NO.search(question)
            if _VERDICT_FIRST.match(sentence.text) and not same:
                # "No, …" answers the heading and not what was asked, so the heading is shown with it.
                lead = f"*{hit.passage.section}* "
        else:
            lead = " "
        source = Source(
            key=str(place + 1),
            title=hit.passage.title,
            section=hit.passage.section,
            quote=sentence.text,
            url=source_url(hit.passage.id, number),
        )
        yield Piece(f"{lead}{sentence.text} [{source.key}]", source)


def source_url(passage_id: str, number: int) -> str:
    """Where a sentence (counted from 0) stands, relative to the service: `library/article#section.3`, counted from 1."""
    article, _, section = passage_id.partition("#")
    return f"library/{article}#{section}.{number + 1}"
