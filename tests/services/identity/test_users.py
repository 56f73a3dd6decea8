"""Which accounts administrators see, add and give roles to, within their organisations."""

import asyncio
from uuid import UUID, uuid4

import pytest

from services.identity.rules.log_in import Status
from shared.accounts import UserState
from shared.contracts.identity import FindSession
from shared.contracts.users import USERS_AT_ONCE, GrantedAccess, ListUsers, ReadReach
from shared.messages import Fault, NotAnswered
from shared.permissions import Role
from tests.services.identity.managing import (
    AMINA,
    COMBINED,
    GAIL,
    JO,
    MAX,
    MPFT,
    STOKE,
    access,
    added,
    as_,
    changed,
    listed,
    made,
    office,
    organisation,
    read,
    refusal,
)
from tests.services.identity.rig import Rig, refused

KIT = "kit.wren@example.org"
NET = "noel.net@nhs.net"


async def test_administrators_see_those_whose_organisations_are_all_theirs_by_family_name(rig: Rig) -> None:
    await office(rig)
    await made(rig, "both@mpft.nhs.uk", "Bo Aspen", Role.REPORTING, COMBINED)
    await made(rig, NET, "Noel Net")
    await made(rig, "other@example.org", "Ol Other", register="carers")
    await made(rig, "ev@combined.nhs.uk", "Ev Erywhere", Role.ADMINISTRATOR, everywhere=True)

    everything = [each.full_name for each in await listed(rig, await as_(rig, GAIL))]
    hers = [each.full_name for each in await listed(rig, await as_(rig, AMINA))]
    masters = [each.full_name for each in await listed(rig, await as_(rig, MAX))]

    assert ["Bo Aspen", "Ev Erywhere", "Jo Lark", "Noel Net", "Amina Patel", "Gail Thomas"] == everything == masters
    assert ["Amina Patel"] == hers


async def test_a_user_is_found_by_name_address_and_state(rig: Rig) -> None:
    await office(rig)
    gail = await as_(rig, GAIL)
    await rig.set_status(Status.LOCKED_TO_STRANGERS, JO)

    found = [
        [each.email for each in await listed(rig, gail, **wanted)]
        for wanted in (
            {"search": " JO  lark "},
            {"search": "JO.LARK@"},
            {"state": UserState.LOCKED},
            {"search": "lark", "state": UserState.ACTIVE},
            {"search": "%"},
        )
    ]

    assert [[JO], [JO], [JO], [], []] == found


@pytest.mark.slow
async def test_twenty_thousand_users_are_paged_without_a_gap_or_a_double(rig: Rig) -> None:
    await office(rig)
    await rig.pool.execute(
        "INSERT INTO account (account_id, email, first_name, last_name) SELECT gen_random_uuid(), "
        "'p' || n || '@mpft.nhs.uk', 'Same', 'Name' || n % 10 FROM generate_series(1, 20000) AS n"
    )
    await rig.pool.execute(
        "INSERT INTO register_grant (account_id, register_code, role, all_organisations) "
        "SELECT account_id, 'dsr', 'standard', true FROM account WHERE first_name = 'Same'"
    )
    seen: set[UUID] = set()
    gail, after, more = await as_(rig, GAIL), None, True
    while len(seen) < 4 * USERS_AT_ONCE and more:
        page = await rig.ask(ListUsers(search="name3", after=after), gail)
        seen |= {each.user_id for each in page.users}
        after, more = page.users[-1].user_id, page.more

    assert (True, 4 * USERS_AT_ONCE) == (more, len(seen))


@pytest.mark.requirement("R-DSR-018", "R-DSR-023", "R-DSR-170")
async def test_an_administrator_adds_somebody_of_any_address_who_then_logs_in(rig: Rig) -> None:
    await office(rig)
    gail = await as_(rig, GAIL)

    receipt = await added(rig, gail, KIT, await access(rig, Role.REPORTING, MPFT, STOKE))
    [welcome] = await rig.mails("welcome")
    invited = (await read(rig, gail, receipt.user_id)).user
    opened = await rig.come_in(KIT, welcome.values["password"])

    assert (KIT, True, UserState.INVITED) == (welcome.recipient, opened.must_change, invited.state)
    assert (Role.REPORTING, {await organisation(rig, each) for each in (MPFT, STOKE)}) == (
        invited.access.role,
        set(invited.access.organisation_ids),
    )
    assert not receipt.existing


async def test_a_double_click_adds_once(rig: Rig) -> None:
    await office(rig)
    gail, given, command = await as_(rig, GAIL), await access(rig, Role.STANDARD, MPFT), uuid4()

    one, other = await asyncio.gather(*(added(rig, gail, KIT, given, command=command) for _ in range(2)))

    assert one == other
    assert 1 == len(await rig.mails("welcome"))


