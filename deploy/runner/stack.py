"""Postgres and NATS of one state folder, prepared and ready, for tests and trials."""

import asyncio
from pathlib import Path

from deploy.build.nats_permissions import DEPLOYER, permissions
from deploy.runner.console import Console
from deploy.runner.database import DatabaseServer
from deploy.runner.environment import Addresses
from deploy.runner.keyring import open_keyring
from deploy.runner.nats_server import NatsServer
from deploy.runner.postgres import Postgres
from deploy.runner.preparation import prepare_databases
from deploy.runner.state import open_state
from deploy.runner.streams import declare
from deploy.runner.supervise import together
from shared.messages import SERVICES


class EmbeddedParts:
    """
    Starts and stops Postgres and NATS. `durable=False` makes Postgres faster, but a power cut may destroy the database.
    """

    def __init__(self, folder: Path, console: Console | None = None, *, durable: bool = True) -> None:
        self.state = open_state(folder)
        self.keyring = open_keyring(self.state.keyring_file)
        console = console or Console()
        self.postgres = Postgres(self.state, self.keyring.superuser_password, console, durable=durable)
        self.nats = NatsServer(self.state, self.keyring.nats_public_keys(), permissions(), console)

    @property
    def database(self) -> DatabaseServer:
        """The installation's database, for its superuser."""
        return self.postgres.server

    @property
    def addresses(self) -> Addresses:
        """The addresses that processes need. They are known once both servers run."""
        return addresses_in(self, self.database)

    async def start(self) -> None:
        """Start both in parallel, migrate the databases and declare the streams."""
        await together(self.start_postgres(), self.start_nats())

    async def start_postgres(self) -> list[str]:
        """Start only Postgres and migrate. Return the applied migrations."""
        await self.postgres.start()
        await self.postgres.ready()
        return await prepare_databases(self.addresses)

    async def start_nats(self) -> None:
        """Start only NATS, and declare its streams."""
        await self.nats.start()
        await self.nats.ready()
        await declare(self.nats.url, self.keyring.nats_seeds[DEPLOYER])

    async def stop(self) -> None:
        await self.nats.stop(asyncio.Event())
        await self.postgres.stop(asyncio.Event())


def addresses_in(parts: EmbeddedParts, database: DatabaseServer) -> Addresses:
    """Return the addresses with all schemas in this database: the installation's own, or a copy of it."""
    return Addresses(parts.keyring, dict.fromkeys(SERVICES, database), parts.nats.url)
