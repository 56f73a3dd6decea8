"""Which variables of the runner's environment a child inherits."""

from collections.abc import Mapping

# Settings that only the runner decides. They are never passed on from its own environment.
GOVERNED = (
    "STATE_DIR",
    "DATABASE_URL",
    "NATS_URL",
    "NATS_SEED",
    "SIGNING_SEED",
    "SIGNING_KEYS",
    "PIN_KEY",
    "HEALTH_ADDRESS",
    "DEMO",
    "DEMO_MAIL_DIR",
    "TEMPLATE_CACHE",
    "PORT",
    "PORT_FILE",
    "HOST",
    "AUDIT_HEADS",
    "BACKUP_KEY_FILE",
    "BACKUP_PASSPHRASE",
)
# Settings that are passed on only to the process that they belong to.
PRIVATE = {"SMTP_": "notifier", "MAIL_": "notifier"}


def inherited(environment: Mapping[str, str], process: str = "") -> dict[str, str]:
    """Return the variables that a child inherits: none that the runner governs, and none of another process."""
    return {name: value for name, value in environment.items() if not _is_kept_back(name, process)}


def _is_kept_back(name: str, process: str) -> bool:
    setting = name.removeprefix("ICS_")
    if setting == name:
        return False
    whose = next((owner for prefix, owner in PRIVATE.items() if setting.startswith(prefix)), process)
    return setting in GOVERNED or setting.endswith("_DATABASE_URL") or whose != process