async def test_an_address_of_this_register_is_not_added_again(rig: Rig) -> None:
    jo = await office(rig)
    given = await access(rig, Role.REPORTING, COMBINED)

    hers = await refusal(added(rig, await as_(rig, AMINA), JO.upper(), given))
    mine = await refusal(added(rig, await as_(rig, GAIL), JO, given))
    master = await refusal(added(rig, await as_(rig, GAIL), MAX, given, name="Max Fell"))

    assert [("already_here", {}), ("already_here", {"user_id": jo}), ("already_here", {})] == [hers, mine, master]


async def test_an_account_of_another_register_gets_the_role_when_the_name_says_who_is_meant(rig: Rig) -> None:
    await office(rig)
    user_id = await made(rig, KIT, "Kit Wren", register="carers")
    gail, given = await as_(rig, GAIL), await access(rig, Role.REPORTING, MPFT)

    other = await refused(added(rig, gail, KIT, given, name="Kay Wren"))
    receipt = await added(rig, gail, KIT, given, name="KIT Wren")
    visitor = (await rig.find((await rig.come_in(KIT)).session_token)).visitor

    assert ("other_name", True, user_id) == (other, receipt.existing, receipt.user_id)
    assert (Role.REPORTING, []) == (visitor.role, await rig.mails("welcome"))


async def test_a_deactivated_account_of_another_register_gets_no_role(rig: Rig) -> None:
    await office(rig)
    await made(rig, KIT, "Kit Wren", register="carers")
    await rig.set_status(Status.DISABLED, KIT)

    assert "deactivated" == await refused(
        added(rig, await as_(rig, GAIL), KIT, await access(rig, Role.REPORTING, MPFT))
    )


@pytest.mark.requirement("R-DSR-170")
async def test_role_and_organisations_are_changed_and_the_person_is_thrown_out_at_once(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)
    session = (await rig.come_in(JO)).session_token
    old = (await rig.find(session)).visitor

    await changed(rig, gail, jo, await access(rig, Role.REPORTING, COMBINED))

    assert "no_session" == await refused(rig.ask(FindSession(register_code="dsr", session_token=session)))
    new = (await rig.find((await rig.come_in(JO)).session_token)).visitor
    assert [old.session_id] == rig.revoked
    assert (Role.REPORTING, (await organisation(rig, COMBINED),)) == (new.role, new.organisation_ids)


async def test_of_two_administrators_the_second_is_told_and_nothing_is_lost(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)
    one, other = await access(rig, Role.REPORTING, MPFT), await access(rig, Role.STANDARD, STOKE)

    both = await asyncio.gather(*(refused(changed(rig, gail, jo, each)) for each in (one, other)))

    assert ["", "changed"] == sorted(both)
    now = (await read(rig, gail, jo)).user
    assert (2, ([one, other][both.index("")]).role) == (now.version, now.access.role)


async def test_what_is_the_same_is_not_saved(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)

    assert "unchanged" == await refused(changed(rig, gail, jo, await access(rig, Role.STANDARD, MPFT)))


async def test_of_others_an_administrator_sees_and_changes_nothing(rig: Rig) -> None:
    jo, amina = await office(rig), await as_(rig, AMINA)
    both = await made(rig, "both@mpft.nhs.uk", "Bo Aspen", Role.REPORTING, COMBINED)
    given = await access(rig, Role.STANDARD, COMBINED)

    for user_id in (jo, both, uuid4()):
        assert "not_found" == await refused(read(rig, amina, user_id))
        assert "not_found" == await refused(changed(rig, amina, user_id, given))


async def test_an_administrator_gives_nothing_beyond_their_own(rig: Rig) -> None:
    await office(rig)
    hers = await made(rig, "cy@combined.nhs.uk", "Cy Dove")
    amina = await as_(rig, AMINA)
    wrong = {
        "not_yours": [
            await access(rig, Role.STANDARD, COMBINED, MPFT),
            await access(rig, Role.STANDARD, everywhere=True),
            await access(rig, Role.MASTER_ADMIN, COMBINED),
        ],
        "no_organisation": [await access(rig)],
    }

    for code, given in wrong.items():
        assert [code] * len(given) == [await refused(changed(rig, amina, hers, each)) for each in given]
        assert [code] * len(given) == [await refused(added(rig, amina, KIT, each)) for each in given]


async def test_nobody_changes_their_own_access(rig: Rig) -> None:
    await office(rig)
    amina = await as_(rig, AMINA)
    [herself] = await listed(rig, amina)

    found = await read(rig, amina, herself.user_id)

    given = await access(rig, Role.REPORTING, COMBINED)
    assert (True, False, ()) == (found.yourself, found.may_change, found.acts)
    assert "yourself" == await refused(changed(rig, amina, herself.user_id, given))


