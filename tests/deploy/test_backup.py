"""Backups: what is in them, what is refused, and that a restored copy acts only once it is released."""

import asyncio
import shutil
from contextlib import ExitStack
from errno import ENOSPC
from pathlib import Path

import pytest

from deploy.demo.loader import load_demo
from deploy.operate.actions import create_master_admin, release, verify_audit
from deploy.operate.backup import programs
from deploy.operate.backup.archive import Archive, ArchiveWriter, PartDigest, open_archive
from deploy.operate.backup.making import Backup, back_up
from deploy.operate.backup.manifest import Manifest
from deploy.operate.backup.programs import connection_of
from deploy.operate.backup.restoring import restore
from deploy.runner.database import DatabaseServer, bootstrap, scram_verifier
from deploy.runner.environment import Addresses, databases
from deploy.runner.keyring import open_keyring
from deploy.runner.places import migration_folders
from deploy.runner.preparation import migrate_alone
from deploy.runner.refusals import CannotStart
from deploy.runner.settings import RunnerSettings
from deploy.runner.stack import EmbeddedParts
from deploy.runner.state import locked, open_state
from shared.assertion import Signer
from shared.clock import utc_now
from shared.database import open_pool
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import SERVICES
from shared.migrate import Phase, migrate
from shared.outbox import Relay
from shared.tasks import end
from tests.deploy.dumps import act, connected, contents, default_grants, heads_of, schema_of, seal

pytestmark = pytest.mark.programs

PASSPHRASE = "correct horse battery staple"
WHO = ("morgan@staffordshire.gov.uk", "Morgan", "Master")
CHANGED = ("session", "attempt", "installation")  # by the restore itself


def settings_of(folder: Path, **others: object) -> RunnerSettings:
    return RunnerSettings.model_validate({"state_dir": folder, "backup_passphrase": PASSPHRASE, **others})


def test_a_folder_of_sockets_may_have_a_space_in_its_name() -> None:
    """PostgreSQL's programs take a plus for a plus, unlike Python."""
    server = DatabaseServer("postgresql://admin:made%20up@/ics?host=/srv/ics%20registers/run")

    address, environment = connection_of(server)

    assert "postgresql://admin@/ics?host=%2Fsrv%2Fics%20registers%2Frun" == address
    assert "made up" == environment["PGPASSWORD"]


@pytest.fixture
def settings(quick_path: Path) -> RunnerSettings:
    return settings_of(quick_path / "state")


async def made(settings: RunnerSettings, place: Path) -> Backup:
    """Make an installation with an account and its letter, and back it up."""
    await create_master_admin(settings, *WHO)
    return await back_up(settings, place)


async def test_a_restored_copy_holds_all_and_sends_only_once_it_is_released(quick_path: Path) -> None:
    parts = EmbeddedParts(quick_path / "state", durable=False)
    await parts.start_postgres()
    try:
        await load_demo(parts.addresses)
        await act(parts.addresses)
        await seal(parts.addresses)
        parts.state.audit_heads.write_text("\n".join(await heads_of(parts.addresses)))
        parts.state.loaded.touch()
        backup = await back_up(settings_of(quick_path / "state"), quick_path / "whole")
        before, schema = await contents(parts.database), schema_of(parts.database)
        grants = await default_grants(parts.database)
    finally:
        await parts.postgres.stop(asyncio.Event())
    copy = settings_of(quick_path / "copy")

    await restore(copy, backup.file)

    again = EmbeddedParts(quick_path / "copy", durable=False)
    await again.start_postgres()
    try:
        assert before.without(*CHANGED) == (await contents(again.database)).without(*CHANGED)
        assert schema == schema_of(again.database)
        assert len(SERVICES) == len(grants)
        assert grants == await default_grants(again.database)
        assert parts.keyring == again.keyring
        assert again.state.loaded.exists()
        assert 0 == await published(again.addresses)
        assert not any(each.fault for each in await verify_audit(copy))
        assert list(SERVICES) == await release(copy)
        assert [] == await release(copy)
        assert await published(again.addresses) > 0
    finally:
        await again.postgres.stop(asyncio.Event())


async def published(addresses: Addresses) -> int:
    """Return how many events the relay of referrals publishes when it runs once."""
    pool, wire = await open_pool(addresses.dsn("referrals"), size=1), FakeWire()
    try:
        await Relay(pool, FakeBus("referrals", wire), Signer("referrals", bytes(32)), {}).carry_batch()
    finally:
        await pool.close()
    return len(wire.published)


