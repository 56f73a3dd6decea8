"""Checks of what the documents name: links, paths, modules and targets of the Makefile all exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.census import tree

LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
QUOTED = re.compile(r"`([\w.-]+(?:/[\w.-]+)+/?|[\w-]+\.(?:csv|json|md|py|sql|toml))`")
MODULE = re.compile(r"python -m ((?:deploy|gateway|services|shared|tests)(?:\.\w+)*)")
TARGET = re.compile(r"`make ([a-z-]+)|^make ([a-z-]+)", re.MULTILINE)
# Made by a run, or the name of a file that every service or folder of lists has.
ELSEWHERE = {"./var", "definers.toml", "lists/ethnic_category.csv", "secrets.json", "service.py", "settings.py"}
PLANNED = {"openapi.json", "shared/leases.py"}


def _documents() -> list[Path]:
    return [path for path in tree.files(".md") if "pictures" not in path.parts]


def _unknown_in(path: Path, text: str) -> Iterator[str]:
    """Yield each link, path, module or target that the text names and that does not exist."""
    folder = (tree.ROOT / path).parent
    yield from (link for link in LINK.findall(text) if not (folder / link).exists())
    for name in set(QUOTED.findall(text)) - ELSEWHERE - PLANNED:
        if not ((tree.ROOT / name).exists() or (folder / name).exists()):
            yield name
    for module in MODULE.findall(text):
        place = tree.ROOT / module.replace(".", "/")
        if not (place.is_dir() or place.with_suffix(".py").exists()):
            yield module
    made = set(re.findall(r"^([a-z-]+):", tree.text(Path("Makefile")), re.MULTILINE))
    yield from (one or other for one, other in TARGET.findall(text) if (one or other) not in made)


@pytest.mark.parametrize("path", _documents(), ids=str)
def test_a_document_names_only_what_exists(path: Path) -> None:
    assert [] == list(_unknown_in(path, tree.text(path)))


def test_a_name_of_something_that_does_not_exist_is_found() -> None:
    text = "[a](gone.md) `shared/gone.py` `gone.py` `make gone` python -m shared.gone [b](README.md) `make run`"

    assert {"gone.md", "shared/gone.py", "gone.py", "shared.gone", "gone"} == set(_unknown_in(Path("README.md"), text))
