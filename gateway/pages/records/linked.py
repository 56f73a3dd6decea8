"""Other records of the same person: the links from a record's page, its rating there, and what lists say of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from markupsafe import Markup, escape

from gateway.keys import REGISTER, VISITOR
from gateway.ui.actions import ask_if_there
from gateway.ui.formats import rating_mark
from gateway.ui.table import Cell
from shared.contracts.referrals.duplicates import LinkedRecords, ListLinked, SameRecord
from shared.contracts.referrals.reading import RecordShown
from shared.permissions import Permission
from shared.registers.definition.register import Definition
from shared.registers.form.person import rating_of


@dataclass(frozen=True, repr=False)
class CurrentRating:
    """
    The person's highest live rating, and other records of the person. `is_own` is false if another record has that
    rating.
    """

    mark: Cell
    lines: list[Cell]
    is_own: bool = True


def standing_of(register: Definition, record: RecordShown, names: Mapping[UUID, str]) -> CurrentRating:
    """
    Return the rating and links that this visitor may see. Linked records outside the visitor's scope do not count.
    """
    lines: list[Cell] = [_line(register, each, names) for each in record.same_person]
    if register.rating is None:
        return CurrentRating("", lines)
    own = rating_of(register, record.answers)
    highest = register.rating.highest([own.code if own else "", *(each.rating or "" for each in record.same_person)])
    is_own = highest == own
    if own and not is_own:
        lines.insert(0, register.words("duplicate.highest", rating=own.label))
    return CurrentRating(rating_mark(register, highest.code if highest else None), lines, is_own)


def _line(register: Definition, each: SameRecord, names: Mapping[UUID, str]) -> Markup:
    words = register.words
    level = register.rating.level(each.rating) if register.rating and each.rating else None
    link = Markup('<a class="nhsuk-link" href="{}">{}</a>').format(
        register.record_address(each.record_id), each.reference
    )
    return escape(words.unfilled("duplicate.also_rated") if level else words.unfilled("duplicate.also")).format(
        reference=link, organisation=names.get(each.organisation_id, ""), rating=level.label if level else ""
    )


async def linked_lines(request: web.Request, own: Sequence[tuple[UUID, str | None]]) -> Mapping[UUID, str]:
    """
    Return what a list says of those records that are linked with others: the person's highest rating.

    `own` are the records of the list with their ratings. It is for administrators, who link records.
    """
    register = request[REGISTER]
    if not own or not request[VISITOR].may(Permission.ADMINISTER):
        return {}
    found = await ask_if_there(request, ListLinked(record_ids=tuple(record_id for record_id, _ in own)))
    ratings = dict(own)
    return {
        each.record_id: _linked_line(register, each, ratings[each.record_id])
        for each in (found.records if found else ())
        if each.record_id in ratings
    }


def _linked_line(register: Definition, each: LinkedRecords, own: str | None) -> str:
    highest = register.rating.highest([*each.ratings, own or ""]) if register.rating else None
    words = register.words
    return words("duplicate.linked_highest", rating=highest.label) if highest else words("duplicate.linked_short")