async def test_a_backup_is_of_one_moment_while_people_work(quick_path: Path) -> None:
    """The rows are counted before they are dumped, and the restore compares."""
    parts = EmbeddedParts(quick_path / "state", durable=False)
    await parts.start_postgres()
    try:
        working = asyncio.create_task(_work(parts.addresses))
        await asyncio.sleep(0.2)
        backup = await back_up(settings_of(quick_path / "state"), quick_path / "backup")
        await end([working])
        during = (await contents(parts.database)).rows
    finally:
        await parts.postgres.stop(asyncio.Event())

    manifest = await restore(settings_of(quick_path / "copy"), backup.file)

    assert 0 < manifest.rows["identity.audit"] < during["identity.audit"]


async def test_a_backup_of_an_older_version_is_brought_up_to_this_one(quick_path: Path) -> None:
    parts = EmbeddedParts(quick_path / "state", durable=False)
    await parts.postgres.start()
    await parts.postgres.ready()
    try:
        await bootstrap(parts.database, SERVICES, parts.keyring.role_passwords)
        for service in SERVICES:
            folders = [baseline_of(each, quick_path / service) for each in migration_folders(service)]
            await migrate(parts.addresses.migrator_dsn(service), service, folders, Phase.ALL)
        backup = await back_up(settings_of(quick_path / "state"), quick_path / "backup")
    finally:
        await parts.postgres.stop(asyncio.Event())
    copy = settings_of(quick_path / "copy")

    manifest = await restore(copy, backup.file)

    assert ["spine/0001_pre_baseline.sql", "sql/0001_pre_baseline.sql"] == sorted(manifest.migrations["referrals"])
    assert list(SERVICES) == await release(copy)


def baseline_of(folder: Path, place: Path) -> Path:
    """Return a folder with the first of these migrations alone, and no functions."""
    (place / folder.name).mkdir(parents=True)
    shutil.copy(folder / "0001_pre_baseline.sql", place / folder.name)
    return place / folder.name


async def _work(addresses: Addresses) -> None:
    while True:
        await act(addresses)


def test_a_folder_whose_restore_was_interrupted_is_not_used(tmp_path: Path) -> None:
    open_state(tmp_path / "state").restoring.touch()

    with pytest.raises(CannotStart, match="was interrupted"):
        open_state(tmp_path / "state")


async def test_a_backup_says_nothing_of_what_is_in_it(settings: RunnerSettings, quick_path: Path) -> None:
    backup = await made(settings, quick_path / "backup")

    content = backup.file.read_bytes()
    assert 0o600 == backup.file.stat().st_mode & 0o777
    assert not any(
        word in content for word in (b"Morgan", b"staffordshire", b"CREATE TABLE", b"role_passwords", b"PGDMP")
    )
    assert [backup.file] == [each for each in quick_path.iterdir() if each.is_file()]


async def test_a_backup_into_a_folder_is_named_by_its_time(settings: RunnerSettings, quick_path: Path) -> None:
    (quick_path / "backups").mkdir()

    backup = await made(settings, quick_path / "backups")

    assert backup.file.parent == quick_path / "backups"
    assert backup.file.name.startswith("ics-backup-20")


async def test_a_backup_does_not_migrate_what_it_backs_up(settings: RunnerSettings, quick_path: Path) -> None:
    await create_master_admin(settings, *WHO)
    drop = "DELETE FROM identity.functions_file"
    parts = EmbeddedParts(settings.state_dir, durable=False)
    await parts.postgres.start()
    await parts.postgres.ready()
    async with connected(parts.database.admin_dsn) as db:
        await db.execute(drop)
    await parts.postgres.stop(asyncio.Event())

    backup = await back_up(settings, quick_path / "backup")

    assert 0 == Manifest.verified(open_archive(backup.file, PASSPHRASE.encode())).rows["identity.functions_file"]


