"""Tests of the grouping: tests that share an expensive fixture run in one process, all others in any process."""

from tests.groups import group_of


def test_all_tests_before_one_product_are_a_group() -> None:
    files = ("test_list.py", "test_mails.py")

    assert {"tests/journeys/second/"} == {group_of(f"tests/journeys/second/{each}::test_one") for each in files}
    assert "tests/failure/" == group_of("tests/failure/test_kill.py::test_one[a/b::c]")


def test_a_file_of_journeys_or_with_a_fixture_of_its_own_is_a_group() -> None:
    for file in ("tests/journeys/test_duplicates.py", "tests/deploy/test_up.py"):
        assert file == group_of(f"{file}::test_one")


def test_any_other_test_is_a_group_of_its_own() -> None:
    test = "tests/test_groups.py::test_one[of many]"

    assert test == group_of(test)
