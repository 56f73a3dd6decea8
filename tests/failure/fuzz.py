"""`make fuzz`: thousands of random requests to the whole product, as users of every role and as a stranger."""

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup
from yarl import URL

from shared.messages import PROCESSES
from tests.gateway.test_fuzz import BROKEN, FIELDS, LONGER, TEXTS, faults_of, forms_in
from tests.inside import Inside
from tests.journeys.product import product
from tests.walking import FROM_OUR_PAGE, Walker, walker

SEED = 20_261_130
USERS = ("admin@mpft.nhs.uk", "standard@mpft.nhs.uk", "reporting@mpft.nhs.uk", "master@staffordshire.gov.uk")
NEVER = ("logout", "/demo/")
MOST_PAGES = 60
AGAIN_AFTER = 50  # requests; some of them end the session
METHODS = ("GET", "GET", "GET", "HEAD", "PUT", "DELETE")

Form = tuple[str, list[tuple[str, str]]]


@dataclass
class Guest:
    """One browser, the addresses that its pages link to, and the forms that they show."""

    walker: Walker
    email: str | None
    pages: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)

    async def come_in(self) -> None:
        """Log in unless the session is still open. Random requests may have locked the account: then stay outside."""
        if self.email is None or (await self.walker.get("/dsr/home/")).status == 200:
            return
        try:
            await self.walker.log_in(self.email)
        except (AssertionError, TimeoutError):
            self.email = None

    async def look_round(self) -> None:
        """Follow links from the first page, and collect pages and forms."""
        waiting = ["/dsr/home/" if self.email else "/dsr/"]
        while waiting and len(self.pages) < MOST_PAGES:
            path = waiting.pop(0)
            self.pages.append(path)
            sheet = await self.walker.get(path)
            self.forms += [form for form in forms_in(sheet.html, path) if not _is_left_out(form[0])]
            waiting += [each for each in _links_in(sheet.html) if each not in (*self.pages, *waiting)]

    async def send(self, chance: random.Random) -> list[str]:
        """Send one random request, and return what is wrong with its answer."""
        token, kind = ("csrf_token", self.walker.token), chance.random()
        if kind < 0.6 and self.forms:
            action, fields = _changed(chance, *chance.choice(self.forms))
            return await self._request("POST", action, data=[*fields, token])
        path = _damaged(chance, chance.choice(self.pages))
        guessed = [(chance.choice(FIELDS), chance.choice(TEXTS)) for _ in range(chance.randrange(8))]
        if kind < 0.75:
            params = [(name, text) for name, text in guessed if len(text) < 100]
            return await self._request(chance.choice(METHODS), path, params=params)
        if kind < 0.85:
            sort, body = chance.choice(BROKEN)
            headers = {"Content-Type": sort, "X-CSRF-Token": self.walker.token}
            return await self._request("POST", path, data=body, headers=headers)
        return await self._request("POST", path, data=[*guessed, token])

    async def _request(
        self,
        method: str,
        path: str,
        *,
        data: list[tuple[str, str]] | bytes | None = None,
        params: list[tuple[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> list[str]:
        url = URL(self.walker.base_url + path, encoded=True)
        sent = {**FROM_OUR_PAGE, **(headers or {})}
        async with self.walker.session.request(
            method, url, data=data, params=params, headers=sent, allow_redirects=False
        ) as answer:
            await answer.read()
            return list(faults_of(answer))


def _is_left_out(path: str) -> bool:
    return any(each in path for each in NEVER)


def _links_in(html: str) -> list[str]:
    """Return the addresses of the register's own pages, each once."""
    links = [str(each["href"]) for each in BeautifulSoup(html, "html.parser").select("a[href]")]
    return [each for each in dict.fromkeys(links) if each.startswith("/dsr/") and not _is_left_out(each)]


def _changed(chance: random.Random, action: str, shown: list[tuple[str, str]]) -> Form:
    """Return a form of ours with one field changed, left out or sent twice."""
    fields, place = list(shown), chance.randrange(len(shown))
    text = LONGER if chance.random() < 0.05 else chance.choice(TEXTS)
    fields[place : place + 1] = [(fields[place][0], text)] * chance.choice((0, 1, 1, 1, 1, 2))
    return action, fields


def _damaged(chance: random.Random, path: str) -> str:
    """Return an address, half of the time with one of its parts replaced."""
    parts = path.partition("?")[0].split("/")
    if chance.random() < 0.5:
        parts[chance.randrange(2, len(parts))] = chance.choice(("%00", "%ff", "1", "x" * 100, "..", "%2e", "0" * 32))
    return "/".join(parts)


@asynccontextmanager
async def guests_at(base_url: str) -> AsyncIterator[list[Guest]]:
    """Yield a browser for each role and one for a stranger, after each has looked round."""
    async with AsyncExitStack() as opened:
        guests = []
        for email in (*USERS, None):
            guest = Guest(await opened.enter_async_context(walker(base_url)), email)
            await guest.come_in()
            await guest.look_round()
            guests.append(guest)
        yield guests


async def fuzz(guests: list[Guest], count: int, seed: int) -> Counter[str]:
    """Send this many random requests, and return what was wrong with the answers."""
    chance, wrong = random.Random(seed), Counter[str]()
    for number in range(count):
        guest = guests[number % len(guests)]
        if number % AGAIN_AFTER < len(guests):
            await guest.come_in()
        wrong.update(await guest.send(chance))
    return wrong


async def run(count: int, seed: int) -> int:
    """Fuzz a new demo product. Return 1 if an answer was wrong or a process ended, else 0."""
    with tempfile.TemporaryDirectory() as folder:
        async with product(Path(folder) / "state", "--demo") as running:
            inside = Inside.of(running)
            before = {name: inside.pid_of(name) for name in PROCESSES}
            async with guests_at(running.base_url) as guests:
                known = ", ".join(f"{len(each.pages)} pages and {len(each.forms)} forms" for each in guests)
                print(f"{count} requests to {known}", flush=True)
                wrong = await fuzz(guests, count, seed)
            ended = sorted(name for name, pid in before.items() if inside.pid_of(name) != pid)
    for what, times in sorted(wrong.items()):
        print(f"{times} times {what}")
    print(f"{wrong.total()} of {count} answers were wrong; processes that ended: {', '.join(ended) or 'none'}")
    return 1 if wrong or ended else 0


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args()
    sys.exit(asyncio.run(run(chosen.requests, chosen.seed)))
