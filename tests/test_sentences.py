"""Text is split into sentences that are verbatim pieces of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.sentences import split_sentences
from assistant.settings import packaged


@pytest.mark.parametrize(
    "sentences",
    [
        ["One.", "Two!", "Three?"],
        ["A coach asks, e.g. about goals.", "A mentor tells."],
        ["Dr. Smith was coached by J. Brown.", "It helped."],
        ["It rose by 3.5 per cent.", "40 coaches took part."],
        ["See no. 7 of the list.", "No. 8 is missing."],
        ['"Is it?"', '"It is."'],
        ["She said: “Ask me.”", "He did."],
        ["It was fine (mostly.)", "It ended."],
        ["no ending at all"],
        ["Wait … what?", "Yes."],
        ["It costs a lot.", "£200 an hour is common."],
    ],
)
def test_a_paragraph_is_split_where_a_sentence_ends_and_nowhere_else(sentences: list[str]) -> None:
    assert split_sentences(" ".join(sentences)) == sentences


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_nothing_gives_no_sentence(text: str) -> None:
    assert split_sentences(text) == []


def test_white_space_inside_is_folded() -> None:
    assert split_sentences("A coach\n  asks.\tA mentor\ntells. ") == ["A coach asks.", "A mentor tells."]


def test_no_word_of_the_library_is_lost_in_splitting() -> None:
    files: list[Path] = sorted((packaged("corpus") / "articles").glob("*.md"))
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert " ".join(split_sentences(text)) == " ".join(text.split())
