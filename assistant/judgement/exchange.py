"""What a message can be where it stands in a conversation: an answer to the assistant's question, a situation that holds
a question of its own, and so on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.domain import Ask, Turn
from assistant.judgement.judge import Judged, JudgedKind
from assistant.sentences import split_sentences

# Two questions in a row are the most: whoever has answered both gets a verdict.
MOST_QUESTIONS = 2
# A sentence of a situation is answered from the library when it is a question of its own with this probability.
OWN_QUESTION = 0.7
# Of many questions only the last are looked at, each by a pass of the judge.
LAST_QUESTIONS = 3
# What the judgement itself answers.
_ASKS_FOR_THE_VERDICT = re.compile(
    r"\b(?:coach\w*|mentor\w*)\W+or\b|\bor\W+(?:a\W+)?(?:coach|mentor)|\b(?:should|shall|do|would|could|can)\s+(?:i|we|he|she|they|my)\b"
    r"|\bis\s+(?:it|this|that)\b|\bwh(?:o|ich|at)\s+(?:do|would|can|could|should|kind)\s+(?:i|we|you|of|help)\b|\bwhat\s+now\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Exchange:
    """The questions that the assistant put in a row up to the last message, and what the person had said by then."""

    said: tuple[str, ...]
    asks: tuple[Ask, ...]

    @property
    def may_go_on(self) -> bool:
        """Whether another question may be put."""
        return len(self.asks) < MOST_QUESTIONS


def exchange_before(messages: Sequence[Turn]) -> Exchange | None:
    """The exchange that the last message may answer, or None when the turn before it asked nothing."""
    said: list[str] = []
    asks: list[Ask] = []
    position = len(messages) - 2
    while position >= 1 and (ask := messages[position].ask) is not None and messages[position - 1].role == "user":
        asks.insert(0, ask)
        said.insert(0, messages[position - 1].content.strip())
        position -= 2
    return Exchange(tuple(said), tuple(asks)) if asks else None


def possible_kinds(judged: Judged, has_previous: bool, was_asked: bool) -> dict[JudgedKind, float]:
    """The kinds that a message can be where it stands, the likeliest first.

    Only what follows something follows up, and only what was asked is answered. Whoever was just asked and tells of a
    situation, or follows up, is answering.
    """
    kinds = dict(judged.kinds)
    if was_asked:
        kinds["answer"] += kinds.pop("situation") + kinds.pop("follow_up")
    else:
        # What reads like an answer to nothing tells of the person.
        kinds["situation"] += kinds.pop("answer")
        if not has_previous:
            del kinds["follow_up"]
    total = sum(kinds.values())
    return {kind: kinds[kind] / total for kind in sorted(kinds, key=lambda kind: -kinds[kind])}


def library_question(message: str, judge: Callable[[str], Judged]) -> str | None:
    """The question about coaching or mentoring that a situation holds beside itself, if it does."""
    sentences = split_sentences(message)
    if len(sentences) < 2:
        return None
    questions = [s for s in sentences if s.rstrip().endswith("?") and not _ASKS_FOR_THE_VERDICT.search(s)]
    for sentence in reversed(questions[-LAST_QUESTIONS:]):
        kinds = possible_kinds(judge(sentence), has_previous=False, was_asked=False)
        if kinds["question"] >= OWN_QUESTION:
            return sentence
    return None
