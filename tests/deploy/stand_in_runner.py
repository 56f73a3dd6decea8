"""The real runner with stand-ins for the product's processes: `python -m tests.deploy.stand_in_runner [--demo]`."""

import asyncio
import os
import sys

from deploy.runner.prefork.forking import PreforkServer
from deploy.runner.prefork.inheritance import inherited
from deploy.runner.refusals import CannotStart
from deploy.runner.settings import read_settings
from deploy.runner.state import locked, open_state
from deploy.runner.up import Installation


def stand_in(_process: str) -> str:
    """Return the same module for each process. The module takes its name from its settings."""
    return "tests.deploy.stand_in"


async def run(*, demo: bool) -> None:
    settings = read_settings()
    state = open_state(settings.state_dir)
    with locked(state) as lock:
        marked = {**inherited(os.environ), "STAND_IN_FOLDER": str(state.folder)}  # found by tests
        prefork = PreforkServer(marked, modules=("asyncio",))
        loading = "tests.deploy.stand_in_loading" if demo else ""
        await Installation(settings, state, lock, prefork, demo=demo, module_of=stand_in, loading=loading).run()


if __name__ == "__main__":
    try:
        asyncio.run(run(demo="--demo" in sys.argv))
    except CannotStart as why:
        sys.exit(f"ics: {why}")
