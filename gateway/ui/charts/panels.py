"""The panels of a dashboard: a few counts side by side, or a longer table of counts with bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from gateway.ui.formats import rating_mark
from gateway.ui.shell import Same
from gateway.ui.table import Cell, Column, table_rows
from shared.contracts.reports import Count, TileShown
from shared.registers.definition.register import Definition

MOST_BESIDE = 6


@dataclass(frozen=True)
class Panel:
    """
    One panel: a number next to its title, `heads` over numbers, or rows of numbers under `columns`.

    `shown` is what changes with the numbers: the number, the cells, or the rows, as HTML.
    """

    title: str
    shown: Cell
    heads: tuple[Cell, ...] = ()
    columns: tuple[Column, ...] = ()


def panel_of(register: Definition, tile: TileShown) -> Panel:
    """Return the panel of a tile. It is kept: until a record changes, a dashboard shows the same numbers again."""
    return _panel_of(Same(register), tile)


@lru_cache(maxsize=200)
def _panel_of(same: Same[Definition], tile: TileShown) -> Panel:
    register = same.value
    if tile.kind == "total":
        return Panel(tile.title, str(sum(each.count for each in tile.counts)))
    if tile.kind == "by_organisation" or len(tile.counts) > MOST_BESIDE:
        columns = _columns(register, tile)
        return Panel(tile.title, table_rows(columns, _rows(tile.counts), row_header=True), columns=columns)
    heads = tuple(_head(register, tile, each) for each in tile.counts)
    return Panel(tile.title, _cells(tile.counts), heads=heads)


def _cells(counts: Sequence[Count]) -> Markup:
    cells = [f'<td class="nhsuk-table__cell ics-panel__count">{each.count:d}</td>' for each in counts]
    return Markup("".join(cells))  # noqa: S704  numbers


def _head(register: Definition, tile: TileShown, count: Count) -> Cell:
    """Return a rating level as word, colour and shape, and any other count's label as text."""
    is_rating = register.rating is not None and register.rating.question == tile.question
    return (rating_mark(register, count.code) if is_rating else "") or count.label


def _columns(register: Definition, tile: TileShown) -> tuple[Column, ...]:
    question = register.form.by_name.get(tile.question)
    label = question.label if question else register.reporting.dashboard_filter.label
    return (Column(label), Column(register.words("reporting.count")))


def _rows(counts: Sequence[Count]) -> list[tuple[Cell, ...]]:
    longest = max((each.count for each in counts), default=0)
    return [(each.label, _bar(each.count, longest)) for each in counts]


def _bar(count: int, longest: int) -> Markup:
    """Return the number and a decorative bar, whose length is relative to the longest."""
    width = 100 * count / longest if longest else 0
    return Markup(  # noqa: S704  two numbers
        f'<span class="ics-bar__count">{count:d}</span><svg class="ics-bar" viewBox="0 0 100 10"'
        ' preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<rect class="ics-bar__length" width="{width:.1f}" height="10"/></svg>'
    )
