"""The senders of a lane, which empty the queue one mail at a time, and the sweeper behind them."""

import asyncio
import secrets
from collections.abc import Coroutine
from enum import Enum
from typing import TypeVar
from uuid import UUID

from services.notifier import rules, store
from services.notifier.bells import Bells
from services.notifier.rules import Answer, Lane
from services.notifier.smtp import MailServer
from services.notifier.store import MailInHand
from shared import audit
from shared.commands import FORGET_OLD
from shared.database import DATABASE_FAULTS, DatabasePool, transaction
from shared.log import log, warn
from shared.tasks import rung

POLL_SECONDS = 1.0
REST_SECONDS = 1.0
STOP_SECONDS = 8.0
SWEEP_SECONDS = 5.0
FORGET_EVERY = 720  # sweeps: about once an hour

Result = TypeVar("Result")


class Round(Enum):
    """What one round of a sender came to."""

    ONE_DONE = "one_done"
    NOTHING_DUE = "nothing_due"
    REST = "rest"


class Sender:
    """
    One of the senders of a lane. Any number of them may run, in any number of replicas.

    It claims a mail, hands it over outside of any transaction, and writes down the answer. If it is killed with the
    mail in hand, the mail comes back when its lease ends: sent twice only if killed between the server's answer and
    the writing down, and then under the same Message-ID.
    """

    def __init__(self, lane: Lane, pool: DatabasePool, server: MailServer, bells: Bells) -> None:
        self._lane = lane
        self._pool = pool
        self._server = server
        self._bell = bells.lanes[lane]
        self._alarm = bells.alarm

    async def run(self) -> None:
        while True:
            round_ = await unbroken(self.send_next())
            if round_ is Round.REST:  # what is still due goes out as soon as the other side is back
                await asyncio.sleep(REST_SECONDS)
            elif round_ is Round.NOTHING_DUE:
                await rung(self._bell, POLL_SECONDS)

    async def send_next(self) -> Round:
        """Send the mail that is due first, if any is."""
        claim = UUID(bytes=secrets.token_bytes(16))
        try:
            mail = await store.claim_next(self._pool, self._lane, claim)
        except DATABASE_FAULTS as error:
            warn("mail.database", lane=self._lane, error=error)
            return Round.REST
        if mail is None:
            return Round.NOTHING_DUE
        answer = await self._send(mail, claim)
        return Round.REST if answer.stage == "connection" else Round.ONE_DONE

    async def _send(self, mail: MailInHand, claim: UUID) -> Answer:
        try:
            async with self._server.handed(mail) as answer:
                await self._write_down(mail, claim, answer)
        except Exception as error:  # noqa: BLE001  # one mail that cannot be sent must not stop the others
            warn("mail.broken", mail_id=str(mail.mail_id), error=error)
            answer = Answer("connection", "broken")
            await self._write_down(mail, claim, answer)
        return answer

    async def _write_down(self, mail: MailInHand, claim: UUID, answer: Answer) -> None:
        """However long the database is away: an accepted mail that is not written down would be sent again."""
        while True:
            try:
                return await self._write_once(mail, claim, answer)
            except DATABASE_FAULTS as error:
                warn("mail.not_written_down", mail_id=str(mail.mail_id), error=error)
                await asyncio.sleep(REST_SECONDS)

    async def _write_once(self, mail: MailInHand, claim: UUID, answer: Answer) -> None:
        following = rules.what_follows(answer, self._lane, mail.attempts, mail.age)
        async with transaction(self._pool) as db:
            if isinstance(following, rules.TryAgain):
                await store.mark_later(db, mail.mail_id, claim, answer.code, following.after)
                return
            if await store.mark_ended(db, mail.mail_id, claim, answer.code, following):
                await audit.note(db, None, f"mail.{following}", [mail.mail_id], register=mail.register_code)
        if following != "accepted" and mail.template == "urgent_record":
            self._alarm.set()
        log(f"mail.{following}", mail_id=str(mail.mail_id), template=mail.template, attempts=mail.attempts)


class Sweeper:
    """Ends mails that came to be of no use, and in the end forgets that there were any."""

    def __init__(self, pool: DatabasePool) -> None:
        self._pool = pool

    async def run(self) -> None:
        sweeps = 0
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            sweeps += 1
            try:
                await self.expire()
                if sweeps % FORGET_EVERY == 0:
                    await store.forget_old(self._pool)
                    await self._pool.execute(FORGET_OLD)
            except DATABASE_FAULTS as error:
                warn("mail.sweep_failed", error=error)

    async def expire(self) -> None:
        async with transaction(self._pool) as db:
            expired = await store.expire(db)
            for mail_id, register in expired:
                await audit.note(db, None, "mail.expired", [mail_id], register=register)
        for mail_id, _ in expired:
            log("mail.expired", mail_id=str(mail_id))


async def unbroken(work: Coroutine[None, None, Result]) -> Result:
    """The work's result. When the process stops meanwhile, the work may end first, for a time."""
    in_hand = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(in_hand)
    except asyncio.CancelledError:
        await asyncio.wait((in_hand,), timeout=STOP_SECONDS)
        in_hand.cancel()
        await asyncio.gather(in_hand, return_exceptions=True)
        raise
