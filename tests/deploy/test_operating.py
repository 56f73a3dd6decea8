"""What an operator does: create a first account, verify the audit, check a register's definition."""

import asyncio
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from typer.testing import CliRunner

from deploy.cli import app
from deploy.operate.actions import create_master_admin, reached, rebuild_reports, verify_audit
from deploy.operate.set_aside import drop, list_all, publish_all_again, retry
from deploy.runner.keyring import open_keyring
from deploy.runner.refusals import CannotStart
from deploy.runner.settings import RunnerSettings
from deploy.runner.state import open_state
from shared.registers.checks.kept import kept_of
from shared.registers.files import SHIPPED, load_file

pytestmark = pytest.mark.programs

WHO = ("morgan@staffordshire.gov.uk", "Morgan", "Master")
FIND_ADMIN = """
    SELECT (SELECT count(*) FROM identity.account WHERE master_admin) AS admins,
        (SELECT count(*) FROM identity.outbox WHERE subjects = '{ask.notifier.queue_mail}') AS letters
"""
TAMPER = "UPDATE identity.audit SET action = 'nothing_happened'"


@pytest.fixture
def settings(quick_path: Path) -> RunnerSettings:
    return RunnerSettings(state_dir=quick_path / "state")


async def ask(settings: RunnerSettings, statement: str, *values: object) -> "asyncpg.Record | None":
    async with reached(settings, open_state(settings.state_dir)) as addresses:
        connection = await asyncpg.connect(addresses.databases["identity"].admin_dsn)
        try:
            return await connection.fetchrow(statement, *values)
        finally:
            await connection.close()


async def test_the_first_master_admin_is_made_once_and_is_sent_a_password(settings: RunnerSettings) -> None:
    await create_master_admin(settings, *WHO)
    with pytest.raises(CannotStart, match="already"):
        await create_master_admin(settings, *WHO)

    found = await ask(settings, FIND_ADMIN)
    assert found is not None
    assert (1, 1) == (found["admins"], found["letters"])


async def test_an_address_that_is_none_is_refused_in_words(settings: RunnerSettings) -> None:
    with pytest.raises(CannotStart, match="check them for typing errors"):
        await create_master_admin(settings, "morgan", "Morgan", "Master")


async def test_tampering_with_the_audit_is_found_by_the_command(settings: RunnerSettings) -> None:
    await create_master_admin(settings, *WHO)
    await ask(settings, "SELECT identity.seal_audit()")
    before = {each.service: each.fault for each in await verify_audit(settings)}

    await ask(settings, TAMPER)

    after = {each.service: each.fault for each in await verify_audit(settings)}
    assert not any(before.values())
    assert ["identity"] == [service for service, fault in after.items() if fault]


EVENT, LETTER = UUID(int=7), UUID(int=8)
ADD_EVENT = """
    INSERT INTO referrals.outbox (event_id, subjects, event_type, body, sent_at)
    VALUES ($1, '{notice.dsr.body.urgent}', 'dsr-urgent-1', '{}', clock_timestamp())
"""
SET_ASIDE = """
    INSERT INTO notifier.set_aside (consumer, event_id, subject, reason, deliveries)
    VALUES ('notifier--notice', $1, 'notice.dsr.body.urgent', 'KeyError', 6),
        ('mail', $2, 'ask.notifier.queue_mail', 'no_address', 1)
"""
FIND_DECIDED = """
    SELECT
        (SELECT count(*) FROM referrals.outbox WHERE lost_at IS NOT NULL) AS again,
        (SELECT array_agg(event_id) FROM notifier.set_aside) AS left,
        (SELECT array_agg(action || ' ' || subjects[1] || ' ' || fields[1] ORDER BY id) FROM notifier.audit) AS audited
"""


async def with_set_aside(settings: RunnerSettings) -> None:
    await ask(settings, ADD_EVENT, EVENT)
    await ask(settings, SET_ASIDE, str(EVENT), str(LETTER))


async def test_what_was_set_aside_is_listed_delivered_again_or_dropped_and_audited(settings: RunnerSettings) -> None:
    await with_set_aside(settings)
    listed = [
        (service, each.consumer, each.event_id, each.kind, each.reason) for service, each in await list_all(settings)
    ]

    readers = [await retry(settings, str(EVENT)), await drop(settings, str(LETTER))]

    assert [
        ("notifier", "mail", str(LETTER), "ask queue_mail", "no_address"),
        ("notifier", "notifier--notice", str(EVENT), "notice urgent", "KeyError"),
    ] == sorted(listed)
    decided = await ask(settings, FIND_DECIDED)
    assert decided is not None
    assert ([["notifier--notice"], ["mail"]], 1, None) == (readers, decided["again"], decided["left"])
    assert [
        f"set_aside.retried {EVENT} notifier--notice",
        f"set_aside.dropped {LETTER} mail",
    ] == decided["audited"]


async def test_what_cannot_be_delivered_again_stays_on_the_list_and_that_is_said(settings: RunnerSettings) -> None:
    await with_set_aside(settings)

    with pytest.raises(CannotStart, match="no outbox has it"):
        await retry(settings, str(LETTER))
    for act in (retry, drop):
        with pytest.raises(CannotStart, match="No event with the id ruby is set aside"):
            await act(settings, "ruby")

    assert 2 == len(await list_all(settings))


