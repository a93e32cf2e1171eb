"""A message is split once into clauses that are its own words, numbered, with nothing lost."""

from __future__ import annotations

import random
import re
from itertools import pairwise

import pytest

from assistant.judgement.clauses import split_clauses

MESSAGES = [
    "I interrupt people in meetings. My 360 said so, and I want to stop by June.",
    "I know what to do but I never do it when my boss is in the room",
    "My goals:\n- speak up in the weekly meeting\n- stop saying sorry all the time\n\nWho can help?",
    "“I can’t say no”, she told me; I believe her — and now what should we do?",
    "3 things: 1) delegate more to my people 2) write shorter emails 3) sleep",
    "no capitals no stops just words going on and on because that is how i type on the train",
    "Ж日本語 mixed with English words, and more of them after the comma, yes.",
    "Line one of the message\r\nLine two of the message\r\n\r\nLine three of it",
    "emoji 😀 in the middle of a sentence, with a second half that is long enough 👍🏽",
]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_clause_is_verbatim_at_its_place_and_numbered_from_one(message: str) -> None:
    clauses = split_clauses(message)
    assert [clause.number for clause in clauses] == list(range(1, len(clauses) + 1))
    assert all(message[clause.start : clause.end] == clause.text != "" for clause in clauses)


@pytest.mark.parametrize("message", MESSAGES)
def test_every_word_stands_in_a_clause(message: str) -> None:
    clauses = split_clauses(message)
    edges = [0, *(edge for clause in clauses for edge in (clause.start, clause.end)), len(message)]
    between = [message[left:right] for left, right in zip(edges[::2], edges[1::2], strict=True)]
    assert [gap for gap in between if re.search(r"[^\W\d]", gap)] == []


def test_sentences_are_clauses_of_their_own() -> None:
    texts = [clause.text for clause in split_clauses("I talk too much. Everybody says so! Who can help me?")]
    assert texts == ["I talk too much.", "Everybody says so!", "Who can help me?"]


def test_a_long_sentence_is_cut_before_a_joining_word_and_after_a_comma() -> None:
    texts = [
        clause.text for clause in split_clauses("I know exactly what to say but I freeze when the director looks at me")
    ]
    assert texts == ["I know exactly what to say", "but I freeze when the director looks at me"]
    texts = [
        clause.text
        for clause in split_clauses("After eleven years in the depot, I want to know how people become planners")
    ]
    assert texts == ["After eleven years in the depot,", "I want to know how people become planners"]


def test_a_few_words_stay_with_what_stands_before_them() -> None:
    [clause] = split_clauses("I want to learn to delegate, speak up, and listen")
    assert clause.text == "I want to learn to delegate, speak up, and listen"


@pytest.mark.parametrize("mark", ["-", "*", "•", "·", ">", "--"])
def test_the_points_of_a_list_are_clauses_without_their_marks(mark: str) -> None:
    message = f"What I want:\n{mark} speak up\n{mark} say no more often\n"
    assert [clause.text for clause in split_clauses(message)] == ["What I want:", "speak up", "say no more often"]


@pytest.mark.parametrize("form", ["{}.", "{})", "({})"])
def test_the_points_of_a_numbered_list_are_clauses_without_their_numbers(form: str) -> None:
    message = f"What I want:\n{form.format(1)} speak up\n{form.format(2)} say no more often"
    assert [clause.text for clause in split_clauses(message)] == ["What I want:", "speak up", "say no more often"]


@pytest.mark.parametrize("message", ["", "   ", "?", "...!", "\n\n", "- \n* \n", "😀👍", "— – -", "\x00\x01"])
def test_without_words_there_are_no_clauses(message: str) -> None:
    assert split_clauses(message) == ()


def test_whatever_is_typed_clauses_stay_verbatim_in_order_and_lose_no_word() -> None:
    pieces = ["word", "I", "don't", " ", "  ", "\n", "\t", ".", "!", "?", ",", ";", ":", "-", " — ", "and ", "but ", "1.", "(2)", "• ",
              "“", "”", "é", "日本", "😀", "\u00a0", "\u2028", "\x00", "#", ">"]  # fmt: skip
    random_of = random.Random(7)
    for _ in range(1_500):
        message = "".join(random_of.choices(pieces, k=random_of.randint(1, 40)))
        clauses = split_clauses(message)
        assert all(message[clause.start : clause.end] == clause.text for clause in clauses), message
        assert all(one.end <= two.start for one, two in pairwise(clauses)), message
        letters = sum(len(re.findall(r"[^\W\d]", clause.text)) for clause in clauses)
        assert letters == len(re.findall(r"[^\W\d]", message)), message
