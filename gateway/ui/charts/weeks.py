"""The chart of a dashboard's weeks: one stacked column a week, in patterns as well as colours, with a table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

from gateway.ui.charts.panels import MOST_IN_ROW, fits_in_row
from gateway.ui.formats import rating_mark
from gateway.ui.shell import Same
from gateway.ui.table import Cell, Column, table_rows
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
    """
    Everything that the chart and its table show. The levels have the same order in the columns and the legend.

    `stacked`: on a phone each level has a line of its own, because they do not fit side by side.
    """

    title: str
    width: int
    height: int
    blocks: Markup
    legend: tuple[tuple[str, Cell], ...]
    first: str
    last: str
    columns: tuple[Column, ...]
    rows: Markup
    stacked: bool
    meaning: str


def weeks_of(register: Definition, tile: TileShown) -> Weeks:
    """Return the chart of a tile. It is kept as a panel is."""
    return _weeks_of(Same(register), tile)


@lru_cache(maxsize=100)
def _weeks_of(same: Same[Definition], tile: TileShown) -> Weeks:
    register = same.value
    weeks = tile.weeks
    levels = weeks[0].counts
    colours = [_colour(register, each.code) for each in levels]
    columns = (Column(register.words("reporting.week")), *(Column(each.label, numeric=True) for each in levels))
    stacked = len(levels) >= MOST_IN_ROW or not fits_in_row(levels, marked=False)
    names = [*(show_date(week.ends) for week in weeks[:-1]), register.words("reporting.so_far")]
    return Weeks(
        title=tile.title,
        width=SLOT * len(weeks),
        height=HEIGHT,
        blocks=_lines(_rectangle(block) for block in _blocks(weeks, colours)),
        legend=tuple((_colour(register, each.code), rating_mark(register, each.code) or each.label) for each in levels),
        first=names[0],
        last=names[-1],
        columns=columns,
        rows=_stacked(columns, names, weeks) if stacked else _lines(map(_row, names, weeks)),
        stacked=stacked,
        meaning=register.words("reporting.weeks_definition"),
    )


def _lines(lines: Iterable[str]) -> Markup:
    return Markup("\n".join(lines))  # noqa: S704  `_rectangle` and `_row` return HTML


def _rectangle(block: Block) -> str:
    """Return the HTML of a block: numbers, and a colour of the palette."""
    return (
        f'<rect class="ics-weeks__block" x="{block.x}" y="{block.y}" width="{BAR}" height="{block.height}"'
        f' fill="url(#ics-weeks-{block.colour})"/>'
    )


def _stacked(columns: Sequence[Column], names: Sequence[str], weeks: Sequence[Week]) -> Markup:
    """Return the rows of a table that names each number on a phone."""
    rows = [(name, *(str(each.count) for each in week.counts)) for name, week in zip(names, weeks, strict=True)]
    return table_rows(columns, rows, row_header=True)


def _row(name: str, week: Week) -> str:
    """Return the HTML of a row: the escaped name, and numbers."""
    cells = "".join(
        [f'<td class="nhsuk-table__cell nhsuk-table__cell--numeric">{each.count:d}</td>' for each in week.counts]
    )
    return f'<tr class="nhsuk-table__row"><th class="nhsuk-table__header" scope="row">{escape(name)}</th>{cells}</tr>'


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
