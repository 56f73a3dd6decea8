"""What a record's rating means, when it changes and for its events; and which question holds it."""

from dataclasses import dataclass
from typing import NamedTuple

from services.referrals.rules.search import PARTS
from shared.messages import Refused
from shared.registers.definition.lifecycle import Level, Urgency
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers
from shared.registers.form.person import rating_of
from shared.registers.load import Registers
from shared.values import fold


@dataclass(frozen=True)
class Rerating:
    """What a change did to the rating. `told`: the urgency that somebody is to be told of now, if any."""

    level: Level | None
    is_new: bool
    told: Urgency | None


def rerating(register: Definition, before: Answers, after: Answers) -> Rerating:
    """A corrected spelling does not make a rating look fresh: it is new only when it is another one."""
    old, new = rating_of(register, before), rating_of(register, after)
    is_new = (old.code if old else None) != (new.code if new else None)
    urgency = urgency_of(new)
    is_told = urgency != "routine" and urgency != urgency_of(old)
    return Rerating(new, is_new, urgency if is_told else None)


def urgency_of(level: Level | None) -> Urgency:
    """How soon somebody must act on a rating; a record without one is routine."""
    return level.urgency if level else "routine"


def calls_for_somebody(urgency: Urgency | None) -> bool:
    """Whether somebody has to act on, or speak about, what is rated so."""
    return urgency in ("alert", "urgent")


def rating_that_stands(register: Definition, answers: Answers) -> Level:
    """The rating that a review finds to be right. Refused as `no_rating` where there is none."""
    level = rating_of(register, answers)
    if level is None:
        raise Refused("no_rating")
    return level


def noun_of(register: Definition) -> str:
    """The register's word for a record as it stands in an event's type."""
    return "-".join(PARTS.findall(fold(register.identity.record)))


class RatingQuestions(NamedTuple):
    """The question that holds the rating, by register and edition: three columns of equal length."""

    registers: tuple[str, ...] = ()
    editions: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def rating_questions(registers: Registers) -> RatingQuestions:
    """Those of every register and edition that is rated."""
    every = [each.definition for each in registers.every()]
    rated = [(each.code, each.edition, each.rating.question) for each in every if each.rating]
    return RatingQuestions(*zip(*rated, strict=True)) if rated else RatingQuestions()
