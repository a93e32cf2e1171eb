"""By what a situation is judged, read from `prompts/criteria.toml`: verdicts, signs, and the questions that decide."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from assistant.domain import Ask, Instead, Pole, Sign, Verdict
from assistant.errors import CriteriaError

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
INSTEADS: tuple[Instead, ...] = get_args(Instead)
SIGNS: tuple[Sign, ...] = get_args(Sign)
# What stands in braces in a draft: whom it is to, and the person's own words, all or those for one helper.
DRAFT_PLACES = ("to", "quotes", "coach_quotes", "mentor_quotes")
_Name = TypeVar("_Name", bound=str)
For = Literal["self", "other"]


@dataclass(frozen=True)
class Outcome:
    """What the card says of a verdict, or of what fits instead of coach and mentor."""

    label: str
    meaning: str
    why: str = ""
    why_on_behalf: str = ""
    would_change: str = ""
    step: str = ""
    draft: str = ""
    draft_on_behalf: str = ""
    read_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class SignMeaning:
    """What a sign says, and for which helper it speaks; `lead` begins a reason, with the clause in place of {quote}."""

    pole: Pole
    label: str
    lead: str
    meaning: str


@dataclass(frozen=True)
class DecidingQuestion:
    """A question with its answers, and the verdict (with `instead` after a slash) that each answer leads to."""

    between: frozenset[str]
    asked_of: For
    ask: Ask
    leads_to: tuple[str, ...]


@dataclass(frozen=True)
class Criteria:
    """All that is known of verdicts, signs and questions; `name` says which version of the file it is."""

    name: str
    verdicts: dict[Verdict, Outcome]
    insteads: dict[Instead, Outcome]
    signs: dict[Sign, SignMeaning]
    questions: tuple[DecidingQuestion, ...]

    def outcome(self, verdict: Verdict, instead: Instead | None) -> Outcome:
        """What the card says: of a `neither`, what fits instead decides it."""
        return self.insteads[instead] if verdict == "neither" and instead else self.verdicts[verdict]

    def leads_to(self, ask: Ask, answer: str) -> tuple[Verdict, Instead | None] | None:
        """Where an answer leads that was chosen from the options of one of these questions, or None."""
        for question in self.questions:
            if question.ask.question == ask.question and answer in question.ask.options:
                verdict, _, instead = question.leads_to[question.ask.options.index(answer)].partition("/")
                return _one_of(verdict, VERDICTS), _one_of(instead, INSTEADS) if instead else None
        return None


def read_criteria(file: Path) -> Criteria:
    """The criteria in a file. Raises CriteriaError, naming the file and what is wrong with it."""
    try:
        text = file.read_text(encoding="utf-8")
        data = tomllib.loads(text)
        criteria = Criteria(
            name=hashlib.sha256(text.encode()).hexdigest()[:8],
            verdicts={name: _outcome(data["verdicts"][name]) for name in VERDICTS},
            insteads={name: _outcome(data["instead"][name]) for name in INSTEADS},
            signs={name: _sign(data["signs"][name]) for name in SIGNS},
            questions=tuple(_question(entry) for entry in data["questions"]),
        )
        for asked_of in get_args(For):
            if not any(question.asked_of == asked_of for question in criteria.questions):
                raise ValueError(f"there is no question for {asked_of!r}")
        return criteria
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CriteriaError(f"The criteria {file} cannot be used ({error}): mend the file or reinstall.") from error


def _outcome(data: dict[str, Any]) -> Outcome:
    outcome = Outcome(**{**data, "read_on": tuple(data.get("read_on", ()))})
    for place in re.findall(r"\{(\w+)\}", outcome.draft + outcome.draft_on_behalf):
        _one_of(place, DRAFT_PLACES)
    if isinstance(data.get("read_on"), str):
        raise ValueError(f"read_on must be a list of texts, not {data['read_on']!r}")
    return outcome


def _sign(data: dict[str, Any]) -> SignMeaning:
    _one_of(data["pole"], get_args(Pole))
    return SignMeaning(**data)


def _question(data: dict[str, Any]) -> DecidingQuestion:
    leads_to = tuple(str(option["leads_to"]) for option in data["options"])
    if not 2 <= len(leads_to) <= 4:
        raise ValueError(f"{data['question']!r} must have two to four options, not {len(leads_to)}")
    for target in leads_to:
        verdict, _, instead = target.partition("/")
        _one_of(verdict, tuple(name for name in VERDICTS if name != "unclear"))
        if instead or verdict == "neither":
            _one_of(instead, INSTEADS)
    for name in data["between"]:
        _one_of(name, (*VERDICTS, *INSTEADS))
    if data["for"] not in get_args(For):
        raise ValueError(f"'for' must be self or other, not {data['for']!r}")
    return DecidingQuestion(
        between=frozenset(data["between"]),
        asked_of=data["for"],
        ask=Ask(data["question"], tuple(option["text"] for option in data["options"])),
        leads_to=leads_to,
    )


def _one_of(value: str, names: tuple[_Name, ...]) -> _Name:
    for name in names:
        if name == value:
            return name
    raise ValueError(f"{value!r} is none of {', '.join(names)}")
