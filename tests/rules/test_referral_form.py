"""Tests of the whole referral form: the questions of the flow chart, and consent for a person under 16."""

from datetime import date

import pytest

from shared.registers.form.conditions import Verdict, consent_verdict
from shared.registers.form.person import rating_of
from shared.registers.form.reading import read_answers
from shared.registers.form.showing import as_text, fill_fields
from tests.rules.typed import a_referral, dsr, read, read_outcome

YOUNG = {"capacity_to_consent": "no", "under_16": "yes", "parental_consent": "yes", "date_of_birth-year": "2010"}


def _answered(**typed: str) -> dict[str, str]:
    """Return the stored answers to these questions, as a page shows them."""
    checked = read(a_referral(**typed))
    assert {} == checked.faults
    return {row.name: row.text for row in as_text(dsr().form, checked.answers) if row.name in typed}


@pytest.mark.requirement("R-FLOW-001")
@pytest.mark.parametrize(
    ("code", "said"),
    [("historic", "Historic (in last 3yrs)"), ("current", "Current"), ("both", "Historic and current")],
)
def test_the_referral_says_when_the_risk_was(code: str, said: str) -> None:
    assert {"risk_period": said} == _answered(risk_period=code)


@pytest.mark.requirement("R-FLOW-002", "R-FLOW-003", "R-FLOW-008", "R-FLOW-018")
def test_the_referral_says_what_was_shared_agreed_and_with_whom_it_was_talked_over() -> None:
    said = _answered(
        information_shared="yes", tool_agreed="no", family_consulted="not_possible", lead_professional="Jenny Harris"
    )

    assert ["Not possible", "Yes", "No", "Jenny Harris"] == list(said.values())


@pytest.mark.requirement("R-FLOW-002", "R-FLOW-006")
def test_leaflets_and_the_guidance_on_the_tool_are_linked_from_the_form() -> None:
    guidance = dsr().form.by_name["risk_level"].guidance

    assert ["DSR web page"] == [link.text for link in dsr().form.sections[0].links]
    assert guidance is not None
    assert guidance.link is not None
    assert "DSD Clinical Support Tool guidance" == guidance.link.text


@pytest.mark.requirement("R-FLOW-004", "R-FLOW-005")
def test_of_the_tool_its_name_version_date_and_who_completed_it_are_kept_and_nothing_else() -> None:
    said = _answered(
        tool_completed="yes",
        tool_name="dsd_young",
        tool_version="2",
        tool_date="01/07/2022",
        tool_completed_by="Gail Thomas",
        risk_level_date="02/07/2022",
    )

    assert [
        "Yes",
        "DSD Clinical Support Tool, children and young people",
        "2",
        "01/07/2022",
        "Gail Thomas",
        "02/07/2022",
    ] == list(said.values())


def test_a_tool_that_is_not_the_usual_one_is_named() -> None:
    checked = read(a_referral(tool_completed="yes", tool_name="other"))

    assert {"tool_other": "Enter the name of the tool that was completed"} == checked.faults


def test_of_a_tool_that_was_not_completed_nothing_is_asked() -> None:
    answers = read(a_referral(tool_completed="no", tool_version="2", rating_departs="yes")).answers

    assert {"tool_completed"} == {"tool_completed", "tool_version", "rating_departs"} & answers.keys()


@pytest.mark.requirement("R-FLOW-004")
def test_a_rating_that_departs_from_the_tool_needs_its_reason_and_is_never_worked_out() -> None:
    without = read(a_referral(tool_completed="yes", rating_departs="yes"))
    given = read(
        a_referral(tool_completed="yes", rating_departs="yes", rating_departs_reason="Moving soon.", risk_level="red")
    )
    level = rating_of(dsr(), given.answers)

    assert {"rating_departs_reason": "Say why clinical judgement departs from the tool"} == without.faults
    assert level is not None
    assert "red" == level.code
    assert {"risk_level": "Choose the level of risk"} == read(a_referral(tool_completed="yes", risk_level="")).faults


def test_the_gp_may_be_named_and_the_nhs_number_is_checked() -> None:
    assert ["999 000 0018", "Dr Day", "High Street"] == list(
        _answered(nhs_number="9990000018", gp_name="Dr Day", gp_practice="High Street").values()
    )
    assert ["nhs_number"] == list(read(a_referral(nhs_number="9990000019")).faults)


def test_every_question_that_must_be_answered_says_how_in_its_own_words() -> None:
    forms = [form for form in (dsr().form, dsr().outcome) if form]

    assert [] == [
        question.name for form in forms for question in form.asked if question.required and not question.missing
    ]


