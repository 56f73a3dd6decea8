"""Whom identity has for a record: the addresses of administrators, and of who submitted it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.notifier import rules
from services.notifier.rules import Found
from shared.assertion import Signer
from shared.bus import Bus
from shared.contracts.identity import FindRecipients
from shared.permissions import Caller
from shared.registers.definition import Notification


@dataclass(frozen=True)
class AddressBook:
    """Asks anew each time, so that who has left is told no more. Raises `NotAnswered` when identity is away."""

    bus: Bus
    signer: Signer

    async def find(
        self, register_code: str, organisation_id: UUID, wanted: Sequence[Notification], user_id: UUID | None = None
    ) -> Found:
        """What these rules need to know; nobody is asked where they name a mailbox alone."""
        user = user_id if rules.names(wanted, "submitter") else None
        if user is None and not rules.names(wanted, "administrators"):
            return Found()
        question = FindRecipients(register_code=register_code, organisation_id=organisation_id, user_id=user)
        me = Caller(service=self.signer.key_id, job="recipients")
        found = await self.bus.ask(question, who=self.signer.sign_caller(me, question.service()))
        return Found(found.administrators, found.user)
