"""The library itself keeps to the form that `corpus/README.md` asks of it."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from conftest import read_passages

from assistant.domain import Passage
from assistant.knowledge.articles import Article, read_articles, read_list, slugify
from assistant.settings import packaged

CORPUS: Path = packaged("corpus")
# Words that lean on the sentence before them.
LEANS = re.compile(r"(?:This|These|Those|That|They|It|He|She|However|But|Also|And|Therefore|Moreover)\b")


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return read_articles(CORPUS)


@pytest.fixture(scope="module")
def passages() -> list[Passage]:
    return read_passages(CORPUS)


def test_there_are_at_least_fifty_articles(articles: list[Article]) -> None:
    assert len(articles) >= 50


def test_every_one_of_the_33_claims_is_covered_by_an_article(articles: list[Article]) -> None:
    assert set(read_list(CORPUS / "claims.toml")) == {f"S{number}" for number in range(1, 34)}
    covered = {claim for article in articles for claim in article.front.claims}
    assert covered == {f"S{number}" for number in range(1, 34)}


def test_every_source_that_an_article_or_a_sentence_names_is_listed(
    articles: list[Article], passages: list[Passage]
) -> None:
    listed = set(read_list(CORPUS / "sources.toml"))
    assert {key for article in articles for key in article.front.sources} <= listed
    carried = {key for passage in passages for sentence in passage.sentences for key in sentence.sources}
    assert carried
    assert carried <= listed


def test_every_source_says_its_title_and_what_our_reading_rests_on() -> None:
    readings = {"abstract", "page opening", "second-hand"}
    broken = [
        key for key, table in read_list(CORPUS / "sources.toml").items()
        if not table.get("title") or (table["kind"] != "practice" and not readings & set(re.split(r"[,;] ", str(table.get("read")))))
    ]  # fmt: skip
    assert broken == []


def test_every_article_is_kept_true_until_a_date(articles: list[Article]) -> None:
    assert all(type(article.front.review_by) is datetime.date for article in articles)


def test_every_heading_has_phrasings_and_none_is_the_heading_again(articles: list[Article]) -> None:
    broken = []
    for article in articles:
        for section in article.sections:
            heading = section.metadata["section"]
            phrasings = article.front.questions.get(heading, [])
            if not phrasings or slugify(heading) in map(slugify, phrasings):
                broken.append(f"{article.slug}: {heading}")
    assert broken == []


def test_the_first_sentence_under_a_heading_stands_alone(passages: list[Passage]) -> None:
    first = [passage.sentences[0].text for passage in passages if "~" not in passage.id]
    assert [text for text in first if LEANS.match(text)] == []


def test_every_section_says_something_and_every_id_is_its_own(passages: list[Passage]) -> None:
    assert all(passage.sentences for passage in passages)
    assert len({passage.id for passage in passages}) == len(passages)


def test_no_sentence_carries_markup_or_a_stray_source_key(passages: list[Passage]) -> None:
    said = [sentence.text for passage in passages for sentence in passage.sentences]
    assert [text for text in said if re.search(r"\*\*|\]\(|\[[a-z0-9-]+\]|^#|^\||^- ", text)] == []
