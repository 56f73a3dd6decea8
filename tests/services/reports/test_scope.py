"""Row-level security behind the service's own queries: without their filters, the database still limits access."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.database import transaction
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import a_visitor, new_id
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import Rig

WALLED = ("record_copy", "outcome_copy", "tally", "rating_week", "job", "chunk")


@pytest.fixture
async def reader(rig: Rig, owner: Owner) -> AsyncIterator[Visitor]:
    """A visitor with a row in every table."""
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    await rig.record_outcome(organisation, await rig.submit(organisation))
    await rig.copy()
    job = await rig.start(reader)
    await owner.db.execute("INSERT INTO chunk VALUES ($1, 0, 0, 'PK')", job.job_id)
    yield reader
    await rig.stop(reader, job)


async def test_who_it_is_for_sees_it_in_every_table(rig: Rig, reader: Visitor) -> None:
    assert set(WALLED) == await seen_by(rig, reader)


@pytest.mark.requirement("R-DSR-013")
async def test_others_see_nothing_of_it(rig: Rig, reader: Visitor) -> None:
    roles = (Role.STANDARD, Role.MASTER_ADMIN, None)
    others = [reader.model_copy(update={"role": role}) for role in roles]
    others += [a_visitor(Role.REPORTING), reader.model_copy(update={"register_code": "other"})]

    assert [set()] * len(others) == [await seen_by(rig, other) for other in others]


async def test_a_colleague_with_the_same_organisations_sees_no_report_of_it(rig: Rig, reader: Visitor) -> None:
    colleague = a_visitor(Role.ADMINISTRATOR, *reader.organisation_ids)

    assert {"record_copy", "outcome_copy", "tally", "rating_week"} == await seen_by(rig, colleague)


@pytest.mark.usefixtures("reader")
async def test_without_a_context_there_are_no_rows(rig: Rig) -> None:
    assert set() == await seen_by(rig, None)


async def test_every_table_about_people_has_the_wall(owner: Owner) -> None:
    rows = await owner.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
        "AND relkind = 'r' AND relrowsecurity AND relforcerowsecurity"
    )

    assert set(WALLED) == {row["relname"] for row in rows}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE record_copy SET answers = '{}'",
        "DELETE FROM record_copy",
        "INSERT INTO tally VALUES ('dsr', gen_random_uuid(), 'x', 'y', 1)",
        "UPDATE tally SET n = 0",
        "UPDATE rating_week SET n = 0",
        "DELETE FROM job",
        "UPDATE job SET user_id = gen_random_uuid()",
        "UPDATE chunk SET content = ''",
        "UPDATE feed SET sequence = 0",
        "SELECT drop_copies(ARRAY[gen_random_uuid()])",
        "SELECT * FROM audit",
        "TRUNCATE chunk",
        "CREATE TABLE mine ()",
    ],
)
async def test_the_services_role_may_do_no_more_than_the_service_does(rig: Rig, reader: Visitor, sql: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with transaction(rig.pool, reader) as db:
            await db.execute(sql)


async def test_nobody_asks_for_a_report_in_another_s_name(rig: Rig, reader: Visitor) -> None:
    add = "INSERT INTO job (id, register_code, edition, user_id, report) VALUES ($1, $2, '2022', $3, 'x')"

    for register, user in (("dsr", new_id()), ("other", reader.user_id)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with transaction(rig.pool, reader) as db:
                await db.execute(add, new_id(), register, user)


async def seen_by(rig: Rig, visitor: Visitor | None) -> set[str]:
    """Return the tables in which this visitor sees any row."""
    async with transaction(rig.pool, visitor) as db:
        return {table for table in WALLED if await db.fetchval(f"SELECT EXISTS (SELECT FROM {table})")}
