"""Faults of shape: what pydantic finds in a definition, told in words for authors, with the name that was meant."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.registers.definition.base import PATTERNS
from shared.registers.faults import DefinitionFault, did_you_mean, nearest

Steps = tuple[int | str, ...]

INSTEAD: Mapping[str, Sequence[str]] = {
    "title": ("heading", "label"),
    "heading": ("title", "label"),
    "name": ("code", "label", "title"),
    "code": ("name",),
    "text": ("label", "paragraphs"),
    "bands": ("band",),
    "topics": ("topic",),
    "options": ("rule",),
    "question": ("by", "questions"),
    "type": ("kind",),
    "body": ("paragraphs",),
    "recipients": ("to",),
    "email": ("addresses", "team_email"),
    "when": ("show_if",),
    "values": ("options",),
    "listing": ("records",),
    "list": ("records",),
    "dashboard": ("reporting",),
    "reports": ("reporting",),
    "questions": ("form", "question"),
    "emails": ("mail",),
    "ending": ("transition",),
    "ended": ("state",),
    "active": ("state",),
    "end_question": ("question", "transition"),
}
"""Words that authors write for others: the first one that is known at the place is offered."""

ROLES: Mapping[str, str] = {
    "date of birth": "born",
    "birthday": "born",
    "dob": "born",
    "birth date": "born",
    "first name": "given_name",
    "forename": "given_name",
    "last name": "family_name",
    "surname": "family_name",
    "nhs": "nhs_number",
    "area": "locality",
}
"""Roles in [person], by what authors call them."""

TABLES = frozenset({"dict_type", "model_type", "model_attributes_type"})
EXAMPLES: Mapping[str, str] = {
    "guidance": '{ title = "…", topic = [{ heading = "…", lines = ["…"] }] }',
    "dashboard_filter": '{ kind = "organisation", label = "…", everything = "…" }',
    "refusal": '{ heading = "…", paragraphs = ["…"] }',
    "link": '{ text = "…", address = "https://…" }',
    "confirm": '{ heading = "…", paragraphs = ["…"], yes = "…", no = "…" }',
    "person": 'given_name = "question", under [person]',
}
LISTS: Mapping[str, str] = {
    "when": '{ question = "answer" }',
    "show_if": '{ question = "answer" }',
    "unless": '{ question = "answer" }',
    "state": '[{ code = "…", label = "…", open = true }]',
    "options": '[{ code = "…", label = "…" }]',
    "band": '[{ label = "…", last = 17 }, { label = "…", first = 18 }]',
    "column": '[{ label = "…", shows = "person" }]',
    "navigation": '[{ place = "home", label = "…" }]',
}
"""What stands at a key whose value is a table, or a list of tables."""

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
    "union_tag_not_found": "must say its kind",
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
    meant = {
        each["loc"]: _meant(each["loc"], found, written, model) for each in found if each["type"] == "extra_forbidden"
    }
    told = (each for each in found if not _follows(each, found, meant, written))
    return [DefinitionFault(_place(each["loc"], written), _plain(each, written, model, meant)) for each in told]


def _follows(each: ErrorDetails, found: Sequence[ErrorDetails], meant: Mapping[Steps, str], written: object) -> bool:
    """
    Return whether a fault only follows from another one.

    Such are a missing key that was misspelt, a list that is too short because its entries are faulty, and the value of
    a key that cannot stand there.
    """
    kind, steps = each["type"], each["loc"]
    if kind == "missing":
        return any((*other[:-1], near) == steps for other, near in meant.items())
    if kind == "too_short":
        inside = _value_at(steps, written)
        return isinstance(inside, list) and len(inside) >= each.get("ctx", {}).get("min_length", 1)
    wrong = [other["loc"][:-1] for other in found if other["loc"][-1:] == ("[key]",)]
    return any(steps[: len(key)] == key and steps[len(key) :] != ("[key]",) for key in wrong)


def _plain(each: ErrorDetails, written: object, model: type[BaseModel] | None, meant: Mapping[Steps, str]) -> str:
    kind, context, steps = each["type"], each.get("ctx", {}), each["loc"]
    if kind == "extra_forbidden":
        return _unknown(steps, model, meant[steps])
    if steps and steps[-1] == "[key]":
        return _wrong_key(steps, context)
    if kind in _EITHER:
        return _either(context, _value_at(steps, written))
    if kind == "value_error":
        return each["msg"].removeprefix("Value error, ")
    return _of_value(kind, context) + _example(kind, steps, _value_at(steps, written))


def _of_value(kind: str, context: Mapping[str, object]) -> str:
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(str(context.get("pattern")), "is not written as it must be")
    if kind in _LIMITS:
        key, says = _LIMITS[kind]
        return says.format(context.get(key))
    return _PLAIN.get(kind, "cannot stand here")


def _example(kind: str, steps: Steps, value: object) -> str:
    """Return an example of what stands at a key whose value is a table or a list."""
    named = str(steps[-1]) if steps else ""
    if kind in TABLES and named in EXAMPLES:
        return f", for example {EXAMPLES[named]}"
    if kind == "tuple_type" and named in LISTS:
        return f", for example {LISTS[named]}"
    if kind == "tuple_type" and isinstance(value, str):
        return f', for example ["{_shortened(value)}"]'
    return ""


def _wrong_key(steps: Steps, context: Mapping[str, object]) -> str:
    """Say which names may stand on the left. In [person] these are roles, and the questions stand on the right."""
    key, known = str(steps[-2]), _listed(context)
    if key == "floor":
        return "stands before the first heading in square brackets, because it belongs to the whole register"
    if steps[0] != "person" or not known:
        return PATTERNS.get(str(context.get("pattern")), "cannot stand here")
    near = ROLES.get(key.replace("_", " ")) or nearest(key, known)
    meant = f"; did you mean {near}?" if near else f": {', '.join(known)}"
    return f"is no role: [person] has roles on the left, and the questions that ask them on the right{meant}"


def _listed(context: Mapping[str, object]) -> list[str]:
    said = str(context.get("expected", context.get("expected_tags", ""))).replace("'", "")
    return [each for each in said.replace(" or ", ", ").split(", ") if each]


def _either(context: Mapping[str, object], value: object) -> str:
    """Say which words are allowed, and which one was probably meant."""
    said = str(context.get("expected", context.get("expected_tags"))).replace("'", "")
    tried = value.get("kind") if isinstance(value, dict) else value
    return f"must be one of {said}{did_you_mean(tried, _listed(context)) if isinstance(tried, str) else ''}"


def _unknown(steps: Steps, model: type[BaseModel] | None, near: str) -> str:
    """Say that a key is unknown, with the key that was meant or else all that are known there."""
    if near:
        return f"is not a word that a definition knows; did you mean {near}?"
    known = _known_at(steps[:-1], model)
    listed = f"; known here: {', '.join(known)}" if known else ""
    return f"is not a word that a definition knows{listed}"


def _meant(steps: Steps, found: Sequence[ErrorDetails], written: object, model: type[BaseModel] | None) -> str:
    """
    Return the key that was meant: one that authors often call so, one that is missing, or the nearest.

    A key that is written as well was not meant.
    """
    table = _value_at(steps[:-1], written)
    there = table.keys() if isinstance(table, dict) else frozenset()
    key, known = str(steps[-1]), [each for each in _known_at(steps[:-1], model) if each not in there]
    missing = [str(each["loc"][-1]) for each in found if each["type"] == "missing" and each["loc"][:-1] == steps[:-1]]
    usual = next((each for each in INSTEAD.get(key, ()) if each in known), "")
    return usual or nearest(key, missing, cutoff=0.5) or nearest(key, known)


def _known_at(steps: Steps, model: type[BaseModel] | None) -> list[str]:
    """Return the keys that are known at a place of the definition."""
    models = [model] if model else []
    for step in steps:
        if isinstance(step, str):
            models = _inside(models, step)
    return sorted({name for each in models for name in _fields(each)})


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
