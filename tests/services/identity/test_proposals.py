"""How a master admin proposes administrators of a register: it always takes two people."""

from uuid import UUID, uuid4

import pytest

from shared.contracts.users import (
    DecideProposal,
    GrantedAccess,
    ListProposals,
    Proposals,
    ProposalShown,
    ProposeAdministrator,
)
from shared.messages import Fault, NotAnswered
from shared.permissions import Role
from tests.services.identity.managing import (
    AMINA,
    COMBINED,
    GAIL,
    JO,
    MAX,
    MPFT,
    access,
    as_,
    made,
    office,
    organisation,
    read,
)
from tests.services.identity.rig import Rig, refused

SECOND = "sal.moor@staffordshire.gov.uk"


async def propose(rig: Rig, who: str, user_id: UUID, given: GrantedAccess) -> None:
    await rig.ask(ProposeAdministrator(command_id=uuid4(), user_id=user_id, access=given), who)


async def waiting(rig: Rig, who: str) -> list[ProposalShown]:
    found: Proposals = await rig.ask(ListProposals(), who)
    return list(found.proposals)


async def decide(rig: Rig, who: str, proposal_id: UUID, *, accepted: bool = True) -> None:
    await rig.ask(DecideProposal(command_id=uuid4(), proposal_id=proposal_id, accepted=accepted), who)


async def role(rig: Rig, user_id: UUID) -> Role:
    return Role(await rig.pool.fetchval("SELECT role FROM register_grant WHERE account_id = $1", user_id))


async def test_a_new_installation_gets_its_first_administrator_from_two_master_admins(rig: Rig) -> None:
    await made(rig, MAX, "Max Fell", Role.MASTER_ADMIN)
    await made(rig, SECOND, "Sal Moor", Role.MASTER_ADMIN)
    jo = await made(rig, JO, "Jo Lark")
    first, second = await as_(rig, MAX), await as_(rig, SECOND)

    await propose(rig, first, jo, await access(rig, everywhere=True))
    [mine], [theirs] = await waiting(rig, first), await waiting(rig, second)
    alone = await refused(decide(rig, first, mine.proposal_id))
    await decide(rig, second, theirs.proposal_id)

    assert ((True, False), (False, True)) == ((mine.yours, mine.may_accept), (theirs.yours, theirs.may_accept))
    assert ("not_second", Role.ADMINISTRATOR) == (alone, await role(rig, jo))
    assert {MAX, SECOND} == {mail.recipient for mail in await rig.mails("role_changed")}
    assert 5 == len((await rig.find((await rig.come_in(JO)).session_token)).visitor.organisation_ids)


async def test_where_there_is_an_administrator_one_who_has_the_organisations_accepts(rig: Rig) -> None:
    jo = await office(rig)
    await made(rig, SECOND, "Sal Moor", Role.MASTER_ADMIN)
    master, second, gail, amina = [await as_(rig, each) for each in (MAX, SECOND, GAIL, AMINA)]
    await propose(rig, master, jo, await access(rig, Role.STANDARD, MPFT))
    [proposal] = await waiting(rig, gail)

    assert [] == await waiting(rig, amina)
    assert "not_found" == await refused(decide(rig, amina, proposal.proposal_id))
    assert "not_second" == await refused(decide(rig, second, proposal.proposal_id))
    await decide(rig, gail, proposal.proposal_id)

    assert (Role.ADMINISTRATOR, "decided") == (
        await role(rig, jo),
        await refused(decide(rig, gail, proposal.proposal_id)),
    )
    assert (await organisation(rig, MPFT),) == (await read(rig, gail, jo)).user.access.organisation_ids


async def test_a_proposal_that_is_withdrawn_or_declined_gives_nothing(rig: Rig) -> None:
    jo = await office(rig)
    master, gail = await as_(rig, MAX), await as_(rig, GAIL)
    given = await access(rig, Role.STANDARD, MPFT)
    for who in (master, gail):
        await propose(rig, master, jo, given)
        assert "proposed_before" == await refused(propose(rig, master, jo, given))
        [proposal] = await waiting(rig, who)
        await decide(rig, who, proposal.proposal_id, accepted=False)

    assert (Role.STANDARD, []) == (await role(rig, jo), await waiting(rig, gail))


async def test_a_master_admin_does_not_propose_their_own_second_account(rig: Rig) -> None:
    await office(rig)
    second_self = await made(rig, "max@mpft.nhs.uk", "MAX Fell")

    assert "own_name" == await refused(
        propose(rig, await as_(rig, MAX), second_self, await access(rig, everywhere=True))
    )


async def test_an_account_on_another_register_or_none_is_not_proposed(rig: Rig) -> None:
    await office(rig)
    master = await as_(rig, MAX)
    other = await made(rig, "other@example.org", "Ol Other", register="carers")
    gail = await rig.pool.fetchval("SELECT account_id FROM account WHERE email = $1", GAIL)
    given = await access(rig, Role.STANDARD, COMBINED)

    assert ["not_found", "not_found", "not_now"] == [
        await refused(propose(rig, master, each, given)) for each in (other, uuid4(), gail)
    ]


async def test_administrators_do_not_propose(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)

    with pytest.raises(NotAnswered) as unanswered:
        await propose(rig, gail, jo, await access(rig, Role.STANDARD, MPFT))

    assert Fault.NOT_ALLOWED is unanswered.value.fault
