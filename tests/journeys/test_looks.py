"""Checks that each look of the table is taken once in the journeys, and that each page of the gateway has a look."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from gateway.routes import PAGES
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.looks import LOOKS, NO_PAGES, route_of

FOLDER = Path(__file__).parent


def test_each_look_is_written_once_in_the_journeys() -> None:
    written = Counter(look for file in FOLDER.rglob("test_*.py") for look in looks_in(file) if look in LOOKS)

    assert dict.fromkeys(LOOKS, 1) == written


def test_each_page_is_looked_at() -> None:
    pages = {each.path for each in PAGES if each.method == "GET"}

    assert set() == pages - NO_PAGES - set(LOOKS.values())


def test_an_address_is_found_by_the_path_of_a_page() -> None:
    paths = ("/dsr/records/new", "/dsr/records/0f/", "/dsr/administration/settings/home/", "/showcase/")

    assert [
        "/{register}/records/new",
        "/{register}/records/{record}/",
        "/{register}/administration/settings/{part}/",
        "/showcase/",
    ] == list(map(route_of, paths))


def looks_in(file: Path) -> Iterator[str]:
    """Yield the looks that a file takes: named in a call, or as keys of a dict whose addresses the test visits."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            yield from _texts(node.keys)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == then_everybody_can_use_it.__name__:
            yield from _texts(node.args)


def _texts(nodes: Iterable[ast.expr | None]) -> Iterator[str]:
    yield from (each.value for each in nodes if isinstance(each, ast.Constant) and isinstance(each.value, str))
