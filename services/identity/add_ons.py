"""The audit of grants: which add-on permissions a change gave to an account, and which it took."""

from collections.abc import Collection
from uuid import UUID

from services.identity.audit_actions import IdentityAction
from shared import audit
from shared.database import Database
from shared.permissions import AccountGrant, Visitor


async def note_grants(
    db: Database,
    visitor: Visitor | None,
    account_id: UUID,
    before: Collection[AccountGrant],
    after: Collection[AccountGrant],
    *,
    register: str = "",
) -> None:
    """Audit the grants that a change gives and takes, by their codes. A change without any adds no row."""
    changes = {
        IdentityAction.ADD_ONS_GIVEN: [each for each in AccountGrant if each in after and each not in before],
        IdentityAction.ADD_ONS_TAKEN: [each for each in AccountGrant if each in before and each not in after],
    }
    for action, grants in changes.items():
        if grants:
            await audit.note(db, visitor, action, [account_id], grants, register=register)
