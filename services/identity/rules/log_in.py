"""The limits of log-ins: how many tries are allowed, when an account is locked, how long a log-in lives."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

WRONG_PASSWORDS = 5
PIN_TRIES = 5
PIN_DIGITS = 6
LIVE_ATTEMPTS = 5
KNOWN_DEVICES = 10
KNOWN_DEVICE_LIFE = timedelta(days=90)
TEMPORARY_LIFE = timedelta(hours=24)
ATTEMPT_LIFE = timedelta(hours=1)
RESEND_AFTER = timedelta(minutes=1)
IDLE_WRITTEN_EVERY = timedelta(minutes=1)
UNSETTLED_COUNT_LIFE = timedelta(minutes=1)

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """At most `most` counts in one window, which begins with its first count."""

    kind: str
    most: int
    length: timedelta


# A right password is not counted, because thousands of hospital users share one address. A known device has its own
# count.
PASSWORDS_FROM_EVERYWHERE = Limit("passwords_everywhere", 500, timedelta(minutes=5))
PASSWORDS_FROM_NETWORK = Limit("passwords_network", 50, timedelta(minutes=5))
PINS_IN_HOUR = Limit("pins_hour", 10, _HOUR)
PINS_IN_DAY = Limit("pins_day", 20, _DAY)
RESENDS = Limit("pin_resends", 5, _HOUR)
LOG_INS_OPENED = Limit("log_ins_opened", 60, _HOUR)  # each sends a PIN, and must not flood a mailbox
REMINDERS_FROM_NETWORK = Limit("reminders_network", 10, _HOUR)
REMINDERS_IN_HOUR = Limit("reminders_hour", 3, _HOUR)
REMINDERS_IN_DAY = Limit("reminders_day", 5, _DAY)
REGISTRATIONS_FROM_NETWORK = Limit("registrations_network", 60, _HOUR)
REPEATED_REGISTRATIONS = Limit("registrations_repeated", 3, _DAY)
LOCK_MAILS = Limit("lock_mails", 3, _DAY)
PASSWORD_CHANGES = Limit("password_changes", 5, _HOUR)
LONGEST_WINDOW = _DAY


class Status(StrEnum):
    """
    The state of an account.

    Locked to strangers: only browsers in which the user has logged in before may log in.
    """

    ACTIVE = "active"
    LOCKED_TO_STRANGERS = "locked_to_strangers"
    LOCKED = "locked"
    DISABLED = "disabled"


OPEN_TO_STRANGERS = (Status.ACTIVE,)
OPEN_TO_KNOWN_DEVICES = (Status.ACTIVE, Status.LOCKED_TO_STRANGERS)


def open_to(known_device: bool) -> tuple[Status, ...]:
    """Return the states of an account in which a known or an unknown browser may log in."""
    return OPEN_TO_KNOWN_DEVICES if known_device else OPEN_TO_STRANGERS


def lock_after_wrong_password(number: int, known_device: bool) -> Status | None:
    """
    Return the new state of an account after its `number`th wrong password in a row, or None for no change.

    An unknown browser can only lock the account to strangers. A known browser locks it completely.
    """
    if number < WRONG_PASSWORDS:
        return None
    return Status.LOCKED if known_device else Status.LOCKED_TO_STRANGERS


def lock_after_wrong_pin(in_hour: int, in_day: int) -> bool:
    """Check whether the wrong PINs of all log-ins lock the account. Each of them followed a right password."""
    return in_hour >= PINS_IN_HOUR.most or in_day >= PINS_IN_DAY.most


def new_pin(below: Callable[[int], int]) -> str:
    """Return six random digits, all equally likely. `below` gives a random number under its argument."""
    return f"{below(10**PIN_DIGITS):0{PIN_DIGITS}}"


def network_of(address: str) -> str:
    """Return the network that limits count by: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        read = ipaddress.ip_address(address.strip())
    except ValueError:
        return "unknown"
    if isinstance(read, ipaddress.IPv4Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(ipaddress.ip_network((int(read), 64), strict=False))
