"""When a session will end for want of use, and what a page says of it before and after."""

from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from gateway import csrf
from gateway.navigation import PATHS, address
from shared.contracts.identity import SessionFound
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

WARNED_MINUTES = 2
SESSION = "account/session"


@dataclass(frozen=True, slots=True)
class TimeOut:
    """
    What the warning's dialog is drawn from. `seconds` are left from now on if nothing more is asked of us.

    `holder` is the mark of whose page it is: somebody else who logs in meanwhile does not get at it.
    """

    seconds: int
    holder: str
    session: str
    login: str
    log_out: str
    log_out_label: str
    words: Words = field(repr=False)

    @property
    def minutes(self) -> int:
        return ceil(self.seconds / 60)

    @property
    def warning(self) -> str:
        return self.words("session.warning", minutes=WARNED_MINUTES)


def time_out_of(register: Definition, found: SessionFound, now: datetime) -> TimeOut:
    return TimeOut(
        seconds=max(0, int((found.idle_ends_at - now).total_seconds())),
        holder=csrf.mark_of(found.visitor.user_id),
        session=address(register, SESSION),
        login=address(register, "login/"),
        log_out=address(register, PATHS["logout"]),
        log_out_label=register.navigation_label("logout") or register.words("account.end_session"),
        words=register.words,
    )
