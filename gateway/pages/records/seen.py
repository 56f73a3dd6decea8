"""The button on a record's page with which an administrator says that they have seen an urgent record."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.records.lookup import record_id_in
from gateway.security.ids import task_and_command
from gateway.ui.actions import ask, see_other
from shared.contracts.outcomes import AcknowledgeTask
from shared.messages import Refused


async def mark_seen(request: web.Request) -> web.Response:
    """Mark the record's task as seen, and return to the record."""
    task_id, command_id = task_and_command((await request.post()).get("task", ""))
    record_id = record_id_in(request)
    said = await _acknowledge(request, AcknowledgeTask(command_id=command_id, task_id=task_id))
    return see_other(request[REGISTER].record_address(record_id), said)


async def _acknowledge(request: web.Request, command: AcknowledgeTask) -> str:
    """Return the notice of what came of it."""
    try:
        seen = await ask(request, command)
    except Refused as refusal:
        if refusal.code != "closed":
            raise
        return "closed"
    return "seen" if seen.is_asker else "taken"
