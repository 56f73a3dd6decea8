"""The whole product on one machine, in the foreground until it is asked to stop (`ics up`)."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.build.nats_permissions import DEPLOYER, permissions
from deploy.runner.child import ChildProgram, Guardian, spawn
from deploy.runner.children import (
    STOP_SECONDS,
    PortFile,
    ProductChild,
    SpawnContext,
    ask_health,
    product_module,
    says_started,
)
from deploy.runner.console import Console
from deploy.runner.environment import Addresses, Surroundings, databases, shown_host
from deploy.runner.keyring import open_keyring
from deploy.runner.nats_server import NatsServer
from deploy.runner.postgres import Postgres
from deploy.runner.prefork.forking import PreforkServer
from deploy.runner.prefork.inheritance import inherited
from deploy.runner.preparation import prepare_databases
from deploy.runner.refusals import CannotStart
from deploy.runner.settings import LOOPBACK, RunnerSettings
from deploy.runner.state import State
from deploy.runner.supervise import Supervisor, together
from deploy.runner.watching import LOOK_AT_NATS_SECONDS, LOOK_SECONDS, HangWatch, NatsWatch, every
from deploy.runner.welcome import welcome
from shared.messages import SERVICES
from shared.tasks import end

DECLARING = "deploy.runner.streams"
CHECKING = "deploy.runner.registers"
NOT_DECLARED = "The streams of NATS could not be declared: the lines above say why."
NOT_REACHED = (
    "The NATS server that ICS_NATS_URL names does not answer, or does not let the deployer in. Is it running, is the "
    "address right (nats://HOST:PORT), and does it know this installation's credentials?"
)
MAIL = "mail"
REMARK_SECONDS = 2.0
MAIL_CATCHER = "deploy.demo.mail_catcher"


class Installation:
    """
    All parts of one machine, and the order in which they start.

    `lock` is the held lock of the state folder. `prefork` is the prefork server: it may be running already, and is
    closed here. `loading` is a module that fills the databases of a new installation. It runs once, before the services
    start.
    """

    def __init__(
        self,
        settings: RunnerSettings,
        state: State,
        lock: int,
        prefork: PreforkServer,
        *,
        demo: bool,
        module_of: Callable[[str], str] = product_module,
        loading: str = "",
    ) -> None:
        check_settings(settings, demo=demo)
        self._settings = settings
        self._state = state
        self._console = Console()
        self._keyring = open_keyring(state.keyring_file)
        self._spawning = SpawnContext(state.run, self._console, Guardian(lock), prefork)
        self._module_of = module_of
        self._loading = loading
        self._surroundings = _surroundings(settings, state, demo=demo)
        self._postgres = self._embedded_postgres()
        self._nats = self._embedded_nats()
        self._mail = self._mail_catcher()
        self._services = [self._product(each) for each in SERVICES]
        self._gateway = self._product("gateway")
        embedded = [[each] for each in (self._postgres, self._nats, self._mail) if each is not None]
        self._supervisor = Supervisor([*embedded, self._services, [self._gateway]], self._console)
        self._watches: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """
        Start all parts, print where the pages are, wait for SIGINT or SIGTERM, then stop all parts.

        Raise `CannotStart` if a part does not start.
        """
        stopping = self._stop_when_asked()
        starting = asyncio.create_task(self._start())
        asked = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await self._say_ready()
                self._watches = self._watch()
                await asked
        finally:
            await self._stop(starting, asked, *self._watches)

    def _watch(self) -> "list[asyncio.Task[None]]":
        """Begin to look after the parts, which all run by now."""
        run = self._state.run
        hangs = [HangWatch(each, run / each.name, self._console) for each in (*self._services, self._gateway)]
        sockets = [run / each.name for each in self._services]
        nats = NatsWatch(sockets, self._declare_streams, self._nats, self._state.nats, self._console)
        looks = [*((LOOK_SECONDS, each.look) for each in hangs), (LOOK_AT_NATS_SECONDS, nats.look)]
        return [asyncio.create_task(every(seconds, look, self._console)) for seconds, look in looks]

    def _stop_when_asked(self) -> asyncio.Event:
        """Handle signals: the first one asks all parts to stop in order, the second one forces them."""
        stopping = asyncio.Event()

        def asked() -> None:
            if stopping.is_set():
                self._supervisor.hurry.set()
            stopping.set()

        hang_up = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)  # `nohup` ignores it
        for each in (signal.SIGINT, signal.SIGTERM, *hang_up):
            asyncio.get_running_loop().add_signal_handler(each, asked)
        return stopping

    async def _start(self) -> None:
        await self._check_registers()
        mail = [self._supervisor.start(self._mail)] if self._mail is not None else []
        await together(self._start_database(), self._start_bus(), *mail)
        await together(*(self._supervisor.start(each) for each in (*self._services, self._gateway)))

    async def _start_database(self) -> None:
        if self._postgres is not None:
            await self._supervisor.start(self._postgres)
        for name in await prepare_databases(self._addresses()):
            self._console.say(f"migrated {name}")
        await self._check_registers({"ICS_DATABASE_URL": self._addresses().background_dsn("referrals")})
        if self._loading and not self._state.loaded.exists():
            if not await self._runs_well(self._loading, {**os.environ, "ICS_STATE_DIR": str(self._state.folder)}):
                raise CannotStart(f"{self._loading} failed: its own lines above say why.")
            self._state.loaded.touch()

    async def _check_registers(self, database: Mapping[str, str] | None = None) -> None:
        """
        Print every fault of the registers' files, before anything else starts.

        With a database, print instead which editions do not fit their records.
        """
        folder = str(self._settings.registers.resolve()) if self._settings.registers else ""
        told = {"ICS_REGISTERS": folder, "ICS_REGISTERS_COPY": str(self._state.registers), **(database or {})}
        if not await self._runs_well(CHECKING, {**inherited(os.environ), **told}):
            raise CannotStart("The registers cannot be read: the lines above say why.")

    async def _start_bus(self) -> None:
        """Start NATS if it is ours. It can come back without its streams, so they are declared after each start."""
        if self._nats is not None:
            await self._supervisor.start(self._nats, self._declare_streams)
        else:
            await self._declare_streams()

    async def _declare_streams(self) -> None:
        told = {"ICS_NATS_URL": self._addresses().nats_url, "ICS_NATS_SEED": self._keyring.nats_seeds[DEPLOYER]}
        if not await self._runs_well(DECLARING, {**inherited(os.environ), **told}):
            raise CannotStart(NOT_DECLARED if self._nats is not None else NOT_REACHED)

    async def _runs_well(self, module: str, environment: Mapping[str, str]) -> bool:
        """Let the prefork server run a module to its end, so that this process need not import it."""
        program = ChildProgram(module.rpartition(".")[2], environment, module=module)
        child = await spawn(program, self._console, self._spawning.guardian, self._spawning.prefork)
        return await child.ended() == 0

    async def _stop(self, *tasks: "asyncio.Task[object]") -> None:
        self._console.say("stopping")
        await end(tasks)
        await self._supervisor.stop()
        await self._spawning.prefork.close()
        self._spawning.guardian.close()
        self._console.say("stopped")

    async def _say_ready(self) -> None:
        port = self._surroundings.gateway_port.port()
        address = f"http://{shown_host(self._settings.host)}:{port}"
        mail_page = self._mail is not None
        loaded = self._state.loaded
        accounts = loaded.read_text("utf-8").splitlines() if loaded.exists() else []
        for line in welcome(address, demo=self._surroundings.demo, mail_page=mail_page, accounts=accounts):
            self._console.plain(line)
        answer = await ask_health(self._state.run / "identity", "/ready", REMARK_SECONDS)
        for remark in answer.said.splitlines()[1:] if answer is not None and answer.well else ():
            self._console.plain(remark)

    def _addresses(self) -> Addresses:
        embedded = self._postgres.server if self._postgres is not None else None
        nats_url = self._settings.nats_url or (self._nats.url if self._nats is not None else "")
        return Addresses(self._keyring, databases(self._settings, embedded), nats_url)

    def _embedded_postgres(self) -> Postgres | None:
        if not self._settings.needs_postgres:
            return None
        return Postgres(self._state, self._keyring.superuser_password, self._console, self._spawning.guardian)

    def _embedded_nats(self) -> NatsServer | None:
        if self._settings.nats_url is not None:
            return None
        keys = self._keyring.nats_public_keys()
        return NatsServer(self._state, keys, permissions(), self._console, self._spawning.guardian)

    def _mail_catcher(self) -> ProductChild | None:
        port = self._surroundings.mail_port
        if port is None:
            return None

        def program() -> ChildProgram:
            mail = {"ICS_DEMO_MAIL_DIR": str(self._state.mail), "ICS_PORT": str(port.port())}
            environment = {**inherited(os.environ), **mail, "ICS_PORT_FILE": str(port.file)}
            return ChildProgram(MAIL, environment, module=MAIL_CATCHER)

        return ProductChild(MAIL, program, port.is_written, self._spawning)

    def _product(self, name: str) -> ProductChild:
        def program() -> ChildProgram:
            environment = self._surroundings.of(name, self._addresses())
            return ChildProgram(name, environment, module=self._module_of(name), grace_seconds=STOP_SECONDS)

        return ProductChild(name, program, says_started(self._state.run / name), self._spawning)


def _surroundings(settings: RunnerSettings, state: State, *, demo: bool) -> Surroundings:
    gateway_port = _new_port_file(state.run / "gateway.port", settings.port)
    catches = demo and settings.smtp_host is None
    mail_port = _new_port_file(state.run / "mail.port", 0) if catches else None
    return Surroundings(settings, state, demo, gateway_port, mail_port)


def _new_port_file(file: Path, wanted: int) -> PortFile:
    file.unlink(missing_ok=True)
    return PortFile(file, wanted)


def check_settings(settings: RunnerSettings, *, demo: bool) -> None:
    """Check the settings before anything is started. Raise `CannotStart` for one that cannot be used."""
    if demo and settings.host not in LOOPBACK:
        raise CannotStart("Demo mode serves this machine alone: leave ICS_HOST out, or leave --demo out.")
    if settings.port and not is_free(settings.host, settings.port):
        raise CannotStart(
            f"Port {settings.port} of {settings.host} is taken by another program. Set ICS_PORT to a free one."
        )


def is_free(host: str, port: int) -> bool:
    """Return whether the gateway could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
