"""Slips of the pen and chat spelling, mended before a search; what the person typed stays as it is everywhere else.

A word is taken for a slip when neither English at large nor the library has it, and mended when the library has a word at
one edit's distance (a letter missing, doubled, wrong or swapped; after P. Norvig, "How to write a spelling corrector") that
begins with the same letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST = 5

# Chat spelling that no edit distance mends.
_CHAT = {
    "abt": "about", "b4": "before", "bc": "because", "coz": "because", "cuz": "because", "cos": "because", "diff": "difference",
    "gonna": "going to", "mtg": "meeting", "mtgs": "meetings", "n": "and", "ppl": "people", "pls": "please", "plz": "please",
    "prog": "programme", "r": "are", "sb": "somebody", "sth": "something", "thru": "through", "u": "you", "ur": "your",
    "vs": "versus", "w": "with", "wanna": "want to", "whats": "what is", "wot": "what", "wots": "what is", "wut": "what",
    "ya": "you", "yr": "year", "yrs": "years", "mgr": "manager", "hrs": "hours", "shd": "should", "wd": "would", "cd": "could",
}  # fmt: skip


def mend_spelling(text: str, library: Mapping[str, int], is_english: Callable[[str], bool]) -> str:
    """The text with its slips mended. `library` gives the library's words with how often each occurs."""

    def mend(found: re.Match[str]) -> str:
        word = found.group().lower()
        if word in _CHAT:
            return _CHAT[word]
        if len(word) < _SHORTEST or word in library or is_english(word):
            return found.group()
        near = [candidate for candidate in _one_edit(word) if candidate in library]
        return max(near, key=lambda candidate: library[candidate], default=found.group())

    return re.sub(r"(?<![\w'’])[A-Za-z0-9]+(?![\w'’])", mend, text)


def _one_edit(word: str) -> Iterator[str]:
    for place in range(1, len(word) + 1):
        before, after = word[:place], word[place:]
        for letter in _LETTERS:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