async def test_a_backup_is_never_overwritten(settings: RunnerSettings, quick_path: Path) -> None:
    (quick_path / "backup").write_text("another")

    with pytest.raises(CannotStart, match="never overwritten"):
        await back_up(settings, quick_path / "backup")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (CannotStart("pg_dump failed"), "pg_dump failed"),
        (OSError(ENOSPC, "No space left on device"), "cannot be written: No space left on device"),
    ],
)
async def test_a_backup_that_fails_half_way_leaves_nothing(
    settings: RunnerSettings, quick_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, said: str
) -> None:
    await create_master_admin(settings, *WHO)
    begun: list[Path] = []

    async def dump_some(*_given: object, **_named: object) -> None:
        begun.extend(each for each in quick_path.iterdir() if each.is_file())
        raise fault

    monkeypatch.setattr(programs, "dump", dump_some)

    with pytest.raises(CannotStart, match=said):
        await back_up(settings, quick_path / "backup")

    assert 1 == len(begun)
    assert [] == [each for each in quick_path.iterdir() if each.is_file()]


async def test_a_backup_is_not_begun_without_room_for_it(
    settings: RunnerSettings, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_master_admin(settings, *WHO)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))

    with pytest.raises(CannotStart, match="MB are needed"):
        await back_up(settings, quick_path / "backup")

    assert [] == [each for each in quick_path.iterdir() if each.is_file()]


async def test_a_restore_without_room_makes_no_folder_so_that_it_can_be_tried_again(
    settings: RunnerSettings, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = await made(settings, quick_path / "backup")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))

    with pytest.raises(CannotStart, match="MB are needed"):
        await restore(settings_of(quick_path / "copy"), backup.file)

    assert not (quick_path / "copy").exists()


async def test_no_installation_is_made_in_order_to_back_it_up(settings: RunnerSettings, quick_path: Path) -> None:
    with pytest.raises(CannotStart, match="There is no installation in"):
        await back_up(settings, quick_path / "backup")

    assert not settings.state_dir.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"backup_passphrase": None}, "Set ICS_BACKUP_KEY_FILE"),
        ({"backup_passphrase": "short"}, "too short"),
        ({"backup_key_file": "open"}, "not both"),
        ({"backup_passphrase": None, "backup_key_file": "open"}, "can be read by others"),
        ({"backup_passphrase": None, "backup_key_file": "missing"}, "cannot be read"),
    ],
)
async def test_a_missing_or_weak_secret_is_refused(quick_path: Path, given: dict[str, str | None], said: str) -> None:
    (quick_path / "open").write_text(PASSPHRASE)
    (quick_path / "open").chmod(0o644)
    if key_file := given.get("backup_key_file"):
        given = {**given, "backup_key_file": str(quick_path / key_file)}

    with pytest.raises(CannotStart, match=said):
        await back_up(settings_of(quick_path / "state", **given), quick_path / "backup")


async def test_a_key_file_opens_what_it_closed(quick_path: Path) -> None:
    key = quick_path / "key"
    key.write_text(PASSPHRASE)
    key.chmod(0o600)
    settings = settings_of(quick_path / "state", backup_passphrase=None, backup_key_file=key)

    backup = await made(settings, quick_path / "backup")

    assert Manifest.verified(open_archive(backup.file, key.read_bytes())).rows["identity.account"] == 1


