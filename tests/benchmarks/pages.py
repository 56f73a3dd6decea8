"""The acts that are measured, done through real pages by users of different scope."""

import itertools
from collections.abc import Awaitable
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

from tests.benchmarks.loading import EVERYWHERE, ONE, OWN
from tests.benchmarks.measuring import Act
from tests.walking import Sheet, Walker, a_referral, record_in

EDITION = "2022"
SYLLABLES = [consonant + vowel for vowel in "aeiou" for consonant in "bdfklmrt"]


class NotThereYet(LookupError):
    """Raised for a page that this installation does not have."""


@dataclass
class People:
    """Three users who are logged in, and a seeded random generator."""

    everywhere: Walker
    one: Walker
    own: Walker
    chance: Random = field(default_factory=lambda: Random(1))
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _kept: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)

    async def come_in(self) -> None:
        for walker, email in ((self.everywhere, EVERYWHERE), (self.one, ONE), (self.own, OWN)):
            await walker.log_in(email)

    def begin_size(self) -> None:
        """
        Forget the records kept so far: a page with a long history costs more, so each size opens and updates fresh
        ones.
        """
        self._kept.clear()

    def acts(self) -> dict[str, Act]:
        """Return the acts by name, in the order in which they are measured. Those that write come last."""
        return {
            "list, 40 organisations": lambda _: _shown(self.everywhere.get("/dsr/records/")),
            "list, 1 organisation": lambda _: _shown(self.one.get("/dsr/records/")),
            "list, own records": lambda _: _shown(self.own.get("/dsr/records/")),
            "search, beginning": lambda _: self._search(self.beginning()),
            "search, within": lambda _: self._search(self.within()),
            "dashboard": lambda _: _shown(self.everywhere.get("/dsr/reporting/")),
            "empty form": lambda _: _shown(self.own.get("/dsr/records/new")),
            "open": self._open,
            "create": self._add,
            "update": self._update,
        }

    def beginning(self) -> str:
        """Return two syllables: as many letters as a user types before a search."""
        return "".join(self.chance.choices(SYLLABLES, k=2))

    def within(self) -> str:
        first, second = self.chance.choices(SYLLABLES, k=2)
        return first[1] + second + self.chance.choice(SYLLABLES)[0]

    def referral(self, **changes: str) -> dict[str, str]:
        given, family = ("".join(self.chance.choices(SYLLABLES, k=many)).capitalize() for many in (2, 3))
        born = {
            "date_of_birth-day": str(self.chance.randint(1, 28)),
            "date_of_birth-year": str(self.chance.randint(1940, 2009)),
        }
        return a_referral(first_name=given, last_name=family) | born | changes

    async def _search(self, words: str) -> None:
        await self.everywhere.search(words)

    async def _create(self) -> str:
        sheet = await self.own.post("/dsr/records/new", self.referral(command=uuid4().hex))
        assert 303 == sheet.status, sheet.problems
        return record_in(sheet.leads_to)

    async def _add(self, _client: int) -> None:
        await self._create()

    async def _record_of(self, act: str, client: int) -> tuple[str, int]:
        """Return a record of this client's own, so that clients do not collide. Records to open are never updated."""
        if (act, client) not in self._kept:
            self._kept[act, client] = (await self._create(), 0)
        return self._kept[act, client]

    async def _open(self, client: int) -> None:
        record, _ = await self._record_of("open", client)
        await _shown(self.own.get(f"/dsr/records/{record}/"))

    async def _update(self, client: int) -> None:
        record, version = await self._record_of("update", client)
        news = {
            "command": uuid4().hex,
            "version": str(version),
            "edition": EDITION,
            "latest_update": f"News {next(self._numbers)}",
        }
        sheet = await self.own.update(record, self.referral(**news))
        assert 303 == sheet.status, sheet.problems
        self._kept["update", client] = (record, version + 1)


async def _shown(asked: Awaitable[Sheet]) -> None:
    sheet = await asked
    if sheet.status != 200:
        raise NotThereYet(f"{sheet.path}: {sheet.status}")
