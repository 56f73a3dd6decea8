"""Groups the tests that one test process must run together because they share an expensive fixture."""

from functools import cache
from pathlib import Path

from xdist.scheduler.loadscope import LoadScopeScheduling

ROOT = Path(__file__).parent.parent
# The tests of each folder share one running product, or the source tree that is parsed once.
ONE_PROCESS = ("tests/failure/", "tests/journeys/second/", "tests/census/")
# The tests of a file share one browser, and act on the register in turn.
BY_FILE = "tests/journeys/"
# What takes longest begins first, so that all processes end at about the same time. Single tests come last.
LONGEST_FIRST = ("tests/journeys/second/", "tests/failure/", "tests/journeys/", "tests/deploy/test_make.py")
MODULE_FIXTURE = 'scope="module"'


class Groups(LoadScopeScheduling):
    """A pytest-xdist scheduler that hands out whole groups in the order of `turn_of`."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """Return the folder or file that the test is grouped by, or its own id if it shares no expensive fixture."""
    file = nodeid.partition("::")[0]
    for folder in ONE_PROCESS:
        if file.startswith(folder):
            return folder
    return file if file.startswith(BY_FILE) or has_module_fixture(file) else nodeid


def turn_of(nodeid: str) -> tuple[int, bool]:
    """Return a key that sorts the longest groups first, then the other groups, then single tests."""
    place = next((at for at, start in enumerate(LONGEST_FIRST) if nodeid.startswith(start)), len(LONGEST_FIRST))
    return place, group_of(nodeid) == nodeid


@cache
def has_module_fixture(file: str) -> bool:
    return MODULE_FIXTURE in (ROOT / file).read_text(encoding="utf-8")
