"""Refuse what a full window does not allow, and say when it ends."""

from services.identity.rules.log_in import WindowCount
from shared.contracts.identity import TooManyTries
from shared.messages import Refused


def too_many(counted: WindowCount) -> Refused:
    """Return the refusal that names the limit, and when its window ends."""
    return Refused(TooManyTries(limit=counted.limit.name, until=counted.ends_at))
