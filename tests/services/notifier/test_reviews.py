"""The mail about reviews: to the holder of the records or else to their creators, with references and one link."""

from datetime import date
from uuid import UUID

import pytest

from shared.contracts.identity import FindRecipients, Recipients
from shared.contracts.referrals.reviews import ReviewNamed, ReviewsDue
from shared.fake_bus import FakeBus
from shared.messages import NotAnswered
from shared.registers.bodies import organisation_compartment
from tests.services.notifier.builders import MOMENT, new_id
from tests.services.notifier.rig import Rig
from tests.services.notifier.scripted_server import Taken

pytestmark = pytest.mark.requirement("R-USE-007")

BODIES = organisation_compartment(new_id()).bodies
DAY = MOMENT.date()
READ_MAILS = "SELECT id, template, lane FROM mail"


def a_review(reference: str, due_on: date = date(2022, 6, 1), created_by: UUID | None = None) -> ReviewNamed:
    return ReviewNamed(reference=reference, due_on=due_on, bodies=BODIES, created_by=created_by or new_id())


def due(*reviews: ReviewNamed, holder: UUID | None = None, total: int = 0) -> ReviewsDue:
    notice_id = new_id()
    return ReviewsDue(
        event_id=notice_id,
        occurred_at=MOMENT,
        register_code="dsr",
        bodies=BODIES,
        record_id=notice_id,
        version=0,
        holder=holder or new_id(),
        reviews=reviews,
        total=total or len(reviews),
    )


async def told(rig: Rig, notice: ReviewsDue) -> list[Taken]:
    """Handle the notice, send all that is due, and return the mails that the server accepted."""
    await rig.handlers.take(notice)
    await rig.send_due("now")
    await rig.send_due("bulk")
    return rig.mail_server.taken


async def knows(rig: Rig, **addresses: str) -> None:
    """Let identity know only these users, by the hex digits of their ids."""

    async def answer(asked: FindRecipients, _context: object) -> Recipients:
        rig.identity.asked.append(asked)
        return Recipients(administrators=(), user=addresses.get(asked.user_id.hex if asked.user_id else ""))

    rig.identity.go_away()
    await FakeBus("identity", rig.identity.wire).answer(FindRecipients, answer)


async def test_the_holder_gets_the_references_the_days_and_one_link(rig: Rig) -> None:
    rig.identity.user = "nadia@mpft.nhs.uk"

    (mail,) = await told(rig, due(a_review("DSR-7KQ2-M9XP"), a_review("DSR-8KQ2-M9XP", date(2031, 1, 4)), total=23))

    assert (("nadia@mpft.nhs.uk",), "Reviews due: 23") == (mail.recipients, str(mail.message["Subject"]))
    assert (
        "The next review of these referrals is due. You hold or created them.\n\n"
        "DSR-7KQ2-M9XP: overdue since 01/06/2022\n"
        "DSR-8KQ2-M9XP: due on 04/01/2031\n\n"
        "There are 21 more.\n\n"
        "To see them all, and to confirm those where nothing has changed, log in at "
        "https://registers.example/dsr/reviews/\n"
    ) in mail.text.replace("\r\n", "\n")


async def test_a_mail_names_twenty_and_counts_the_others(rig: Rig) -> None:
    rig.identity.user = "nadia@mpft.nhs.uk"

    (mail,) = await told(rig, due(*(a_review(f"DSR-7KQ2-M{number:03}") for number in range(25))))

    assert 20 == mail.text.count("overdue since")
    assert "There are 5 more." in mail.text


async def test_reviews_that_are_due_soon_lead_to_their_own_list(rig: Rig) -> None:
    rig.identity.user = "nadia@mpft.nhs.uk"

    (mail,) = await told(rig, due(a_review("DSR-7KQ2-M9XP", date(2031, 1, 4))))

    assert "https://registers.example/dsr/reviews/?due=soon" in mail.text


async def test_the_creator_is_told_where_the_holder_has_left(rig: Rig) -> None:
    one, other, holder = new_id(), new_id(), new_id()
    await knows(rig, **{one.hex: "one@mpft.nhs.uk", other.hex: "other@mpft.nhs.uk"})
    first, second = a_review("DSR-7KQ2-M9XP", created_by=one), a_review("DSR-8KQ2-M9XP", created_by=other)

    mails = {mail.recipients: mail.text for mail in await told(rig, due(first, second, holder=holder))}

    assert {("one@mpft.nhs.uk",), ("other@mpft.nhs.uk",)} == set(mails)
    assert ("DSR-7KQ2" in mails["one@mpft.nhs.uk",], "DSR-8KQ2" in mails["one@mpft.nhs.uk",]) == (True, False)


async def test_nobody_is_told_where_neither_has_an_account(rig: Rig) -> None:
    await knows(rig)

    assert [] == await told(rig, due(a_review("DSR-7KQ2-M9XP")))


async def test_a_notice_that_comes_twice_is_mailed_once(rig: Rig) -> None:
    rig.identity.user, notice = "nadia@mpft.nhs.uk", due(a_review("DSR-7KQ2-M9XP"))

    await told(rig, notice)

    assert 1 == len(await told(rig, notice))


async def test_a_notice_waits_until_identity_answers(rig: Rig) -> None:
    rig.identity.go_away()

    with pytest.raises(NotAnswered):
        await rig.handlers.take(due(a_review("DSR-7KQ2-M9XP")))

    assert [] == await rig.pool.fetch(READ_MAILS)
