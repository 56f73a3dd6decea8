"""People who refer while things break: what each sent, how often, and what it was told, written down on their side."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from aiohttp import ClientError

from tests.walking import Walker, a_referral, record_in

MOST_SECONDS = 60
AGAIN_AFTER = 0.1
SENT_ON, UNAVAILABLE, NO_ANSWER = 303, 503, 0

Said = Callable[[int], Awaitable[None]]


@dataclass
class Entry:
    """One referral, sent until it was acknowledged: under one name and one command, however often."""

    family_name: str
    command: UUID
    record_id: UUID | None = None
    answers: list[int] = field(default_factory=list)


@dataclass
class Journal:
    """All referrals of one round. `longest_silence`: the longest time in which nobody was told that one was taken."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    longest_silence: float = 0.0
    _last: float = 0.0

    @property
    def acknowledged(self) -> list[Entry]:
        return [each for each in self.entries if each.record_id is not None]

    @property
    def answers(self) -> Counter[int]:
        return Counter(answer for each in self.entries for answer in each.answers)

    def forms(self, count: int) -> Iterator[Entry]:
        for number in range(1, count + 1):
            entry = Entry(f"{self.name}-{number}", uuid4())
            self.entries.append(entry)
            yield entry

    def heard(self) -> None:
        now = time.monotonic()
        self.longest_silence = max(self.longest_silence, now - (self._last or now))
        self._last = now

    def faults(self) -> list[str]:
        """Nobody is told anything but "taken" and "not now", and everybody hears "taken" in the end."""
        unheard = len(self.entries) - len(self.acknowledged)
        others = sorted(set(self.answers) - {SENT_ON, UNAVAILABLE, NO_ANSWER})
        return [f"{unheard} were never acknowledged"] * bool(unheard) + [f"answered with {each}" for each in others]


async def refer(people: list[Walker], journal: Journal, count: int, said: Said) -> None:
    """Everybody refers at once, until so many referrals are acknowledged or given up; `said` hears of each one."""
    left = journal.forms(count)
    counted = itertools.count(1)

    async def one(walker: Walker) -> None:
        for entry in left:
            await _send(walker, entry)
            journal.heard()
            await said(next(counted))

    async with asyncio.TaskGroup() as group:
        for each in people:
            group.create_task(one(each))


async def _send(walker: Walker, entry: Entry) -> None:
    """The same form again for as long as it may have been lost on the way."""
    form = a_referral(last_name=entry.family_name, first_name="Jo") | {"command": entry.command.hex}
    give_up = time.monotonic() + MOST_SECONDS
    while time.monotonic() < give_up:
        try:
            sheet = await walker.post(walker.at("records/new"), form)
        except (ClientError, TimeoutError):
            entry.answers.append(NO_ANSWER)
        else:
            entry.answers.append(sheet.status)
            if sheet.status == SENT_ON:
                entry.record_id = UUID(record_in(sheet.leads_to))
            if sheet.status not in (UNAVAILABLE, 500):
                return
        await asyncio.sleep(AGAIN_AFTER)
