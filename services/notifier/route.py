"""The way to the mail server, and the sender's name."""

from dataclasses import dataclass, field
from pathlib import Path

from services.notifier.settings import NotifierSettings, Security


@dataclass(frozen=True)
class Route:
    """The address of the mail server, the log-in to it, and the sender's name."""

    host: str
    port: int
    security: Security
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    ca_file: Path | None
    mail_from: str
    mail_address: str
    mail_host: str

    @classmethod
    def of(cls, settings: NotifierSettings) -> "Route":
        password = settings.smtp_password
        return cls(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.security,
            user=settings.smtp_user,
            password=None if password is None else password.get_secret_value(),
            ca_file=settings.smtp_ca_file,
            mail_from=settings.mail_from,
            mail_address=settings.mail_address,
            mail_host=settings.mail_host,
        )
