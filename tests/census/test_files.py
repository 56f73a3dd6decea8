"""Checks of what no committed file may contain."""

import re

from tests.census import tree

# Brackets in each pattern keep it from matching itself.
PROMISES = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X)\b")
REGISTRIES = re.compile(r"pyp[i]\.org|pythonh[o]sted\.org|npmj[s]\.(org|com)|yarnp[k]g\.com")
MACHINE = re.compile(r"(?<![\w.])/(ro[o]t|ho[m]e|wo[r]k|Us[e]rs)/\w")


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}"
        for path in tree.files()
        for number, line in enumerate(tree.text(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_holds_a_promise_to_mend_it_later() -> None:
    assert [] == _lines_with(PROMISES)


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert [] == _lines_with(REGISTRIES)


def test_no_file_holds_a_path_of_the_machine_it_was_written_on() -> None:
    assert [] == _lines_with(MACHINE)


def test_the_locks_hold_hashes_and_no_addresses() -> None:
    locks = {name: (tree.ROOT / name).read_text(encoding="utf-8") for name in tree.LOCKS}

    assert set() == {name for name, lock in locks.items() if re.search(r"://|--find-links|--index-url", lock)}
    assert set() == {name for name, lock in locks.items() if "sha256:" not in lock and "sha512-" not in lock}
