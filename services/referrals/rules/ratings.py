"""Rules about ratings: what a changed rating means, and which question holds the rating."""

from dataclasses import dataclass
from typing import NamedTuple

from shared.registers.definition.lifecycle import Level, Urgency, urgency_of
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers
from shared.registers.form.person import rating_of
from shared.registers.load import Registers


@dataclass(frozen=True)
class Rerating:
    """The effect of a change on the rating. `told` is the urgency of the notice to send; None sends no notice."""

    level: Level | None
    is_new: bool
    told: Urgency | None


def rerating(register: Definition, before: Answers, after: Answers) -> Rerating:
    """
    Compare the ratings before and after a change.

    A rating is new only if its code differs, so correcting another answer does not renew its date.
    """
    old, new = rating_of(register, before), rating_of(register, after)
    is_new = (old.code if old else None) != (new.code if new else None)
    urgency = urgency_of(new)
    is_told = urgency != "routine" and urgency != urgency_of(old)
    return Rerating(new, is_new, urgency if is_told else None)


def calls_for_somebody(urgency: Urgency | None) -> bool:
    """Check whether a rating of this urgency needs a user to act on it or a meeting to discuss it."""
    return urgency in ("alert", "urgent")


class RatingQuestions(NamedTuple):
    """The questions that hold the rating, by register and edition: three tuples of equal length."""

    registers: tuple[str, ...] = ()
    editions: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def rating_questions(registers: Registers) -> RatingQuestions:
    """Return the rating question of every register and edition that has ratings."""
    every = [each.definition for each in registers.every()]
    rated = [(each.code, each.edition, each.rating.question) for each in every if each.rating]
    return RatingQuestions(*zip(*rated, strict=True)) if rated else RatingQuestions()
