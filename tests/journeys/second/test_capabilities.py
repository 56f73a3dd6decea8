"""A journey through each capability of the guide in turn, by two people over plain HTTP."""

import io
import secrets

import pytest
from bs4 import Tag
from openpyxl import load_workbook

from tests.journeys.browsing import JOURNEY
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name
from tests.journeys.spreadsheets import generated
from tests.walking import Walker, a_referral, walker

pytestmark = JOURNEY

ADMINISTRATOR = "admin@mpft.nhs.uk"
OWN_PASSWORD = "Larch-and-28-Owls!"
TOOLS = "administration/settings/lists/tool_name/"


@pytest.mark.requirement("R-DSR-024")
async def test_one_registers_and_maintains_a_record_and_another_reports_configures_and_administers(
    second: Product,
) -> None:
    email, family_name, tool = f"{secrets.token_hex(6)}@mpft.nhs.uk", a_new_name(), a_new_name()
    async with (
        walker(second.base_url, read_mail=second.texts) as referrer,
        walker(second.base_url, read_mail=second.texts) as administrator,
    ):
        await when_i_register_and_log_in(referrer, email)
        await when_i_submit_and_maintain(referrer, family_name)
        await referrer.log_out()

        await administrator.log_in(ADMINISTRATOR)
        await when_i_view_and_generate_reports(administrator, family_name)
        await when_i_configure(administrator, tool)
        await when_i_administer(administrator, email)
        await administrator.log_out()


async def when_i_register_and_log_in(referrer: Walker, email: str) -> None:
    mailed = await referrer.register_account("Robin", "Quince", email)
    await referrer.log_in(email, mailed)
    await referrer.change_password(mailed, OWN_PASSWORD)


async def when_i_submit_and_maintain(referrer: Walker, family_name: str) -> None:
    record = await referrer.submit(await referrer.new_form() | a_referral(last_name=family_name))
    changed = (await referrer.open_form(record)).fields("version") | {"latest_update": "Settled at home."}
    assert 303 == (await referrer.update(record, changed)).status
    assert "Settled at home." in (await referrer.open(record)).html


async def when_i_view_and_generate_reports(administrator: Walker, family_name: str) -> None:
    assert "Reporting Dashboard" == (await administrator.see("/dsr/reporting/")).heading
    file = await generated(administrator, "referrals")
    rows = load_workbook(io.BytesIO(file), read_only=True).worksheets[0].values
    assert any(family_name in row for row in rows)


async def when_i_configure(administrator: Walker, tool: str) -> None:
    page = administrator.at(TOOLS)
    typed = (await administrator.see(page)).fields("version") | {"new-label-1": tool, "act": "check"}
    checked = (await administrator.post(page, typed)).fields("version")
    await administrator.see(await administrator.go_on(page, checked | {"act": "publish"}))
    assert tool in (await administrator.see("/dsr/records/new?start")).html


async def when_i_administer(administrator: Walker, email: str) -> None:
    page = administrator.at("administration/users/")
    await administrator.see(page)
    found = (await administrator.post(page, {"search": email, "state": ""})).tree.select_one("tbody a")
    assert isinstance(found, Tag)
    user = str(found["href"])
    restricted = (await administrator.see(user)).fields("version") | {"role": "reporting"}
    assert "notice=" in await administrator.go_on(user, restricted)
