"""Tests of the task that a rating calls for, and of what happens to the task when the rating changes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.outcomes.rules import KnownRecord, OpenTask, TaskChange, called_for, change_of, fitting, opened_by
from shared.contracts.outcomes import TaskKind
from shared.contracts.referrals.events import Urgency
from shared.contracts.referrals.standing import RecordStanding
from shared.registers.bodies import organisation_compartment

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
RECORD_ID = UUID(int=7)
NOTHING = TaskChange()


def standing(urgency: Urgency | None, version: int = 3, *, is_open: bool = True, days: int = 0) -> RecordStanding:
    """Return a record with this urgency, rated so many days after noon on the first day."""
    return RecordStanding(
        record_id=RECORD_ID,
        register_code="dsr",
        bodies=organisation_compartment(UUID(int=8)).bodies,
        reference="DSR-7KQ2-M9XP",
        version=version,
        is_open=is_open,
        urgency=urgency,
        rated_at=NOON + timedelta(days=days),
        locality="south",
    )


def a_task(kind: TaskKind) -> OpenTask:
    return OpenTask(UUID(int=9), kind, "dsr", NOON)


@pytest.mark.requirement("R-FLOW-012", "R-FLOW-013", "R-FLOW-014")
@pytest.mark.parametrize(
    ("urgency", "kind"), [("urgent", "urgent"), ("alert", "agenda"), ("routine", None), (None, None)]
)
def test_a_rating_calls_for_an_urgent_task_a_place_on_the_agenda_or_nothing(
    urgency: Urgency | None, kind: TaskKind | None
) -> None:
    assert kind == called_for(standing(urgency))
    assert TaskChange(open=kind) == change_of(KnownRecord(-1, None), standing(urgency))


@pytest.mark.parametrize("urgency", ["urgent", "alert"])
def test_what_has_left_the_register_calls_for_nothing(urgency: Urgency) -> None:
    assert called_for(standing(urgency, is_open=False)) is None


@pytest.mark.requirement("R-FLOW-015")
@pytest.mark.parametrize(
    ("before", "urgency", "after"),
    [
        ("urgent", "alert", "agenda"),
        ("urgent", "routine", None),
        ("agenda", "urgent", "urgent"),
        ("agenda", "routine", None),
    ],
)
def test_another_rating_closes_the_task_and_opens_what_it_calls_for(
    before: TaskKind, urgency: Urgency, after: TaskKind | None
) -> None:
    task = a_task(before)

    assert TaskChange(close=task, open=after) == change_of(KnownRecord(2, task), standing(urgency, days=1))


@pytest.mark.parametrize("kind", ["urgent", "agenda"])
def test_an_archive_closes_the_task(kind: TaskKind) -> None:
    task = a_task(kind)

    assert TaskChange(close=task) == change_of(KnownRecord(2, task), standing("urgent", is_open=False))


def test_an_update_under_the_same_rating_keeps_the_task() -> None:
    task = a_task("urgent")

    assert TaskChange(keep=task) == change_of(KnownRecord(2, task), standing("urgent"))
    assert TaskChange(keep=task) == change_of(KnownRecord(2, task), standing("urgent", days=1)), (
        "a review is no new rating"
    )


def test_the_same_news_again_changes_nothing() -> None:
    assert NOTHING == change_of(KnownRecord(3, a_task("urgent")), standing("urgent"))
    assert NOTHING == change_of(KnownRecord(3, None), standing("routine"))


def test_what_is_missing_at_the_same_version_is_opened() -> None:
    assert TaskChange(open="urgent") == change_of(KnownRecord(3, None), standing("urgent"))


@pytest.mark.parametrize("urgency", ["urgent", "alert", "routine"])
@pytest.mark.parametrize("task", [None, a_task("urgent"), a_task("agenda")])
def test_news_of_an_older_version_comes_too_late(urgency: Urgency, task: OpenTask | None) -> None:
    assert NOTHING == change_of(KnownRecord(4, task), standing(urgency, days=1))


def test_a_rating_given_anew_after_versions_that_were_not_heard_of_is_a_new_task() -> None:
    task = a_task("urgent")

    given_anew = change_of(KnownRecord(1, task), standing("urgent", days=1))
    never_another = change_of(KnownRecord(1, task), standing("urgent"))

    assert TaskChange(close=task, open="urgent") == given_anew
    assert TaskChange(keep=task) == never_another


def test_each_register_has_its_own_time_to_see_what_is_urgent() -> None:
    assert (["dsr", "s117"], [NOON - timedelta(hours=1), NOON - timedelta(minutes=5)]) == (
        opened_by([("dsr", 60), ("s117", 5)], NOON)
    )


@pytest.mark.parametrize(
    ("sizes", "most", "room", "taken"),
    [([], 5, 10, 0), ([3, 7], 5, 10, 2), ([3, 8], 5, 10, 1), ([11, 1], 5, 10, 1), ([1, 1, 1], 2, 10, 2)],
)
def test_as_many_outcomes_are_taken_as_fit_and_one_at_least(sizes: list[int], most: int, room: int, taken: int) -> None:
    assert taken == fitting(sizes, most, room)
