"""A test of the dashboard of a register whose reports have no filters."""

from shared.permissions import Role
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_reports import StandInReports
from tests.rules.typed import dsr


async def test_no_heading_stands_over_nothing(open_gateway: OpenGateway) -> None:
    bare = dsr().model_copy(update={"reporting": dsr().reporting.model_copy(update={"filters": ()})})
    identity = StandInIdentity(role=Role.ADMINISTRATOR)
    browser = await open_gateway(identity, StandInReports(), registers=Registers([LoadedRegister(bare, "0")]))

    page = await browser.see("/dsr/reporting/")

    assert "Report Filters" not in page.texts("h3")
    assert ["Select Report"] == page.texts("section label")
