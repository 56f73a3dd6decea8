"""Describes the use of a browser feature: its possible keys in MDN's data, of which one must be supported."""

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node


@dataclass(frozen=True)
class Use:
    """
    Something that a front-end file uses. It has several keys if several kinds of object share the name.

    It has no key if the data does not know it.
    """

    written: str
    line: int
    keys: tuple[str, ...]


def use(node: Node, keys: list[str], written: str = "") -> Use:
    return Use(written or words(node), node.start_point.row + 1, tuple(keys))


def words(node: Node) -> str:
    return node.text.decode() if node.text is not None else ""


def nodes(node: Node) -> Iterator[Node]:
    """Yield this node and all its descendants."""
    yield node
    for each in node.children:
        yield from nodes(each)


def parents(node: Node) -> Iterator[Node]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent
