"""Slips of the pen are mended for the search, and nothing else is touched."""

from __future__ import annotations

import pytest

from assistant.encoder import OnnxEncoder
from assistant.knowledge.spelling import mend_spelling

LIBRARY = {"mentor": 50, "mentors": 20, "coach": 60, "coaching": 40, "sponsor": 5, "confidential": 3, "difference": 4}
ENGLISH = {"there", "where", "manager", "rotor"}


def mend(text: str) -> str:
    return mend_spelling(text, LIBRARY, ENGLISH.__contains__)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mentr", "mentor"),  # a letter missing
        ("menttor", "mentor"),  # one doubled
        ("mentar", "mentor"),  # one wrong
        ("mentro", "mentor"),  # two swapped
        ("coahc", "coach"),
        ("COACHNG", "coaching"),
        ("confidental?", "confidential?"),
        ("whats the diff", "what is the difference"),
        ("can u tell me abt coaching", "can you tell me about coaching"),
    ],
)
def test_a_slip_is_mended_to_the_library_s_word(typed: str, meant: str) -> None:
    assert mend(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "mentor",
        "where there",
        "rotor",
        "xyzzyq",
        "entor",
        "men tor",
        "it's the mentr's",
        "",
        "42 2026",
        "Mentor, coach!",
    ],
)
def test_what_is_right_or_too_far_off_stays_as_it_is(text: str) -> None:
    assert mend(text) == text


def test_of_several_words_the_one_the_library_uses_most_is_meant() -> None:
    assert mend_spelling("mentorr", {"mentors": 2, "mentor": 9}, lambda word: False) == "mentor"
    assert mend_spelling("mentorr", {"mentors": 9, "mentor": 2}, lambda word: False) == "mentors"


def test_common_english_is_known_to_the_encoder_and_so_left_alone(encoder: OnnxEncoder) -> None:
    text = "should the company train people before they begin"
    assert mend_spelling(text, {"trains": 9, "begins": 9}, encoder.is_word) == text
