"""Checks of the list of requirements, the marks on the tests, and the table made from both."""

from collections import Counter
from pathlib import Path

import pytest

from tests import trace

MOST_ON_ONE_TEST = 5
MARKED = """
import pytest

CASES = [pytest.param(1, marks=pytest.mark.requirement("R-DSR-003"))]


@pytest.mark.requirement("R-DSR-001", "R-DSR-002")
def test_plain() -> None: ...


class TestGroup:
    @pytest.mark.parametrize("case", CASES)
    @pytest.mark.requirement(CASES)
    async def test_within(self, case: int) -> None: ...
"""


def test_the_list_holds_every_requirement_of_every_source() -> None:
    from_sources = {"R-DSR": 171, "R-FLOW": 21, "R-S117": 89, "R-DSCR": 31}

    assert from_sources | {"R-USE": 8, "R-LOAD": 6, "R-PRIV": 1} == Counter(map(trace.family, trace.wanted()))


@pytest.mark.slow
def test_every_mark_names_requirements_of_the_list() -> None:
    listed = trace.wanted()

    named = [(proof.test, requirement) for proof in trace.proofs() for requirement in proof.requirements]

    assert [] == [(test, requirement) for test, requirement in named if requirement not in listed]


@pytest.mark.slow
def test_no_mark_claims_more_than_five_requirements() -> None:
    claims = [(proof.test, len(proof.requirements)) for proof in trace.proofs()]

    assert [] == [(test, count) for test, count in claims if count > MOST_ON_ONE_TEST]


def test_marks_are_found_on_tests_in_classes_and_on_single_cases(tmp_path: Path) -> None:
    marked = tmp_path / "test_marked.py"
    marked.write_text(MARKED, encoding="utf-8")

    found = trace.marks_in(marked, Path("test_marked.py"))

    assert [
        trace.Proof("test_marked.py", ("R-DSR-003",)),
        trace.Proof("test_marked.py::test_plain", ("R-DSR-001", "R-DSR-002")),
        trace.Proof("test_marked.py::TestGroup::test_within", ("CASES",)),
    ] == found


def test_the_table_tells_proved_bare_and_totals() -> None:
    listed = {"R-A-001": "One thing", "R-A-002": "Another", "R-B-001": "A third"}

    table = trace.report(listed, {"R-A-001": ["test_a.py::test_one"]})

    assert ["Proved by", "R-A-001      test_a.py::test_one", "", "Bare", "R-A-002      Another"] == table[:5]
    assert ["R-A          1 of 2", "R-B          0 of 1", "in all       1 of 3"] == table[-3:]
