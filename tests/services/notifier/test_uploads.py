"""The one mail about a spreadsheet that was put on a register: to the team and the uploader, with counts alone."""

from uuid import UUID

import pytest

from shared.contracts.referrals.events import RecordsLoaded
from shared.messages import NotAnswered
from shared.registers.bodies import organisation_compartment
from tests.services.notifier.builders import MOMENT, new_id
from tests.services.notifier.rig import Rig
from tests.services.notifier.scripted_server import Taken

TEAM, UPLOADER = "dynamicsupportregister@mpft.nhs.uk", "nadia@mpft.nhs.uk"
READ_MAILS = "SELECT id, template, lane FROM mail"


def a_load(uploaded_by: UUID | None = None, **counts: int) -> RecordsLoaded:
    found = RecordsLoaded(
        event_id=new_id(),
        occurred_at=MOMENT,
        register_code="dsr",
        bodies=organisation_compartment(new_id()).bodies,
        record_id=new_id(),
        version=0,
        uploaded_by=uploaded_by or new_id(),
        new=120,
        updated=14,
        unchanged=9,
        errors=7,
        urgent=3,
    )
    return found.model_copy(update=counts)


async def told(rig: Rig, loaded: RecordsLoaded) -> list[Taken]:
    """Handle the notice, send all that is due, and return the mails that the server accepted."""
    await rig.handlers.take(loaded)
    await rig.send_due("now")
    await rig.send_due("bulk")
    return rig.mail_server.taken


@pytest.mark.requirement("R-USE-013")
async def test_the_team_and_the_uploader_are_told_of_an_upload_by_counts(rig: Rig) -> None:
    rig.identity.user, loaded = UPLOADER, a_load()

    mails = await told(rig, loaded)

    assert sorted([(TEAM,), (UPLOADER,)]) == sorted(mail.recipients for mail in mails)
    assert [loaded.uploaded_by] == [each.user_id for each in rig.identity.asked]
    assert {"Spreadsheet loaded: 120 new and 14 updated referrals"} == {str(mail.message["Subject"]) for mail in mails}
    assert (
        "A spreadsheet has been put on the register.\n\n"
        "New: 120. Updated: 14. No change: 9. Archived: 0.\n\n"
        "Rows not put on the register because they have errors: 7. The person who loaded it can download them with the "
        "reasons.\n\n"
        "Urgent ratings in these rows: 3. Each is on the work list with its own date until someone marks it as seen. "
        "No separate emails are sent about them.\n\n"
        "To see the referrals, log in at https://registers.example/dsr/\n"
    ) in mails[0].text.replace("\r\n", "\n")


async def test_an_upload_without_errors_and_urgent_ratings_says_nothing_of_them(rig: Rig) -> None:
    mail, *_ = await told(rig, a_load(errors=0, urgent=0))

    assert ("errors" in mail.text, "Urgent" in mail.text) == (False, False)


async def test_an_uploader_who_may_no_longer_see_the_register_is_not_told(rig: Rig) -> None:
    assert [(TEAM,)] == [mail.recipients for mail in await told(rig, a_load())]


async def test_an_uploader_who_reads_the_teams_mailbox_is_told_once(rig: Rig) -> None:
    rig.identity.user = TEAM

    assert [(TEAM,)] == [mail.recipients for mail in await told(rig, a_load())]


async def test_an_upload_that_is_told_of_twice_is_mailed_once(rig: Rig) -> None:
    loaded = a_load()

    await told(rig, loaded)

    assert 1 == len(await told(rig, loaded))


async def test_an_upload_waits_until_identity_answers(rig: Rig) -> None:
    rig.identity.go_away()

    with pytest.raises(NotAnswered):
        await rig.handlers.take(a_load())

    assert [] == await rig.pool.fetch(READ_MAILS)


@pytest.mark.requirement("R-USE-013")
async def test_a_mail_about_an_upload_that_does_not_get_through_is_not_escalated(rig: Rig) -> None:
    """It names urgent ratings, and is retried. No one else is told of them."""
    rig.mail_server.will_answer("RCPT", "550 mailbox full")
    mails = await told(rig, a_load())

    await rig.escalate(hours=5)

    assert [] == mails
    assert [("records_loaded", "bulk")] == [(row["template"], row["lane"]) for row in await rig.pool.fetch(READ_MAILS)]
