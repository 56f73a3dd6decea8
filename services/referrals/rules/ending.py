"""Rules about the end of a record by a date: its day, the bodies that must decide, and the state that follows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from shared.contracts.referrals.ending import DecideEnding
from shared.messages import Refused
from shared.permissions import Visitor
from shared.registers.definition.lifecycle import Transition
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers
from shared.registers.scope import bodies_named
from shared.values import day_of


@dataclass(frozen=True)
class End:
    """
    What a record's answers say about its end.

    `awaited` are the bodies that have not decided yet. `is_new`: the day was given or changed, and a user must confirm
    it. `withdraws`: decisions about an earlier day no longer hold.
    """

    state: str
    is_open: bool
    ends_on: date | None = None
    awaited: tuple[str, ...] = ()
    is_new: bool = False
    withdraws: bool = False


def end_of(
    register: Definition,
    state: str,
    answers: Answers,
    on_day: date,
    decided: Collection[str] = (),
    before: Answers | None = None,
) -> End:
    """Return what the answers say about the end of a record in this state. `before` are its answers so far."""
    transition = register.lifecycle.ends_by("date")
    if transition is None or transition.question is None:
        return End(state, is_open=True)
    ends_on, earlier = day_of(answers.get(transition.question)), day_of((before or {}).get(transition.question))
    withdraws = earlier is not None and ends_on != earlier
    if ends_on is None:
        return End(state, is_open=True, withdraws=withdraws)
    awaited = tuple(each for each in deciding(register, transition, answers) if withdraws or each not in decided)
    is_over = not awaited and ends_on <= on_day
    return End(
        state=transition.to_state if is_over else state,
        is_open=not is_over,
        ends_on=ends_on,
        awaited=awaited,
        is_new=ends_on != earlier,
        withdraws=withdraws,
    )


def check_decision(
    register: Definition, visitor: Visitor, answers: Answers, decided: Collection[str], asked: DecideEnding
) -> None:
    """
    Check that a body may decide about the end of a record.

    Refused as `not_ending`, `changed`, `not_yours` or `decided`.
    """
    transition = register.lifecycle.ends_by("date")
    day = day_of(answers.get(transition.question or "")) if transition else None
    if transition is None or day is None:
        raise Refused("not_ending")
    if day != asked.ends_on:
        raise Refused("changed")
    if asked.body in decided:
        raise Refused("decided")
    if asked.body not in deciding(register, transition, answers) or not acts_for(visitor, asked.body):
        raise Refused("not_yours")


def acts_for(visitor: Visitor, body: str) -> bool:
    """Return whether a visitor may decide for a body: one of those that their organisations act for."""
    return visitor.all_organisations or body in visitor.bodies


def without_end(register: Definition, answers: Answers) -> Answers:
    """Return the answers of a record that is put back: without the day on which it would end again."""
    transition = register.lifecycle.ends_by("date")
    return {name: answer for name, answer in answers.items() if not (transition and name == transition.question)}


def deciding(register: Definition, transition: Transition, answers: Answers) -> tuple[str, ...]:
    """Return the bodies that must each decide before a record with these answers ends, as `list:code`."""
    return bodies_named(register, transition.decisions, answers)
