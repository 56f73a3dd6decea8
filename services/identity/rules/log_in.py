"""The limits of log-ins: how many tries are allowed, when an account is locked, how long a log-in lives."""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.accounts import LimitName

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
    """At most `most` counts in one window, which begins with its first count. `name`: what users are told about it."""

    kind: str
    most: int
    length: timedelta
    name: LimitName = "account"


@dataclass(frozen=True)
class WindowCount:
    """The total of a window after one more count, and when the window ends."""

    limit: Limit
    number: int
    ends_at: datetime

    @property
    def is_over(self) -> bool:
        return self.number > self.limit.most


@dataclass(frozen=True)
class SharedLimits:
    """
    The limits that all users of one network, or all users together, share. The installation sets them.

    A right password is not counted, because thousands of hospital users share one address. A known browser has its own
    count.
    """

    passwords_from_everywhere: Limit
    passwords_from_network: Limit
    reminders_from_network: Limit
    registrations_from_network: Limit


def shared_limits(*, everywhere: int, passwords: int, reminders: int, registrations: int) -> SharedLimits:
    """Return the limits with these numbers: of wrong passwords in 5 minutes, of the others in an hour."""
    few_minutes = timedelta(minutes=5)
    return SharedLimits(
        Limit("passwords_everywhere", everywhere, few_minutes, "flood"),
        Limit("passwords_network", passwords, few_minutes, "network_passwords"),
        Limit("reminders_network", reminders, _HOUR, "network_reminders"),
        Limit("registrations_network", registrations, _HOUR, "network_registrations"),
    )


# While the window of everywhere is full, each typed email address still gets its first few guesses. It need not have
# an account, so the limit tells nothing about accounts.
PASSWORDS_FOR_EMAIL = Limit("passwords_email", 3, timedelta(minutes=5), "flood")
PINS_IN_HOUR = Limit("pins_hour", 10, _HOUR)
PINS_IN_DAY = Limit("pins_day", 20, _DAY)
JOINS = Limit("joins", 20, _DAY)
RESENDS = Limit("pin_resends", 5, _HOUR, "pins_resent")
LOG_INS_OPENED = Limit("log_ins_opened", 60, _HOUR, "pins_mailed")  # each sends a PIN, and must not flood a mailbox
REMINDERS_IN_HOUR = Limit("reminders_hour", 3, _HOUR)
REMINDERS_IN_DAY = Limit("reminders_day", 5, _DAY)
COUNTED_BY_EMAIL = (PASSWORDS_FOR_EMAIL, REMINDERS_IN_HOUR, REMINDERS_IN_DAY)
REPEATED_REGISTRATIONS = Limit("registrations_repeated", 3, _DAY)
LOCK_MAILS = Limit("lock_mails", 3, _DAY)
PASSWORD_CHANGES = Limit("password_changes", 5, _HOUR, "password_changes")
APP_CONFIRMATIONS = Limit("app_confirmations", 30, _HOUR)
LONGEST_WINDOW = _DAY


class Status(StrEnum):
    """
    The state of an account.

    Locked to strangers: a password opens it only in browsers in which the user has logged in before. A temporary
    password opens it in any browser. A complete log-in ends this state; time alone does not.
    """

    ACTIVE = "active"
    LOCKED_TO_STRANGERS = "locked_to_strangers"
    LOCKED = "locked"
    DISABLED = "disabled"


OPEN_TO_STRANGERS = (Status.ACTIVE,)
OPEN_TO_KNOWN_DEVICES = (Status.ACTIVE, Status.LOCKED_TO_STRANGERS)


def open_to(known_device: bool, temporary: bool = False) -> tuple[Status, ...]:
    """
    Return the states of an account in which a known or an unknown browser may log in.

    `temporary`: with a temporary password. It was mailed, so only a reader of the user's mailbox has it. Otherwise
    strangers who enter wrong passwords could shut out a user without a known browser (R-S117-019 holds for `LOCKED`).
    """
    return OPEN_TO_KNOWN_DEVICES if known_device or temporary else OPEN_TO_STRANGERS


def full_window(network: WindowCount, everywhere: WindowCount, email: WindowCount) -> WindowCount | None:
    """
    Return the full window for which a guess from an unknown browser is not checked, or None.

    A full window of everywhere alone refuses nobody's first guesses. Otherwise a few attackers could close the log-in
    to all users.
    """
    if network.is_over:
        return network
    if everywhere.is_over and email.is_over:
        return min(everywhere, email, key=lambda counted: counted.ends_at)
    return None


def reached_first(counted: Sequence[WindowCount]) -> bool:
    """Check whether one of these counts is the first over its limit. Only that one is audited."""
    return any(each.number == each.limit.most + 1 for each in counted)


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
