"""A message split once into numbered clauses, so that whoever judges can point at the person's own words by number."""

from __future__ import annotations

import re

from assistant.domain import Clause

# A clause of fewer words says too little by itself and stays with what stands before it.
_MIN_WORDS = 5

_LINE = re.compile(r"\s*\n\s*")
_BULLET = re.compile(r"^(?:[-*•·>#]+|\(?\d{1,2}[.)])\s+")
# After a sentence's end, a semicolon, a colon or a dash a clause may end ...
_STRONG = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[;:])\s+|\s+[-–—]+\s+|\s*—\s*")
# ... and after a comma, or before a word that joins two of them, if both sides are long enough.
_WEAK = re.compile(
    r"(?<=,)\s+|\s+(?=(?:but|and|because|so|though|although|yet|while|whereas)\s)",
    re.IGNORECASE,
)


def split_clauses(message: str) -> tuple[Clause, ...]:
    """The clauses of a message, in order. Each is verbatim, and nothing but blanks and marks lies between two."""
    spans: list[tuple[int, int]] = []
    for start, end in _pieces(message, 0, len(message), _LINE):
        bullet = _BULLET.match(message[start:end])
        for sentence in _pieces(message, start + (bullet.end() if bullet else 0), end, _STRONG):
            parts: list[tuple[int, int]] = []
            for part in _pieces(message, *sentence, _WEAK):
                if parts and min(_words(message, *parts[-1]), _words(message, *part)) < _MIN_WORDS:
                    parts[-1] = (parts[-1][0], part[1])
                else:
                    parts.append(part)
            spans.extend(parts)
    return tuple(Clause(number, message[start:end], start, end) for number, (start, end) in enumerate(spans, 1))


def _pieces(message: str, start: int, end: int, border: re.Pattern[str]) -> list[tuple[int, int]]:
    """The stretches between borders that hold a word, without blanks around them."""
    cuts = [(found.start(), found.end()) for found in border.finditer(message, start, end)]
    edges = zip([start, *(cut[1] for cut in cuts)], [*(cut[0] for cut in cuts), end], strict=True)
    pieces = []
    for left, right in edges:
        text = message[left:right]
        if re.search(r"\w", text):
            pieces.append((left + len(text) - len(text.lstrip()), right - len(text) + len(text.rstrip())))
    return pieces


def _words(message: str, start: int, end: int) -> int:
    return len(message[start:end].split())
