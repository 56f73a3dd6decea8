"""Notices of a cover that begins or is over: each once, to who covers and who holds the record."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.referrals.handlers.holding import CoverNotices
from shared.clock import utc_now
from shared.contracts.referrals.caseload import ReadCaseload
from shared.contracts.referrals.events import RoutineNotice
from shared.contracts.referrals.holding import EndCover
from tests.services.referrals.builders import new_id
from tests.services.referrals.rig import Owner, Referrals
from tests.services.referrals.test_holding import TODAY, Ward, a_cover, a_holder, days, ward

__all__ = ["ward"]


async def tell(referrals: Referrals, day: int) -> None:
    """Run the job on a day, counted from today: twice, as two replicas would."""
    later = replace(referrals.context, clock=lambda: utc_now() + days(day))
    for _ in range(2):
        await CoverNotices(later).tell()


async def told(referrals: Referrals, ward: Ward) -> list[tuple[str, UUID | None]]:
    notices = [each for each in await referrals.told(ward.record_id) if isinstance(each, RoutineNotice)]
    return [(each.occasion, each.submitted_by) for each in notices if each.occasion.startswith("cover_")]


def both(occasion: str, ward: Ward) -> set[tuple[str, UUID | None]]:
    return {(occasion, ward.creator.user_id), (occasion, ward.colleague.user_id)}


@pytest.mark.requirement("R-USE-008")
async def test_who_covers_and_who_holds_are_told_once_on_the_first_day_and_the_day_after_the_last(
    referrals: Referrals, ward: Ward
) -> None:
    await referrals.ask(ward.administrator, a_cover(ward.record_id, ward.colleague, 2, 4))

    found = []
    for day in (1, 2, 4, 5, 6):
        await tell(referrals, day)
        found.append(await told(referrals, ward))

    assert [0, 2, 2, 4, 4] == [len(each) for each in found]
    assert both("cover_begun", ward) == set(found[1])
    assert both("cover_begun", ward) | both("cover_ended", ward) == set(found[-1])


async def test_a_cover_that_begins_at_once_is_told_to_the_holder_and_named_to_who_covers(
    referrals: Referrals, ward: Ward
) -> None:
    await referrals.ask(ward.administrator, a_cover(ward.record_id, ward.colleague))
    await tell(referrals, 0)

    assert [("cover_begun", ward.creator.user_id)] == await told(referrals, ward)


async def test_a_cover_that_is_ended_early_is_told_once_and_not_to_who_ended_it(
    referrals: Referrals, ward: Ward
) -> None:
    await referrals.grants(ward.administrator)
    await referrals.ask(ward.administrator, a_cover(ward.record_id, ward.administrator, 0, 3))
    (holding,) = (await referrals.read(ward.creator, ward.record_id)).holdings
    ending = EndCover(command_id=new_id(), record_id=ward.record_id, holding_id=holding.holding_id)
    await referrals.ask(ward.administrator, ending)

    for day in (0, 9):
        await tell(referrals, day)

    assert ("cover_ended", ward.creator.user_id) in await told(referrals, ward)
    assert ["cover_ended"] == [each for each, _ in await told(referrals, ward) if each == "cover_ended"]


async def test_nothing_is_told_of_a_cover_that_was_ended_before_it_began_or_of_an_archived_record(
    referrals: Referrals, ward: Ward
) -> None:
    await referrals.ask(ward.administrator, a_cover(ward.record_id, ward.colleague, 2, 4))
    (holding,) = (await referrals.read(ward.creator, ward.record_id)).holdings
    ending = EndCover(command_id=new_id(), record_id=ward.record_id, holding_id=holding.holding_id)
    await referrals.ask(ward.administrator, ending)
    await referrals.ask(ward.administrator, a_cover(ward.record_id, ward.colleague, 5, 6))
    await referrals.archive(ward.administrator, ward.receipt)

    await tell(referrals, 5)

    assert [] == await told(referrals, ward)


async def test_a_cover_is_told_to_the_holder_of_that_day(referrals: Referrals, ward: Ward) -> None:
    await referrals.ask(ward.administrator, a_cover(ward.record_id, ward.colleague, 1, 2))
    await referrals.grants(ward.administrator)
    await referrals.ask(ward.administrator, a_holder(ward.record_id, ward.administrator))

    await tell(referrals, 1)

    wanted = {("cover_begun", each.user_id) for each in (ward.administrator, ward.colleague)}
    assert wanted == set(await told(referrals, ward))


async def test_a_cover_that_was_named_long_before_is_new_with_the_user_from_its_first_day(
    referrals: Referrals, ward: Ward, owner: Owner
) -> None:
    await referrals.ask(ward.administrator, a_cover(ward.record_id, ward.colleague))
    statement = "UPDATE record_holding SET named_at = now() - interval '30 days', from_day = $2 WHERE record_id = $1"
    new = []
    for first in (TODAY, TODAY - days(20)):
        await owner.rows(statement, ward.record_id, first)
        new.append(len((await referrals.ask(ward.colleague, ReadCaseload())).new))

    assert [1, 0] == new
