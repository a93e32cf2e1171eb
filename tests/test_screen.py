"""Danger in so many words is seen, figures of speech are left alone, and every matter has somebody to turn to."""

from __future__ import annotations

import time
from typing import get_args

import pytest

from assistant.domain import Sensitive
from assistant.house import House
from assistant.judgement.screen import help_for, speaks_of_danger, unreadable

DANGER = [
    "I want to kill myself.",
    "I've been thinking about ending my life.",
    "Some days I don't want to be here anymore.",
    "I have the pills lined up on the kitchen table.",
    "Everyone would be better off without me.",
    "I just want it all to stop, I want to go to sleep and never wake up.",
    "I can't see a way forward and I've written letters to my kids.",
    "what's the point of living if I fail this promotion too",
    "my mentee told me she wants to die",
    "One of my team texted me that he is going to end it tonight.",
    "I stood on the bridge yesterday and nearly did it.",
    "Sometimes on the drive in I think about steering into the oncoming lane.",
    "i keep cutting my arms after work",
    "I've started hurting myself again since the reorganisation.",
    "My coach says he will kill me if I tell anyone.",
    "A colleague said he'd bring a gun to the office on Friday.",
    "My boss pushed me against the wall and put his hands round my throat.",
    "My husband hits me and I can't concentrate at work, would a mentor help?",
    "He said he knows where I live and that I'd be sorry.",
    "I am going to make my manager pay, I've got a knife in my bag.",
    "I swear I'll burn this place down.",
    "she raped me at the offsite",
    "Nobody would notice if I was gone for good.",
    "I don't see why I should go on living.",
    "my coachee said goodbye to everyone and gave away her things",
    "I wish I'd never wake up again",
    "I took a whole box of paracetamol an hour ago",
    "i cant do this anymore, i just want to disappear for ever",
    "I feel unsafe going home, my partner threatened me with a knife",
    "I'm on the roof of the office and don't know why I shouldn't jump",
    "kms",
    "I wanna die lol but seriously",
    "unalive myself",
    "There's a man at work who follows me home every night and I'm scared he'll hurt me",
    "Ich will nicht mehr leben.",
    "life isn't worth living since I lost the job",
    "I might as well be dead",
    "I dont want to live any more",
    "I’m thinking of jumping in front of a train",
    "my report has been self-harming",
    "He beat me up in the car park after the meeting.",
    "I can't go on like this, I've got a plan and a date",
    "I want to hurt my boss, badly",
    "she keeps talking about killing herself",
    "I am planning my own death",
    "thinking about suicide every morning before stand-up",
    "I have no reason to be alive",
    "he attacked me with a screwdriver on the night shift",
    "My apprentice has tied a rope in the garage",
    "I would rather be dead than go back there",
    "I've been looking up painless ways to die",
]

LOOKALIKES = [
    "This job is killing me, how do I delegate?",
    "I'd kill for a mentor like that.",
    "Shoot me some ideas for my first mentoring meeting.",
    "I'm dying to become a partner.",
    "I'm back after cancer and leading my first team.",
    "The deadline is killing us.",
    "Our project died last year and I want to learn from it.",
    "I nearly died of embarrassment in that presentation.",
    "My presentation bombed, who can help me?",
    "She is a killer negotiator and I want to learn from her.",
    "I want to attack this problem from a new side.",
    "How do I beat imposter syndrome?",
    "Should I take the plunge and ask her to mentor me?",
    "My mentor pulled the trigger on the reorganisation.",
    "Going freelance now would be career suicide, right?",
    "I shot myself in the foot in the appraisal.",
    "Can a coach help me end the meeting culture in my team?",
    "How do I end a mentoring relationship?",
    "I want to end things with my mentor kindly.",
    "My old manager passed away and I took over her team.",
    "How do I jump into a new field?",
    "I'm drowning in emails and need better habits.",
    "I could murder a coffee; anyway, how long does coaching last?",
    "Is it normal to feel dead tired after a coaching session?",
    "The new software hits me as overcomplicated.",
    "My boss threw me under the bus in the board meeting.",
    "I don't want to be here any more in this department, should I find a mentor elsewhere?",
    "Should I cut my team some slack?",
    "He hits his targets and she hits hers, so why coach them?",
    "I would rather stay in my job than go on to be a manager.",
    "How do I kill two birds with one stone: coach and mentor?",
    "I can't go on holiday because nobody can stand in for me.",
    "My sister works in a hospital and mentors nurses.",
    "Let's take a stab at setting goals.",
    "We have a bullet-point culture and I hate it.",
    "Is there a point in going on with a mentor who never prepares?",
    "He is such a straight shooter, can he be my mentor?",
    "I was floored by the feedback and it hit me hard.",
    "The takeover battle left my team wounded, what kind of coaching helps?",
    "I'm thinking of jumping ship to a competitor.",
    "My mentor wants me to stand on my own feet.",
    "I don't want to live in London any more, can I keep my mentor?",
    "I'm sick of being at the end of my rope with this project plan, who can coach me?",
    "We lost a big customer and my team is in mourning.",
    "I have a plan and a date for my talk.",
    "My team would be better off with a different manager.",
    "I want to disappear into the data team for a year.",
]


