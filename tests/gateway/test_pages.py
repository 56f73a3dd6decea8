"""Tests of what every page has, and of the pages that need no log-in."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.ui.brand import Brand
from shared.registers.files import LoadedRegister
from shared.registers.folders import LeftOut
from shared.registers.load import Registers
from tests.gateway.conftest import Serve
from tests.gateway.small_app import LOGGED_IN, small_app, two_registers
from tests.gateway.strict import StrictInOurs
from tests.gateway.visit import Client, faults, send, visit, words

ANYBODYS = ("/", "/dsr/", "/other/", "/dsr/help/", "/help/", "/accessibility/", "/privacy/")
START_PAGE = [
    "The Dynamic Support Register is a digital register and processes that work together to ensure that anybody with a "
    "Learning Disability and/or Autism who is at risk of being admitted to mainstream mental health or specialist "
    "learning disability hospital is discussed in a forum that is attended by key supporting agencies.",
    "Early Identification of this cohort and effective communication will enable proactive and preventative work to "
    "reduce the risks of admission.",
    "On entry to the register the referrer will be expected to keep the information for their case up to date, "
    "indicate any changes to the status of the individual and provide further information where this is requested.",
    "Before entering an individual onto the register please ensure you have gained their consent or undertaken a best "
    "interest decision if they do not have the capacity. You are accountable for gaining informed consent and "
    "recording such decisions in your own record keeping systems.",
    "Please visit our Web Page on the Integrated Care System web site for up to date forms and information including "
    "Easy Read formats: Dynamic support register - Staffordshire and Stoke-on-Trent, ICS",
]


@pytest.mark.parametrize("path", [*ANYBODYS, "/showcase/"])
async def test_a_page_has_no_fault_that_a_program_can_see(client: Client, path: str) -> None:
    page = await visit(client, path)

    assert [] == list(faults(page))


async def test_an_address_without_its_last_stroke_leads_to_its_page(client: Client) -> None:
    for typed, leads_to in (("/dsr", "/dsr/"), ("/dsr/help", "/dsr/help/")):
        answer = await client.get(typed, allow_redirects=False)
        assert (303, leads_to) == (answer.status, answer.headers["Location"])


@pytest.mark.requirement("R-DSR-004")
@pytest.mark.parametrize("path", ANYBODYS)
async def test_the_footer_names_the_current_year(client: Client, path: str) -> None:
    page = await visit(client, path)

    year = datetime.now(ZoneInfo("Europe/London")).year
    assert [f"©{year} All rights reserved."] == page.texts("footer p")


@pytest.mark.requirement("R-DSR-002")
async def test_the_header_leads_to_the_start_page_by_the_site_name(client: Client) -> None:
    page = await visit(client, "/dsr/")

    name = page.tree.select_one("header a")
    assert name is not None
    assert ("Staffordshire and Stoke-on-Trent DSR", "/dsr/") == (words(name), name["href"])


@pytest.mark.requirement("R-DSR-001", "R-DSR-025", "R-S117-089")
async def test_the_start_page_is_headed_and_titled_with_the_name_of_its_register(client: Client) -> None:
    page = await visit(client, "/dsr/")

    assert ("Dynamic Support Register", "Dynamic Support Register") == (page.heading, page.title)


@pytest.mark.requirement("R-DSR-026", "R-DSR-027", "R-DSR-028", "R-DSR-029", "R-DSR-030")
async def test_the_start_page_says_what_the_register_is_and_what_it_asks(client: Client) -> None:
    page = await visit(client, "/dsr/")

    assert START_PAGE == page.texts("main p")
    assert ["Dynamic support register - Staffordshire and Stoke-on-Trent, ICS"] == page.texts("main p a")


@pytest.mark.requirement("R-DSR-031")
async def test_the_start_page_leads_to_registering_and_to_logging_in(client: Client) -> None:
    page = await visit(client, "/dsr/")

    buttons = [(words(button), button["href"]) for button in page.tree.select("main a[role=button]")]
    assert [("Register »", "/dsr/login/register/"), ("Login »", "/dsr/login/")] == buttons


async def test_where_administrators_make_the_accounts_nobody_is_asked_to_register(client: Client) -> None:
    page = await visit(client, "/other/")

    assert ["Login »"] == page.texts("main .nhsuk-button")


async def test_the_words_of_a_register_are_shown_as_text(serve: Serve, template_cache: Path) -> None:
    registers = two_registers()
    dsr = registers.find("dsr")
    public = dsr.public.model_copy(update={"heading": "<i>Register</i>", "paragraphs": ("<script>alert(1)</script>",)})
    written = Registers((LoadedRegister(dsr.model_copy(update={"public": public}), ""),))
    page = await visit(await serve(small_app(template_cache, registers=written)), "/dsr/")

    assert ("<i>Register</i>", "<script>alert(1)</script>") == (page.heading, page.texts("main p")[0])


async def test_several_registers_are_listed(client: Client) -> None:
    page = await visit(client, "/")

    assert ["Dynamic Support Register", "Other Register"] == page.texts("main h2")


async def test_a_register_that_is_not_served_says_so_and_whom_to_ask_while_others_are(
    serve: Serve, template_cache: Path
) -> None:
    faulty = LeftOut("homes", "homes/2031.toml", ())
    registers = Registers(two_registers().every(), [faulty])
    registers.withhold(["other"])
    client = await serve(small_app(template_cache, registers=registers))

    withheld = await visit(client, "/other/", status=503)
    left_out = await visit(client, "/homes/", status=503)

    heading = "This register is unavailable"
    assert (heading, heading) == (withheld.heading, left_out.heading)
    assert f"Ask the register's administrators: {registers.whom_to_ask('other')}." in withheld.texts("main p")
    assert "Ask your system administrator." in left_out.texts("main p")
    assert "Dynamic Support Register" in (await visit(client, "/dsr/")).heading


async def test_one_register_alone_is_gone_to(serve: Serve, template_cache: Path) -> None:
    alone = Registers(each for each in two_registers().every() if each.definition.code == "dsr")
    client = await serve(small_app(template_cache, registers=alone))
    response = await client.get("/", allow_redirects=False)

    assert (303, "/dsr/") == (response.status, response.headers["Location"])


@pytest.mark.requirement("R-DSR-167")
async def test_the_help_of_a_register_ends_with_whom_to_write_to(client: Client) -> None:
    page = await visit(client, "/dsr/help/")

    assert "Help" == page.heading
    assert "Training" in page.texts("main h2")
    assert ["DynamicSupportRegister@mpft.nhs.uk"] == page.texts('a[href="mailto:DynamicSupportRegister@mpft.nhs.uk"]')


@pytest.mark.requirement("R-FLOW-016", "R-FLOW-021")
async def test_help_says_what_a_referral_does_not_replace_and_which_training_there_is(client: Client) -> None:
    text = " ".join((await visit(client, "/dsr/help/")).texts("main p"))

    assert "A referral does not stop a referral for a LAEP meeting or C(E)TR." in text
    assert "The DSR should not replace or delay usual crisis responses from all services." in text
    assert "1 hour training on the DSD Clinical Support Tool and 30 min training on Microsoft Teams" in text
    assert "available by emailing the DSR team" in text


async def test_the_navigation_keeps_its_order_and_marks_where_one_is(client: Client) -> None:
    page = await visit(client, "/showcase/")

    labels = [item.label for item in LOGGED_IN.navigation]
    assert labels == page.texts(".nhsuk-header__navigation-item")
    assert ["Referrals"] == page.texts('.nhsuk-header__navigation [aria-current="page"]')


async def test_who_is_logged_in_stands_at_the_top_and_leads_to_the_account(client: Client) -> None:
    page = await visit(client, "/showcase/")

    link = page.tree.select_one(".nhsuk-header__account a")
    assert link is not None
    assert ("User logged in: Jayne Billings", "/dsr/account/") == (words(link), link["href"])


async def test_help_is_named_once_on_a_page(client: Client) -> None:
    stranger, logged_in = await visit(client, "/dsr/"), await visit(client, "/showcase/")

    assert (1, 1) == (stranger.texts("a").count("Help"), logged_in.texts("a").count("Help"))


async def test_a_page_with_problems_says_so_in_its_title_first(client: Client) -> None:
    page = await send(client, "/showcase/", {"name": ""}, status=422)

    assert "Error: Showcase - Dynamic Support Register" == page.title
    assert ["Enter the first name", "Enter it", "Enter the date of birth", "Say whether they have"] == page.problems


async def test_what_was_typed_is_still_there_and_a_password_is_not(client: Client) -> None:
    page = await send(client, "/showcase/", {"name": '"Ruby" <b>', "password": "Secret-1", "born-day": "7"}, status=422)

    typed = {str(tag["name"]): tag["value"] for tag in page.tree.select("main input[value]:not([type=hidden])")}
    assert ('"Ruby" <b>', "7", None) == (typed["name"], typed["born-day"], typed.get("password"))
    assert "Secret-1" not in page.html


@pytest.mark.requirement("R-DSR-003")
@pytest.mark.parametrize("path", [*ANYBODYS, "/showcase/", "/fail/500/", "/nowhere/"])
async def test_the_logo_of_the_brand_stands_in_the_header_of_every_page(
    serve: Serve, template_cache: Path, path: str
) -> None:
    client = await serve(small_app(template_cache, brand=Brand(logo="nhs"), undefined=StrictInOurs))
    page = await visit(client, path, status={"/fail/500/": 500, "/nowhere/": 404}.get(path, 200))

    assert ["NHS"] == page.texts("header .ics-header__logo")


async def test_the_logo_may_be_a_file_of_the_deployment(serve: Serve, template_cache: Path, tmp_path: Path) -> None:
    logo = tmp_path / "ours.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    brand = Brand(logo="file", logo_file=logo, logo_text="Our partnership")
    client = await serve(small_app(template_cache, brand=brand))

    image = (await visit(client, "/dsr/")).tree.select_one("header img")
    assert image is not None
    assert "Our partnership" == image["alt"]
    assert logo.read_bytes() == await (await client.get(str(image["src"]))).read()


async def test_the_neutral_brand_has_no_logo(client: Client) -> None:
    assert [] == (await visit(client, "/dsr/")).tree.select("header img, header svg, .ics-header__logo")


async def test_a_demonstration_says_that_it_is_one(serve: Serve, template_cache: Path) -> None:
    client = await serve(small_app(template_cache, demo=True, undefined=StrictInOurs))
    page = await visit(client, "/dsr/")

    assert ["Demonstration with made-up people. Emails sent by this demonstration"] == page.texts(".ics-demo p")
