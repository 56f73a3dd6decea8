"""The page shown before a likely second record of one person: the matching records, and what to do now."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from aiohttp import web

from gateway.pages.records.lookup import edition_of
from gateway.ui.actions import ask
from gateway.ui.compare import compared, facts_of
from gateway.ui.organisations import organisation_names
from gateway.ui.register_form import hidden_fields
from gateway.ui.render import show
from gateway.ui.table import Cell
from shared.clock import london_today
from shared.contracts.referrals.reading import ReadRecord, RecordShown
from shared.contracts.referrals.saving import Duplicate, LikelyDuplicate
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.person import Person, person_of
from shared.registers.form.reading import Raw, read_answers


@dataclass(frozen=True)
class ShownMatch:
    """A record that looks like the new one."""

    record_id: UUID
    reference: str
    facts: list[tuple[str, Cell]] = field(repr=False)
    href: str


def unseen_duplicate(register: Definition) -> str:
    """Return the text about a match that the user may not see: whom to ask, and nothing about the record."""
    return " ".join(
        (register.words("duplicate.message"), register.words("duplicate.ask", email=register.contact.team_email))
    )


async def show_matches(
    request: web.Request,
    register: Definition,
    refusal: LikelyDuplicate | Duplicate,
    command: UUID,
    raw: Raw,
    choices: Mapping[str, str],
    answered: Sequence[tuple[str, str]] = (),
) -> web.Response | None:
    """
    Return the page with everything that was typed; None if none of the records can be seen any more. `choices` names
    the field in which the user answers, and its values. `answered` holds their answers to earlier questions.

    Each record is read through its service, so the reading is audited.
    """
    found = await asyncio.gather(*(_find(request, each) for each in refusal.records))
    names = await organisation_names(request, register)
    typed = person_of(register, read_answers(register.form, raw, register.words, london_today()).answers)
    matches = [_match(request, record, names, typed) for record in found if record]
    if not matches:
        return None
    return await show(
        request,
        "records/matches.html",
        status=409,
        matches=matches,
        fields=[*hidden_fields(raw), *answered],
        command=command,
        choices=choices,
        refused=isinstance(refusal, Duplicate),
    )


async def _find(request: web.Request, record_id: UUID) -> RecordShown | None:
    try:
        return await ask(request, ReadRecord(record_id=record_id))
    except Refused:  # the record ended between the two requests
        return None


def _match(request: web.Request, record: RecordShown, names: Mapping[UUID, str], typed: Person) -> ShownMatch:
    register = edition_of(request, record)
    facts = facts_of(register, compared(register, record), names, typed.nhs_number)
    return ShownMatch(record.record_id, record.reference, facts, register.record_address(record.record_id))
