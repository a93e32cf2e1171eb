"""The kind of a message: situation, question, follow-up, small talk, or outside the library.

A logistic regression on the message's vector, how near the library comes to it, and a few plain marks of its form.
The weights in `assistant/data/kinds.json` are learned from the worked cases in `corpus/cases` by
`coach-or-mentor train`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Kind
from assistant.encoder import WIDTH, Vectors
from assistant.errors import EncoderError

KINDS: tuple[Kind, ...] = get_args(Kind)
WEIGHTS = Path(__file__).parent.parent / "data" / "kinds.json"

# The vector's numbers are small beside the marks; as large as this, they count for what they are worth.
_VECTOR_SCALE = 2.0
_FIELD = re.compile(r"\b(?:co[ao]?t?ch|kouch|ment[eo]r|mente|menter|metor|sponsor|360|icf|emcc|grow)", re.IGNORECASE)
_QUESTION_WORDS = frozenset(
    "what whats wot how who why when can is does do are should which will where may must".split()
)
_SELF = frozenset("i i'm im my me i've we our us".split())
_YOU = frozenset("you u your ur ya".split())


@dataclass(frozen=True)
class Nearness:
    """How near the library comes to a message: the best and the fifth-best cosine similarity, and the best BM25 score."""

    best: float
    fifth: float
    bm25: float


@dataclass(frozen=True)
class KindJudge:
    """Tells the kind of a message; `name` says which weights it uses."""

    name: str
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def judge(self, text: str, vector: Vectors, nearness: Nearness, has_previous: bool) -> dict[Kind, float]:
        """The probability of each kind, the likeliest first; a follow-up needs turns before it."""
        logits = self.weights @ features(text, vector, nearness, has_previous) + self.bias
        if not has_previous:
            logits[KINDS.index("follow_up")] = -np.inf
        odds = np.exp(logits - logits.max())
        shares = odds / odds.sum()
        return {KINDS[row]: float(shares[row]) for row in np.argsort(-shares)}


def features(text: str, vector: Vectors, nearness: Nearness, has_previous: bool) -> NDArray[np.float64]:
    """What the regression sees of a message."""
    words = re.findall(r"[a-z']+", text.lower().replace("’", "'"))
    few = len(words) + 3
    of_the_field = _FIELD.search(text) is not None
    marks = [
        nearness.best,
        nearness.fifth,
        nearness.bm25 / 10,
        1.0 if has_previous else 0.0,
        1.0 if of_the_field else 0.0,
        1.0 if of_the_field and nearness.best > 0.6 else 0.0,
        1.0 if "?" in text else 0.0,
        1.0 if words and words[0] in _QUESTION_WORDS else 0.0,
        1.0 if len(words) <= 3 else 0.0,
        np.log1p(len(words)) / 2,
        3 * sum(word in _SELF for word in words) / few,
        5 * sum(word in _YOU for word in words) / few,
    ]
    return np.concatenate([_VECTOR_SCALE * vector.astype(np.float64), marks])


def load_kind_judge(file: Path = WEIGHTS) -> KindJudge:
    """The judge with the committed weights. Raises EncoderError when the file is missing or damaged."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        judge = KindJudge(data["name"], np.array(data["weights"], np.float64), np.array(data["bias"], np.float64))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(f"The weights {file} cannot be read ({error}): reinstall coach-or-mentor.") from error
    width = len(features("", np.zeros(WIDTH, np.float32), Nearness(0.0, 0.0, 0.0), has_previous=False))
    if judge.weights.shape != (len(KINDS), width) or judge.bias.shape != (len(KINDS),):
        raise EncoderError(f"The weights {file} are damaged or another version's: reinstall coach-or-mentor.")
    return judge
