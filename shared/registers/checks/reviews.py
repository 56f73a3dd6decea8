"""Checks of `[reviews]`: the levels are those of the rating, and intervals are for these alone."""

from collections.abc import Iterator

from shared.registers.checks.forms import twice
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault


def check_reviews(register: Definition) -> Iterator[DefinitionFault]:
    reviews = register.reviews
    if reviews is None:
        return
    known = {level.code for level in register.rating.levels} if register.rating else set[str]()
    for code in twice(reviews.levels):
        yield DefinitionFault("reviews", f"names the level {code} more than once")
    for code in reviews.levels:
        if code not in known:
            yield DefinitionFault("reviews", f"{code} is no level of the rating")
    if register.rating and not reviews.levels:
        yield DefinitionFault("reviews", "needs the levels that are reviewed, since the register has a rating")
    for code in reviews.intervals.days if reviews.intervals else ():
        if code not in reviews.names:
            yield DefinitionFault(
                "reviews, intervals", f"{code} is not reviewed: the intervals are for {_list(reviews.names)}"
            )


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)
