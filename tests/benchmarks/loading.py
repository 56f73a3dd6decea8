"""Fill a running product with any number of made-up people, in forty organisations of uneven size."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from deploy.demo.people import DEMO_PASSWORD
from deploy.runner.database import DatabaseServer
from deploy.runner.environment import Addresses
from deploy.runner.waiting import until
from services.identity.hashing import PasswordHashes
from services.identity.operators import Fixed, GrantWanted, NewAccount, create_account, ensure_organisations
from shared.database import open_pool, transaction
from shared.permissions import Role, Visitor

REGISTER = "dsr"
ORGANISATIONS = 40
COPY_SECONDS = 600

EVERYWHERE, ONE, OWN = "everywhere@bench1.nhs.uk", "one@bench1.nhs.uk", "own@bench1.nhs.uk"
ACCOUNTS = (
    NewAccount(EVERYWHERE, "Every", "Where", (GrantWanted(REGISTER, Role.ADMINISTRATOR, all_organisations=True),)),
    NewAccount(ONE, "One", "Organisation", (GrantWanted(REGISTER, Role.ADMINISTRATOR, domains=("bench1.nhs.uk",)),)),
    NewAccount(OWN, "Own", "Records", (GrantWanted(REGISTER, Role.STANDARD),)),
)

# Organisation o (0 is the largest) has about (40 - o)² parts of all records, and twenty creators. The first creator in
# the largest organisation can log in. Names have two or three syllables, so that a search finds a few records.
ADD_RECORDS = """
    INSERT INTO referrals.record (
        id, reference, register_code, edition, state, is_open, compartment_id, organisation_id, created_by,
        created_by_name, created_at, updated_at, ended_at, rating, rated_at, locality, given_name, family_name, born,
        postcode, search, answers
    )
    SELECT
        gen_random_uuid(), 'DSR-' || lpad(n::text, 8, '0'), 'dsr', '2022',
        CASE WHEN n % 10 = 0 THEN 'archived' ELSE 'active' END, n % 10 <> 0, ($3::uuid [])[o + 1], ($3::uuid [])[o + 1],
        CASE WHEN o = 0 AND n % 20 = 0 THEN $4::uuid ELSE md5('creator ' || o || ' ' || n % 20)::uuid END, 'Some Body',
        moment, moment, CASE WHEN n % 10 = 0 THEN moment END, rating, moment, locality,
        given, family, born, 'ST' || n % 20 || ' 1AA', ' ' || lower(given) || ' ' || lower(family),
        jsonb_build_object(
            'capacity_to_consent', 'yes', 'consent_given', 'yes', 'consent_taken_by', 'A nurse of the ward',
            'consent_kept_at', 'The case record', 'family_consulted', 'yes', 'information_shared', 'yes',
            'first_name', given, 'last_name', family, 'date_of_birth', born::text, 'postcode', 'ST' || n % 20 || ' 1AA',
            'learning_disability_or_autism', (ARRAY['learning_disability', 'autism', 'both'])[1 + n % 3],
            'ethnicity', 'A', 'locality', locality, 'lead_professional', 'Lee Lead',
            'lead_professional_contact', '01632 960000', 'risk_period', 'current', 'criminal_justice', 'no',
            'risk_level', rating, 'latest_update', repeat('Seen at home, and the plan is being followed. ', 6)
        )
    FROM (
        SELECT
            n,
            40 - ceil(40 * power(((n * 7919) % 100000 + 1) / 100001.0, 1 / 3.0))::integer AS o,
            now() - n * interval '7 minutes' AS moment,
            date '1940-01-01' + ((n * 104729::bigint) % 29000)::integer AS born,
            (ARRAY['green', 'green', 'green', 'amber', 'red'])[1 + n % 5] AS rating,
            (ARRAY['south_staffordshire', 'north_staffordshire_stoke'])[1 + n % 2] AS locality,
            initcap(s[1 + n * 31 % 40] || s[1 + n * 17 / 40 % 40]) AS given,
            initcap(s[1 + n * 7 % 40] || s[1 + n / 40 % 40] || s[1 + n * 13 / 1600 % 40]) AS family
        FROM
            generate_series($1::bigint, $2::bigint) AS n,
            (SELECT array_agg(a || b ORDER BY b, a) AS s
            FROM unnest('{b,d,f,k,l,m,r,t}'::text []) AS a, unnest('{a,e,i,o,u}'::text []) AS b) AS syllables
    ) AS each
"""
ADD_VERSIONS = """
    INSERT INTO referrals.record_version (
        record_id, version, act, changed_at, changed_by, changed_by_name, edition, answers
    )
    SELECT r.id, 0, 'created', r.created_at, r.created_by, r.created_by_name, r.edition, r.answers
    FROM referrals.record AS r
    LEFT JOIN referrals.record_version AS v ON v.record_id = r.id
    WHERE v.record_id IS NULL
"""
# Each record has two keys for comparison, as records added through the pages have.
ADD_KEYS = """
    INSERT INTO referrals.record_key (record_id, register_code, key, rule)
    SELECT r.id, r.register_code, encode(sha256((rule || r.id)::bytea), 'hex'), rule
    FROM referrals.record AS r, unnest(ARRAY['nhs_number', 'born family_name given_name']) AS rule
    ON CONFLICT DO NOTHING
