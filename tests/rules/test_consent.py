"""Tests of the consent gate: a record needs consent or a best interest decision."""

import pytest

from shared.registers.definition.lifecycle import ConsentGate, GateRule
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Verdict, consent_verdict
from shared.registers.form.showing import as_text
from tests.rules.typed import a_referral, dsr, read


def _gate() -> ConsentGate:
    gate = dsr().consent
    assert gate is not None
    return gate


def _with_gate(**changes: object) -> Definition:
    return dsr().model_copy(update={"consent": _gate().model_copy(update=changes)})


def _verdict(answers: dict[str, str], register: Definition | None = None) -> Verdict:
    typed = a_referral(capacity_to_consent="", consent_given="") | answers
    return consent_verdict(register or dsr(), read(typed).answers)


@pytest.mark.requirement("R-DSR-071", "R-DSR-075")
@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({"capacity_to_consent": "yes", "consent_given": "yes"}, "accepted"),
        ({"capacity_to_consent": "no", "best_interest_decision": "yes"}, "accepted"),
        ({"capacity_to_consent": "yes", "consent_given": "no"}, "refused"),
        ({"capacity_to_consent": "no", "best_interest_decision": "no"}, "refused"),
        ({}, "open"),
        ({"capacity_to_consent": "yes"}, "open"),
        ({"capacity_to_consent": "no"}, "open"),
    ],
)
def test_consent_or_a_best_interest_decision_decides(answers: dict[str, str], verdict: Verdict) -> None:
    assert verdict == _verdict(answers)


def test_the_answer_for_the_other_route_does_not_count() -> None:
    no_consent = {"capacity_to_consent": "yes", "consent_given": "no", "best_interest_decision": "yes"}
    no_decision = {"capacity_to_consent": "no", "consent_given": "yes", "best_interest_decision": "no"}

    assert ("refused", "refused") == (consent_verdict(dsr(), no_consent), consent_verdict(dsr(), no_decision))


def test_with_the_gate_off_everybody_is_taken() -> None:
    gate_off = _with_gate(gate="off")

    assert "accepted" == _verdict({"capacity_to_consent": "yes", "consent_given": "no"}, gate_off)


def test_what_no_rule_foresaw_is_refused() -> None:
    first_rule = _with_gate(rules=_gate().rules[:1])

    assert "refused" == _verdict({"capacity_to_consent": "no", "best_interest_decision": "yes"}, first_rule)


def test_a_refusal_is_known_whatever_else_is_wrong_with_the_form() -> None:
    checked = read({"capacity_to_consent": "yes", "consent_given": "no", "postcode": "nowhere"})

    assert (False, "refused") == (checked.ok, consent_verdict(dsr(), checked.answers))


@pytest.mark.requirement("R-DSR-075")
@pytest.mark.parametrize("decided", ["", "yes"])
def test_without_capacity_the_best_interest_decision_must_be_answered(decided: str) -> None:
    checked = read(a_referral(capacity_to_consent="no", best_interest_decision=decided))

    assert (decided == "yes") == checked.ok
    assert decided == "yes" or ["best_interest_decision"] == list(checked.faults)


@pytest.mark.requirement("R-FLOW-007", "R-FLOW-009")
def test_the_two_routes_are_kept_apart_with_when_and_by_whom() -> None:
    kept = {
        "consent_date": "2022-07-01",
        "consent_taken_by": "Gail Thomas",
        "consent_kept_at": "Trust system",
    }

    consented = read(a_referral(**kept)).answers
    decided = read(a_referral(capacity_to_consent="no", best_interest_decision="yes", **kept)).answers

    assert (True, False) == ("consent_given" in consented, "best_interest_decision" in consented)
    assert (False, True) == ("consent_given" in decided, "best_interest_decision" in decided)
    assert kept.items() <= consented.items()
    assert kept.items() <= decided.items()
    assert "01/07/2022" in [row.text for row in as_text(dsr().form, decided)]


def test_the_refusal_says_what_the_team_around_the_person_must_do() -> None:
    said = " ".join(_gate().refusal.paragraphs)

    assert "support should not be compromised" in said
    assert "be responsive, dynamic, escalate concerns, consult, and seek advice from DSR representatives" in said


# ----------------------------------------------------------------------------------------------------------- by age
AGREES = {"capacity_to_consent": "yes", "consent_given": "yes"}


def _by_age(**limits: int | str) -> Definition:
    """Return a register in which only people of certain ages agree for themselves, and no other rule accepts them."""
    rule = GateRule.model_validate({"when": AGREES, "verdict": "accepted", **limits})
    refusing = GateRule.model_validate({"when": {"capacity_to_consent": "yes"}, "verdict": "refused"})
    return _with_gate(rules=(rule, refusing))


@pytest.mark.parametrize(
    ("born", "verdict"),
    [("2006-06-17", "accepted"), ("2006-06-18", "refused"), ("2014-01-01", "refused"), (None, "open")],
)
def test_whether_a_person_may_agree_can_depend_on_the_age_on_a_day(born: str | None, verdict: Verdict) -> None:
    register = _by_age(youngest=16, on="consent_date")
    answers = {**AGREES, "consent_date": "2022-06-17"} | ({"date_of_birth": born} if born else {})

    assert verdict == consent_verdict(register, answers)


def test_a_birthday_after_the_consent_does_not_undo_it() -> None:
    register = _by_age(oldest=15, on="consent_date")

    assert "accepted" == consent_verdict(
        register, {**AGREES, "consent_date": "2016-06-17", "date_of_birth": "2001-02-07"}
    )


@pytest.mark.parametrize("changed", [{"consent_date": "not_known"}, {"date_of_birth": "2023-01-01"}])
def test_an_age_that_is_not_known_is_no_age_of_a_rule(changed: dict[str, str]) -> None:
    register = _by_age(youngest=0, on="consent_date")
    answers = {**AGREES, "consent_date": "2022-06-17", "date_of_birth": "2001-02-07"}

    assert ("accepted", "refused") == (consent_verdict(register, answers), consent_verdict(register, answers | changed))


def test_a_rule_by_age_refuses_no_one_whose_age_is_not_known() -> None:
    refusing = GateRule.model_validate({"oldest": 15, "on": "consent_date", "verdict": "refused"})
    register = _with_gate(rules=(refusing, GateRule.model_validate({"when": AGREES, "verdict": "accepted"})))
    answers = {**AGREES, "consent_date": "2016-06-17", "date_of_birth": "2001-02-07"}
    unknown = answers | {"consent_date": "not_known"}

    assert ("refused", "accepted") == (consent_verdict(register, answers), consent_verdict(register, unknown))
