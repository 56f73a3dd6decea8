"""The program that loads the demo into a new installation. The runner forks it before the services start."""

import asyncio

from deploy.demo.loader import demo_lines, load_demo
from deploy.runner.console import Console
from deploy.runner.environment import Addresses, databases
from deploy.runner.keyring import open_keyring
from deploy.runner.postgres import Postgres
from deploy.runner.settings import read_settings
from deploy.runner.state import state_in
from shared.registers.load import load_registers


async def main() -> None:
    """Load the demo into the databases that the runner has prepared, and keep the lines that say who can log in."""
    settings = read_settings()
    state = state_in(settings.state_dir)
    keyring = open_keyring(state.keyring_file)
    embedded = Postgres(state, keyring.superuser_password, Console()).server
    registers = load_registers([state.registers] if settings.registers else [])
    if await load_demo(Addresses(keyring, databases(settings, embedded), settings.nats_url or ""), registers):
        state.loaded.write_text("\n".join(demo_lines(registers)), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