async def test_somebody_of_nhs_net_is_given_an_organisation_by_who_has_all(rig: Rig) -> None:
    await office(rig)
    noel = await made(rig, NET, "Noel Net")

    assert "not_found" == await refused(
        changed(rig, await as_(rig, AMINA), noel, await access(rig, Role.STANDARD, COMBINED))
    )
    await changed(rig, await as_(rig, GAIL), noel, await access(rig, Role.STANDARD, COMBINED))

    visitor = (await rig.find((await rig.come_in(NET)).session_token)).visitor
    assert await organisation(rig, COMBINED) == visitor.home_organisation_id


async def test_who_adds_records_in_several_organisations_needs_to_belong_to_one(rig: Rig) -> None:
    await office(rig)
    noel, gail = await made(rig, NET, "Noel Net"), await as_(rig, GAIL)
    several = await access(rig, Role.STANDARD, MPFT, COMBINED)

    assert "home_missing" == await refused(changed(rig, gail, noel, several))
    await changed(rig, gail, noel, several.model_copy(update={"home_organisation_id": several.organisation_ids[1]}))

    assert several.organisation_ids[1] == (await read(rig, gail, noel)).user.access.home_organisation_id


async def test_what_may_be_given_is_told_as_it_stands(rig: Rig) -> None:
    await office(rig)

    every, one, none = [await rig.ask(ReadReach(), await as_(rig, each)) for each in (GAIL, AMINA, MAX)]

    assert (True, 5) == (every.all_organisations, len(every.organisation_ids))
    assert (False, (await organisation(rig, COMBINED),)) == (one.all_organisations, one.organisation_ids)
    assert () == none.roles


async def test_a_master_admin_registers_people_and_gives_nothing(rig: Rig) -> None:
    jo, master = await office(rig), await as_(rig, MAX)

    receipt = await added(rig, master, "new@stoke.gov.uk", GrantedAccess(role=Role.STANDARD))

    found = await read(rig, master, receipt.user_id)
    assert (Role.STANDARD, (await organisation(rig, STOKE),)) == (
        found.user.access.role,
        found.user.access.organisation_ids,
    )
    for given in (await access(rig, Role.REPORTING, MPFT), await access(rig, Role.ADMINISTRATOR, everywhere=True)):
        assert "not_yours" == await refused(added(rig, master, KIT, given))
        assert "not_yours" == await refused(changed(rig, master, jo, given))


async def test_who_was_lowered_a_moment_ago_administers_nothing_on_the_old_statement(rig: Rig) -> None:
    await office(rig)
    amina = await as_(rig, AMINA)
    await rig.pool.execute("UPDATE register_grant SET role = 'standard' FROM account WHERE email = $1", AMINA)

    with pytest.raises(NotAnswered) as unanswered:
        await listed(rig, amina)

    assert Fault.NOT_ALLOWED is unanswered.value.fault


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING])
async def test_others_may_not_ask(rig: Rig, role: Role) -> None:
    await made(rig, JO, "Jo Lark", role)
    who = await as_(rig, JO)

    with pytest.raises(NotAnswered) as unanswered:
        await listed(rig, who)

    assert Fault.NOT_ALLOWED is unanswered.value.fault


async def test_master_admins_are_mailed_that_a_role_was_changed_and_no_names(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)

    await changed(rig, gail, jo, await access(rig, Role.ADMINISTRATOR, MPFT))
    await added(rig, gail, KIT, await access(rig, Role.STANDARD, MPFT))

    [mail] = await rig.mails("role_changed")
    link = f"https://registers.example/dsr/administration/users/{jo.hex}/"
    assert (MAX, {"first_name": "Max", "link": link}) == (mail.recipient, mail.values)


@pytest.mark.requirement("R-DSR-171")
async def test_who_did_what_to_whom_is_audited_with_ids_alone(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)
    before = len(await rig.audited())

    receipt = await added(rig, gail, KIT, await access(rig, Role.STANDARD, MPFT))
    await changed(rig, gail, jo, await access(rig, Role.REPORTING, MPFT))

    rows = (await rig.owner.fetch("SELECT actor, action, register, subjects FROM audit ORDER BY id"))[before:]
    by: UUID = await rig.pool.fetchval("SELECT account_id FROM account WHERE email = $1", GAIL)
    assert [
        (by, "account_created", "dsr", [receipt.user_id]),
        (by, "grant_given", "dsr", [receipt.user_id]),
        (by, "grant_changed", "dsr", [jo]),
    ] == [(row["actor"], row["action"], row["register"], list(row["subjects"])) for row in rows]
