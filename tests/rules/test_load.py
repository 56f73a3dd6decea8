"""Tests of the definitions that a process loads, shipped and from a folder, each by code and edition."""

import hashlib
import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from shared.register_files import registers_in
from shared.registers.definition.questions import Option
from shared.registers.faults import FaultyRegister
from shared.registers.files import SHIPPED
from shared.registers.folders import edition_order, find_registers
from shared.registers.load import UnknownRegister, load_registers
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

    (left_out,) = load_registers([folder]).left_out

    assert ("carers", "carers/2031.toml") == (left_out.code, left_out.source)
    assert ["register, edition: is 2030, and the file is called 2031.toml: it must be called 2030.toml"] == [
        str(fault) for fault in left_out.faults
    ]


def test_a_faulty_edition_is_left_out_and_the_one_before_stays(folder: Path) -> None:
    _add_edition(folder, "2031", ('kind = "phone"', 'kind = "fax"'))

    registers = load_registers([folder])

    assert ("2030", "2022") == (registers.find("carers").edition, registers.find("dsr").edition)
    assert ["carers/2031.toml"] == [each.source for each in registers.left_out]
    assert "question telephone, kind: must be one of" in str(registers.left_out[0].faults[0])
    assert registers.whom_to_ask("carers") is None


def test_a_register_whose_only_edition_is_faulty_is_not_served_and_names_whom_to_ask(folder: Path) -> None:
    file = folder / "carers" / "2030.toml"
    file.write_text(file.read_text("utf-8").replace('kind = "phone"', 'kind = "fax"'), "utf-8")

    registers = load_registers([folder])

    assert ("carers" in registers, "dsr" in registers) == (False, True)
    assert "help@borsetshire.gov.uk" == registers.whom_to_ask("carers")
    assert registers.whom_to_ask("dsr") is None
    assert registers.whom_to_ask("nobody") is None


def test_a_withheld_register_stays_known_and_is_not_served(folder: Path) -> None:
    registers = load_registers([folder])

    assert (True, False) == (registers.withhold(["carers"]), registers.withhold(["carers"]))
    assert ("carers" in registers, "help@borsetshire.gov.uk") == (True, registers.whom_to_ask("carers"))
    assert registers.withhold([])
    assert registers.whom_to_ask("carers") is None


def test_what_a_process_found_itself_is_not_undone_by_what_another_tells(folder: Path) -> None:
    registers = load_registers([folder])
    registers.withhold_always(["carers"])

    registers.withhold([])

    assert (("carers",), True) == (registers.withheld(), registers.is_withheld("carers"))


def test_a_copied_file_is_not_loaded_and_named(folder: Path) -> None:
    for name in ("2030 (2).toml", "2030 copy.toml", "2030.txt", "draft.toml"):
        shutil.copy(folder / "carers" / "2030.toml", folder / "carers" / name)
    shutil.copy(folder / "carers" / "2030.toml", folder)

    found = find_registers([folder])

    assert {"2022", "2030"} == {edition for _, edition in found.loaded}
    assert (
        "2030.toml",
        *(f"carers/{name}" for name in sorted(("2030 (2).toml", "2030 copy.toml", "2030.txt", "draft.toml"))),
    ) == tuple(stray.place for stray in found.strays)


def test_a_process_logs_each_faulty_file_with_its_place_and_faults(folder: Path) -> None:
    _add_edition(folder, "2031", ('kind = "phone"', 'kind = "fax"'))

    with capture_logs() as written:
        registers_in(folder)

    (line,) = (each for each in written if each["event"] == "register.left_out")
    assert ("carers", "carers/2031.toml", 1) == (line["code"], line["file"], line["count"])
    assert "question telephone, kind: must be one of" in line["faults"][0]


def test_an_edition_cannot_be_said_again_in_other_words(folder: Path) -> None:
    shutil.copytree(SHIPPED / "dsr", folder / "dsr")
    load_registers([folder])
    changed = folder / "dsr" / "2022.toml"
    changed.write_text(changed.read_text("utf-8").replace("NEXT", "next") + "# changed\n", "utf-8")

    registers = load_registers([folder])

    assert hashlib.sha256((SHIPPED / "dsr" / "2022.toml").read_bytes()).hexdigest() == registers.sha256("dsr", "2022")
    assert ["dsr/2022.toml"] == [each.source for each in registers.left_out]
    assert "is there already and says something else" in str(registers.left_out[0].faults[0])


def test_a_later_edition_is_held_to_the_earlier_one(folder: Path) -> None:
    _add_edition(folder, "2031", ('floor = ["cares_for"]', "floor = []"))

    registers = load_registers([folder])

    assert "2030" == registers.find("carers").edition
    assert ["floor: lets go of cares_for, which edition 2030 holds"] == [
        str(fault) for each in registers.left_out for fault in each.faults
    ]


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
