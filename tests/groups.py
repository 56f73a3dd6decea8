"""Groups the tests that one test process must run together because they share an expensive fixture."""

from functools import cache
from pathlib import Path

from xdist.scheduler.loadscope import LoadScopeScheduling

ROOT = Path(__file__).parent.parent
# The tests of each folder share one running product.
ONE_PRODUCT = ("tests/failure/", "tests/journeys/second/")
# The tests of a file share one browser, and act on the register in turn.
BY_FILE = "tests/journeys/"
MODULE_FIXTURE = 'scope="module"'


class Groups(LoadScopeScheduling):
    """A pytest-xdist scheduler that hands out whole groups, the largest first and single tests last."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """Return the folder or file that the test is grouped by, or its own id if it shares no expensive fixture."""
    file = nodeid.partition("::")[0]
    for folder in ONE_PRODUCT:
        if file.startswith(folder):
            return folder
    return file if file.startswith(BY_FILE) or has_module_fixture(file) else nodeid


@cache
def has_module_fixture(file: str) -> bool:
    return MODULE_FIXTURE in (ROOT / file).read_text(encoding="utf-8")
