"""Settings of the referrals service, read from the environment."""

from pydantic import AliasChoices, Field, SecretStr

from shared.settings import BACKGROUND_POOL_SIZE, ServiceSettings


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

    @property
    def background_connections(self) -> int:
        """The work on an upload holds a connection for its rows, and takes another one for its lease."""
        return BACKGROUND_POOL_SIZE + 1
