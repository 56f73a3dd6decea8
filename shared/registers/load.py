"""The register definitions that a process knows, and which of them are served."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from shared.registers.definition.register import Definition
from shared.registers.faults import FaultyRegister
from shared.registers.files import LoadedRegister
from shared.registers.folders import LeftOut, edition_order, find_registers
from shared.registers.overlay import Adaptation, apply
from shared.registers.retiring import retired_since

AS_WRITTEN = Adaptation()
FINGERPRINT = 16


class UnknownRegister(LookupError):
    """Raised when no definition has this code and edition."""


@dataclass(frozen=True)
class _InForce:
    """
    A consistent snapshot of the definitions: every edition, the newest of each register, and the overlays.

    Older editions do not ask the questions that the newest has retired.
    """

    loaded: Mapping[tuple[str, str], LoadedRegister]
    newest: Mapping[str, Definition]
    adapted: Mapping[str, Adaptation]

    @classmethod
    def of(cls, loaded: Mapping[tuple[str, str], LoadedRegister], adapted: Mapping[str, Adaptation]) -> Self:
        in_order = sorted(loaded, key=lambda key: edition_order(key[1]))
        newest = {code: loaded[code, edition].definition for code, edition in in_order}
        asked = {key: _as_asked(each, newest[key[0]]) for key, each in loaded.items()}
        return cls(asked, newest, adapted)


class Registers:
    """
    The definitions that a process knows, with the overlays of their administrators applied.

    Overlays can change between two calls. Hold on to the returned definition if one request needs a consistent view.
    """

    def __init__(self, loaded: Iterable[LoadedRegister], left_out: Iterable[LeftOut] = ()) -> None:
        self._written = {(each.definition.code, each.definition.edition): each for each in loaded}
        self._in_force = _InForce.of(self._written, {})
        self.left_out = tuple(left_out)
        self._told: frozenset[str] = frozenset()
        self._unfit: frozenset[str] = frozenset()

    def written(self) -> tuple[LoadedRegister, ...]:
        """Return every edition as its file says it, without overlays."""
        return tuple(self._written.values())

    def fingerprints(self) -> dict[str, str]:
        """Return every loaded file with the beginning of its SHA-256, for processes to compare what they have."""
        return {f"{code}/{edition}.toml": each.sha256[:FINGERPRINT] for (code, edition), each in self._written.items()}

    def withhold(self, codes: Iterable[str]) -> bool:
        """
        Stop serving exactly these registers, as referrals says. Return whether that is new.

        Their definitions stay known, for work that only reads.
        """
        told = frozenset(codes)
        is_new, self._told = told != self._told, told
        return is_new

    def withhold_always(self, codes: Iterable[str]) -> None:
        """Stop serving these registers, whatever is told later: the files of this process do not fit the records."""
        self._unfit = frozenset(codes)

    def withheld(self) -> tuple[str, ...]:
        return tuple(sorted(self._unfit | self._told))

    def is_withheld(self, code: str) -> bool:
        return code in self._told or code in self._unfit

    def whom_to_ask(self, code: str) -> str | None:
        """
        Return the address for questions about a register that is not served, empty if none is known.

        None if the register is served, or nobody knows it.
        """
        newest = self.newest_of(code)
        if newest is not None:
            return newest.contact.administrator_email if self.is_withheld(code) else None
        addresses = [each.contact for each in self.left_out if each.code == code]
        if not (addresses or self.is_withheld(code)):
            return None
        return next(filter(None, addresses), "")

    def find(self, code: str, edition: str | None = None) -> Definition:
        """Return the definition of an edition, or the newest when none is named. Raise `UnknownRegister`."""
        if edition is None and code in self._in_force.newest:
            return self._in_force.newest[code]
        return self._find(code, edition).definition

    def newest_of(self, code: str) -> Definition | None:
        """Return the newest edition of a register; None if it is not installed."""
        return self._in_force.newest.get(code)

    def is_scoped_by_bodies(self, code: str) -> bool:
        """Return whether answers name the bodies that may see a record. No edition may change this."""
        newest = self.newest_of(code)
        return newest is not None and newest.scope is not None

    def sha256(self, code: str, edition: str) -> str:
        return self._find(code, edition).sha256

    def newest(self) -> tuple[Definition, ...]:
        """Return the newest edition of every register, sorted by code."""
        newest = self._in_force.newest
        return tuple(newest[code] for code in sorted(newest))

    def every(self) -> tuple[LoadedRegister, ...]:
        return tuple(self._in_force.loaded.values())

    def editions(self, code: str) -> tuple[Definition, ...]:
        """Return all known editions of a register, newest first."""
        known = [each.definition for each in self.every() if each.definition.code == code]
        return tuple(sorted(known, key=lambda each: edition_order(each.edition), reverse=True))

    def reference_prefixes(self, code: str) -> frozenset[str]:
        """Return what references of a register begin with, in any of its editions."""
        return frozenset({code.upper(), *(each.reference_prefix for each in self.editions(code))})

    def adaptation(self, code: str) -> Adaptation:
        """Return the overlay in force for a register, with its version."""
        return self._in_force.adapted.get(code, AS_WRITTEN)

    def adaptations(self) -> Mapping[str, int]:
        """Return the version of the overlay in force, by register. Registers without an overlay are left out."""
        return {code: each.version for code, each in self._in_force.adapted.items()}

    def adapt(self, adapted: Mapping[str, Adaptation]) -> tuple[FaultyRegister, ...]:
        """
        Apply these overlays, all at once. Ignore one that is not newer than the overlay in force.

        An edition that becomes faulty with its overlay stays as it was written. Return the faults.
        """
        newer = {code: each for code, each in adapted.items() if each.version > self.adaptation(code).version}
        faulty: list[FaultyRegister] = []
        loaded = dict(self._in_force.loaded)
        for key, each in self._written.items():
            if key[0] in newer:
                loaded[key] = _adapted(each, newer[key[0]], faulty)
        self._in_force = _InForce.of(loaded, {**self._in_force.adapted, **newer})
        return tuple(faulty)

    def __contains__(self, code: object) -> bool:
        return code in self._in_force.newest

    def _find(self, code: str, edition: str | None) -> LoadedRegister:
        try:
            return self._in_force.loaded[code, edition or ""]
        except KeyError:
            raise UnknownRegister from None


def _as_asked(written: LoadedRegister, newest: Definition) -> LoadedRegister:
    """Return the edition without the questions that the newest edition has retired."""
    asked = retired_since(written.definition, newest)
    return written if asked is written.definition else replace(written, definition=asked)


def _adapted(written: LoadedRegister, adaptation: Adaptation, faulty: list[FaultyRegister]) -> LoadedRegister:
    try:
        return replace(written, definition=apply(written.definition, adaptation.overlay))
    except FaultyRegister as fault:
        faulty.append(fault)
        return written


def load_registers(folders: Iterable[Path] = ()) -> Registers:
    """Return the shipped definitions and those of other folders. Files that are faulty are left out and named."""
    found = find_registers(folders)
    return Registers(found.loaded.values(), found.left_out)
