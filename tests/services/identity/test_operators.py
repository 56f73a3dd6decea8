"""What operators and the loading of the demo do: create accounts and organisations, unlock accounts."""

import pytest

from services.identity.operators import (
    Fixed,
    Mailed,
    NewAccount,
    create_account,
    ensure_organisations,
    unlock_account,
)
from services.identity.rules.log_in import Status
from shared.contracts.identity import ListOrganisations
from shared.database import transaction
from shared.messages import Refused
from shared.permissions import Role
from tests.services.identity.rig import ADA, PASSWORD, Rig, refused

MASTER = NewAccount("master@staffordshire.gov.uk", "Max", "Fell", master_admin=True)


async def test_a_master_admin_made_by_an_operator_gets_the_welcome_mail(rig: Rig) -> None:
    mailed = Mailed(rig.context.keys, rig.context.mails, rig.context.profile, "dsr")
    async with transaction(rig.pool) as db:
        await create_account(db, MASTER, mailed)

    [mail] = await rig.mails()
    opened = await rig.come_in(MASTER.email, mail.values["password"])

    assert ("welcome", MASTER.email, True) == (mail.template, mail.recipient, opened.must_change)


async def test_a_master_admin_is_welcomed_in_the_name_of_the_installation(rig: Rig) -> None:
    keys, mails, profile = rig.context.keys, rig.context.mails, rig.context.profile
    async with transaction(rig.pool) as db:
        await create_account(db, MASTER, Mailed(keys, mails, profile, installation="Barset Registers"))

    [mail] = await rig.mails()

    assert ("", "Barset Registers") == (mail.register_code, mail.values["register_name"])
    assert f"{mails.public_url.rstrip('/')}/" == mail.values["link"]


async def test_an_account_with_a_fixed_password_opens_at_once(rig: Rig) -> None:
    await rig.person()

    assert [] == await rig.mails()
    assert not (await rig.come_in()).must_change


async def test_grants_name_organisations_by_their_domains(rig: Rig) -> None:
    await rig.person("lee@nhs.net", role=Role.REPORTING, domains=("combined.nhs.uk", "stoke.gov.uk"))

    found = await rig.find((await rig.come_in("lee@nhs.net")).session_token)

    listed = await rig.ask(ListOrganisations(register_code="dsr"))
    reached = {each.domain for each in listed.organisations if each.organisation_id in found.visitor.organisation_ids}
    assert ({"combined.nhs.uk", "stoke.gov.uk"}, None) == (reached, found.visitor.home_organisation_id)


async def test_an_address_that_has_an_account_gets_no_other(rig: Rig) -> None:
    await rig.person()

    assert "already_registered" == await refused(rig.person(ADA.upper()))
    assert (await rig.come_in()).session_token


async def test_a_grant_on_an_organisation_that_is_not_there_is_refused(rig: Rig) -> None:
    assert "unknown_organisation" == await refused(rig.person(domains=("elsewhere.nhs.uk",)))
    assert 0 == await rig.pool.fetchval("SELECT count(*) FROM account")


async def test_what_is_no_person_is_not_made(rig: Rig) -> None:
    with pytest.raises(Refused) as refusal:
        async with transaction(rig.pool) as db:
            await create_account(db, NewAccount("x", "", "1"), Fixed(rig.context.hashes, PASSWORD))

    wrong = {"first_name": "required", "last_name": "characters", "email": "email"}
    assert {"wrong": wrong} == refusal.value.details.model_dump()


@pytest.mark.requirement("R-DSR-021")
async def test_accounts_made_and_unlocked_are_audited(rig: Rig) -> None:
    await rig.person()
    await rig.set_status(Status.LOCKED)
    async with transaction(rig.pool) as db:
        await unlock_account(db, rig.context.keys, ADA)

    assert ["account_created", "grant_given", "account_unlocked"] == await rig.audited()


async def test_an_unlocked_account_opens_again(rig: Rig) -> None:
    await rig.person()
    device = (await rig.come_in()).device_token
    await rig.wrong_passwords(5, device=device)

    async with transaction(rig.pool) as db:
        unlocked = [await unlock_account(db, rig.context.keys, email) for email in (ADA, ADA, "nobody@nhs.net")]

    assert [True, False, False] == unlocked
    assert (await rig.come_in(device=device)).session_token
    assert (await rig.come_in()).session_token


async def test_a_disabled_account_is_not_unlocked(rig: Rig) -> None:
    await rig.person()
    await rig.set_status(Status.DISABLED)

    async with transaction(rig.pool) as db:
        assert not await unlock_account(db, rig.context.keys, ADA)


async def test_organisations_are_added_once_and_listed_by_name(rig: Rig) -> None:
    rows = [("Borough of Wells", "wells.gov.uk"), ("Abbey Trust", "Abbey.nhs.uk")]
    async with transaction(rig.pool) as db:
        first = await ensure_organisations(db, "s117", rows)
        second = await ensure_organisations(db, "s117", [*rows, ("Abbey Trust", "other.nhs.uk")])

    listed = await rig.ask(ListOrganisations(register_code="s117"))
    assert first == second
    assert ["Abbey Trust (@abbey.nhs.uk)", "Borough of Wells (@wells.gov.uk)"] == [
        each.label for each in listed.organisations
    ]


async def test_each_register_has_organisations_of_its_own(rig: Rig) -> None:
    async with transaction(rig.pool) as db:
        await ensure_organisations(db, "s117", [("Abbey Trust", "abbey.nhs.uk")])

    assert 5 == len((await rig.ask(ListOrganisations(register_code="dsr"))).organisations)
    assert 1 == len((await rig.ask(ListOrganisations(register_code="s117"))).organisations)
