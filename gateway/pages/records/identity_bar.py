"""The bar at the top of every page about a person: who it is, and which record."""

from dataclasses import dataclass

from aiohttp import web

from gateway.pages.records.lookup import edition_of
from gateway.ui.organisations import organisation_names
from shared.contracts.referrals.holding import Holding
from shared.contracts.referrals.reading import RecordShown
from shared.registers.definition.words import Words
from shared.registers.form.person import person_of
from shared.values import show_date


@dataclass(frozen=True, repr=False)
class Whose:
    """The person in one line, and the facts that distinguish this record from others."""

    name: str
    facts: list[tuple[str, str]]


async def whose(request: web.Request, record: RecordShown) -> Whose:
    """Return the bar's content, in the words of the record's own edition (R-DSR-125)."""
    register = edition_of(request, record)
    person, words = person_of(register, record.answers), register.words
    names = await organisation_names(request, register)
    nothing = words("page.not_recorded")
    return Whose(
        name=words(
            "record.banner",
            name=person.full_name,
            born=show_date(person.born) if person.born else nothing,
            postcode=person.postcode or nothing,
        ),
        facts=[
            (words("record.reference"), record.reference),
            (words("administration.organisation"), names.get(record.organisation_id, "")),
            *_holding_facts(words, record),
        ],
    )


def _holding_facts(words: Words, record: RecordShown) -> list[tuple[str, str]]:
    """Return the record's holder (its creator until a holder is named) and its present and coming covers."""
    holder = holder_of(record)
    return [
        (words("holding.held_by"), holder.full_name if holder else record.created_by),
        *((words("holding.covered_by"), cover_text(words, each)) for each in covers_of(record)),
    ]


def holder_of(record: RecordShown) -> Holding | None:
    return next((each for each in record.holdings if each.kind == "holder"), None)


def covers_of(record: RecordShown) -> list[Holding]:
    return [each for each in record.holdings if each.kind == "cover"]


def cover_text(words: Words, cover: Holding) -> str:
    last = show_date(cover.until_day) if cover.until_day else ""
    return words("holding.days", name=cover.full_name, first=show_date(cover.from_day), last=last)
