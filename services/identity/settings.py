"""The settings that identity reads from its environment."""

from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator

from services.identity.rules.authenticator import NEED_AN_APP, needing_app
from shared.settings import ServiceSettings


class IdentitySettings(ServiceSettings):
    """Settings of identity."""

    database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_IDENTITY_DATABASE_URL", "ICS_DATABASE_URL"),
        description="The schema of identity, under its own role.",
    )
    background_database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_IDENTITY_BACKGROUND_DATABASE_URL", "ICS_BACKGROUND_DATABASE_URL"),
        description="The same schema, under the role for the service's own work.",
    )
    pin_key: SecretStr = Field(
        description="64 hex digits: the key under which PINs, recovery codes and secrets of authenticator apps are "
        "stored. Under another key no app and no recovery code works."
    )
    password_profile: Literal["ics", "s117-2022", "dsr-2022"] = Field(
        default="ics", description="The password rule in force."
    )
    idle_minutes: int = Field(default=15, ge=5, le=60, description="A session ends after this time without use.")
    absolute_hours: int = Field(default=12, ge=1, le=24, description="A session ends after this time at the latest.")
    pin_minutes: int = Field(default=30, ge=5, le=30, description="How long a PIN is valid.")
    most_sessions: int = Field(
        default=3, ge=1, le=100, description="In how many browsers a user may be logged in at once."
    )
    app_required_for: str | None = Field(
        default=None,
        description="Roles and add-ons whose users must log in with an authenticator app, with commas; empty: none. "
        f"Default: {','.join(NEED_AN_APP)}; none in demo mode.",
    )
    remember_device_days: int = Field(
        default=0, ge=0, le=90, description="For so many days a user may choose to be asked for no code in a browser."
    )
    limit_wrong_passwords: int = Field(
        default=100, ge=5, description="Wrong passwords from one network address in 5 minutes, from unknown browsers."
    )
    limit_wrong_passwords_everywhere: int = Field(
        default=500,
        ge=5,
        description="The same from everywhere; beyond it, an email address gets 3 tries in 5 minutes.",
    )
    limit_reminders: int = Field(
        default=30, ge=1, description="Forgotten passwords from one network address in an hour."
    )
    limit_registrations: int = Field(
        default=120, ge=1, description="Registrations from one network address in an hour."
    )

    @field_validator("pin_key")
    @classmethod
    def _is_key(cls, key: SecretStr) -> SecretStr:
        if len(bytes.fromhex(key.get_secret_value())) != 32:
            raise ValueError("the key of PINs is 64 hex digits")
        return key

    @field_validator("app_required_for")
    @classmethod
    def _are_roles(cls, named: str | None) -> str | None:
        needing_app(named, demo=True)
        return named

    @property
    def needing_app(self) -> tuple[str, ...]:
        """The roles and add-ons whose users must have an authenticator app."""
        return needing_app(self.app_required_for, demo=self.demo)
