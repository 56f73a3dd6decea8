"""The page shown when two users edited one record: for each question the answers before, theirs and yours."""

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from gateway.pages.records.history import said_of
from gateway.pages.records.identity_bar import whose
from gateway.pages.records.lookup import record_id_in
from gateway.pages.records.record_page import Opened, open_record
from gateway.pages.records.resolving import BOTH, PICK, resolving_form, their_fields, your_fields
from gateway.ui.actions import ask
from gateway.ui.merge import Merged, as_it_was, merge
from gateway.ui.render import show
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.reading import ReadHistory, ReadRecord, RecordChange
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers
from shared.registers.form.kept import carried_over


async def show_conflict(
    request: web.Request, register: Definition, opened: Opened, yours: Mapping[str, Answer]
) -> web.Response:
    """
    Let the user decide each difference: theirs, yours, or both edited.

    Questions that only one of the two users changed are merged already.
    """
    record_id = record_id_in(request)
    record = await ask(request, ReadRecord(record_id=record_id))
    updates = await _updates_since(request, record_id, opened.version)
    questions = register.form.by_name
    merged = merged_by(register, as_it_was(record.answers, updates, opened.version), record.answers, yours)
    differences = [(questions[each.name], each) for each in merged.differences if each.name in questions]
    return await show(
        request,
        "records/conflict.html",
        status=409,
        register=register,
        record=record,
        whose=await whose(request, record),
        form=resolving_form(register, differences),
        prefixes={"pick": PICK, "both": BOTH},
        fields=[*your_fields(register, merged), *their_fields(register, differences)],
        opened=open_record(record, opened.note),
        href=register.record_address(record_id),
        changed=said_of(register, updates[0]) if updates else "",
    )


def merged_by(register: Definition, before: Answers, theirs: Answers, yours: Answers) -> Merged:
    """Merge the two. Answers that the form cannot ask again, or hid already, are nobody's change."""
    return merge(before, theirs, carried_over(register.form, theirs, yours))


async def _updates_since(request: web.Request, record_id: UUID, seen: int) -> list[RecordChange]:
    """Return every update after version `seen`, newest first. Read as many replies as that takes."""
    updates: list[RecordChange] = []
    while True:
        history = await ask(request, ReadHistory(record_id=record_id, skip=len(updates)))
        updates += history.updates
        if not history.older or not history.updates or updates[-1].version <= seen:
            return updates
