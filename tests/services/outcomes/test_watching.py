"""Tasks follow ratings: events open and close them in any order, and a comparison finds them without events."""

import asyncio
from uuid import UUID

import pytest

from services.outcomes.handlers.watching import CONSUMER, bring_into_line
from shared.contracts.referrals.standing import ListStandings, ReadStandings
from shared.database import transaction
from shared.messages import Fault, NotAnswered
from shared.permissions import Caller, Visitor
from tests.services.outcomes.test_reversals import reverse
from tests.services.outcomes.watching import AMBER, GREEN, RED, Watch, a_record, events_of, kinds, rerated
from tests.services.referrals.builders import new_id
from tests.services.referrals.rig import Owner, an_update
from tests.services.referrals.test_reviewing import a_review


# ------------------------------------------------------------------------------------------------------- by the rating
@pytest.mark.requirement("R-FLOW-012", "R-FLOW-013", "R-FLOW-014")
@pytest.mark.parametrize(("rating", "kind"), [(RED, "urgent"), (AMBER, "agenda"), (GREEN, None)])
async def test_a_new_record_opens_what_its_rating_calls_for(
    watch: Watch, administrator: Visitor, rating: str, kind: str | None
) -> None:
    receipt = await a_record(watch, administrator, rating)

    assert ({receipt.record_id: kind} if kind else {}) == await watch.waiting(administrator)


async def test_a_task_says_whose_where_and_since_when_without_a_name(watch: Watch, administrator: Visitor) -> None:
    receipt = await a_record(watch, administrator)
    shown = await watch.rig.referrals.read(administrator, receipt.record_id)

    task = await watch.the_urgent(administrator)

    assert (receipt.reference, administrator.organisation_ids[0], "south_staffordshire", shown.rated_at) == (
        task.reference,
        task.organisation_id,
        task.locality,
        task.opened_at,
    )
    assert "Plum" not in task.model_dump_json()


@pytest.mark.requirement("R-FLOW-015")
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (GREEN, RED, [("urgent", True)]),
        (GREEN, AMBER, [("agenda", True)]),
        (AMBER, RED, [("agenda", False), ("urgent", True)]),
        (RED, AMBER, [("urgent", False), ("agenda", True)]),
        (RED, GREEN, [("urgent", False)]),
        (AMBER, GREEN, [("agenda", False)]),
        (RED, RED, [("urgent", True)]),
    ],
)
async def test_a_rating_that_changes_later_has_the_same_effect(
    watch: Watch, owner: Owner, administrator: Visitor, before: str, after: str, expected: list[tuple[str, bool]]
) -> None:
    receipt = await a_record(watch, administrator, before)

    await watch.rig.referrals.update(administrator, receipt, risk_level=after, latest_update="Looked at again")
    await watch.hear()

    assert expected == await kinds(owner, receipt)


@pytest.mark.parametrize("rating", [RED, AMBER])
async def test_archiving_closes_the_task(watch: Watch, owner: Owner, administrator: Visitor, rating: str) -> None:
    receipt = await a_record(watch, administrator, rating)

    await watch.rig.archive(administrator, receipt)
    await watch.hear()

    assert {} == await watch.waiting(administrator)
    assert [False] == [is_open for _, is_open in await kinds(owner, receipt)]


async def test_a_record_that_moves_to_another_locality_moves_on_the_agenda(
    watch: Watch, administrator: Visitor
) -> None:
    receipt = await a_record(watch, administrator, AMBER)

    update = an_update(receipt, risk_level=AMBER, locality="north_staffordshire_stoke")
    await watch.rig.referrals.ask(administrator, update)
    await watch.hear()

    (task,) = (await watch.listed(administrator)).agenda
    assert "north_staffordshire_stoke" == task.locality


async def test_every_opening_and_closing_is_audited_by_ids(watch: Watch, owner: Owner, administrator: Visitor) -> None:
    receipt = await a_record(watch, administrator)
    task = await watch.the_urgent(administrator)
    await watch.see(administrator, task)
    await rerated(watch, administrator, receipt, GREEN)

    audited = await owner.rows(
        "SELECT action, actor FROM audit WHERE subjects = $1 AND register = 'dsr' ORDER BY id",
        [task.task_id, receipt.record_id],
    )

    assert [("task.opened", None), ("task.seen", administrator.user_id), ("task.closed", None)] == [
        (row["action"], row["actor"]) for row in audited
    ]


