"""Rules for the schema of every service, checked in a migrated database: functions, parameters and policies."""

import re
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from deploy.runner.places import migration_folders
from deploy.runner.stack import EmbeddedParts
from services.notifier.adding import MailRow
from services.outcomes.meeting_rules import WantedAgenda
from services.outcomes.store.standings import NewTask
from services.referrals.rules.reviewing import DueTime
from services.referrals.rules.search import Search
from services.referrals.store.finding import ListFilters, ListPage
from services.referrals.store.loaded import AddedRow, SavedRow
from services.referrals.store.saving import Content, NewCommand, NewRecord, NewVersion, OutboxRow, ShownDraft
from services.referrals.store.settling import AlikePair, WantedAlike
from services.reports.store.feeds import CopiedOutcome, CopiedRecord, RecountedCopy
from shared.database import Scope
from shared.messages import SERVICES
from shared.migrate import Connection
from tests.support.databases import database_copy

MOST_LINES = 60
MOST_PARAMETERS = 8
CHECKS_KEYS = "check_keys"

READ = re.compile(r"jsonb_to_record(?:set)?\([\w.]+\)\s+AS\s+\w+\s*\(([^()]*)\)")
CHECKED = re.compile(r"check_keys\([\w.]+,\s*ARRAY\[([^\]]*)\]")

# The type that is sent for each parameter that is read by key.
SENT: dict[str, dict[tuple[str, str], type]] = {
    "identity": {},
    "notifier": {("add_mails", "p_mails"): MailRow},
    "outcomes": {("open_task", "p_task"): NewTask, ("agenda_ids", "p_agenda"): WantedAgenda},
    "referrals": {
        ("open_scope", "p_scope"): Scope,
        ("take_command", "p_command"): NewCommand,
        ("submit_record", "p_record"): NewRecord,
        ("read_version", "p_version"): NewVersion,
        ("read_content", "p_content"): Content,
        ("put_events", "p_events"): OutboxRow,
        ("tells_of_rating", "p_events"): OutboxRow,
        ("load_records", "p_rows"): AddedRow,
        ("read_loaded", "p_rows"): SavedRow,
        ("read_contents", "p_contents"): Content,
        ("read_page", "p_page"): ListPage,
        ("read_filters", "p_filters"): ListFilters,
        ("read_due", "p_due"): DueTime,
        ("read_search", "p_search"): Search,
        ("find_alike", "p_wanted"): WantedAlike,
        ("flag_alike", "p_pairs"): AlikePair,
        ("submit_draft", "p_draft"): ShownDraft,
    },
    "reports": {
        ("read_record_copies", "p_records"): CopiedRecord,
        ("apply_outcomes", "p_outcomes"): CopiedOutcome,
        ("recount", "p_rows"): RecountedCopy,
    },
}

# The scope condition of every baseline, as Postgres prints it.
SCOPE = (
    "(register_code = ( SELECT current_setting('app.register'::text, true) AS current_setting))"
    " AND ((( SELECT current_setting('app.all'::text, true) AS current_setting) = '1'::text)"
    " OR (compartment_id = ANY (( SELECT (NULLIF(current_setting('app.compartments'::text, true), ''::text))::uuid[]"
    ' AS "nullif")::uuid[])))'
)

COVERED = (
    "(compartment_ids <@ ( SELECT (NULLIF(current_setting('app.compartments'::text, true), ''::text))::uuid[]"
    ' AS "nullif"))'
)

# Tables with a compartment that name no person, and that every visitor may read.
OPEN_TABLES = {"compartment"}
# Functions that a policy may call, because a sub-select runs them once per query.
ONCE_A_QUERY = {"held_ids()", "holder_ids()"}

FUNCTIONS = """
    SELECT p.proname, p.prosrc, p.prosecdef, p.pronargs,
        coalesce(p.proconfig, '{}') AS settings,
        ARRAY(
            SELECT p.proargnames[i.place]
            FROM unnest(p.proargtypes) WITH ORDINALITY AS i (type, place)
            WHERE i.type = 'jsonb'::regtype
        ) AS jsonb_parameters
    FROM pg_proc AS p
    WHERE p.pronamespace = $1::text::regnamespace
    ORDER BY p.proname
"""
POLICIES = (
    "SELECT tablename, policyname, concat_ws(' ', qual, with_check) AS said FROM pg_policies WHERE schemaname = $1"
)
CALLED_BY_POLICIES = """
    SELECT DISTINCT d.refobjid::regprocedure::text
    FROM pg_depend AS d
    INNER JOIN pg_policy AS o ON o.oid = d.objid
    INNER JOIN pg_class AS c ON c.oid = o.polrelid
    WHERE d.classid = 'pg_policy'::regclass AND d.refclassid = 'pg_proc'::regclass
        AND c.relnamespace = $1::text::regnamespace
"""
IN_SCOPE = """
    SELECT c.relname
    FROM pg_class AS c
    INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'compartment_id' AND NOT a.attisdropped
    WHERE c.relnamespace = $1::text::regnamespace AND c.relkind = 'r'
        AND has_any_column_privilege($1 || '_app', c.oid, 'SELECT')
"""
CHECK_KEYS = "SELECT outcomes.check_keys($1::text::jsonb, ARRAY['a', 'b'])"
PUBLIC = """
    SELECT p.oid::regprocedure::text
    FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
    WHERE p.pronamespace = $1::text::regnamespace AND a.grantee = 0
"""


@dataclass(frozen=True)
class SqlFunction:
    """A function in the schema of a service."""

    name: str
    body: str
    definer: bool
    parameters: int
    settings: list[str]
    jsonb_parameters: list[str]


