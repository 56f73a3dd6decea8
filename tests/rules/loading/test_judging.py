"""Tests that a row is loaded only if the form would take it, and that what is wrong is said without repeating it."""

import re

import pytest

from services.referrals.loading import sentences
from services.referrals.loading.judging import judge
from shared.registers.load import load_registers
from tests.rules.loading.files import GOOD_ANSWERS, TODAY, judge_rows, read_rows, table_of, table_with, told
from tests.rules.typed import carers

DSR = load_registers().find("dsr")
NORTH = "north_staffordshire_stoke"


def judged_with(**other: str) -> list[tuple[str, str]]:
    return told(judge_rows(DSR, table_with(**other))[1])


def test_a_good_row_can_be_loaded() -> None:
    for judged in judge_rows(DSR, table_with(RAG="G")):
        assert ((), ()) == (judged.faults, judged.missing)


@pytest.mark.requirement("R-LOAD-004")
def test_a_mandatory_answer_outside_the_floor_may_be_missing_and_is_named() -> None:
    judged = judge_rows(DSR, table_with(**{"Ethnicity": "", "LD/Autism": "-"}))[1]

    assert ((), ("Does the person have a learning disability and/or Autism?", "Ethnicity")) == (
        judged.faults,
        judged.missing,
    )


@pytest.mark.parametrize(
    ("heading", "says"),
    [
        ("Surname", "Enter the person's last name"),
        ("D.O.B.", "Enter the person's date of birth, or say that it is not known"),
        ("Locality/Team", "Choose the person's locality"),
        ("Lead professional", "Enter the name of the lead professional"),
        ("RAG", "Choose the level of risk"),
        ("Capacity", "Say whether the person has capacity to consent"),
        ("Consent given", "Say whether the person has consented"),
    ],
)
def test_an_answer_of_the_floor_or_of_consent_is_needed(heading: str, says: str) -> None:
    assert (heading, says) in judged_with(**{heading: ""})


def test_a_name_without_letters_is_none() -> None:
    assert [("Surname", "Enter the person's last name")] == judged_with(Surname=".")


def test_a_row_without_consent_is_an_error() -> None:
    assert [("Consent given", sentences.NO_CONSENT)] == judged_with(**{"Consent given": "N"})


def test_nothing_is_said_of_consent_while_its_cell_cannot_be_read() -> None:
    (fault,) = judged_with(**{"Consent given": "Perhaps"})

    assert "Consent given" == fault[0]


def test_a_cell_whose_question_is_not_asked_is_named() -> None:
    label = "Has the DSD Clinical Support Tool been completed with the team around the person?"

    assert [("Tool date", sentences.NOT_ASKED.format(label=label))] == judged_with(**{"Tool date": "01/02/2024"})


@pytest.mark.parametrize("cell", ["No", "n/a", ""])
def test_a_plain_no_to_a_question_that_is_not_asked_says_nothing(cell: str) -> None:
    judged = judge_rows(DSR, table_with(**{"Best interest decision": cell}))[1]

    assert ((), GOOD_ANSWERS) == (judged.faults, judged.answers)


def test_dates_out_of_order_are_named_without_repeating_them() -> None:
    faults = judged_with(**{"Consent date": "17/06/1980"})

    assert {"D.O.B.", "Consent date"} == {heading for heading, _ in faults}
    assert not any(re.search(r"\d", says) for _, says in faults)


def test_an_unlikely_date_of_birth_is_named() -> None:
    assert [("D.O.B.", sentences.CHECK_THE_YEAR)] == judged_with(**{"D.O.B.": "17/06/1890"})


def test_a_retired_option_is_not_loaded_unless_the_record_has_it() -> None:
    register = DSR.model_copy(
        update={
            "form": DSR.form.with_questions(
                lambda question: (
                    question.model_copy(
                        update={
                            "options": (
                                question.options[0],
                                question.options[1].model_copy(update={"retired": True}),
                            )
                        }
                    )
                    if question.name == "locality"
                    else question
                )
            )
        }
    )
    table = table_with(**{"Locality/Team": "North Staffs"})

    new, kept = judge_rows(register, table)[1], judge_rows(register, table, GOOD_ANSWERS | {"locality": NORTH})[1]

    assert (["Locality/Team"], []) == ([heading for heading, _ in told(new)], told(kept))


def test_an_empty_cell_keeps_the_answer_and_the_word_clear_takes_it_away() -> None:
    before = GOOD_ANSWERS | {"postcode": "ST4 4LJ", "gp_name": "Dr Ash", "latest_update": "well"}
    table = table_with(**{"GP name": "CLEAR", "Postcode": "", "Surname": "Jones"})

    judged = judge_rows(DSR, table, before)[1]

    expected = {name: answer for name, answer in before.items() if name != "gp_name"} | {"last_name": "Jones"}
    assert ((), expected) == (judged.faults, judged.answers)


def test_one_row_is_judged_as_it_is_among_others() -> None:
    table = table_with(**{"Consent date": "17/06/1980", "Ethnicity": ""})
    rows = read_rows(DSR, table)

    assert [judge(DSR, row, None, TODAY) for row in rows] == judge_rows(DSR, table)


def test_an_invented_register_is_loaded_by_its_own_rules() -> None:
    register = carers()
    headings = [
        "Goes by",
        "Family name",
        "Birthday",
        "Oes ffôn?",
        "Telephone",
        "Cares for",
        "Began caring",
        "Stopped caring",
    ]
    rows = [
        ["Ann", "Lee", "17/06/1990", "Oes", "01785 600 000", "a child; A parent", "01/02/2020", "05/06/2027"],
        ["Bo", "Lee", "17/06/1990", "Nac oes", "01785 600 000", "A friend", "01/02/2020", "05/06/2019"],
    ]

    good, bad = judge_rows(register, table_of(headings, rows))

    assert ((), ("parent", "child"), "2027-06-05") == (good.faults, good.answers["cares_for"], good.answers["stopped"])
    assert ["Cares for", "Stopped caring", "Telephone"] == sorted(heading for heading, _ in told(bad))
