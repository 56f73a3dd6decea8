"""What a front-end file uses: each use by the keys that it may have in the compatibility data, one of which must do."""

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node


@dataclass(frozen=True)
class Use:
    """
    Something written in a file. Several keys where many kinds of object have one name; no key when nobody knows it.
    """

    written: str
    line: int
    keys: tuple[str, ...]


def use(node: Node, keys: list[str], written: str = "") -> Use:
    return Use(written or words(node), node.start_point.row + 1, tuple(keys))


def words(node: Node) -> str:
    return node.text.decode() if node.text is not None else ""


def nodes(node: Node) -> Iterator[Node]:
    """This one and all beneath it."""
    yield node
    for each in node.children:
        yield from nodes(each)


def parents(node: Node) -> Iterator[Node]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent
