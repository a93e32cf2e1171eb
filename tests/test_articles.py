"""Articles are read as `corpus/README.md` asks, and what is broken is reported with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import LibraryError
from assistant.knowledge.articles import read_articles, slugify
from assistant.knowledge.index import library_fingerprint


def change(corpus: Path, old: str, new: str) -> Path:
    file = corpus / "articles" / "coaches.md"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def test_a_sound_library_is_read_in_order_of_its_file_names(small_corpus: Path) -> None:
    articles = read_articles(small_corpus)
    assert [article.slug for article in articles] == ["coaches", "mentors"]
    assert articles[0].front.title == "About coaches"
    assert [section.metadata["section"] for section in articles[0].sections] == [
        "What does a coach do?", "How long does coaching last?",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("summary: A small article.", "summary: [A small", 4, "YAML"),
        ("summary: A small article.", "summary: A small\x07article.", 1, "YAML"),
        ("summary: A small article.", "summary: A small article.\ncolour: red", 4, "colour"),
        ("owner: Library team\n", "", 1, "owner"),
        ("review_by: 2027-11-30", "review_by: soon", 10, "review_by"),
        ("questions:\n", "questions:\n  What is tea?:\n    - tea\n", 5, "What is tea?"),
        ("sources: [alpha, beta-2020]", "sources: [alpha, gamma]", 8, "gamma"),
        ("claims: [S1]", "claims: [S99]", 7, "S99"),
        ("## What does a coach do?", "Loose words.\n\n## What does a coach do?", 12, "outside a section"),
        ("## How long does coaching last?", "## What does a coach do?", 18, "twice"),
        ("## How long does coaching last?", "## What does a coach do", 18, "twice"),
        ("---\ntitle", "title", 1, "front matter is missing"),
    ],
)
def test_what_is_broken_in_an_article_is_reported_with_file_and_line(
    small_corpus: Path, old: str, new: str, line: int, says: str
) -> None:
    file = change(small_corpus, old, new)
    with pytest.raises(LibraryError) as caught:
        read_articles(small_corpus)
    message = str(caught.value)
    assert message.startswith(f"{file}:{line}: ")
    assert says in message
    assert "\n" not in message


def test_front_matter_that_is_a_list_is_reported_and_not_a_crash(small_corpus: Path) -> None:
    file = small_corpus / "articles" / "coaches.md"
    file.write_text("---\n- one\n---\n\n## A\n\nB.\n", encoding="utf-8")
    with pytest.raises(LibraryError, match=r"coaches\.md:1: "):
        read_articles(small_corpus)


def test_a_file_that_is_not_utf_8_is_reported_by_name(small_corpus: Path) -> None:
    (small_corpus / "articles" / "coaches.md").write_bytes(b"---\ntitle: caf\xe9\n---\n")
    with pytest.raises(LibraryError, match=r"coaches\.md: cannot be read"):
        read_articles(small_corpus)


def test_what_an_editor_keeps_beside_an_article_is_none(small_corpus: Path) -> None:
    before = [article.slug for article in read_articles(small_corpus)]
    (small_corpus / "articles" / ".#coaches.md").symlink_to("nobody@nowhere.1234")
    (small_corpus / "articles" / "._coaches.md").write_bytes(b"\x00\xff")
    assert [article.slug for article in read_articles(small_corpus)] == before
    assert library_fingerprint(small_corpus)


def test_a_name_that_no_link_could_carry_is_reported_with_a_better_one(small_corpus: Path) -> None:
    (small_corpus / "articles" / "coaches.md").rename(small_corpus / "articles" / "My_Coaches.md")
    with pytest.raises(LibraryError, match=r"My_Coaches\.md.*my-coaches\.md"):
        read_articles(small_corpus)


def test_an_empty_folder_says_which_setting_names_the_library(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="COACH_OR_MENTOR_CORPUS_DIR"):
        read_articles(tmp_path)


@pytest.mark.parametrize("name", ["sources.toml", "claims.toml"])
def test_a_list_that_is_missing_or_broken_is_reported_by_name(small_corpus: Path, name: str) -> None:
    (small_corpus / name).write_text("[alpha\n", encoding="utf-8")
    with pytest.raises(LibraryError, match=name):
        read_articles(small_corpus)
    (small_corpus / name).unlink()
    with pytest.raises(LibraryError, match=name):
        read_articles(small_corpus)


def test_a_heading_becomes_lower_case_words_joined_by_hyphens() -> None:
    assert slugify("What's a 360° review, and why?") == "what-s-a-360-review-and-why"
