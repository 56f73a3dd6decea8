"""Colleagues who can be given work: the names of an organisation's users, for its administrators and standard users."""

from uuid import UUID, uuid4

import pytest

from services.identity.jobs import Sweeper
from services.identity.operators import Fixed, GrantWanted, NewAccount, create_account
from services.identity.rules.log_in import Status
from services.identity.store import accounts
from shared.accounts import UserState
from shared.contracts.identity import MOST_COLLEAGUES, Colleagues, ListColleagues
from shared.database import transaction
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.values import match_key
from tests.services.identity.rig import PASSWORD, Rig

ADMIN = "admin@mpft.nhs.uk"


async def add(rig: Rig, name: str, role: Role, domain: str = "mpft.nhs.uk", *, everywhere: bool = False) -> str:
    """Add an account with one role, and return its email address."""
    first, last = name.rsplit(maxsplit=1)
    email = f"{match_key(first)}.{match_key(last)}@{domain}"
    account = NewAccount(email, first, last, (GrantWanted("dsr", role, everywhere, ()),))
    async with transaction(rig.pool) as db:
        await create_account(db, account, Fixed(rig.context.hashes, PASSWORD))
    return email


async def organisation(rig: Rig, domain: str = "mpft.nhs.uk") -> UUID:
    found: UUID = await rig.pool.fetchval(
        "SELECT organisation_id FROM organisation WHERE register_code = 'dsr' AND domain = $1", domain
    )
    return found


async def listed(rig: Rig, search: str = "", domain: str = "mpft.nhs.uk", asker: str = ADMIN) -> Colleagues:
    found = await rig.find((await rig.come_in(asker)).session_token)
    asked = ListColleagues(organisation_id=await organisation(rig, domain), search=search)
    return await rig.ask(asked, who=found.assertion)


@pytest.fixture
async def people(rig: Rig) -> None:
    await rig.person(ADMIN, role=Role.ADMINISTRATOR)
    for name, role in (("Cal Young", Role.STANDARD), ("Bo Adams", Role.ADMINISTRATOR), ("Di Xu", Role.REPORTING)):
        await add(rig, name, role)
    await add(rig, "Al Everywhere", Role.ADMINISTRATOR, "combined.nhs.uk", everywhere=True)
    await add(rig, "El Sewhere", Role.STANDARD, "combined.nhs.uk")
    await rig.set_status(Status.DISABLED, await add(rig, "Gone Away", Role.STANDARD))


async def names(rig: Rig, search: str = "", domain: str = "mpft.nhs.uk") -> list[str]:
    return [each.full_name for each in (await listed(rig, search, domain)).colleagues]


@pytest.mark.usefixtures("people")
async def test_they_are_the_standard_users_and_administrators_who_reach_the_organisation(rig: Rig) -> None:
    assert ["Bo Adams", "Ada Birch", "Al Everywhere", "Cal Young"] == await names(rig)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("search", "found"), [("cal", ["Cal Young"]), (" CAL  you ", ["Cal Young"]), ("%", []), ("nobody", [])]
)
async def test_they_are_found_by_a_part_of_the_name(rig: Rig, search: str, found: list[str]) -> None:
    assert found == await names(rig, search)


@pytest.mark.usefixtures("people")
async def test_they_are_told_apart_by_address_and_organisation_and_it_is_said_whether_they_can_be_reached(
    rig: Rig,
) -> None:
    await rig.pool.execute("UPDATE account SET password_hash = NULL WHERE email = 'cal.young@mpft.nhs.uk'")
    await rig.set_status(Status.LOCKED_TO_STRANGERS, "bo.adams@mpft.nhs.uk")

    found = {each.full_name: (each.email, each.state) for each in (await listed(rig)).colleagues}
    (cal,) = (await listed(rig, "cal")).colleagues

    assert ("cal.young@mpft.nhs.uk", UserState.INVITED) == found["Cal Young"]
    assert ("bo.adams@mpft.nhs.uk", UserState.LOCKED) == found["Bo Adams"]
    assert UserState.ACTIVE is found["Al Everywhere"][1]
    assert await organisation(rig) == cal.organisation_id


