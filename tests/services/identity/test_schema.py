"""What the database itself refuses, whatever the code does."""

import asyncpg
import pytest

from services.identity.operators import Fixed, GrantWanted, NewAccount, create_account
from shared.database import transaction
from shared.permissions import Role
from tests.services.identity.rig import ADA, PASSWORD, Rig

ADD_ACCOUNT = "INSERT INTO account (account_id, email, first_name, last_name) VALUES (gen_random_uuid(), $1, 'E', 'F')"


async def master_admin(rig: Rig) -> None:
    async with transaction(rig.pool) as db:
        account = NewAccount(ADA, "Ada", "Birch", master_admin=True)
        await create_account(db, account, Fixed(rig.context.hashes, PASSWORD))


@pytest.mark.requirement("R-DSR-013")
async def test_a_master_admin_can_be_given_no_role_on_any_register(rig: Rig) -> None:
    await master_admin(rig)

    for role in (Role.STANDARD, Role.REPORTING, Role.ADMINISTRATOR, Role.MASTER_ADMIN):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await rig.pool.execute(
                "INSERT INTO register_grant (account_id, register_code, role) "
                "SELECT account_id, 'dsr', $1 FROM account",
                role,
            )
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await rig.pool.execute(
            "INSERT INTO register_grant (account_id, register_code, role, master_admin) "
            "SELECT account_id, 'dsr', 'standard', true FROM account"
        )


@pytest.mark.requirement("R-DSR-013")
async def test_nobody_with_a_role_can_become_master_admin(rig: Rig) -> None:
    await rig.person()

    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await rig.pool.execute("UPDATE account SET master_admin = true")


async def test_a_master_admin_with_a_role_is_not_made(rig: Rig) -> None:
    both = NewAccount(ADA, "Ada", "Birch", (GrantWanted("dsr", Role.STANDARD),), master_admin=True)

    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        async with transaction(rig.pool) as db:
            await create_account(db, both, Fixed(rig.context.hashes, PASSWORD))

    assert 0 == await rig.pool.fetchval("SELECT count(*) FROM account")


@pytest.mark.requirement("R-DSR-020")
async def test_two_accounts_never_have_one_address(rig: Rig) -> None:
    await rig.person()

    for email, error in ((ADA, asyncpg.UniqueViolationError), (ADA.upper(), asyncpg.CheckViolationError)):
        with pytest.raises(error):
            await rig.pool.execute(ADD_ACCOUNT, email)


@pytest.mark.parametrize(
    "forbidden",
    [
        "DELETE FROM account",
        "DELETE FROM organisation",
        "TRUNCATE session",
        "SELECT * FROM audit",
        "DELETE FROM audit",
        "UPDATE audit SET action = ''",
        "CREATE TABLE another (id int)",
        "ALTER TABLE account DISABLE TRIGGER ALL",
    ],
)
async def test_the_service_itself_may_not(rig: Rig, forbidden: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await rig.pool.execute(forbidden)


async def test_a_home_organisation_is_one_of_the_same_register(rig: Rig) -> None:
    await rig.person()
    await rig.pool.execute("INSERT INTO organisation VALUES (gen_random_uuid(), 's117', 'Council', 'council.gov.uk')")

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await rig.pool.execute(
            "UPDATE register_grant SET home_organisation_id = "
            "(SELECT organisation_id FROM organisation WHERE register_code = 's117')"
        )
