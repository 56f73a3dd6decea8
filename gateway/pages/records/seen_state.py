"""What the page of an urgent record says about who has seen it."""

from dataclasses import dataclass

from aiohttp import web

from gateway.keys import VISITOR
from gateway.ui.actions import ask_if_there
from gateway.ui.formats import day_and_time
from shared.contracts.outcomes import ReadTask
from shared.contracts.referrals.reading import RecordShown
from shared.ids import new_id
from shared.permissions import Permission
from shared.registers.definition.lifecycle import urgency_of
from shared.registers.definition.register import Definition
from shared.registers.form.person import rating_of


@dataclass(frozen=True, repr=False)
class SeenState:
    """Whether a user has seen the record. `button` is the value of the button; empty once a user has."""

    said: str
    button: str = ""


async def seen_state_of(request: web.Request, register: Definition, record: RecordShown) -> SeenState | None:
    """Return the state; None for a record without an urgent task, and for a visitor who has no work list."""
    is_urgent = record.is_open and urgency_of(rating_of(register, record.answers)) == "urgent"
    if not is_urgent or not request[VISITOR].may(Permission.RECORD_OUTCOME):
        return None
    found = await ask_if_there(request, ReadTask(record_id=record.record_id))
    if found is None or found.task is None:
        return None
    words, task = register.words, found.task
    if task.seen_by and task.seen_at:
        return SeenState(words("tasks.seen_by", name=task.seen_by, when=day_and_time(task.seen_at)))
    return SeenState(words("tasks.not_seen"), f"{task.task_id.hex}-{new_id().hex}")
