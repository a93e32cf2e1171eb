"""Text to sentences, each a verbatim piece of the text."""

from __future__ import annotations

import re

_ABBREVIATIONS = frozenset(
    "e.g. i.e. etc. vs. cf. al. approx. dr. mr. mrs. ms. prof. st. sr. jr. inc. ltd. co. ca.".split()
)
_BEFORE_A_NUMBER = frozenset("no. nos. fig. p. pp.".split())
# A full stop may stand inside closing quotation marks or brackets; what follows must look like a new start.
_BREAK = re.compile(r"(?<=[.!?…])[\"')\]”’]*\s+(?=[\"'(\[“‘]*[A-Z0-9£$€])")


def split_sentences(text: str) -> list[str]:
    """The sentences of one paragraph, in order, with inner white space folded.

    Abbreviations and initials do not end a sentence; a text without an ending is one sentence.
    """
    folded = " ".join(text.split())
    sentences: list[str] = []
    start = 0
    for found in _BREAK.finditer(folded):
        words = folded[start : found.start()].split()
        last = words[-1].lstrip("(\"'“‘") if words else ""
        abbreviations = _ABBREVIATIONS | (_BEFORE_A_NUMBER if folded[found.end()].isdigit() else set())
        if last.lower() in abbreviations or re.fullmatch(r"[A-Z]\.", last):
            continue
        sentences.append(folded[start : found.end()].strip())
        start = found.end()
    if folded[start:].strip():
        sentences.append(folded[start:].strip())
    return sentences
