"""Sections become passages of numbered sentences, with ids that last and source keys that stay with their sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import read_passages

from assistant.domain import Passage, Sentence
from assistant.errors import LibraryError
from assistant.knowledge.passages import MAX_CHARACTERS


def with_text(corpus: Path, text: str) -> list[Passage]:
    """The passages of the section "How long does coaching last?" when it holds `text`."""
    file = corpus / "articles" / "coaches.md"
    head = file.read_text(encoding="utf-8").partition("## How long")[0]
    file.write_text(f"{head}## How long does coaching last?\n\n{text}\n", encoding="utf-8")
    return [passage for passage in read_passages(corpus) if passage.section.startswith("How long")]


def test_an_id_is_made_of_article_and_heading_and_outlives_a_change_of_text(small_corpus: Path) -> None:
    before = with_text(small_corpus, "Coaching lasts a while.")[0]
    after = with_text(small_corpus, "Coaching lasts a good while.")[0]
    assert before.id == after.id == "coaches#how-long-does-coaching-last"
    assert before.hash != after.hash


def test_the_hash_stays_when_nothing_changes_and_moves_with_sources_and_phrasings(small_corpus: Path) -> None:
    first = {passage.id: passage.hash for passage in read_passages(small_corpus)}
    assert first == {passage.id: passage.hash for passage in read_passages(small_corpus)}
    file = small_corpus / "articles" / "coaches.md"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("wots a coach for", "coach, why").replace("[alpha] [", "["), encoding="utf-8")
    second = {passage.id: passage.hash for passage in read_passages(small_corpus)}
    assert {key for key in first if first[key] != second[key]} == {
        "coaches#what-does-a-coach-do", "coaches#how-long-does-coaching-last",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One fact. [alpha]", [Sentence("One fact.", ("alpha",))]),
        ("One fact. [alpha] [beta-2020]", [Sentence("One fact.", ("alpha", "beta-2020"))]),
        ("One fact. [alpha, beta-2020]", [Sentence("One fact.", ("alpha", "beta-2020"))]),
        ("One fact. [alpha] Two facts.", [Sentence("One fact.", ("alpha",)), Sentence("Two facts.")]),
        ("One fact. Two facts. [alpha]", [Sentence("One fact."), Sentence("Two facts.", ("alpha",))]),
        ("One fact.\n[alpha]\nTwo facts.", [Sentence("One fact.", ("alpha",)), Sentence("Two facts.")]),
        ("A hard-wrapped\nsentence. [alpha]", [Sentence("A hard-wrapped sentence.", ("alpha",))]),
        ("- One item.\n- Two items. [alpha]", [Sentence("One item."), Sentence("Two items.", ("alpha",))]),
        ("- One item\n  goes on.\n- Two items.", [Sentence("One item goes on."), Sentence("Two items.")]),
        ("One paragraph.\n\nTwo of them.", [Sentence("One paragraph."), Sentence("Two of them.")]),
        ("Intro words:\n\n- One item.", [Sentence("Intro words:"), Sentence("One item.")]),
    ],
)
def test_a_section_becomes_sentences_each_with_its_own_source_keys(
    small_corpus: Path, text: str, sentences: list[Sentence]
) -> None:
    (passage,) = with_text(small_corpus, text)
    assert list(passage.sentences) == sentences


def test_a_source_that_the_front_matter_does_not_name_is_refused_with_the_sentence(small_corpus: Path) -> None:
    with pytest.raises(LibraryError, match=r"coaches\.md.*One fact.*gamma"):
        with_text(small_corpus, "One fact. [gamma]")


def test_a_long_section_becomes_several_passages_without_losing_a_sentence(small_corpus: Path) -> None:
    said = [f"Sentence number {number} says that coaching is not mentoring at all." for number in range(60)]
    passages = with_text(small_corpus, "\n".join(said))
    assert len(passages) > 2
    assert [sentence.text for passage in passages for sentence in passage.sentences] == said
    assert all(len(passage.text) <= MAX_CHARACTERS for passage in passages)
    assert [passage.id for passage in passages[:3]] == [
        f"coaches#how-long-does-coaching-last{suffix}" for suffix in ("", "~2", "~3")
    ]


def test_a_sentence_longer_than_a_passage_is_kept_whole(small_corpus: Path) -> None:
    giant = "A coach " + "really " * 300 + "listens."
    passages = with_text(small_corpus, f"One fact.\n{giant}\nTwo facts.")
    assert [passage.text for passage in passages] == ["One fact.", giant, "Two facts."]


def test_phrasings_stand_with_the_section_that_the_front_matter_names(small_corpus: Path) -> None:
    phrasings = {passage.id: passage.phrasings for passage in read_passages(small_corpus)}
    assert phrasings["coaches#what-does-a-coach-do"] == ("wots a coach for",)
    assert phrasings["coaches#how-long-does-coaching-last"] == ()
