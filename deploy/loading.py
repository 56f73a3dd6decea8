"""Fills this machine's new installation with the demo. A program, which the runner forks before the services start."""

import asyncio

from deploy.console import Console
from deploy.demo import load_demo
from deploy.environment import Addresses, databases
from deploy.keyring import open_keyring
from deploy.postgres import Postgres
from deploy.settings import read_settings
from deploy.state import State


async def main() -> None:
    """Finds the databases where the runner has prepared them."""
    settings = read_settings()
    state = State(settings.state_dir.resolve())
    keyring = open_keyring(state.keyring_file)
    embedded = Postgres(state, keyring.superuser_password, Console()).server
    await load_demo(Addresses(keyring, databases(settings, embedded), settings.nats_url or ""))


if __name__ == "__main__":
    asyncio.run(main())
