"""The whole product, as `make run` starts it, for journeys: every process real, on ports and in a folder of its own."""

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
ICS = (sys.executable, "-c", "from deploy.cli import main; main()")


@dataclass
class Mail:
    """A mail as the demo's own page shows it."""

    to: str
    subject: str
    text: str
    sent_at: str


@dataclass
class Product:
    """A running product: where its pages are, what it has written to its log, what mail it has sent."""

    folder: Path
    runner: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    base_url: str = ""
    sessions: dict[str, str] = field(default_factory=dict)  # by address: the session cookie of who is logged in

    async def mail(self, to: str = "") -> list[Mail]:
        """The mail sent so far, newest first; to one address, where one is given."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.base_url}/demo/mail.json") as answer:
            mails = [Mail(**{key: each[key] for key in Mail.__dataclass_fields__}) for each in await answer.json()]
        return [each for each in mails if not to or to in each.to]

    async def mail_after(self, earlier: int, to: str) -> Mail:
        """Wait for one more mail to this address than there were."""
        async with asyncio.timeout(MAIL_SECONDS):
            while len(found := await self.mail(to)) <= earlier:  # noqa: ASYNC110  the mail is another program's
                await asyncio.sleep(0.05)
        return found[0]

    async def _listen(self, ready: asyncio.Event) -> None:
        assert self.runner.stdout is not None
        while line := (await self.runner.stdout.readline()).decode():
            self.lines.append(line.rstrip("\n"))
            if line.startswith(READY):
                self.base_url = line.removeprefix(READY).strip()
                ready.set()
        ready.set()


@asynccontextmanager
async def product(folder: Path, *options: str, **settings: str) -> AsyncIterator[Product]:
    """The product for as long as the block lasts. Fails, with what it said, when it does not become ready."""
    environment = {**os.environ, "ICS_STATE_DIR": str(folder), "ICS_PORT": "0", **settings}
    runner = await asyncio.create_subprocess_exec(
        *ICS,
        "up",
        *options,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    started, ready = Product(folder, runner), asyncio.Event()
    listening = asyncio.create_task(started._listen(ready))
    try:
        await asyncio.wait_for(ready.wait(), START_SECONDS)
        assert started.base_url, "\n".join(started.lines)
        yield started
    finally:
        if runner.returncode is None:
            runner.send_signal(signal.SIGINT)
        await runner.wait()
        await listening
