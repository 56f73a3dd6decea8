"""A tool that starts a product ends it, whatever ends the tool."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.deploy.running import belonging_to

GONE_SECONDS = 60.0


@pytest.mark.failure
@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.full_rounds)])
async def test_a_soak_that_is_ended_leaves_no_process_behind(quick_path: Path, ending: signal.Signals) -> None:
    soak = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.failure.soak", "--rounds", "1", "--kills", "0"),
        env={**os.environ, "TMPDIR": str(quick_path)},
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    async with asyncio.timeout(GONE_SECONDS):
        while not [*quick_path.glob("*/state/run/nats*")]:  # noqa: ASYNC110 - another program writes it
            await asyncio.sleep(0.1)

    soak.send_signal(ending)
    await soak.wait()

    async with asyncio.timeout(GONE_SECONDS):
        while belonging_to(quick_path):  # noqa: ASYNC110 - the end of other programs
            await asyncio.sleep(0.1)
    assert (ending is signal.SIGKILL) == bool([*quick_path.iterdir()])
