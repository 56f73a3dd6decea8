"""Settings from environment variables. Each process reads them once, in its `__main__`, and passes them on."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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


class ServiceSettings(ProcessSettings):
    """Settings of the five services."""

    database_url: SecretStr = Field(description="The service's own schema, under its own role.")
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
    def verifying_keys(self) -> dict[str, bytes]:
        return {name: bytes.fromhex(key) for name, key in self.signing_keys.items()}
