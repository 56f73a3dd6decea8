"""People who are unique in the test run, and submissions before the user has seen any likely duplicate."""

import secrets
from string import ascii_lowercase
from typing import TypeVar

from nhs_number import calculate_checksum

from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.saving import LikelyDuplicate, SubmitRecord, UpdateRecord
from shared.messages import Refused
from tests.services.referrals.builders import EDITION, a_referral, new_id

Asked = TypeVar("Asked", SubmitRecord, UpdateRecord)


def a_person(**changes: Answer) -> dict[str, Answer]:
    """Return the names and NHS number of a new person, with these changes."""
    family = "".join(secrets.choice(ascii_lowercase) for _ in range(10)).capitalize()
    person: dict[str, Answer] = {"first_name": "Zoë", "last_name": family, "nhs_number": an_nhs_number()}
    return person | changes


def an_nhs_number() -> str:
    while True:
        digits = f"{secrets.randbelow(10**9):09}"
        check = calculate_checksum(digits)
        if check is not None and check < 10 and len(set(digits)) > 1:
            return f"{digits}{check}"


def unasked(**answers: Answer) -> SubmitRecord:
    return SubmitRecord(command_id=new_id(), edition=EDITION, answers=a_referral(**answers))


def having_seen(asked: Asked, refusal: Refused) -> Asked:
    """Return the same command from a user who has seen the matches that the refusal names."""
    assert isinstance(refusal.details, LikelyDuplicate)
    return asked.model_copy(update={"duplicates_seen": refusal.details.records})
