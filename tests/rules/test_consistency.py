"""Answers that contradict each other: dates in an impossible order, and ages that do not fit another answer."""

from contextlib import nullcontext
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outcomes import rules as outcome_rules
from services.referrals.rules.answers import changed_answers
from services.referrals.rules.saving import checked_answers
from shared.contracts.outcomes import RecordOutcome
from shared.contracts.referrals.answers import Answer, InvalidAnswers
from shared.ids import new_id
from shared.messages import Refused
from shared.registers.checks import find_faults
from shared.registers.definition.questions import AgeRange, OrderRule
from shared.registers.definition.register import Definition
from shared.registers.form.consistency import birth_known, contradictions
from shared.registers.form.reading import read_answers, sure_field
from shared.registers.load import load_registers
from tests.services.referrals.builders import a_referral

TODAY = date(2026, 11, 30)
DSR = load_registers().find("dsr")
TOOL = {"tool_completed": "yes"}
NO_CAPACITY = {"capacity_to_consent": "no", "consent_given": ""}
OLD = "With the date of birth 12/05/1901 the person is 125 years old. Check the year."


def faults(**answers: str) -> dict[str, str]:
    return read_answers(DSR.form, a_referral(**{"under_16": "", **answers}), DSR.words, TODAY).faults


@pytest.mark.parametrize(
    ("name", "further", "label"),
    [
        ("consent_date", {}, "Date of the consent or best interest decision"),
        ("tool_date", TOOL, "Date on which the tool was completed"),
        ("risk_level_date", {}, "Date of the rating"),
    ],
)
def test_nothing_is_dated_before_the_birth(name: str, further: dict[str, str], label: str) -> None:
    found = faults(date_of_birth="2001-05-05", **{name: "2001-05-04"}, **further)
    same_day = faults(date_of_birth="2001-05-05", risk_level_date="2001-05-05")

    said = f"{label} (04/05/2001) is before Date of Birth (05/05/2001). Put right whichever is wrong."
    assert said == found["date_of_birth"] == found[name]
    assert {} == same_day


@pytest.mark.parametrize(
    ("answers", "at", "said"),
    [
        (
            {"under_16": "yes", "date_of_birth": "1985-07-07", "consent_date": "2026-11-01"},
            {"under_16", "date_of_birth"},
            "You say that the person is under 16. With the date of birth 07/07/1985 the person was 41 on 01/11/2026.",
        ),
        (
            {"under_16": "no", "date_of_birth": "2016-05-04"},
            {"under_16", "date_of_birth"},
            "You say that the person is not under 16. With the date of birth 04/05/2016 the person was 10 on "
            "30/11/2026.",
        ),
        (
            {"date_of_birth": "2012-05-04"},
            {"under_16"},
            "Say whether the person is under 16. With the date of birth 04/05/2012 the person was 14 on 30/11/2026.",
        ),
    ],
    ids=["under 16 at 41", "not under 16 at 10", "blank at 14"],
)
def test_under_16_and_the_date_of_birth_must_agree_and_both_are_named(
    answers: dict[str, str], at: set[str], said: str
) -> None:
    assert dict.fromkeys(at, said) == faults(**answers)


def test_under_16_there_is_no_best_interest_decision() -> None:
    found = faults(best_interest_decision="yes", date_of_birth="2016-05-04", under_16="no", **NO_CAPACITY)

    said = "Under 16 there is no best interest decision. With the date of birth 04/05/2016 the person was 10 on"
    assert found["best_interest_decision"].startswith(said)


def test_the_age_is_that_on_the_day_of_the_consent() -> None:
    sixteen_today = {"date_of_birth": "2010-11-30"}

    assert {} == faults(**sixteen_today) == faults(under_16="yes", consent_date="2026-11-29", **sixteen_today)
    assert {"under_16"} == faults(consent_date="2026-11-29", **sixteen_today).keys()


