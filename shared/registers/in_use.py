"""Compares the editions that are loaded with those that hold records: none may lose what its records rely on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.registers.checks.kept import KeptEdition, changed_in_place, kept_of
from shared.registers.faults import DefinitionFault
from shared.registers.files import LoadedRegister

Loaded = Mapping[tuple[str, str], LoadedRegister]


@dataclass(frozen=True)
class UsedEdition:
    """
    An edition in which records or outcomes were saved.

    `kept` is what they rely on, or None if no service has started with it yet. `records` are counted only for an
    edition that is not loaded.
    """

    code: str
    edition: str
    kept: KeptEdition | None = None
    records: int = 0

    @property
    def key(self) -> tuple[str, str]:
        return self.code, self.edition


@dataclass(frozen=True)
class UnfitEdition:
    """An edition that does not fit its records, and what to do. Its register is not served until it is mended."""

    code: str
    edition: str
    faults: tuple[DefinitionFault, ...]
    advice: str

    @property
    def source(self) -> str:
        return f"{self.code}/{self.edition}.toml"


PUT_BACK = "Put the file back as it was."
KEEP = (
    "This edition holds records. Put back what is gone, with retired = true where it is not asked any more. For "
    "anything else make a new edition."
)


def unfit_editions(loaded: Loaded, used: Iterable[UsedEdition]) -> list[UnfitEdition]:
    """Return the editions with records that are not loaded, or that have lost what their records rely on."""
    unfit: list[UnfitEdition] = []
    for each in used:
        register = loaded.get(each.key)
        faults = [_missing(each)] if register is None else _lost(each, register)
        if faults:
            advice = PUT_BACK if register is None else KEEP
            unfit.append(UnfitEdition(each.code, each.edition, tuple(faults), advice))
    return unfit


def _missing(used: UsedEdition) -> DefinitionFault:
    held = {0: "outcomes are", 1: "1 record is"}.get(used.records, f"{used.records} records are")
    return DefinitionFault("the file", f"is missing or faulty, and {held} in edition {used.edition}")


def _lost(used: UsedEdition, register: LoadedRegister) -> list[DefinitionFault]:
    return changed_in_place(used.kept, kept_of(register.definition)) if used.kept else []
