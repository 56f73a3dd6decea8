"""
Prints which tests prove which requirement, and which requirements have no test.

Fails if a test names an id that is not in the list.

python -m tests.trace
"""

import ast
import csv
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "docs" / "requirements.csv"
TESTS = ROOT / "tests"
SHOWN = 100


@dataclass(frozen=True)
class Proof:
    """One `requirement` mark: the test, class or file that carries it, and its ids as written."""

    test: str
    requirements: tuple[str, ...]


class Marks(ast.NodeVisitor):
    """Collects the marks of one file, each under the name of the test, class or file that carries it."""

    def __init__(self, file: str) -> None:
        self.proofs: list[Proof] = []
        self._within = [file]

    def visit(self, node: ast.AST) -> None:
        """Walk the tree and record each mark with the class and test around it."""
        if isinstance(node, ast.Call) and _is_mark(node.func):
            self.proofs.append(Proof("::".join(self._within), tuple(map(_written, node.args))))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self._within.append(node.name)
            self.generic_visit(node)
            self._within.pop()
        else:
            self.generic_visit(node)


def _is_mark(called: ast.expr) -> bool:
    return isinstance(called, ast.Attribute) and ast.unparse(called) == "pytest.mark.requirement"


def _written(argument: ast.expr) -> str:
    """Return the id. Return the source of any other expression: the list does not contain it, so the report fails."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    return ast.unparse(argument)


def wanted(listed: Path = LIST) -> dict[str, str]:
    """Return every requirement, id → text, in the order of the list."""
    with listed.open(encoding="utf-8", newline="") as lines:
        return {row["id"]: row["text"] for row in csv.DictReader(lines)}


def proofs(tests: Path = TESTS) -> list[Proof]:
    """Return every mark on every test in this folder."""
    return [proof for file in sorted(tests.rglob("test_*.py")) for proof in marks_in(file, file.relative_to(ROOT))]


def marks_in(file: Path, shown: Path) -> list[Proof]:
    marks = Marks(shown.as_posix())
    marks.visit(ast.parse(file.read_text(encoding="utf-8")))
    return marks.proofs


def by_requirement(found: Iterable[Proof]) -> dict[str, list[str]]:
    """Return the tests that name each requirement, without repeats."""
    tests: dict[str, dict[str, None]] = {}
    for proof in found:
        for requirement in proof.requirements:
            tests.setdefault(requirement, {})[proof.test] = None
    return {requirement: list(named) for requirement, named in tests.items()}


def family(requirement: str) -> str:
    """Return the family of a requirement: `R-DSR` for `R-DSR-046`."""
    return requirement.rpartition("-")[0]


def report(listed: dict[str, str], tests: dict[str, list[str]]) -> list[str]:
    """Return the report: proved requirements with their tests, unproved ones with their text, and family totals."""
    proved = [f"{wish:<12} {test}" for wish in listed for test in tests.get(wish, ())]
    bare = [f"{wish:<12} {text[:SHOWN]}" for wish, text in listed.items() if wish not in tests]
    everything = Counter(map(family, listed))
    done = Counter(family(wish) for wish in listed if wish in tests)
    totals = [f"{name:<12} {done[name]} of {count}" for name, count in everything.items()]
    totals.append(f"{'in all':<12} {done.total()} of {everything.total()}")
    return ["Proved by", *proved, "", "Bare", *bare, "", "Proved, by family", *totals]


def main() -> None:
    listed, tests = wanted(), by_requirement(proofs())
    print("\n".join(report(listed, tests)))
    if unknown := [f"{wish} ({', '.join(named)})" for wish, named in tests.items() if wish not in listed]:
        sys.exit("Not in docs/requirements.csv: " + "; ".join(unknown))


if __name__ == "__main__":
    main()
