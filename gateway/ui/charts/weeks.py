"""The chart of a dashboard's weeks: one stacked column a week, in patterns as well as colours, with a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.ui.formats import rating_mark
from gateway.ui.table import Cell, Column
from shared.contracts.reports import TileShown, Week
from shared.registers.definition.register import Definition
from shared.values import show_date

HEIGHT, SLOT, BAR = 160, 40, 30


@dataclass(frozen=True)
class Block:
    """A part of a column: its place, and its colour in a definition's palette."""

    x: int
    y: float
    height: float
    colour: str


@dataclass(frozen=True)
class Weeks:
    """Everything that the chart and its table show. The levels have the same order in the columns and the legend."""

    title: str
    width: int
    height: int
    bar: int
    blocks: tuple[Block, ...]
    legend: tuple[tuple[str, Cell], ...]
    first: str
    last: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def weeks_of(register: Definition, tile: TileShown) -> Weeks:
    weeks = tile.weeks
    levels = weeks[0].counts
    colours = [_colour(register, each.code) for each in levels]
    names = [*(show_date(week.ends) for week in weeks[:-1]), register.words("reporting.so_far")]
    return Weeks(
        title=tile.title,
        width=SLOT * len(weeks),
        height=HEIGHT,
        bar=BAR,
        blocks=tuple(_blocks(weeks, colours)),
        legend=tuple((_colour(register, each.code), rating_mark(register, each.code) or each.label) for each in levels),
        first=names[0],
        last=names[-1],
        columns=(Column(register.words("reporting.week")), *(Column(each.label, numeric=True) for each in levels)),
        rows=tuple((name, *(str(each.count) for each in week.counts)) for name, week in zip(names, weeks, strict=True)),
    )


def _colour(register: Definition, code: str) -> str:
    """Return the level's colour; grey for a level that the register no longer has."""
    level = register.rating.level(code) if register.rating else None
    return level.colour if level else "grey"


def _blocks(weeks: Sequence[Week], colours: Sequence[str]) -> Iterator[Block]:
    """Yield the blocks of each column from the bottom up. The fullest week takes the whole height."""
    fullest = max(sum(each.count for each in week.counts) for week in weeks) or 1
    for place, week in enumerate(weeks):
        y = float(HEIGHT)
        for colour, each in reversed(list(zip(colours, week.counts, strict=True))):
            height = HEIGHT * each.count / fullest
            y -= height
            if each.count:
                yield Block(place * SLOT + (SLOT - BAR) // 2, round(y, 1), round(height, 1), colour)
