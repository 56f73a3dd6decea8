"""Correcting a user's name: who may, what is kept of it, and that the user is told. And when users last logged in."""

from collections.abc import Awaitable
from uuid import UUID, uuid4

import pytest

from shared.contracts.identity import ListColleagues
from shared.contracts.users import CorrectName
from shared.messages import Nothing
from tests.services.identity.managing import (
    AMINA,
    GAIL,
    JO,
    MAX,
    MPFT,
    as_,
    listed,
    office,
    organisation,
    read,
    refusal,
)
from tests.services.identity.rig import Rig


def corrected(rig: Rig, who: str, user_id: UUID, name: str, seen: str = "Jo Lark") -> Awaitable[Nothing]:
    first, last = name.split()
    asked = CorrectName(command_id=uuid4(), user_id=user_id, seen_name=seen, first_name=first, last_name=last)
    return rig.ask(asked, who)


async def test_a_corrected_name_is_found_and_sorted_and_the_earlier_one_is_kept(rig: Rig) -> None:
    jo = await office(rig)
    gail = await as_(rig, GAIL)

    await corrected(rig, gail, jo, "Jo Zeal")

    found = await read(rig, gail, jo)
    assert ("Jo Zeal", ["Jo Lark"]) == (found.user.full_name, [each.full_name for each in found.former_names])
    assert "Jo Zeal" == (await listed(rig, gail))[-1].full_name
    assert [jo] == [each.user_id for each in await listed(rig, gail, "zeal")]
    colleagues = await rig.ask(ListColleagues(organisation_id=await organisation(rig, MPFT)), gail)
    assert "Jo Zeal" in [each.full_name for each in colleagues.colleagues]


async def test_the_user_is_told_by_whom_and_the_audit_says_which_name_without_its_text(rig: Rig) -> None:
    jo = await office(rig)

    await corrected(rig, await as_(rig, GAIL), jo, "Jo Zeal")

    (mail,) = await rig.mails("name_changed")
    assert (JO, "Gail Thomas") == (mail.recipient, mail.values["changed_by"])
    assert "Zeal" not in mail.model_dump_json()
    kept = await rig.pool.fetch("SELECT first_name, last_name FROM former_name")
    assert [("Jo", "Lark")] == [tuple(row) for row in kept]
    noted = await rig.owner.fetch("SELECT subjects, fields FROM audit WHERE action = 'name_corrected'")
    assert [([jo], ["last_name"])] == [tuple(row) for row in noted]


@pytest.mark.parametrize(
    ("asker", "name", "seen", "code"),
    [
        (AMINA, "Jo Zeal", "Jo Lark", "not_found"),
        (GAIL, "Jo Zeal", "Joe Lark", "changed"),
        (GAIL, "Jo Lark", "Jo Lark", "unchanged"),
        (GAIL, "Jo W1Ki", "Jo Lark", "invalid_answers"),
        (MAX, "Jo Zeal", "Jo Lark", ""),
    ],
)
async def test_who_may_give_which_name(rig: Rig, asker: str, name: str, seen: str, code: str) -> None:
    jo = await office(rig)

    assert code == (await refusal(corrected(rig, await as_(rig, asker), jo, name, seen)))[0]


async def test_no_one_changes_their_own_name_or_that_of_a_user_of_another_register(rig: Rig) -> None:
    jo = await office(rig)
    gail = await as_(rig, GAIL)
    own = next(each for each in await listed(rig, gail) if each.email == GAIL)
    await rig.pool.execute(
        "INSERT INTO register_grant (account_id, register_code, role) VALUES ($1, 'carers', 'standard')", jo
    )

    assert "yourself" == (await refusal(corrected(rig, gail, own.user_id, "Gail Other", "Gail Thomas")))[0]
    assert "elsewhere" == (await refusal(corrected(rig, gail, jo, "Jo Zeal")))[0]
    assert [] == await rig.mails("name_changed")


async def test_a_user_s_page_says_when_they_last_logged_in(rig: Rig) -> None:
    jo = await office(rig)
    gail = await as_(rig, GAIL)
    before = (await read(rig, gail, jo)).user.logged_in_at

    session = await rig.come_in(JO)
    first = (await read(rig, gail, jo)).user.logged_in_at
    await rig.find(session.session_token)

    assert before is None
    assert first is not None
    assert first == (await read(rig, gail, jo)).user.logged_in_at
