"""Loading the registers of a process, and logging each file that is left out with its faults."""

from collections.abc import Sequence
from pathlib import Path

from shared.log import warn
from shared.registers.faults import DefinitionFault
from shared.registers.load import Registers, load_registers

MOST_LOGGED = 50


def registers_in(folder: Path | None) -> Registers:
    """Return the shipped registers and those of the folder. Raise `FaultyRegister` if the folder is not there."""
    registers = load_registers([folder] if folder else [])
    for each in registers.left_out:
        log_faulty("register.left_out", each.source, each.faults, code=each.code)
    return registers


def log_faulty(what: str, source: str, faults: Sequence[DefinitionFault], **fields: object) -> None:
    """Log a faulty file with the place of each fault. Definitions name no person."""
    warn(what, file=source, count=len(faults), faults=[str(each) for each in faults[:MOST_LOGGED]], **fields)
