"""A journal kept on the users' side while processes are killed: what each user sent, how often, and every answer."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from aiohttp import ClientError

from tests.walking import Sheet, Walker, a_referral, record_in

MOST_SECONDS = 60
AGAIN_AFTER = 0.1
ENDED_EVERY = 10
SENT_ON, ARCHIVED, UNAVAILABLE, BROKEN, NO_ANSWER = 303, 409, 503, 500, 0

Said = Callable[[int], Awaitable[None]]


@dataclass
class Entry:
    """
    One referral, sent until it is acknowledged, always with the same name and command id.

    `ended` tells whether its archiving was acknowledged too. It is `None` if no archiving was requested.
    """

    family_name: str
    command: UUID
    record_id: UUID | None = None
    answers: list[int] = field(default_factory=list)
    ended: bool | None = None


@dataclass
class Journal:
    """All referrals of one round. `longest_silence` is the longest time between two completed referrals, in seconds."""

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
            entry = Entry(f"{self.name}-{number:04}", uuid4())  # "Round1-13" and "Round11-3" are much alike
            self.entries.append(entry)
            yield entry

    def heard(self) -> None:
        now = time.monotonic()
        self.longest_silence = max(self.longest_silence, now - (self._last or now))
        self._last = now

    def faults(self) -> list[str]:
        """Return the faults in the answers: missing acknowledgements or archivings, and unexpected status codes."""
        unheard = {
            "were never acknowledged": len(self.entries) - len(self.acknowledged),
            "were never archived": sum(each.ended is False for each in self.entries),
        }
        others = sorted(set(self.answers) - {SENT_ON, ARCHIVED, UNAVAILABLE, NO_ANSWER})
        told = [f"{count} {what}" for what, count in unheard.items() if count]
        return told + [f"answered with {each}" for each in others]


async def refer(people: list[Walker], administrator: Walker, journal: Journal, count: int, said: Said) -> None:
    """
    Let all users refer at once, until `count` referrals are acknowledged or given up. Call `said` after each one.

    Meanwhile the administrator archives every tenth of them.
    """
    left = journal.forms(count)
    counted = itertools.count(1)
    to_end: asyncio.Queue[Entry | None] = asyncio.Queue()

    async def one(walker: Walker) -> None:
        for entry in left:
            await _refer(walker, entry)
            journal.heard()
            number = next(counted)
            if number % ENDED_EVERY == 0 and entry.record_id is not None:
                to_end.put_nowait(entry)
            await said(number)

    ending = asyncio.create_task(_end_each(administrator, to_end))
    await asyncio.gather(*(one(each) for each in people))
    to_end.put_nowait(None)
    await ending


async def _refer(walker: Walker, entry: Entry) -> None:
    form = a_referral(last_name=entry.family_name, first_name="Jo", risk_level="amber") | {"command": entry.command.hex}
    said = await _keep_sending(walker, walker.at("records/new"), form, entry)
    if said is not None and said.status == SENT_ON:
        entry.record_id = UUID(record_in(said.leads_to))


async def _end_each(walker: Walker, entries: "asyncio.Queue[Entry | None]") -> None:
    while (entry := await entries.get()) is not None and entry.record_id is not None:
        answers = {"cetr_requested": "no", "laep_requested": "no"}
        form = {"command": uuid4().hex, "version": "0", "act": "confirm", "leaving_reason": "moved_away", **answers}
        page = walker.at(f"records/{entry.record_id.hex}/outcomes/")
        said = await _keep_sending(walker, page, form, entry)
        entry.ended = said is not None and (said.status == SENT_ON or said.heading == "Archived")


async def _keep_sending(walker: Walker, path: str, form: Mapping[str, str], entry: Entry) -> Sheet | None:
    """Send the form again while its answer may have been lost. Return the answer, or None if there is none in time."""
    give_up = time.monotonic() + MOST_SECONDS
    while time.monotonic() < give_up:
        try:
            sheet = await walker.post(path, form)
        except (ClientError, TimeoutError):
            entry.answers.append(NO_ANSWER)
        else:
            entry.answers.append(sheet.status)
            if sheet.status not in (UNAVAILABLE, BROKEN):
                return sheet
        await asyncio.sleep(AGAIN_AFTER)
    return None