def test_without_a_date_of_birth_nothing_is_compared() -> None:
    assert {} == faults(date_of_birth="not_known", under_16="yes", consent_date="1990-01-01")


# ------------------------------------------------------------------------------------------------------ unlikely ages
def test_an_age_over_110_is_asked_about_and_taken_once_it_is_confirmed() -> None:
    typed = a_referral(date_of_birth="1901-05-12")
    asked = read_answers(DSR.form, typed, DSR.words, TODAY)
    confirmed = read_answers(DSR.form, typed | {sure_field("date_of_birth"): "1901-05-12"}, DSR.words, TODAY)

    assert ({"date_of_birth": OLD}, {"date_of_birth": "1901-05-12"}) == (asked.faults, asked.doubts)
    assert (True, ("date_of_birth",)) == (confirmed.ok, confirmed.sure)


def test_a_confirmation_is_of_the_answer_that_was_shown() -> None:
    typed = a_referral(date_of_birth="1902-05-12") | {sure_field("date_of_birth"): "1901-05-12"}

    assert not read_answers(DSR.form, typed, DSR.words, TODAY).ok


def test_the_service_takes_an_unlikely_age_from_who_is_sure_alone() -> None:
    typed = a_referral(date_of_birth="1901-05-12")

    with pytest.raises(Refused, match="invalid_answers") as refused:
        checked_answers(DSR, typed, TODAY)

    assert InvalidAnswers(faults=1) == refused.value.details
    assert typed == checked_answers(DSR, typed, TODAY, sure=("date_of_birth",))


# --------------------------------------------------------------------------------------------------- what is there
def test_a_record_with_such_a_fault_can_be_updated_until_one_of_its_facts_changes() -> None:
    stored = a_referral(date_of_birth="2012-05-04", consent_date="2011-01-01", under_16="")

    assert "Moved" == changed_answers(DSR, stored, stored | {"latest_update": "Moved"}, TODAY)["latest_update"]
    with pytest.raises(Refused, match="invalid_answers"):
        changed_answers(DSR, stored, stored | {"consent_date": "2011-01-02"}, TODAY)


def test_nothing_is_confirmed_that_is_not_asked_because_of_a_fault() -> None:
    doubted = an_age(birth="tool_date", oldest=0, at=("tool_date",), asked=True)
    hides_it = an_age(oldest=0, at=("tool_completed",))
    typed = a_referral(tool_date="2020-01-01", **TOOL)

    sure = typed | {sure_field("tool_date"): "2020-01-01"}
    checked = read_answers(with_rules(doubted, hides_it).form, sure, DSR.words, TODAY)

    assert {"tool_completed": "Too old"} == checked.faults
    assert ("tool_date" in checked.answers, ()) == (False, checked.sure)


def test_an_answer_that_the_form_hides_contradicts_nothing() -> None:
    stored = a_referral(date_of_birth="2001-05-05", tool_date="2001-05-04", under_16="")

    shown, hidden = ({**stored, "tool_completed": answer} for answer in ("yes", "no"))

    assert [1, 0] == [len([*contradictions(DSR.form, each, DSR.words, TODAY)]) for each in (shown, hidden)]


dates = st.dates(date(1920, 1, 1), TODAY).map(date.isoformat)


@given(born=dates, consent=dates, rated=dates, under_16=st.sampled_from(["yes", "no", ""]))
def test_what_is_taken_contradicts_nothing(born: str, consent: str, rated: str, under_16: str) -> None:
    typed = a_referral(date_of_birth=born, consent_date=consent, risk_level_date=rated, under_16=under_16)

    checked = read_answers(DSR.form, typed, DSR.words, TODAY)

    assert checked.ok == (not list(contradictions(DSR.form, typed, DSR.words, TODAY)))
    if checked.ok:
        years = (date.fromisoformat(consent) - date.fromisoformat(born)) / timedelta(days=365.2425)
        assert born <= min(consent, rated)
        assert under_16 == "yes" or years > 15.9
        assert under_16 != "yes" or years < 16.1


