"""Rules about the tiles of a register: which records and questions they count, and who sees them."""

from collections.abc import Iterable
from typing import Literal, TypeGuard

from services.reports.rules.choosing import may_count_ended, may_count_outcomes
from shared.permissions import Visitor
from shared.registers.definition.dashboards import OptionTile, OrganisationTile, Tile, WeekTile
from shared.registers.definition.register import Definition


def questions_counted(register: Definition, of: Literal["active", "ended"]) -> tuple[str, ...]:
    """Return the questions of the form that tiles of open or of ended records count by, each once."""
    other = "ended" if of == "active" else "active"
    return tuple(
        dict.fromkeys(
            tile.question
            for tile in register.reporting.tiles
            if isinstance(tile, OptionTile) and tile.of != other and not register.is_of_outcomes(tile.question)
        )
    )


def counts_ended(register: Definition) -> bool:
    return any(_is_of_ended(tile) for tile in register.reporting.tiles)


def reports_gaps(register: Definition) -> bool:
    """Return whether a report holds the records that lack answers, so that these must be counted."""
    return any(each.records == "incomplete" for each in register.reporting.reports)


def counts_organisations(tiles: Iterable[Tile]) -> bool:
    return any(isinstance(tile, OrganisationTile) for tile in tiles)


def outcome_questions(register: Definition, tiles: Iterable[Tile]) -> tuple[str, ...]:
    """Return the questions of the outcome form that these tiles count by, each once."""
    return tuple(dict.fromkeys(tile.question for tile in tiles if _is_of_outcomes(tile, register)))


def _is_of_ended(tile: Tile) -> bool:
    return not isinstance(tile, WeekTile) and tile.of != "active"


def _is_of_outcomes(tile: Tile, register: Definition) -> TypeGuard[OptionTile]:
    return isinstance(tile, OptionTile) and register.is_of_outcomes(tile.question)


def tiles_shown(register: Definition, visitor: Visitor, *, has_outcomes: bool) -> tuple[Tile, ...]:
    """
    Return the tiles that a visitor sees.

    A tile of ended records or of outcomes is for users who get the reports of these. Others may not read the answers,
    and see no counts of them either.
    """
    with_ended = may_count_ended(register, visitor)
    with_outcomes = may_count_outcomes(register, visitor, has_outcomes=has_outcomes)
    return tuple(
        tile
        for tile in register.reporting.tiles
        if (with_ended or not _is_of_ended(tile)) and (with_outcomes or not _is_of_outcomes(tile, register))
    )
