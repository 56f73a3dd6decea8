"""The links from a record's page to other records of the same person, and the rating that the page shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from markupsafe import Markup, escape

from gateway.ui.formats import rating_mark
from gateway.ui.table import Cell
from shared.contracts.referrals.duplicates import SameRecord
from shared.contracts.referrals.reading import RecordShown
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
