"""Reference sets and what scores the assistant on them: `python -m evals`. Nothing may be tuned on these sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def read_cases(name: str, *, fast: bool = False) -> list[dict[str, Any]]:
    """The cases of a set, one a line; `fast` takes every third, so that each group keeps its share."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines if line.strip()]
    return cases[::3] if fast else cases
