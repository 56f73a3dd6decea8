"""Whom a page is about, for the bar at the top of every page about somebody."""

from dataclasses import dataclass

from aiohttp import web

from gateway.keys import ORGANISATIONS
from gateway.pages.records.finding import edition_of
from gateway.pages.records.holding import holding_facts
from gateway.showing import organisation_names
from shared.contracts.referrals import RecordShown
from shared.registers.form import person_of
from shared.values import show_date


@dataclass(frozen=True)
class Whose:
    """The person in one line, and what tells this record from others."""

    name: str
    facts: list[tuple[str, str]]


async def whose(request: web.Request, record: RecordShown) -> Whose:
    """As the record's own edition has it (R-DSR-125)."""
    register = edition_of(request, record)
    person, words = person_of(register, record.answers), register.words
    names = organisation_names(register, await request.config_dict[ORGANISATIONS].of(register.code))
    nothing = words.page.not_recorded
    return Whose(
        name=words.record.banner.format(
            name=person.full_name,
            born=show_date(person.born) if person.born else nothing,
            postcode=person.postcode or nothing,
        ),
        facts=[
            (words.record.reference, record.reference),
            (words.administration.organisation, names.get(record.organisation_id, "")),
            *holding_facts(words, record),
        ],
    )
