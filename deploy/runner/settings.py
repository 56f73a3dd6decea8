"""The runner's settings, read from the environment. Each has a default that works."""

import os
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.runner.refusals import CannotStart
from shared.cleartext import refuse_in_clear
from shared.messages import SERVICES
from shared.settings import check_proxies, sentences_about_all

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class RunnerSettings(BaseSettings):
    """
    The settings that the `ics` command reads once.

    A database address given here is the administrator's. The runner creates the services' roles there, and gives each
    service the address for its own role.
    """

    model_config = SettingsConfigDict(env_prefix="ICS_", hide_input_in_errors=True, frozen=True)

    state_dir: Path = Field(default=Path("var"), description="Where everything is kept on this machine (mode 0700).")
    host: str = Field(default="127.0.0.1", description="The address that pages are served on.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port that pages are served on; 0: any free one.")
    public_url: str | None = Field(default=None, description="The address under which people reach the pages.")
    database_url: SecretStr | None = Field(
        default=None, description="A PostgreSQL server, instead of the embedded one."
    )
    identity_database_url: SecretStr | None = Field(default=None, description="The same, for identity alone.")
    referrals_database_url: SecretStr | None = Field(default=None, description="The same, for referrals alone.")
    outcomes_database_url: SecretStr | None = Field(default=None, description="The same, for outcomes alone.")
    notifier_database_url: SecretStr | None = Field(default=None, description="The same, for notifier alone.")
    reports_database_url: SecretStr | None = Field(default=None, description="The same, for reports alone.")
    trusted_proxies: int | None = Field(
        default=None, ge=0, le=5, description="How many proxies stand in front; must be said for an https address."
    )
    allow_insecure: bool = Field(
        default=False, description="Let data leave this machine without encryption; only on a protected network."
    )
    nats_url: str | None = Field(default=None, description="A NATS server, instead of the embedded one.")
    smtp_host: str | None = Field(default=None, description="The mail server.")
    smtp_port: int | None = Field(default=None, ge=1, le=65535, description="The mail server's port.")
    backup_key_file: Path | None = Field(
        default=None, description="The file with the key that encrypts backups (mode 0600)."
    )
    backup_passphrase: SecretStr | None = Field(
        default=None, description="A passphrase that encrypts backups, instead of a key file."
    )
    registers: Path | None = Field(default=None, description="A folder of further register definitions.")
    brand: Path | None = Field(
        default=None, description="The deployment's brand file, whose name emails to master admins bear."
    )

    @model_validator(mode="after")
    def _keeps_data_encrypted(self) -> Self:
        refuse_in_clear(self, os.environ, allowed=self.allow_insecure)
        check_proxies(self.public_url or "", self.trusted_proxies)
        return self

    def own_database_url(self, service: str) -> str | None:
        """Return the database that the operator named for this service: its own, or the common one."""
        own = {
            "identity": self.identity_database_url,
            "referrals": self.referrals_database_url,
            "outcomes": self.outcomes_database_url,
            "notifier": self.notifier_database_url,
            "reports": self.reports_database_url,
        }[service]
        chosen = own or self.database_url
        return chosen.get_secret_value() if chosen is not None else None

    @property
    def needs_postgres(self) -> bool:
        """Whether any service uses the embedded server."""
        return any(self.own_database_url(service) is None for service in SERVICES)


def read_settings() -> RunnerSettings:
    """Return the settings. Raise `CannotStart` with the names of invalid settings, never with their values."""
    try:
        return RunnerSettings()
    except ValidationError as error:
        faults = error.errors()
        wrong = sorted({f"ICS_{'_'.join(str(part) for part in each['loc']).upper()}" for each in faults if each["loc"]})
        named = [f"These settings cannot be used: {', '.join(wrong)}."] if wrong else []
        raise CannotStart("\n".join((*named, *sentences_about_all(error)))) from None
