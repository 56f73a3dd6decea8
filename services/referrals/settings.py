"""What the referrals service is told by its environment."""

from pydantic import AliasChoices, Field, SecretStr

from shared.settings import ServiceSettings


class ReferralsSettings(ServiceSettings):
    """Settings of referrals."""

    database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_REFERRALS_DATABASE_URL", "ICS_DATABASE_URL"),
        description="The schema of referrals, under its own role.",
    )
