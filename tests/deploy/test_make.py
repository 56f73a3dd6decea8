"""Every target of the Makefile does what it says, at toy size and in a copy of the project, so that none can rot."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.census import tree

pytestmark = pytest.mark.programs

FRESH = (".venv/editable", "node_modules/.package-lock.json")
INSTALLED = (".venv", "node_modules")
USED = {"built", "__pycache__"}
# One test of each kind, to show that each target runs its own kind.
KINDS = ("requirement", "journey", "programs", "failure", "full_rounds", "office", "browsers")
KINDS_FILE = Path("tests", "deploy", "test_kinds.py")
TEST_OF_KIND = '''

@pytest.mark.{kind}
def test_{kind}() -> None:
    """A toy of its kind."""
'''


@dataclass(frozen=True)
class Toy:
    """How a target is run at toy size, and the words and exit code that it must give."""

    says: str
    arguments: str = ""
    variables: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    status: int = 0


def kinds_run(*kinds: str, **environment: str) -> Toy:
    """Return a run of the file with one test of each kind, which must pass exactly these kinds."""
    return Toy(" ".join(sorted(kinds)), f"-v -p no:hypothesispytest {KINDS_FILE}", ("PARALLEL=-n 0",), environment)


TRUE = shutil.which("true") or ""
OFFLINE = {"npm_config_offline": "true", "npm_config_dry_run": "true"}
TOYS = {
    "help": Toy("make lint"),
    "run": Toy("These settings cannot be used: ICS_PORT", environment={"ICS_PORT": "none"}, status=2),
    "test": kinds_run("requirement", "journey", "programs", "failure", ICS_CHROMIUM=TRUE),
    "test-all": kinds_run("requirement", "journey", "programs", "failure", "full_rounds", ICS_CHROMIUM=TRUE),
    "quick": kinds_run("requirement"),
    "office": kinds_run("office", ICS_SOFFICE=TRUE),
    "browsers": kinds_run("browsers", ICS_FIREFOX=TRUE, ICS_WEBKIT=TRUE, ICS_XVFB=TRUE),
    "format": Toy("left unchanged"),
    "documents": Toy(""),
    "lint": Toy("6 kept", variables=("CHECKED=shared/tasks.py", "TEMPLATES=gateway/templates/errors")),
    "assets": Toy("", variables=("-W", "deploy/build/assets.py")),
    "bench": Toy("200 records: CPU ms", "--cold --sizes 200 --clients 1 --seconds 0.02 --idle 0 --write page.md"),
    "fuzz": Toy("0 of 40 answers were wrong; processes that ended: none", "--requests 40"),
    "soak": Toy("usage: python -m tests.failure.soak", "--help"),  # the failure tests run its rounds
    "mutants": Toy("usage: make mutants", "--help"),
    "trace": Toy("in all"),
    "lock": Toy("Usage: python -m piptools compile", "--help", environment=OFFLINE),
}
APART = {"clean"}
CASES = [pytest.param(each, marks=[pytest.mark.journey] if each in ("bench", "fuzz") else []) for each in TOYS]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the project with its built files. Installed packages are links to those of the checkout."""
    folder = tmp_path_factory.mktemp("make") / "project"
    shutil.copytree(tree.ROOT, folder, ignore=shutil.ignore_patterns(*tree.PASSED_OVER - USED, "*.egg-info"))
    for name in INSTALLED:
        (folder / name).symlink_to(tree.ROOT / name)
    (folder / KINDS_FILE).write_text(
        '"""Toys."""\n\nimport pytest\n' + "".join(TEST_OF_KIND.format(kind=kind) for kind in KINDS)
    )
    yield folder
    shutil.rmtree(folder)


def make(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run make as from a terminal: without the settings of an outer make or pytest, and without installing anything."""
    outer = ("MAKE", "MFLAGS", "ARGS", "PYTEST", "ICS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    fresh = [word for name in FRESH for word in ("-o", name)]
    command = ("make", *fresh, *words)
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def targets() -> set[str]:
    (line,) = re.findall(r"^\.PHONY: (.+)$", tree.text(Path("Makefile")), re.MULTILINE)
    return set(line.split())


def test_every_target_is_tried_here_and_listed_by_help() -> None:
    listed = re.findall(r"^([a-z-]+):.*## ", tree.text(Path("Makefile")), re.MULTILINE)

    assert targets() == set(TOYS) | APART
    assert targets() == set(listed)


@pytest.mark.parametrize("target", CASES)
def test_a_target_works_at_toy_size(target: str, copy: Path) -> None:
    toy = TOYS[target]
    arguments = [f"ARGS={toy.arguments}"] if toy.arguments else []

    made = make(copy, target, *arguments, *toy.variables, **toy.environment)

    said = _kinds_in(made.stdout) if KINDS_FILE.name in toy.arguments else made.stdout
    assert toy.status == made.returncode, made.stdout
    assert toy.says in said, made.stdout


def _kinds_in(said: str) -> str:
    """Return the tests that passed in alphabetical order, whether one process ran them or several."""
    passed = [line for line in said.splitlines() if "PASSED" in line]
    return " ".join(sorted(kind for line in passed for kind in re.findall(r"::test_(\w+)", line)))


@pytest.mark.journey
def test_the_benchmark_writes_its_page(copy: Path) -> None:
    if not (copy / "page.md").exists():
        test_a_target_works_at_toy_size("bench", copy)

    written = (copy / "page.md").read_text(encoding="utf-8")

    assert "- Python: CPython 3." in written
    assert "## 200 records" in written
    assert {"list, own records", "create: the request", "create: its followers"} <= set(
        re.findall(r"^\| ([a-z].+?) \|", written, re.MULTILINE)
    )


def test_assets_are_built_where_they_are_missing(copy: Path) -> None:
    (copy / "gateway" / "assets" / "built" / "manifest.json").unlink()

    assert 0 == make(copy, "assets").returncode
    assert (copy / "gateway" / "assets" / "built" / "manifest.json").exists()


def test_clean_removes_what_was_made_and_keeps_the_records(tmp_path: Path) -> None:
    shutil.copyfile(tree.ROOT / "Makefile", tmp_path / "Makefile")
    made = (".venv/x", "node_modules/x", "gateway/assets/built/x", "shared/__pycache__/x", ".mypy_cache/x")
    kept = ("var/x", "shared/x", "services/x", "gateway/x", "deploy/x", "tests/x")
    for name in (*made, *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    cleaned = make(tmp_path, "clean")

    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert 0 == cleaned.returncode, cleaned.stdout
    assert {"Makefile", *kept} == left
