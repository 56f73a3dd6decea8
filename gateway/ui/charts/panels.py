"""The panels of a dashboard: a few counts side by side, or a longer table of counts with bars."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gateway.ui.formats import rating_mark
from gateway.ui.table import Cell, Column
from shared.contracts.reports import Count, TileShown
from shared.registers.definition.register import Definition

MOST_BESIDE = 6


@dataclass(frozen=True)
class Panel:
    """One panel: a `total` alone, `heads` over `counts`, or `rows` under `columns`."""

    title: str
    total: int | None = None
    heads: tuple[Cell, ...] = ()
    counts: tuple[int, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()


def panel_of(register: Definition, tile: TileShown) -> Panel:
    if tile.kind == "total":
        return Panel(tile.title, total=sum(each.count for each in tile.counts))
    if tile.kind == "by_organisation" or len(tile.counts) > MOST_BESIDE:
        return Panel(tile.title, columns=_columns(register, tile), rows=tuple(_rows(tile.counts)))
    heads = tuple(_head(register, tile, each) for each in tile.counts)
    return Panel(tile.title, heads=heads, counts=tuple(each.count for each in tile.counts))


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
    return Markup(
        '<span class="ics-bar__count">{}</span><svg class="ics-bar" viewBox="0 0 100 10" preserveAspectRatio="none"'
        ' aria-hidden="true" focusable="false"><rect class="ics-bar__length" width="{}" height="10"/></svg>'
    ).format(count, f"{width:.1f}")
