"""The replies that are the same every time."""

import pytest

from assistant.answering.fixed import asks_about_the_program, small_talk


@pytest.mark.parametrize(
    "message",
    [
        "Is my manager going to read this?",
        "do you save our conversations",
        "is this private?",
        "who can see what I type",
        "Does anybody read what I'm writing?",
        "will this tool remember me",
        "hi, what can you do?",
    ],
)
def test_a_question_about_the_program_is_known_as_one(message: str) -> None:
    assert asks_about_the_program(message)


@pytest.mark.parametrize(
    "message",
    [
        "will the coach tell my boss what I say?",
        "who sees the 360 report",
        "is coaching confidential?",
        "what can a coach do for me?",
        "does a coach keep notes",
        "can my employer read what I tell an AI coach?",
        "Can HR see my coaching goals?",
        "what can you do when a mentor keeps cancelling?",
    ],
)
def test_a_question_for_the_library_is_not_taken_for_one_about_the_program(message: str) -> None:
    assert not asks_about_the_program(message)


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ("who can see what I type", "keeps no conversation"),
        ("are you a robot?", "computer program"),
        ("what can you do", "from a library"),
        ("thanks a lot", "You are welcome"),
        ("bye", "Goodbye"),
        ("this is useless", "I am sorry"),
        ("thanks, useless", "I am sorry"),
        ("that was not helpful", "I am sorry"),
        ("isn't very helpful", "I am sorry"),
        ("very helpful", "You are welcome"),
        ("good morning", "Hello"),
        ("hmm", "anything else"),
    ],
)
def test_small_talk_gets_a_straight_reply(message: str, part: str) -> None:
    assert part in small_talk(message)
