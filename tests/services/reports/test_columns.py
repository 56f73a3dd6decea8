"""Tests that a report keeps the answers to questions that only older editions have."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services.reports.rules.choosing import Codes, read_choice
from services.reports.rules.columns import Planner, ReportRequest
from services.reports.workbook.cells import maker_of
from services.reports.workbook.plan import WorkbookColumn
from shared.registers.definition.register import Definition
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
    day = maker_of(WorkbookColumn("Day", "answer", "day", "day"))

    assert ("in spring", date(2026, 6, 30)) == (day("in spring"), day("2026-06-30"))


@pytest.mark.parametrize(
    ("code", "filtered", "said"), [("homes", "Rooms needed", "Any number"), ("dsr", "Locality", "All")]
)
def test_a_filter_that_was_not_used_is_said_in_the_register_s_words(code: str, filtered: str, said: str) -> None:
    register = load_registers([SECOND]).find(code)
    choice = read_choice(register, register.reporting.reports, Codes(register.reporting.reports[0].code))

    facts = dict(Planner((register,), {}).plan(choice, ReportRequest("Jayne Billings", (), NOW.date(), NOW)).facts)

    assert said == facts[f"Filter chosen: {filtered}"]
