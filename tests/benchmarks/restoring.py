"""
Measure how long it takes to lose a machine and have the installation back from its backup.

    python -m tests.benchmarks.restoring --records 100000

The product runs with that many records. While users open and update records, `ics backup` is taken. Then every process
is killed, and the backup is restored into an empty folder, verified, started and released.

Printed are the seconds of each step. What may be lost is the interval between backups and the time that one takes
(RPO). The time without a service is that of the four steps after the loss (RTO).
"""

import argparse
import asyncio
import os
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from tests.benchmarks.loading import add_accounts, add_records, copied
from tests.benchmarks.pages import People
from tests.inside import Inside
from tests.journeys.product import ICS, Product, product
from tests.support.ending import run_to_its_end
from tests.walking import walker

PASSPHRASE = "correct horse battery staple"
CLIENTS = 4


async def ics(folder: Path, *command: str) -> str:
    """Run an `ics` command on the installation in this folder, and return what it prints. Raise if it fails."""
    settings = {"ICS_STATE_DIR": str(folder), "ICS_BACKUP_PASSPHRASE": PASSPHRASE}
    ran = await asyncio.create_subprocess_exec(
        *ICS, *command, env=os.environ | settings, stdout=asyncio.subprocess.PIPE
    )
    try:
        said, _ = await ran.communicate()
    finally:
        if ran.returncode is None:
            ran.send_signal(signal.SIGINT)
            await ran.wait()
    if ran.returncode:
        raise RuntimeError(f"ics {command[0]} ended with {ran.returncode}: {said.decode()}")
    return said.decode().strip()


async def timed(name: str, folder: Path, *command: str) -> float:
    began = time.perf_counter()
    said = await ics(folder, *command)
    took = time.perf_counter() - began
    print(f"{name}: {took:.1f} s ({said.splitlines()[-1]})", flush=True)
    return took


async def use(people: People, client: int, stop: asyncio.Event) -> int:
    """Open and update records until told to stop. Return how many answers there were. An error ends the measurement."""
    acts = people.acts()
    answers = 0
    while not stop.is_set():
        for act in ("open", "update", "list, own records"):
            await acts[act](client)
            answers += 1
    return answers


def lose(running: Product) -> None:
    """Kill every process of the installation at once."""
    runner = psutil.Process(running.pid)
    for each in (runner, *runner.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            each.send_signal(signal.SIGKILL)


async def back_up_in_use(running: Product, backup: Path, records: int) -> float:
    """Fill the installation, and take a backup while it is used. Return the seconds of the backup."""
    inside = Inside.of(running)
    crowd = await add_accounts(inside.addresses)
    await add_records(inside.database, crowd, 1, records)
    await copied(inside.database)
    async with walker(running.base_url) as everywhere, walker(running.base_url) as one, walker(running.base_url) as own:
        people, stop = People(everywhere, one, own), asyncio.Event()
        await people.come_in()
        async with asyncio.TaskGroup() as group:
            using = [group.create_task(use(people, client, stop)) for client in range(CLIENTS)]
            took = await timed("backup in use", running.folder, "backup", str(backup))
            stop.set()
        print(f"{sum(each.result() for each in using)} pages were answered meanwhile, none with an error", flush=True)
    return took


async def run(records: int) -> None:
    with tempfile.TemporaryDirectory(prefix="ics-restoring-") as temporary:
        lost, copy, backup = (Path(temporary) / name for name in ("lost", "copy", "backup"))
        async with product(lost, "--demo") as running:
            took = await back_up_in_use(running, backup, records)
            lose(running)
        steps = [await timed("restore", copy, "restore", str(backup)), await timed("verify", copy, "audit", "verify")]
        began = time.perf_counter()
        async with product(copy, "--demo"):
            steps.append(time.perf_counter() - began)
            print(f"start until ready: {steps[-1]:.1f} s", flush=True)
            steps.append(await timed("release", copy, "release"))
    print(f"{records:,} records. A backup takes {took:.0f} s, the way back {sum(steps):.0f} s.")


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.restoring")
    options.add_argument("--records", type=int, default=100_000)
    run_to_its_end(run(options.parse_args().records))
