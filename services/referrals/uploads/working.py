"""
Works on uploads: claims one, and reads, checks or processes it in the name of its user.

A replica has the upload until its lease runs out. If the replica dies, another one goes on: reading and checking begin
again, and processing goes on with the rows that are not on the register.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from services.referrals.audit_actions import ReferralsAction
from services.referrals.loading.table import UnreadableFile
from services.referrals.store import upload_work as store
from services.referrals.store.uploads import StoredUpload
from services.referrals.uploads.checking import Checking
from services.referrals.uploads.processing import Processing
from services.referrals.uploads.reading import Reading
from services.referrals.uploads.stages import Stage, TakenAway, audit_for
from services.referrals.uploads.states import may_load
from shared.context import ServiceContext
from shared.contracts.identity import CheckGrant
from shared.contracts.referrals.loading import UploadFault, UploadState
from shared.database import DATABASE_AWAY, DatabasePool, transaction
from shared.jobs import Job
from shared.leases import work_with_lease
from shared.log import log, warn
from shared.messages import NotAnswered, Refused
from shared.organisations import OrganisationNames
from shared.permissions import Visitor

POLL_SECONDS = 2.0
AGAIN_AFTER = timedelta(seconds=2)


@dataclass(frozen=True)
class UploadWork:
    """Claims uploads and works on them, one at a time. Setting `wakeup` lets the job look for work at once."""

    context: ServiceContext
    names: OrganisationNames
    wakeup: asyncio.Event = field(default_factory=asyncio.Event)
    lease: timedelta = store.LEASE
    again_after: timedelta = AGAIN_AFTER

    @property
    def job(self) -> Job:
        return Job("uploads.work", self.work_next, every=POLL_SECONDS, wakeup=self.wakeup)

    @property
    def stages(self) -> Mapping[UploadState, Stage]:
        return {
            "reading": Reading(self.context, self.grant),
            "checking": Checking(self.context, self.grant, self.names),
            "processing": Processing(self.context, self.grant),
        }

    async def work_next(self) -> bool:
        """Do the next step of the upload that has waited longest. Return False if none waits."""
        upload = await store.claim(self.context.background, self.lease)
        if upload is None:
            return False
        await work_with_lease(self._work(upload), partial(self._keep, upload))
        return True

    async def _keep(self, upload: StoredUpload) -> bool:
        return await store.keep_lease(self.context.background, upload, self.lease)

    async def _work(self, upload: StoredUpload) -> None:
        """Make one attempt at the present step. The upload goes on, waits for another attempt, or has failed."""
        try:
            await self.stages[upload.state].work(upload)
        except asyncio.CancelledError:
            await store.drop(self.context.background, upload, timedelta(0))
            raise
        except TakenAway:
            log("upload.taken_away", upload=str(upload.id), state=upload.state)
        except UnreadableFile as unreadable:
            await self._fail(upload, unreadable.fault)
        except Refused:  # the user's rights have ended
            await self._fail(upload, "no_grant")
        except (NotAnswered, *DATABASE_AWAY) as error:  # another part of the product is away for a while
            warn("upload.waits", upload=str(upload.id), state=upload.state, error=error)
            await store.drop(self.context.background, upload, self.again_after)
        except Exception as error:  # noqa: BLE001  an attempt may fail in any way: the next one may succeed
            warn("upload.not_worked", upload=str(upload.id), state=upload.state, error=error)
            await store.drop(self.context.background, upload, self.again_after, is_counted=True)
        else:
            log("upload.worked", upload=str(upload.id), state=upload.state)

    async def _fail(self, upload: StoredUpload, fault: UploadFault) -> None:
        """Stop the upload with a fault, audited."""
        async with transaction(self.context.background) as db:
            if await store.fail(db, upload, fault):
                await audit_for(db, upload, ReferralsAction.UPLOAD_STOPPED, facts=[fault])

    async def grant(self, upload: StoredUpload) -> Visitor:
        """Return the user with their present rights. Refused as `no_grant` if they may no longer load records."""
        question = CheckGrant(register_code=upload.register_code, user_id=upload.user_id)
        who = self.context.sign(question, upload.id.hex, upload.user_id)
        visitor = (await self.context.bus.ask(question, who=who)).visitor
        is_theirs = (visitor.user_id, visitor.register_code) == (upload.user_id, upload.register_code)
        if not is_theirs or not may_load(visitor):
            raise Refused("no_grant")
        return await self.context.reach(visitor)


async def purge_uploads(pool: DatabasePool) -> None:
    """Delete the files and rows of uploads that ended 7 days ago, and of those that nobody has finished."""
    if cleared := await store.sweep(pool):
        log("uploads.cleared", count=cleared)
