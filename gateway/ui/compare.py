"""Comparing records that may be about one person: the facts of each, and where they differ."""

from collections.abc import Mapping
from uuid import UUID

from markupsafe import Markup

from gateway.ui.formats import day, lines, rating_mark
from gateway.ui.table import Cell
from shared.contracts.referrals.duplicates import RecordCompared
from shared.contracts.referrals.reading import RecordShown
from shared.registers.definition.base import Role
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.form.person import person_of
from shared.values import match_key, show_date, show_nhs_number

Names = Mapping[UUID, str]


def compared(register: Definition, record: RecordShown) -> RecordCompared:
    """Return the facts of a record, read by its own edition."""
    person = person_of(register, record.answers)
    rating = record.answers.get(register.rating.question) if register.rating else None
    return RecordCompared(
        record_id=record.record_id,
        reference=record.reference,
        name=person.full_name,
        born=person.born,
        nhs_number=person.nhs_number,
        postcode=person.postcode,
        organisation_id=record.organisation_id,
        rating=rating if isinstance(rating, str) else None,
        created_at=record.created_at,
    )


def facts_of(
    register: Definition, record: RecordCompared, names: Names, typed_number: str | None = None
) -> list[tuple[str, Cell]]:
    """
    Return label and text of each fact. The person's facts are labelled as the register asks for them; those that it
    does not ask for are left out. If another NHS number was typed, its fact says so.
    """
    words, nothing = register.words, register.words("page.not_recorded")
    facts: list[tuple[str, Cell]] = [
        (words("duplicate.name"), record.name),
        (_label(register, "born"), show_date(record.born) if record.born else nothing),
        (_label(register, "nhs_number"), _number(words, record.nhs_number, typed_number) or nothing),
        (_label(register, "postcode"), record.postcode or nothing),
        (words("administration.organisation"), names.get(record.organisation_id, nothing)),
        (words("duplicate.rating") if register.rating else "", rating_mark(register, record.rating) or nothing),
        (words("duplicate.created"), day(record.created_at)),
    ]
    return [(label, text) for label, text in facts if label]


def side_by_side(register: Definition, one: RecordCompared, other: RecordCompared, names: Names) -> list[list[Cell]]:
    """Return a row for each fact: both texts, and whether they are the same."""
    pairs = zip(facts_of(register, one, names), facts_of(register, other, names), strict=True)
    return [[label, here, there, _verdict(register.words, here, there)] for (label, here), (_, there) in pairs]


def _number(words: Words, number: str | None, typed: str | None) -> Cell:
    shown = show_nhs_number(number) if number else ""
    if not (number and typed) or number == typed:
        return shown
    return lines(shown, words("duplicate.other_number", number=show_nhs_number(typed)))


def _verdict(words: Words, here: Cell, there: Cell) -> Cell:
    """Return whether two texts match. Two missing values do not match; two spellings of one name do."""
    if words("page.not_recorded") in (here, there):
        return words("duplicate.unknown")
    if match_key(str(here)) == match_key(str(there)):
        return words("duplicate.same")
    return Markup('<strong class="nhsuk-tag nhsuk-tag--yellow">{}</strong>').format(words("duplicate.different"))


def _label(register: Definition, role: Role) -> str:
    """Return what the register calls the question; empty if it does not ask it."""
    question = register.form.by_name.get(register.person.get(role, ""))
    return question.label if question else ""
