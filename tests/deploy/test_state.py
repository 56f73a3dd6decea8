"""The state folder is private, one runner uses it at a time, and its secrets are made once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.runner.keyring import open_keyring
from deploy.runner.refusals import CannotStart
from deploy.runner.state import LONGEST_SOCKET, SOCKET_PATH_LIMIT, State, let_through, locked, open_state
from shared.messages import PROCESSES, SERVICES

HOLD = """
import sys
from pathlib import Path
from deploy.runner.state import locked, open_state
with locked(open_state(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_nobody_else_may_look_into_the_folder(tmp_path: Path) -> None:
    state = open_state(tmp_path / "deep" / "state")
    open_keyring(state.keyring_file)

    assert 0o700 == mode(state.folder)
    assert {0o700} == {mode(place) for place in state.folder.iterdir() if place.is_dir()}
    assert 0o600 == mode(state.keyring_file)


def test_an_empty_folder_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    assert 0o700 == mode(open_state(tmp_path).folder)


def test_a_folder_with_somebody_s_files_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "letter").touch()
    tmp_path.chmod(0o755)

    with pytest.raises(CannotStart, match="holds other files"):
        open_state(tmp_path)

    assert 0o755 == mode(tmp_path)


def test_a_place_that_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(CannotStart, match="cannot be used"):
        open_state(tmp_path / "file" / "state")


def test_a_group_that_was_let_through_can_pass_and_not_read(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state")
    let_through(state.folder, os.getgid())

    assert 0o710 == mode(open_state(state.folder).folder)


def test_a_long_path_gets_a_short_place_for_sockets(tmp_path: Path) -> None:
    state = open_state(tmp_path / ("long" * 40))
    try:
        assert len(os.fsencode(state.run)) + LONGEST_SOCKET <= SOCKET_PATH_LIMIT
        assert 0o700 == mode(state.run)
        assert state.run == open_state(state.folder).run
    finally:
        state.run.rmdir()


def test_a_short_place_that_others_could_reach_is_left_for_a_new_one(tmp_path: Path) -> None:
    state = open_state(tmp_path / ("long" * 40))
    first = state.run
    first.chmod(0o777)
    try:
        second = open_state(state.folder).run
        assert first != second
        second.rmdir()
    finally:
        first.rmdir()


def test_a_second_runner_is_refused_and_told_which_process_holds_the_folder(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state")
    command = (sys.executable, "-c", HOLD, str(state.folder))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert "held\n" == holder.stdout.readline()

        with pytest.raises(CannotStart, match=rf"in use by process {holder.pid}\."), locked(state):
            pass
        holder.communicate()

    with locked(state):
        assert str(os.getpid()) == state.lock_file.read_text()


def test_secrets_are_made_once(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    first = open_keyring(file)

    assert first == open_keyring(file)
    assert {*PROCESSES, "deployer"} == set(first.nats_seeds)
    assert set(SERVICES) == set(first.signing_seeds)
    assert {"ics_migrator", *(f"{service}_{kind}" for service in SERVICES for kind in ("app", "background"))} == set(
        first.role_passwords
    )


def test_a_secret_that_is_missing_is_added_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    first = open_keyring(file)
    seeds = {name: seed for name, seed in first.nats_seeds.items() if name != "reports"}
    text = file.read_text().replace(first.nats_seeds["reports"], "").replace('"reports": ""', '"earlier": "SU"')
    file.write_text(text)

    second = open_keyring(file)

    assert seeds.items() <= second.nats_seeds.items()
    assert second.nats_seeds["reports"] != first.nats_seeds["reports"]
    assert first.pin_key == second.pin_key


def test_secrets_that_others_can_read_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    open_keyring(file)
    file.chmod(0o640)

    with pytest.raises(CannotStart, match="can be read by others"):
        open_keyring(file)


def test_damaged_secrets_are_refused_and_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    open_keyring(file)
    file.write_text("{")

    with pytest.raises(CannotStart, match="damaged"):
        open_keyring(file)

    assert "{" == file.read_text()


def test_a_public_key_belongs_to_each_seed_and_shows_no_secret(tmp_path: Path) -> None:
    keyring = open_keyring(tmp_path / "secrets.json")

    assert keyring.signing_keys().keys() == keyring.signing_seeds.keys()
    assert not set(keyring.signing_keys().values()) & set(keyring.signing_seeds.values())
    assert all(key.startswith("U") for key in keyring.nats_public_keys().values())
    assert keyring.superuser_password not in repr(keyring)


def test_a_state_names_its_places_inside_the_folder(tmp_path: Path) -> None:
    state = State(tmp_path)

    assert {tmp_path} == {place.parent for place in (state.postgres, state.nats, state.logs, state.mail)}


HOLD_AND_LEAVE = """
import subprocess, sys, time
from pathlib import Path
from deploy.runner.state import locked, open_state
with locked(open_state(Path(sys.argv[1]))) as lock:
    subprocess.Popen(("sleep", "1.5"), pass_fds=(lock,))
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_runner_that_was_killed_just_now_holds_up_the_next_one_only_for_what_it_left(tmp_path: Path) -> None:
    """It is still listed as a process until its parent takes notice, and what guards its children holds the lock."""
    state = open_state(tmp_path / "state")
    command = (sys.executable, "-c", HOLD_AND_LEAVE, str(state.folder))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert "held\n" == holder.stdout.readline()
        holder.kill()

        with locked(state):
            assert Path(f"/proc/{holder.pid}").exists()
