"""Rows of tables as ready HTML: the NHS table macro takes two milliseconds a row, this a few microseconds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from markupsafe import Markup, escape

Cell = str | Markup


def escaped(cell: Cell) -> str:
    """Return the cell as HTML. Markup stays as it is, which is quicker than to escape it again."""
    return cell if isinstance(cell, Markup) else escape(cell)


@dataclass(frozen=True, slots=True)
class Column:
    """
    `label` heads the column, and each of its cells on a phone.

    `sort` is the value that its heading sends as a button. `order` says how the rows are sorted by it, if they are.
    `folded`: on a phone its cells stand in a row of small print, to keep the record short.
    """

    label: str
    numeric: bool = False
    sort: str = ""
    order: Literal["", "ascending", "descending"] = ""
    folded: bool = False


SHAPES = {
    "red": Markup('<path d="M8 1l7.5 14H.5z"/>'),
    "amber": Markup('<path d="M1.5 1.5h13v13h-13z"/>'),
    "green": Markup('<circle cx="8" cy="8" r="7"/>'),
    "blue": Markup('<path d="M8 .5L15.5 8 8 15.5.5 8z"/>'),
    "grey": Markup('<path d="M1 6h14v4H1z"/>'),
}


@lru_cache(maxsize=200)
def risk_mark(colour: str, word: str) -> Markup:
    """Return a rating as word, colour and shape. The colours are those of a definition's palette."""
    return Markup(
        '<strong class="ics-risk ics-risk--{}"><svg class="ics-risk__shape" viewBox="0 0 16 16" width="16" height="16"'
        ' aria-hidden="true" focusable="false">{}</svg>{}</strong>'
    ).format(colour, SHAPES[colour], word)


def table_rows(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, row_header: bool = False) -> Markup:
    """
    Return the body rows of a responsive table. Text is escaped; Markup is not.

    The page makes expensive cells (dates, links, marks) beforehand. See `macros/table.html` for the table.
    """
    opened, closed = zip(
        *(_around(column, row_header and place == 0) for place, column in enumerate(columns)), strict=True
    )
    return Markup("".join([_row(opened, closed, row) for row in rows]))  # noqa: S704  every cell is escaped below


@lru_cache(maxsize=500)
def _around(column: Column, is_header: bool) -> tuple[str, str]:
    element, kind, role = (
        ("th", "header", 'scope="row" role="rowheader"') if is_header else ("td", "cell", 'role="cell"')
    )
    classes = f"nhsuk-table__{kind}" + (f" nhsuk-table__{kind}--numeric" if column.numeric else "")
    classes += " ics-folded" if column.folded else ""
    heading = f'<span class="nhsuk-table__heading" aria-hidden="true">{escape(column.label)} </span>'
    return f'<{element} class="{classes}" {role}>{heading}', f"</{element}>"


def _row(opened: Sequence[str], closed: Sequence[str], row: Sequence[Cell]) -> str:
    cells = "".join(
        [f"{before}{escaped(cell)}{after}" for before, cell, after in zip(opened, row, closed, strict=True)]
    )
    return f'<tr class="nhsuk-table__row" role="row">{cells}</tr>'


@dataclass(frozen=True, slots=True)
class Paging:
    """
    A position in a long list: what the buttons send.

    `previous` and `next` are page numbers or keyset positions, empty at an end. A 0 in `numbers` is a gap.
    """

    current: int = 1
    numbers: tuple[int, ...] = (1,)
    previous: str = ""
    next: str = ""
