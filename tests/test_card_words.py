"""The card says the verdict in the person's own words, with a next step that the house offers where it has one."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from conftest import StubJudge, View

from assistant.domain import Assessment, Instead, Verdict
from assistant.house import House
from assistant.judgement.card import Settled, decide, write_card
from assistant.judgement.clauses import split_clauses
from assistant.judgement.criteria import INSTEADS, read_criteria
from assistant.settings import packaged

CRITERIA = read_criteria(packaged("prompts") / "criteria.toml")
MESSAGE = (
    "I interrupt people in every meeting. I want that gone by the end of June. "
    "And I wonder how others came from sales to the board. Nobody has told me how this place works."
)
SIGNS: dict[str, Any] = {"interrupt": "behaviour", "June": "goal", "sales": "road", "place": "landscape"}
OUTCOMES: list[tuple[Verdict, Instead | None]] = [
    *((verdict, None) for verdict in get_args(Verdict) if verdict != "neither"),
    *(("neither", instead) for instead in INSTEADS),
]


def card(
    verdict: Verdict = "coach",
    instead: Instead | None = None,
    message: str = MESSAGE,
    signs: dict[str, Any] | None = None,
    sure: float = 0.9,
    on_behalf: bool = False,
    settled: tuple[Verdict, Instead | None] | None = None,
    may_ask: bool = True,
    house: House | None = None,
) -> Assessment:
    clauses = split_clauses(message)
    view = View(verdict=verdict, sure=sure, instead=instead or "manager", on_behalf=on_behalf, signs=signs or SIGNS)
    judged = view.judged(clauses)
    decision = decide(judged, settled, may_ask)
    return write_card(
        decision, judged, clauses, CRITERIA, StubJudge.calibration, house or House(), (), may_ask=may_ask
    )  # fmt: skip


@pytest.mark.parametrize("on_behalf", [False, True])
@pytest.mark.parametrize(("verdict", "instead"), OUTCOMES)
def test_every_card_is_whole_and_nothing_of_the_templates_is_left(
    verdict: Verdict, instead: Instead | None, on_behalf: bool
) -> None:
    one = card(verdict, instead, on_behalf=on_behalf)
    assert (one.verdict, one.instead) == (verdict, instead)
    assert one.would_change
    assert one.next_step.text
    assert 0 <= one.confidence <= 1
    words = " ".join([one.why, one.would_change, one.next_step.text, one.next_step.draft or ""])
    assert not re.search(r"[{}]", words)
    assert "  " not in words
    if verdict != "unclear" and instead != "counselling":
        assert one.next_step.draft
    else:
        assert one.next_step.draft is None


@pytest.mark.parametrize(("verdict", "instead"), OUTCOMES)
def test_signals_are_the_person_s_own_words_in_the_clause_they_name_and_in_their_order(
    verdict: Verdict, instead: Instead | None
) -> None:
    signals = card(verdict, instead).signals
    clauses = split_clauses(MESSAGE)
    assert signals
    assert [signal.clause for signal in signals] == sorted({signal.clause for signal in signals})
    for signal in signals:
        assert signal.quote in MESSAGE
        assert clauses[signal.clause - 1].text.startswith(signal.quote)
        assert CRITERIA.signs[signal.sign].pole == signal.pole


def test_a_quote_ends_without_the_comma_or_dash_that_leads_on() -> None:
    message = (
        "I always talk over people in meetings, and my boss has told me to stop that — by June at the latest please"
    )
    assert [signal.quote[-1] for signal in card(message=message, signs={"": "behaviour"}).signals] == ["s", "t", "e"]


@pytest.mark.parametrize(("verdict", "pole"), [("coach", "coach"), ("mentor", "mentor"), ("unclear", "none")])
def test_a_verdict_is_carried_by_signals_of_its_own_pole_only(verdict: Verdict, pole: str) -> None:
    assert {signal.pole for signal in card(verdict).signals} == {pole}


def test_both_is_carried_by_signals_of_each_pole() -> None:
    assert {signal.pole for signal in card("both").signals} == {"coach", "mentor"}


def test_both_is_carried_by_signals_of_each_pole_where_one_pole_is_weak() -> None:
    assert {signal.pole for signal in card("both", signs={"interrupt": "behaviour"}).signals} == {"coach", "mentor"}


def test_both_needs_are_named_where_the_message_is_a_single_clause() -> None:
    one = card("both", message="stop freezing and find my career", signs={"": "behaviour"})
    assert {signal.pole for signal in one.signals} == {"coach", "mentor"}
    assert "experience:\nCould you" not in str(one.next_step.draft).replace("\n\n", "\n")


@pytest.mark.parametrize("instead", INSTEADS)
def test_neither_names_what_fits_instead_and_points_at_it(instead: Instead) -> None:
    one = card("neither", instead)
    assert one.instead == instead
    assert {signal.sign for signal in one.signals} == {instead}
    assert CRITERIA.insteads[instead].why in one.why


def test_at_most_three_clauses_are_shown_and_the_strongest_always() -> None:
    long = " ".join(f"I interrupt people on day number {n}." for n in range(9))
    assert len(card(message=long).signals) == 3
    [only] = card(message=MESSAGE, signs={"interrupt": "behaviour"}).signals
    assert "interrupt" in only.quote
    assert len(card(message="Nothing in here shows it. Nor does this one.", signs={"zz": "goal"}).signals) == 1


def test_without_words_there_are_no_signals_and_still_a_card() -> None:
    one = card("unclear", message="?")
    assert one.signals == ()
    assert one.why == CRITERIA.verdicts["unclear"].why


@pytest.mark.parametrize("on_behalf", [False, True])
def test_the_reason_quotes_the_person_and_ends_with_what_follows(on_behalf: bool) -> None:
    one = card(on_behalf=on_behalf)
    outcome = CRITERIA.verdicts["coach"]
    assert "“I interrupt people in every meeting”" in one.why
    assert one.why.endswith(outcome.why_on_behalf if on_behalf else outcome.why)


def test_the_draft_holds_the_quotes_and_those_of_both_needs_apart() -> None:
    one = card("both")
    for signal in one.signals:
        assert f"- {signal.quote}" in str(one.next_step.draft)
    coach, _, mentor = str(one.next_step.draft).partition("For a mentor")
    assert "interrupt" in coach
    assert "from sales" in mentor


@pytest.mark.parametrize("words", ["{to}", "{coach_quotes}", "{quotes}", "{quote}", "{}", "\\1", "{0.__class__}", "%s"])
def test_template_marks_in_the_person_s_own_words_stay_as_they_are(words: str) -> None:
    message = f"I write {words} into every mail of mine."
    one = card("coach", message=message, signs={"I write": "behaviour"})
    assert f"\n- {message}\n" in str(one.next_step.draft)
    assert str(one.next_step.draft).count("into every mail of mine") == 1
    assert f"“{message.rstrip('.')}”" in one.why


HOUSE = House.model_validate(
    {
        "company": {"name": "Acme"},
        "programmes": (
            {"kind": "coach", "name": "Coach pool", "for": "all staff", "how": "Write to Ana.", "length": "six sessions",
             "link": "https://acme.example/coach"},
            {"kind": "mentor", "name": "Walk along", "for": "newcomers", "how": "Sign up in spring",
             "link": "https://acme.example/walk"},
        ),
        "definitions": {"coach": "a trained colleague from another unit.", "mentor": "somebody two levels up"},
    }
)  # fmt: skip


def test_the_house_s_programme_and_definition_are_the_next_step() -> None:
    step = card("coach", house=HOUSE).next_step
    assert "Here, a coach is a trained colleague from another unit." in step.text
    assert "Acme offers “Coach pool” (for all staff, six sessions): Write to Ana." in step.text
    assert "Walk along" not in step.text
    assert step.url == "https://acme.example/coach"


def test_both_names_the_programmes_of_both_kinds_with_the_links_of_both() -> None:
    step = card("both", house=HOUSE).next_step
    assert "Coach pool" in step.text
    assert step.url == "https://acme.example/coach"
    assert "Acme offers “Walk along” (for newcomers): Sign up in spring (https://acme.example/walk)." in step.text


@pytest.mark.parametrize(("verdict", "instead"), [("neither", "hr"), ("neither", "training"), ("unclear", None)])
def test_no_programme_is_offered_where_neither_fits(verdict: Verdict, instead: Instead | None) -> None:
    step = card(verdict, instead, house=HOUSE).next_step
    assert step.text == CRITERIA.outcome(verdict, instead).step
    assert step.url is None


def test_a_house_that_only_defines_the_word_still_says_what_to_do() -> None:
    house = House.model_validate({"definitions": {"coach": "a trained colleague"}})
    step = card("coach", house=house).next_step
    assert "Here, a coach is a trained colleague." in step.text
    assert CRITERIA.verdicts["coach"].step in step.text


def test_a_house_with_a_programme_for_one_of_both_needs_still_says_what_to_do_for_the_other() -> None:
    step = card("both", house=HOUSE.model_copy(update={"programmes": HOUSE.programmes[:1]})).next_step
    assert "Coach pool" in step.text
    assert CRITERIA.verdicts["both"].step in step.text


@pytest.mark.parametrize("verdict", ["coach", "mentor", "both", "neither"])
def test_a_verdict_in_the_low_band_asks_and_a_sure_one_does_not(verdict: Verdict) -> None:
    low = card(verdict, sure=0.3)
    assert low.confidence_band == "low"
    assert low.ask is not None
    assert len(low.ask.options) >= 2
    assert card(verdict, sure=0.6).ask is None
    assert card(verdict, sure=0.9).ask is None


def test_what_is_unclear_asks_however_sure_that_is() -> None:
    assert card("unclear", sure=0.99).ask is not None


def test_the_question_is_about_the_person_whom_the_help_is_for() -> None:
    for on_behalf, asked_of in ((False, "self"), (True, "other")):
        ask = card("unclear", on_behalf=on_behalf).ask
        assert [question.asked_of for question in CRITERIA.questions if question.ask == ask] == [asked_of]


def test_the_question_is_the_one_between_what_is_still_likely() -> None:
    ask = card("neither", "sponsor", sure=0.4).ask
    assert ask is not None
    assert CRITERIA.leads_to(ask, ask.options[1]) == ("neither", "sponsor")


@pytest.mark.parametrize("sure", [0.3, 0.9, 0.999, 1.0])
def test_where_no_question_may_be_put_the_card_has_none_and_a_verdict(sure: float) -> None:
    one = card("unclear", sure=sure, may_ask=False)
    assert one.ask is None
    assert one.verdict != "unclear"
    assert 0 <= one.confidence <= 1


@pytest.mark.parametrize(("verdict", "instead"), [one for one in OUTCOMES if one[0] != "unclear"])
def test_what_is_settled_is_the_verdict_whatever_the_judge_reads(verdict: Verdict, instead: Instead | None) -> None:
    for read in ("coach", "mentor", "unclear"):
        for weight in (0.1, 0.8):
            one = card(read, settled=Settled(verdict, instead, weight), sure=0.9, may_ask=read != "unclear")
            assert (one.verdict, one.instead) == (verdict, instead)
            assert weight <= one.confidence <= 1


def test_a_matter_that_is_hardly_seen_is_not_called_sure() -> None:
    one = card("coach", settled=Settled("neither", "hr", 0.4), sure=0.97)
    assert (one.verdict, one.instead, one.confidence_band) == ("neither", "hr", "low")


def test_the_bands_begin_at_the_calibrated_figures() -> None:
    band = StubJudge.calibration.band
    assert [band(share) for share in (1.0, 0.7, 0.699, 0.5, 0.499, 0.0)] == [
        "high",
        "high",
        "fair",
        "fair",
        "low",
        "low",
    ]
