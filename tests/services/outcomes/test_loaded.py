"""The tasks of records that were loaded from a spreadsheet: they have their own dates, and nobody is told of them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from shared.contracts.referrals.saving import RecordReceipt
from shared.permissions import Visitor
from shared.registers.load import Registers
from shared.values import LONDON
from tests.services.outcomes.watching import AMBER, GREEN, RED, Watch, a_record, rerated
from tests.services.referrals.builders import new_id
from tests.services.referrals.loading import a_changed_row, a_new_row, load
from tests.services.referrals.rig import Owner
from tests.services.referrals.uploading import Loader, a_loader, a_row, counts

RATED = date(2025, 11, 20)
LONG_AGO = datetime(2025, 11, 20, tzinfo=LONDON)
# As a script writes records without the service, for instance from another system's copy.
INSERT_BESIDE = """
    INSERT INTO record (
        id, reference, register_code, edition, state, compartment_id, organisation_id, created_by, created_by_name,
        created_at, updated_at, rating, rated_at, given_name, family_name, search, answers
    )
    SELECT
        $1::uuid, 'DSR-' || gen_random_uuid(), 'dsr', '2022', 'active', $2, $2, $1, 'Some Body', $3, $3, 'red', $3,
        'Ann', 'Green', ' ann green', '{"risk_level": "red"}'
