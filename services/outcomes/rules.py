"""Decisions about outcomes and tasks: what may be recorded on which record, and what a rating calls for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from shared.contracts.outcomes import RecordOutcome, TaskKind
from shared.contracts.referrals.archiving import RecordChecked
from shared.contracts.referrals.events import Urgency
from shared.contracts.referrals.standing import RecordStanding
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer
from shared.registers.form.reading import read_answers


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


# --------------------------------------------------------------------------------------------------------------- tasks
CALLED_FOR: dict[Urgency, TaskKind] = {"urgent": "urgent", "alert": "agenda"}


@dataclass(frozen=True)
class OpenTask:
    """The task that a record has now."""

    task_id: UUID
    kind: TaskKind
    register_code: str
    opened_at: datetime


@dataclass(frozen=True)
class KnownRecord:
    """What is known here of a record: the newest version heard of (-1: none), and its open task."""

    known: int
    task: OpenTask | None


@dataclass(frozen=True)
class TaskChange:
    """What is to become of a record's task. `keep`: it stays, for a newer version of its record."""

    close: OpenTask | None = None
    open: TaskKind | None = None
    keep: OpenTask | None = None


def called_for(standing: RecordStanding) -> TaskKind | None:
    """What a record's rating calls for while it is on the register (R-FLOW-012, R-FLOW-013, R-FLOW-014)."""
    if standing.archived or standing.urgency is None:
        return None
    return CALLED_FOR.get(standing.urgency)


def change_of(held: KnownRecord, standing: RecordStanding, away: int | None = None) -> TaskChange:
    """
    What brings the task into line with how the record stands. Late news changes nothing.

    A record that was off its register after what is known (`away`: with this version it left or came back) waits anew.
    """
    if standing.version < held.known:
        return TaskChange()
    kind, task = called_for(standing), held.task
    if task is None:
        return TaskChange(open=kind)
    was_away = away is not None and away > held.known
    if kind != task.kind or was_away or _was_another_between(held, task, standing):
        return TaskChange(close=task, open=kind)
    return TaskChange(keep=task if standing.version > held.known else None)


def _was_another_between(held: KnownRecord, task: OpenTask, standing: RecordStanding) -> bool:
    """
    Whether the rating may have been another one in versions that were not heard of, and is given anew since.

    From one version to the next it cannot have been.
    """
    return standing.rated_at > task.opened_at and standing.version > held.known + 1


def opened_by(limits: Iterable[tuple[str, int]], moment: datetime) -> tuple[list[str], list[datetime]]:
    """Registers, and when what nobody has seen must have been opened to be told of again, by their minutes."""
    moments = {code: moment - timedelta(minutes=minutes) for code, minutes in limits}
    return list(moments), list(moments.values())
