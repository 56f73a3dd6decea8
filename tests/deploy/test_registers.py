"""Tests of what an operator is told of the registers' files before anything starts, and of the copy that is loaded."""

import shutil
from errno import ENOSPC
from os import strerror
from pathlib import Path

import pytest

from deploy.runner.registers import copy_files, main, said_of_files, said_of_unfit
from shared.registers.checks.kept import kept_of
from shared.registers.files import load_file
from shared.registers.folders import find_registers
from shared.registers.in_use import UsedEdition, unfit_editions

HOMES = Path(__file__).parents[1] / "journeys" / "registers" / "homes" / "2031.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good register."""
    (tmp_path / "registers" / "homes").mkdir(parents=True)
    shutil.copy(HOMES, tmp_path / "registers" / "homes")
    return tmp_path / "registers"


def add_edition(folder: Path, edition: str, old: str = "", new: str = "") -> None:
    text = HOMES.read_text("utf-8").replace('edition = "2031"', f'edition = "{edition}"').replace(old or "§", new)
    (folder / "homes" / f"{edition}.toml").write_text(text, "utf-8")


def test_of_good_files_nothing_is_said(folder: Path) -> None:
    assert [] == list(said_of_files(find_registers([folder])))


def test_a_faulty_newer_edition_is_named_with_its_faults_and_what_is_used_instead(folder: Path) -> None:
    add_edition(folder, "2032", 'name = "hoist_reach"', 'name = "reach"')

    assert [
        "homes/2032.toml is left out: 1 fault.",
        "  form: hoist_reach is gone: keep it and say retired = true",
        "homes: new records use edition 2031 until this is mended.",
    ] == list(said_of_files(find_registers([folder])))


def test_a_register_without_a_good_edition_is_not_served_and_others_are(folder: Path) -> None:
    (folder / "homes" / "2031.toml").write_text("[register", "utf-8")

    said = list(said_of_files(find_registers([folder])))

    assert ["homes/2031.toml is left out: 1 fault.", "  line 1: is not closed with ]"] == said[:2]
    assert "homes: is not served until this is mended." in said[2]


def test_a_file_in_the_wrong_place_is_named(folder: Path) -> None:
    shutil.copy(HOMES, folder / "homes" / "2031 (2).toml")

    assert ["homes/2031 (2).toml: is not loaded: its name must be an edition, as 2031.toml or 2031.2.toml"] == list(
        said_of_files(find_registers([folder]))
    )


@pytest.mark.parametrize(("records", "held"), [(0, "outcomes are"), (1, "1 record is"), (12, "12 records are")])
def test_a_missing_edition_is_named_with_the_number_of_its_records(records: int, held: str) -> None:
    (unfit,) = unfit_editions({}, [UsedEdition("homes", "2031", None, records)])

    assert [
        "homes/2031.toml does not fit its records, so homes is not served. Other registers are.",
        f"  the file: is missing or faulty, and {held} in edition 2031",
        "  Put the file back as it was.",
    ] == list(said_of_unfit(unfit))


def test_an_edition_that_has_lost_a_question_is_named_with_what_to_do(folder: Path) -> None:
    kept = kept_of(load_file(HOMES).definition)
    add_edition(folder, "2031", 'name = "hoist_reach"', 'name = "reach"')
    found = find_registers([folder])

    (unfit,) = unfit_editions(found.loaded, [UsedEdition("homes", "2031", kept)])

    said = list(said_of_unfit(unfit))
    assert "  form: hoist_reach is gone: keep it and say retired = true" in said
    assert "with retired = true where it is not asked any more" in said[-1]


def test_every_process_loads_a_copy_that_later_edits_do_not_reach(folder: Path, tmp_path: Path) -> None:
    (folder / "lists").mkdir()
    (folder / "lists" / "towns.csv").write_text("code,name\n")
    copy = tmp_path / "state" / "registers"
    copy_files(folder, copy)
    (folder / "homes" / "2031.toml").write_text("", "utf-8")
    add_edition(folder, "2032")

    assert ("homes", "2031") in find_registers([copy]).loaded
    assert (copy / "lists" / "towns.csv").exists()
    copy_files(folder, copy)
    assert {("homes", "2032")} == {key for key in find_registers([copy]).loaded if key[0] == "homes"}


def test_a_folder_that_is_not_there_stops_the_start_and_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICS_REGISTERS", str(tmp_path / "absent"))

    with pytest.raises(SystemExit, match="absent is not there"):
        main()


def test_a_copy_that_the_disk_cannot_take_stops_the_start_instead_of_leaving_a_register_out(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def write_while_there_is_space(path: Path, content: bytes) -> int:
        if content:
            raise OSError(ENOSPC, strerror(ENOSPC))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_while_there_is_space)
    monkeypatch.setenv("ICS_REGISTERS", str(folder))
    monkeypatch.setenv("ICS_REGISTERS_COPY", str(tmp_path / "copy"))
    monkeypatch.delenv("ICS_DATABASE_URL", raising=False)

    with pytest.raises(SystemExit, match=r"cannot be copied to .*: No space left on device"):
        main()
