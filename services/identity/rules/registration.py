"""Who may register an account, under which name, and for which organisation."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from shared.cleaning import says_something
from shared.contracts.registration import RegistrantField
from shared.values import Unreadable, ValueFault, longest_domain, read_email, read_line

NAME_LONGEST = 60
# Blanks, full stops, apostrophes and hyphens as programs write them, and the joiners of the scripts that need them.
_BETWEEN_LETTERS = frozenset(" .'`\u00b4\u2018\u2019-\u2010\u2011\u2013\u200c\u200d")
_LOOKS_LIKE_ADDRESS = re.compile(r"\.[^\W\d_]{2}")


@dataclass(frozen=True, repr=False)
class Registrant:
    """The person who asks for an account, as read from the form."""

    first_name: str
    last_name: str
    email: str


@dataclass(frozen=True)
class RegistrationRule:
    """A register's rule for people who register an account for themselves."""

    self_registration: bool
    accepted_domains: tuple[str, ...]


def read_registrant(first_name: str, last_name: str, email: str) -> Registrant | dict[RegistrantField, ValueFault]:
    """Return the registrant, or the fault of each invalid field by the field's name."""
    read: dict[str, str] = {}
    wrong: dict[RegistrantField, ValueFault] = {}
    fields: tuple[tuple[RegistrantField, str, Callable[[str], str]], ...] = (
        ("first_name", first_name, read_name),
        ("last_name", last_name, read_name),
        ("email", email, _read_email),
    )
    for field, text, reader in fields:
        try:
            read[field] = reader(text)
        except Unreadable as unreadable:
            wrong[field] = unreadable.wrong
    return wrong or Registrant(**read)


def read_names(first_name: str, last_name: str) -> tuple[str, str] | dict[RegistrantField, ValueFault]:
    """Return both names as they are stored, or the fault of each invalid field by the field's name."""
    read = read_registrant(first_name, last_name, "name@example.org")
    return read if isinstance(read, dict) else (read.first_name, read.last_name)


def read_name(text: str) -> str:
    """
    Return a person's name: letters and the usual characters between them. Raise `Unreadable` otherwise.

    Text that a mail program would turn into a link is not accepted.
    """
    name = read_line(text)
    if not says_something(name):
        raise Unreadable(ValueFault.REQUIRED)
    if len(name) > NAME_LONGEST:
        raise Unreadable(ValueFault.TOO_LONG)
    if not all(map(_may_stand_in_name, name)) or not any(map(str.isalpha, name)) or _LOOKS_LIKE_ADDRESS.search(name):
        raise Unreadable(ValueFault.CHARACTERS)
    return name


def _may_stand_in_name(character: str) -> bool:
    return character.isalpha() or character in _BETWEEN_LETTERS or unicodedata.category(character).startswith("M")


def _read_email(text: str) -> str:
    if not says_something(read_line(text)):
        raise Unreadable(ValueFault.REQUIRED)
    return read_email(text)


def why_not(access: RegistrationRule, email: str, is_assigned: bool, *, reaches_scope: bool) -> str | None:
    """
    Return the code under which a registration is refused, or None.

    `reaches_scope`: the register's standard users see or update the records of others. Then nobody registers
    themselves. In any other register an assigned address may always register.
    """
    if reaches_scope:
        return "not_open"
    if is_assigned:
        return None
    if not access.self_registration:
        return "not_open"
    if longest_domain(email, access.accepted_domains) is None:
        return "domain_not_accepted"
    return None


def home_of(email: str, organisations: Mapping[str, UUID]) -> UUID | None:
    """Return the organisation whose domain contains the address. The longest domain wins."""
    domain = longest_domain(email, organisations)
    return None if domain is None else organisations[domain]
