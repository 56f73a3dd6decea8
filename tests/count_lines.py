"""
Counts lines of Python and SQL code, without blank lines, comments and docstrings.

python -m tests.count_lines                 the working files
python -m tests.count_lines v1 v2           two git revisions, and the difference
"""

import ast
import io
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.census import tree

NOT_CODE = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}
Counts = Counter[str]


def python_lines(source: str) -> int:
    """Count the lines with at least one token that is neither a comment nor part of a docstring."""
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NOT_CODE:
            found.update(range(token.start[0], token.end[0] + 1))
    return len(found - _docstring_lines(ast.parse(source)))


def _docstring_lines(module: ast.Module) -> set[int]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found: set[int] = set()
    for node in ast.walk(module):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            text = node.body[0]
            found.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return found


def sql_lines(source: str) -> int:
    return sum(1 for line in source.splitlines() if line.strip() and not line.strip().startswith("--"))


COUNTED = {".py": python_lines, ".sql": sql_lines}


def count(files: Iterator[tuple[str, str]]) -> Counts:
    """Count lines by folder and language, under keys such as `services .sql`."""
    counts: Counts = Counter()
    for name, source in files:
        path = Path(name)
        if path.suffix in COUNTED and len(path.parts) > 1:
            counts[f"{path.parts[0]} {path.suffix}"] += COUNTED[path.suffix](source)
    return counts


def files_here() -> Iterator[tuple[str, str]]:
    return ((str(path), tree.text(path)) for path in tree.files(*COUNTED))


def files_of(revision: str) -> Iterator[tuple[str, str]]:
    """
    Yield the path and text of each counted file of a commit.

    Raises `CalledProcessError` if git does not know the revision.
    """
    for name in _git("ls-tree", "-r", "--name-only", revision).splitlines():
        if Path(name).suffix in COUNTED:
            yield name, _git("show", f"{revision}:{name}")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=tree.ROOT, check=True, capture_output=True, encoding="utf-8")
    return done.stdout


def table(columns: dict[str, Counts]) -> str:
    """
    Return a table with one row for each folder and language.

    Two columns are followed by a third with the difference.
    """
    kinds = sorted({kind for counts in columns.values() for kind in counts})
    rows = [["", *columns], *([kind, *(str(counts[kind]) for counts in columns.values())] for kind in kinds)]
    rows.append(["sum", *(str(sum(counts.values())) for counts in columns.values())])
    if len(columns) == 2:
        rows[0].append("more")
        for row in rows[1:]:
            row.append(f"{int(row[2]) - int(row[1]):+}")
    return "\n".join(f"{row[0]:<16}" + "".join(f"{cell:>12}" for cell in row[1:]) for row in rows)


def main(revisions: list[str]) -> None:
    columns = {each: count(files_of(each)) for each in revisions} or {"here": count(files_here())}
    print(table(columns))


if __name__ == "__main__":
    main(sys.argv[1:])
