"""The values of the dialog that warns before an unused session ends."""

from dataclasses import dataclass, field
from math import ceil

from aiohttp import web

from shared.registers.definition.words import Words

WARNED_MINUTES = 2


@dataclass(frozen=True, slots=True)
class TimeOutDialog:
    """What the dialog says and where its buttons lead; the same for all users of a register."""

    session: str
    login: str
    log_out: str
    log_out_label: str
    words: Words = field(repr=False)

    @property
    def warning(self) -> str:
        return self.words("session.warning", minutes=WARNED_MINUTES)


@dataclass(frozen=True, slots=True)
class TimeOut:
    """
    When the session of one user ends: `seconds` are left from now on without further use.

    `holder` is the mark of the page's user, so that another user who logs in meanwhile cannot see it.
    """

    seconds: int
    holder: str
    dialog: TimeOutDialog

    @property
    def minutes(self) -> int:
        return ceil(self.seconds / 60)


TIME_OUT = web.RequestKey("time_out", TimeOut)
