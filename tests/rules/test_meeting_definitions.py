"""Tests that a faulty part about meetings is refused, with a sentence that says what to correct and where."""

from pathlib import Path

import pytest

from shared.registers.checks import find_faults
from tests.rules.test_definitions import DSR, faults_after
from tests.rules.typed import dsr

SLIPS = [
    (
        'decision = "decision"',
        'decision = "decision_made"',
        "meetings, decision: decision_made is not a question of the form; did you mean decision?",
    ),
    (
        'decision = "decision"',
        'decision = "gap"',
        "meetings, decision: gap must be a required select, asked always",
    ),
    (
        'carried_by = ["further_meeting"]',
        'carried_by = ["another_meeting"]',
        "meetings, carried_by: another_meeting is not one of the answers of decision: no_change, plan_changed, cetr, "
        "laep, further_meeting, archive",
    ),
    (
        'name = "gap"',
        'name = "ethnicity"',
        "meetings.minutes: ethnicity is a question of the form too, and can be reworded: give it another name",
    ),
    (
        'name = "gap"',
        'name = "notes"',
        "meetings.minutes: notes is a question of the outcome form too, and can be reworded: give it another name",
    ),
    (
        '{ code = "none", label = "No gap" },',
        '{ code = "respite", label = "No gap" },',
        "meetings.minutes, section Discussion, question gap: has the option respite more than once",
    ),
    (
        '{ code = "none", label = "No gap" },',
        '{ code = "none", label = "Trained staff" },',
        "meetings.minutes, section Discussion, question gap: has two options called Trained staff",
    ),
    (
        '\nlocality = "locality"\n',
        "\n",
        "meetings: needs locality in [person]: a meeting is held for an area",
    ),
]


@pytest.mark.requirement("R-MEET-009")
@pytest.mark.parametrize(("old", "new", "fault"), SLIPS)
def test_a_slip_is_told_with_its_place(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert fault in faults_after(tmp_path, DSR, (old, new))


def test_meetings_need_ratings_and_nothing_of_them_is_needed_without_meetings() -> None:
    unrated = dsr().model_copy(update={"rating": None})

    told = [str(each) for each in find_faults(unrated)]

    assert "meetings: needs [rating]: an agenda is made of the ratings of records" in told
    without = [str(each) for each in find_faults(unrated.model_copy(update={"meetings": None}))]
    assert [] == [each for each in without if each.startswith("meetings")]
