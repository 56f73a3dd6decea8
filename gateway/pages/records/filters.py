"""The filters and sort order of the list of records: read from the form, offered in it, and shown as chips."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

from markupsafe import Markup

from gateway.ui.form import Choice, Posted
from gateway.ui.shell import Same
from gateway.ui.table import Column
from shared.contracts.referrals.listing import Narrowing, RecordPage, Sort
from shared.contracts.referrals.reviews import Due
from shared.permissions import Visitor
from shared.registers.definition.register import Definition, ListColumn
from shared.values import fold

FIELDSET: Final = Markup(
    '<fieldset class="nhsuk-fieldset ics-filters__group">\n'
    '  <legend class="nhsuk-fieldset__legend nhsuk-fieldset__legend--s">{}</legend>\n'
    '  <div class="nhsuk-checkboxes nhsuk-checkboxes--small ics-filters__choices">\n'
    "    {}\n"
    "  </div>\n"
    "</fieldset>\n"
)
CLEAR: Final = "all"
WHOLE_LIST: Final = "whole"
FILTERS: Final = frozenset({"rating", "locality", "organisation", "review"})  # the names in the form
TURNED: Final = "-turned"
FOLDED: Final = frozenset({"organisation", "created", "created_by"})  # what a phone shows in one small line
SORTS: tuple[Sort, ...] = ("updated", "rating", "name", "created", "review")
DUE: tuple[Due, ...] = ("overdue", "soon")
GOES_UP: Mapping[Sort, bool] = {"updated": False, "created": False, "rating": False, "name": True, "review": True}
"""Whether each sort is ascending unless it is reversed."""


@dataclass(frozen=True, slots=True)
class Group:
    """One filter of the list: its name in the form, all choices, the chosen ones, and all of it as HTML."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    chosen: frozenset[str]
    fieldset: Markup


@lru_cache(maxsize=500)
def _group(name: str, label: str, choices: tuple[Choice, ...], chosen: frozenset[str]) -> Group:
    """Return the filter with its checkboxes. Cached, because rendering them costs more than the rest of the list."""
    boxes = Markup("").join(_box(name, each, is_ticked=each.code in chosen) for each in choices)
    return Group(name, label, choices, chosen, FIELDSET.format(label, boxes))


def _box(name: str, choice: Choice, *, is_ticked: bool) -> Markup:
    return Markup(
        '<div class="nhsuk-checkboxes__item"><input class="nhsuk-checkboxes__input" id="{0}-{1}" name="{0}"'
        ' type="checkbox" value="{1}"{2}><label class="nhsuk-label nhsuk-checkboxes__label" for="{0}-{1}">{3}</label>'
        "</div>"
    ).format(name, choice.code, Markup(" checked") if is_ticked else "", choice.label)


@lru_cache(maxsize=500)
def _organisations(label: str, ids: tuple[UUID, ...], names: Same[Mapping[UUID, str]], chosen: frozenset[str]) -> Group:
    """Return the filter by organisation. Cached, because there are dozens whose names hardly ever change."""
    choices = (Choice(each.hex, names.value[each]) for each in ids if each in names.value)
    in_order = tuple(sorted(choices, key=lambda choice: fold(choice.label)))
    return _group("organisation", label, in_order, chosen)


@dataclass(frozen=True, slots=True, repr=False)
class Chip:
    """A chosen filter, and the value that its button sends to remove it."""

    text: str
    value: str


def groups_of(register: Definition, visitor: Visitor, names: Mapping[UUID, str], by: Narrowing) -> list[Group]:
    """
    Return the filters that this visitor can use.

    Organisations are left out for visitors who see only their own records. They are left out too where bodies share
    records, because no organisation has records there.
    """
    groups = [
        _group("rating", _label(register, _rating(register)), _ratings(register), frozenset(by.ratings)),
        _group("locality", _label(register, _locality(register)), _localities(register), frozenset(by.localities)),
    ]
    if register.reviews:
        chosen_due = frozenset[str](by.reviews)
        groups.append(_group("review", register.words("records.review"), _reviews(register), chosen_due))
    if register.scope is None and not visitor.own_records_only:
        reach, chosen = visitor.organisation_ids, frozenset(each.hex for each in by.organisation_ids)
        groups.append(_organisations(_organisation_label(register), reach, Same(names), chosen))
    return [group for group in groups if len(group.choices) > 1]


def _rating(register: Definition) -> str:
    return register.rating.question if register.rating else ""


def _locality(register: Definition) -> str:
    return register.person.get("locality", "")


