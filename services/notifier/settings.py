"""The settings that the notifier reads from its environment."""

from email.utils import parseaddr
from pathlib import Path
from typing import Literal, Self

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator

from shared.cleartext import is_local
from shared.settings import ServiceSettings
from shared.values import email_host, read_line

Security = Literal["starttls", "tls", "plain"]


class NotifierSettings(ServiceSettings):
    """Settings of the notifier. Without a mail server, mails wait."""

    database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_NOTIFIER_DATABASE_URL", "ICS_DATABASE_URL"),
        description="The schema of notifier, under its own role.",
    )
    background_database_url: SecretStr = Field(
        validation_alias=AliasChoices("ICS_NOTIFIER_BACKGROUND_DATABASE_URL", "ICS_BACKGROUND_DATABASE_URL"),
        description="The same schema, under the role for the service's own work.",
    )
    smtp_host: str = Field(default="", description="The mail server. Without one, mails wait until they expire.")
    smtp_port: int = Field(default=25, ge=1, le=65535, description="The mail server's port.")
    smtp_user: str | None = Field(default=None, description="Name under which to log in to the mail server.")
    smtp_password: SecretStr | None = Field(default=None, description="Password for the mail server.")
    smtp_security: Security | None = Field(
        default=None,
        description="starttls, tls (from the first byte) or plain. Default: plain on loopback, else starttls.",
    )
    smtp_allow_plain: bool = Field(default=False, description="Let mail leave this machine without encryption.")
    smtp_ca_file: Path | None = Field(default=None, description="Certificates to verify the mail server with.")
    smtp_local_hostname: str | None = Field(
        default=None, description="Name in EHLO and Message-ID, the same for every replica. Default: the sender's host."
    )
    mail_from: str = Field(default="ICS Registers <no-reply@localhost>", description="The sender of every mail.")

    @field_validator("mail_from", "smtp_local_hostname")
    @classmethod
    def _is_one_line(cls, text: str | None) -> str | None:
        if text is not None and not text.isprintable():
            raise ValueError("must be one line of text")
        return text and read_line(text)

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        """Refuse to start if PINs or passwords would cross the network unencrypted."""
        if not all(self.mail_address.partition("@")):
            raise ValueError("mail_from must hold an address")
        if self.smtp_host and self.security == "plain" and not self.is_loopback:
            if not self.smtp_allow_plain:
                raise ValueError("smtp_security may be plain on loopback only, unless smtp_allow_plain is set")
            if self.smtp_password is not None:
                raise ValueError("the mail server's password is not sent in clear: use starttls or tls")
        return self

    @property
    def mail_address(self) -> str:
        return parseaddr(self.mail_from)[1]

    @property
    def mail_host(self) -> str:
        return self.smtp_local_hostname or email_host(self.mail_address)

    @property
    def security(self) -> Security:
        return self.smtp_security or ("plain" if self.is_loopback else "starttls")

    @property
    def is_loopback(self) -> bool:
        return is_local(self.smtp_host)
