"""Finds what a template uses: elements, their attributes and kinds of field."""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag

from tests.census.features.reading import Use
from tests.census.features.support import Support

TEMPLATING = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)


def in_template(text: str, support: Support) -> Iterator[Use]:
    plain = TEMPLATING.sub(lambda found: "\n" * found[0].count("\n"), text)
    for tag in BeautifulSoup(plain, "html.parser").find_all(True):
        yield from _of_tag(tag, support)


def _of_tag(tag: Tag, support: Support) -> Iterator[Use]:
    line, element = tag.sourceline or 0, f"html.elements.{tag.name}"
    if keys := support.known(element, f"svg.elements.{tag.name}"):
        yield Use(f"<{tag.name}>", line, tuple(keys))
    for name, value in tag.attrs.items():
        if keys := support.known(f"{element}.{name}", f"html.global_attributes.{name}"):
            yield Use(f"<{tag.name} {name}>", line, tuple(keys))
        if keys := support.known(f"{element}.{name}_{value}", f"{element}.{name}.{value}"):
            yield Use(f'<{tag.name} {name}="{value}">', line, tuple(keys))
