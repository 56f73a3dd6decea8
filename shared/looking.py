"""Reading what a service's audit says of one record, through the queries of the service."""

from datetime import UTC, date, datetime, time, timedelta

from shared.contracts.looks import MOST_LOOKERS, Look, LookPlace, Looks, LooksAsked
from shared.database import Database
from shared.registers.bodies import Compartment
from shared.values import LONDON

ALWAYS, NEVER = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
LAST_ROW = 2**63 - 1


async def looks_from(
    db: Database, asked: LooksAsked, compartment: Compartment, read_looks: str, find_lookers: str
) -> Looks:
    """
    Return the rows about a record that lies in this compartment, in the visitor's context.

    `read_looks` and `find_lookers` are the service's queries of its functions of these names.
    """
    since, until = _begin(asked.first_day, NEVER), _begin(_next(asked.last_day), ALWAYS)
    before = (asked.before.at, asked.before.row) if asked.before else (ALWAYS, LAST_ROW)
    about = (asked.record_id, compartment.compartment_id)
    rows = await db.fetch(read_looks, *about, asked.user_id, since, until, *before, asked.most + 1)
    lookers = await db.fetchval(find_lookers, *about, MOST_LOOKERS)
    looks = tuple(
        Look(
            place=LookPlace(at=row["looked_at"], row=row["row_id"]),
            user_id=row["actor"],
            action=row["action"],
            among=row["among"],
        )
        for row in rows[: asked.most]
    )
    return Looks(looks=looks, more=len(rows) > asked.most, user_ids=tuple(lookers or ()))


def _next(day: date | None) -> date | None:
    return day + timedelta(days=1) if day and day < date.max else None


def _begin(day: date | None, otherwise: datetime) -> datetime:
    """Return the moment at which a day begins in London."""
    return datetime.combine(day, time(), LONDON) if day else otherwise
