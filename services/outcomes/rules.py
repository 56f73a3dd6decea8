"""Decisions about outcomes: what may be recorded on which record, and what one says."""

from datetime import date

from shared.contracts.outcomes import RecordOutcome
from shared.contracts.referrals import RecordChecked
from shared.messages import Refused
from shared.registers.definition import Definition
from shared.registers.form import Answer, read_answers


def checked_answers(register: Definition, asked: RecordOutcome, day: date) -> dict[str, Answer]:
    """
    The answers as they may be stored: those to questions that are asked, given the ones before them.

    Refused as `no_outcomes`, `no_archive` or `invalid_answers`.
    """
    if register.outcome is None:
        raise Refused("no_outcomes")
    if asked.ending and register.lifecycle.ending != "archive":
        raise Refused("no_archive")
    checked = read_answers(register.outcome, asked.answers, register.words, day)
    if not checked.ok:
        raise Refused("invalid_answers", faults=len(checked.faults) + len(checked.unknown))
    return checked.answers


def check_takes_outcomes(record: RecordChecked) -> None:
    """An archived record takes no further outcomes (R-DSR-142)."""
    if record.archived:
        raise Refused("archived")


def was_reversed(*, ending: bool, seen: int, record: RecordChecked) -> bool:
    """
    Whether an outcome that archived the record's version `seen` has been reversed.

    Nothing but a reversal brings a record back, and each act gives it a version: one that is active with a later
    version has been brought back since. Referrals alone says so; there is nothing here to fall behind it.
    """
    return ending and not record.archived and seen < record.version


def check_not_ending(state: str | None) -> None:
    """`state` is that of the outcome which ends the record, whether referrals has done so yet or not."""
    if state is not None:
        raise Refused("archived" if state == "saved" else "archiving")


def fitting(sizes: list[int], most: int, room: int) -> int:
    """How many of the first of these fit into the room; one at least, where there is one."""
    taken, used = 0, 0
    for size in sizes[:most]:
        used += size
        if taken and used > room:
            break
        taken += 1
    return taken
