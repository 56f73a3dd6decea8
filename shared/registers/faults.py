"""Faults of a definition: what is wrong, in plain words, and where."""

import re
from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True)
class DefinitionFault:
    """One fault to correct: its place in the file, and what is wrong there."""

    place: str
    says: str

    def __str__(self) -> str:
        return f"{self.place}: {self.says}"


class FaultyRegister(Exception):
    """Raised for a definition that cannot be used; `faults` says why."""

    def __init__(self, source: str, faults: list[DefinitionFault]) -> None:
        super().__init__("\n".join([f"{source} cannot be used:", *(f"  {fault}" for fault in faults)]))
        self.source = source
        self.faults = faults


def shape_faults(error: ValidationError, written: object) -> list[DefinitionFault]:
    """Return each error that pydantic found in `written`, in words for authors of definitions."""
    found = error.errors(include_url=False, include_input=False)
    return [
        DefinitionFault(_place(each["loc"], written), _plain(each["type"], each["msg"], each.get("ctx", {})))
        for each in found
    ]


def _place(steps: tuple[int | str, ...], written: object) -> str:
    """Return the path into the definition, with names in place of list indexes: "form, section Consent"."""
    place: list[str] = []
    for step in steps:
        inside = _step_into(written, step)
        if isinstance(step, int):
            place[-1:] = [" ".join([*place[-1:], _name_of(inside) or str(step + 1)])]
        elif not _is_pydantics_own(step, written):
            place.append(step)
        written = written if inside is None else inside
    return ", ".join(place) or "the file"


def _is_pydantics_own(step: str, written: object) -> bool:
    """Return whether pydantic added this step: it names the kind of a tile or filter, and marks a wrong key."""
    return step == "[key]" or (isinstance(written, dict) and step not in written and written.get("kind") == step)


def _step_into(written: object, step: int | str) -> object:
    if isinstance(written, dict):
        return written.get(step)
    if isinstance(written, list | tuple) and isinstance(step, int) and step < len(written):
        return written[step]
    return None


def _name_of(written: object) -> str | None:
    if not isinstance(written, dict):
        return None
    named = (written.get(key) for key in ("name", "code", "title", "heading", "label"))
    return next((name for name in named if isinstance(name, str)), None)


_PLAIN: dict[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not a word that a definition knows",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "tuple_type": "must be a list in square brackets",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "string_too_short": "must not be empty",
    "too_short": "needs more entries",
}


def _plain(kind: str, message: str, context: dict[str, object]) -> str:
    if kind in ("literal_error", "union_tag_invalid"):
        return f"must be one of {context.get('expected', context.get('expected_tags'))}".replace("'", "")
    if kind == "union_tag_not_found":
        return "must say its kind"
    if kind == "string_pattern_mismatch":
        return f"is not written as it must be (pattern {context.get('pattern')})"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return _PLAIN.get(kind) or re.sub(r"^Input should", "must", message)
