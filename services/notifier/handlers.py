"""Queue mails for identity's requests and for notices about records."""

from dataclasses import dataclass

from services.notifier import adding, moves, rules, store
from services.notifier.adding import NewMail
from services.notifier.context import NotifierContext
from services.notifier.rules import NeverAMail
from services.notifier.telling import AnyNotice, Happened, Notice
from shared.compartments import add_compartment
from shared.contracts.actions import ActionsDue
from shared.contracts.health import Backlog, ReadNotifierBacklog
from shared.contracts.notifier import QueueMail
from shared.contracts.referrals.events import RecordMoved, RecordsHandedOver, RecordsLoaded
from shared.contracts.referrals.reviews import ReviewsDue
from shared.database import transaction
from shared.inbox import SetAside, count_set_aside, is_new
from shared.log import warn
from shared.messages import Nothing
from shared.outbox import count_unsent
from shared.permissions import Caller
from shared.registers.bodies import compartment_of

NOTICES = "notifier--notice"


@dataclass(frozen=True)
class Handlers:
    """Handlers for the requests and notices of other services."""

    context: NotifierContext

    async def queue_mail(self, _caller: Caller, asked: QueueMail) -> Nothing:
        try:
            mail = self._mail_of(asked)
        except NeverAMail as fault:
            warn("mail.set_aside", mail_id=str(asked.letter_id), template=asked.template, reason=fault.reason)
            await SetAside(self.context.background, "mail")(str(asked.letter_id), asked.subject, fault.reason, 1)
            return Nothing()
        async with transaction(self.context.background) as db:
            await adding.add_mail(db, mail)
        self.context.wakeups.set_for([mail])
        return Nothing()

    def _mail_of(self, asked: QueueMail) -> NewMail:
        return NewMail(
            mail_id=asked.letter_id,
            register_code=asked.register_code,
            template=asked.template,
            lane=rules.lane_of(asked.template),
            recipient=rules.recipient_of(asked.recipient),
            written=self.context.mails.writer.letter(asked),
            expires_at=asked.expires_at,
        )

    async def take(self, notice: AnyNotice) -> None:
        if isinstance(notice, RecordMoved):
            await self.move(notice)
        elif isinstance(notice, RecordsLoaded):
            await self.tell_of_upload(notice)
        elif isinstance(notice, RecordsHandedOver):
            await self.tell_of_hand_over(notice)
        elif isinstance(notice, ActionsDue):
            await self.tell_of_actions(notice)
        elif isinstance(notice, ReviewsDue):
            await self.tell_of_reviews(notice)
        else:
            await self.tell(notice)

    async def move(self, moved: RecordMoved) -> None:
        """Move the mails about a record to its new bodies. Notices may come in any order: the latest move counts."""
        compartment = compartment_of(moved.register_code, moved.bodies)
        await add_compartment(self.context.background, moved.register_code, compartment)
        async with transaction(self.context.background) as db:
            if await is_new(db, NOTICES, moved):
                await moves.move_mails(db, moved.record_id, moved.version, compartment)

    async def tell_of_upload(self, loaded: RecordsLoaded) -> None:
        """Mail the register's team and the uploader, once for each upload, and nobody about its single records."""
        await self._queue_once(loaded, await self.context.mails.mails_about_upload(loaded))

    async def tell_of_hand_over(self, handed: RecordsHandedOver) -> None:
        """Mail the new or the former holder once for all records."""
        await self._queue_once(handed, await self.context.mails.mails_about_hand_over(handed))

    async def _queue_once(self, notice: RecordsLoaded | RecordsHandedOver, mails: list[NewMail]) -> None:
        async with transaction(self.context.background) as db:
            if await is_new(db, NOTICES, notice):
                for mail in mails:
                    await adding.add_mail(db, mail)
        self.context.wakeups.set_for(mails)

    async def tell_of_actions(self, due: ActionsDue) -> None:
        """Mail one colleague, or the team, about actions: once for each notice."""
        mail = await self.context.mails.mail_about_actions(due)
        async with transaction(self.context.background) as db:
            if await is_new(db, NOTICES, due):
                await adding.add_mail(db, mail)
        self.context.wakeups.set_for([mail])

    async def tell_of_reviews(self, due: ReviewsDue) -> None:
        """Mail the holder of the records, or their creators, once for each notice. Nobody if none has an account."""
        mails = await self.context.mails.mails_about_reviews(due)
        async with transaction(self.context.background) as db:
            if await is_new(db, NOTICES, due):
                for mail in mails:
                    await adding.add_mail(db, mail)
        self.context.wakeups.set_for(mails)

    async def tell(self, notice: Notice) -> None:
        """
        Mail all recipients whom the register's definition names, once for each notice.

        If the record has moved since the notice, its present bodies are told.
        """
        if self.context.mails.asks_identity(notice):
            since = await moves.find_moved_to(self.context.background, notice.record_id, notice.version)
            notice = notice.model_copy(update={"bodies": since or notice.bodies})
        while moved_to := await self._tell(notice):
            notice = notice.model_copy(update={"bodies": moved_to})

    async def _tell(self, notice: Notice) -> tuple[str, ...]:
        """Queue the mails to the bodies that the notice names. If the record has moved, return its present bodies."""
        mails = await self.context.mails.mails_about(notice)
        compartment = compartment_of(notice.register_code, notice.bodies)
        await add_compartment(self.context.background, notice.register_code, compartment)
        moved_to = await adding.take_notice(self.context.background, NOTICES, notice, mails)
        if not moved_to:
            self._warn_if_untold(notice, mails)
            self.context.wakeups.set_for(mails)
        return moved_to

    def _warn_if_untold(self, notice: Notice, mails: list[NewMail]) -> None:
        happened, register = Happened.of(notice), self.context.registers.find(notice.register_code)
        if not mails and rules.must_be_told(register, happened.occasion, happened.urgency):
            warn("notice.nobody_told", event_id=str(notice.event_id), register_code=notice.register_code)

    async def read_backlog(self, _asked: ReadNotifierBacklog) -> Backlog:
        unsent = await count_unsent(self.context.background) + await store.count_waiting(self.context.background)
        return Backlog(unsent=unsent, set_aside=await count_set_aside(self.context.background))