# --------------------------------------------------------------------------------------------- events late, twice, lost
async def test_an_event_that_comes_again_changes_nothing(watch: Watch, owner: Owner, administrator: Visitor) -> None:
    receipt = await a_record(watch, administrator)
    (created,) = await events_of(watch.rig, receipt)

    for _ in range(3):
        await watch.watching.take(created)

    assert [("urgent", True)] == await kinds(owner, receipt)
    inbox = "SELECT count(*) FROM inbox WHERE consumer = $1 AND event_id = $2"
    assert 1 == await owner.value(inbox, CONSUMER, created.event_id)


async def test_events_in_the_wrong_order_end_where_the_record_stands(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    watch.deaf()
    receipt = await a_record(watch, administrator, RED)
    amber = await rerated(watch, administrator, receipt, AMBER)
    await rerated(watch, administrator, amber, RED)
    events = await events_of(watch.rig, receipt)

    for event in reversed(events):
        await watch.watching.take(event)

    assert 3 == len(events)
    assert [("urgent", True)] == await kinds(owner, receipt)


@pytest.mark.parametrize("order", [1, -1])
async def test_a_red_that_was_archived_and_is_back_waits_anew_though_both_are_heard_of_at_once(
    watch: Watch, owner: Owner, administrator: Visitor, order: int
) -> None:
    receipt = await a_record(watch, administrator)
    await watch.see(administrator, await watch.the_urgent(administrator))
    watch.deaf()
    await watch.rig.archive(administrator, receipt)
    await reverse(watch.rig, administrator, receipt)

    for event in (await events_of(watch.rig, receipt))[::order]:
        await watch.watching.take(event)

    assert None is (await watch.the_urgent(administrator)).seen_by
    assert [("urgent", False), ("urgent", True)] == await kinds(owner, receipt)


@pytest.mark.requirement("R-FLOW-013")
@pytest.mark.parametrize("listed", [False, True])
async def test_a_seen_red_stays_seen_though_an_update_and_a_review_of_it_are_heard_of_at_once(
    watch: Watch, owner: Owner, administrator: Visitor, listed: bool
) -> None:
    receipt = await a_record(watch, administrator)
    await watch.see(administrator, await watch.the_urgent(administrator))
    watch.deaf()
    updated = await watch.rig.referrals.update(administrator, receipt, risk_level=RED, latest_update="Looked at again")
    await watch.rig.referrals.ask(administrator, a_review(updated))

    if listed:
        await watch.watching.compare()
    else:
        await watch.watching.take((await events_of(watch.rig, receipt))[-1])

    assert administrator.full_name == (await watch.the_urgent(administrator)).seen_by
    assert [("urgent", True)] == await kinds(owner, receipt)


async def test_a_seen_red_that_was_another_rating_between_is_not_seen_though_it_was_reviewed_since(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    receipt = await a_record(watch, administrator)
    await watch.see(administrator, await watch.the_urgent(administrator))
    watch.deaf()
    amber = await rerated(watch, administrator, receipt, AMBER)
    red = await rerated(watch, administrator, amber, RED)
    await watch.rig.referrals.ask(administrator, a_review(red))

    await watch.watching.take((await events_of(watch.rig, receipt))[-1])

    assert None is (await watch.the_urgent(administrator)).seen_by
    assert [("urgent", False), ("urgent", True)] == await kinds(owner, receipt)


async def test_what_a_slow_replica_read_before_an_update_changes_nothing_after_it(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    """While the first event is handled, the record's status is read. Then the second event overtakes the first."""
    watch.deaf()
    receipt = await a_record(watch, administrator, RED)
    with watch.rig.noticing(ReadStandings) as (_, answered):
        (created,) = await events_of(watch.rig, receipt)
        stood = (await watch.watching.read_standings([receipt.record_id]))[receipt.record_id]
        assert answered.is_set()
    await rerated(watch, administrator, receipt, GREEN)
    await watch.watching.take((await events_of(watch.rig, receipt))[-1])

    async with transaction(watch.rig.background) as db:
        await bring_into_line(db, receipt.record_id, stood, watch.clock())

    assert 0 == created.version
    assert [] == await kinds(owner, receipt)


async def test_an_event_waits_while_referrals_is_away(watch: Watch, owner: Owner, administrator: Visitor) -> None:
    watch.deaf()
    receipt = await a_record(watch, administrator)
    (created,) = await events_of(watch.rig, receipt)

    with watch.rig.away(ReadStandings), pytest.raises(NotAnswered):
        await watch.watching.take(created)
    missing = await kinds(owner, receipt)
    await watch.watching.take(created)

    assert ([], [("urgent", True)]) == (missing, await kinds(owner, receipt))


async def test_two_replicas_at_once_open_one_task(watch: Watch, owner: Owner, administrator: Visitor) -> None:
    watch.deaf()
    receipt = await a_record(watch, administrator)
    amber = await rerated(watch, administrator, receipt, AMBER)
    await rerated(watch, administrator, amber, RED)

    await asyncio.gather(*(watch.watching.take(each) for each in 2 * await events_of(watch.rig, receipt)))

    assert [("urgent", True)] == await kinds(owner, receipt)


@pytest.mark.requirement("R-FLOW-013")
async def test_comparing_opens_what_is_missing_and_closes_what_should_not_be_open(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    calmed, ended = [await a_record(watch, administrator) for _ in range(2)]
    watch.deaf()
    missed, meeting, green = [await a_record(watch, administrator, rating) for rating in (RED, AMBER, GREEN)]
    await rerated(watch, administrator, calmed, GREEN)
    await watch.rig.archive(administrator, ended)

    for _ in range(2):
        await watch.watching.compare()

    assert {missed.record_id: "urgent", meeting.record_id: "agenda"} == await watch.waiting(administrator)
    assert [[("urgent", True)], [("agenda", True)], [], [("urgent", False)], [("urgent", False)]] == [
        await kinds(owner, each) for each in (missed, meeting, green, calmed, ended)
    ]


async def test_comparing_goes_through_every_page(
    watch: Watch, administrator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.referrals.handlers.standing.MOST_ROWS", 2)
    watch.deaf()
    records = {(await a_record(watch, administrator, AMBER)).record_id for _ in range(5)}

    await watch.watching.compare()

    assert records == set(await watch.waiting(administrator))


async def test_comparing_leaves_alone_what_is_in_line_already(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    await a_record(watch, administrator)
    await watch.see(administrator, await watch.the_urgent(administrator))
    before = await owner.value("SELECT xmin::text FROM task WHERE compartment_id = $1", scope_of(administrator))

    await watch.watching.compare()

    after = await owner.value("SELECT xmin::text FROM task WHERE compartment_id = $1", scope_of(administrator))
    assert before == after


def scope_of(administrator: Visitor) -> UUID:
    return administrator.organisation_ids[0]


async def test_the_task_of_a_record_that_is_no_more_is_closed(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    receipt = await a_record(watch, administrator)
    (unknown,) = (await watch.watching.read_standings([new_id()])).values()

    async with transaction(watch.rig.background) as db:
        await bring_into_line(db, receipt.record_id, unknown, watch.clock())

    assert [("urgent", False)] == await kinds(owner, receipt)


@pytest.mark.parametrize("request_", [ReadStandings(record_ids=(UUID(int=1),)), ListStandings()])
async def test_only_outcomes_asks_how_records_stand(
    watch: Watch, administrator: Visitor, request_: ReadStandings | ListStandings
) -> None:
    with pytest.raises(NotAnswered) as unanswered:
        await watch.rig.referrals.ask_as(Caller(service="identity", job="tasks"), request_)

    assert (Fault.NOT_ALLOWED, Fault.NOT_ALLOWED) == (
        unanswered.value.fault,
        await watch.rig.fault(administrator, request_),
    )
