"""Fixtures for the pages of users: a browser in which an administrator is logged in, and stand-ins."""

import pytest

from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_users import StandInUsers


@pytest.fixture
def users() -> StandInUsers:
    return StandInUsers()


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, users: StandInUsers) -> Browser:
    return await open_gateway(identity, users)
