"""Search fuses three rankings, drops near-duplicates, and finds nothing without fuss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CountingEncoder, build_index

from assistant.domain import Passage, Sentence
from assistant.knowledge.index import Index, open_or_build
from assistant.knowledge.passages import make_passage
from assistant.knowledge.search import CANDIDATES, RANK_CONSTANT, search
from assistant.pipeline import Assistant

LONG = "An agreement names the goal, the number of meetings, the place, who hears what and how either side may stop"


def passage(section: str, text: str, *phrasings: str) -> Passage:
    return make_passage("article", "Article", section, (Sentence(text),), phrasings)


TWINS = [
    passage("What stands in an agreement?", f"{LONG}."),
    passage("What does the agreement hold?", f"{LONG} early."),
    passage("Who pays?", "The employer pays the coach as a rule, and a mentor is a volunteer."),
]


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Index]:
    index = open_or_build(
        "twins", lambda: TWINS, tmp_path, CountingEncoder(),  # type: ignore[arg-type]
        lambda done, total: None, lambda: None,
    )  # fmt: skip
    yield index
    index.close()


def find(index: Index, query: str, limit: int = 5) -> list[str]:
    found = search(index, query, CountingEncoder().encode([query])[0], limit)
    return [hit.passage.section for hit in found.hits]


def test_of_two_passages_that_say_the_same_only_the_better_is_kept(twins: Index) -> None:
    found = find(twins, "What stands in an agreement?")
    assert found[0] == "What stands in an agreement?"
    assert "What does the agreement hold?" not in found
    assert "Who pays?" in found


def test_a_duplicate_takes_no_place_from_another_passage(twins: Index) -> None:
    assert len(find(twins, "What stands in an agreement?", 2)) == 2


def test_words_that_the_library_does_not_have_give_no_word_score(twins: Index) -> None:
    found = search(twins, "xylophone", CountingEncoder().encode(["xylophone"])[0], 3)
    assert found.best_bm25 == 0.0
    assert all(hit.bm25 is None for hit in found.hits)


def test_a_search_for_nothing_near_is_a_normal_result(small_corpus: Path, tmp_path: Path) -> None:
    index = build_index(small_corpus, tmp_path / "indexes", CountingEncoder())
    found = search(index, "", CountingEncoder().encode(["unrelated"])[0], 3)
    assert found.similarities[0] < 0.3
    index.close()


@pytest.mark.parametrize("query", ["What does a mentor do?", "how long", "asdf qwer", "coach", "?"])
def test_hits_come_best_first_and_their_score_is_their_places_in_three_rankings(
    assistant: Assistant, query: str
) -> None:
    hits = assistant.search(query, 10)
    assert hits
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert 1 / (RANK_CONSTANT + CANDIDATES) <= scores[-1] <= scores[0] <= 3 / (RANK_CONSTANT + 1)
    for hit in hits:
        assert hit.dense is not None or hit.bm25 is not None
        assert hit.dense is None or -1.001 <= hit.dense <= 1.001
        assert hit.bm25 is None or hit.bm25 > 0


@pytest.mark.parametrize("limit", range(1, 21))
def test_any_number_of_hits_may_be_asked_for_and_all_are_distinct(assistant: Assistant, limit: int) -> None:
    ids = [hit.passage.id for hit in assistant.search("How do a coach and a mentor differ?", limit)]
    assert len(ids) == len(set(ids)) == limit


def test_fewer_hits_are_the_beginning_of_more(assistant: Assistant) -> None:
    few, many = (assistant.search("Who pays for coaching?", limit) for limit in (3, 12))
    assert [hit.passage.id for hit in few] == [hit.passage.id for hit in many[:3]]


@pytest.mark.parametrize(
    ("query", "article"),
    [
        ("what is reverse mentoring", "reverse-mentoring"),
        ("How do I find a mentor?", "finding-a-mentor"),
        ("is my boss allowed to be my mentor", "can-my-manager-be-my-mentor"),
        ("what does coaching cost", "what-coaching-costs"),
    ],
)
def test_a_plain_question_finds_its_article_first(assistant: Assistant, query: str, article: str) -> None:
    assert assistant.search(query, 3)[0].passage.article == article
