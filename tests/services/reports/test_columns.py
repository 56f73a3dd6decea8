"""Tests that a report keeps the answers to questions that only older editions have."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services.reports.rules.choosing import Codes, read_choice
from services.reports.rules.columns import Planner, ReportRequest
from services.reports.workbook.cells import maker_of
from services.reports.workbook.plan import Plan, WorkbookColumn
from shared.registers.definition.register import ALWAYS_KNOWN, Definition
from shared.registers.load import Registers, load_registers

SECOND = Path(__file__).parents[2] / "journeys" / "registers"
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def without(register: Definition, name: str) -> Definition:
    """Return a newer edition without one of its questions."""
    sections = tuple(
        section.model_copy(
            update={"questions": tuple(question for question in section.questions if question.name != name)}
        )
        for section in register.form.sections
    )
    return register.model_copy(update={"form": register.form.model_copy(update={"sections": sections})})


def test_a_question_that_only_an_older_edition_has_keeps_its_column(registers: Registers) -> None:
    older = registers.find("dsr")
    newer = without(older, "gp_practice")
    choice = read_choice(newer, newer.reporting.reports, Codes(newer.reporting.reports[0].code))
    asked = ReportRequest("Jayne Billings", (), date(2026, 6, 30), NOW)

    names = [each.name for each in Planner((newer, older), {}).plan(choice, asked).columns if each.source == "answer"]

    assert {each.name for each in older.form.all_questions} == set(names)
    assert "gp_practice" == names[-1]
    assert len(set(names)) == len(names)


def test_an_answer_of_another_kind_stands_in_its_cell_as_it_is() -> None:
    day = maker_of(WorkbookColumn("Day", "answer", "day", "day"), NOW.date())

    assert ("in spring", date(2026, 6, 30)) == (day("in spring"), day("2026-06-30"))


@pytest.mark.parametrize(
    ("code", "filtered", "said"), [("homes", "Rooms needed", "Any number"), ("dsr", "Locality", "All")]
)
def test_a_filter_that_was_not_used_is_said_in_the_register_s_words(code: str, filtered: str, said: str) -> None:
    register = load_registers([SECOND]).find(code)
    choice = read_choice(register, register.reporting.reports, Codes(register.reporting.reports[0].code))

    facts = dict(Planner((register,), {}).plan(choice, ReportRequest("Jayne Billings", (), NOW.date(), NOW)).facts)

    assert said == facts[f"Filter chosen: {filtered}"]


def columns_of(register: Definition, report: str, *questions: str) -> Plan:
    offered = tuple(each.model_copy(update={"questions": questions}) for each in register.reporting.reports)
    choice = read_choice(register, offered, Codes(report))
    return Planner((register,), {}).plan(choice, ReportRequest("Jayne Billings", (), NOW.date(), NOW))


@pytest.mark.parametrize("report", ["referrals", "referrals_outcomes", "key_working", "archived"])
def test_every_report_begins_with_who_it_is_and_how_urgent(registers: Registers, report: str) -> None:
    plan = columns_of(registers.find("dsr"), report)

    headings = [each.heading for each in plan.columns]
    assert ["Reference", "Last Name", "First Name"] == headings[: plan.frozen]
    shown = ["Date of Birth", "Age", "NHS Number", "Locality"]
    shown += ["Level of risk as identified by the DSD Clinical Support Tool"]
    shown += ["Next review due"] if report != "archived" else []
    shown += ["Latest Update for DSR Meeting"]
    assert [*shown, "Holder", "Linked To"] == headings[plan.frozen : plan.printed]
    assert ("Referring Organisation", "Created By") == tuple(headings[plan.printed : plan.printed + 2])
    keys = [(each.source, each.name, each.kind) for each in plan.columns]
    assert len(set(keys)) == len(keys)


def test_a_register_without_these_questions_has_its_own_columns_first(registers: Registers) -> None:
    dsr = registers.find("dsr")
    person = {role: dsr.person[role] for role in ALWAYS_KNOWN}
    plan = columns_of(dsr.model_copy(update={"person": person, "rating": None}), "referrals")

    headings = [each.heading for each in plan.columns]
    assert ["Date of Birth", "Age", "Next review due", "Holder", "Linked To"] == headings[plan.frozen : plan.printed]
    assert "NHS Number" in headings[plan.printed :]


def test_a_report_without_names_begins_with_what_it_has(registers: Registers) -> None:
    plan = columns_of(registers.find("dsr"), "referrals", "risk_level", "ethnicity")

    headings = [each.heading for each in plan.columns]
    assert (1, "Reference") == (plan.frozen, headings[0])
    assert not {"First Name", "Last Name", "Date of Birth", "Age", "NHS Number"} & set(headings)
