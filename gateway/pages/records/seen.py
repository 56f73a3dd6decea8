"""The button on a record's page with which an administrator says that they have seen an urgent record."""

from aiohttp import web

from gateway.pages.records.lookup import record_id_in
from gateway.pages.records.reading_page import show_done
from gateway.pages.records.record_page import note_in
from gateway.security.ids import task_and_command
from gateway.ui.actions import ask
from shared.contracts.outcomes import AcknowledgeTask
from shared.messages import Refused


async def mark_seen(request: web.Request) -> web.Response:
    """Mark the record's task as seen, and return to the record. A note that is being written stays."""
    posted = await request.post()
    task_id, command_id = task_and_command(posted.get("task", ""))
    record_id_in(request)  # a malformed address does nothing
    said = await _acknowledge(request, AcknowledgeTask(command_id=command_id, task_id=task_id))
    return await show_done(request, note_in(posted), said)


async def _acknowledge(request: web.Request, command: AcknowledgeTask) -> str:
    """Return the notice of what came of it."""
    try:
        seen = await ask(request, command)
    except Refused as refusal:
        if refusal.code != "closed":
            raise
        return "closed"
    return "seen" if seen.is_asker else "taken"
