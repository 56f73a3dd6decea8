"""Settings from environment variables. Each process reads them once, in its `__main__`, and passes them on."""

import os
import sys
from pathlib import Path
from typing import Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.cleartext import refuse_in_clear, settings_in_clear

BACKGROUND_POOL_SIZE = 3

Settings = TypeVar("Settings", bound=BaseSettings)


class ProcessSettings(BaseSettings):
    """Settings of the gateway and the services. Secrets never show in a representation or an error."""

    model_config = SettingsConfigDict(env_prefix="ICS_", hide_input_in_errors=True, frozen=True)

    nats_url: str = Field(description="Where the NATS server listens.")
    nats_seed: SecretStr = Field(description="The nkey seed under which NATS knows this process.")
    health_address: str = Field(
        default="127.0.0.1:0",
        description="Where /live, /started, /ready and /metrics are answered: host:port or unix:/path.",
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")
    demo: bool = Field(default=False, description="Demo mode: loopback only, demo people, a page with the mail sent.")
    allow_insecure: bool = Field(
        default=False, description="Let data leave this machine without encryption; only on a protected network."
    )

    @model_validator(mode="after")
    def _keeps_data_encrypted(self) -> Self:
        refuse_in_clear(self, os.environ, allowed=self.allow_insecure)
        return self

    @property
    def in_clear(self) -> list[str]:
        """The names of the settings that let data leave the machine unencrypted, because this is allowed."""
        return settings_in_clear(self, os.environ)


class ServiceSettings(ProcessSettings):
    """Settings of the five services."""

    database_url: SecretStr = Field(description="The service's own schema, under its own role.")
    background_database_url: SecretStr = Field(
        description="The same schema, under the role for the service's own work."
    )
    signing_seed: SecretStr = Field(description="Ed25519 seed (64 hex digits) under which this service signs.")
    signing_keys: dict[str, str] = Field(description="JSON: service name to its public key in hex.")
    registers: Path | None = Field(default=None, description="A folder of further definitions, <code>/<edition>.toml.")
    public_url: str = Field(
        default="http://127.0.0.1:8080",
        description="The address that people type. Under another than before, nothing is sent until `ics release`.",
    )
    audit_heads: Path | None = Field(default=None, description="File outside Postgres for the heads of the audit.")

    @field_validator("signing_seed")
    @classmethod
    def _is_seed(cls, seed: SecretStr) -> SecretStr:
        if len(bytes.fromhex(seed.get_secret_value())) != 32:
            raise ValueError("a signing seed is 64 hex digits")
        return seed

    @model_validator(mode="after")
    def _keys_are_hex(self) -> Self:
        for key in self.signing_keys.values():
            bytes.fromhex(key)
        return self

    @property
    def background_connections(self) -> int:
        """How many connections the service's own work may hold at once."""
        return BACKGROUND_POOL_SIZE

    @property
    def verifying_keys(self) -> dict[str, bytes]:
        return {name: bytes.fromhex(key) for name, key in self.signing_keys.items()}


def check_proxies(public_url: str, trusted_proxies: int | None) -> None:
    """Raise `ValueError` when a proxy must stand in front, and its number was not said."""
    if public_url.startswith("https://") and trusted_proxies is None:
        raise ValueError(
            "ICS_TRUSTED_PROXIES must be set where ICS_PUBLIC_URL is https: it says how many proxies stand in front "
            "(usually 1), so that all users do not count as one network address."
        )


def read_settings(kind: type[Settings]) -> Settings:
    """Return the settings of this process. Exit with a plain sentence for each that cannot be used."""
    try:
        return kind()
    except ValidationError as error:
        sys.exit("\n".join(sentences_of(error)))


def sentences_of(error: ValidationError) -> list[str]:
    """Return a sentence for each setting that cannot be used, without its value."""
    named = [(str(each["loc"][0]).upper().removeprefix("ICS_"), each["msg"]) for each in error.errors() if each["loc"]]
    return [*(f"ICS_{name}: {why}" for name, why in named), *sentences_about_all(error)]


def sentences_about_all(error: ValidationError) -> list[str]:
    """Return the sentences about several settings together."""
    return [each["msg"].removeprefix("Value error, ") for each in error.errors() if not each["loc"]]
