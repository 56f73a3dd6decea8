"""Test access to a running product: its processes, its database as superuser and its streams."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from deploy.runner.console import Console
from deploy.runner.database import DatabaseServer
from deploy.runner.environment import Addresses
from deploy.runner.keyring import Keyring, open_keyring
from deploy.runner.postgres import Postgres
from deploy.runner.state import State
from shared.messages import PROCESSES, SERVICES
from tests.journeys.product import Product

EVERYTHING = (*PROCESSES, "nats", "postgres", "mail")


@dataclass(frozen=True)
class Inside:
    """An installation as its state folder describes it, and the process that runs it."""

    state: State
    runner: int
    base_url: str

    @classmethod
    def of(cls, running: Product) -> "Inside":
        return cls(State(running.folder.resolve()), running.pid, running.base_url)

    @cached_property
    def keyring(self) -> Keyring:
        return open_keyring(self.state.keyring_file)

    @cached_property
    def database(self) -> DatabaseServer:
        """The database server, entered as its superuser."""
        return Postgres(self.state, self.keyring.superuser_password, Console()).server

    @property
    def nats_url(self) -> str:
        (written,) = self.state.run.glob("nats-server_*.ports")
        return str(json.loads(written.read_text(encoding="ascii"))["nats"][0])

    @property
    def addresses(self) -> Addresses:
        """The addresses that the services are given."""
        return Addresses(self.keyring, dict.fromkeys(SERVICES, self.database), self.nats_url)

    def health_socket(self, process: str) -> Path:
        return self.state.run / process

    # ------------------------------------------------------------------------------------------------------- processes
    def pid_of(self, part: str) -> int:
        """Return the process id of a part that is running or ran last. Raises `LookupError` if there is none."""
        try:
            return self._written_pid(part)
        except (OSError, ValueError):
            raise LookupError(part) from None

    def _written_pid(self, part: str) -> int:
        if part == "nats":
            (written,) = self.state.run.glob("nats-server_*.ports")
            return int(written.stem.rpartition("_")[2])
        if part == "postgres":
            (folder,) = self.state.postgres.glob("*/postmaster.pid")
            return int(folder.read_text(encoding="ascii").split("\n", 1)[0])
        return int((self.state.run / f"{part}.pid").read_text(encoding="ascii"))

    def family(self) -> list[psutil.Process]:
        """Return the runner and all its descendants."""
        runner = psutil.Process(self.runner)
        return [runner, *runner.children(recursive=True)]

    def processes(self, part: str) -> list[psutil.Process]:
        """Return the processes of a part: one process, or the many that belong to Postgres."""
        head = psutil.Process(self.pid_of(part))
        return [head, *head.children(recursive=True)]


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """
    Return the CPU time of the processes since they started, including that of their ended children.

    A process that has ended since it was listed counts with its parent.
    """
    return sum(_seconds(each) for each in processes)


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system + times.children_user + times.children_system


def pss_bytes(processes: Sequence[psutil.Process]) -> int:
    """Return the proportional set size of the processes, in bytes: each shared page is divided among its users."""
    return sum(_pss(each) for each in processes)


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
