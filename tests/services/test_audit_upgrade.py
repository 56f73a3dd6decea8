"""An audit that was sealed before rows named their server's start stays valid, and goes on."""

import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy.runner.database import bootstrap, drop_database
from deploy.runner.environment import Addresses
from deploy.runner.places import migration_folders
from deploy.runner.stack import EmbeddedParts, addresses_in
from shared.audit import AuditVerification, verify
from shared.migrate import Phase, migrate
from tests.deploy.dumps import ACT, SEAL, connected

pytestmark = pytest.mark.slow  # it makes a database of its own

OLD_FUNCTIONS = """
CREATE OR REPLACE FUNCTION audit_stretch(from_xid xid8, to_xid xid8, OUT stretch bytea, OUT counted bigint)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT
        coalesce(string_agg(sha256(convert_to(row(a.id, extract(epoch FROM a.at), a.xid, a.actor, a.session, a.action,
            a.register, a.subjects, a.fields)::text, 'UTF8')), ''::bytea ORDER BY a.xid, a.id), ''::bytea),
        count(*)
    FROM audit AS a
    WHERE a.xid >= from_xid AND a.xid < to_xid
$$;

CREATE OR REPLACE FUNCTION seal_audit(OUT seal_n bigint, OUT seal_hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    last audit_seal%ROWTYPE;
    upto xid8 := pg_snapshot_xmin(pg_current_snapshot());
    found_stretch bytea;
    found_rows bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.seal', 0)) THEN
        RETURN;
    END IF;
    SELECT * INTO last FROM audit_seal ORDER BY n DESC LIMIT 1;
    IF NOT FOUND THEN
        last.n := 0;
        last.hi := '0'::xid8;
        last.hash := ''::bytea;
    END IF;
    SELECT stretch, counted INTO found_stretch, found_rows FROM audit_stretch(last.hi, upto);
    seal_n := last.n;
    seal_hash := last.hash;
    IF found_rows > 0 THEN
        seal_n := last.n + 1;
        seal_hash := sha256(last.hash || found_stretch);
        INSERT INTO audit_seal (n, lo, hi, rows, prev, hash)
        VALUES (seal_n, last.hi, upto, found_rows, last.hash, seal_hash);
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION seal_audit() TO "<service>_app";
"""
TAMPER = "UPDATE identity.audit SET action = 'other' WHERE id = 1"


@pytest.fixture
async def addresses(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    server = parts.database.with_database(f"test_{secrets.token_hex(6)}")
    await bootstrap(server, ["identity"], parts.keyring.role_passwords)
    yield addresses_in(parts, server)
    await drop_database(server)


@pytest.fixture
def first_release(tmp_path: Path) -> list[Path]:
    """The folders of identity's SQL files as they were at first."""
    spine, own = migration_folders("identity")
    before = tmp_path / "spine"
    (before / "functions").mkdir(parents=True)
    shutil.copy(spine / "0001_pre_baseline.sql", before)
    (before / "functions" / "audit.sql").write_text(OLD_FUNCTIONS)
    return [before, own]


async def act_and_seal(addresses: Addresses, *, times: int, sealed: bool) -> None:
    async with connected(addresses.dsn("identity")) as db:
        for _ in range(times):
            await db.execute(ACT)
            if sealed:
                await db.fetchval(SEAL)


async def verified(addresses: Addresses, heads: list[str]) -> AuditVerification:
    async with connected(addresses.migrator_dsn("identity"), "identity") as db:
        return await verify(db, "identity", heads)


async def test_an_audit_that_was_sealed_before_stays_valid_and_goes_on(
    addresses: Addresses, first_release: list[Path]
) -> None:
    dsn = addresses.migrator_dsn("identity")
    await migrate(dsn, "identity", first_release, Phase.ALL)
    await act_and_seal(addresses, times=3, sealed=True)
    async with connected(addresses.databases["identity"].admin_dsn) as db:
        heads = [f"identity 3 {(await db.fetchval('SELECT hash FROM identity.audit_seal WHERE n = 3')).hex()}"]
    await act_and_seal(addresses, times=2, sealed=False)

    await migrate(dsn, "identity", migration_folders("identity"), Phase.ALL)

    assert AuditVerification("identity", seals=3, rows=3, unsealed=2) == await verified(addresses, heads)
    await act_and_seal(addresses, times=3, sealed=True)
    await act_and_seal(addresses, times=1, sealed=True)
    after = await verified(addresses, heads)
    assert (None, 9, 0) == (after.fault, after.rows, after.unsealed)
    async with connected(addresses.databases["identity"].admin_dsn) as db:
        await db.execute(TAMPER)
    assert "seal 1 does not match its rows" == (await verified(addresses, heads)).fault


async def test_a_sealer_of_the_release_before_seals_nothing_wrong(
    addresses: Addresses, first_release: list[Path], tmp_path: Path
) -> None:
    """Between the numbered file and the functions file, the old function runs on the new tables."""
    dsn = addresses.migrator_dsn("identity")
    await migrate(dsn, "identity", first_release, Phase.ALL)
    spine, own = migration_folders("identity")
    for numbered in spine.glob("*.sql"):
        shutil.copy(numbered, first_release[0])
    await migrate(dsn, "identity", [first_release[0], own], Phase.ALL)

    with pytest.raises(asyncpg.PostgresError):
        await act_and_seal(addresses, times=1, sealed=True)

    await migrate(dsn, "identity", [spine, own], Phase.ALL)
    await act_and_seal(addresses, times=1, sealed=True)
    found = await verified(addresses, [])
    assert (None, 2, 0) == (found.fault, found.rows, found.unsealed)
