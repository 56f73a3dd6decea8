"""Settings of the referrals service, read from the environment."""

from pydantic import AliasChoices, Field, SecretStr

from shared.settings import ServiceSettings


class ReferralsSettings(ServiceSettings):
    """The settings of every service, with the database of referrals."""

    database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_REFERRALS_DATABASE_URL", "ICS_DATABASE_URL"),
        description="The schema of referrals, under its own role.",
    )
    background_database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_REFERRALS_BACKGROUND_DATABASE_URL", "ICS_BACKGROUND_DATABASE_URL"),
        description="The same schema, under the role for the service's own work.",
    )
