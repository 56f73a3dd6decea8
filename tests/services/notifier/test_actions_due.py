"""Mails about actions: to a colleague or the team, by references and links, and nothing about a person."""

from datetime import date
from uuid import UUID

import pytest

from shared.contracts.actions import ActionsDue, DueAction, DueReason
from shared.messages import NotAnswered
from shared.registers.bodies import organisation_compartment
from tests.services.notifier.builders import MOMENT, new_id
from tests.services.notifier.rig import Rig
from tests.services.notifier.scripted_server import Taken

TEAM, COLLEAGUE = "dynamicsupportregister@mpft.nhs.uk", "owen@mpft.nhs.uk"
DUE = date(2026, 12, 12)


def a_notice(*whys: DueReason, recipient: UUID | None = None, more: int = 0) -> ActionsDue:
    return ActionsDue(
        event_id=new_id(),
        occurred_at=MOMENT,
        register_code="dsr",
        bodies=organisation_compartment(new_id()).bodies,
        record_id=new_id(),
        version=1,
        recipient=recipient,
        actions=tuple(
            DueAction(action_id=UUID(int=number), reference=f"DSR-{number}", due_on=DUE, why=why)
            for number, why in enumerate(whys, start=1)
        ),
        total=len(whys) + more,
    )


async def mails_of(rig: Rig, notice: ActionsDue) -> list[Taken]:
    await rig.handlers.take(notice)
    await rig.send_due("bulk")
    return rig.mail_server.taken


def link(number: int) -> str:
    return f"https://registers.example/dsr/actions/{UUID(int=number).hex}/"


@pytest.mark.requirement("R-MEET-011")
async def test_a_colleague_is_reminded_by_reference_day_and_link(rig: Rig) -> None:
    rig.identity.user, notice = COLLEAGUE, a_notice("overdue", "today", "soon", recipient=new_id(), more=4)

    (mail,) = await mails_of(rig, notice)

    assert ((COLLEAGUE,), "Actions due: 7") == (mail.recipients, str(mail.message["Subject"]))
    assert (
        "These actions are yours to do or to chase. When one is done, open it and say what came of it.\n\n"
        f"DSR-1: overdue since 12/12/2026\n{link(1)}\n\n"
        f"DSR-2: due today, 12/12/2026\n{link(2)}\n\n"
        f"DSR-3: due on 12/12/2026\n{link(3)}\n\n"
        "There are 4 more. The list has all of them: https://registers.example/dsr/actions/\n"
    ) in mail.text.replace("\r\n", "\n")


@pytest.mark.requirement("R-MEET-010", "R-MEET-011")
@pytest.mark.parametrize(
    ("why", "subject"),
    [("assigned", "An action has been given to you"), ("returned", "An action has been returned to you")],
)
async def test_who_is_given_an_action_is_mailed_wherever_its_record_lies(
    rig: Rig, why: DueReason, subject: str
) -> None:
    rig.identity.user, notice = COLLEAGUE, a_notice(why, recipient=new_id())

    (mail,) = await mails_of(rig, notice)

    assert [(notice.recipient, True)] == [(each.user_id, each.anywhere) for each in rig.identity.asked]
    assert ((COLLEAGUE,), subject) == (mail.recipients, str(mail.message["Subject"]))


@pytest.mark.requirement("R-MEET-011")
async def test_the_team_is_told_of_overdue_actions(rig: Rig) -> None:
    (mail,) = await mails_of(rig, a_notice("overdue", "overdue"))

    assert ((TEAM,), "Overdue actions: 2") == (mail.recipients, str(mail.message["Subject"]))


@pytest.mark.requirement("R-MEET-010")
async def test_the_team_is_told_instead_of_a_colleague_who_has_left(rig: Rig) -> None:
    (mail,) = await mails_of(rig, a_notice("soon", recipient=new_id()))

    assert (TEAM,) == mail.recipients
    assert "cannot use the register any more" in mail.text


async def test_a_notice_that_comes_twice_is_mailed_once_and_waits_for_identity(rig: Rig) -> None:
    notice = a_notice("soon", recipient=new_id())
    rig.identity.go_away()
    with pytest.raises(NotAnswered):
        await rig.handlers.take(notice)
    await rig.identity.come()
    rig.identity.user = COLLEAGUE

    await mails_of(rig, notice)

    assert 1 == len(await mails_of(rig, notice))
