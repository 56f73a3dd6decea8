"""Which tests one of several test processes runs together, because they share something dear."""

from functools import cache
from pathlib import Path

from xdist.scheduler.loadscope import LoadScopeScheduling

ROOT = Path(__file__).parent.parent
# One product for all tests of the folder.
ONE_PRODUCT = ("tests/failure/", "tests/journeys/second/")
# One browser, and one thing at a time on the register.
BY_FILE = "tests/journeys/"
MODULE_FIXTURE = 'scope="module"'


class Groups(LoadScopeScheduling):
    """Gives each process a group of tests at a time, the largest first, and in the end single tests."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """A folder, a file, or the test alone when it shares nothing but what each process starts for itself."""
    file = nodeid.partition("::")[0]
    for folder in ONE_PRODUCT:
        if file.startswith(folder):
            return folder
    return file if file.startswith(BY_FILE) or has_module_fixture(file) else nodeid


@cache
def has_module_fixture(file: str) -> bool:
    return MODULE_FIXTURE in (ROOT / file).read_text(encoding="utf-8")