"""
# The tasks that outcomes would open for these ratings when it compares. The second mail about urgent ones counts as
# sent. Otherwise the next comparison would open tens of thousands and send as many mails during a measurement.
ADD_TASKS = """
    INSERT INTO outcomes.task (
        id, kind, register_code, compartment_id, record_id, record_version, reference, locality, opened_at,
        told_again_at
    )
    SELECT
        gen_random_uuid(), CASE rating WHEN 'red' THEN 'urgent' ELSE 'agenda' END, register_code, compartment_id, id,
        version, reference, locality, rated_at, CASE rating WHEN 'red' THEN rated_at + interval '1 hour' END
    FROM referrals.record
    WHERE is_open AND rating IN ('amber', 'red') AND id NOT IN (SELECT record_id FROM outcomes.record_known)
"""
ADD_KNOWN = """
    INSERT INTO outcomes.record_known (record_id, version, compartment_id)
    SELECT id, version, compartment_id FROM referrals.record WHERE is_open
    ON CONFLICT DO NOTHING
"""
FIND_INDEXES = """
    SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
    FROM pg_index AS i
    WHERE i.indrelid = ANY(ARRAY['referrals.record', 'referrals.record_word', 'referrals.record_search']::regclass [])
        AND NOT i.indisunique
"""
WAKE_REPORTS = "UPDATE reports.feed SET wanted = true"
HAS_COPIES = "SELECT to_regclass('reports.record_copy') IS NOT NULL"
COUNT_LEFT = "SELECT (SELECT count(*) FROM referrals.record) - (SELECT count(*) FROM reports.record_copy)"
FIND_ACCOUNT = "SELECT account_id, first_name || ' ' || last_name AS full_name FROM identity.account WHERE email = $1"


@dataclass(frozen=True)
class Crowd:
    """The organisations, largest first, and the visitors who ask, named by the scope that they have."""

    organisations: tuple[UUID, ...]
    everywhere: Visitor
    one: Visitor
    own: Visitor


async def add_accounts(addresses: Addresses) -> Crowd:
    """Add forty organisations and three accounts: one sees all of them, one sees one, one sees its own records."""
    pool = await open_pool(addresses.dsn("identity"), size=1)
    async with transaction(pool) as db:
        there = await ensure_organisations(db, REGISTER, [])
        rows = [(f"Organisation {n}", f"bench{n}.nhs.uk") for n in range(1, ORGANISATIONS + 1 - len(there))]
        by_domain = await ensure_organisations(db, REGISTER, rows)
        password = Fixed(PasswordHashes(workers=1), DEMO_PASSWORD)
        ids = {each.email: await create_account(db, each, password) for each in ACCOUNTS}
    await pool.close()
    home = by_domain["bench1.nhs.uk"]
    others = tuple(each for each in by_domain.values() if each != home)
    everybodys = (home, *others)
    return Crowd(
        everybodys,
        _visitor(ids[EVERYWHERE], Role.ADMINISTRATOR, everybodys),
        _visitor(ids[ONE], Role.ADMINISTRATOR, (home,)),
        _visitor(ids[OWN], Role.STANDARD, (home,)),
    )


def _visitor(account_id: UUID, role: Role, organisations: tuple[UUID, ...]) -> Visitor:
    return Visitor(
        user_id=account_id,
        full_name="Some Body",
        register_code=REGISTER,
        role=role,
        organisation_ids=organisations,
        home_organisation_id=organisations[0],
        session_id=UUID(int=1),
        method="password_pin",
    )


async def add_records(server: DatabaseServer, crowd: Crowd, first: int, last: int) -> None:
    """Add records with the numbers `first` to `last`, with fresh statistics. Only reports has work left on them."""
    db = await asyncpg.connect(server.admin_dsn, server_settings={"search_path": "referrals"})
    try:
        async with db.transaction():  # no other reader at this time
            await _insert(db, crowd, first, last)
        await db.execute("SELECT referrals.fold_deltas()")
        await db.execute("VACUUM ANALYZE")
    finally:
        await db.close()


async def _insert(db: "asyncpg.Connection[asyncpg.Record]", crowd: Crowd, first: int, last: int) -> None:
    """Insert the rows without indexes and build those afterwards, which is faster."""
    indexes = await db.fetch(FIND_INDEXES)
    for each in indexes:
        await db.execute(f"DROP INDEX {each['name']}")
    await db.execute(ADD_RECORDS, first, last, list(crowd.organisations), crowd.own.user_id)
    for statement in (ADD_VERSIONS, ADD_KEYS, ADD_TASKS, ADD_KNOWN):
        await db.execute(statement)
    for each in indexes:
        await db.execute(each["definition"])


async def copied(server: DatabaseServer) -> bool:
    """Wait until reports has copied every record. Return False if it keeps no copy or needs more than ten minutes."""
    db = await asyncpg.connect(server.admin_dsn)
    try:
        if not await db.fetchval(HAS_COPIES):
            return False
        await db.execute(WAKE_REPORTS)

        async def nothing_left() -> bool:
            left: int = await db.fetchval(COUNT_LEFT)
            return left <= 0

        done = await until(nothing_left, COPY_SECONDS, every=0.5)
        await db.execute("VACUUM ANALYZE")
        return done
    finally:
        await asyncio.shield(db.close())
