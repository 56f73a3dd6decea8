"""Tests of the form that asks why a record ends: what a definition says of it, and what administrators change."""

from datetime import date
from pathlib import Path

import pytest

from shared.registers.definition.questions import Option
from shared.registers.form.leaving import leaving_form, leaving_rows, reason_of
from shared.registers.form.reading import read_answers
from shared.registers.overlay import Overlay, apply, editable_questions, publishing_faults
from tests.rules.test_definitions import DSR, faults_after
from tests.rules.typed import carers, dsr

pytestmark = pytest.mark.requirement("R-USE-009")
SLIPS = [
    (
        'written = "leaving_text"',
        'written = "leaving_reason"',
        "transition archive: written must name a text of the form leaving",
    ),
    (
        'label = "Why is the person leaving the register?"\nkind = "choice"\nrequired = true\n'
        'missing = "Choose why the person is leaving the register"\n',
        'label = "Why is the person leaving the register?"\nkind = "choice"\n',
        "leaving: asks nothing that must be answered: say required = true",
    ),
    (
        'name = "leaving_text"\nlabel',
        'name = "summary"\nlabel',
        "leaving: summary is a question of another form: give it another name",
    ),
    (
        'name = "leaving_text"\nlabel = "Reason in your own words"\nkind = "long_text"\nrequired = true\n',
        'name = "leaving_text"\nlabel = "Reason in your own words"\nkind = "date"\nrequired = true\n',
        "transition archive: written must name a text of the form leaving",
    ),
]
DAY = date(2026, 12, 1)


@pytest.mark.parametrize(("old", "new", "fault"), SLIPS)
def test_a_slip_is_told_with_its_place(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert fault in faults_after(tmp_path, DSR, (old, new))


def test_a_register_in_which_no_outcome_ends_a_record_asks_nothing() -> None:
    assert leaving_form(carers(), must_write=True) is None


@pytest.mark.requirement("R-MEET-017")
@pytest.mark.parametrize(("must_write", "ok"), [(False, True), (True, False)])
def test_words_are_demanded_where_they_must_be_written(*, must_write: bool, ok: bool) -> None:
    form = leaving_form(dsr(), must_write=must_write)

    assert form is not None
    assert ok is read_answers(form, {"leaving_reason": "died"}, dsr().words, DAY).ok


def test_administrators_change_the_list_of_reasons_and_old_records_stay_readable() -> None:
    offered = next(each.options for each in editable_questions(dsr()) if each.name == "leaving_reason")
    gone = Option(code="moved_away", label="Moved away", retired=True)
    options = (*(gone if each.code == gone.code else each for each in offered), Option(code="abroad", label="Abroad"))
    overlay = Overlay(options={"leaving_reason": options})

    changed = apply(dsr(), overlay)
    form = leaving_form(changed, must_write=False)

    assert [] == publishing_faults([dsr()], Overlay(), overlay)
    assert form is not None
    assert [True, False] == [
        read_answers(form, {"leaving_reason": code}, changed.words, DAY).ok for code in ("abroad", "moved_away")
    ]
    assert "Moved away" == reason_of(leaving_rows([changed], {"leaving_reason": "moved_away"}, "Earlier"))


def test_a_reason_of_a_register_that_no_longer_asks_is_shown_as_it_is_stored() -> None:
    rows = leaving_rows([dsr()], {"leaving_reason": "long_gone", "why": "Percy"}, "Earlier")

    assert [("Why is the person leaving the register?", "long_gone"), ("why", "Percy")] == [
        (row.label, row.text) for row in rows
    ]
