"""How the schema's functions are told what to do: each jsonb parameter is one dataclass, whose fields are its keys."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic_core import to_json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def jsonb(*parameters: "DataclassInstance") -> list[str]:
    """Return each parameter as Postgres takes it. Bytes are written as hexadecimal digits."""
    return [to_json(each, bytes_mode="hex", by_alias=False).decode() for each in parameters]


def jsonb_list(rows: "Sequence[DataclassInstance]") -> str:
    """Return a parameter that stands for any number of the same things."""
    return f"[{','.join(jsonb(*rows))}]"