def _label(register: Definition, question: str) -> str:
    """Return the heading of the column that shows the question, or else the question's own label."""
    heads = [column.label for column in register.records.columns if column.question == question]
    return next(iter(heads), "") or (register.form.by_name[question].label if question else "")


def _organisation_label(register: Definition) -> str:
    heads = [column.label for column in register.records.columns if column.shows == "organisation"]
    return next(iter(heads), register.words("administration.organisation"))


def _ratings(register: Definition) -> tuple[Choice, ...]:
    levels = register.rating.levels if register.rating else ()
    return tuple(Choice(level.code, level.label) for level in levels)


def _localities(register: Definition) -> tuple[Choice, ...]:
    question = register.form.by_name.get(_locality(register))
    return tuple(Choice(option.code, option.label) for option in question.options) if question else ()


def _reviews(register: Definition) -> tuple[Choice, ...]:
    labels = register.words.group("records.reviews")
    return tuple(Choice(due, labels[due]) for due in DUE)


def read_narrowing(sent: Posted, groups: list[Group]) -> Narrowing:
    """Return the ticked choices that are offered, without the one that a chip's button removes."""
    removed = str(sent.get("remove", ""))
    ticked: dict[str, tuple[str, ...]] = {"rating": (), "locality": (), "organisation": (), "review": ()}
    for group in [] if removed in (CLEAR, WHOLE_LIST) else groups:
        boxes = {str(each) for each in sent.getall(group.name, ())}
        ticked[group.name] = tuple(
            choice.code for choice in group.choices if choice.code in boxes and f"{group.name}:{choice.code}" != removed
        )
    return Narrowing(
        ratings=ticked["rating"],
        localities=ticked["locality"],
        organisation_ids=tuple(UUID(hex=code) for code in ticked["organisation"]),
        reviews=tuple(due for due in DUE if due in ticked["review"]),
    )


def write_narrowing(by: Narrowing) -> list[tuple[str, str]]:
    """Return the filters as the form's own field names and values."""
    ticked = {
        "rating": by.ratings,
        "locality": by.localities,
        "organisation": tuple(each.hex for each in by.organisation_ids),
        "review": by.reviews,
    }
    return [(name, code) for name, codes in ticked.items() for code in codes]


def chips_of(register: Definition, groups: list[Group]) -> tuple[Chip, ...]:
    words = register.words
    return tuple(
        Chip(words("records.chip", label=group.label, choice=choice.label), f"{group.name}:{choice.code}")
        for group in groups
        for choice in group.choices
        if choice.code in group.chosen
    )


def read_sort(sent: Posted) -> tuple[Sort, bool]:
    """
    Return the sort and whether it is reversed: of the pressed heading, or else of the form. Unknown values give the
    default.
    """
    order = str(sent.get("order") or sent.get("sort") or "")
    name = order.removesuffix(TURNED)
    known = next((each for each in SORTS if each == name), None)
    return known or "updated", known is not None and order.endswith(TURNED)


def write_sort(sort: Sort, *, turned: bool) -> str:
    return f"{sort}{TURNED if turned else ''}"


def sorts_of(register: Definition) -> tuple[Choice, ...]:
    """Return the sort orders that a user can choose; by rating and by review only if the register has them."""
    words = register.words.group("records.sorts")
    lacking = {*([] if register.rating else ["rating"]), *([] if register.reviews else ["review"])}
    offered = [sort for sort in SORTS if sort not in lacking]
    return tuple(
        Choice(write_sort(sort, turned=turned), words[f"{sort}_turned" if turned else sort])
        for sort in offered
        for turned in (False, True)
    )


def columns_of(register: Definition, found: RecordPage, *, sortable: bool) -> tuple[Column, ...]:
    """Return the register's columns. In a sortable list, headings are buttons; a second press reverses the order."""
    return tuple(
        _column(register, column, found) if sortable else Column(column.label, folded=column.shows in FOLDED)
        for column in register.records.columns
    )


def _column(register: Definition, column: ListColumn, found: RecordPage) -> Column:
    sort = _sort_of(register, column)
    folded = column.shows in FOLDED
    if sort is None:
        return Column(column.label, folded=folded)
    if found.sort != sort:
        return Column(column.label, sort=write_sort(sort, turned=False), folded=folded)
    goes_up = GOES_UP[sort] is not found.turned
    turned_round = write_sort(sort, turned=not found.turned)
    return Column(column.label, sort=turned_round, order="ascending" if goes_up else "descending", folded=folded)


def _sort_of(register: Definition, column: ListColumn) -> Sort | None:
    sorts: dict[str, Sort] = {"person": "name", "created": "created", "updated": "updated"}
    if column.question and column.question == _rating(register):
        return "rating"
    return sorts.get(column.shows)
