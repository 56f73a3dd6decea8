"""The environment of each process: the common settings and its own secrets, never another process's secrets."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.runner.children import PortFile
from deploy.runner.database import DatabaseServer
from deploy.runner.keyring import MIGRATOR, Keyring
from deploy.runner.prefork.inheritance import inherited
from deploy.runner.settings import RunnerSettings
from deploy.runner.state import State
from shared.messages import SERVICES

# Settings of the operator for which an empty value is not the default. Any other empty value counts as not set.
EMPTY_COUNTS = ("ICS_APP_REQUIRED_FOR",)


@dataclass(frozen=True, repr=False)
class Addresses:
    """The addresses of the services' databases and of the bus, with the secrets to access them."""

    keyring: Keyring
    databases: Mapping[str, DatabaseServer]
    nats_url: str

    def dsn(self, service: str) -> str:
        """Return the address of the service's database for the service's own role."""
        return self._dsn(service, f"{service}_app")

    def background_dsn(self, service: str) -> str:
        """Return the address of the service's database for the role that does the service's own work."""
        return self._dsn(service, f"{service}_background")

    def migrator_dsn(self, service: str) -> str:
        """Return the address of the service's database for the role that may act as the owner of its schema."""
        return self._dsn(service, MIGRATOR)

    def _dsn(self, service: str, role: str) -> str:
        return self.databases[service].dsn(role, self.keyring.role_passwords[role])


def databases(settings: RunnerSettings, embedded: DatabaseServer | None) -> dict[str, DatabaseServer]:
    """Return for each service the server that the operator named, or else the embedded one."""
    named = {service: settings.own_database_url(service) for service in SERVICES}
    chosen = {service: DatabaseServer(url) if url else embedded for service, url in named.items()}
    return {service: server for service, server in chosen.items() if server is not None}


@dataclass(frozen=True)
class Surroundings:
    """What environments are built from, besides the addresses, which are known only once the servers run."""

    settings: RunnerSettings
    state: State
    demo: bool
    gateway_port: PortFile
    mail_port: PortFile | None  # the mail catcher's, in demo mode without a mail server

    def of(self, process: str, addresses: Addresses) -> dict[str, str]:
        """Return the whole environment of one process."""
        made = {
            **inherited(os.environ, process),
            **self._common(process, addresses),
            **(self._of_gateway() if process == "gateway" else self._of_service(process, addresses)),
        }
        return {name: value for name, value in made.items() if value or name in EMPTY_COUNTS}

    def _common(self, process: str, addresses: Addresses) -> dict[str, str]:
        return {
            "PYTHONUNBUFFERED": "1",
            "ICS_NATS_URL": addresses.nats_url,
            "ICS_NATS_SEED": addresses.keyring.nats_seeds[process],
            "ICS_HEALTH_ADDRESS": f"unix:{self.state.run / process}",
            "ICS_DEMO": "1" if self.demo else "",
            "ICS_PUBLIC_URL": self.public_url(),
            "ICS_REGISTERS": str(self.state.registers) if self.settings.registers else "",
        }

    def _of_gateway(self) -> dict[str, str]:
        return {
            "ICS_HOST": self.settings.host,
            "ICS_PORT": str(self.gateway_port.port()),
            "ICS_PORT_FILE": str(self.gateway_port.file),
            "ICS_TEMPLATE_CACHE": str(self.state.templates),
            "ICS_DEMO_MAIL_DIR": str(self.state.mail) if self.mail_port else "",
        }

    def _of_service(self, service: str, addresses: Addresses) -> dict[str, str]:
        own = {
            "ICS_DATABASE_URL": addresses.dsn(service),
            "ICS_BACKGROUND_DATABASE_URL": addresses.background_dsn(service),
            "ICS_SIGNING_SEED": addresses.keyring.signing_seeds[service],
            "ICS_SIGNING_KEYS": json.dumps(addresses.keyring.signing_keys()),
            "ICS_AUDIT_HEADS": str(self.state.audit_heads),
        }
        if service == "identity":
            own["ICS_PIN_KEY"] = addresses.keyring.pin_key
        if service == "notifier" and self.mail_port is not None:
            own |= {"ICS_SMTP_HOST": "127.0.0.1", "ICS_SMTP_PORT": str(self.mail_port.port())}
        return own

    def public_url(self) -> str:
        """Return the operator's address, or the address of the gateway. It is empty while the port is not known."""
        if self.settings.public_url:
            return self.settings.public_url
        port = self.gateway_port.port()
        return f"http://{shown_host(self.settings.host)}:{port}" if port else ""


def shown_host(host: str) -> str:
    """Return a host in the form that URLs need, with an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host
