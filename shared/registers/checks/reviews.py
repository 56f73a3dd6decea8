"""Checks of `[reviews]`: the levels are those of the rating, and intervals are for these alone."""

from collections.abc import Iterator

from shared.registers.checks.forms import twice
from shared.registers.definition.dashboards import ReviewTile
from shared.registers.definition.register import Definition
from shared.registers.definition.reviews import ReviewRules
from shared.registers.faults import DefinitionFault


def check_reviews(register: Definition) -> Iterator[DefinitionFault]:
    yield from _check_tiles(register)
    if register.reviews:
        yield from _check_levels(register, register.reviews)
        for code in register.reviews.intervals.days if register.reviews.intervals else ():
            if code not in register.reviews.names:
                told = f"{code} is not reviewed: the intervals are for {', '.join(register.reviews.names)}"
                yield DefinitionFault("reviews, intervals", told)


def _check_tiles(register: Definition) -> Iterator[DefinitionFault]:
    tiles = [each for each in register.reporting.tiles if isinstance(each, ReviewTile)]
    if tiles and register.reviews is None:
        yield DefinitionFault(f"reporting, tile {tiles[0].title}", "the register has no [reviews]")
    for tile in tiles[1:]:
        yield DefinitionFault(f"reporting, tile {tile.title}", "there is a tile of reviews already")


def _check_levels(register: Definition, reviews: ReviewRules) -> Iterator[DefinitionFault]:
    known = {level.code for level in register.rating.levels} if register.rating else set[str]()
    for code in twice(reviews.levels):
        yield DefinitionFault("reviews", f"names the level {code} more than once")
    for code in reviews.levels:
        if code not in known:
            yield DefinitionFault("reviews", f"{code} is no level of the rating")
    if register.rating and not reviews.levels:
        yield DefinitionFault("reviews", "needs the levels that are reviewed, since the register has a rating")
