"""The types of what people type into requests. It is cleaned before anything else looks at it, its length included."""

from typing import Annotated

from pydantic import BeforeValidator

from shared.cleaning import clean_line, clean_text


def _line(typed: object) -> object:
    return clean_line(typed) if isinstance(typed, str) else typed


def _text(typed: object) -> object:
    return clean_text(typed) if isinstance(typed, str) else typed


TypedLine = Annotated[str, BeforeValidator(_line)]
"""One line, such as a name, an address or a search."""

CLEANED = BeforeValidator(_text)
TypedText = Annotated[str, CLEANED]
"""Text of several lines, such as a note."""

TypedAnswers = dict[str, TypedText | tuple[TypedText, ...]]
"""The answers of a form that somebody sends."""
