"""Rules about holders: who may hold a record and who may cover it, and who may decide a reversal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from shared.contracts.referrals.holding import AddCover, AssignHolder
from shared.messages import Refused
from shared.permissions import Role, Visitor
from shared.registers.bodies import Compartment

HOLDING_ROLES = frozenset({Role.STANDARD, Role.ADMINISTRATOR})
LONGEST_COVER = timedelta(days=366)
MOST_COVERS = 20


def may_hold(colleague: Visitor, compartment: Compartment) -> bool:
    """Check whether a user, with their present rights, may hold or cover a record of this compartment."""
    return colleague.role in HOLDING_ROLES and colleague.may_reach(compartment)


def check_cover(asked: AddCover, day: date) -> None:
    """Check the days of a new cover. Refused as `past` or `too_long`."""
    if asked.until_day < day:
        raise Refused("past")
    if asked.until_day - asked.from_day > LONGEST_COVER:
        raise Refused("too_long")


@dataclass(frozen=True)
class Cover:
    """A user who covers a record, from one day to another, both included."""

    user_id: UUID
    from_day: date
    until_day: date


def check_born(cover: Cover, born: date | None) -> None:
    """Check that the cover does not begin before the person was born. Refused as `before_birth`."""
    if born is not None and cover.from_day < born:
        raise Refused("before_birth")


@dataclass(frozen=True)
class RecordHolder:
    """The user who holds a record. Without a `holding_id` it is the record's creator."""

    user_id: UUID
    holding_id: UUID | None = None


def may_hand_over(visitor: Visitor, *, is_holder: bool, is_open: bool) -> bool:
    """Check whether a standard user may name another holder in their place. Administrators may anyway."""
    return is_open and is_holder and visitor.role is Role.STANDARD


def check_may_assign(visitor: Visitor, holder: RecordHolder) -> None:
    """Check that the visitor is an administrator or holds the record themselves. Refused as `not_yours`."""
    if visitor.role is not Role.ADMINISTRATOR and visitor.user_id != holder.user_id:
        raise Refused("not_yours")


def check_may_hand_over_all(visitor: Visitor, user_id: UUID) -> None:
    """Check that the visitor is an administrator, or asks for records that they hold. Refused as `not_yours`."""
    if visitor.role is not Role.ADMINISTRATOR and visitor.user_id != user_id:
        raise Refused("not_yours")


def may_be_named_by(visitor: Visitor, colleague: Visitor) -> bool:
    """
    Check whether the two share an organisation or a body of the register, whatever records a colleague may hold.

    So that nobody learns from a refusal, or from an answer, who works elsewhere.
    """
    shares = frozenset(colleague.organisation_ids) & frozenset(visitor.organisation_ids)
    everywhere = visitor.all_organisations or colleague.all_organisations
    bodies = frozenset(colleague.bodies) & frozenset(visitor.bodies)
    is_here = colleague.register_code == visitor.register_code and colleague.role in HOLDING_ROLES
    return is_here and bool(everywhere or shares or bodies)


def check_assignment(asked: AssignHolder, holder: RecordHolder) -> None:
    """Check a new holder. Refused as `already_holds`, or as `changed` if the visitor saw an earlier holder."""
    if holder.holding_id and holder.user_id == asked.user_id:
        raise Refused("already_holds")
    if holder.holding_id != asked.seen:
        raise Refused("changed")


def check_beside(cover: Cover, holder_id: UUID, others: Sequence[Cover]) -> None:
    """
    Check a new cover against the holder and the other covers.

    Refused as `is_holder`, as `already_covers` if the same user covers on one of these days, or as `too_many`.
    """
    if cover.user_id == holder_id:
        raise Refused("is_holder")
    theirs = [each for each in others if each.user_id == cover.user_id]
    if any(each.from_day <= cover.until_day and cover.from_day <= each.until_day for each in theirs):
        raise Refused("already_covers")
    if len(others) >= MOST_COVERS:
        raise Refused("too_many")


def check_is_second(visitor: Visitor, asked_by: UUID) -> None:
    """Check that the visitor does not confirm their own request. Refused as `not_second`."""
    if asked_by == visitor.user_id:
        raise Refused("not_second")
