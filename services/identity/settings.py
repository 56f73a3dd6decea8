"""The settings that identity reads from its environment."""

from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator

from shared.settings import ServiceSettings


class IdentitySettings(ServiceSettings):
    """Settings of identity."""

    database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_IDENTITY_DATABASE_URL", "ICS_DATABASE_URL"),
        description="The schema of identity, under its own role.",
    )
    pin_key: SecretStr = Field(description="64 hex digits: the key under which PINs and tokens are stored.")
    password_profile: Literal["ics", "s117-2022", "dsr-2022"] = Field(
        default="ics", description="The password rule in force."
    )
    idle_minutes: int = Field(default=15, ge=5, le=60, description="A session ends after this time without use.")
    absolute_hours: int = Field(default=12, ge=1, le=24, description="A session ends after this time at the latest.")
    pin_minutes: int = Field(default=30, ge=5, le=30, description="How long a PIN is valid.")

    @field_validator("pin_key")
    @classmethod
    def _is_key(cls, key: SecretStr) -> SecretStr:
        if len(bytes.fromhex(key.get_secret_value())) != 32:
            raise ValueError("the key of PINs is 64 hex digits")
        return key
