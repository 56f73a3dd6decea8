"""Builders of rows of a spreadsheet, and a load of them as a visitor."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.referrals.handlers.loaded import load_rows
from services.referrals.handlers.saving import content_of
from services.referrals.rules.answers import changed_answers, changes_between
from services.referrals.rules.ratings import rerating
from services.referrals.store.loaded import ChangedRow, NewRow, Row, RowDone
from services.referrals.store.saving import NewRecord, find_for_update
from shared.context import ServiceContext
from shared.contracts.referrals.answers import Answer
from shared.database import transaction
from shared.permissions import Visitor
from shared.registers.bodies import organisation_compartment
from tests.services.referrals.builders import EDITION, a_referral, new_id
from tests.services.referrals.people import a_person


def a_new_row(context: ServiceContext, visitor: Visitor, number: int = 1, /, **answers: Answer) -> NewRow:
    """Return a row about a new person with these answers."""
    register, stored = context.registers.find("dsr", EDITION), a_referral(**a_person() | answers)
    organisation_id = visitor.organisation_ids[0]
    record = NewRecord(new_id(), "", EDITION, register.lifecycle.first_state, organisation_id, organisation_id)
    return NewRow(number, record, organisation_compartment(organisation_id), content_of(register, stored))


async def a_changed_row(
    context: ServiceContext,
    visitor: Visitor,
    record_id: UUID,
    number: int = 1,
    /,
    **answers: Answer,
) -> ChangedRow:
    """Return a row that changes these answers of a record, as it is now."""
    async with context.one_trip() as db:
        _, present = await find_for_update(db, visitor, new_id(), record_id)
    assert present is not None
    register = context.registers.find("dsr", present.edition)
    after = changed_answers(register, present.answers, {**present.answers, **answers}, context.day())
    changes = changes_between(register, present.answers, after)
    return ChangedRow(
        number,
        present,
        organisation_compartment(present.organisation_id),
        content_of(register, after, present.answers, reference=present.reference),
        tuple((each.name, each.before, each.after) for each in changes),
        rerating(register, present.answers, after).is_new,
    )


async def load(
    context: ServiceContext, visitor: Visitor, *rows: Row, chunks: Sequence[int] = (), upload_id: UUID | None = None
) -> list[RowDone]:
    """Load rows in one transaction, or in one for each of these numbers of rows."""
    register, upload, done = context.registers.find("dsr", EDITION), upload_id or new_id(), []
    left = list(rows)
    for size in (*chunks, len(rows)):
        some, left = left[:size], left[size:]
        new, changed = [r for r in some if isinstance(r, NewRow)], [r for r in some if isinstance(r, ChangedRow)]
        async with transaction(context.pool, visitor) as db:
            done += await load_rows(db, visitor, register, upload, new, changed, context.clock())
    return done


def in_organisation(row: NewRow, organisation_id: UUID) -> NewRow:
    """Return the row as one of another organisation."""
    record = replace(row.record, compartment_id=organisation_id, organisation_id=organisation_id)
    return replace(row, record=record, compartment=organisation_compartment(organisation_id))
