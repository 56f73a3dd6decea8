"""Which addresses the notifier receives for a mail about a record, which are withheld, and that this is audited."""

from uuid import UUID

import pytest

from services.identity.rules.log_in import Status
from services.identity.store.recipients import MOST
from shared.contracts.identity import FindRecipients, Recipients
from shared.messages import Fault, NotAnswered
from shared.permissions import Role
from shared.registers.bodies import organisation_compartment
from tests.services.identity.rig import ADA, Rig, statement_of

BOB, CAI = "bob.oak@combined.nhs.uk", "cai.elm@mpft.nhs.uk"
NOBODY = Recipients(administrators=())
FIND_ORGANISATION = "SELECT organisation_id FROM organisation WHERE domain = $1"
ADD_MANY = """
    WITH made AS (
        INSERT INTO account (account_id, email, first_name, last_name)
        SELECT gen_random_uuid(), 'person' || n || '@mpft.nhs.uk', 'A', 'B' FROM generate_series(1, $1::integer) AS n
        RETURNING account_id
    )
    INSERT INTO register_grant (account_id, register_code, role, all_organisations)
    SELECT account_id, 'dsr', 'administrator', true FROM made
"""


async def organisation(rig: Rig) -> UUID:
    found: UUID = await rig.pool.fetchval(FIND_ORGANISATION, "mpft.nhs.uk")
    return found


async def find(rig: Rig, organisation_id: UUID, user_id: UUID | None = None, register: str = "dsr") -> Recipients:
    bodies = organisation_compartment(organisation_id).bodies
    asked = FindRecipients(register_code=register, bodies=bodies, user_id=user_id)
    return await rig.ask(asked, statement_of("notifier"))


@pytest.mark.requirement("R-DSR-098")
async def test_administrators_are_those_who_have_the_organisation_or_all(rig: Rig) -> None:
    await rig.person(ADA, role=Role.ADMINISTRATOR, all_organisations=True)
    await rig.person(BOB, role=Role.ADMINISTRATOR)
    await rig.person(CAI, role=Role.ADMINISTRATOR)

    found = await find(rig, await organisation(rig))

    assert (CAI, ADA) == found.administrators


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING])
async def test_others_are_no_administrators(rig: Rig, role: Role) -> None:
    await rig.person(role=role, all_organisations=True)

    assert NOBODY == await find(rig, await organisation(rig))


@pytest.mark.parametrize("status", Status)
async def test_an_account_that_does_not_serve_is_given_no_mail(rig: Rig, status: Status) -> None:
    account_id = await rig.person(role=Role.ADMINISTRATOR)
    await rig.set_status(status)

    found = await find(rig, await organisation(rig), account_id)

    serves = status in (Status.ACTIVE, Status.LOCKED_TO_STRANGERS)
    assert (Recipients(administrators=(ADA,), user=ADA) if serves else NOBODY) == found


async def test_another_register_s_administrators_and_organisations_are_none_of_it(rig: Rig) -> None:
    account_id = await rig.person(role=Role.ADMINISTRATOR, all_organisations=True)

    assert NOBODY == await find(rig, await organisation(rig), account_id, "s117")
    assert NOBODY == await find(rig, UUID(int=5))


@pytest.mark.requirement("R-DSR-098")
async def test_the_submitter_s_address_is_given_by_their_id(rig: Rig) -> None:
    account_id = await rig.person(role=Role.STANDARD)

    assert Recipients(administrators=(), user=ADA) == await find(rig, await organisation(rig), account_id)


@pytest.mark.requirement("R-DSR-098")
async def test_a_submitter_of_another_organisation_is_told_nothing_unless_they_have_all(rig: Rig) -> None:
    elsewhere, everywhere = await rig.person(BOB), await rig.person("dot@combined.nhs.uk", all_organisations=True)

    found = [(await find(rig, await organisation(rig), each)).user for each in (elsewhere, everywhere)]

    assert [None, "dot@combined.nhs.uk"] == found


async def test_fifty_are_given_at_most(rig: Rig) -> None:
    await rig.pool.execute(ADD_MANY, MOST + 5)

    assert MOST == len((await find(rig, await organisation(rig))).administrators)


async def test_whose_addresses_were_given_is_audited_by_their_ids(rig: Rig) -> None:
    account_id = await rig.person(role=Role.ADMINISTRATOR)

    await find(rig, await organisation(rig))

    row = await rig.owner.fetchrow("SELECT register, subjects, fields FROM audit WHERE action = 'addresses_given'")
    assert row is not None
    assert ("dsr", [account_id], []) == tuple(row)


@pytest.mark.parametrize("service", ["referrals", "reports", "outcomes"])
async def test_no_other_service_is_given_any(rig: Rig, service: str) -> None:
    asked = FindRecipients(register_code="dsr", bodies=organisation_compartment(await organisation(rig)).bodies)

    with pytest.raises(NotAnswered) as refused:
        await rig.ask(asked, statement_of(service))

    assert Fault.NOT_ALLOWED == refused.value.fault


@pytest.mark.requirement("R-MEET-010")
@pytest.mark.parametrize("status", Status)
async def test_who_is_told_of_work_of_their_own_need_only_have_a_role_in_the_register(rig: Rig, status: Status) -> None:
    account_id, elsewhere = await rig.person(role=Role.STANDARD), organisation_compartment(UUID(int=5)).bodies
    await rig.set_status(status)

    async def found(register: str, *, anywhere: bool) -> str | None:
        asked = FindRecipients(register_code=register, bodies=elsewhere, user_id=account_id, anywhere=anywhere)
        return (await rig.ask(asked, statement_of("notifier"))).user

    serves = status in (Status.ACTIVE, Status.LOCKED_TO_STRANGERS)
    assert (ADA if serves else None) == await found("dsr", anywhere=True)
    assert [None, None] == [await found("dsr", anywhere=False), await found("s117", anywhere=True)]