@pytest_asyncio.fixture(scope="module")
async def migrated(parts: EmbeddedParts) -> AsyncIterator[str]:
    async with database_copy(parts) as addresses:
        yield addresses.databases["identity"].admin_dsn


@pytest.fixture
async def db(migrated: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(migrated)
    yield connection
    await connection.close()


async def functions_of(db: Connection, service: str) -> list[SqlFunction]:
    found = [SqlFunction(*row) for row in await db.fetch(FUNCTIONS, service)]
    assert CHECKS_KEYS in {each.name for each in found}
    return found


@pytest.mark.parametrize("service", SERVICES)
async def test_every_function_pins_its_path(db: Connection, service: str) -> None:
    found = await functions_of(db, service)

    assert [] == [each.name for each in found if f"search_path={service}" not in each.settings]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_function_is_short_and_has_few_parameters(db: Connection, service: str) -> None:
    found = await functions_of(db, service)

    assert [] == [each.name for each in found if len(each.body.strip().splitlines()) > MOST_LINES]
    assert [] == [each.name for each in found if each.parameters > MOST_PARAMETERS]


@pytest.mark.parametrize("service", SERVICES)
async def test_every_function_with_its_owners_rights_is_listed_with_its_reason(db: Connection, service: str) -> None:
    reasons: dict[str, str] = {}
    for folder in migration_folders(service):
        reasons |= read_definers(folder / "definers.toml")

    assert {each.name for each in await functions_of(db, service) if each.definer} == set(reasons)
    assert [] == [name for name, reason in reasons.items() if not re.fullmatch(r"[A-Z][^.]{20,}\.", reason)]


@pytest.mark.parametrize("service", SERVICES)
async def test_no_function_is_open_to_every_role(db: Connection, service: str) -> None:
    assert [] == [row[0] for row in await db.fetch(PUBLIC, service)]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_parameter_passed_by_name_is_read_once_with_types_and_holds_what_is_sent(
    db: Connection, service: str
) -> None:
    found = [each for each in await functions_of(db, service) if each.name != CHECKS_KEYS]
    readers = {}
    for function in found:
        for parameter in function.jsonb_parameters:
            if (keys := keys_read(function, parameter, [each.name for each in found])) is not None:
                readers[function.name, parameter] = keys

    assert readers == {place: {each.name for each in fields(sent)} for place, sent in SENT[service].items()}


def keys_read(function: SqlFunction, parameter: str, others: list[str]) -> set[str] | None:
    """Return the keys that a function reads of its parameter, or None if it only passes the parameter on."""
    where = f"{function.name}({parameter})"
    assert not re.search(rf"\b{parameter}\s*(->|#>|\?|@>)", function.body), f"{where}: read without types"
    taken = re.findall(rf"jsonb_(?:to_record|to_recordset|array_elements)\({parameter}\)", function.body)
    if not taken:
        handed_on = re.search(rf"\b(?:{'|'.join(others)})\([^()]*\b{parameter}\b", function.body)
        assert handed_on, f"{where}: neither read nor handed on"
        return None
    assert len(taken) == 1, f"{where}: read twice"
    sql = function.body[function.body.index(taken[0]) :]
    keys = names_in(READ, sql)
    assert keys == {each.strip("'") for each in names_in(CHECKED, sql)}, f"{where}: other keys are checked than read"
    return keys


def names_in(pattern: re.Pattern[str], sql: str) -> set[str]:
    found = pattern.search(sql)
    return {each.split()[0] for each in found[1].split(",")} if found else set()


@pytest.mark.parametrize("service", SERVICES)
async def test_no_policy_calls_a_function_for_each_row(db: Connection, service: str) -> None:
    called = {row[0].removeprefix(f"{service}.") for row in await db.fetch(CALLED_BY_POLICIES, service)}
    conditions = [text for _, _, text in await db.fetch(POLICIES, service)]

    assert set() == called - ONCE_A_QUERY
    for each in called:
        assert [] == [text for text in conditions if text.count(each) != text.count(f"( SELECT {service}.{each}")]


@pytest.mark.parametrize("service", [each for each in SERVICES if each != "identity"])
async def test_one_scope_condition_holds_on_every_table_of_an_organisation(db: Connection, service: str) -> None:
    said = [
        (table, text) for table, _, text in await db.fetch(POLICIES, service) if re.search(r"\bcompartment_id\b", text)
    ]

    assert {row[0] for row in await db.fetch(IN_SCOPE, service)} - OPEN_TABLES == {table for table, _ in said}
    assert [] == [table for table, text in said if text.count(SCOPE) != text.count("compartment_id")]


async def test_a_report_is_only_for_users_who_reach_all_that_it_covers(db: Connection) -> None:
    """A file covers many compartments, so its condition compares sets instead of one compartment."""
    policies = {(table, name): text for table, name, text in await db.fetch(POLICIES, "reports")}
    said = policies["job", "scope"]

    assert COVERED in said
    assert "(user_id = ( SELECT (NULLIF(current_setting('app.user'" in said


def read_definers(file: Path) -> dict[str, str]:
    return tomllib.loads(file.read_text("utf-8")) if file.exists() else {}


@pytest.mark.parametrize("given", ['{"a": 1}', '{"a": 1, "b": 2, "c": 3}', '{"a": 1, "c": 3}', "{}"])
async def test_an_unknown_or_missing_key_is_refused(db: Connection, given: str) -> None:
    assert await db.fetchval(CHECK_KEYS, '{"b": null, "a": {"x": 1}}')

    with pytest.raises(asyncpg.InvalidParameterValueError, match="a key is unknown or missing"):
        await db.execute(CHECK_KEYS, given)
