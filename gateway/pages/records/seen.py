"""The button on a record's page with which an administrator says that they have seen an urgent record."""

from aiohttp import web

from gateway.pages.records.beside import beside
from gateway.pages.records.lookup import edition_of, find_record
from gateway.pages.records.record_page import show_page
from gateway.security.ids import task_and_command
from gateway.ui.actions import ask, see_other
from shared.contracts.outcomes import AcknowledgeTask
from shared.messages import Refused


async def mark_seen(request: web.Request) -> web.Response:
    """Mark the record's task as seen, and return to the record. Unsaved changes stay in its form."""
    posted = await request.post()
    task_id, command_id = task_and_command(posted.get("task", ""))
    record = await find_record(request)
    said = await _acknowledge(request, AcknowledgeTask(command_id=command_id, task_id=task_id))
    register = edition_of(request, record)
    form = beside(register, record, posted)
    if not form.changed:
        return see_other(register.record_address(record.record_id), said)
    return await show_page(request, register, record, form.drawn, form.opened, said=said)


async def _acknowledge(request: web.Request, command: AcknowledgeTask) -> str:
    """Return the notice of what came of it."""
    try:
        seen = await ask(request, command)
    except Refused as refusal:
        if refusal.code != "closed":
            raise
        return "closed"
    return "seen" if seen.is_asker else "taken"
