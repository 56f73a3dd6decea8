"""Settings of the reports service, read from the environment."""

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr

from shared.settings import ServiceSettings


class ReportsSettings(ServiceSettings):
    """The settings of every service, with the database of reports and how reports are made."""

    database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_REPORTS_DATABASE_URL", "ICS_DATABASE_URL"),
        description="The schema of reports, under its own role.",
    )
    report_workers: int = Field(default=1, ge=1, le=16, description="How many reports this replica makes at once.")
    report_lease_seconds: int = Field(
        default=15,
        ge=2,
        le=300,
        description="After how long without a word from it a report is made by another replica.",
    )
    report_folder: Path | None = Field(
        default=None,
        description="Where reports lie while they are made, for nobody else to read. Default: the system's.",
    )
