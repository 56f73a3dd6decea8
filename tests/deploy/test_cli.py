"""The `ics` command: its output and exit codes. The output holds no secret and no value of a setting."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.runner.database import drop_database
from deploy.runner.stack import EmbeddedParts
from deploy.runner.state import open_state
from shared.version import VERSION

pytestmark = pytest.mark.programs

ICS = (sys.executable, "-c", "from deploy.cli import main; main()")


def ics(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ICS_")}
    return subprocess.run(
        (*ICS, *words), env={**environment, **settings}, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_says_its_version() -> None:
    said = ics("--version")

    assert (0, f"ics-registers {VERSION}\n") == (said.returncode, said.stdout)


def test_the_doctor_finds_this_machine_well(quick_path: Path) -> None:
    said = ics("doctor", ICS_STATE_DIR=str(quick_path / "state"), ICS_PORT="0")

    assert (0, "") == (said.returncode, said.stderr)
    assert {"ok"} == {line.split()[0] for line in said.stdout.splitlines()}
    assert "PostgreSQL 18." in said.stdout
    assert "Postgres runs as" in said.stdout


def test_the_doctor_says_what_is_missing(quick_path: Path, tmp_path: Path) -> None:
    said = ics("doctor", ICS_STATE_DIR=str(quick_path / "state"), ICS_PORT="0", PATH=str(tmp_path))

    assert 1 == said.returncode
    assert "setpriv" in said.stdout
    assert "missing: install the package util-linux." in said.stdout


def test_the_doctor_tries_the_servers_that_settings_name(quick_path: Path) -> None:
    nothing = "127.0.0.1:1"
    said = ics(
        "doctor",
        ICS_STATE_DIR=str(quick_path / "state"),
        ICS_PORT="0",
        ICS_DATABASE_URL=f"postgresql://ics:s3cret@{nothing}/ics",
        ICS_NATS_URL=f"nats://{nothing}",
        ICS_SMTP_HOST="127.0.0.1",
        ICS_SMTP_PORT="1",
    )

    faults = [line for line in said.stdout.splitlines() if line.startswith("fault")]
    assert 1 == said.returncode
    assert [
        "fault  Databases named by settings: one does not let us in (ConnectionRefusedError).",
        "fault  NATS server named by ICS_NATS_URL: 127.0.0.1, port 1, cannot be reached.",
        "fault  Mail server: 127.0.0.1, port 1, cannot be reached.",
    ] == faults
    assert "s3cret" not in said.stdout + said.stderr


def test_the_databases_are_brought_up_to_the_code_once(quick_path: Path) -> None:
    first = ics("migrate", ICS_STATE_DIR=str(quick_path / "state"))
    second = ics("migrate", ICS_STATE_DIR=str(quick_path / "state"))

    assert (0, "") == (first.returncode, first.stderr)
    assert "identity: spine/0001_pre_baseline.sql" in first.stdout
    assert "0 migrations applied." == second.stdout.strip()


async def test_a_server_that_the_operator_names_is_used_instead_of_our_own(
    quick_path: Path, parts: EmbeddedParts
) -> None:
    elsewhere = parts.database.with_database("elsewhere")
    state = quick_path / "state"
    shutil.copy(parts.state.keyring_file, open_state(state).keyring_file)  # so that its roles keep their passwords
    try:
        said = await asyncio.to_thread(ics, "migrate", ICS_STATE_DIR=str(state), ICS_DATABASE_URL=elsewhere.admin_dsn)
    finally:
        await drop_database(elsewhere)

    assert (0, "") == (said.returncode, said.stderr)
    assert "identity: spine/0001_pre_baseline.sql" in said.stdout
    assert not (state / "postgres").exists()


def test_a_database_that_is_not_there_is_said_without_its_password(quick_path: Path, tmp_path: Path) -> None:
    url = f"postgresql://someone:a-password@/ics?host={tmp_path}"
    said = ics("migrate", ICS_STATE_DIR=str(quick_path / "state"), ICS_DATABASE_URL=url)

    assert 1 == said.returncode
    assert said.stderr.startswith("ics: The database cannot be reached: ")
    assert "a-password" not in said.stderr + said.stdout


@pytest.mark.parametrize("words", [("up",), ("migrate",), ("doctor",)])
def test_a_setting_that_cannot_be_used_is_named_and_not_shown(words: tuple[str, ...]) -> None:
    said = ics(*words, ICS_PORT="ruby-canary")

    assert (1, "ics: These settings cannot be used: ICS_PORT.\n") == (said.returncode, said.stderr)


def test_a_role_that_does_not_exist_resets_no_app(quick_path: Path) -> None:
    said = ics(
        *("admin", "reset-app", "a@b.nhs.uk"),
        ICS_STATE_DIR=str(quick_path / "state"),
        ICS_APP_REQUIRED_FOR="administrators",
    )

    assert (1, 1) == (said.returncode, len(said.stderr.splitlines()))
    assert said.stderr.startswith("ics: ICS_APP_REQUIRED_FOR: administrators: not a role or an add-on; those are ")


def test_a_word_that_is_no_command_is_a_mistake_of_use() -> None:
    assert 2 == ics("upp").returncode


COMMANDS = (
    ("audit", "verify"),
    ("admin", "create", "--email", "a@b.nhs.uk", "--first-name", "Ada", "--last-name", "Bell"),
    ("admin", "reset-app", "a@b.nhs.uk"),
    ("reports", "rebuild"),
    ("set-aside", "list"),
    ("set-aside", "retry", "id"),
    ("set-aside", "drop", "id"),
    ("events", "send-again"),
    ("release",),
)


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_without_a_database_says_so_in_one_sentence(words: tuple[str, ...], quick_path: Path) -> None:
    said = ics(*words, ICS_STATE_DIR=str(quick_path / "s"), ICS_DATABASE_URL="postgresql://ics:s3cret@127.0.0.1:1/ics")

    assert (1, 1) == (said.returncode, len(said.stderr.splitlines()))
    assert said.stderr.startswith("ics: The database cannot be reached: ")
    assert "s3cret" not in said.stderr


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_with_the_passwords_of_another_installation_says_so(
    words: tuple[str, ...], quick_path: Path, parts: EmbeddedParts
) -> None:
    url = parts.database.admin_dsn

    said = ics(*words, ICS_STATE_DIR=str(quick_path / "another"), ICS_DATABASE_URL=url)

    assert (1, 1) == (said.returncode, len(said.stderr.splitlines()))
    assert said.stderr.startswith("ics: The database does not let this command in: InvalidPasswordError.")


def test_up_with_a_nats_server_that_is_not_there_says_so_soon(quick_path: Path) -> None:
    began = time.monotonic()
    said = ics("up", ICS_STATE_DIR=str(quick_path / "state"), ICS_PORT="0", ICS_NATS_URL="nats://127.0.0.1:1")

    assert 1 == said.returncode
    assert [line for line in said.stderr.splitlines() if "bus.error" in line] == []
    assert said.stderr.splitlines()[-1].startswith("ics: The NATS server that ICS_NATS_URL names does not answer")
    assert time.monotonic() - began < 30


def test_set_aside_says_that_nothing_is_there(quick_path: Path) -> None:
    said = ics("set-aside", "list", ICS_STATE_DIR=str(quick_path / "state"))

    assert (0, "No event is set aside.\n", "") == (said.returncode, said.stdout, said.stderr)
