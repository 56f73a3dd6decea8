"""Tests of what counts as a line of code."""

from collections import Counter

from tests.count_lines import count, python_lines, sql_lines, table

PYTHON = '''"""What it is for."""

# a remark
def act() -> str:
    """
    What it does.
    """

    return """a
b"""  # a remark
'''


def test_blank_lines_comments_and_docstrings_of_python_do_not_count() -> None:
    assert 3 == python_lines(PYTHON)


def test_blank_lines_and_comments_of_sql_do_not_count() -> None:
    assert 2 == sql_lines("-- why\nSELECT 1\n\n  -- more\nFROM record\n")


def test_lines_are_counted_by_folder_and_language() -> None:
    files = [
        ("shared/a.py", "x = 1\n"),
        ("shared/b/c.py", "y = 2\n"),
        ("shared/d.sql", "SELECT 1\n"),
        ("a.py", "z = 3"),
    ]

    assert {"shared .py": 2, "shared .sql": 1} == count(iter(files))


def test_two_revisions_are_shown_with_their_difference() -> None:
    shown = table({"old": Counter({"shared .py": 12}), "new": Counter({"shared .py": 9, "tests .py": 1})})

    assert ["shared .py 12 9 -3", "tests .py 0 1 +1", "sum 12 10 -2"] == [
        " ".join(line.split()) for line in shown.splitlines()[1:]
    ]
