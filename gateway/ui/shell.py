"""
Kept pages: a page is rendered once with holes, and only the holes are filled for each request.

A template sees nothing but the values of the key, compared by value, and holes. So two requests share a kept page only
if all else in it is equal. A hole can be printed and nothing else: a page that tests one fails instead of being wrong.
"""

import re
import secrets
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

from markupsafe import Markup

from gateway.ui.table import Cell, escaped

KEPT_AT_MOST = 300

Value = TypeVar("Value")
Name = str | tuple[str, ...]


class HoleTested(TypeError):
    """A template used a hole in another way than printing it."""


class Hole:
    """The place of a value that is filled in for each request."""

    __slots__ = ("_mark",)

    def __init__(self, mark: str) -> None:
        self._mark = mark

    def __html__(self) -> str:
        return self._mark

    def __str__(self) -> str:
        return self._mark

    def __format__(self, how: str) -> str:
        return self._refuse() if how else self._mark

    def _refuse(self, *_: object) -> NoReturn:
        raise HoleTested

    __bool__ = __len__ = __eq__ = __ne__ = __hash__ = __iter__ = __contains__ = _refuse


class Holes:
    """The holes of one rendering."""

    def __init__(self) -> None:
        self._names: list[Name] = []
        self._secret = secrets.token_hex(8)

    def hole(self, name: Name) -> Hole:
        self._names.append(name)
        return Hole(f"\x02{self._secret}:{len(self._names) - 1}\x03")

    def cut(self, page: str) -> "Shell":
        """Return the rendered page as pieces of text with the holes between them."""
        pieces = re.split(f"\x02{self._secret}:([0-9]+)\x03", page)
        places: defaultdict[Name, list[int]] = defaultdict(list)
        for place in range(1, len(pieces), 2):
            places[self._names[int(pieces[place])]].append(place)
            pieces[place] = ""
        return Shell(pieces, places)


@dataclass(frozen=True, eq=False)
class Same(Generic[Value]):
    """
    A value that never changes, compared by identity. It is for definitions, which are large: a changed one is another
    object.
    """

    value: Value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@dataclass(frozen=True, eq=False)
class Shell:
    """A kept page: its text in pieces, and the pieces that are holes. A hole without a value stays empty."""

    pieces: Sequence[str]
    places: Mapping[Name, Sequence[int]]

    def fill(self, values: Mapping[Name, Cell]) -> Markup:
        pieces = list(self.pieces)
        for name, value in values.items():
            for place in self.places.get(name, ()):
                pieces[place] = escaped(value)
        return Markup("".join(pieces))  # noqa: S704  a template made the pieces, and every value is escaped


class Shells:
    """The most recently used kept pages."""

    def __init__(self, at_most: int = KEPT_AT_MOST) -> None:
        self._kept: OrderedDict[Hashable, Shell] = OrderedDict()
        self._at_most = at_most

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Hashable, render: Callable[[Holes], str]) -> Shell:
        """Return the kept page of this key. `render` makes it if it is not kept."""
        shell = self._kept.pop(key, None)
        if shell is None:
            holes = Holes()
            shell = holes.cut(render(holes))
        self._kept[key] = shell
        if len(self._kept) > self._at_most:
            self._kept.popitem(last=False)
        return shell
