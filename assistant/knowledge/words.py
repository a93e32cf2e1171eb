"""Text to the stems that BM25 counts: the same for passages and for queries."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


def stems(texts: Sequence[str]) -> list[list[str]]:
    """The stemmed words of each text, lower case, without stop words ("mentoring" and "mentor" are one stem)."""
    import bm25s

    result: list[list[str]] = bm25s.tokenize(
        list(texts), stopwords="english", stemmer=_stemmer(), return_ids=False, show_progress=False
    )
    return result
