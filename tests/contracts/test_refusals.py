"""Tests that each contract names every code with which its request may be refused, as data and in its docstring."""

import re
from pathlib import Path

import pytest

import services
import shared
from shared.contracts import REQUESTS
from shared.contracts.referrals.archiving import FinishArchive
from shared.messages import SERVICES, Message, Process, Refusal, Request

ROOT, SHARED = (Path(next(iter(each.__path__))) for each in (services, shared))
NOT_ANSWERING = {"operators.py", "making.py"}  # operators' commands, and what a job raises within its service
RAISED = re.compile(r'Refused\((?:"(\w+)"|([A-Z]\w+)\()')
KNOWN = re.compile(r"""["'](\w+)["']|\b([A-Z]\w+)\(""")
CONTRACTS = {each.__name__: each for each in REQUESTS}


def in_code(contract: type[Request[Message]]) -> set[str]:
    """Return what code writes for each refusal of the contract: the code, or the name of its type."""
    details = contract.refusal_details().items()
    return {kind.__name__ if issubclass(kind, Refusal) else code for code, kind in details}


def found(pattern: re.Pattern[str], text: str) -> set[str]:
    return {code or name for code, name in pattern.findall(text)}


@pytest.mark.parametrize("contract", REQUESTS)
def test_a_docstring_says_each_code_or_names_the_contract_that_does(contract: type[Request[Message]]) -> None:
    said = set(re.findall(r"`(\w+)`", contract.__doc__ or ""))
    others = {code for name in said & CONTRACTS.keys() for code in CONTRACTS[name].refused_as()}
    own = {each if isinstance(each, str) else each.code for each in vars(contract).get("refusals", ())}

    assert set() == own - said - others


def test_a_command_may_be_refused_as_every_command_is_and_as_its_own_contract_says() -> None:
    expected = {"command_reused", "not_found", "archived", "conflict", "unknown_edition", "given_up", "no_grant"}

    assert expected == FinishArchive.refused_as()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_raises_no_code_that_none_of_its_contracts_names(service: Process) -> None:
    files = [file for file in (ROOT / service).rglob("*.py") if file.name not in NOT_ANSWERING]
    raised = {name for file in files for name in found(RAISED, file.read_text(encoding="utf-8"))}

    assert set() == raised - {name for each in REQUESTS if each.service() == service for name in in_code(each)}


def test_no_contract_names_a_code_that_no_service_knows() -> None:
    files = [file for suffix in ("py", "sql") for root in (ROOT, SHARED) for file in root.rglob(f"*.{suffix}")]
    written = "\n".join(file.read_text(encoding="utf-8") for file in files if "contracts" not in file.parts)

    assert set() == {name for each in REQUESTS for name in in_code(each)} - found(KNOWN, written)
