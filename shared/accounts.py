"""The states of a user account, and the actions that administrators can take on it."""

from enum import StrEnum


class UserState(StrEnum):
    """The state of an account. Invited: the user has not chosen a password yet."""

    ACTIVE = "active"
    INVITED = "invited"
    LOCKED = "locked"
    DEACTIVATED = "deactivated"


class UserAct(StrEnum):
    """The actions on an account, besides a change of access. `remove` takes away its role on this register."""

    UNLOCK = "unlock"
    WELCOME = "welcome"
    END_SESSIONS = "end_sessions"
    DEACTIVATE = "deactivate"
    ACTIVATE = "activate"
    REMOVE = "remove"
