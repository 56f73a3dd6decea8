"""The bar at the top of every page about a person: who it is, and which record."""

import asyncio
from dataclasses import dataclass

from aiohttp import web
from markupsafe import Markup

from gateway.pages.records.lookup import edition_of
from gateway.ui.organisations import names_of_organisations, organisation_names
from gateway.ui.table import Cell
from shared.contracts.referrals.holding import Holding
from shared.contracts.referrals.reading import RecordShown
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.form.person import Person, person_of
from shared.values import show_date, show_nhs_number


@dataclass(frozen=True, repr=False)
class Whose:
    """
    The person in one line, the record's reference, and the facts that distinguish this record from others.

    `own_facts` are those without the covers, for a page that lists covers itself.
    """

    name: str
    reference: str
    own_facts: list[tuple[str, Cell]]
    facts: list[tuple[str, Cell]]


async def whose(request: web.Request, record: RecordShown) -> Whose:
    """Return the bar's content, in the words of the record's own edition (R-DSR-125)."""
    register = edition_of(request, record)
    person, words = person_of(register, record.answers), register.words
    names, plain = await asyncio.gather(
        organisation_names(request, register), names_of_organisations(request, register)
    )
    own = record.organisation_id
    holder = holder_of(record)
    facts: list[tuple[str, Cell]] = [
        (words("record.reference"), record.reference),
        *_number_fact(register, person),
        (words("administration.organisation"), _organisation(names.get(own, ""), plain.get(own, ""))),
        (words("holding.held_by"), holder.full_name if holder else record.created_by),
    ]
    covers: list[tuple[str, Cell]] = [
        (words("holding.covered_by"), cover_text(words, each)) for each in covers_of(record)
    ]
    return Whose(_banner(words, person), record.reference, facts, facts + covers)


def _banner(words: Words, person: Person) -> str:
    """Return the person's line. Without a postcode it has no brackets, which would not say what is missing."""
    born = show_date(person.born) if person.born else words("page.not_recorded")
    if not person.postcode:
        return words("record.banner_without_postcode", name=person.full_name, born=born)
    return words("record.banner", name=person.full_name, born=born, postcode=person.postcode)


def _number_fact(register: Definition, person: Person) -> list[tuple[str, Cell]]:
    """Return the NHS number under the register's own label; nothing where there is none."""
    question = register.form.by_name.get(register.person.get("nhs_number", ""))
    return [(question.label, show_nhs_number(person.nhs_number))] if question and person.nhs_number else []


def _organisation(name: str, plain: str) -> Cell:
    """Return the name of the organisation. A phone shows it without its domain."""
    if not plain or not name.startswith(plain):
        return name
    return Markup('{}<span class="ics-wide-only">{}</span>').format(plain, name.removeprefix(plain))


def holder_of(record: RecordShown) -> Holding | None:
    return next((each for each in record.holdings if each.kind == "holder"), None)


def covers_of(record: RecordShown) -> list[Holding]:
    return [each for each in record.holdings if each.kind == "cover"]


def cover_text(words: Words, cover: Holding) -> str:
    last = show_date(cover.until_day) if cover.until_day else ""
    return words("holding.days", name=cover.full_name, first=show_date(cover.from_day), last=last)
