"""The mails of identity: the template, recipient and values of each."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts.notifier import QueueMail, Template
from shared.ids import new_id


@dataclass(frozen=True)
class Recipient:
    """
    The person whom a mail goes to, and the register that sends it.

    Where no register does, as for a new master admin, `register_code` is empty and `installation` is the name.
    """

    email: str = field(repr=False)
    first_name: str = field(repr=False)
    register_code: str
    installation: str = ""


@dataclass(frozen=True)
class Mails:
    """Writes mails for the notifier to send. `public_url`: the address under which users reach the pages."""

    public_url: str

    def welcome(self, to: Recipient, password: str, expires_at: datetime | None) -> QueueMail:
        return _mail("welcome", to, expires_at, password=password, link=self._log_in(to))

    def reminder(self, to: Recipient, password: str, expires_at: datetime | None) -> QueueMail:
        return _mail("reminder", to, expires_at, password=password, link=self._log_in(to))

    def already_registered(self, to: Recipient) -> QueueMail:
        return _mail("already_registered", to, None, link=self._log_in(to))

    def joined(self, to: Recipient, contact: str) -> QueueMail:
        return _mail("joined", to, None, contact=contact, link=self._log_in(to))

    def pin(self, to: Recipient, pin: str, minutes: int, expires_at: datetime) -> QueueMail:
        return _mail("pin", to, expires_at, pin=pin, minutes=str(minutes))

    def locked(self, to: Recipient, contact: str) -> QueueMail:
        return _mail("locked", to, None, contact=contact)

    def locked_to_strangers(self, to: Recipient, contact: str) -> QueueMail:
        return _mail("locked_to_strangers", to, None, contact=contact, link=self._log_in(to))

    def password_changed(self, to: Recipient, contact: str) -> QueueMail:
        return _mail("password_changed", to, None, contact=contact)

    def app_added(self, to: Recipient, contact: str) -> QueueMail:
        return _mail("app_added", to, None, contact=contact)

    def app_removed(self, to: Recipient, contact: str) -> QueueMail:
        return _mail("app_removed", to, None, contact=contact)

    def app_reset(self, to: Recipient, contact: str) -> QueueMail:
        """Write that an administrator or an operator removed the app, so that another can be added."""
        return _mail("app_reset", to, None, contact=contact, link=self._log_in(to))

    def recovery_code_used(self, to: Recipient, left: int) -> QueueMail:
        return _mail("recovery_code_used", to, None, left=str(left))

    def recovery_codes_renewed(self, to: Recipient, contact: str) -> QueueMail:
        return _mail("recovery_codes_renewed", to, None, contact=contact)

    def name_changed(self, to: Recipient, changed_by: str, contact: str) -> QueueMail:
        """Write to a user that someone changed the name of their account. It names who did, and not the name."""
        return _mail("name_changed", to, None, changed_by=changed_by, contact=contact, link=self._log_in(to))

    def role_changed(self, to: Recipient, user_id: UUID) -> QueueMail:
        """Write to a master admin that a role changed, with a link to the user."""
        link = f"{self.public_url.rstrip('/')}/{to.register_code}/administration/users/{user_id.hex}/"
        return _mail("role_changed", to, None, link=link)

    def _log_in(self, to: Recipient) -> str:
        """Return the address of the register's log-in, or of the page that lists all registers."""
        return f"{self.public_url.rstrip('/')}/{f'{to.register_code}/login/' if to.register_code else ''}"


def _mail(template: Template, to: Recipient, expires_at: datetime | None, **values: str) -> QueueMail:
    named = {"register_name": to.installation} if to.installation else {}
    return QueueMail(
        letter_id=new_id(),
        register_code=to.register_code,
        template=template,
        recipient=to.email,
        values={"first_name": to.first_name, **named, **values},
        expires_at=expires_at,
    )
