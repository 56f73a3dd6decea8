"""Whom identity has for a record: the addresses of administrators, and of who submitted it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.notifier import rules
from services.notifier.rules import FoundRecipients
from shared.context import ServiceContext
from shared.contracts.identity import FindRecipients
from shared.registers.definition.lifecycle import Notification


@dataclass(frozen=True)
class AddressBook:
    """Asks identity each time, so that nobody who has left is mailed. Raises `NotAnswered` when it is away."""

    context: ServiceContext

    async def find(
        self, register_code: str, organisation_id: UUID, wanted: Sequence[Notification], user_id: UUID | None = None
    ) -> FoundRecipients:
        """What these rules need to know; nobody is asked where they name a mailbox alone."""
        user = user_id if rules.names(wanted, "submitter") else None
        if user is None and not rules.names(wanted, "administrators"):
            return FoundRecipients()
        question = FindRecipients(register_code=register_code, organisation_id=organisation_id, user_id=user)
        found = await self.context.bus.ask(question, who=self.context.sign(question, "recipients"))
        return FoundRecipients(found.administrators, found.user)
