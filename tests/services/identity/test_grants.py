"""Grants: who gives and takes them, when they are signed, and what a user who may unlock accounts can do."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.identity.operators import Fixed, GrantWanted, NewAccount, create_account
from services.identity.rules.log_in import Status
from shared.accounts import UserAct
from shared.context import ServiceContext
from shared.contracts.identity import CheckGrant
from shared.contracts.users import (
    DecideProposal,
    GrantedAccess,
    ListLockedUsers,
    ListProposals,
    LockedUsers,
    ProposeAdministrator,
    ReadReach,
)
from shared.database import transaction
from shared.messages import Fault, NotAnswered
from shared.permissions import AccountGrant, Permission, Role, Visitor
from tests.services.identity.managing import (
    AMINA,
    COMBINED,
    GAIL,
    JO,
    MAX,
    MPFT,
    access,
    added,
    as_,
    changed,
    done,
    listed,
    made,
    office,
    read,
)
from tests.services.identity.rig import PASSWORD, Rig, refused, statement_of
from tests.support.grants import offering

OFFERED = (AccountGrant.DELETE, AccountGrant.UNLOCK)
KIT = "kit.wren@mpft.nhs.uk"


@pytest.fixture
def service_parts(service_parts: ServiceContext) -> ServiceContext:
    """The parts of a service whose register offers two of the grants."""
    return replace(service_parts, registers=offering(*OFFERED))


async def given(rig: Rig, *grants: AccountGrant) -> GrantedAccess:
    """Return the access of a standard user of one trust, with these grants."""
    return (await access(rig, Role.STANDARD, MPFT)).model_copy(update={"grants": grants})


async def supporter(rig: Rig, *grants: AccountGrant, everywhere: bool = False) -> UUID:
    """Add Kit of the support team, a standard user with grants, as an operator does."""
    wanted = GrantWanted("dsr", Role.STANDARD, everywhere, grants=grants)
    account = NewAccount(KIT, "Kit Lee", "Wren", (wanted,))
    async with transaction(rig.pool) as db:
        return await create_account(db, account, Fixed(rig.context.hashes, PASSWORD))


async def fault(asked: Awaitable[object]) -> Fault | None:
    """Return why the request is not answered, or None if it is."""
    try:
        await asked
    except NotAnswered as unanswered:
        return unanswered.fault
    return None


async def visitor(rig: Rig, email: str) -> Visitor:
    return (await rig.find((await rig.come_in(email)).session_token)).visitor


async def audited(rig: Rig) -> list[tuple[str, Sequence[str]]]:
    """Return each audit row of grants that were given or taken: action and codes."""
    rows = await rig.owner.fetch("SELECT action, fields FROM audit WHERE action LIKE 'add_ons%' ORDER BY id")
    return [(row["action"], list(row["fields"])) for row in rows]


# ------------------------------------------------------------------------------------------------------ given and taken
async def test_an_administrator_gives_and_takes_grants_and_the_audit_names_them(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)

    await changed(rig, gail, jo, await given(rig, AccountGrant.UNLOCK, AccountGrant.DELETE))
    first = await visitor(rig, JO)
    await changed(rig, gail, jo, await given(rig, AccountGrant.DELETE), version=2)
    second = await visitor(rig, JO)

    assert (OFFERED, (AccountGrant.DELETE,)) == (first.grants, second.grants)
    assert first.may(Permission.DELETE_RECORD)
    assert first.may(Permission.UNLOCK_ACCOUNT)
    assert not second.may(Permission.UNLOCK_ACCOUNT)
    assert [("add_ons_given", ["delete", "unlock"]), ("add_ons_taken", ["unlock"])] == await audited(rig)


async def test_a_user_is_added_with_grants_that_wait_for_a_password_of_their_own(rig: Rig) -> None:
    await office(rig)
    gail = await as_(rig, GAIL)

    kit = (await added(rig, gail, KIT, await given(rig, AccountGrant.DELETE))).user_id
    [welcome] = await rig.mails("welcome")
    opened = await rig.come_in(KIT, welcome.values["password"])
    waiting = (await rig.find(opened.session_token)).visitor

    assert (AccountGrant.DELETE,) == (await read(rig, gail, kit)).user.access.grants
    assert ((), frozenset({Permission.USE_ACCOUNT})) == (waiting.grants, waiting.permissions)
    assert [("add_ons_given", ["delete"])] == await audited(rig)


async def test_what_the_register_does_not_offer_is_not_given(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)
    wanted = await given(rig, AccountGrant.BULK_LOAD)

    assert OFFERED == (await rig.ask(ReadReach(), gail)).grants
    assert "not_yours" == await refused(changed(rig, gail, jo, wanted))
    assert "not_yours" == await refused(added(rig, gail, KIT, wanted))


async def test_a_master_admin_gives_none(rig: Rig) -> None:
    await office(rig)
    master = await as_(rig, MAX)
    wanted = GrantedAccess(role=Role.STANDARD, grants=(AccountGrant.UNLOCK,))

    assert () == (await rig.ask(ReadReach(), master)).grants
    assert "not_yours" == await refused(added(rig, master, KIT, wanted))


async def test_nobody_gives_themself_a_grant_or_one_outside_their_organisations(rig: Rig) -> None:
    jo, amina = await office(rig), await as_(rig, AMINA)
    herself: UUID = await rig.pool.fetchval("SELECT account_id FROM account WHERE email = $1", AMINA)
    hers = (await access(rig, Role.ADMINISTRATOR, COMBINED)).model_copy(update={"grants": OFFERED})

    assert "yourself" == await refused(changed(rig, amina, herself, hers))
    assert "not_found" == await refused(changed(rig, amina, jo, hers))


async def test_the_same_grants_in_another_order_change_nothing(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)
    await changed(rig, gail, jo, await given(rig, *OFFERED))

    assert "unchanged" == await refused(changed(rig, gail, jo, await given(rig, *reversed(OFFERED)), version=2))


async def test_a_grant_that_the_register_no_longer_offers_is_not_signed(rig: Rig) -> None:
    kit = await supporter(rig, AccountGrant.BULK_LOAD, AccountGrant.DELETE)

    signed = await visitor(rig, KIT)
    asked = CheckGrant(register_code="dsr", user_id=kit)
    checked = (await rig.ask(asked, statement_of("referrals"))).visitor

    assert [(AccountGrant.DELETE,)] * 2 == [signed.grants, checked.grants]
    assert not signed.may(Permission.BULK_LOAD)
    assert [("add_ons_given", ["bulk_load", "delete"])] == await audited(rig)


async def test_whose_role_is_taken_away_has_no_grant_left(rig: Rig) -> None:
    await office(rig)
    kit, gail = await supporter(rig, AccountGrant.UNLOCK), await as_(rig, GAIL)
    await rig.pool.execute(
        "INSERT INTO register_grant (account_id, register_code, role) VALUES ($1, 'carers', 'standard')", kit
    )

    await done(rig, gail, kit, UserAct.REMOVE)

    assert ("add_ons_taken", ["unlock"]) == (await audited(rig))[-1]
    assert (None, ()) == ((await visitor(rig, KIT)).role, (await visitor(rig, KIT)).grants)


async def test_an_administrator_by_proposal_has_no_grants(rig: Rig) -> None:
    await office(rig)
    kit, gail, master = await supporter(rig, AccountGrant.UNLOCK), await as_(rig, GAIL), await as_(rig, MAX)
    wanted = (await access(rig, everywhere=True)).model_copy(update={"grants": OFFERED})

    await rig.ask(ProposeAdministrator(command_id=uuid4(), user_id=kit, access=wanted), master)
    [proposal] = (await rig.ask(ListProposals(), gail)).proposals
    await rig.ask(DecideProposal(command_id=uuid4(), proposal_id=proposal.proposal_id, accepted=True), gail)

    now = (await read(rig, gail, kit)).user.access
    assert ((), Role.ADMINISTRATOR, ()) == (proposal.access.grants, now.role, now.grants)
    assert ("add_ons_taken", ["unlock"]) == (await audited(rig))[-1]


async def test_the_table_takes_each_grant_of_the_vocabulary_and_no_other(rig: Rig) -> None:
    await supporter(rig, *AccountGrant)

    with pytest.raises(asyncpg.CheckViolationError):
        await rig.pool.execute("UPDATE register_grant SET grants = '{administer}'")


# -------------------------------------------------------------------------------------------------------- support team
async def locked(rig: Rig, who: str, search: str = "") -> list[str]:
    found: LockedUsers = await rig.ask(ListLockedUsers(search=search), who)
    return [each.full_name for each in found.users]


@pytest.mark.requirement("R-S117-020")
async def test_a_support_user_unlocks_an_account_of_their_organisations(rig: Rig) -> None:
    jo = await office(rig)
    await supporter(rig, AccountGrant.UNLOCK)
    await rig.set_status(Status.LOCKED, JO)
    kit = await as_(rig, KIT)

    await done(rig, kit, jo, UserAct.UNLOCK)

    assert (await rig.come_in(JO)).session_token
    assert "account_unlocked" in await rig.audited()
    assert "not_now" == await refused(done(rig, kit, jo, UserAct.UNLOCK))


async def test_a_support_user_sees_the_names_of_locked_accounts_of_their_organisations(rig: Rig) -> None:
    await office(rig)
    await made(rig, "bo.aspen@mpft.nhs.uk", "Bo Aspen")
    await made(rig, "di.oak@mpft.nhs.uk", "Di Oak")
    await supporter(rig, AccountGrant.UNLOCK)
    for email in (JO, "bo.aspen@mpft.nhs.uk", AMINA):
        await rig.set_status(Status.LOCKED, email)
    kit = await as_(rig, KIT)
    await rig.set_status(Status.LOCKED_TO_STRANGERS, KIT)

    assert ["Bo Aspen", "Jo Lark"] == await locked(rig, kit)
    assert ["Jo Lark"] == await locked(rig, kit, "lark")
    assert "users_listed" == (await rig.audited())[-1]


async def test_an_account_of_another_organisation_is_not_unlocked_and_neither_is_ones_own(rig: Rig) -> None:
    await office(rig)
    kit = await supporter(rig, AccountGrant.UNLOCK)
    ev = await made(rig, "ev@combined.nhs.uk", "Ev Erywhere")
    await rig.set_status(Status.LOCKED, "ev@combined.nhs.uk")
    who = await as_(rig, KIT)

    assert ["not_found", "yourself"] == [await refused(done(rig, who, each, UserAct.UNLOCK)) for each in (ev, kit)]


async def test_a_support_user_of_all_organisations_unlocks_in_all(rig: Rig) -> None:
    await office(rig)
    await supporter(rig, AccountGrant.UNLOCK, everywhere=True)
    await rig.set_status(Status.LOCKED, AMINA)

    assert ["Amina Patel"] == await locked(rig, await as_(rig, KIT))


@pytest.mark.parametrize("act", [each for each in UserAct if each is not UserAct.UNLOCK])
async def test_a_support_user_may_do_nothing_else_to_an_account(rig: Rig, act: UserAct) -> None:
    jo = await office(rig)
    await supporter(rig, AccountGrant.UNLOCK)

    assert Fault.NOT_ALLOWED is await fault(done(rig, await as_(rig, KIT), jo, act))


async def test_a_support_user_manages_no_users(rig: Rig) -> None:
    jo = await office(rig)
    await supporter(rig, AccountGrant.UNLOCK)
    who = await as_(rig, KIT)
    wanted = await given(rig)

    tries = (listed(rig, who), read(rig, who, jo), changed(rig, who, jo, wanted), added(rig, who, "x@nhs.net", wanted))
    assert [Fault.NOT_ALLOWED] * 4 == [await fault(each) for each in tries]


@pytest.mark.parametrize("grants", [(), (AccountGrant.DELETE,)])
async def test_without_the_grant_a_standard_user_unlocks_nobody(rig: Rig, grants: tuple[AccountGrant, ...]) -> None:
    jo = await office(rig)
    await supporter(rig, *grants)
    await rig.set_status(Status.LOCKED, JO)
    who = await as_(rig, KIT)

    assert Fault.NOT_ALLOWED is await fault(locked(rig, who))
    assert Fault.NOT_ALLOWED is await fault(done(rig, who, jo, UserAct.UNLOCK))
    assert Status.LOCKED is await rig.status(JO)


async def test_a_grant_that_was_taken_a_moment_ago_unlocks_nobody(rig: Rig) -> None:
    jo = await office(rig)
    await supporter(rig, AccountGrant.UNLOCK)
    await rig.set_status(Status.LOCKED, JO)
    who = await as_(rig, KIT)

    await rig.pool.execute("UPDATE register_grant SET grants = '{}'")

    assert Fault.NOT_ALLOWED is await fault(locked(rig, who))
    assert Fault.NOT_ALLOWED is await fault(done(rig, who, jo, UserAct.UNLOCK))
