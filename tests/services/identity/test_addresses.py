"""One outside address: an administrator assigns it, its owner registers, and it is withdrawn."""

from uuid import uuid4

import pytest

from shared.contracts.addresses import AssignAddress, ListAddresses, TakeBackAddress
from shared.contracts.registration import RegisterAccount
from tests.services.identity.managing import AMINA, COMBINED, GAIL, MAX, MPFT, as_, office
from tests.services.identity.rig import WARD, Rig, refused

PAT, KIT = "pat@staffordshire.police.uk", "kit@staffordshire.police.uk"


async def register(rig: Rig, email: str) -> str:
    asked = RegisterAccount(register_code="dsr", first_name="Pat", last_name="Ash", email=email, address=WARD)
    return await refused(rig.ask(asked))


@pytest.mark.requirement("R-DSR-042")
@pytest.mark.parametrize("asker", [GAIL, MAX])
async def test_an_assigned_address_registers_and_others_of_its_domain_do_not(rig: Rig, asker: str) -> None:
    await office(rig)
    who = await as_(rig, asker)
    before = await register(rig, PAT)

    await rig.ask(AssignAddress(command_id=uuid4(), email="Pat@Staffordshire.police.uk"), who)

    assert ("domain_not_accepted", "", "domain_not_accepted") == (
        before,
        await register(rig, PAT),
        await register(rig, KIT),
    )
    assert 1 == (await rig.audited()).count("address_assigned")


@pytest.mark.parametrize("domain", ["staffordshire.police.uk", MPFT, "nhs.net", f"evil{COMBINED}"])
async def test_an_administrator_of_some_organisations_assigns_no_address_of_others(rig: Rig, domain: str) -> None:
    await office(rig)
    who = await as_(rig, AMINA)

    codes = [
        await refused(rig.ask(AssignAddress(command_id=uuid4(), email=f"pat@{each}"), who))
        for each in (domain, COMBINED, f"ward.{COMBINED}")
    ]

    assert ["not_yours", "", ""] == codes
    listed = (await rig.ask(ListAddresses(), who)).addresses
    assert {f"pat@{COMBINED}", f"pat@ward.{COMBINED}"} == {each.email for each in listed}


async def test_an_address_that_is_taken_back_does_not_register(rig: Rig) -> None:
    await office(rig)
    who = await as_(rig, GAIL)
    for email in (PAT, KIT):
        await rig.ask(AssignAddress(command_id=uuid4(), email=email), who)

    await rig.ask(TakeBackAddress(command_id=uuid4(), email=PAT), who)

    assert ("domain_not_accepted", "") == (await register(rig, PAT), await register(rig, KIT))
    listed = (await rig.ask(ListAddresses(search="STAFFORDSHIRE"), who)).addresses
    assert [KIT] == [each.email for each in listed]
    assert "not_found" == await refused(rig.ask(TakeBackAddress(command_id=uuid4(), email=PAT), who))


async def test_what_is_no_address_or_assigned_already_is_said(rig: Rig) -> None:
    await office(rig)
    who = await as_(rig, GAIL)
    await rig.ask(AssignAddress(command_id=uuid4(), email=PAT), who)

    codes = [await refused(rig.ask(AssignAddress(command_id=uuid4(), email=each), who)) for each in ("pat", PAT)]

    assert ["unreadable", "assigned_before"] == codes
