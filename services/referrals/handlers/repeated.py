"""Commands that come again: the receipt of the first attempt, or the record that it added."""

import hashlib
import json
from uuid import UUID

from services.referrals.store.saving import EarlierCommand
from shared.contracts.referrals.saving import RecordReceipt, SubmitRecord, SubmittedBefore
from shared.messages import Command, Refused
from shared.permissions import Visitor


def body_hash(command: Command[RecordReceipt]) -> bytes:
    """
    Return a hash of the command's content. It leaves out what may differ in a retry after a question.

    It also leaves out why a record ends: outcomes stores that once, with the outcome whose id the command has.
    """
    return hashlib.sha256(
        command.model_dump_json(exclude={"duplicates_seen", "confirmed", "sure", "draft", "leaving"}).encode()
    ).digest()


def answer_again(visitor: Visitor, command: Command[RecordReceipt], earlier: EarlierCommand) -> RecordReceipt:
    """
    Return the receipt of the first attempt.

    Refused as `command_reused` if the id belongs to another user or another command, or if the first attempt has no
    receipt.
    """
    if earlier.answer is None or earlier.actor != visitor.user_id or earlier.body_hash != body_hash(command):
        raise Refused("command_reused")
    return RecordReceipt.model_validate_json(earlier.answer)


def submitted_before(visitor: Visitor, asked: SubmitRecord, earlier: EarlierCommand) -> RecordReceipt:
    """Return the receipt of the first attempt. Refused as `command_reused` with the record that the user added then."""
    try:
        return answer_again(visitor, asked, earlier)
    except Refused:
        raise Refused(SubmittedBefore(record_id=_record_in(visitor, earlier))) from None


def _record_in(visitor: Visitor, earlier: EarlierCommand) -> UUID | None:
    """Return the record that a command of this user was about."""
    if earlier.answer is None or earlier.actor != visitor.user_id:
        return None
    found = json.loads(earlier.answer).get("record_id")
    return UUID(found) if found else None
