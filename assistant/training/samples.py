"""What an epoch shows the network: messages as token ids, with the labels that count for each."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tokenizers import Encoding, Tokenizer

from assistant.domain import Sensitive
from assistant.judgement.cases import Alarm, WorkedCase
from assistant.judgement.criteria import INSTEADS, SIGNS, VERDICTS
from assistant.judgement.judge import JUDGED_KINDS, SENSITIVES

# Of the messages this share gets two neighbouring letters swapped, as people type.
MISTYPED = 0.15
# A sensitive message is read this often with an ordinary one around it, so that it is found in a long one.
EMBEDDED = 0.3
IGNORED = -100

Quotes = tuple[tuple[str, str], ...]
"""Pairs of what a quote shows and the quote."""


@dataclass(frozen=True)
class Sample:
    """A message with the labels that count for it; IGNORED or None where a task has none.

    `signs` and `alarms` hold a label a token: 0 for none, or one more than the number of the sign or the matter.
    """

    ids: list[int]
    signs: list[int]
    alarms: list[int]
    kind: int = IGNORED
    verdict: int = IGNORED
    instead: int = IGNORED
    sensitive: tuple[float, ...] | None = None
    on_behalf: float | None = None


def samples(
    cases: Sequence[WorkedCase], alarms: Sequence[Alarm], tokenizer: Tokenizer, shuffler: random.Random
) -> list[Sample]:
    """All as one epoch sees them: some mistyped, some embedded in others, first messages with their answers."""
    ordinary = [case.text for case in cases if case.kind == "situation" and case.sensitive is None]
    made = []
    for alarm in alarms:
        quotes: Quotes = ((alarm.sensitive, alarm.quote),) if alarm.sensitive and alarm.quote else ()
        text, quotes = _mistyped(alarm.text, quotes, shuffler)
        if shuffler.random() < EMBEDDED:
            text = _embedded(text, ordinary, shuffler)
        made.append(_alarming(text, alarm.sensitive, quotes, tokenizer))
    for case in cases:
        if case.sensitive and shuffler.random() < EMBEDDED:
            quotes = _alarming_quotes(case.sensitive, case.signs)
            made.append(_alarming(_embedded(case.text, ordinary, shuffler), case.sensitive, quotes, tokenizer))
            continue
        text, quotes = _mistyped(case.text, case.signs, shuffler)
        made.append(_judged(replace(case, text=text, signs=quotes), tokenizer))  # type: ignore[arg-type]
        if case.kind == "answer" and case.verdict:
            said = f"{case.previous[0].content}\n{case.text}"
            made.append(_together(said, case.verdict, case.instead, tokenizer))
        elif case.ask and case.leads_to:
            option = shuffler.randrange(len(case.leads_to))
            verdict, _, instead = case.leads_to[option].partition("/")
            made.append(_together(f"{case.text}\n{case.ask.options[option]}", verdict, instead or None, tokenizer))
    return made


def batches(made: Sequence[Sample], size: int, shuffler: random.Random) -> Iterator[list[Sample]]:
    """All samples once, in batches of like length, so that little is computed on padding."""
    order = shuffler.sample(range(len(made)), len(made))
    rows = []
    for start in range(0, len(order), 16 * size):
        drawer = sorted(order[start : start + 16 * size], key=lambda row: len(made[row].ids))
        rows += [drawer[at : at + size] for at in range(0, len(drawer), size)]
    shuffler.shuffle(rows)
    for batch in rows:
        yield [made[row] for row in batch]


def _judged(case: WorkedCase, tokenizer: Tokenizer) -> Sample:
    encoding = tokenizer.encode(case.text)
    judged = case.kind == "situation" and case.verdict is not None
    return Sample(
        ids=list(encoding.ids),
        signs=_labels(encoding, case.text, case.signs, SIGNS, 0 if judged else IGNORED),
        alarms=_alarm_labels(encoding, case.text, case.sensitive, _alarming_quotes(case.sensitive, case.signs)),
        kind=JUDGED_KINDS.index(case.kind),
        verdict=VERDICTS.index(case.verdict) if judged and case.verdict else IGNORED,
        instead=INSTEADS.index(case.instead) if judged and case.instead else IGNORED,
        sensitive=_matter(case.sensitive),
        on_behalf=float(case.on_behalf) if case.kind == "situation" else None,
    )


def _alarming(text: str, sensitive: Sensitive | None, quotes: Quotes, tokenizer: Tokenizer) -> Sample:
    """A message of which nothing is known but the matter that comes first."""
    encoding = tokenizer.encode(text)
    return Sample(
        ids=list(encoding.ids),
        signs=[IGNORED] * len(encoding.ids),
        alarms=_alarm_labels(encoding, text, sensitive, quotes),
        verdict=VERDICTS.index("neither") if sensitive else IGNORED,
        instead=INSTEADS.index(sensitive) if sensitive in INSTEADS else IGNORED,
        sensitive=_matter(sensitive),
    )


def _together(text: str, verdict: str, instead: str | None, tokenizer: Tokenizer) -> Sample:
    """A first message with the answer to the question it got: only the verdict and what fits instead are known of it."""
    ids = list(tokenizer.encode(text).ids)
    unknown = [IGNORED] * len(ids)
    return Sample(
        ids,
        unknown,
        unknown,
        verdict=VERDICTS.index(verdict),  # type: ignore[arg-type]
        instead=INSTEADS.index(instead) if instead else IGNORED,  # type: ignore[arg-type]
    )


def _matter(sensitive: Sensitive | None) -> tuple[float, ...]:
    return tuple(float(sensitive == matter) for matter in SENSITIVES)


def _alarming_quotes(sensitive: Sensitive | None, signs: Quotes) -> Quotes:
    """The quotes of a worked case that carry its matter; danger is for the moment under the sign of counselling."""
    return tuple((sensitive, quote) for sign, quote in signs if sign in ("hr", "counselling")) if sensitive else ()


def _alarm_labels(encoding: Encoding, text: str, sensitive: Sensitive | None, quotes: Quotes) -> list[int]:
    """Where a matter is known to be and nobody said in which words, nothing is known of the tokens."""
    return _labels(encoding, text, quotes, SENSITIVES, 0 if quotes or not sensitive else IGNORED)


def _labels(encoding: Encoding, text: str, quotes: Quotes, names: Sequence[str], elsewhere: int) -> list[int]:
    labels = [elsewhere if end > start else IGNORED for start, end in encoding.offsets]
    for name, quote in quotes if elsewhere == 0 else ():
        begin = text.find(quote)
        for token, (start, end) in enumerate(encoding.offsets):
            if end > start and start >= begin and end <= begin + len(quote):
                labels[token] = 1 + names.index(name)
    return labels


def _embedded(text: str, ordinary: Sequence[str], shuffler: random.Random) -> str:
    other = shuffler.choice(ordinary)
    return shuffler.choice((f"{other} {text}", f"{text} {other}"))


def _mistyped(text: str, quotes: Quotes, shuffler: random.Random) -> tuple[str, Quotes]:
    """Now and then with two neighbouring letters swapped, in the text and in its quotes alike."""
    if shuffler.random() >= MISTYPED:
        return text, quotes
    letters = list(text)
    inner = [at for at in range(1, len(letters) - 2) if all(letters[n].isalpha() for n in (at - 1, at, at + 1))]
    for at in shuffler.sample(inner, min(len(inner), 1 + len(letters) // 120)):
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    mistyped = "".join(letters)
    places = [(name, text.find(quote), len(quote)) for name, quote in quotes]
    return mistyped, tuple((name, mistyped[at : at + n]) for name, at, n in places)
