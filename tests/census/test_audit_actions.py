"""Every action in the audit is a member of its service's closed set, and every member is written."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from services.identity.audit_actions import IdentityAction
from services.notifier.audit_actions import NotifierAction
from services.outcomes.audit_actions import OutcomesAction
from services.referrals.audit_actions import ReferralsAction
from services.reports.audit_actions import ReportsAction
from shared.audit import AuditAction
from shared.set_aside import SetAsideAction
from tests.census import tree

ACTIONS: dict[str, type[AuditAction]] = {
    "identity": IdentityAction,
    "notifier": NotifierAction,
    "outcomes": OutcomesAction,
    "referrals": ReferralsAction,
    "reports": ReportsAction,
}
# What operators do alike with every service. No SQL names these actions.
SHARED: dict[str, type[AuditAction]] = {"set_aside": SetAsideAction}
EVERY = (*ACTIONS.values(), *SHARED.values())
TYPED = "wanted.action"  # a field that Python sends, whose type is the closed set
WRITES = re.compile(r"\bINSERT\s+INTO\s+(?:\w+\.)?\"?audit\"?(?!\w)", re.IGNORECASE)
VALUES = re.compile(r"\s*\(([^)]*)\)\s*(?:VALUES\s*\(|SELECT\s)([^;]*)")


def _written_by_sql(path: Path) -> Iterator[str]:
    """The action of each audit row that the file writes, as the SQL has it: a literal in quotes, or something else."""
    text = tree.text(path)
    for write in WRITES.finditer(text):
        if found := VALUES.match(text, write.end()):
            columns, values = (part.split(",") for part in found.groups())
            yield values[[column.strip() for column in columns].index("action")].strip()
        else:
            yield f"{path}: no list of columns and values"


def _written_below(folder: Path) -> list[tuple[Path, str]]:
    files = [path for path in tree.files(".sql") if path.is_relative_to(folder)]
    return [(path, action) for path in files for action in _written_by_sql(path)]


def _written_by_python(actions: type[AuditAction], folder: Path) -> set[str]:
    """The names of the members that the code in this folder uses."""
    files = [path for path in tree.code() if path.is_relative_to(folder)]
    nodes = chain.from_iterable(ast.walk(tree.tree(path)) for path in files)
    return {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == actions.__name__
    }


def test_every_service_has_a_closed_set_of_actions() -> None:
    services = {path.parts[1] for path in tree.code() if path.match("services/*/__main__.py")}

    assert services == set(ACTIONS)
    assert {*ACTIONS.values(), *SHARED.values()} == set(AuditAction.__subclasses__())


def test_no_action_is_listed_twice_in_one_service_or_in_two() -> None:
    listed = Counter(action.value for actions in EVERY for action in actions.__members__.values())

    assert [] == [action for action, times in listed.items() if times > 1]


def test_every_member_is_named_as_it_is_written() -> None:
    members = [(name, action) for actions in EVERY for name, action in actions.__members__.items()]

    assert [] == [name for name, action in members if name != action.replace(".", "_").upper()]


def test_sql_writes_only_actions_of_its_service() -> None:
    written = [each for each in _written_below(Path("services")) if each[1] != TYPED]
    allowed = {service: {f"'{action}'" for action in actions} for service, actions in ACTIONS.items()}

    assert written
    assert [] == [f"{path}: {action}" for path, action in written if action not in allowed[path.parts[1]]]


def test_the_audit_is_written_nowhere_else() -> None:
    """What all services share names no action in SQL, and the one statement in Python takes its action from `note`."""
    assert ["shared/audit.py"] == [str(path) for path in tree.code() if WRITES.search(tree.text(path))]
    assert [] == _written_below(Path("shared"))


@pytest.mark.parametrize("service", ACTIONS)
def test_every_action_is_written_somewhere(service: str) -> None:
    in_sql = {action for _, action in _written_below(Path("services", service))}
    in_python = _written_by_python(ACTIONS[service], Path("services", service))

    never = [each.name for each in ACTIONS[service] if f"'{each}'" not in in_sql and each.name not in in_python]

    assert [] == never


def test_every_action_of_operators_is_written_somewhere() -> None:
    in_python = {name for each in SHARED.values() for name in _written_by_python(each, Path("deploy"))}

    assert [] == [each.name for actions in SHARED.values() for each in actions if each.name not in in_python]
