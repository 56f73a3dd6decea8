"""How an account stands, and what may be done to it by those who administer it."""

from enum import StrEnum


class UserState(StrEnum):
    """How an account stands. Invited: its holder has not chosen a password yet."""

    ACTIVE = "active"
    INVITED = "invited"
    LOCKED = "locked"
    DEACTIVATED = "deactivated"


class UserAct(StrEnum):
    """What may be done to an account, beside changing what it may do. `remove`: takes its role on this register."""

    UNLOCK = "unlock"
    WELCOME = "welcome"
    END_SESSIONS = "end_sessions"
    DEACTIVATE = "deactivate"
    ACTIVATE = "activate"
    REMOVE = "remove"