async def test_they_are_found_and_sorted_by_any_spelling_of_the_name(rig: Rig) -> None:
    await rig.person(ADMIN, role=Role.ADMINISTRATOR)
    for name in (
        "Zed\u00a0X Zebedee",
        "Sin\u00e9ad \u00c9anna",
        "Jan \u0141ukaszewicz",
        "Ada Evans",
        "Can \u00d6zt\u00fcrk",
        "Bo Owen",
        "Al Lunn",
    ):
        await add(rig, name, Role.STANDARD)
    await add(rig, "Aoife O\u2019Brien", Role.STANDARD)

    shown = [name.split()[-1] for name in await names(rig)]

    assert [
        "Birch",
        "\u00c9anna",
        "Evans",
        "\u0141ukaszewicz",
        "Lunn",
        "O\u2019Brien",
        "Owen",
        "\u00d6zt\u00fcrk",
        "Zebedee",
    ] == shown
    for typed in ("obrien", "O'Brien", "o brien", "brien aoife", "O\u2011BRIEN"):
        assert ["Aoife O\u2019Brien"] == await names(rig, typed)
    assert [["Can \u00d6zt\u00fcrk"], ["Jan \u0141ukaszewicz"]] == [
        await names(rig, each) for each in ("OZTURK", "lukaszewicz")
    ]


async def test_a_name_that_an_older_process_stored_is_found_at_once_and_folded_by_the_sweep(rig: Rig) -> None:
    await rig.person(ADMIN, role=Role.ADMINISTRATOR)
    await add(rig, "Ann Jones", Role.STANDARD)
    await rig.pool.execute(
        "UPDATE account SET last_name = 'M\u00fcller', search = NULL, sort_name = NULL WHERE first_name = 'Ann'"
    )
    before = await names(rig, "ann")

    await Sweeper(rig.context).sweep()

    assert (["Ann M\u00fcller"], ["Ann M\u00fcller"]) == (before, await names(rig, "muller"))


async def test_the_sweep_waits_for_no_account_that_a_log_in_holds(rig: Rig) -> None:
    held = await rig.person(ADMIN, role=Role.ADMINISTRATOR)
    await add(rig, "Ann Jones", Role.STANDARD)
    await rig.pool.execute("UPDATE account SET search = NULL, sort_name = NULL")

    async with transaction(rig.pool) as db:
        await accounts.hold(db, held)
        async with transaction(rig.pool) as sweeping:
            assert 1 == await accounts.sort_names(sweeping)

    async with transaction(rig.pool) as db:
        assert [1, 0] == [await accounts.sort_names(db) for _ in range(2)]


async def test_no_more_are_listed_than_a_page_can_show(rig: Rig) -> None:
    await rig.person(ADMIN, role=Role.ADMINISTRATOR)
    await rig.pool.execute(
        "INSERT INTO account (account_id, email, first_name, last_name) "
        "SELECT gen_random_uuid(), 'p' || n || '@mpft.nhs.uk', 'Many', 'Person' FROM generate_series(1, $1) AS n",
        MOST_COLLEAGUES + 1,
    )
    await rig.pool.execute(
        "INSERT INTO register_grant (account_id, register_code, role, all_organisations) "
        "SELECT account_id, 'dsr', 'standard', true FROM account WHERE first_name = 'Many'"
    )

    found = await listed(rig)

    assert (MOST_COLLEAGUES, True) == (len(found.colleagues), found.more)
    assert not (await listed(rig, "birch")).more


@pytest.mark.usefixtures("people")
async def test_of_another_organisation_nothing_is_told(rig: Rig) -> None:
    with pytest.raises(Refused, match="not_found"):
        await listed(rig, domain="combined.nhs.uk")
    found = await rig.find((await rig.come_in(ADMIN)).session_token)
    with pytest.raises(Refused, match="not_found"):
        await rig.ask(ListColleagues(organisation_id=uuid4()), who=found.assertion)


@pytest.mark.usefixtures("people")
async def test_a_standard_user_lists_the_colleagues_of_their_own_organisation_alone(rig: Rig) -> None:
    standard = "cal.young@mpft.nhs.uk"

    assert await listed(rig) == await listed(rig, asker=standard)
    with pytest.raises(Refused, match="not_found"):
        await listed(rig, domain="combined.nhs.uk", asker=standard)


@pytest.mark.usefixtures("people")
async def test_a_reporting_user_may_not_ask(rig: Rig) -> None:
    with pytest.raises(NotAnswered) as unanswered:
        await listed(rig, asker="di.xu@mpft.nhs.uk")

    assert Fault.NOT_ALLOWED is unanswered.value.fault


@pytest.mark.usefixtures("people")
async def test_without_an_organisation_the_colleagues_of_all_of_the_askers_are_listed(rig: Rig) -> None:
    asked = await rig.find((await rig.come_in(ADMIN)).session_token)

    found = await rig.ask(ListColleagues(organisation_id=None), who=asked.assertion)

    assert found == await listed(rig)
    assert {each.user_id for each in found.colleagues}
