"""Reminders of actions: once before they are due, once on the day, and the team weekly when they are overdue."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest

from services.outcomes.handlers.reminders import ActionReminders
from shared.contracts.actions import MOST_IN_MAIL, ActionReceipt, DueReason
from shared.installation import note_start
from shared.permissions import Visitor
from shared.values import LONDON
from tests.services.outcomes.acting import TODAY, Acting, days
from tests.services.outcomes.rig import Rig
from tests.services.outcomes.test_actions import changing
from tests.services.referrals.rig import Owner

Named = list[list[tuple[DueReason, UUID]]]


@dataclass
class Morning:
    """The job with a clock of its own."""

    acting: Acting
    owner: Owner

    async def run(self, day: int, at: time = time(8), *, publish: bool = True) -> None:
        """Run the job so many days from now, at this time in London, and publish what it has stored."""
        moment = datetime.combine(days(day), at, LONDON).astimezone(UTC)
        await ActionReminders(replace(self.acting.rig.context, clock=lambda: moment)).remind()
        if publish:
            await self.acting.told(None)

    async def named(self, recipient: Visitor | None) -> Named:
        """Return what each notice to a colleague, or to the team, has named so far, without the first assignment."""
        notices = await self.acting.told(recipient.user_id if recipient else None)
        found = [[(each.why, each.action_id) for each in notice.actions] for notice in notices]
        return [each for each in found if each[0][0] != "assigned"]


@pytest.fixture
async def morning(rig: Rig, owner: Owner) -> Morning:
    """No actions but those of the test, so that no other one takes the mail of a day."""
    await owner.rows("DELETE FROM action")
    await owner.rows("DELETE FROM action_mailed")
    return Morning(await Acting.over(rig), owner)


async def some_actions(
    morning: Morning, administrator: Visitor, dues: Sequence[int]
) -> tuple[Visitor, list[ActionReceipt]]:
    acting = morning.acting
    record, colleague = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    found = [await acting.add(administrator, record, colleague, due_on=days(due)) for due in dues]
    await acting.told(colleague.user_id)
    return colleague, found


@pytest.mark.requirement("R-MEET-011")
async def test_a_colleague_is_reminded_before_an_action_is_due_and_on_the_day(
    morning: Morning, administrator: Visitor
) -> None:
    colleague, (action,) = await some_actions(morning, administrator, [10])

    for day in range(12):
        await morning.run(day)

    assert [[("soon", action.action_id)], [("today", action.action_id)]] == await morning.named(colleague)


@pytest.mark.requirement("R-MEET-011")
async def test_the_team_is_told_of_an_overdue_action_each_week_until_it_is_done(
    morning: Morning, administrator: Visitor
) -> None:
    colleague, (action,) = await some_actions(morning, administrator, [1])

    told = []
    for day in range(20):
        await morning.run(day)
        told.append(len(await morning.named(None)))
    await morning.acting.report(colleague, action)
    await morning.run(40)

    assert [2, 9, 16] == [day for day in range(1, 20) if told[day] > told[day - 1]]
    assert [[("overdue", action.action_id)]] * 3 == await morning.named(None)


@pytest.mark.requirement("R-MEET-011")
async def test_after_an_outage_there_is_one_mail_with_all_that_fell_due(
    morning: Morning, administrator: Visitor
) -> None:
    colleague, (first, second, third) = await some_actions(morning, administrator, [5, 8, 20])

    await morning.run(18)
    await morning.run(18, time(9))
    await morning.run(19)

    assert [
        [("overdue", first.action_id), ("overdue", second.action_id), ("soon", third.action_id)]
    ] == await morning.named(colleague)
    assert [[("overdue", first.action_id), ("overdue", second.action_id)]] == await morning.named(None)


@pytest.mark.requirement("R-MEET-011")
async def test_a_colleague_gets_one_mail_a_day_and_none_at_night(morning: Morning, administrator: Visitor) -> None:
    colleague, (first, second) = await some_actions(morning, administrator, [10, 20])

    await morning.run(7, time(6, 59))
    assert [] == await morning.named(colleague)
    await morning.run(7, time(7))
    changed = await morning.acting.rig.ask(administrator, changing(second, colleague, 9))
    await morning.owner.rows("UPDATE action SET soon_told_for = NULL WHERE id = $1", changed.action_id)
    await morning.run(7, time(10))
    assert [[("soon", first.action_id)]] == await morning.named(colleague)
    await morning.run(8)
    assert [("soon", second.action_id)] == (await morning.named(colleague))[-1]


@pytest.mark.requirement("R-MEET-011")
async def test_another_due_date_is_reminded_of_again(morning: Morning, administrator: Visitor) -> None:
    colleague, (action,) = await some_actions(morning, administrator, [10])
    await morning.run(8)

    await morning.acting.rig.ask(administrator, changing(action, colleague, 30))
    for day in range(9, 31):
        await morning.run(day)

    assert ["soon", "soon", "today"] == [each[0][0] for each in await morning.named(colleague)]


async def test_what_was_given_yesterday_for_tomorrow_is_not_reminded_of_twice(
    morning: Morning, administrator: Visitor
) -> None:
    colleague, (soon, today) = await some_actions(morning, administrator, [2, 0])

    await morning.run(0)
    assert [] == await morning.named(colleague)
    await morning.run(2)

    assert [[("today", soon.action_id)]] == await morning.named(colleague)
    assert [[("overdue", today.action_id)]] == await morning.named(None)


async def test_nobody_is_reminded_of_what_is_done_or_ended(morning: Morning, administrator: Visitor) -> None:
    colleague, (reported, cancelled) = await some_actions(morning, administrator, [5, 5])
    await morning.acting.report(colleague, reported)
    await morning.acting.decide(administrator, cancelled, "cancel", "Not needed")

    for day in (3, 5, 9):
        await morning.run(day)

    assert ([], []) == (await morning.named(colleague), await morning.named(None))


async def test_no_notice_is_added_while_one_waits_to_be_published(morning: Morning, administrator: Visitor) -> None:
    """So an outage of the bus of some days is followed by one mail, and not by one for each day."""
    colleague, (first, second) = await some_actions(morning, administrator, [10, 12])

    for day in (7, 8, 9, 10):
        await morning.run(day, publish=False)
    assert [[("soon", first.action_id)]] == await morning.named(colleague)
    await morning.run(10, time(9))

    assert [("today", first.action_id), ("soon", second.action_id)] == (await morning.named(colleague))[-1]


async def test_a_held_copy_of_the_installation_reminds_nobody(morning: Morning, administrator: Visitor) -> None:
    colleague, _ = await some_actions(morning, administrator, [10])
    background = morning.acting.rig.background
    await note_start(background, "https://here.example")
    await morning.owner.rows("UPDATE installation SET held_since = now(), held_because = 'restored'")

    try:
        await morning.run(10)
        assert [] == await morning.owner.rows("SELECT FROM action_mailed")
    finally:
        await morning.owner.rows("UPDATE installation SET held_since = NULL, held_because = NULL")
    await morning.run(10)
    assert 1 == len(await morning.named(colleague))


async def test_a_mail_names_the_first_of_many_and_says_how_many_there_are(
    morning: Morning, administrator: Visitor
) -> None:
    colleague, _ = await some_actions(morning, administrator, [10])
    await morning.owner.rows(
        "INSERT INTO action SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid()))).* "
        "FROM action AS a, generate_series(1, $1)",
        MOST_IN_MAIL + 9,
    )

    await morning.run(8)

    (notice,) = [each for each in await morning.acting.told(colleague.user_id) if each.actions[0].why == "soon"]
    assert (MOST_IN_MAIL, MOST_IN_MAIL + 10) == (len(notice.actions), notice.total)
    assert TODAY + timedelta(days=10) == notice.actions[0].due_on
    assert "Wallflower" not in notice.model_dump_json()
