"""A register whose scope is made of bodies: what is signed for its users, and who is told about a record."""

from dataclasses import replace

import pytest

from services.identity.jobs import Sweeper
from services.identity.service import answers_of
from shared.contracts.identity import CheckGrant, FindRecipients, ListOrganisations, Recipients
from shared.contracts.registration import RegisterAccount
from shared.permissions import Role
from shared.registers.definition.register import Definition, RecordScope
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers
from shared.service import Service, start
from tests.services.identity.rig import ADA, WARD, Rig, refused, statement_of

COUNCIL, OTHER_COUNCIL, NHS, OTHER_NHS = "council:ONE", "council:TWO", "nhs:QNC", "nhs:QOC"
BODIES = {"mpft.nhs.uk": (NHS, OTHER_NHS), "stoke.gov.uk": (COUNCIL,), "combined.nhs.uk": (NHS,)}
BEA, CAI, DOT = "bea.ash@stoke.gov.uk", "cai.elm@combined.nhs.uk", "dot.fir@mpft.nhs.uk"
FIND_KNOWN = "SELECT domain, organisation_id, bodies FROM organisation WHERE register_code = 'dsr' ORDER BY domain"


def with_bodies(register: Definition, bodies: dict[str, tuple[str, ...]]) -> Definition:
    """Return the DSR as a register whose records name a council and an NHS body."""
    organisations = tuple(
        each.model_copy(update={"bodies": bodies.get(each.email_domain, ())}) for each in register.organisations
    )
    access = register.access.model_copy(update={"standard_sees": "scope", "standard_updates": "scope"})
    scope = RecordScope(by=("council", "nhs"))
    return register.model_copy(update={"organisations": organisations, "access": access, "scope": scope})


async def begun(rig: Rig, bodies: dict[str, tuple[str, ...]]) -> Rig:
    """Return the rig after a start with this definition."""
    return await restarted(rig, with_bodies(rig.context.registers.find("dsr"), bodies))


async def restarted(rig: Rig, register: Definition) -> Rig:
    """Return the rig after a start with this definition of the DSR."""
    context = replace(rig.context, registers=Registers([LoadedRegister(register, "")]))
    await start(context, Service(answers=answers_of(context)))
    await Sweeper(context).begin_registers()
    return replace(rig, context=context)


@pytest.fixture
async def of_bodies(rig: Rig) -> Rig:
    return await begun(rig, BODIES)


async def bodies_of(rig: Rig, email: str = ADA) -> tuple[str, ...]:
    return (await rig.find((await rig.come_in(email)).session_token)).visitor.bodies


async def told(rig: Rig, *bodies: str) -> tuple[str, ...]:
    found: Recipients = await rig.ask(FindRecipients(register_code="dsr", bodies=bodies), statement_of("notifier"))
    return found.administrators


async def test_an_organisation_acts_for_the_bodies_of_the_definition(of_bodies: Rig) -> None:
    listed = await of_bodies.ask(ListOrganisations(register_code="dsr"))

    assert BODIES == {each.domain: each.bodies for each in listed.organisations if each.bodies}
    assert 5 == len(listed.organisations)


async def test_a_known_organisation_keeps_its_id_and_gets_the_bodies_of_a_new_definition(of_bodies: Rig) -> None:
    before = await of_bodies.pool.fetch(FIND_KNOWN)

    await begun(of_bodies, {"stoke.gov.uk": (COUNCIL, OTHER_COUNCIL)})

    after = await of_bodies.pool.fetch(FIND_KNOWN)
    assert [row["organisation_id"] for row in before] == [row["organisation_id"] for row in after]
    assert {"stoke.gov.uk": [COUNCIL, OTHER_COUNCIL]} == {
        row["domain"]: row["bodies"] for row in after if row["bodies"]
    }


async def test_only_a_change_of_bodies_is_audited(of_bodies: Rig) -> None:
    first = await of_bodies.audited()

    await begun(of_bodies, BODIES)

    assert (len(BODIES), first) == (first.count("bodies_set"), await of_bodies.audited())


async def sessions_left(rig: Rig) -> set[str]:
    query = "SELECT email FROM session JOIN account USING (account_id)"
    return {row["email"] for row in await rig.pool.fetch(query)}


@pytest.mark.parametrize("moved", [False, True], ids=["left out", "with another mail domain"])
async def test_an_organisation_that_the_definition_no_longer_names_acts_for_no_body(
    of_bodies: Rig, moved: bool
) -> None:
    await of_bodies.person(BEA)
    assert (COUNCIL,) == await bodies_of(of_bodies, BEA)
    register = of_bodies.context.registers.find("dsr")
    others = tuple(each for each in register.organisations if each.email_domain != "stoke.gov.uk")
    (stoke,) = [each for each in register.organisations if each not in others]
    kept = (*others, stoke.model_copy(update={"email_domain": "new.gov.uk"})) if moved else others

    await restarted(of_bodies, register.model_copy(update={"organisations": kept}))

    assert set() == await sessions_left(of_bodies)
    assert () == await bodies_of(of_bodies, BEA)
    assert len(BODIES) + 1 == (await of_bodies.audited()).count("bodies_set")


