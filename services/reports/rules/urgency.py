"""Rules about the order of records in reports and counts: the most urgent first."""

from dataclasses import dataclass

from shared.registers.definition.register import Definition


@dataclass(frozen=True)
class RatingOrder:
    """The question that holds the rating, and its levels with the most urgent first; empty without a rating."""

    question: str = ""
    levels: tuple[str, ...] = ()


def rating_order(register: Definition) -> RatingOrder:
    if register.rating is None:
        return RatingOrder()
    return RatingOrder(register.rating.question, tuple(level.code for level in register.rating.by_urgency))
