"""Totals: exact at every moment, folded each second, checked each night."""

import asyncio
from datetime import UTC, datetime

import pytest

from services.referrals.jobs import FOLD_EVERY_SECONDS, prove_counters
from services.referrals.service import jobs_of
from services.referrals.store import counting
from shared.jobs import Job, repeat
from shared.permissions import Role, Visitor
from shared.tasks import end
from tests.services.referrals.builders import a_visitor, colleague_of
from tests.services.referrals.people import a_person
from tests.services.referrals.rig import Owner, Referrals

WEAR = "UPDATE counter SET n = n + 5 WHERE compartment_id = $1 AND is_open"


async def totals(referrals: Referrals, *visitors: Visitor) -> list[int]:
    return [(await referrals.listed(each)).total for each in visitors]


@pytest.mark.requirement("R-DSR-112", "R-DSR-143")
async def test_the_total_is_the_same_before_and_after_folding(referrals: Referrals) -> None:
    visitor = a_visitor()
    colleague, administrator = colleague_of(visitor), colleague_of(visitor, Role.ADMINISTRATOR)
    receipts = [await referrals.submit(each) for each in (visitor, visitor, colleague)]
    await referrals.archive(administrator, receipts[-1])

    before = await totals(referrals, visitor, colleague, administrator)
    folded = await counting.fold_deltas(referrals.background)
    after = await totals(referrals, visitor, colleague, administrator)

    assert [2, 0, 2] == before == after
    assert folded >= 10


@pytest.mark.slow
async def test_totals_are_exact_while_they_are_folded(referrals: Referrals) -> None:
    visitor = a_visitor()
    seen = []

    async def fold_all_the_time() -> None:
        while True:
            await counting.fold_deltas(referrals.background)

    folding = asyncio.create_task(fold_all_the_time())
    for _ in range(20):
        await referrals.submit(visitor)
        seen += await totals(referrals, visitor)
    assert [] == await end([folding])

    assert list(range(1, 21)) == seen


def job_called(name: str, referrals: Referrals) -> Job:
    return next(job for job in jobs_of(referrals.context) if job.name == name)


async def test_the_proof_finds_nothing_where_all_is_well_and_mends_what_is_not(
    referrals: Referrals, owner: Owner
) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    await referrals.submit(visitor)
    await counting.fold_deltas(referrals.background)

    well = await prove_counters(referrals.context)
    await owner.rows(WEAR, visitor.home_organisation_id)
    worn = await totals(referrals, visitor)
    wrong = await prove_counters(referrals.context)

    assert (0, [6], 2) == (well, worn, wrong)
    assert [1] == await totals(referrals, visitor)
    assert 0 == await prove_counters(referrals.context)


@pytest.mark.slow
async def test_deltas_are_folded_each_second(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    await referrals.submit(visitor)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(FOLD_EVERY_SECONDS + 1.5):
            await repeat(job_called("counters.fold", referrals))

    assert 1 == await owner.value("SELECT n FROM counter WHERE created_by = $1", visitor.user_id)


async def test_the_proof_is_made_each_night(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    await referrals.submit(visitor)
    await counting.fold_deltas(referrals.background)
    await owner.rows(WEAR, visitor.home_organisation_id)
    rounds, second_round = [], asyncio.Event()

    def just_before_two() -> datetime:
        rounds.append(1)
        if len(rounds) == 2:
            second_round.set()
        return datetime(2026, 6, 1, 0, 59, 59, 990_000, tzinfo=UTC)

    job = asyncio.create_task(repeat(job_called("counters.prove", referrals), just_before_two))
    async with asyncio.timeout(20):
        await second_round.wait()
    assert [] == await end([job])

    assert [1] == await totals(referrals, visitor)


async def test_what_a_migration_or_an_upload_writes_is_counted_and_found_too(
    referrals: Referrals, owner: Owner
) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    receipt = await referrals.submit(visitor)

    await owner.rows(
        "INSERT INTO record (id, reference, register_code, edition, state, compartment_id, organisation_id, "
        "created_by, created_by_name, created_at, updated_at, rated_at, given_name, family_name, search, answers) "
        "SELECT gen_random_uuid(), reference || '-copy', register_code, edition, state, compartment_id, "
        "organisation_id, created_by, created_by_name, created_at, updated_at, rated_at, 'Copied', family_name, "
        "' copied plum', answers FROM record WHERE id = $1",
        receipt.record_id,
    )
    copied = await referrals.listed(visitor, "opie")
    await owner.rows("DELETE FROM record WHERE id = $1", receipt.record_id)

    assert (["Copied Plum"], 2) == ([row.name for row in copied.rows], copied.total)
    assert ([], 1) == (await referrals.names(visitor, "percy"), (await referrals.listed(visitor)).total)


async def test_new_search_text_is_found_while_it_waits_and_is_put_into_the_index(referrals: Referrals) -> None:
    visitor = a_visitor()
    await counting.clean_search(referrals.background)
    person = a_person()
    await referrals.submit(visitor, **person)
    within = str(person["last_name"])[2:8]
    found = [await referrals.names(visitor, within)]

    cleaned = [await counting.clean_search(referrals.background) for _ in range(2)]

    found.append(await referrals.names(visitor, within))
    assert [[f"Zoë {person['last_name']}"]] * 2 == found
    assert [True, False] == [pages > 0 for pages in cleaned]
