"""Makes mutants: copies of a file with one small change each."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

# These change what nothing here depends on, or repeat for each operator what one replacement says about the tests.
LEFT_OUT = re.compile(
    r"RemoveDecorator|ExceptionReplacer|ZeroIteration|VariableInserter|VariableReplacer|NoOp"
    r"|ReplaceBinaryOperator_(?!Add_Sub|Sub_Add|Mul_Div|Div_Mul)"
    r"|ReplaceComparisonOperator_(?!Eq_NotEq|NotEq_Eq|Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Is_IsNot|IsNot_Is|In_NotIn|NotIn_In)"
)

# In the part of a baseline that makes policies: a condition that is looser, the other way round, or gone.
POLICY_CHANGES = (
    (r"\bAND\b", "OR"),
    (r"USING \((?!true\))[^)]*\)", "USING (true)"),
    (r"WITH CHECK \((?!true\))[^)]*\)", "WITH CHECK (true)"),
    (r" AS RESTRICTIVE", ""),
    (r"IS DISTINCT FROM", "IS NOT DISTINCT FROM"),
    (r"''1''", "''''"),
    (r"= ANY", "<> ALL"),
    (r"''(?:standard|reporting|administrator)''", "''master_admin''"),
    (r"= \(SELECT", "IS NOT NULL OR (SELECT"),
)
POLICIES = re.compile(r"CREATE POLICY")


@dataclass(frozen=True)
class Mutant:
    """One change of a file. It is made when it is tried, since making all of them takes minutes."""

    path: Path
    change: Callable[[str], str]


def mutants_of(root: Path, path: Path) -> list[Mutant]:
    text = (root / path).read_text("utf-8")
    changes = _of_policies(text) if path.suffix == ".sql" else _of_python(text)
    return [Mutant(path, change) for change in changes]


def _of_python(text: str) -> Iterator[Callable[[str], str]]:
    lines, nodes = text.splitlines(), list(ast_nodes(get_ast(text)))
    for name in operator_names():
        if LEFT_OUT.search(name):
            continue
        operator = get_operator(name)()
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, ((line, _), _) in enumerate(places):
            if not lines[line - 1].lstrip().startswith("@"):  # what a decorator says is seldom behaviour
                yield partial(_mutated, name, occurrence)


def _mutated(operator: str, occurrence: int, text: str) -> str:
    changed: str | None = mutate_code(text, get_operator(operator)(), occurrence)
    return text if changed is None else changed


def _of_policies(text: str) -> Iterator[Callable[[str], str]]:
    """Change the block that makes the policies. A baseline has at most one, after all else."""
    if not POLICIES.search(text):
        return
    start = text.rindex("\nDO $$")
    for pattern, instead in POLICY_CHANGES:
        for found in re.finditer(pattern, text[start:]):
            yield partial(_replaced, start + found.start(), start + found.end(), instead)


def _replaced(begin: int, end: int, instead: str, text: str) -> str:
    return text[:begin] + instead + text[end:]


def said_of(before: str, after: str) -> str:
    """Return the first line that differs, before and after."""
    for number, (old, new) in enumerate(zip(before.splitlines(), after.splitlines(), strict=False), start=1):
        if old != new:
            return f"{number}: {old.strip()}  ->  {new.strip()}"
    return "the last lines"