async def test_users_of_an_organisation_that_loses_a_body_are_logged_out_everywhere(of_bodies: Rig) -> None:
    await of_bodies.person(BEA)
    await of_bodies.person(DOT)
    await of_bodies.person(CAI, all_organisations=True)
    await of_bodies.person(ADA, domains=("combined.nhs.uk",))
    opened = {
        email: (await of_bodies.find((await of_bodies.come_in(email)).session_token)).visitor.session_id
        for email in (ADA, BEA, CAI, DOT)
    }
    changed = {"mpft.nhs.uk": (NHS,), "stoke.gov.uk": (COUNCIL, OTHER_COUNCIL), "combined.nhs.uk": ()}

    await begun(of_bodies, changed)

    assert {BEA, CAI} == await sessions_left(of_bodies)
    assert {opened[ADA], opened[DOT]} == set(of_bodies.revoked)
    assert 2 == len(of_bodies.revoked)


async def test_the_bodies_of_all_their_organisations_are_signed_each_once(of_bodies: Rig) -> None:
    await of_bodies.person(domains=("mpft.nhs.uk", "combined.nhs.uk", "stoke.gov.uk"))

    assert (COUNCIL, NHS, OTHER_NHS) == await bodies_of(of_bodies)


async def test_who_has_every_organisation_needs_no_bodies(of_bodies: Rig) -> None:
    await of_bodies.person(domains=("stoke.gov.uk",), all_organisations=True)

    assert () == await bodies_of(of_bodies)


async def test_a_grant_is_checked_with_the_same_bodies_and_limits(of_bodies: Rig) -> None:
    account_id = await of_bodies.person(domains=("stoke.gov.uk",))
    asked = CheckGrant(user_id=account_id, register_code="dsr")

    grant = await of_bodies.ask(asked, statement_of("referrals"))
    found = await of_bodies.find((await of_bodies.come_in()).session_token)

    session = {"session_id": grant.visitor.session_id}
    assert found.visitor.model_copy(update=session) == grant.visitor
    assert ("scope", "scope", False) == (
        found.visitor.standard_sees,
        found.visitor.standard_updates,
        found.visitor.own_records_only,
    )


@pytest.mark.parametrize("decided", [False, True], ids=["by the definition", "by administrators"])
async def test_nobody_registers_themselves_to_see_the_records_of_a_body(of_bodies: Rig, decided: bool) -> None:
    if decided:
        await of_bodies.pool.execute("INSERT INTO register_access VALUES ('dsr', true, '{nhs.uk}')")
    asked = RegisterAccount(register_code="dsr", first_name="Ada", last_name="Birch", email=ADA, address=WARD)

    assert "not_open" == await refused(of_bodies.ask(asked))
    assert [] == await of_bodies.pool.fetch("SELECT FROM account")


async def test_in_the_dsr_a_standard_user_reaches_their_own_records(rig: Rig) -> None:
    await rig.person()

    visitor = (await rig.find((await rig.come_in()).session_token)).visitor

    assert ("own", "own", True, ()) == (
        visitor.standard_sees,
        visitor.standard_updates,
        visitor.own_records_only,
        visitor.bodies,
    )


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ((COUNCIL, NHS), {ADA, BEA, CAI, DOT}),
        ((COUNCIL, OTHER_NHS), {ADA, BEA, DOT}),
        ((OTHER_COUNCIL, NHS), {ADA, CAI, DOT}),
        ((OTHER_COUNCIL, "nhs:NONE"), {ADA}),
    ],
    ids=["of both", "of both, one of them rarer", "of one", "of none"],
)
async def test_administrators_of_either_body_are_told_each_once(
    of_bodies: Rig, bodies: tuple[str, ...], expected: set[str]
) -> None:
    await of_bodies.person(ADA, role=Role.ADMINISTRATOR, all_organisations=True)
    await of_bodies.person(BEA, role=Role.ADMINISTRATOR)
    await of_bodies.person(CAI, role=Role.ADMINISTRATOR)
    await of_bodies.person(DOT, role=Role.ADMINISTRATOR, domains=("stoke.gov.uk",))
    await of_bodies.person("eve.gum@mpft.nhs.uk", role=Role.STANDARD)

    found = await told(of_bodies, *bodies)

    assert (len(found), expected) == (len(set(found)), set(found))


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [((COUNCIL, NHS), {BEA, CAI, DOT}), ((COUNCIL, OTHER_NHS), {BEA, DOT}), ((OTHER_COUNCIL, "nhs:NONE"), {DOT})],
    ids=["of both", "of one", "of none"],
)
async def test_who_submitted_a_record_is_told_while_they_reach_one_of_its_bodies(
    of_bodies: Rig, bodies: tuple[str, ...], expected: set[str]
) -> None:
    account_ids = [await of_bodies.person(each) for each in (BEA, CAI)]
    account_ids.append(await of_bodies.person(DOT, all_organisations=True))

    asked = [FindRecipients(register_code="dsr", bodies=bodies, user_id=each) for each in account_ids]
    found = [(await of_bodies.ask(each, statement_of("notifier"))).user for each in asked]

    assert expected == set(found) - {None}