async def test_an_event_whose_id_cannot_be_read_can_be_dropped(settings: RunnerSettings) -> None:
    await ask(settings, SET_ASIDE, "ruby", str(LETTER))

    with pytest.raises(CannotStart, match="no outbox has it"):
        await retry(settings, "ruby")
    await drop(settings, "ruby")

    assert [str(LETTER)] == [each.event_id for _, each in await list_all(settings)]


async def test_every_event_that_is_kept_can_be_published_again(settings: RunnerSettings) -> None:
    await with_set_aside(settings)

    assert (1, 0) == (await publish_all_again(settings), await publish_all_again(settings))


async def test_the_copies_of_reports_are_made_anew_when_an_operator_says_so(settings: RunnerSettings) -> None:
    first, second = await rebuild_reports(settings), await rebuild_reports(settings)

    found = await ask(settings, "SELECT count(*) AS begun FROM reports.feed WHERE rebuild_sequence = 0 AND wanted")
    assert (["referrals", "outcomes"], []) == (first, second)
    assert found is not None
    assert 2 == found["begun"]


def test_a_good_definition_can_be_used() -> None:
    result = CliRunner().invoke(app, ["register", "check", str(SHIPPED / "dsr" / "2022.toml")])

    assert (0, "This definition can be used.") == (result.exit_code, result.output.splitlines()[-1])


def test_every_fault_of_a_definition_is_said_with_its_place(tmp_path: Path) -> None:
    text = (SHIPPED / "dsr" / "2022.toml").read_text()
    file = tmp_path / "2022.toml"
    file.write_text(text.replace('show_if = { capacity_to_consent = "no" }', 'show_if = { capcity = "no" }'))

    result = CliRunner().invoke(app, ["register", "check", str(file)])

    assert 1 == result.exit_code
    assert "best_interest_decision depends on capcity, which is not asked before it" in result.output


def test_what_definitions_no_longer_hold_is_named(tmp_path: Path) -> None:
    text = (SHIPPED / "dsr" / "2022.toml").read_text()
    file = tmp_path / "2022.toml"
    file.write_text(text.replace("[contact]", '[brand]\nlogo = "none"\n\n[contact]', 1))

    result = CliRunner().invoke(app, ["register", "check", str(file)])

    assert result.output.startswith("brand: is not a word that a definition knows; known here: access, ")
    assert (1, "1 fault.") == (result.exit_code, result.output.splitlines()[-1])


def test_a_definition_is_compared_with_the_editions_beside_it_and_its_place(tmp_path: Path) -> None:
    text = (SHIPPED / "dsr" / "2022.toml").read_text()
    folder = tmp_path / "dsr"
    folder.mkdir()
    newer = folder / "2023.toml"
    newer.write_text(
        text.replace('edition = "2022"', 'edition = "2023"').replace('name = "meeting_outcome"', 'name = "met"')
    )
    copied = folder / "2023 (2).toml"
    copied.write_text(text)

    checked = {each: CliRunner().invoke(app, ["register", "check", str(each)]).output for each in (newer, copied)}

    assert "outcome: meeting_outcome is gone: keep it and say retired = true" in checked[newer]
    assert "Compared with edition 2022." in checked[newer]
    assert "Not compared with what is in use: " in checked[newer]
    assert (
        "register, edition: is 2022, and the file is called 2023 (2).toml: it must be called 2022.toml"
        in checked[copied]
    )


def test_a_shared_list_is_checked_too(tmp_path: Path) -> None:
    good, faulty = tmp_path / "towns.csv", tmp_path / "cities.csv"
    good.write_text("code,name\na,A\nb,B\n")
    faulty.write_text("code,name\na,A\n,B\n")

    said = [CliRunner().invoke(app, ["register", "check", str(each)]).output.splitlines() for each in (good, faulty)]

    assert "This list can be used." == said[0][-1]
    assert ["lists/cities.csv, line 3: has no code", "1 fault."] == [said[1][0], said[1][-1]]


async def test_a_definition_is_compared_with_the_records_of_a_running_installation(
    settings: RunnerSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loaded = load_file(SHIPPED / "dsr" / "2022.toml")
    kept = kept_of(loaded.definition).model_dump_json()
    add = "INSERT INTO edition_kept (register_code, edition, is_used, kept) VALUES ('dsr', '2022', true, $1)"
    file = tmp_path / "dsr" / "2022.toml"
    file.parent.mkdir()
    text = (SHIPPED / "dsr" / "2022.toml").read_text()
    file.write_text(text.replace("south_staffordshire", "the_south"))
    monkeypatch.setenv("ICS_STATE_DIR", str(settings.state_dir))

    async with reached(settings, open_state(settings.state_dir)) as addresses:
        connection = await asyncpg.connect(addresses.dsn("referrals"))
        await connection.execute(add, kept)
        await connection.close()
        result = await asyncio.to_thread(CliRunner().invoke, app, ["register", "check", str(file)])

    assert "the option south_staffordshire is gone: keep it and say retired = true" in result.output
    assert "Compared with the records of this edition in the database." in result.output


def test_an_installation_keeps_its_secrets_to_itself(settings: RunnerSettings) -> None:
    state = open_state(settings.state_dir)
    keyring = open_keyring(state.keyring_file)

    assert keyring.superuser_password not in repr(keyring)
