"""The assistant's own questions in a conversation, and the person's own question inside a situation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.domain import Ask, Turn
from assistant.judgement.judge import Judged
from assistant.judgement.kinds import unasked

# Two questions in a row are the most: whoever has answered both gets a verdict.
MOST_QUESTIONS = 2
# A sentence of a situation is answered from the library when it is a question of its own with this probability.
OWN_QUESTION = 0.7
# A message that asks is judged too when what it tells beside is a situation with this probability.
OWN_SITUATION = 0.8
MAYBE_SITUATION = 0.2
# Of many questions only the last are looked at, each by a pass of the judge.
LAST_QUESTIONS = 3
# What the judgement itself answers.
_ASKS_FOR_THE_VERDICT = re.compile(
    r"(?:so|and|but|or|now|ok|well)?\W*(?:(?:should|shall|do|would|could|can)\s+(?:i|we|he|she|they|you|my|our)\b(?!.*\b(?:my\s+(?:boss|manager)|hr)\b.*\b(?:see|know|read|find|hear)\b)"
    r"|(?:is|are)\s+(?:it|this|that|there)\b|wh(?:o|ich|at)\s+(?:do|would|can|could|should|kind|sort|type)\s+(?:i|we|you|of|help)\b"
    r"|(?:a\s+)?(?:coach|mentor)\w*\W+or\W+(?:a\s+)?(?:coach|mentor)\w*\W*$|what\s+now\b|any\s+(?:ideas?|advice|tips)\b|help\b)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Exchange:
    """The questions that the assistant put in a row up to the last message, and what the person had said by then."""

    said: tuple[str, ...]
    asks: tuple[Ask, ...]

    @property
    def may_go_on(self) -> bool:
        """Whether another question may be put."""
        return len(self.asks) < MOST_QUESTIONS

    def offered(self, text: str) -> bool:
        """Whether these words are the assistant's own, from an answer that it offered."""
        return any(text in option for ask in self.asks for option in ask.options)


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


def library_question(message: str, judge: Callable[[str], Judged]) -> str | None:
    """The question about coaching or mentoring that a situation holds beside itself, if it does."""
    # People do not begin every sentence with a capital, so any stop ends one here.
    sentences = _sentences(message)
    if len(sentences) < 2:
        return None
    questions = [s for s in sentences if s.endswith("?") and not _ASKS_FOR_THE_VERDICT.match(s)]
    for sentence in reversed(questions[-LAST_QUESTIONS:]):
        if unasked(judge(sentence), has_previous=False)["question"] >= OWN_QUESTION:
            return sentence
    return None


def tells_of_a_situation(message: str, whole: Judged, judge: Callable[[str], Judged]) -> bool:
    """Whether a message that asks something also tells of somebody's situation, in sentences of their own; `whole` is what
    the judge reads in all of it."""
    told = " ".join(sentence for sentence in _sentences(message) if not sentence.endswith("?"))
    if not told or told == message.strip() or unasked(whole, has_previous=False)["situation"] < MAYBE_SITUATION:
        return False
    return unasked(judge(told), has_previous=False)["situation"] >= OWN_SITUATION


def _sentences(message: str) -> list[str]:
    return [sentence for sentence in _SENTENCE_END.split(message.strip()) if sentence]