# ------------------------------------------------------------------------------------------------------------ outcomes
def meeting(day: str) -> RecordOutcome:
    answers: dict[str, Answer] = {
        "cetr_requested": "yes",
        "laep_requested": "no",
        "meeting_happened": "yes",
        "cetr_date": day,
    }
    return RecordOutcome(command_id=new_id(), edition="2022", record_id=new_id(), version=1, answers=answers)


def test_no_meeting_is_held_before_the_birth() -> None:
    born = date(2001, 2, 7)

    with pytest.raises(Refused, match="invalid_answers"):
        outcome_rules.checked_answers(DSR, meeting("2001-02-06"), TODAY, born)

    assert outcome_rules.checked_answers(DSR, meeting("2001-02-07"), TODAY, born)
    assert outcome_rules.checked_answers(DSR, meeting("2001-02-06"), TODAY)


def test_the_sentence_about_a_meeting_names_both_dates() -> None:
    assert DSR.outcome is not None
    answers = meeting("2001-02-06").answers

    checked = read_answers(DSR.outcome, answers, DSR.words, TODAY, known=birth_known(DSR, date(2001, 2, 7)))

    said = "Date of the C(E)TR (06/02/2001) is before Date of Birth (07/02/2001). Put right whichever is wrong."
    assert {"cetr_date": said} == checked.faults


# -------------------------------------------------------------------------------------------------------- definitions
def with_rules(*rules: OrderRule | AgeRange) -> Definition:
    return DSR.model_copy(update={"form": DSR.form.model_copy(update={"rules": rules})})


def an_age(**changes: object) -> AgeRange:
    fields = {"kind": "age", "birth": "date_of_birth", "oldest": 110, "at": ("date_of_birth",), "said": "Too old"}
    return AgeRange.model_validate(fields | changes)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (OrderRule(kind="order", first="first_name", then=("consent_date",)), "first_name is not a date of the form"),
        (OrderRule(kind="order", first="date_of_birth", then=("cetr_date",)), "cetr_date is not a date of the form"),
        (an_age(on="postcode"), "postcode is not a date of the form"),
        (an_age(at=("cetr_date",)), "cetr_date is not a question of the form"),
        (an_age(without=("nothing",)), "nothing is not a question of the form"),
        (an_age(when={"under_16": "maybe"}), "maybe is not one of the answers of under_16: yes, no"),
        (an_age(youngest=120), "allows no age: youngest is above oldest"),
        (an_age(asked=True, at=("under_16",)), "is asked about, so date_of_birth must be a question of the form"),
    ],
    ids=str,
)
def test_a_rule_that_names_what_is_not_there_is_a_fault_of_the_definition(
    rule: OrderRule | AgeRange, says: str
) -> None:
    found = [str(each) for each in find_faults(with_rules(rule))]

    assert any(each.startswith("form, rule 1: ") and says in each for each in found)


@pytest.mark.parametrize(("codes", "is_refused"), [((), False), (("no",), True), (("no", "yes"), False)])
def test_a_record_ends_only_with_the_answers_that_the_register_names(codes: tuple[str, ...], is_refused: bool) -> None:
    (archive,) = DSR.lifecycle.transitions
    when = ({"meeting_happened": codes},) if codes else ()
    lifecycle = DSR.lifecycle.model_copy(update={"transitions": (archive.model_copy(update={"when": when}),)})
    register = DSR.model_copy(update={"lifecycle": lifecycle})
    asked = meeting("2001-02-07")

    assert outcome_rules.checked_answers(register, asked, TODAY)
    with pytest.raises(Refused, match="does_not_end") if is_refused else nullcontext():
        assert outcome_rules.checked_answers(register, asked.model_copy(update={"ending": True}), TODAY)
