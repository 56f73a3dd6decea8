"""One round: users refer, processes are killed meanwhile, and the result is compared with what the users were told."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.failure.breaking import Killed, kill, settled
from tests.failure.journal import Journal, refer
from tests.failure.ledger import Ledger
from tests.inside import Inside
from tests.journeys.product import Product, product
from tests.walking import Walker, walker

ACCOUNTS = (*("standard@mpft.nhs.uk", "calum.stronach@mpft.nhs.uk") * 2, "admin@mpft.nhs.uk")


@dataclass
class Round:
    """The result of one round. It is good if there are no differences."""

    journal: Journal
    killed: list[Killed] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def told(self) -> str:
        """Return the result in one line."""
        answers = ", ".join(f"{count} × {answer or 'none'}" for answer, count in sorted(self.journal.answers.items()))
        victims = ", ".join(each.part for each in self.killed)
        return (
            f"{self.journal.name}: killed {victims}; {len(self.journal.acknowledged)} acknowledged; answers {answers}; "
            f"longest silence {self.journal.longest_silence:.1f} s"
        )


@dataclass
class Trial:
    """A running product with users who are logged in."""

    product: Product
    inside: Inside
    people: list[Walker]
    administrator: Walker
    ledger: Ledger
    patient: bool = False

    async def round(self, name: str, victims: Sequence[str], referrals: int, chance: Random) -> Round:
        """
        Kill the victims one after the other, each when a random number of referrals has been answered or given up.

        The same seed gives the same numbers.
        """
        outcome = Round(Journal(name))
        moments = sorted(chance.sample(range(1, max(2, referrals * 9 // 10)), len(victims)))
        due = dict(zip(moments, victims, strict=True))

        async def said(count: int) -> None:
            victim = kill(self.inside, due[count]) if count in due else None
            outcome.killed.extend([victim] if victim else [])

        await refer(self.people, self.administrator, outcome.journal, referrals, said)
        left = await settled(self.inside, outcome.killed, patient=self.patient)
        outcome.differences = left + await self.ledger.differences(outcome.journal)
        return outcome


@asynccontextmanager
async def trial(folder: Path, *, patient: bool = False) -> AsyncIterator[Trial]:
    """Start the demo in its own folder, with two browsers for each of two users, and one for an administrator."""
    async with AsyncExitStack() as opened:
        running = await opened.enter_async_context(product(folder, "--demo"))
        inside = Inside.of(running)
        people: list[Walker] = []
        for email in ACCOUNTS:
            person = await opened.enter_async_context(walker(running.base_url))
            await person.log_in(email)
            people.append(person)
        yield Trial(running, inside, people[:-1], people[-1], Ledger(inside), patient)
