"""The states of a user account, the actions that administrators can take on it, and its limits."""

from enum import StrEnum
from typing import Literal

LimitName = Literal[
    "account",
    "flood",
    "network_passwords",
    "network_registrations",
    "network_reminders",
    "password_changes",
    "pins_mailed",
    "pins_resent",
]
"""What a limit of log-ins counts. Pages have words for each."""


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
