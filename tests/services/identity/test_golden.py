"""The replies of identity match the recorded golden messages."""

from uuid import uuid4

from services.identity.rules.log_in import Status
from shared.contracts.addresses import AssignAddress, ListAddresses
from shared.contracts.authenticator import BeginApp, ConfirmApp, ListRemembered, ReadApp, RenewRecoveryCodes
from shared.contracts.identity import (
    ChangePassword,
    FindSession,
    ListColleagues,
    ListOrganisations,
    ListOwnSessions,
    LogIn,
    ReadPasswordRule,
    VerifyPin,
)
from shared.contracts.installation import ReadHold
from shared.contracts.looks import NameLookers
from shared.contracts.registration import ReadJoinOffer
from shared.contracts.users import (
    AddUser,
    CountAccountsWaiting,
    ListLockedUsers,
    ListProposals,
    ListUsers,
    ProposeAdministrator,
    ReadReach,
    ReadUser,
    ResetApp,
)
from shared.permissions import Role
from tests.contracts.golden import check_golden
from tests.services.identity.managing import GAIL, JO, MAX, MPFT, STOKE, access, added, as_, office, organisation, read
from tests.services.identity.phones import Phone
from tests.services.identity.rig import PASSWORD, WARD, Rig


async def test_golden_log_in(rig: Rig) -> None:
    await office(rig)
    attempt = await rig.ask(LogIn(register_code="dsr", email=JO, password=PASSWORD, address=WARD))
    pin, browser = await rig.newest_pin(), "Edge on Windows"
    opened = await rig.ask(VerifyPin(attempt_token=attempt.attempt_token, pin=pin, browser=browser, address=WARD))
    found = await rig.find(opened.session_token)
    everywhere = await rig.find((await rig.come_in(GAIL)).session_token)
    change = ChangePassword(current_password=PASSWORD, new_password="Heath-Lark-28!")

    check_golden(LogIn, attempt)
    check_golden(VerifyPin, opened)
    check_golden(FindSession, found, everywhere)
    check_golden(ListOwnSessions, await rig.ask(ListOwnSessions(), found.assertion))
    check_golden(ReadJoinOffer, await rig.ask(ReadJoinOffer(), found.assertion))
    check_golden(ChangePassword, await rig.ask(change, found.assertion))
    check_golden(ReadPasswordRule, await rig.ask(ReadPasswordRule()))
    check_golden(ReadHold, await rig.ask(ReadHold()))
    check_golden(ListOrganisations, await rig.ask(ListOrganisations(register_code="dsr")))


async def test_golden_apps(rig: Rig) -> None:
    await office(rig)
    jo = await rig.find((await rig.come_in(JO)).session_token)
    without = await rig.ask(ReadApp(), jo.assertion)
    begun = await rig.ask(BeginApp(current_password=PASSWORD), jo.assertion)
    codes = await rig.ask(ConfirmApp(code=Phone(begun.secret).code()), jo.assertion)
    renewing = RenewRecoveryCodes(current_password=PASSWORD, code=codes.codes[0])

    check_golden(ReadApp, without)
    check_golden(BeginApp, begun)
    check_golden(ConfirmApp, codes)
    check_golden(RenewRecoveryCodes, await rig.ask(renewing, jo.assertion))
    check_golden(ListRemembered, await rig.ask(ListRemembered(), jo.assertion))
    check_golden(ResetApp, await rig.ask(ResetApp(user_id=jo.visitor.user_id), await as_(rig, GAIL)))


async def test_golden_users(rig: Rig) -> None:
    jo = await office(rig)
    await rig.come_in(JO)
    gail, master = await as_(rig, GAIL), await as_(rig, MAX)
    everything = await access(rig, Role.ADMINISTRATOR, everywhere=True)
    await rig.ask(ProposeAdministrator(command_id=uuid4(), user_id=jo, access=everything), master)
    await rig.ask(AssignAddress(command_id=uuid4(), email="pat@staffordshire.police.uk"), gail)
    given = await access(rig, Role.STANDARD, STOKE)
    colleagues = ListColleagues(organisation_id=await organisation(rig, MPFT))

    check_golden(AddUser, await added(rig, gail, "kit.wren@nhs.net", given))
    check_golden(ListUsers, await rig.ask(ListUsers(), gail))
    check_golden(ReadUser, await read(rig, gail, jo))
    check_golden(ReadReach, await rig.ask(ReadReach(), gail))
    check_golden(ListProposals, await rig.ask(ListProposals(), gail))
    check_golden(ListAddresses, await rig.ask(ListAddresses(), gail))
    check_golden(ListColleagues, found := await rig.ask(colleagues, gail))
    lookers = NameLookers(user_ids=tuple(each.user_id for each in found.colleagues))
    check_golden(NameLookers, await rig.ask(lookers, gail))
    await rig.set_status(Status.LOCKED, JO)
    check_golden(CountAccountsWaiting, await rig.ask(CountAccountsWaiting(), gail))
    check_golden(ListLockedUsers, await rig.ask(ListLockedUsers(), gail))
