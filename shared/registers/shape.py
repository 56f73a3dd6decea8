"""Faults of shape: what pydantic finds in a definition, told in words for authors, with the name that was meant."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.registers.definition.base import PATTERNS
from shared.registers.faults import DefinitionFault, nearest
from shared.registers.synonyms import CONDITIONS, EXAMPLES, INSTEAD, LISTS, ROLES, VALUES

Steps = tuple[int | str, ...]


class Meant(NamedTuple):
    """What was meant by an unknown key: another key, or the same one inside the part `under`."""

    instead: str = ""
    under: str = ""


SURELY = 0.85
TABLES = frozenset({"dict_type", "model_type", "model_attributes_type"})
_PLAIN: Mapping[str, str] = {
    "missing": "is missing",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false, without quotation marks",
    "bool_parsing": "must be true or false, without quotation marks",
    "int_type": "must be a whole number, without quotation marks",
    "int_parsing": "must be a whole number, without quotation marks",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is a number that is too long",
    "tuple_type": "must be a list in square brackets",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "string_too_short": "must not be empty",
    "too_short": "needs more entries",
    "recursion_loop": "has too many brackets inside one another",
}
_LIMITS: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("ge", "must be {} or more"),
    "less_than_equal": ("le", "must be {} or less"),
    "greater_than": ("gt", "must be more than {}"),
    "less_than": ("lt", "must be less than {}"),
    "string_too_long": ("max_length", "must be {} characters or fewer"),
    "too_long": ("max_length", "has more than {} entries"),
}
_EITHER = frozenset({"literal_error", "enum", "union_tag_invalid"})


def shape_faults(
    error: ValidationError, written: object, model: type[BaseModel] | None = None
) -> list[DefinitionFault]:
    """
    Return each error that pydantic found in `written`, in words for authors of definitions.

    With the `model` that was validated, a misspelt key is told with the one that was meant, and what only follows from
    another fault is left out.
    """
    found = error.errors(include_url=False, include_input=False)
    meant: dict[Steps, Meant] = {
        each["loc"]: _meant(each["loc"], found, written, model) for each in found if each["type"] == "extra_forbidden"
    }
    told = (each for each in found if not _follows(each, found, meant, written))
    return [DefinitionFault(_place(each["loc"], written), _plain(each, written, model, meant)) for each in told]


def _follows(each: ErrorDetails, found: Sequence[ErrorDetails], meant: Mapping[Steps, Meant], written: object) -> bool:
    """
    Return whether a fault only follows from another one.

    Such are a missing key that was misspelt, a list that is too short because its entries are faulty, and the value of
    a key that cannot stand there.
    """
    kind, steps = each["type"], each["loc"]
    if kind == "missing":
        return any(_explains(other, near, steps) for other, near in meant.items())
    if kind == "too_short":
        inside = _value_at(steps, written)
        return isinstance(inside, list) and len(inside) >= each.get("ctx", {}).get("min_length", 1)
    wrong = [other["loc"][:-1] for other in found if other["loc"][-1:] == ("[key]",)]
    return any(steps[: len(key)] == key and steps[len(key) :] != ("[key]",) for key in wrong)


def _explains(unknown: Steps, meant: Meant, missing: Steps) -> bool:
    """Return whether a key is missing because another is misspelt, or stands outside the part it belongs to."""
    place = unknown[:-1]
    if meant.under and missing[: len(place)] == place:
        return missing[len(place) :] == (meant.under,) or missing[-1] == unknown[-1]
    return (*place, meant.instead) == missing[: len(place) + 1]


def _plain(each: ErrorDetails, written: object, model: type[BaseModel] | None, meant: Mapping[Steps, Meant]) -> str:
    kind, context, steps = each["type"], each.get("ctx", {}), each["loc"]
    if kind == "extra_forbidden":
        return _unknown(steps, model, meant[steps])
    if steps and steps[-1] == "[key]":
        return _wrong_key(steps, context)
    if kind in _EITHER:
        return _either(context, steps, _value_at(steps, written))
    if kind == "union_tag_not_found":
        return f"must say its kind, one of {', '.join(_kinds_at(steps, model))}"
    return _of_value(each, _value_at(steps, written))


def _of_value(each: ErrorDetails, value: object) -> str:
    """Say what a value must be."""
    kind, context, steps = each["type"], each.get("ctx", {}), each["loc"]
    if kind == "value_error":
        return each["msg"].removeprefix("Value error, ")
    if CONDITIONS.intersection(steps[-4:]) and (said := _of_condition(kind, steps)):
        return said
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(str(context.get("pattern")), "is not written as it must be")
    if kind in _LIMITS:
        key, says = _LIMITS[kind]
        return says.format(context.get(key))
    return _PLAIN.get(kind, "cannot stand here") + _example(kind, steps, value)


def _of_condition(kind: str, steps: Steps) -> str:
    if kind == "string_pattern_mismatch":
        return "must be the code of an answer, not its label"
    if kind == "tuple_type" and steps[-1] not in CONDITIONS:
        return "must be the code of an answer, in quotation marks"
    return (
        'must be a table in curly brackets, for example { question = "answer" }'
        if kind in TABLES | {"tuple_type"}
        else ""
    )


def _example(kind: str, steps: Steps, value: object) -> str:
    """Return an example of what stands at a key whose value is a table or a list."""
    named = str(steps[-1]) if steps else ""
    if kind in TABLES and isinstance(steps[-1], int):
        listed = LISTS.get(str(steps[-2]))
        return f" in curly brackets, as in {steps[-2]} = {listed}" if listed else " in curly brackets"
    if kind in TABLES and named in EXAMPLES:
        return f", for example {EXAMPLES[named]}"
    if kind == "tuple_type" and named in LISTS:
        return f", for example {LISTS[named]}"
    if kind == "tuple_type" and isinstance(value, dict):
        return f", with one table or several: {named} = [{{ … }}]"
    if kind == "tuple_type" and isinstance(value, str):
        return f', for example ["{_shortened(value)}"]'
    return ""


def _wrong_key(steps: Steps, context: Mapping[str, object]) -> str:
    """Say which names may stand on the left. In [person] these are roles, and the questions stand on the right."""
    key, known = str(steps[-2]), _listed(context)
    if key in ("floor", "never_without"):
        return "stands before the first heading in square brackets, because it belongs to the whole register"
    if steps[0] != "person" or not known:
        return PATTERNS.get(str(context.get("pattern")), "cannot stand here")
    near = ROLES.get(key.replace("_", " ")) or nearest(key, known)
    meant = f"; did you mean {near}?" if near else f": {', '.join(known)}"
    return f"is no role: [person] has roles on the left, and the questions that ask them on the right{meant}"


def _listed(context: Mapping[str, object]) -> list[str]:
    said = str(context.get("expected", context.get("expected_tags", ""))).replace("'", "")
    return [each for each in said.replace(" or ", ", ").split(", ") if each]


def _either(context: Mapping[str, object], steps: Steps, value: object) -> str:
    """Say which words are allowed, and which one was probably meant."""
    said = str(context.get("expected", context.get("expected_tags"))).replace("'", "")
    tried = value.get("kind") if isinstance(value, dict) else value
    keys = [step for step in steps if isinstance(step, str)]
    key = "kind" if isinstance(value, dict) else keys[-1]
    return f"must be one of {said}{_hint(key, tried, _listed(context)) if isinstance(tried, str) else ''}"


def _hint(key: str, tried: str, known: Sequence[str]) -> str:
    """Return what was probably meant by a value."""
    usual = VALUES.get(key, {}).get(tried.lower(), "")
    if near := usual if usual in known else nearest(tried, known):
        return f"; did you mean {near}?"
    if key == "to" and "@" in tried:
        return "; other mailboxes are written under addresses"
    if key == "shows":
        return f'; to show an answer write shows = "answer" and question = "{_shortened(tried)}"'
    return "; these are the roles of [person], not questions" if key == "match" else ""


def _unknown(steps: Steps, model: type[BaseModel] | None, meant: Meant) -> str:
    """Say that a key is unknown, with the key or place that was meant, or else all that are known there."""
    key = str(steps[-1])
    if meant.under:
        path = [step for step in steps[:-1] if isinstance(step, str)]
        return f"belongs inside {meant.under}, as {'.'.join([*path, meant.under, key])}"
    if meant.instead:
        return f"is not a word that a definition knows; did you mean {meant.instead}?"
    if len(steps) > 1 and key in _known_at((), model):
        return "belongs to the whole register: write it before the first heading in square brackets"
    known = _known_at(steps[:-1], model)
    listed = f"; known here: {', '.join(known)}" if known else ""
    return f"is not a word that a definition knows{listed}"


def _meant(steps: Steps, found: Sequence[ErrorDetails], written: object, model: type[BaseModel] | None) -> Meant:
    """
    Return what was meant by an unknown key.

    It is a key that authors often call so, the same key one part further in, one that is missing, or the nearest. A key
    that is written as well is meant only if it is nearly the same, as for a part that is written several times.
    """
    table = _value_at(steps[:-1], written)
    there = table.keys() if isinstance(table, dict) else frozenset()
    key, known = str(steps[-1]), [each for each in _known_at(steps[:-1], model) if each not in there]
    missing = [str(each["loc"][-1]) for each in found if each["type"] == "missing" and each["loc"][:-1] == steps[:-1]]
    if usual := next((each for each in INSTEAD.get(key, ()) if each in known), ""):
        return Meant(usual)
    if under := next((each for each in known + list(there) if key in _known_at((*steps[:-1], each), model)), ""):
        return Meant(under=under)
    same = nearest(key, _known_at(steps[:-1], model), cutoff=SURELY)
    return Meant(nearest(key, missing, cutoff=0.5) or same or nearest(key, known))


def _kinds_at(steps: Steps, model: type[BaseModel] | None) -> list[str]:
    return [kind for each in _models_at(steps, model) for kind in get_args(_fields(each).get("kind"))]


def _known_at(steps: Steps, model: type[BaseModel] | None) -> list[str]:
    """Return the keys that are known at a place of the definition."""
    return sorted({name for each in _models_at(steps, model) for name in _fields(each)})


def _models_at(steps: Steps, model: type[BaseModel] | None) -> list[type[BaseModel]]:
    models = [model] if model else []
    for step in steps:
        if isinstance(step, str):
            models = _inside(models, step)
    return models


def _inside(models: Sequence[type[BaseModel]], step: str) -> list[type[BaseModel]]:
    """Return the models of a key. A step that is no key is the kind by which pydantic chose among several models."""
    fields = [_fields(each)[step] for each in models if step in _fields(each)]
    if fields:
        return [found for annotation in fields for found in _models_in(annotation)]
    return [each for each in models if step in get_args(_fields(each).get("kind"))] or list(models)


def _fields(model: type[BaseModel]) -> dict[str, object]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the models in an annotation, within tuples, unions and tables."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not Literal:
        for each in get_args(annotation):
            yield from _models_in(each)


def _place(steps: Steps, written: object) -> str:
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


def _value_at(steps: Steps, written: object) -> object:
    for step in steps:
        if not (isinstance(step, str) and _is_pydantics_own(step, written)):
            written = _step_into(written, step)
    return written


def _name_of(written: object) -> str | None:
    if not isinstance(written, dict):
        return None
    named = (written.get(key) for key in ("name", "code", "title", "heading", "label"))
    return next((_shortened(name) for name in named if isinstance(name, str)), None)


LONGEST_SHOWN = 60


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}…"
