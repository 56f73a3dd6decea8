"""Stands in for the notifier on a fake bus: the mails it has, and whatever it is to refuse."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from shared.bus import Context
from shared.contracts.notifier import ListMails, MailPage, MailShown, SendAgain
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Message, NotAnswered, Nothing, Refused, Request

RECORD_ID = UUID("5f0e7c1d2b3a49687766554433221100")
MAIL_ID = UUID("00112233445566778899aabbccddeeff")
QUEUED = datetime(2026, 6, 17, 13, 5, tzinfo=UTC)
SINCE = datetime(2026, 6, 17, 13, 7, tzinfo=UTC)
TEAM = "team@mpft.nhs.uk"

Asked = TypeVar("Asked", bound=Request[Message])


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
class StandInNotifier:
    """`asked` is every request in its order; `failing` says which kinds are refused or not answered, and how."""

    mails: tuple[MailShown, ...] = (a_mail(),)
    more: bool = False
    asked: list[Request[Message]] = field(default_factory=list)
    failing: dict[type[Request[Message]], Refused | NotAnswered] = field(default_factory=dict)

    async def answer_on(self, wire: FakeWire) -> None:
        bus = FakeBus("notifier", wire)
        await bus.answer(ListMails, self._noting(self._list_mails))
        await bus.answer(SendAgain, self._noting(self._send_again))

    def heard(self, kind: type[Asked]) -> list[Asked]:
        """What was asked of this kind."""
        return [each for each in self.asked if isinstance(each, kind)]

    def _noting(self, reply: Callable[[Asked], Awaitable[Message]]) -> Callable[[Asked, Context], Awaitable[Message]]:
        async def handler(asked: Asked, _context: Context) -> Message:
            self.asked.append(asked)
            if failure := self.failing.get(type(asked)):
                raise failure
            return await reply(asked)

        return handler

    async def _list_mails(self, _asked: ListMails) -> MailPage:
        return MailPage(mails=self.mails, more=self.more)

    async def _send_again(self, _asked: SendAgain) -> Nothing:
        return Nothing()
