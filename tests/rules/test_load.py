"""Tests of the definitions that a process loads, shipped and from a folder, each by code and edition."""

import hashlib
import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.registers.definition.questions import Option
from shared.registers.faults import FaultyRegister
from shared.registers.load import SHIPPED, UnknownRegister, edition_order, load_registers
from tests.rules.typed import INVENTED, dsr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of further definitions, such as ICS_REGISTERS names."""
    return Path(shutil.copytree(INVENTED, tmp_path / "registers"))


def _add_edition(folder: Path, edition: str, *changes: tuple[str, str]) -> None:
    written = (folder / "carers" / "2030.toml").read_text("utf-8").replace('edition = "2030"', f'edition = "{edition}"')
    for old, new in changes:
        written = written.replace(old, new)
    (folder / "carers" / f"{edition}.toml").write_text(written, "utf-8")


def test_the_dsr_is_shipped() -> None:
    registers = load_registers()

    assert ("dsr" in registers, "carers" in registers) == (True, False)
    assert ["dsr"] == [register.code for register in registers.newest()]


def test_a_definition_is_known_by_the_hash_of_its_file() -> None:
    content = (SHIPPED / "dsr" / "2022.toml").read_bytes()

    assert hashlib.sha256(content).hexdigest() == load_registers().sha256("dsr", "2022")


def test_the_newest_edition_is_found_and_old_ones_stay(folder: Path) -> None:
    _add_edition(folder, "2030.2", ('name = "Carers’ Register"', 'name = "Carers"'))
    _add_edition(folder, "2030.10")

    registers = load_registers([folder])

    assert ("2030.10", "2030.10") == (registers.find("carers").edition, registers.newest()[0].edition)
    assert "Carers" == registers.find("carers", "2030.2").identity.name
    assert {"2022", "2030", "2030.2", "2030.10"} == {each.definition.edition for each in registers.every()}


def test_editions_are_ordered_as_numbers() -> None:
    assert ["2022", "2022.2", "2022.10", "2023"] == sorted(["2023", "2022.10", "2022", "2022.2"], key=edition_order)


@pytest.mark.parametrize(("code", "edition"), [("s118", None), ("dsr", "1999"), ("", None), ("../dsr", "2022")])
def test_a_register_that_nobody_defined_is_unknown(code: str, edition: str | None) -> None:
    with pytest.raises(UnknownRegister):
        load_registers().find(code, edition)


def test_a_file_lies_where_its_code_and_edition_say(folder: Path) -> None:
    (folder / "carers" / "2030.toml").rename(folder / "carers" / "2031.toml")

    with pytest.raises(FaultyRegister, match="code and edition must be carers and 2031"):
        load_registers([folder])


def test_one_faulty_definition_stops_the_start_and_says_why(folder: Path) -> None:
    _add_edition(folder, "2031", ('kind = "phone"', 'kind = "fax"'))

    with pytest.raises(FaultyRegister) as refused:
        load_registers([folder])

    assert "question telephone, kind: must be one of" in str(refused.value)
    assert str(refused.value).startswith(str(folder / "carers" / "2031.toml"))


def test_an_edition_cannot_be_said_again_in_other_words(folder: Path) -> None:
    shutil.copytree(SHIPPED / "dsr", folder / "dsr")
    load_registers([folder])
    changed = folder / "dsr" / "2022.toml"
    changed.write_text(changed.read_text("utf-8").replace("NEXT", "next") + "# changed\n", "utf-8")

    with pytest.raises(FaultyRegister, match="this edition is there already and says something else"):
        load_registers([folder])


def test_a_later_edition_is_held_to_the_earlier_one(folder: Path) -> None:
    _add_edition(folder, "2031", ('floor = ["cares_for"]', "floor = []"))

    with pytest.raises(FaultyRegister, match="lets go of cares_for, which edition 2030 holds"):
        load_registers([folder])


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(FaultyRegister, match="the folder: is not there"):
        load_registers([tmp_path / "absent"])


def test_a_definition_cannot_be_changed_and_a_changed_copy_forgets_its_tables() -> None:
    form = dsr().form
    assert "postcode" in form.by_name

    shorter = form.model_copy(update={"sections": form.sections[:1]})

    assert ("postcode" in shorter.by_name, "postcode" in form.by_name) == (False, True)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(form, "heading", "Other")  # noqa: B010  mypy would refuse a plain assignment


def test_an_error_of_shape_does_not_repeat_what_was_given() -> None:
    with pytest.raises(ValidationError) as error:
        Option.model_validate({"code": "Canary Wharf", "label": "x"})

    assert "Canary" not in str(error.value)
