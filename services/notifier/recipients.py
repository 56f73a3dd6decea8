"""The mail addresses that identity gives for a record: its administrators and the person who submitted it."""

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
    """Asks identity each time, so that users who have left get no mail. Raises `NotAnswered` without identity."""

    context: ServiceContext

    async def find(
        self, register_code: str, bodies: tuple[str, ...], wanted: Sequence[Notification], user_id: UUID | None = None
    ) -> FoundRecipients:
        """Return the addresses that these rules need. Identity is not asked if they name only mailboxes."""
        if not needs_identity(wanted, user_id):
            return FoundRecipients()
        user = user_id if _names_user(wanted) else None
        question = FindRecipients(register_code=register_code, bodies=bodies, user_id=user)
        found = await self.context.bus.ask(question, who=self.context.sign(question, "recipients"))
        return FoundRecipients(found.administrators, found.user)

    async def find_user(self, register_code: str, bodies: tuple[str, ...], user_id: UUID) -> str | None:
        """Return the address of a user, or None if they may no longer see the records of these bodies."""
        question = FindRecipients(register_code=register_code, bodies=bodies, user_id=user_id)
        found = await self.context.bus.ask(question, who=self.context.sign(question, "recipients"))
        return found.user

    async def find_colleague(self, register_code: str, bodies: tuple[str, ...], user_id: UUID) -> str | None:
        """Return the address of a user who has a role in the register, wherever it reaches; None if they have none."""
        question = FindRecipients(register_code=register_code, bodies=bodies, user_id=user_id, anywhere=True)
        found = await self.context.bus.ask(question, who=self.context.sign(question, "recipients"))
        return found.user


def needs_identity(wanted: Sequence[Notification], user_id: UUID | None) -> bool:
    """Check whether these rules name anyone but mailboxes. `user_id` is the user whom the notice names, if known."""
    return rules.names(wanted, "administrators") or (user_id is not None and _names_user(wanted))


def _names_user(wanted: Sequence[Notification]) -> bool:
    return rules.names(wanted, "submitter") or rules.names(wanted, "colleague")
