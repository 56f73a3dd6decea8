"""Tests of how a form is read: which questions are asked, which answers are accepted, and a message for each fault."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.registers.definition.questions import Question
from shared.registers.form.conditions import visible_questions
from shared.registers.form.reading import read_answers
from shared.registers.form.showing import as_text, differences, fill_fields, show_answer
from shared.values import ValueFault
from tests.rules.typed import TODAY, a_referral, dsr, read, read_outcome


def test_the_least_that_is_asked_is_enough() -> None:
    checked = read(a_referral())

    assert (True, "2001-02-07", "Percy") == (
        checked.ok,
        checked.answers["date_of_birth"],
        checked.answers["first_name"],
    )


@pytest.mark.requirement("R-DSR-089")
def test_what_is_not_in_the_minimum_may_stay_empty() -> None:
    typed = {question.name: "" for question in dsr().form.asked} | a_referral()

    assert {} == read(typed).faults


def test_each_required_question_that_is_empty_has_its_own_sentence() -> None:
    faults = read({}).faults

    asked = [question.name for question in visible_questions(dsr().form, {}) if question.required]
    assert asked == list(faults)
    assert len(faults) == len(set(faults.values()))
    assert "Enter the person's first name" == faults["first_name"]


@pytest.mark.requirement("R-DSR-076", "R-DSR-077", "R-DSR-078", "R-DSR-084")
@pytest.mark.parametrize(
    "name", ["first_name", "last_name", "learning_disability_or_autism", "ethnicity", "risk_level", "locality"]
)
@pytest.mark.parametrize("empty", ["", "   "])
def test_a_referral_is_not_taken_without(name: str, empty: str) -> None:
    assert [name] == list(read(a_referral() | {name: empty}).faults)


@pytest.mark.requirement("R-DSR-084")
@pytest.mark.parametrize(("code", "taken"), [("green", True), ("amber", True), ("red", True), ("blue", False)])
def test_the_ratings_are_green_amber_and_red(code: str, taken: bool) -> None:
    assert taken == read(a_referral(risk_level=code)).ok


def test_an_answer_that_is_not_offered_is_not_taken() -> None:
    checked = read(a_referral(locality="atlantis"))

    assert {"locality": "Choose one of the answers offered: Locality"} == checked.faults
    assert "locality" not in checked.answers


def test_two_answers_to_one_question_are_not_taken() -> None:
    checked = read(a_referral() | {"risk_level": ["green", "red"]})

    assert {"risk_level": "Give one answer only: Level of risk as identified by the DSD Clinical Support Tool"} == (
        checked.faults
    )


def test_a_name_that_the_form_does_not_ask_is_refused() -> None:
    checked = read(a_referral() | {"created_by": "me", "first_name-day": "1", "date_of_birth-hour": "1"})

    assert ({}, False) == (checked.faults, checked.ok)
    assert ("created_by", "first_name-day", "date_of_birth-hour") == checked.unknown


def test_nothing_that_was_typed_is_lost_when_something_is_wrong() -> None:
    typed = a_referral(postcode="ST0 OTR", nhs_number="123", best_interest_decision="yes", latest_update="x" * 10_001)

    checked = read(typed)

    assert {"postcode", "nhs_number", "latest_update"} == checked.faults.keys()
    assert typed == checked.raw


def test_a_letter_in_a_postcode_is_answered_with_what_was_probably_meant() -> None:
    assert (
        "Postcode has a letter where a number is needed. Did you mean ST0 0TR?"
        == (read(a_referral(postcode="ST0 OTR")).faults["postcode"])
    )


def test_a_text_that_is_too_long_says_by_how_much() -> None:
    longest = a_referral(first_name="x" * 100)

    assert read(longest).ok
    assert (
        "First Name must be 100 characters or fewer. You typed 101."
        == (read(longest | {"first_name": "x" * 101}).faults["first_name"])
    )


# ---------------------------------------------------------------------------------------------------------- conditions
@pytest.mark.requirement("R-DSR-130")
def test_with_no_meeting_requested_no_further_question_is_asked() -> None:
    checked = read_outcome(
        cetr_requested="no", laep_requested="no", meeting_happened="yes", why_it_did_not_happen="x", notes="Well."
    )

    assert checked.ok
    assert {"cetr_requested": "no", "laep_requested": "no", "notes": "Well."} == checked.answers


@pytest.mark.requirement("R-DSR-128", "R-DSR-129")
def test_both_requests_must_be_answered() -> None:
    assert ["cetr_requested", "laep_requested"] == list(read_outcome().faults)


@pytest.mark.requirement("R-DSR-131")
@pytest.mark.parametrize(("cetr", "laep"), [("yes", "no"), ("no", "yes"), ("yes", "yes")])
def test_with_either_meeting_requested_it_must_be_said_whether_one_happened(cetr: str, laep: str) -> None:
    assert ["meeting_happened"] == list(read_outcome(cetr_requested=cetr, laep_requested=laep).faults)


@pytest.mark.requirement("R-DSR-132", "R-DSR-133")
@pytest.mark.parametrize(("happened", "taken"), [("no", "why_it_did_not_happen"), ("yes", "meeting_outcome")])
def test_what_is_taken_depends_on_whether_a_meeting_happened(happened: str, taken: str) -> None:
    typed = {"why_it_did_not_happen": "Nobody came", "meeting_outcome": "plan_changed"}

    checked = read_outcome(cetr_requested="yes", laep_requested="no", meeting_happened=happened, **typed)

    assert {taken: typed[taken]} == {name: checked.answers[name] for name in typed if name in checked.answers}


def test_an_answer_to_a_question_that_is_no_longer_asked_does_not_ask_others() -> None:
    checked = read(
        a_referral(capacity_to_consent="yes", best_interest_decision="yes", consent_given="no", consent_date="x")
    )

    assert checked.ok
    assert not {"best_interest_decision", "consent_date"} & checked.answers.keys()


def test_only_the_questions_that_are_asked_are_visible() -> None:
    asked = [question.name for question in visible_questions(dsr().form, {"capacity_to_consent": "no"})][:3]

    assert ["capacity_to_consent", "under_16", "best_interest_decision"] == asked


# --------------------------------------------------------------------------------------------------------------- dates
def _born(**parts: str) -> dict[str, str]:
    typed = {name: value for name, value in a_referral().items() if not name.startswith("date_of_birth")}
    return typed | {f"date_of_birth-{part.replace('_', '-')}": value for part, value in parts.items()}


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"day": "7", "year": "2001"}, "Date of Birth must include a month"),
        ({"day": "31", "month": "2", "year": "2001"}, "Date of Birth must be a real date, like 17/06/2022"),
        ({"day": "7", "month": "2", "year": "01"}, "Date of Birth must include a 4-digit year, like 2022"),
        ({"day": "15", "month": "7", "year": "2022"}, "Date of Birth must be today or in the past"),
        ({}, "Enter the person's date of birth, or say that it is not known"),
        (
            {"day": "7", "month": "2", "year": "2001", "not_known": "yes"},
            "Give Date of Birth, or say that it is not known, but not both",
        ),
    ],
)
def test_a_date_says_what_to_do(parts: dict[str, str], says: str) -> None:
    assert {"date_of_birth": says} == read(_born(**parts)).faults


def test_a_birthday_may_be_said_to_be_not_known() -> None:
    checked = read(_born(not_known="yes"))

    assert (True, "not_known") == (checked.ok, checked.answers["date_of_birth"])
    assert "Date of birth is not known" in [row.text for row in as_text(dsr().form, checked.answers)]


def test_today_is_not_the_future() -> None:
    assert "2022-07-14" == read(_born(day="14", month="July", year="2022")).answers["date_of_birth"]


# ----------------------------------------------------------------------------------------------- answers read and shown
def _typed(question: Question) -> st.SearchStrategy[str]:
    if question.options:
        return st.sampled_from(["", *question.labels])
    if question.kind == "date":
        return st.dates(date(1900, 1, 1), TODAY + timedelta(9)).map(lambda day: f"{day:%d/%m/%Y}")
    if question.kind == "postcode":
        return st.sampled_from(["", "st163sr", "ST0 OTR", "nowhere"])
    if question.kind == "nhs_number":
        return st.sampled_from(["", "999 000 0018", "9990000019"])
    return st.text(max_size=30)


forms = st.fixed_dictionaries({question.name: _typed(question) for question in dsr().form.asked})


@pytest.mark.slow
@given(forms)
def test_the_service_reads_the_answers_that_the_gateway_read(typed: dict[str, str]) -> None:
    read_by_gateway = read(typed).answers

    read_by_service = read(json.loads(json.dumps(read_by_gateway)))

    assert read_by_gateway == read_by_service.answers
    assert not read_by_service.unknown


@pytest.mark.slow
@given(forms)
def test_a_record_opens_in_its_form_with_the_same_answers(typed: dict[str, str]) -> None:
    answers = read(typed).answers

    assert answers == read(fill_fields(dsr().form, answers)).answers


@pytest.mark.slow
@given(forms)
def test_every_question_asked_is_answered_or_empty_or_has_its_sentence(typed: dict[str, str]) -> None:
    checked = read(typed)

    asked = {question.name for question in visible_questions(dsr().form, checked.answers)}
    assert asked >= checked.answers.keys() | checked.faults.keys()
    assert not checked.answers.keys() & checked.faults.keys()
    assert all("{" not in says for says in checked.faults.values() if "{" not in str(typed.values()))


@pytest.mark.slow
@given(forms, forms)
def test_the_differences_are_the_questions_whose_answer_changed(one: dict[str, str], other: dict[str, str]) -> None:
    before, after = read(one).answers, read(other).answers

    changed = {change.name for change in differences(dsr().form, before, after)}

    assert {name for name in {**before, **after} if before.get(name) != after.get(name)} == changed


def test_history_shows_words_instead_of_codes() -> None:
    before, after = read(a_referral()).answers, read(a_referral(risk_level="red", nhs_number="9990000018")).answers

    changes = differences(dsr().form, before, after)

    assert [("NHS Number", "", "999 000 0018")] == [
        (c.label, c.before, c.after) for c in changes if c.name == "nhs_number"
    ]
    assert [("Green", "Red")] == [(c.before, c.after) for c in changes if c.name == "risk_level"]


def test_a_code_that_its_list_has_lost_is_shown_as_it_is() -> None:
    assert "oldtown" == show_answer(dsr().form.by_name["locality"], "oldtown")


def test_there_are_words_for_every_fault() -> None:
    assert set(ValueFault) == set(dsr().words.group("faults"))


def test_reading_needs_no_definition_but_the_form_and_its_words() -> None:
    assert read(a_referral()).answers == read_answers(dsr().form, a_referral(), dsr().words, date(2031, 1, 1)).answers
