"""Queries of overlays. Rows are only added, and the newest of each register is in force."""

from collections.abc import Mapping

from asyncpg import UniqueViolationError

from shared.contracts.referrals.overlays import OverlayInForce, PublishedOverlay
from shared.contracts.referrals.saving import Conflict
from shared.database import Database
from shared.messages import Refused
from shared.permissions import Visitor
from shared.registers.overlay import Adaptation, Overlay

FIND_NEWER = """
    SELECT DISTINCT ON (o.register_code) o.register_code, o.version, o.content
    FROM overlay AS o
    LEFT JOIN unnest($1::text [], $2::integer []) AS known (register_code, version) USING (register_code)
    WHERE o.version > coalesce(known.version, 0)
    ORDER BY o.register_code, o.version DESC
"""


async def find_newer(db: Database, known: Mapping[str, int]) -> list[OverlayInForce]:
    """Return the overlays in force that are newer than the `known` versions, by register code."""
    rows = await db.fetch(FIND_NEWER, list(known), list(known.values()))
    return [
        OverlayInForce(
            register_code=row["register_code"],
            version=row["version"],
            overlay=Overlay.model_validate_json(row["content"]),
        )
        for row in rows
    ]


FIND_IN_FORCE = "SELECT version, content FROM overlay WHERE register_code = $1 ORDER BY version DESC LIMIT 1"


async def find_in_force(db: Database, register_code: str) -> Adaptation:
    row = await db.fetchrow(FIND_IN_FORCE, register_code)
    return Adaptation(row["version"], Overlay.model_validate_json(row["content"])) if row else Adaptation()


ADD_OVERLAY = """
    INSERT INTO overlay (register_code, version, content, changed, published_by, published_by_name)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


async def add_overlay(db: Database, visitor: Visitor, adaptation: Adaptation, changed: tuple[str, ...]) -> None:
    """Add an overlay. Refused as `conflict` if another user has taken its version number."""
    content = adaptation.overlay.model_dump_json(by_alias=True, exclude_defaults=True)
    published = (visitor.register_code, adaptation.version, content, list(changed))
    try:
        await db.execute(ADD_OVERLAY, *published, visitor.user_id, visitor.full_name)
    except UniqueViolationError:
        raise Refused(Conflict(version=adaptation.version)) from None


LIST_OVERLAYS = """
    SELECT version, changed, published_by_name AS published_by, published_at
    FROM overlay
    WHERE register_code = $1 AND version < coalesce($2, 2147483647)
    ORDER BY version DESC
    LIMIT $3
"""


async def list_overlays(db: Database, register_code: str, before: int | None, most: int) -> list[PublishedOverlay]:
    """Return the published overlays, the newest first."""
    return [PublishedOverlay(**row) for row in await db.fetch(LIST_OVERLAYS, register_code, before, most)]
