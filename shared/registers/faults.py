"""Faults of a definition: what is wrong, in plain words, and where."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches


@dataclass(frozen=True)
class DefinitionFault:
    """
    One fault to correct: its place in the file, and what is wrong there.

    `explains` are words or phrases. A fault that mentions one of them may only follow from this one, so it is not told.
    """

    place: str
    says: str
    explains: frozenset[str] = field(default=frozenset(), compare=False)

    def __str__(self) -> str:
        return f"{self.place}: {self.says}"


class FaultyRegister(Exception):
    """
    Raised for a definition that cannot be used; `faults` says why.

    `unfinished`: a part could not be read, so there may be more faults once these are mended. `contact` is the address
    of whom users may ask, if the file says so.
    """

    def __init__(
        self, source: str, faults: list[DefinitionFault], *, unfinished: bool = False, contact: str = ""
    ) -> None:
        super().__init__("\n".join([f"{source} cannot be used:", *(f"  {fault}" for fault in faults)]))
        self.source = source
        self.faults = faults
        self.unfinished = unfinished
        self.contact = contact


def nearest(written: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the known name that was probably meant; empty if none is near."""
    return next(iter(get_close_matches(written, list(known), n=1, cutoff=cutoff)), "")


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that offers the nearest known name; empty if none is near."""
    near = nearest(written, known)
    return f"; did you mean {near}?" if near else ""


def shown_name(name: str) -> str:
    """Return the name of a file as it can be printed. A name may hold bytes that are no text."""
    return name.encode("utf-8", "replace").decode("utf-8")
