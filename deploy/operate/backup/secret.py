"""The secret under which backups are encrypted: a key file or a passphrase, named by a setting."""

from pathlib import Path

from deploy.runner.refusals import CannotStart
from deploy.runner.settings import RunnerSettings

SHORTEST = 16  # characters of a passphrase, or bytes of a key file
MISSING = (
    "Set ICS_BACKUP_KEY_FILE to a file with a long random key, or ICS_BACKUP_PASSPHRASE to a passphrase. Keep it safe, "
    "and away from the backups: without it no backup can be read."
)


def read_secret(settings: RunnerSettings) -> bytes:
    """Return the operator's secret. Raise `CannotStart` if it is missing, short, or open to other users."""
    passphrase = settings.backup_passphrase.get_secret_value() if settings.backup_passphrase else ""
    if settings.backup_key_file is not None and passphrase:
        raise CannotStart("Set either ICS_BACKUP_KEY_FILE or ICS_BACKUP_PASSPHRASE, not both.")
    if settings.backup_key_file is not None:
        return _long_enough(_read_key(settings.backup_key_file), "The file that ICS_BACKUP_KEY_FILE names")
    if passphrase:
        return _long_enough(passphrase.encode(), "ICS_BACKUP_PASSPHRASE")
    raise CannotStart(MISSING)


def _read_key(file: Path) -> bytes:
    try:
        if file.stat().st_mode & 0o077:
            raise CannotStart(f"{file} can be read by others: set its mode to 0600.")
        return file.read_bytes().strip()
    except OSError as error:
        raise CannotStart(f"The key file {file} cannot be read: {error.strerror}.") from None


def _long_enough(secret: bytes, what: str) -> bytes:
    if len(secret) < SHORTEST:
        raise CannotStart(f"{what} is too short: {SHORTEST} characters at least.")
    return secret
