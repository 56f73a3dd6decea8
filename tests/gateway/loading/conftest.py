"""A browser of a user who may load spreadsheets, and the stand-in for the uploads."""

import pytest

from shared.permissions import AccountGrant, Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_uploads import StandInUploads


@pytest.fixture
def identity() -> StandInIdentity:
    return StandInIdentity(role=Role.ADMINISTRATOR, grants=(AccountGrant.BULK_LOAD,))


@pytest.fixture
def uploads() -> StandInUploads:
    return StandInUploads()


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, uploads: StandInUploads) -> Browser:
    return await open_gateway(identity, uploads)
