"""Rules about rights: who may do what with a record, who may hold it, and who may cover it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from shared.bodies import Compartment
from shared.compartments import within
from shared.contracts.referrals.holding import AddCover, AssignHolder
from shared.messages import Refused
from shared.permissions import Permission, Role, Visitor


def organisation_for(visitor: Visitor) -> UUID:
    """
    Return the organisation of a new record.

    Refused as `no_organisation` if the visitor's own is missing or out of reach.
    """
    home = visitor.home_organisation_id
    if home is None or home not in visitor.organisation_ids:
        raise Refused("no_organisation")
    return home


def check_reaches(visitor: Visitor, compartment: Compartment) -> None:
    """Check that the visitor acts for a body that may see the record. Refused as `out_of_reach`."""
    if not within(visitor, compartment):
        raise Refused("out_of_reach")


def may_update(visitor: Visitor, created_by: UUID, *, is_held: bool) -> bool:
    """
    Check whether the visitor may update a record (R-DSR-114, R-DSR-115).

    Its creator may, and so may an administrator who sees it. `is_held` says that the visitor holds or covers it today,
    which gives them the rights of its creator. A register may let every standard user who sees it update it.
    """
    is_theirs = created_by == visitor.user_id or is_held or visitor.role is Role.ADMINISTRATOR
    is_theirs = is_theirs or visitor.standard_updates == "scope"
    return visitor.may(Permission.UPDATE_RECORD) and is_theirs


HOLDING_ROLES = frozenset({Role.STANDARD, Role.ADMINISTRATOR})
LONGEST_COVER = timedelta(days=366)
MOST_COVERS = 20


def may_hold(colleague: Visitor, compartment: Compartment) -> bool:
    """Check whether a user, with their present rights, may hold or cover a record of this compartment."""
    return colleague.role in HOLDING_ROLES and within(colleague, compartment)


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


@dataclass(frozen=True)
class RecordHolder:
    """The user who holds a record. Without a `holding_id` it is the record's creator."""

    user_id: UUID
    holding_id: UUID | None = None


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
