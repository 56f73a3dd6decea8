"""A contract names every code that its request may be refused as, as data and in words."""

import re

import pytest

from shared.contracts import REQUESTS
from shared.contracts.referrals import FinishArchive
from shared.messages import Message, Request

CONTRACTS = {each.__name__: each for each in REQUESTS}


@pytest.mark.parametrize("contract", REQUESTS)
def test_a_docstring_says_each_code_or_names_the_contract_that_does(contract: type[Request[Message]]) -> None:
    said = set(re.findall(r"`(\w+)`", contract.__doc__ or ""))
    others = {code for name in said & CONTRACTS.keys() for code in CONTRACTS[name].refused_as()}

    assert set() == set(vars(contract).get("refusals", ())) - said - others


def test_a_command_may_be_refused_as_every_command_is_and_as_its_own_contract_says() -> None:
    expected = {"command_reused", "not_found", "archived", "conflict", "unknown_edition", "given_up", "no_grant"}

    assert expected == FinishArchive.refused_as()
