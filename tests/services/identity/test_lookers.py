"""The names of users whom an audit names by id: those of the asker's organisations, and of others where they work."""

from uuid import UUID, uuid4

import pytest

from shared.contracts.looks import Lookers, NameLookers
from shared.messages import Fault, NotAnswered
from shared.permissions import Role
from tests.services.identity.rig import Rig
from tests.services.identity.test_colleagues import ADMIN, add, organisation

FIND_IDS = "SELECT account_id, email FROM account"


async def ids(rig: Rig) -> dict[str, UUID]:
    return {row["email"]: row["account_id"] for row in await rig.pool.fetch(FIND_IDS)}


async def named(rig: Rig, *user_ids: UUID, asker: str = ADMIN) -> Lookers:
    found = await rig.find((await rig.come_in(asker)).session_token)
    return await rig.ask(NameLookers(user_ids=user_ids), who=found.assertion)


@pytest.mark.requirement("R-USE-011")
async def test_colleagues_are_named_and_of_others_the_organisation_is_told(rig: Rig) -> None:
    await rig.person(ADMIN, role=Role.ADMINISTRATOR)
    own = await add(rig, "Cal Young", Role.STANDARD)
    elsewhere = await add(rig, "El Sewhere", Role.STANDARD, "combined.nhs.uk")
    everywhere = await add(rig, "Al Everywhere", Role.ADMINISTRATOR, "combined.nhs.uk", everywhere=True)
    known = await ids(rig)

    found = await named(rig, *(known[each] for each in (own, elsewhere, everywhere, ADMIN)), uuid4())

    by_id = {each.user_id: each for each in found.users}
    assert ("Cal Young", "", "Al Everywhere", "Ada Birch") == tuple(
        by_id[known[each]].full_name for each in (own, elsewhere, everywhere, ADMIN)
    )
    assert await organisation(rig, "combined.nhs.uk") == by_id[known[elsewhere]].organisation_id
    assert 4 == len(by_id)


@pytest.mark.requirement("R-USE-011")
async def test_naming_is_audited_with_the_ids(rig: Rig) -> None:
    await rig.person(ADMIN, role=Role.ADMINISTRATOR)
    somebody = uuid4()

    await named(rig, somebody)

    audited = "SELECT subjects FROM audit WHERE action = 'users_named' ORDER BY id DESC LIMIT 1"
    assert [somebody] == await rig.owner.fetchval(audited)


async def test_a_standard_user_may_not_ask(rig: Rig) -> None:
    await rig.person(ADMIN, role=Role.ADMINISTRATOR)
    standard = await add(rig, "Cal Young", Role.STANDARD)

    with pytest.raises(NotAnswered) as unanswered:
        await named(rig, uuid4(), asker=standard)

    assert Fault.NOT_ALLOWED is unanswered.value.fault
