"""Tests of the grouping: tests that share an expensive fixture run in one process, all others in any process."""

import pytest

from tests.groups import group_of, turn_of


def test_all_tests_before_one_product_or_the_source_tree_are_a_group() -> None:
    files = ("test_list.py", "test_mails.py")

    assert {"tests/journeys/second/"} == {group_of(f"tests/journeys/second/{each}::test_one") for each in files}
    assert "tests/failure/" == group_of("tests/failure/test_kill.py::test_one[a/b::c]")
    assert "tests/census/" == group_of("tests/census/test_code.py::test_one")


@pytest.mark.slow
def test_a_file_of_journeys_or_with_a_fixture_of_its_own_is_a_group() -> None:
    for file in ("tests/journeys/test_duplicates.py", "tests/deploy/test_up.py"):
        assert file == group_of(f"{file}::test_one")


def test_any_other_test_is_a_group_of_its_own() -> None:
    test = "tests/test_groups.py::test_one[of many]"

    assert test == group_of(test)


@pytest.mark.slow
def test_what_takes_longest_begins_first_and_single_tests_come_last() -> None:
    in_turn = [
        "tests/journeys/second/test_list.py::test_one",
        "tests/failure/test_kill.py::test_one",
        "tests/journeys/test_work.py::test_one",
        "tests/deploy/test_up.py::test_one",
        "tests/gateway/test_headers.py::test_one",
    ]

    assert in_turn == sorted(set(in_turn), key=turn_of)
