"""The worked cases in `corpus/cases`, in the form that `corpus/cases/README.md` describes: what the judge learns from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def read_cases(folder: Path) -> list[WorkedCase]:
    """The cases of all files in a folder, in order. Raises LibraryError with file and line for the first broken one."""
    cases = []
    for file in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            try:
                cases.append(_case(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise LibraryError(f"{file}:{number}: not a worked case ({error!r}).") from error
    return cases


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