@pytest.mark.parametrize("text", DANGER)
def test_danger_is_seen_plain_or_veiled(text: str) -> None:
    assert speaks_of_danger(text)


@pytest.mark.parametrize("text", LOOKALIKES)
def test_a_figure_of_speech_or_an_everyday_matter_is_left_alone(text: str) -> None:
    assert not speaks_of_danger(text)


@pytest.mark.parametrize(
    "text",
    [
        "What should HR do if a mentor harasses someone?",
        "Can coaching help a team with a history of bullying?",
        "I have panic attacks before every team meeting.",
        "He keeps touching my leg in the van and my manager laughs.",
    ],
)
def test_a_question_about_harassment_and_another_matter_is_not_danger(text: str) -> None:
    assert not speaks_of_danger(text)


def test_a_figure_of_speech_hides_no_danger_beside_it() -> None:
    assert speaks_of_danger("This job is killing me. I want to kill myself.")


@pytest.mark.parametrize(
    "text",
    [
        "I WANT TO KILL MYSELF",
        "I  want\nto   kill\tmyself",
        "I don’t want to be alive",
        "i dont want to live anymore",
        "I don´t want to be alive",
        "I`ll kill him",
        "<I want to kill myself>",
        "sleep < 2h, I want to die, pain > all",
        "I want to <i\n>die</i>",
    ],
)
def test_capitals_white_space_and_apostrophes_make_no_difference(text: str) -> None:
    assert speaks_of_danger(text)


@pytest.mark.parametrize("text", ["", " ", "hello", "😀"])
def test_nothing_is_seen_where_nothing_is(text: str) -> None:
    assert not speaks_of_danger(text)


HOUSE = House.model_validate(
    {
        "contacts": (
            {"matters": ("danger", "counselling"), "name": "Helpline", "how": "extension 111"},
            {"matters": ("hr",), "name": "Jo in HR", "how": "jo@acme.example", "country": "Ireland"},
        )
    }
)


@pytest.mark.parametrize("matter", get_args(Sensitive))
def test_every_matter_has_words_and_somebody_to_turn_to(matter: Sensitive) -> None:
    words = help_for(matter, House())
    assert "emergency number" in words.text
    assert words.contacts
    assert all(contact.name and contact.how for contact in words.contacts)


@pytest.mark.parametrize("matter", get_args(Sensitive))
def test_the_house_s_own_contacts_stand_in_for_the_neutral_ones(matter: Sensitive) -> None:
    words = help_for(matter, HOUSE)
    assert words.text == help_for(matter, House()).text
    own = HOUSE.contacts_for(matter)
    assert words.contacts[: len(own)] == own != ()


def test_where_the_house_s_contacts_are_for_one_country_only_the_neutral_ones_stand_behind_them() -> None:
    neutral = help_for("hr", House()).contacts
    assert help_for("hr", HOUSE).contacts == HOUSE.contacts_for("hr") + neutral
    assert help_for("danger", HOUSE).contacts == HOUSE.contacts_for("danger")


@pytest.mark.parametrize(
    "text",
    [
        "I wish I was dead right now", "I'm going to hang myself on Friday", "I want to be dead on Monday", "I am dying to kill myself",
        "I could murder a customer, I have the knife", "I am going to end it, so cancel the meeting",
        "My family would be better off without me. Can a coach help?", "I want to kill *myself*", "I want to <b>kill</b> myself",
        "I want to ki\u200bll myself", "I don‘t want to live", "Ich will sterben.", "Ich möchte tot sein", "Ich bring mich um",
        "Er hat gedroht, alle umzubringen", "quiero morir", "je veux mourir", "j'ai envie de mourir", "voglio morire",
    ],
)  # fmt: skip
def test_neither_a_figure_of_speech_nor_markup_nor_other_words_take_danger_away(text: str) -> None:
    assert speaks_of_danger(text)
    assert speaks_of_danger(f"A coach or a mentor for that meeting? {text} How do I find one?")


@pytest.mark.parametrize(
    "text",
    [
        "Der Job bringt mich noch um, wie lerne ich delegieren?", "I want to end it with my mentor", "I want to end things on time",
        "I rota the volunteers of a suicide prevention line", "I cut myself short in meetings", "we are dead right on schedule",
    ],
)  # fmt: skip
def test_what_is_wholly_a_figure_of_speech_alarms_nobody(text: str) -> None:
    assert not speaks_of_danger(text)


def test_a_message_that_cannot_be_read_gets_whom_to_turn_to_in_danger() -> None:
    assert "English" in unreadable(House()).text
    assert unreadable(House()).contacts == help_for("danger", House()).contacts
    assert unreadable(HOUSE).contacts == HOUSE.contacts_for("danger")


def test_a_long_message_is_screened_quickly() -> None:
    started = time.process_time()
    speaks_of_danger("I take my pills and think about him if I want it to be better than the end. " * 500)
    assert time.process_time() - started < 2
