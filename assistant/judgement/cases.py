"""What the judge learns from, in the forms that `corpus/cases/README.md` describes: worked cases, and alarms.

Alarms are messages of which only one thing is said: whether they tell of a matter that comes first, and in which words.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from assistant.domain import Ask, Instead, Sensitive, Sign, Turn, Verdict, to_turn
from assistant.errors import LibraryError
from assistant.judgement.criteria import INSTEADS, SIGNS, VERDICTS
from assistant.judgement.judge import JUDGED_KINDS, SENSITIVES, JudgedKind


@dataclass(frozen=True)
class WorkedCase:
    """A message with how it is judged.

    `signs` are pairs of a sign and a verbatim quote. `leads_to` names, for each option of `ask`, the verdict (with
    `instead` after a slash) that this answer leads to. An `answer` to the assistant's question has in `previous` the turns
    before it, and its verdict is that of the first message and the answer taken together.
    """

    id: str
    text: str
    kind: JudgedKind
    writer: str
    verdict: Verdict | None = None
    instead: Instead | None = None
    signs: tuple[tuple[Sign, str], ...] = ()
    ask: Ask | None = None
    leads_to: tuple[str, ...] = ()
    why: str = ""
    sensitive: Sensitive | None = None
    pair: str | None = None
    on_behalf: bool = False
    previous: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class Alarm:
    """A message that tells of a matter that comes first, in the words of `quote`, or only looks like one (None)."""

    id: str
    text: str
    writer: str
    sensitive: Sensitive | None
    quote: str | None = None
    pair: str | None = None


def read_cases(folder: Path) -> list[WorkedCase]:
    """The cases of all files in a folder, in order. Raises LibraryError with file and line for the first broken one."""
    return _read(folder, _case, "a worked case")


def read_alarms(folder: Path) -> list[Alarm]:
    """The alarms of all files in a folder, in order. Raises LibraryError with file and line for the first broken one."""
    return _read(folder, _alarm, "an alarm")


_Entry = TypeVar("_Entry")


def _read(folder: Path, read: Callable[[dict[str, Any]], _Entry], what: str) -> list[_Entry]:
    entries = []
    for file in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            try:
                entries.append(read(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise LibraryError(f"{file}:{number}: not {what} ({error!r}).") from error
    return entries


def _alarm(data: dict[str, Any]) -> Alarm:
    text, sensitive, quote = data["text"], data["sensitive"], data.get("quote")
    _check(sensitive in (None, *SENSITIVES), f"sensitive {sensitive!r}")
    _check(quote is None or (sensitive is not None and quote in text), f"{quote!r} is not in the text")
    return Alarm(data["id"], text, data["writer"], sensitive, quote, data.get("pair"))


def _case(data: dict[str, Any]) -> WorkedCase:
    kind, verdict, instead = data["kind"], data.get("verdict"), data.get("instead")
    _check(kind in JUDGED_KINDS, f"kind {kind!r}")
    _check(verdict in VERDICTS if kind == "situation" else verdict in (None, *VERDICTS), f"verdict {verdict!r}")
    _check(instead in INSTEADS if verdict == "neither" else instead is None, f"instead {instead!r} with {verdict!r}")
    signs = tuple((signal["sign"], signal["quote"]) for signal in data.get("signals") or ())
    for sign, quote in signs:
        _check(sign in SIGNS, f"sign {sign!r}")
        _check(quote in data["text"], f"{quote!r} is not in the text")
    sensitive = data.get("sensitive")
    _check(sensitive in (None, *SENSITIVES), f"sensitive {sensitive!r}")
    ask = data.get("ask")
    _check(ask is not None or verdict != "unclear" or kind != "situation", "unclear without ask")
    return WorkedCase(
        id=data["id"],
        text=data["text"],
        kind=kind,
        writer=data["writer"],
        verdict=verdict,
        instead=instead,
        signs=signs,
        ask=Ask(ask["question"], tuple(ask["options"])) if ask else None,
        leads_to=tuple(ask.get("leads_to", ())) if ask else (),
        why=data.get("why") or "",
        sensitive=sensitive,
        pair=data.get("pair"),
        on_behalf=bool(data.get("on_behalf")),
        previous=tuple(to_turn(turn) for turn in data.get("previous") or ()),
    )


def _check(holds: bool, problem: str) -> None:
    if not holds:
        raise ValueError(problem)