"""


async def loaded_reds(watch: Watch, administrator: Visitor, many: int = 3) -> list[UUID]:
    rows = [
        replace(a_new_row(watch.rig.referrals.context, administrator, number, risk_level=RED), rated_on=RATED)
        for number in range(many)
    ]
    return [each.record_id for each in await load(watch.rig.referrals.context, administrator, *rows)]


async def told_of(watch: Watch, record_ids: list[UUID]) -> int:
    """Escalate long after every limit until nothing is left. Return how many events say that no one has seen these."""
    watch.clock.ahead = timedelta(days=30)
    while await watch.escalation.tell_again():
        pass
    watch.clock.ahead = timedelta()
    return sum([len(await watch.told_again(each)) for each in record_ids])


async def notices_about(watch: Watch, record_ids: list[UUID]) -> list[str]:
    """Return the kinds of the notices of referrals about these records."""
    told = [event for each in record_ids for event in await watch.rig.referrals.told(each)]
    return [each.kind for each in told if each.family == "notice"]


@pytest.mark.requirement("R-USE-013")
@pytest.mark.parametrize("heard", [True, False])
async def test_each_loaded_red_waits_on_the_work_list_with_its_own_date(
    watch: Watch, administrator: Visitor, heard: bool
) -> None:
    if not heard:
        watch.deaf()

    added = await loaded_reds(watch, administrator)
    await (watch.hear() if heard else watch.watching.compare())

    tasks = (await watch.listed(administrator)).urgent
    assert set(added) == {each.record_id for each in tasks}
    assert {(LONG_AGO, None, False)} == {(each.opened_at, each.seen_by, each.is_told) for each in tasks}


@pytest.mark.requirement("R-USE-013")
async def test_nobody_is_told_of_a_loaded_red_now_or_after_a_restart_a_comparison_or_a_loss_of_the_tasks(
    watch: Watch, owner: Owner, administrator: Visitor, registers: Registers
) -> None:
    added = await loaded_reds(watch, administrator)
    await watch.hear()
    told = [await told_of(watch, added)]

    await watch.watching.compare()
    told.append(await told_of(watch, added))
    restarted = Watch.over(watch.rig, registers)
    await restarted.watching.compare()
    told.append(await told_of(restarted, added))
    await owner.db.execute("DELETE FROM task")
    await owner.db.execute("DELETE FROM record_known")
    await restarted.watching.compare()
    told.append(await told_of(restarted, added))

    assert [0, 0, 0, 0] == told
    assert set(added) == {each.record_id for each in (await restarted.listed(administrator)).urgent}
    assert [] == await notices_about(watch, added)


@pytest.mark.requirement("R-USE-013")
async def test_a_row_that_turns_a_record_red_opens_a_task_of_which_nobody_is_told(
    watch: Watch, administrator: Visitor
) -> None:
    receipt = await a_record(watch, administrator, GREEN)
    row = await a_changed_row(watch.rig.referrals.context, administrator, receipt.record_id, risk_level=RED)

    await load(watch.rig.referrals.context, administrator, replace(row, rated_on=RATED))
    await watch.hear()

    assert LONG_AGO == (await watch.the_urgent(administrator)).opened_at
    assert 0 == await told_of(watch, [receipt.record_id])


@pytest.mark.requirement("R-USE-013")
async def test_a_red_of_a_spreadsheet_stands_since_the_date_of_its_row_and_nobody_is_told(watch: Watch) -> None:
    loader = await Loader.open(watch.rig.referrals, a_loader())
    began = watch.clock()
    dated, undated = a_row(risk_level=RED, risk_level_date=RATED.isoformat()), a_row(risk_level=RED)
    turning = a_row(risk_level=AMBER, risk_level_date="2025-10-01")
    silent = a_row(risk_level=AMBER, risk_level_date="2025-10-01")
    shown = await loader.load(loader.file(dated, undated, turning, silent))
    first, second, third, fourth = [each.record_id for each in await loader.rows(shown.upload_id, "new")]

    dated_again = turning | {"risk_level": RED, "risk_level_date": RATED.isoformat()}
    file = loader.file(dated_again, silent | {"risk_level": RED, "risk_level_date": ""})
    assert (0, 2, 0, 0) == counts(await loader.load(file))
    await watch.hear()

    tasks = (await watch.listed(loader.user)).urgent
    since = {each.record_id: each.opened_at if each.opened_at < began else None for each in tasks}
    assert {first: LONG_AGO, third: LONG_AGO, second: None, fourth: None} == since
    added = [each.record_id for each in tasks]
    assert (0, []) == (await told_of(watch, added), await notices_about(watch, added))


@pytest.mark.requirement("R-USE-013", "R-FLOW-013")
async def test_a_loaded_record_that_is_rated_red_by_hand_is_told_of_as_ever(
    watch: Watch, administrator: Visitor
) -> None:
    (added,) = await loaded_reds(watch, administrator, 1)
    await watch.hear()
    shown = await watch.rig.referrals.read(administrator, added)
    receipt = RecordReceipt(record_id=added, reference=shown.reference, version=0, rating=RED)

    amber = await rerated(watch, administrator, receipt, AMBER)
    await rerated(watch, administrator, amber, RED)

    assert ["routine", "urgent"] == sorted(await notices_about(watch, [added]))
    assert 1 == await told_of(watch, [added])


async def test_a_loaded_red_that_someone_sees_is_seen(watch: Watch, administrator: Visitor) -> None:
    await loaded_reds(watch, administrator, 1)
    await watch.hear()

    await watch.see(administrator, await watch.the_urgent(administrator))

    assert administrator.full_name == (await watch.the_urgent(administrator)).seen_by


@pytest.mark.requirement("R-USE-013")
async def test_reds_that_were_inserted_without_a_notice_wait_and_nobody_is_told_after_a_restart(
    watch: Watch, administrator: Visitor, of_referrals: Owner
) -> None:
    added = [new_id() for _ in range(3)]
    for each in added:
        await of_referrals.db.execute(INSERT_BESIDE, each, administrator.organisation_ids[0], LONG_AGO)

    await watch.watching.compare()

    assert set(added) == {each.record_id for each in (await watch.listed(administrator)).urgent}
    assert 0 == await told_of(watch, added)


@pytest.mark.requirement("R-FLOW-013")
async def test_a_red_of_a_form_is_told_of_though_its_event_was_lost(watch: Watch, administrator: Visitor) -> None:
    watch.deaf()
    receipt = await a_record(watch, administrator)

    await watch.watching.compare()

    assert 1 == await told_of(watch, [receipt.record_id])
