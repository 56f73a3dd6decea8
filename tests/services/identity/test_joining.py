"""Joining a second register with an account that exists already."""

from dataclasses import replace
from uuid import uuid4

import pytest

from services.identity.rules.log_in import Status
from services.identity.store import addresses
from shared.accounts import UserAct
from shared.context import ServiceContext
from shared.contracts.registration import JoinRegister, ReadJoinOffer, RegisterAccount
from shared.contracts.users import ActOnUser
from shared.database import transaction
from shared.permissions import Role
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers
from tests.services.identity.rig import ADA, PASSWORD, WARD, Rig, refused

OTHER = "other"
GRANTS = """
    SELECT held.register_code, held.role, organisation.domain
    FROM register_grant AS held
    JOIN account USING (account_id)
    LEFT JOIN organisation ON organisation.organisation_id = held.home_organisation_id
    WHERE account.email = $1
    ORDER BY 1
"""
KNOWN = "INSERT INTO organisation (organisation_id, register_code, name, domain) VALUES ($1, $2, 'Midlands', $3)"


@pytest.fixture
def service_parts(service_parts: ServiceContext) -> ServiceContext:
    """Return the context with two registers beside the DSR: one like it, and one whose users see others' records."""
    dsr = load_registers().find("dsr")
    other = dsr.model_copy(update={"identity": dsr.identity.model_copy(update={"code": OTHER})})
    access = dsr.access.model_copy(update={"standard_sees": "scope"})
    scoped = dsr.model_copy(update={"identity": dsr.identity.model_copy(update={"code": "scoped"}), "access": access})
    return replace(
        service_parts, registers=Registers([LoadedRegister(each, sha256="") for each in (dsr, other, scoped)])
    )


async def inside(rig: Rig, register: str = OTHER, email: str = ADA, password: str = PASSWORD) -> str:
    """Log in, and return the assertion for a register."""
    opened = await rig.come_in(email, password)
    return (await rig.find(opened.session_token, register)).assertion


async def grants(rig: Rig, email: str = ADA) -> list[tuple[str, ...]]:
    return [tuple(row) for row in await rig.pool.fetch(GRANTS, email)]


def joining() -> JoinRegister:
    return JoinRegister(command_id=uuid4())


async def test_an_account_joins_as_a_stranger_of_its_organisation_would_register(rig: Rig) -> None:
    await rig.person(domains=("mpft.nhs.uk",))
    await rig.pool.execute(KNOWN, uuid4(), OTHER, "mpft.nhs.uk")
    who = await inside(rig)
    offered = await rig.ask(ReadJoinOffer(), who)

    await rig.ask(joining(), who)

    stranger = RegisterAccount(
        register_code=OTHER, first_name="Kim", last_name="Ash", email="kim@mpft.nhs.uk", address=WARD
    )
    await rig.ask(stranger)
    [theirs] = await grants(rig, "kim@mpft.nhs.uk")
    assert (True, theirs) == (offered.is_open, (OTHER, "standard", "mpft.nhs.uk"))
    assert theirs in await grants(rig)
    found = await rig.find((await rig.come_in()).session_token, OTHER)
    assert Role.STANDARD is found.visitor.role
    assert "register_joined" in await rig.audited()
    [mail] = await rig.mails("joined")
    assert (ADA, OTHER, "https://registers.example/other/login/") == (
        mail.recipient,
        mail.register_code,
        mail.values["link"],
    )


async def test_joining_twice_gives_one_role(rig: Rig) -> None:
    await rig.person()
    who, press = await inside(rig), joining()

    await rig.ask(press, who)
    await rig.ask(press, who)

    assert "joined_before" == await refused(rig.ask(joining(), who))
    assert 2 == len(await grants(rig))
    assert 1 == len(await rig.mails("joined"))


async def test_whoever_could_not_register_cannot_join(rig: Rig) -> None:
    outside = "pat@staffordshire.police.uk"
    await rig.person()
    await rig.person(outside)
    ada, pat = await inside(rig), await inside(rig, email=outside)
    scoped = await inside(rig, "scoped")
    codes = [await refused(rig.ask(joining(), each)) for each in (pat, scoped)]
    offers = [(await rig.ask(ReadJoinOffer(), each)).is_open for each in (ada, pat, scoped)]
    await rig.pool.execute("INSERT INTO register_access VALUES ($1, false, '{nhs.uk}')", OTHER)
    closed = await refused(rig.ask(joining(), ada))

    async with transaction(rig.pool) as db:
        await addresses.assign(db, OTHER, outside, None)
    await rig.ask(joining(), pat)

    assert ["domain_not_accepted", "not_open", "not_open"] == [*codes, closed]
    assert [True, False, False] == offers
    assert [OTHER] == [code for code, *_ in await grants(rig, outside) if code != "dsr"]


async def test_a_role_that_was_taken_away_does_not_come_back_by_joining(rig: Rig) -> None:
    ada = await rig.person()
    await rig.ask(joining(), await inside(rig))
    await rig.person("gail@mpft.nhs.uk", role=Role.ADMINISTRATOR, all_organisations=True, register=OTHER)
    gail = await inside(rig, email="gail@mpft.nhs.uk")
    await rig.ask(ActOnUser(command_id=uuid4(), user_id=ada, act=UserAct.REMOVE), gail)

    who = await inside(rig)

    assert not (await rig.ask(ReadJoinOffer(), who)).is_open
    assert "removed" == await refused(rig.ask(joining(), who))
    assert ["dsr"] == [code for code, *_ in await grants(rig)]


async def test_asking_for_roles_that_were_taken_away_does_not_read_the_whole_audit(rig: Rig) -> None:
    async with rig.owner.transaction():
        await rig.owner.execute(
            "INSERT INTO audit (action, register) SELECT 'logged_in', 'dsr' FROM generate_series(1, 60000)"
        )
        await rig.owner.execute("ANALYZE audit")
        await rig.owner.fetchval("SELECT was_removed($1, 'dsr')", uuid4())
        scans = await rig.owner.fetchval(
            "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relid = 'audit'::regclass"
        )

    assert 0 == scans


async def test_who_must_add_an_app_does_so_before_joining(rig: Rig) -> None:
    ada = await rig.person()
    opened = await rig.come_in()
    reset = "INSERT INTO app VALUES ($1, '', 0, now(), now() + interval '1 hour')"
    await rig.pool.execute(reset, ada)
    who = (await rig.find(opened.session_token, OTHER)).assertion

    assert "not_open" == await refused(rig.ask(joining(), who))
    assert ["dsr"] == [code for code, *_ in await grants(rig)]


async def test_a_temporary_password_and_a_closed_account_do_not_join(rig: Rig) -> None:
    await rig.person()
    who = await inside(rig)
    await rig.set_status(Status.DISABLED)
    await rig.ask(
        RegisterAccount(register_code="dsr", first_name="Lee", last_name="Elm", email="l@nhs.net", address=WARD)
    )
    password = (await rig.mails("welcome"))[-1].values["password"]

    new = await inside(rig, email="l@nhs.net", password=password)

    assert ["not_open", "not_open"] == [await refused(rig.ask(joining(), each)) for each in (who, new)]
