"""The panels of a dashboard: a few counts side by side, or a longer table of counts with bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from gateway.ui.formats import rating_mark
from gateway.ui.shell import Same
from gateway.ui.table import Cell, escaped
from shared.contracts.reports import Count, TileShown
from shared.registers.definition.register import Definition

MOST_IN_ROW = 4
MOST_LETTERS = 20
LONGEST_LABEL = 24
MARK = 2
"""Room for numbers side by side on a phone of 320 pixels: letters in the longest words. A mark takes two letters."""


@dataclass(frozen=True)
class Panel:
    """
    One panel: a number next to its title, `heads` over numbers, or rows of numbers under `columns`.

    `shown` is what changes with the numbers: the number, the cells, or the rows, as HTML. `notes` say what is counted,
    where that differs from other panels.
    """

    title: str
    shown: Cell
    heads: tuple[Cell, ...] = ()
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def panel_of(register: Definition, tile: TileShown) -> Panel:
    """Return the panel of a tile. It is kept: until a record changes, a dashboard shows the same numbers again."""
    return _panel_of(Same(register), tile)


@lru_cache(maxsize=200)
def _panel_of(same: Same[Definition], tile: TileShown) -> Panel:
    register, notes = same.value, notes_of(same.value, tile)
    if tile.kind == "total":
        return Panel(tile.title, str(sum(each.count for each in tile.counts)), notes=notes)
    heads = tuple(_head(register, tile, each) for each in tile.counts)
    if tile.kind == "by_organisation" or not fits_in_row(tile.counts, marked=_is_rating(register, tile)):
        return Panel(tile.title, _rows(heads, tile.counts), columns=_columns(register, tile), notes=notes)
    return Panel(tile.title, _cells(tile.counts), heads=heads, notes=notes)


def notes_of(register: Definition, tile: TileShown) -> tuple[str, ...]:
    """Return what a panel counts, where that differs from what the page says of all panels."""
    words = register.words
    of = {"active": "", "ended": words("reporting.of_ended"), "all": words("reporting.of_all")}[tile.of]
    on = register.form.by_name.get(tile.at)
    return tuple(
        filter(
            None,
            (
                of,
                words("reporting.by_outcome") if tile.by_outcome else "",
                words("reporting.age_at", question=on.label) if on else "",
                words("reporting.several") if _counts_several(register, tile) else "",
            ),
        )
    )


def said_of_panels(register: Definition, tiles: Sequence[TileShown]) -> str:
    """Return what holds of all panels. Where nothing ever ends, it does not speak of active records."""
    words = register.words
    differ = any(_counts_several(register, tile) or tile.of != "active" or tile.by_outcome for tile in tiles)
    once = words("reporting.counted_mostly") if differ else words("reporting.counted_once")
    of_others = any(tile.of != "active" for tile in tiles)
    active = words("reporting.active_mostly") if of_others else words("reporting.active")
    said = (active if register.lifecycle.transitions else "", once, words("reporting.definition"))
    return " ".join(filter(None, said))


def _counts_several(register: Definition, tile: TileShown) -> bool:
    """Return whether a record may be counted more than once in a panel."""
    question = register.counted_question(tile.question)
    return question is not None and question.kind == "choices"


def fits_in_row(counts: Sequence[Count], *, marked: bool) -> bool:
    """Return whether the labels fit side by side on a narrow phone. `marked`: each word has a mark before it."""
    words = [max(map(len, each.label.split()), default=0) + (MARK if marked else 0) for each in counts]
    is_short = all(len(each.label) <= LONGEST_LABEL for each in counts)
    return is_short and len(counts) <= MOST_IN_ROW and sum(words) <= MOST_LETTERS


def _cells(counts: Sequence[Count]) -> Markup:
    cells = [f'<td class="nhsuk-table__cell ics-panel__count">{each.count:d}</td>' for each in counts]
    return Markup("".join(cells))  # noqa: S704  numbers


def _is_rating(register: Definition, tile: TileShown) -> bool:
    return register.rating is not None and register.rating.question == tile.question


def _head(register: Definition, tile: TileShown, count: Count) -> Cell:
    """Return a rating level as word, colour and shape, and any other count's label as text."""
    return (rating_mark(register, count.code) if _is_rating(register, tile) else "") or count.label


def _columns(register: Definition, tile: TileShown) -> tuple[str, ...]:
    question = register.counted_question(tile.question)
    label = question.label if question else _divided_by(register, tile)
    return (label, register.words("reporting.count"))


def _divided_by(register: Definition, tile: TileShown) -> str:
    """Return what the rows of a panel without a question are: organisations, ages or reviews."""
    if tile.kind == "reviews":
        return register.words("records.review")
    return register.words("reporting.age") if tile.kind == "by_age" else register.reporting.dashboard_filter.label


def _rows(heads: Sequence[Cell], counts: Sequence[Count]) -> Markup:
    """Return the rows of a table: what is counted, and the number with its bar."""
    longest = max((each.count for each in counts), default=0)
    rows = [
        '<tr class="nhsuk-table__row"><th class="nhsuk-table__header" scope="row">'
        f'{escaped(head)}</th><td class="nhsuk-table__cell">{_bar(each.count, longest)}</td></tr>'
        for head, each in zip(heads, counts, strict=True)
    ]
    return Markup("".join(rows))  # noqa: S704  every head is escaped above


def _bar(count: int, longest: int) -> Markup:
    """Return the number and a decorative bar, whose length is relative to the longest."""
    width = 100 * count / longest if longest else 0
    return Markup(  # noqa: S704  two numbers
        f'<span class="ics-bar__count">{count:d}</span><svg class="ics-bar" viewBox="0 0 100 10"'
        ' preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<rect class="ics-bar__length" width="{width:.1f}" height="10"/></svg>'
    )