# ------------------------------------------------------------------------------------------------------------- under 16
@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({"capacity_to_consent": "yes", "consent_given": "yes"}, "accepted"),  # assessed as competent
        ({"parental_consent": "yes"}, "accepted"),
        ({"parental_consent": "no"}, "refused"),
        ({"parental_consent": "", "best_interest_decision": "yes"}, "open"),
    ],
)
def test_under_16_the_competent_consent_and_for_others_somebody_with_parental_responsibility(
    answers: dict[str, str], verdict: Verdict
) -> None:
    assert verdict == consent_verdict(dsr(), read(a_referral(**(YOUNG | {"consent_given": ""} | answers))).answers)


def test_under_16_there_is_no_best_interest_decision_and_from_16_nobody_consents_for_another() -> None:
    young = read(a_referral(**YOUNG, best_interest_decision="yes"))
    older = read(a_referral(capacity_to_consent="no", under_16="no", parental_consent="yes"))

    assert (True, False) == (young.ok, "best_interest_decision" in young.answers)
    assert ["best_interest_decision"] == list(older.faults)
    assert "parental_consent" not in older.answers


def test_nobody_becomes_too_old_for_a_consent_that_was_given_in_time() -> None:
    """Check that a record stays open to changes after the 16th birthday, even if no date of consent was given."""
    form, words, later = dsr().form, dsr().words, date(2030, 1, 1)
    kept = read(a_referral(**YOUNG)).answers
    now_red = fill_fields(form, kept | {"risk_level": "red"})

    assert read_answers(form, now_red, words, later, kept).ok
    assert ["date_of_birth"] == list(read_answers(form, now_red, words, later).faults)
    born_earlier = now_red | {"date_of_birth-year": "2009"}
    assert ["date_of_birth"] == list(read_answers(form, born_earlier, words, later, kept).faults)


@pytest.mark.requirement("R-FLOW-007", "R-FLOW-009")
def test_the_consent_of_a_parent_is_kept_with_who_when_by_whom_and_where() -> None:
    said = _answered(
        **YOUNG,
        parental_consent_by="Pat Plum, mother",
        consent_date="01/07/2022",
        consent_taken_by="Gail Thomas",
        consent_kept_at="Trust system",
    )

    assert ["Pat Plum, mother", "01/07/2022", "Gail Thomas", "Trust system"] == [
        said[name] for name in ("parental_consent_by", "consent_date", "consent_taken_by", "consent_kept_at")
    ]


def test_who_found_a_young_person_competent_is_asked_of_the_young_alone() -> None:
    answers = [
        read(a_referral(under_16=under_16, competence_found_by="Gail Thomas", **{"date_of_birth-year": "2010"})).answers
        for under_16 in ("yes", "no")
    ]

    assert [True, False] == ["competence_found_by" in each for each in answers]


@pytest.mark.parametrize(
    ("born", "consented", "taken"),
    [
        ("7/2/2010", "", True),
        ("15/7/2006", "", True),  # 16 tomorrow
        ("14/7/2006", "", False),  # 16 today
        ("14/7/2006", "13/07/2022", True),  # consented on the day before
        ("7/2/2001", "01/07/2022", False),
    ],
)
def test_a_parent_consents_for_nobody_who_was_16_on_that_day(born: str, consented: str, taken: bool) -> None:
    day, month, year = born.split("/")
    date_of_birth = {"date_of_birth-day": day, "date_of_birth-month": month, "date_of_birth-year": year}

    checked = read(a_referral(**(YOUNG | date_of_birth), consent_date=consented))

    assert ([] if taken else ["date_of_birth"]) == list(checked.faults)


# ------------------------------------------------------------------------------------------------------------- outcomes
@pytest.mark.requirement("R-DSR-133")
def test_both_meetings_have_a_day_and_a_result_of_their_own() -> None:
    both = {"cetr_requested": "yes", "laep_requested": "yes", "meeting_happened": "yes"}
    kept = {"cetr_date": "01/07/2022", "cetr_result": "Agreed", "laep_date": "02/07/2022", "laep_result": "Not agreed"}

    assert {"cetr_date", "cetr_result", "laep_date", "laep_result"} <= read_outcome(**both, **kept).answers.keys()
    only_one = read_outcome(**(both | kept | {"laep_requested": "no"})).answers
    assert {"cetr_date", "cetr_result"} == {name for name in kept if name in only_one}
