"""What becomes a mail: what identity asks for, and what is noticed of records."""

from services.notifier import rules, store
from services.notifier.bells import Bells
from services.notifier.rules import NeverAMail
from services.notifier.store import NewMail
from services.notifier.telling import Happened, Notice, Telling
from shared import audit
from shared.contracts.health import Backlog, ReadNotifierBacklog
from shared.contracts.notifier import QueueMail
from shared.database import Database, DatabasePool, transaction
from shared.inbox import SetAside, count_set_aside, is_new
from shared.log import warn
from shared.messages import Nothing
from shared.outbox import count_unsent
from shared.permissions import Caller

NOTICES = "notifier--notice"


class Handlers:
    """What the notifier does with what it is asked by other services, and told."""

    def __init__(self, pool: DatabasePool, telling: Telling, bells: Bells) -> None:
        self._pool = pool
        self._telling = telling
        self._bells = bells
        self._set_aside = SetAside(pool, "mail")

    async def queue_mail(self, _caller: Caller, asked: QueueMail) -> Nothing:
        try:
            mail = self._mail_of(asked)
        except NeverAMail as fault:
            warn("mail.set_aside", mail_id=str(asked.letter_id), template=asked.template, reason=fault.reason)
            await self._set_aside(str(asked.letter_id), asked.subject, fault.reason, 1)
            return Nothing()
        async with transaction(self._pool) as db:
            await queue(db, mail)
        self._bells.ring([mail])
        return Nothing()

    def _mail_of(self, asked: QueueMail) -> NewMail:
        return NewMail(
            mail_id=asked.letter_id,
            register_code=asked.register_code,
            template=asked.template,
            lane=rules.lane_of(asked.template),
            recipient=rules.recipient_of(asked.recipient),
            written=self._telling.writer.letter(asked),
            expires_at=asked.expires_at,
        )

    async def tell(self, notice: Notice) -> None:
        """Tell everybody whom the register's definition names, once."""
        mails = await self._telling.mails_about(notice)
        happened = Happened.of(notice)
        if not mails and rules.must_be_told(happened.occasion, happened.urgency):
            warn("notice.nobody_told", event_id=str(notice.event_id), register_code=notice.register_code)
        async with transaction(self._pool) as db:
            if not await is_new(db, NOTICES, notice):
                return
            for mail in mails:
                await queue(db, mail)
        self._bells.ring(mails)

    async def read_backlog(self, _asked: ReadNotifierBacklog) -> Backlog:
        unsent = await count_unsent(self._pool) + await store.count_waiting(self._pool)
        return Backlog(unsent=unsent, set_aside=await count_set_aside(self._pool))


async def queue(db: Database, mail: NewMail) -> None:
    if await store.add_mail(db, mail):
        await audit.note(db, None, "mail.queued", [mail.mail_id], register=mail.register_code)
