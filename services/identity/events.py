"""What happens to accounts, as the audit calls it: a closed list, and the one way to write it down."""

# ruff: noqa: S105 - names of acts, not passwords

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from shared import audit
from shared.database import Database
from shared.permissions import Visitor


class AccountEvent(StrEnum):
    """Every act that identity audits."""

    ACCOUNT_REGISTERED = "account_registered"
    ACCOUNT_CREATED = "account_created"
    REGISTRATION_REPEATED = "registration_repeated"
    REGISTRATION_REFUSED = "registration_refused"
    ADDRESS_ASSIGNED = "address_assigned"
    ADDRESS_TAKEN_BACK = "address_taken_back"
    ADDRESSES_LISTED = "addresses_listed"
    GRANT_GIVEN = "grant_given"
    GRANT_CHANGED = "grant_changed"
    GRANT_TAKEN = "grant_taken"
    ADMINISTRATOR_PROPOSED = "administrator_proposed"
    PROPOSAL_ACCEPTED = "proposal_accepted"
    PROPOSAL_DECLINED = "proposal_declined"
    USERS_LISTED = "users_listed"
    USER_READ = "user_read"
    LOG_IN_BEGUN = "log_in_begun"
    LOG_IN_REFUSED = "log_in_refused"
    LOG_IN_NOT_HEARD = "log_in_not_heard"
    LIMIT_REACHED = "limit_reached"
    PIN_WRONG = "pin_wrong"
    PIN_RESENT = "pin_resent"
    ATTEMPT_CANCELLED = "attempt_cancelled"
    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_LOCKED_TO_STRANGERS = "account_locked_to_strangers"
    ACCOUNT_UNLOCKED = "account_unlocked"
    ACCOUNT_DEACTIVATED = "account_deactivated"
    ACCOUNT_ACTIVATED = "account_activated"
    SESSIONS_ENDED = "sessions_ended"
    WELCOMED_AGAIN = "welcomed_again"
    PASSWORD_REMINDED = "password_reminded"
    PASSWORD_CHANGE_REFUSED = "password_change_refused"
    PASSWORD_CHANGED = "password_changed"
    ADDRESSES_GIVEN = "addresses_given"


async def note(
    db: Database,
    event: AccountEvent,
    account_id: UUID | None = None,
    *,
    others: Iterable[UUID] = (),
    register: str = "",
    visitor: Visitor | None = None,
    actor: UUID | None = None,
) -> None:
    """Audit the event in its own transaction: about which account (None: an address that has none) and by whom."""
    subjects = [*([account_id] if account_id else []), *others]
    await audit.note(db, visitor, event, subjects, actor=actor, register=register)
