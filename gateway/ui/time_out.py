"""What a page says of the time after which an unused session ends."""

from dataclasses import dataclass, field
from math import ceil

from aiohttp import web

from shared.registers.definition.words import Words

WARNED_MINUTES = 2


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


TIME_OUT = web.RequestKey("time_out", TimeOut)
