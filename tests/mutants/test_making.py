"""Tests of the mutants themselves: each is one small change, and is called seen only if a test sees it."""

import time
from pathlib import Path

import pytest

from tests.mutants.__main__ import ROOT, Copy
from tests.mutants.making import mutants_of, said_of
from tests.mutants.places import PARTS, Part

RULE = '''"""A rule."""


@final(strict=True)
def may(age: int, asked: bool) -> bool:
    return age >= 18 and not asked
'''


def changes_in(root: Path, name: str) -> set[str]:
    text = (root / name).read_text("utf-8")
    return {said_of(text, each.change(text)) for each in mutants_of(root, Path(name))}


def test_a_rule_is_changed_in_one_place_at_a_time_and_its_decorators_are_left(tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text(RULE)

    found = changes_in(tmp_path, "rule.py")

    line = "6: return age >= 18 and not asked  ->  return"
    assert {
        f"{line} age > 18 and not asked",
        f"{line} age >= 18 or not asked",
        f"{line} age >= 19 and not asked",
    } <= found
    assert [] == [each for each in found if not each.startswith("6: ")]


@pytest.mark.parametrize("service", ["referrals", "outcomes", "reports", "notifier"])
def test_the_policies_of_a_baseline_are_loosened_and_nothing_else_is_changed(service: str) -> None:
    name = f"services/{service}/sql/0001_pre_baseline.sql"
    text = (ROOT / name).read_text("utf-8")

    found = [(each, each.change(text)) for each in mutants_of(ROOT, Path(name))]

    before = text[: text.rindex("\nDO $$")]
    assert len(found) > 5
    assert all(changed != text and changed.startswith(before) for _, changed in found)


@pytest.mark.parametrize("name", PARTS)
def test_the_files_and_tests_of_a_part_are_there(name: str) -> None:
    part = PARTS[name]

    assert [] == [pattern for pattern in part.files if not [*ROOT.glob(pattern)]]
    assert [] == [path for path in (*part.first, *part.then) if not (ROOT / path).exists()]


async def test_a_mutant_is_not_called_seen_because_the_later_tests_take_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test_first.py").write_text("def test_it() -> None: pass\n")
    (tmp_path / "test_then.py").write_text("import time\n\n\ndef test_it() -> None: time.sleep(60)\n")
    (tmp_path / "rule.py").write_text(RULE)
    part = Part(("rule.py",), ("test_first.py",), ("test_then.py",))
    passes = Copy.passes

    async def in_a_second(copy: Copy, tests: tuple[str, ...], seconds: float) -> bool | None:
        return await passes(copy, tests, seconds if tests == part.first else 1.0)

    monkeypatch.setattr(Copy, "passes", in_a_second)
    tried = await Copy(tmp_path).try_one(part, mutants_of(tmp_path, Path("rule.py"))[0], time.monotonic() + 600)

    assert "unsettled" == tried.verdict
