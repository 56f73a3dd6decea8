"""The settings that outcomes reads from its environment."""

from pydantic import AliasChoices, Field, SecretStr

from shared.settings import ServiceSettings


class OutcomesSettings(ServiceSettings):
    """Settings of outcomes."""

    database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_OUTCOMES_DATABASE_URL", "ICS_DATABASE_URL"),
        description="The schema of outcomes, under its own role.",
    )
    background_database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_OUTCOMES_BACKGROUND_DATABASE_URL", "ICS_BACKGROUND_DATABASE_URL"),
        description="The same schema, under the role for the service's own work.",
    )