async def test_what_cannot_be_restored_is_refused_and_nothing_is_written(
    settings: RunnerSettings, quick_path: Path
) -> None:
    backup = await made(settings, quick_path / "backup")
    whole, copy = backup.file.read_bytes(), settings_of(quick_path / "copy")
    other = settings_of(quick_path / "copy", backup_passphrase="another passphrase altogether")
    half, changed, foreign = (quick_path / name for name in ("half", "changed", "foreign"))
    half.write_bytes(whole[: len(whole) // 2])
    changed.write_bytes(whole[:-2000] + bytes([whole[-2000] ^ 1]) + whole[-1999:])
    foreign.write_bytes(b"PK\x03\x04")

    for tried, file, said in (
        (other, backup.file, "passphrase or key is not the one"),
        (copy, half, "damaged or incomplete"),
        (copy, changed, "damaged or incomplete"),
        (copy, foreign, "is not a backup"),
        (copy, quick_path / "missing", "cannot be read"),
        (settings, backup.file, "is not empty"),
    ):
        with pytest.raises(CannotStart, match=said):
            await restore(tried, file)
    assert not copy.state_dir.exists()


def test_a_part_that_differs_from_the_manifest_is_refused(tmp_path: Path) -> None:
    secret, file = PASSPHRASE.encode(), tmp_path / "backup"
    with file.open("wb") as stream:
        writer = ArchiveWriter(stream, secret)
        writer.begin("audit-heads")
        writer.add(b"identity 1 aa")
        parts = {"audit-heads": PartDigest(13, "00")}
        kept = Manifest(version="1", release=1, made_at=utc_now(), databases=[], migrations={}, rows={}, parts=parts)
        writer.finish(kept.model_dump_json().encode())

    with pytest.raises(CannotStart, match="not what its manifest says"):
        Manifest.verified(open_archive(file, secret))


async def test_a_backup_of_a_newer_version_is_refused(
    settings: RunnerSettings, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = await made(settings, quick_path / "backup")
    monkeypatch.setattr("deploy.operate.backup.manifest.RELEASE", 0)

    with pytest.raises(CannotStart, match="which is newer than"):
        await restore(settings_of(quick_path / "copy"), backup.file)


async def miscounted(_db: object, _services: object) -> dict[str, int]:
    return {}


async def test_a_failed_restore_leaves_an_empty_folder(
    settings: RunnerSettings, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = await made(settings, quick_path / "backup")
    monkeypatch.setattr("deploy.operate.backup.restoring.count_rows", miscounted)

    with pytest.raises(CannotStart, match="Not all rows were restored"):
        await restore(settings_of(quick_path / "copy"), backup.file)

    assert [] == list((quick_path / "copy").iterdir())


@pytest.mark.parametrize("runs", [True, False])
async def test_a_restore_leaves_an_installation_alone_that_was_made_meanwhile(
    settings: RunnerSettings, quick_path: Path, monkeypatch: pytest.MonkeyPatch, *, runs: bool
) -> None:
    """Reading a large backup takes minutes, in which `ics up` may begin in the same folder."""
    backup, copy = await made(settings, quick_path / "backup"), settings_of(quick_path / "copy")
    read, running = Manifest.verified, ExitStack()

    def read_slowly(archive: Archive) -> Manifest:
        state = open_state(copy.state_dir)
        open_keyring(state.keyring_file)
        if runs:
            running.enter_context(locked(state))
        return read(archive)

    monkeypatch.setattr(Manifest, "verified", read_slowly)

    with running, pytest.raises(CannotStart, match="in use" if runs else "is not empty"):
        await restore(copy, backup.file)

    assert (copy.state_dir / "secrets.json").exists()


async def test_a_hosted_database_is_backed_up_and_restored_without_a_superuser(
    quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The administrator may create roles, and owns the databases. The second was migrated before, and is empty.

    A restore that fails at its end leaves nothing in it, so that the next one can begin.
    """
    parts = EmbeddedParts(quick_path / "server", durable=False)
    await parts.postgres.start()
    await parts.postgres.ready()
    try:
        async with connected(parts.database.with_database("postgres").admin_dsn) as db:
            await db.execute(f"CREATE ROLE hosted CREATEROLE LOGIN PASSWORD '{scram_verifier('made up')}'")
            await db.execute("CREATE DATABASE first OWNER hosted")
            await db.execute("CREATE DATABASE second OWNER hosted")
        first, second = (parts.database.with_database(each) for each in ("first", "second"))
        hosted, copy = (
            settings_of(quick_path / name, database_url=each.dsn("hosted", "made up"))
            for name, each in (("state", first), ("copy", second))
        )
        addresses = await migrated(hosted)
        await load_demo(addresses)
        backup = await back_up(hosted, quick_path / "backup")
        await migrated(copy)
        shutil.rmtree(copy.state_dir)

        with monkeypatch.context() as wrong:
            wrong.setattr("deploy.operate.backup.restoring.count_rows", miscounted)
            with pytest.raises(CannotStart, match="Not all rows were restored"):
                await restore(copy, backup.file)
        assert {} == (await contents(second)).rows
        await restore(copy, backup.file)

        whole = (await contents(first)).without(*CHANGED)
        assert whole == (await contents(second)).without(*CHANGED)
        assert whole.rows["referrals.record"] > 10
        assert list(SERVICES) == await release(copy)
    finally:
        await parts.postgres.stop(asyncio.Event())


async def migrated(settings: RunnerSettings) -> Addresses:
    state = open_state(settings.state_dir)
    await migrate_alone(settings, state, Phase.ALL)
    return Addresses(open_keyring(state.keyring_file), databases(settings, None), "")
