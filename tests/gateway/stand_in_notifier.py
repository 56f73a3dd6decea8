"""A stand-in for the notifier on a fake bus."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from shared.contracts.notifier import CountUndelivered, ListMails, MailPage, MailShown, SendAgain, UndeliveredMails
from tests.gateway.stand_in import Row, StandIn, nothing, row

RECORD_ID = UUID("5f0e7c1d2b3a49687766554433221100")
MAIL_ID = UUID("00112233445566778899aabbccddeeff")
QUEUED = datetime(2026, 6, 17, 13, 5, tzinfo=UTC)
SINCE = datetime(2026, 6, 17, 13, 7, tzinfo=UTC)
TEAM = "team@mpft.nhs.uk"


def a_mail(**changes: object) -> MailShown:
    fields = {
        "mail_id": MAIL_ID,
        "occasion": "record_created",
        "record_id": RECORD_ID,
        "reference": "DSR-7KQ2-M9XP",
        "recipient": TEAM,
        "urgent": False,
        "instead": False,
        "delivery": "accepted",
        "tries": 1,
        "answer": "250",
        "queued_at": QUEUED,
        "since": SINCE,
    }
    return MailShown.model_validate(fields | changes)


@dataclass
class StandInNotifier(StandIn):
    """Lists these mails, and accepts every request to send a mail again."""

    mails: tuple[MailShown, ...] = (a_mail(),)
    more: bool = False
    undelivered: int = 0

    def table(self) -> tuple[Row, ...]:
        return (
            row(ListMails, lambda _: MailPage(mails=self.mails, more=self.more)),
            row(CountUndelivered, lambda _: UndeliveredMails(total=self.undelivered)),
            row(SendAgain, nothing),
        )
