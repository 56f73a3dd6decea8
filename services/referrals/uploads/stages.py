"""What the steps of the work on an upload share."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.store.uploads import StoredUpload
from shared import audit
from shared.database import Database
from shared.permissions import Visitor

FindRights = Callable[[StoredUpload], Awaitable[Visitor]]
"""Returns the user of an upload with their present rights. Refused as `no_grant` if they may no longer load records."""


class TakenAway(Exception):
    """The upload was cancelled, or another replica has it: nothing of this attempt may be stored."""


class Stage(Protocol):
    """A step of the work: reading, checking or processing."""

    async def work(self, upload: StoredUpload) -> None:
        """Do the step. Raise `TakenAway` if the upload is no longer this attempt's."""


async def audit_for(
    db: Database,
    upload: StoredUpload,
    action: ReferralsAction,
    records: Iterable[UUID] = (),
    facts: Iterable[str] = (),
) -> None:
    """Audit work on an upload as an action of its user, without a session."""
    subjects = [upload.id, *records]
    await audit.note(db, None, action, subjects, facts, actor=upload.user_id, register=upload.register_code)
