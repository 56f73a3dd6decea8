"""Tests that the guide for authors, docs/registers.md, names every key of a definition, and that its examples work."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, cast, get_args, get_origin

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from deploy.operate.register_check import check_definition
from shared.registers.checks.references import ROLE_KINDS
from shared.registers.definition.base import Role
from shared.registers.definition.questions import Kind
from shared.registers.definition.register import ALWAYS_KNOWN, Definition
from shared.registers.definition.words import Words, reworded
from shared.registers.load import load_registers
from shared.registers.shape import shape_faults

GUIDE = Path(__file__).parents[2] / "docs" / "registers.md"
TEXT = GUIDE.read_text("utf-8")
REFERENCE = TEXT.partition("\n## Every key\n")[2]
EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
SHORTEST = EXAMPLES[0]

ROW = re.compile(
    r"^\| `(?P<key>\w+)` \| (?P<shape>[^|]+) \| (?P<default>[^|]+) \| `(?P<example>.+?)` \| (?P<says>.+) \|$"
)
SHAPES: dict[str, tuple[type, ...]] = {
    "yes or no": (bool,),
    "number": (int,),
    "text": (str,),
    "table": (dict,),
    "table, or tables": (dict,),
}
Row = dict[str, str]


def test_the_shortest_register_starts(tmp_path: Path) -> None:
    path = tmp_path / "homes" / "2031.toml"
    path.parent.mkdir()
    path.write_text(SHORTEST, "utf-8")

    checked = check_definition(path)

    assert checked.faults == []
    assert load_registers([tmp_path]).find("homes").identity.name == "Fitting Homes Register"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("\n")[0])
def test_every_example_has_the_shape_of_its_part(example: str) -> None:
    written = tomllib.loads(example)
    words, faults = reworded(written.get("words", {}))

    try:
        Definition.model_validate(written | {"words": words})
    except ValidationError as error:
        lacks = {each["loc"] for each in error.errors() if each["type"] == "missing" and len(each["loc"]) <= 2}
        told = shape_faults(error, written, Definition)
        faults += [fault for fault in told if tuple(fault.place.split(", ")) not in lacks]

    assert faults == []


def test_every_key_is_in_the_guide_with_its_default_and_an_example() -> None:
    told: list[str] = []
    found: set[type[BaseModel]] = set()
    for title, rows in _tables():
        fields = _fields_of(title, found)
        told += [f"{title}: {key} is missing" for key in fields.keys() - rows.keys()]
        told += [f"{title}: there is no {key}" for key in rows.keys() - fields.keys()]
        told += [f"{title}: {why}" for key in rows.keys() & fields.keys() for why in _wrong(rows[key], fields[key])]
    told += [f"{model.__name__} has no table" for model in _every_model(Definition) - found]

    assert sorted(told) == []


def test_every_value_that_a_key_can_have_is_in_the_guide() -> None:
    fields = [field for model in _every_model(Definition) for field in model.model_fields.values()]
    values = {value for field in fields for value in _values(field.annotation)}

    assert sorted(value for value in values if not re.search(rf"`\"?{value}\"?`", TEXT)) == []


def test_every_role_names_the_kinds_of_question_that_it_takes() -> None:
    ((_, rows),) = [(title, rows) for title, rows in _tables() if title == "`[person]`"]

    named = {role: set(re.findall(r"`(\w+)`", row["says"])) & set(get_args(Kind)) for role, row in rows.items()}
    assert {role: set(kinds) for role, kinds in ROLE_KINDS.items()} == named


def test_every_name_in_the_guide_is_known() -> None:
    fields = [item for model in _every_model(Definition) for item in _keys(model).items()]
    known = {key for key, _ in fields} | {value for _, field in fields for value in _values(field.annotation)}
    known |= set(re.findall(r"\w+", "\n".join(EXAMPLES))) | set(re.findall(r"\w+", REFERENCE))

    named = set(re.findall(r"`([a-z][a-z_]*[a-z])`", TEXT.partition("\n## Every key\n")[0]))

    assert sorted(named - known) == []


def _tables() -> Iterator[tuple[str, dict[str, Row]]]:
    for part in REFERENCE.split("\n### ")[1:]:
        title, _, body = part.partition("\n")
        rows = [found.groupdict() for line in body.split("\n") if (found := ROW.match(line))]
        lines = [line for line in body.split("\n") if line.startswith("| `")]
        assert len(rows) == len(lines), f"{title}: a row has other cells than key, shape, default, example, meaning"
        yield title, {row["key"]: row for row in rows}


def _fields_of(title: str, found: set[type[BaseModel]]) -> Mapping[str, tuple[FieldInfo, ...]]:
    """Return the keys at the paths in a title, with the field of each model there. Add the models to `found`."""
    paths = re.findall(r"`\[+([a-z_.]+)\]+`", title)
    if paths == ["person"]:
        return {role: (_role_field(role),) for role in get_args(Role)}
    models = {model for path in paths for model in _models_at(path)} or {Definition}
    found |= models
    keys = {key for model in models for key in _keys(model)}
    return {key: tuple(_keys(model)[key] for model in sorted(models, key=str) if key in _keys(model)) for key in keys}


def _role_field(role: str) -> FieldInfo:
    return FieldInfo(annotation=str) if role in ALWAYS_KNOWN else FieldInfo(annotation=str, default=None)


def _models_at(path: str) -> set[type[BaseModel]]:
    here: set[type[BaseModel]] = {Definition}
    for step in path.split("."):
        here = {each for model in here if step in _keys(model) for each in _models_in(_keys(model)[step].annotation)}
    assert here, f"there is no [{path}]"
    return here


def _wrong(row: Row, fields: tuple[FieldInfo, ...]) -> Iterator[str]:
    """Yield what the row of a key says wrongly: its default, its shape or its example."""
    key, default = row["key"], row["default"]
    if default not in {_default(field) for field in fields}:
        yield f"{key} has the default {' or '.join(sorted({_default(field) for field in fields}))}"
    written = tomllib.loads(row["example"])
    if list(written) != [key]:
        yield f"the example of {key} is one of {', '.join(written)}"
    elif not _is_of(row["shape"], written[key]):
        yield f"{key} is no {row['shape']}"
    elif not any(_takes(field, written[key]) for field in fields):
        yield f"the example of {key} is faulty"


def _default(field: FieldInfo) -> str:
    if field.is_required() and not _is_words(field):
        return "**required**"
    if _is_words(field) or field.default in (None, (), [], {}):  # the words of the house are there without it
        return "none"
    match field.default:
        case bool() as flag:
            return f"`{str(flag).lower()}`"
        case int() as number:
            return f"`{number}`"
        case str() as text:
            return f'`"{text}"`'
        case _:
            return "all of them"


def _is_of(shape: str, value: object) -> bool:
    if isinstance(value, list):
        return shape == ("tables" if isinstance(value[0], dict) else "list of texts")
    return shape in SHAPES and type(value) in SHAPES[shape]


def _takes(field: FieldInfo, value: object) -> bool:
    if _is_words(field):
        return not reworded(value)[1]
    try:
        wanted = cast("type[object]", Annotated[field.annotation, Field(), *field.metadata])
        TypeAdapter(wanted).validate_python(value)
    except ValidationError:
        return False
    return True


def _is_words(field: FieldInfo) -> bool:
    return field.annotation is Words or Words in get_args(field.annotation)


def _keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _every_model(model: type[BaseModel]) -> set[type[BaseModel]]:
    inside = {each for field in model.model_fields.values() for each in _models_in(field.annotation)}
    return {model}.union(*(_every_model(each) for each in inside))


def _parts(annotation: object) -> tuple[object, ...]:
    return () if get_origin(annotation) is Literal else get_args(annotation)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in _parts(annotation):
        yield from _models_in(each)


def _values(annotation: object) -> Iterator[str]:
    """Yield the words that a field can have, where it has only certain ones."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        yield from annotation
    for each in _parts(annotation):
        yield from _values(each)
