"""Queries of the editions that records were saved in, and of what these rely on."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from shared.database import Database
from shared.registers.checks.kept import KeptEdition
from shared.registers.in_use import UsedEdition

FIND_USED = """
    SELECT register_code, edition, kept
    FROM edition_kept
    WHERE is_used
    ORDER BY register_code, edition
"""
COUNT_RECORDS = "SELECT count_in_edition($1, $2)"


async def find_used(db: Database) -> list[UsedEdition]:
    return [
        UsedEdition(
            row["register_code"],
            row["edition"],
            KeptEdition.model_validate_json(row["kept"]) if row["kept"] else None,
        )
        for row in await db.fetch(FIND_USED)
    ]


async def count_missing(
    db: Database, used: Iterable[UsedEdition], loaded: Collection[tuple[str, str]]
) -> list[UsedEdition]:
    """Return these editions. Those that are not loaded come with the number of their records."""
    return [
        each if each.key in loaded else replace(each, records=await db.fetchval(COUNT_RECORDS, *each.key))
        for each in used
    ]


KEEP = """
    INSERT INTO edition_kept AS e (register_code, edition, sha256, kept)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (register_code, edition) DO UPDATE
    SET sha256 = excluded.sha256, kept = excluded.kept, kept_at = now()
    WHERE e.sha256 IS DISTINCT FROM excluded.sha256 OR e.kept IS DISTINCT FROM excluded.kept
"""


async def keep(db: Database, code: str, edition: str, sha256: str, kept: KeptEdition) -> None:
    """Store what records of an edition rely on from now on."""
    await db.execute(KEEP, code, edition, sha256, kept.model_dump_json())


USE_EDITION = "SELECT use_edition($1, $2)"


async def use_edition(db: Database, code: str, edition: str) -> None:
    """Mark an edition as used."""
    await db.execute(USE_EDITION, code, edition)
