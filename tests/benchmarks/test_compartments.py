"""The benchmark of compartments measures each role, whatever the number of records."""

import pytest

from deploy.runner.stack import EmbeddedParts
from tests.benchmarks.compartments import HEADS, OLDEST, ROLES, measure


@pytest.mark.slow
async def test_each_role_has_a_figure_for_each_statement(parts: EmbeddedParts) -> None:
    _, _, _, *rows, _ = await measure(parts, OLDEST + 100, seconds=0)

    cells = [[cell.strip() for cell in row.strip("| ").split("|")] for row in rows]
    assert list(ROLES) == [name for name, *_ in cells]
    assert all(len(HEADS) == len([float(cost) for cost in costs]) for _, *costs in cells)
