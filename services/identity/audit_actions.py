"""What the identity service writes into its audit."""

from enum import auto

from shared.audit import AuditAction


class IdentityAction(AuditAction):
    """Each action that the identity service audits."""

    ACCOUNT_ACTIVATED = auto()
    ACCOUNT_CREATED = auto()
    ACCOUNT_DEACTIVATED = auto()
    ACCOUNT_LOCKED = auto()
    ACCOUNT_LOCKED_TO_STRANGERS = auto()
    ACCOUNT_OPENED_AGAIN = auto()
    ACCOUNT_REGISTERED = auto()
    ACCOUNT_UNLOCKED = auto()
    ADD_ONS_GIVEN = auto()
    ADD_ONS_TAKEN = auto()
    ADDRESS_ASSIGNED = auto()
    ADDRESS_TAKEN_BACK = auto()
    ADDRESSES_GIVEN = auto()
    ADDRESSES_LISTED = auto()
    ADMINISTRATOR_PROPOSED = auto()
    ATTEMPT_CANCELLED = auto()
    BODIES_SET = auto()
    GRANT_CHANGED = auto()
    GRANT_GIVEN = auto()
    GRANT_TAKEN = auto()
    LIMIT_REACHED = auto()
    LOG_IN_BEGUN = auto()
    LOG_IN_NOT_HEARD = auto()
    LOG_IN_REFUSED = auto()
    LOGGED_IN = auto()
    LOGGED_OUT = auto()
    OLDEST_SESSION_ENDED = auto()
    OWN_SESSION_ENDED = auto()
    PASSWORD_CHANGE_REFUSED = auto()
    PASSWORD_CHANGED = auto()
    PASSWORD_REMINDED = auto()
    PIN_RESENT = auto()
    PIN_WRONG = auto()
    PROPOSAL_ACCEPTED = auto()
    PROPOSAL_DECLINED = auto()
    REGISTER_JOINED = auto()
    REGISTRATION_REFUSED = auto()
    REGISTRATION_REPEATED = auto()
    SESSIONS_ENDED = auto()
    USER_READ = auto()
    USERS_LISTED = auto()
    WELCOMED_AGAIN = auto()
