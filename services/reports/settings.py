"""Settings of the reports service, read from the environment."""

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr

from shared.settings import BACKGROUND_POOL_SIZE, ServiceSettings


class ReportsSettings(ServiceSettings):
    """The settings of every service, with the database of reports and how reports are made."""

    database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_REPORTS_DATABASE_URL", "ICS_DATABASE_URL"),
        description="The schema of reports, under its own role.",
    )
    background_database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_REPORTS_BACKGROUND_DATABASE_URL", "ICS_BACKGROUND_DATABASE_URL"),
        description="The same schema, under the role for the service's own work.",
    )
    report_workers: int = Field(default=1, ge=1, le=16, description="How many reports this replica makes at once.")
    report_lease_seconds: int = Field(
        default=15,
        ge=2,
        le=300,
        description="Another replica makes a report again if its lease is not renewed for this time.",
    )
    report_folder: Path | None = Field(
        default=None,
        description="Private folder for reports in the making. Default: the system's temporary folder.",
    )

    @property
    def background_connections(self) -> int:
        """Each report in the making holds a connection for its rows, and takes another one for its file and lease."""
        return BACKGROUND_POOL_SIZE + self.report_workers
