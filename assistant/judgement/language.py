"""Whether a message can be read at all: the built-in judge reads English only."""

from __future__ import annotations

import re
from collections.abc import Callable

# The commonest words of English that no neighbouring language shares, as people type them in a hurry too.
_COMMON = frozenset(
    "the and to of my i i'm im you your is it with that this have has had does don't dont can can't cant how what "
    "why who when should would could not but from at be are was were been our we she they his her their there by "
    "about out up if or just get got want need help like how's what's whats work job u ur yes ok hi hello hey "
    "thanks thank please".split()
)
# Common words of the languages that colleagues are likeliest to write, where English has no such word.
_FOREIGN = frozenset(
    "ich nicht und ein eine einen der das den dem mit wie für ist mein meine bin kein auf zu wenn dass kann je un "
    "une les dans pas mon ma avec pour suis que qui quiero el los las una con por estoy ho di che non sono il della "
    "ik een het niet wil mijn jag vill att och inte jeg ikke og chcę się na szukam mam nie jest não eu uma quero "
    "meu bir ve için istiyorum y en la sé lo como se llevo años".split()
)
_SHORT_WORDS = 3
_ENOUGH_COMMON, _ENOUGH_KNOWN = 0.12, 0.5


def reads_as_english(message: str, is_word: Callable[[str], bool]) -> bool:
    """False when a message of some length is plainly in another language or script; `is_word` knows English words.

    Misspelt English, English by second-language writers, and a few foreign words in English text count as English.
    """
    letters = [letter for letter in message if letter.isalpha()]
    if not letters:
        return True
    if sum(letter > "ɏ" for letter in letters) > len(letters) / 2:
        return False
    words = re.findall(r"[^\W\d_]+", message.lower())
    foreign = sum(word in _FOREIGN for word in words)
    if foreign >= 2 and foreign > sum(word in _COMMON for word in words):
        return False
    if len(words) <= _SHORT_WORDS:
        return True
    common = sum(word in _COMMON for word in words) / len(words)
    known = sum(is_word(word) or word in _COMMON for word in words) / len(words)
    return common >= _ENOUGH_COMMON or known >= _ENOUGH_KNOWN
