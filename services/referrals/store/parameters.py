"""Turns dataclasses into the jsonb parameters of the schema's functions: the fields become the keys."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic_core import to_json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def jsonb(*parameters: "DataclassInstance") -> list[str]:
    """Return each parameter as JSON text. Bytes are written as hexadecimal digits."""
    return [to_json(each, bytes_mode="hex", by_alias=False).decode() for each in parameters]


def jsonb_list(rows: "Sequence[DataclassInstance]") -> str:
    """Return the rows as one JSON list."""
    return f"[{','.join(jsonb(*rows))}]"
