"""The one mail to each of two colleagues about all records that one of them handed over: references alone."""

import pytest

from shared.contracts.referrals.events import HandedOverAs, RecordsHandedOver
from shared.messages import NotAnswered
from shared.registers.bodies import organisation_compartment
from tests.services.notifier.builders import MOMENT, new_id
from tests.services.notifier.rig import Rig
from tests.services.notifier.scripted_server import Taken

COLLEAGUE = "nadia@mpft.nhs.uk"


def a_hand_over(
    occasion: HandedOverAs = "holder_named", total: int = 3, register_code: str = "dsr"
) -> RecordsHandedOver:
    return RecordsHandedOver(
        event_id=new_id(),
        occurred_at=MOMENT,
        register_code=register_code,
        bodies=organisation_compartment(new_id()).bodies,
        record_id=new_id(),
        version=0,
        occasion=occasion,
        told=new_id(),
        references=("DSR-7Q2K", "DSR-9MZP", "DSR-4XWD"),
        total=total,
    )


async def told(rig: Rig, handed: RecordsHandedOver) -> list[Taken]:
    """Handle the notice, send all that is due, and return the mails that the server accepted."""
    await rig.handlers.take(handed)
    await rig.send_due("now")
    await rig.send_due("bulk")
    return rig.mail_server.taken


@pytest.mark.requirement("R-USE-012")
async def test_the_new_holder_gets_one_mail_with_the_references(rig: Rig) -> None:
    rig.identity.user, handed = COLLEAGUE, a_hand_over()

    [mail] = await told(rig, handed)

    assert ((COLLEAGUE,), [handed.told]) == (mail.recipients, [each.user_id for each in rig.identity.asked])
    assert "Referrals handed over to you: 3" == str(mail.message["Subject"])
    assert (
        "You are now responsible for keeping these referrals on the register up to date.\n\n"
        "References: DSR-7Q2K, DSR-9MZP, DSR-4XWD\n\n"
        "To see them, log in at https://registers.example/dsr/\n"
    ) in mail.text.replace("\r\n", "\n")


@pytest.mark.requirement("R-USE-012")
async def test_the_former_holder_gets_one_mail_with_the_references(rig: Rig) -> None:
    rig.identity.user = COLLEAGUE

    [mail] = await told(rig, a_hand_over("holder_replaced", total=203))

    assert "Referrals handed over to a colleague: 203" == str(mail.message["Subject"])
    assert (
        "A colleague is now responsible for keeping these referrals, which you held, up to date.\n\n"
        "References: DSR-7Q2K, DSR-9MZP, DSR-4XWD\n\n"
        "And 200 more.\n\n"
        "If you think that this is a mistake, please contact the "
    ) in mail.text.replace("\r\n", "\n")


async def test_a_hand_over_that_is_told_of_twice_is_mailed_once(rig: Rig) -> None:
    rig.identity.user, handed = COLLEAGUE, a_hand_over()
    await told(rig, handed)

    assert 1 == len(await told(rig, handed))


async def test_a_colleague_who_may_no_longer_see_the_register_is_not_told(rig: Rig) -> None:
    assert [] == await told(rig, a_hand_over())


async def test_a_hand_over_waits_until_identity_answers(rig: Rig) -> None:
    rig.identity.go_away()

    with pytest.raises(NotAnswered):
        await rig.handlers.take(a_hand_over())
