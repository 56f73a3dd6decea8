"""What a child may have of the environment in which the runner itself was started."""

from collections.abc import Mapping

# What the runner alone decides: never passed on from its own environment.
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
)
# Passed on to the process that it is for, and to no other.
PRIVATE = {"SMTP_": "notifier", "MAIL_": "notifier"}


def inherited(environment: Mapping[str, str], process: str = "") -> dict[str, str]:
    """What a child may have of the runner's own environment: nothing that the runner governs, nor what is another's."""
    return {name: value for name, value in environment.items() if not _is_kept_back(name, process)}


def _is_kept_back(name: str, process: str) -> bool:
    setting = name.removeprefix("ICS_")
    if setting == name:
        return False
    whose = next((owner for prefix, owner in PRIVATE.items() if setting.startswith(prefix)), process)
    return setting in GOVERNED or setting.endswith("_DATABASE_URL") or whose != process
