"""Authenticator apps and recovery codes: what a code must be like, which step it is of, and which roles need an app."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from pyotp import TOTP
from pyotp.exceptions import OTPVerificationError

from shared.permissions import AccountGrant, Role

STEP_SECONDS = 30
DRIFT = 1  # steps by which the clock of a phone may be wrong, either way
DIGITS = 6
BEGUN_LIFE = timedelta(minutes=30)
RESET_LIFE = timedelta(hours=24)
RECOVERY_CODES = 10
RECOVERY_LENGTH = 10
RECOVERY_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without letters and digits that look alike

# What a role or an add-on must be called in the setting, and which of them need an app where nothing is set.
NAMES: tuple[str, ...] = (*Role, *AccountGrant)
NEED_AN_APP: tuple[str, ...] = (
    Role.MASTER_ADMIN,
    Role.ADMINISTRATOR,
    Role.REPORTING,
    AccountGrant.BULK_LOAD,
    AccountGrant.PRIVACY_OFFICER,
)


def needing_app(named: str | None, *, demo: bool) -> tuple[str, ...]:
    """
    Return the roles and add-ons that a setting names, with commas; those of the default if it is not set.

    Raise `ValueError` for any other name: taken for none, it would let people in without an app.
    """
    if named is None:
        return () if demo else NEED_AN_APP
    found = tuple(name for each in named.split(",") if (name := each.strip()))
    if unknown := sorted(set(found).difference(NAMES)):
        raise ValueError(f"{', '.join(unknown)}: not a role or an add-on; those are {', '.join(NAMES)}")
    return found


def may_remember(*, needs_app: bool, by_app: bool) -> bool:
    """Return whether a browser may be remembered after this log-in. A role that needs an app needs its code."""
    return by_app or not needs_app


def plain(code: str) -> str:
    """Return a code without the spaces and hyphens of its printed form, in upper case."""
    return "".join(each for each in code.upper() if each.isalnum())


def is_of_app(code: str) -> bool:
    """Return whether a plain code can be one of an app. Otherwise it can only be a recovery code."""
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def step_of(secret: str, code: str, seconds: float) -> int | None:
    """Return the time step whose code this is, at most one step from this time. Return None for any other code."""
    if not is_of_app(code):
        return None
    try:
        return TOTP(secret).verify_and_get_timecode(code, for_time=seconds, valid_window=DRIFT)
    except OTPVerificationError:
        return None


def uri_of(secret: str, name: str, issuer: str) -> str:
    """Return what the picture for an app contains. The app shows the account under this name."""
    return TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def new_recovery_codes(choose: Callable[[str], str], count: int = RECOVERY_CODES) -> tuple[str, ...]:
    """Return codes in their printed form. `choose` picks a random letter."""
    return tuple(_printed([choose(RECOVERY_LETTERS) for _ in range(RECOVERY_LENGTH)]) for _ in range(count))


def _printed(letters: Sequence[str]) -> str:
    half = RECOVERY_LENGTH // 2
    return f"{''.join(letters[:half])}-{''.join(letters[half:])}"
