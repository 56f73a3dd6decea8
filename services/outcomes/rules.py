"""The rules of outcomes and tasks: what may be recorded on a record, and which task a rating requires."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from shared.contracts.outcomes import RecordOutcome, TaskKind
from shared.contracts.referrals.answers import Answers, InvalidAnswers
from shared.contracts.referrals.archiving import RecordChecked
from shared.contracts.referrals.events import (
    RecordArchived,
    RecordEnded,
    RecordEvent,
    RecordReinstated,
    Urgency,
)
from shared.contracts.referrals.standing import RecordStanding
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer, holds
from shared.registers.form.consistency import birth_known
from shared.registers.form.leaving import is_urgent, leaving_form
from shared.registers.form.reading import read_answers


def checked_answers(
    register: Definition, asked: RecordOutcome, day: date, born: date | None = None
) -> dict[str, Answer]:
    """
    Return the answers to store: those whose question is asked, given the answers before it.

    `born` is the person's date of birth, with which the rules of the form compare. Refused as `no_outcomes`,
    `no_archive`, `invalid_answers` or `does_not_end`.
    """
    if register.outcome is None:
        raise Refused("no_outcomes")
    transition = register.lifecycle.ends_by("outcome")
    if asked.ending and transition is None:
        raise Refused("no_archive")
    known = birth_known(register, born)
    checked = read_answers(register.outcome, asked.answers, register.words, day, known=known)
    if not checked.ok:
        raise Refused(InvalidAnswers(faults=len(checked.faults) + len(checked.unknown)))
    if asked.ending and transition and not holds(transition.when, checked.answers):
        raise Refused("does_not_end")
    return checked.answers


def checked_leaving(
    register: Definition, asked: RecordOutcome, day: date, rating: str | None, open_actions: int = 0
) -> dict[str, Answer]:
    """
    Return why the record ends, as answers to store; none if it does not end, or the register does not ask.

    An urgent rating, or an action that is not done, demands a written reason (R-MEET-017). Refused as
    `invalid_answers`.
    """
    must_write = is_urgent(register, rating) or open_actions > 0
    form = leaving_form(register, must_write=must_write) if asked.ending else None
    if form is None:
        return {}
    checked = read_answers(form, asked.leaving, register.words, day)
    if not checked.ok:
        raise Refused(InvalidAnswers(faults=len(checked.faults) + len(checked.unknown)))
    return checked.answers


def check_takes_outcomes(record: RecordChecked) -> None:
    """Refuse an outcome for an archived record (R-DSR-142)."""
    if not record.is_open:
        raise Refused("archived")


def was_reversed(*, ending: bool, seen: int, record: RecordChecked) -> bool:
    """
    Return whether an outcome that archived version `seen` of the record has been reversed.

    Only a reversal makes a record active again, and each act raises its version. So an active record with a later
    version has been reversed since. The answer comes from referrals alone, so no copy here can be out of date.
    """
    return ending and record.is_open and seen < record.version


def check_not_ending(state: str | None) -> None:
    """
    Refuse an outcome while another outcome ends the record or has ended it.

    `state`: that of the other outcome, or None if there is none.
    """
    if state is not None:
        raise Refused("archived" if state == "saved" else "archiving")


def fitting(sizes: list[int], most: int, room: int) -> int:
    """Return how many of the first items fit into `room`, and at least one if there is any."""
    taken, used = 0, 0
    for size in sizes[:most]:
        used += size
        if taken and used > room:
            break
        taken += 1
    return taken


def said_by(register: Definition, answers: Answers) -> str:
    """Return the main answer of an outcome in words: the first that was chosen from a list; empty if there is none."""
    for question in register.outcome.all_questions if register.outcome else ():
        answer = answers.get(question.name)
        if question.kind in ("choice", "select") and isinstance(answer, str) and answer:
            return question.labels.get(answer, answer)
    return ""


# --------------------------------------------------------------------------------------------------------------- tasks
CALLED_FOR: dict[Urgency, TaskKind] = {"urgent": "urgent", "alert": "agenda"}


@dataclass(frozen=True)
class OpenTask:
    """The open task of a record."""

    task_id: UUID
    kind: TaskKind
    register_code: str
    opened_at: datetime


@dataclass(frozen=True)
class KnownRecord:
    """The newest version of a record that this service knows (-1: none), and its open task."""

    known: int
    task: OpenTask | None


@dataclass(frozen=True)
class TaskChange:
    """The changes to a record's task. `keep`: update the open task to a newer version of its record."""

    close: OpenTask | None = None
    open: TaskKind | None = None
    keep: OpenTask | None = None


def called_for(standing: RecordStanding) -> TaskKind | None:
    """Return the task that a record's rating requires while it is active (R-FLOW-012, R-FLOW-013, R-FLOW-014)."""
    if not standing.is_open or standing.urgency is None:
        return None
    return CALLED_FOR.get(standing.urgency)


def change_of(held: KnownRecord, standing: RecordStanding, away: int | None = None) -> TaskChange:
    """
    Return the changes that match the task to the record's rating. An older version changes nothing.

    `away`: the version with which the record was archived, ended or reinstated. If it is newer than the known version,
    the task is closed, and a new one is opened if the rating requires it.
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


def went_away(events: Iterable[RecordEvent]) -> dict[UUID, int]:
    """Return, by record, the newest version with which it was archived, ended or reinstated."""
    away = [each for each in events if isinstance(each, RecordArchived | RecordEnded | RecordReinstated)]
    return {each.record_id: each.version for each in sorted(away, key=lambda each: each.version)}


def _was_another_between(held: KnownRecord, task: OpenTask, standing: RecordStanding) -> bool:
    """
    Return whether the rating may have changed and changed back in versions that are unknown here.

    This is impossible between two consecutive versions.
    """
    return standing.rated_at > task.opened_at and standing.version > held.known + 1


def opened_by(limits: Iterable[tuple[str, int]], moment: datetime) -> tuple[list[str], list[datetime]]:
    """Return the registers and, for each, the latest opening time of a task that is now over its limit in minutes."""
    moments = {code: moment - timedelta(minutes=minutes) for code, minutes in limits}
    return list(moments), list(moments.values())
