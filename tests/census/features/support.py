"""Says which browser has had which feature since which version, from MDN's compatibility data, which npm installs."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property

from pydantic import BaseModel, TypeAdapter

from tests.census.tree import ROOT

DATA = ROOT / "node_modules" / "@mdn" / "browser-compat-data" / "data.json"
BROWSERS = ("chrome", "edge", "firefox", "opera", "safari")
# Some computers are updated late. The age counts from the date of the data, so that no test fails as time passes.
AGE = timedelta(days=730)

Version = tuple[int, ...]


class Release(BaseModel):
    release_date: date | None = None


class Browser(BaseModel):
    releases: dict[str, Release]


class Meta(BaseModel):
    timestamp: str

    @property
    def day(self) -> date:
        return date.fromisoformat(self.timestamp[:10])


class Statement(BaseModel):
    """Support for one feature in one browser: since which version, and with which limits."""

    version_added: str | bool | None
    version_removed: str | bool | None = None
    partial_implementation: bool = False
    prefix: str | None = None
    alternative_name: str | None = None
    flags: list[object] = []

    def is_in(self, oldest: Version) -> bool:
        qualified = self.partial_implementation or self.prefix or self.alternative_name or self.flags
        if qualified or self.version_removed or not isinstance(self.version_added, str):
            return self.version_added is True
        added = version(self.version_added)
        return added is not None and added <= oldest


STATEMENTS = TypeAdapter(dict[str, list[Statement] | Statement])


def version(text: str) -> Version | None:
    """Return the numbers of a version such as `18.1` or `≤37`, or None for a feature that only a preview has."""
    digits = re.fullmatch(r"≤?(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in digits[1].split(".")) if digits else None


@dataclass(frozen=True)
class Support:
    """Every feature by its key in the data, such as `api.HTMLDialogElement.showModal`."""

    oldest: dict[str, Version]
    features: dict[str, object]

    def lacking(self, key: str) -> list[str]:
        """Return the browsers whose version of AGE ago did not have the feature."""
        statements = STATEMENTS.validate_python(self.features[key])
        return [each for each in BROWSERS if not _any_in(statements.get(each, []), self.oldest[each])]

    @cached_property
    def named(self) -> dict[str, list[str]]:
        """The keys by their last part, for a member of an object of unknown kind."""
        found: dict[str, list[str]] = {}
        for key in self.features:
            found.setdefault(key.rpartition(".")[2], []).append(key)
        return found

    def known(self, *keys: str) -> list[str]:
        return [key for key in keys if key in self.features]

    def members(self, name: str) -> list[str]:
        """Return the keys of all members with this name, for objects of any kind."""
        places = (each.split(".") for each in self.named.get(name, []))
        return [".".join(each) for each in places if _is_member(each)]


def _is_member(place: list[str]) -> bool:
    return (place[0] == "api" and len(place) == 3) or (place[:2] == ["javascript", "builtins"] and len(place) > 3)


def _any_in(statements: list[Statement] | Statement, oldest: Version) -> bool:
    several = statements if isinstance(statements, list) else [statements]
    return any(each.is_in(oldest) for each in several)


@cache
def support() -> Support:
    """Load the data. Raises `AssertionError`, with what to do, if it is not installed."""
    assert DATA.is_file(), "MDN's compatibility data is not installed: `make assets` does it"
    data: dict[str, object] = json.loads(DATA.read_bytes())
    latest = Meta.model_validate(data["__meta"]).day - AGE
    browsers = TypeAdapter(dict[str, Browser]).validate_python(data["browsers"])
    return Support({each: _newest(browsers[each], latest) for each in BROWSERS}, dict(_features(data, "")))


def _newest(browser: Browser, latest: date) -> Version:
    out = [
        version(each) for each, made in browser.releases.items() if made.release_date and made.release_date <= latest
    ]
    return max(each for each in out if each is not None)


def _features(branch: object, key: str) -> Iterator[tuple[str, object]]:
    if not isinstance(branch, dict):
        return
    for name, below in branch.items():
        if name == "__compat":
            yield key, below["support"]
        elif key or name not in ("__meta", "browsers", "webextensions"):
            yield from _features(below, f"{key}.{name}".lstrip("."))
