"""Many made-up records in forty organisations of uneven size, one in ten of them archived."""

from hashlib import md5
from uuid import UUID

import asyncpg

ORGANISATIONS = 40

# Organisation n has about (40 - n)² parts of all records, and twenty creators.
ADD_MANY = """
    INSERT INTO record (
        id, reference, register_code, edition, state, is_open, compartment_id, organisation_id, created_by,
        created_by_name, created_at, updated_at, ended_at, rating, rated_at, locality, given_name, family_name, search,
        answers
    )
    SELECT
        md5('record ' || n)::uuid, 'DSR-' || n, 'dsr', '2022', CASE WHEN n % 10 = 0 THEN 'archived' ELSE 'active' END,
        n % 10 <> 0, md5('organisation ' || o)::uuid, md5('organisation ' || o)::uuid,
        md5('creator ' || o || ' ' || n / 10 % 20)::uuid, 'Some Body', moment, moment,
        CASE WHEN n % 10 = 0 THEN moment END,
        CASE WHEN n % 101 = 0 THEN 'red' WHEN n % 11 = 0 THEN 'amber' ELSE 'green' END, moment,
        CASE WHEN n % 103 = 0 THEN 'moorlands' WHEN n % 3 = 0 THEN 'north_staffordshire' ELSE 'south_staffordshire' END,
        given, family, ' ' || given || ' ' || family, jsonb_build_object('latest_update', repeat('said ', 20))
    FROM (
        SELECT
            n,
            40 - ceil(40 * cbrt(((n * 7919) % 100000) / 100000.0::float8))::integer AS o,
            timestamptz '2026-01-01' - n * interval '7 minutes' AS moment,
            split_part('ann bert carol dilip eve farah george hana idris joan', ' ', 1 + n / 7 % 10) AS given,
            translate(((n * 48271::bigint) % 99991)::text, '0123456789', 'aeioulnrst') AS family
        FROM generate_series(1, $1) AS n
    ) AS each
"""


# The second creator of each organisation holds some records of the first: about twenty in the largest organisation.
HOLD_MANY = """
    INSERT INTO record_holding (id, record_id, kind, user_id, user_name, from_day, named_by, named_by_name)
    SELECT gen_random_uuid(), r.id, 'holder', md5('creator ' || o || ' 1')::uuid, 'Some Body', '2026-01-01',
        r.created_by, 'Some Body'
    FROM generate_series(0, 39) AS o
    JOIN record AS r ON r.created_by = md5('creator ' || o || ' 0')::uuid
    WHERE r.reference LIKE '%7'
"""


# Each record has two keys for comparison, as in the DSR.
ADD_KEYS = """
    INSERT INTO record_key (record_id, register_code, key, rule)
    SELECT r.id, r.register_code, md5(rule || r.id::text), rule
    FROM record AS r, unnest(ARRAY['nhs_number', 'born family_name given_name']) AS rule
"""

FIND_INDEXES = """
    SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
    FROM pg_index AS i
    WHERE i.indrelid = ANY(ARRAY['record', 'record_word', 'record_search']::regclass []) AND NOT i.indisunique
"""


async def add_many(owner: "asyncpg.Connection[asyncpg.Record]", records: int) -> None:
    """Add the records as the schema's owner, with fresh statistics and folded counts. Build indexes last, for speed."""
    indexes = await owner.fetch(FIND_INDEXES)
    for each in indexes:
        await owner.execute(f"DROP INDEX {each['name']}")
    await owner.execute(ADD_MANY, records)
    for each in indexes:
        await owner.execute(each["definition"])
    await owner.execute(HOLD_MANY)
    await owner.execute(ADD_KEYS)
    await owner.execute("SELECT fold_deltas()")
    await owner.execute("VACUUM ANALYZE record, record_word, record_search, record_holding, record_key, counter, delta")


def organisation(number: int) -> UUID:
    """Return the id of an organisation. They are numbered by size: 0 is the largest."""
    return _md5(f"organisation {number}")


def creator(number: int, person: int = 0) -> UUID:
    """Return the id of a creator in an organisation."""
    return _md5(f"creator {number} {person}")


def _md5(text: str) -> UUID:
    return UUID(md5(text.encode()).hexdigest())
