"""The criteria are whole and lead somewhere; a broken file is named with what is wrong in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.domain import Ask
from assistant.errors import CriteriaError
from assistant.judgement.criteria import INSTEADS, SIGNS, VERDICTS, Criteria, DecidingQuestion, Outcome, read_criteria
from assistant.settings import packaged

FILE = packaged("prompts") / "criteria.toml"
TEXT = FILE.read_text(encoding="utf-8")
CRITERIA: Criteria = read_criteria(FILE)
OUTCOMES: dict[str, Outcome] = {
    **{name: outcome for name, outcome in CRITERIA.verdicts.items() if name != "neither"},
    **CRITERIA.insteads,
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_what_the_card_says_of_an_outcome_is_all_worded(name: str) -> None:
    outcome = OUTCOMES[name]
    for words in (
        outcome.label,
        outcome.meaning,
        outcome.why,
        outcome.why_on_behalf,
        outcome.would_change,
        outcome.step,
    ):
        assert words
    assert 1 <= len(outcome.read_on) <= 2


@pytest.mark.parametrize("name", OUTCOMES)
def test_there_is_a_draft_wherever_there_is_somebody_to_write_to(name: str) -> None:
    drafts = (OUTCOMES[name].draft, OUTCOMES[name].draft_on_behalf)
    if name in ("counselling", "unclear"):
        assert drafts == ("", "")
    else:
        assert drafts[0]
    for draft in filter(None, drafts):
        assert "{to}" in draft
        assert set(re.findall(r"\{\w*\}", draft)) <= {"{to}", "{quotes}", "{coach_quotes}", "{mentor_quotes}"}
        assert "quotes}" in draft


def test_the_verdict_neither_has_a_label_and_leaves_the_rest_to_what_fits_instead() -> None:
    assert CRITERIA.verdicts["neither"].label
    assert CRITERIA.outcome("neither", "hr") is CRITERIA.insteads["hr"]
    assert CRITERIA.outcome("coach", None) is CRITERIA.verdicts["coach"]


@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_has_a_label_and_begins_a_reason_with_the_clause_in_it(sign: str) -> None:
    meaning = CRITERIA.signs[sign]  # type: ignore[index]
    assert meaning.label
    assert meaning.meaning
    assert meaning.lead.count("{quote}") == 1
    assert meaning.lead.endswith(".")


def test_every_pole_has_signs_and_what_fits_instead_has_one_each() -> None:
    assert {meaning.pole for meaning in CRITERIA.signs.values()} == {"coach", "mentor", "elsewhere", "none"}
    assert [sign for sign, meaning in CRITERIA.signs.items() if meaning.pole == "elsewhere"] == list(INSTEADS)


@pytest.mark.parametrize("question", CRITERIA.questions, ids=lambda question: question.ask.question)
def test_each_answer_of_a_question_leads_to_a_verdict_and_not_all_to_the_same(question: DecidingQuestion) -> None:
    found = [CRITERIA.leads_to(question.ask, option) for option in question.ask.options]
    assert None not in found
    assert all(verdict in VERDICTS and verdict != "unclear" for verdict, _ in found if found)  # type: ignore[misc]
    assert all((instead is not None) == (verdict == "neither") for verdict, instead in found)  # type: ignore[misc]
    assert len(set(found)) == len(found)
    assert 2 <= len(question.ask.options) <= 4


@pytest.mark.parametrize("question", CRITERIA.questions, ids=lambda question: question.ask.question)
def test_a_question_decides_between_what_its_answers_lead_to(question: DecidingQuestion) -> None:
    assert question.between <= {*VERDICTS, *INSTEADS}
    assert question.between <= {target.rpartition("/")[2] for target in question.leads_to}


def test_there_are_questions_for_oneself_and_for_somebody_else() -> None:
    assert {question.asked_of for question in CRITERIA.questions} == {"self", "other"}
    texts = [question.ask.question for question in CRITERIA.questions]
    assert len(set(texts)) == len(texts)


def test_an_answer_or_a_question_that_is_not_ours_leads_nowhere() -> None:
    question = CRITERIA.questions[0].ask
    assert CRITERIA.leads_to(question, "something else") is None
    assert CRITERIA.leads_to(Ask("Another question?", question.options), question.options[0]) is None


def broken(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[verdicts", "document|line 1"),
        ("", "verdicts"),
        (broken("[verdicts.mentor]", "[verdicts.guru]"), "mentor"),
        (broken("[instead.expert]", "[instead.wizard]"), "expert"),
        (broken("\nthin = {", "\nthick = {"), "thin"),
        (broken('label = "A coach"\n', ""), "label"),
        (broken('label = "A coach"', 'lable = "A coach"'), "lable"),
        (broken('leads_to = "coach"', 'leads_to = "guru"'), "guru"),
        (broken('leads_to = "neither/manager"', 'leads_to = "neither"'), "neither|''"),
        (broken('leads_to = "neither/manager"', 'leads_to = "neither/boss"'), "boss"),
        (broken('leads_to = "coach"', "leads_to = 3"), "3|leads_to"),
        (broken('leads_to = "coach"', 'leads_to = "unclear"'), "unclear"),
        (broken("{coach_quotes}", "{coach_words}"), "coach_words"),
        (broken('for = "self"', 'for = "myself"'), "myself"),
        (broken('question = "Which comes', 'questoin = "Which comes'), "question"),
        (broken('pole = "coach"', 'pole = "couch"'), "couch"),
        (broken('between = ["coach", "mentor"]', 'between = ["couch", "mentor"]'), "couch"),
        (TEXT.partition("[[questions]]")[0], "questions"),
        (TEXT.replace('for = "other"', 'for = "self"'), "other"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path: Path, content: str, named: str) -> None:
    file = tmp_path / "criteria.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(CriteriaError) as caught:
        read_criteria(file)
    before, _, problem = str(caught.value).partition(str(file))
    assert before
    assert re.search(named, problem)
    assert "\n" not in problem


def test_a_missing_file_and_one_in_another_encoding_are_named(tmp_path: Path) -> None:
    with pytest.raises(CriteriaError, match=r"nowhere\.toml"):
        read_criteria(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes("[verdicts]\nx = 'é'".encode("latin-1"))
    with pytest.raises(CriteriaError, match=r"latin\.toml"):
        read_criteria(tmp_path / "latin.toml")
