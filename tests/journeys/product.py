"""Runs the whole product as `make run` does, with every process real, on free ports and in its own folder."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

READY = "Ready: "
START_SECONDS = 90
MAIL_SECONDS = 20
# The runner stops when the process that started it dies, even if that process is killed.
ICS = ("setpriv", "--pdeathsig", "INT", "--", sys.executable, "-c", "from deploy.cli import main; main()")


@dataclass
class Mail:
    """A mail as the demo's own page shows it."""

    to: str
    subject: str
    text: str
    sent_at: str


@dataclass
class Product:
    """A running product. `lines` holds its log, but only in the process that started it."""

    folder: Path
    pid: int
    base_url: str = ""
    lines: list[str] = field(default_factory=list)

    async def mail(self, to: str = "", saying: str = "") -> list[Mail]:
        """Return the mails sent so far, newest first, filtered by address and by words in subject or text."""
        found = [each for each in await self._all_mail() if to in each.to]
        return [each for each in found if saying in f"{each.subject}\n{each.text}"]

    async def texts(self, to: str) -> list[str]:
        """Return the texts of the mails to this address, newest first."""
        return [each.text for each in await self.mail(to)]

    async def _all_mail(self) -> list[Mail]:
        async with aiohttp.ClientSession() as session, session.get(f"{self.base_url}/demo/mail.json") as answer:
            return [Mail(**{key: each[key] for key in Mail.__dataclass_fields__}) for each in await answer.json()]

    async def mail_after(self, earlier: int, to: str, saying: str = "") -> Mail:
        """
        Wait until there are more than `earlier` such mails, and return the newest.

        Other tests cause mails too, so filter closely enough.
        """
        async with asyncio.timeout(MAIL_SECONDS):
            while len(found := await self.mail(to, saying)) <= earlier:  # noqa: ASYNC110  another program's mail
                await asyncio.sleep(0.05)
        return found[0]

    def beside(self, name: str) -> Path:
        """Return a path next to the product's folder, for a file that all tests of this product share."""
        return self.folder.with_name(f"{self.folder.name}-{name}")


@asynccontextmanager
async def product(folder: Path, *options: str, **settings: str) -> AsyncIterator[Product]:
    """Run the product until the block ends. Fails, with its log, if the product does not become ready."""
    ours = {"ICS_STATE_DIR": str(folder), "ICS_PORT": "0", "ICS_MOST_SESSIONS": "100"}  # tests share the demo's users
    environment = {**os.environ, **ours, **settings}
    runner = await asyncio.create_subprocess_exec(
        *ICS,
        "up",
        *options,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    started, ready = Product(folder, runner.pid), asyncio.Event()
    listening = asyncio.create_task(_listen(runner, started, ready))
    try:
        await asyncio.wait_for(ready.wait(), START_SECONDS)
        assert started.base_url, "\n".join(started.lines)
        yield started
    finally:
        if runner.returncode is None:
            runner.send_signal(signal.SIGINT)
        await runner.wait()
        await listening


async def _listen(runner: asyncio.subprocess.Process, started: Product, ready: asyncio.Event) -> None:
    assert runner.stdout is not None
    while line := (await runner.stdout.readline()).decode():
        started.lines.append(line.rstrip("\n"))
        if line.startswith(READY):
            started.base_url = line.removeprefix(READY).strip()
            ready.set()
    ready.set()
