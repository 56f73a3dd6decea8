"""Tests of the list of users: search, pages, proposals and single addresses."""

from uuid import UUID

import pytest

from shared.accounts import UserState
from shared.contracts.addresses import (
    AllowedAddress,
    AssignAddress,
    ListAddresses,
    TakeBackAddress,
)
from shared.contracts.users import (
    DecideProposal,
    GrantedAccess,
    ListProposals,
    ListUsers,
)
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_users import JO, PROPOSAL, WHEN, StandInUsers, a_proposal, a_user
from tests.gateway.visit import Page

HERE = "/dsr/administration/users/"
ADDRESSES = "/dsr/administration/addresses/"
COMMAND = "0123456789abcdef0123456789abcdef"


def cells(page: Page) -> list[str]:
    """Return the cells of the first row without their headings for phones."""
    for heading in page.tree.select("tbody .nhsuk-table__heading"):
        heading.extract()
    return page.texts("tbody tr:first-child > *")


@pytest.mark.requirement("R-DSR-023")
async def test_administration_leads_to_manage_user(browser: Browser) -> None:
    page = await browser.see("/dsr/administration/")

    assert ["Manage User"] == page.texts(f'main a[href="{HERE}"]')


@pytest.mark.requirement("R-DSR-005")
@pytest.mark.parametrize(
    ("role", "said"),
    [(Role.STANDARD, "Standard user"), (Role.REPORTING, "Reporting user"), (Role.ADMINISTRATOR, "Administrator")],
)
async def test_a_row_says_who_with_which_role_and_organisations_and_how_the_account_stands(
    browser: Browser, users: StandInUsers, role: Role, said: str
) -> None:
    users.listed = (a_user(access=GrantedAccess(role=role, all_organisations=True), state=UserState.LOCKED),)

    page = await browser.see(HERE)

    assert ["Jo Lark", "jo.lark@mpft.nhs.uk", said, "All organisations", "Locked", "20/11/2026 at 09:05"] == cells(page)
    assert [f"{HERE}{JO.hex}/"] == [str(link["href"]) for link in page.tree.select("tbody a")]


async def test_many_organisations_are_counted_and_none_is_said(browser: Browser, users: StandInUsers) -> None:
    users.listed = (a_user(access=GrantedAccess(role=Role.STANDARD)),)

    assert "No organisation yet" == cells(await browser.see(HERE))[3]


async def test_a_search_stays_out_of_the_address_and_goes_along_to_the_next_page(
    browser: Browser, users: StandInUsers
) -> None:
    users.more = True
    await browser.see(HERE)

    page = await browser.send(HERE, {"search": " lark ", "state": "locked"}, status=200)
    after = page.tree.select_one('button[name="after"]')
    assert after is not None
    await browser.send(HERE, {"search": "lark", "state": "locked", "after": str(after["value"])}, status=200)

    first, second = users.heard(ListUsers)[-2:]
    assert (ListUsers(search="lark", state=UserState.LOCKED), JO) == (first, second.after)
    assert "search-form" == after["form"]


async def test_what_no_form_of_ours_sends_is_not_looked_for(browser: Browser, users: StandInUsers) -> None:
    await browser.see(HERE)

    await browser.send(HERE, {"search": "", "state": "odd"}, status=400)
    await browser.send(HERE, {"after": "odd"}, status=400)

    assert [ListUsers()] == users.heard(ListUsers)


async def test_an_empty_list_says_so(browser: Browser, users: StandInUsers) -> None:
    users.listed = ()

    assert "No users were found." in (await browser.see(HERE)).html


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING, None])
async def test_the_pages_are_closed_to_others(
    browser: Browser, identity: StandInIdentity, users: StandInUsers, role: Role | None
) -> None:
    identity.role = role
    await browser.log_in()

    for path in (HERE, f"{HERE}new", f"{HERE}{JO.hex}/", ADDRESSES):
        await browser.see(path, status=403)
    assert [] == users.asked


# ----------------------------------------------------------------------------------------------------------- proposals
async def test_a_proposal_is_accepted_by_who_may(browser: Browser, users: StandInUsers) -> None:
    users.proposals = (a_proposal(), a_proposal(proposal_id=UUID(int=42), yours=True, may_accept=False))

    page = await browser.see(HERE)
    sent_to = await browser.go_on(
        f"/dsr/administration/proposals/{PROPOSAL.hex}/", {"command": COMMAND, "act": "accept"}
    )

    assert ["Accept", "Decline", "Withdraw"] == page.texts(".nhsuk-card button")
    assert [DecideProposal(command_id=UUID(COMMAND), proposal_id=PROPOSAL, accepted=True)] == users.heard(
        DecideProposal
    )
    assert ["This person is an administrator now."] == (await browser.see(sent_to)).texts(
        ".nhsuk-notification-banner__content p"
    )


async def test_home_and_administration_say_how_many_proposals_wait_for_the_visitor(
    browser: Browser, users: StandInUsers
) -> None:
    without = await browser.see("/dsr/home/")
    users.proposals = (a_proposal(), a_proposal(proposal_id=UUID(int=42), yours=True, may_accept=False))

    home, administration = await browser.see("/dsr/home/"), await browser.see("/dsr/administration/")

    said, link = "Proposed administrators, waiting for your decision: 1", 'a[href="/dsr/administration/users/"]'
    assert ([], [said]) == (without.texts(f"main {link}"), home.texts(f"main {link}"))
    assert said in administration.texts(".nhsuk-card p")


@pytest.mark.parametrize("code", ["decided", "not_second"])
async def test_a_proposal_that_cannot_be_accepted_any_more_says_so(
    browser: Browser, users: StandInUsers, code: str
) -> None:
    users.failing[DecideProposal] = Refused(code)
    await browser.see(HERE)

    sent_to = await browser.go_on(
        f"/dsr/administration/proposals/{PROPOSAL.hex}/", {"command": COMMAND, "act": "accept"}
    )

    page = await browser.see(sent_to)
    assert "Important" in page.texts(".nhsuk-notification-banner__title")
    assert users.heard(ListProposals)


# ----------------------------------------------------------------------------------------------------------- addresses
@pytest.mark.requirement("R-DSR-042")
async def test_one_address_is_assigned_and_taken_back(browser: Browser, users: StandInUsers) -> None:
    users.addresses = (AllowedAddress(email="pat@police.uk", assigned_at=WHEN),)
    page = await browser.see(ADDRESSES)
    form = {"command": COMMAND, "act": "assign", "email": " kit@police.uk ", "search": ""}

    assigned = await browser.go_on(ADDRESSES, form)
    taken = await browser.go_on(f"{ADDRESSES}end", {"command": COMMAND, "address": "pat@police.uk"})

    assert ["Take back: pat@police.uk"] == page.texts(".ics-covers button")
    assert ["kit@police.uk"] == [each.email for each in users.heard(AssignAddress)]
    assert ["pat@police.uk"] == [each.email for each in users.heard(TakeBackAddress)]
    assert not any("police" in each for each in (assigned, taken))


@pytest.mark.parametrize(
    ("typed", "failure", "status", "said"),
    [
        ("", None, 422, "Enter the email address"),
        ("pat", Refused("unreadable"), 422, "Enter an email address in the correct format"),
        ("pat@police.uk", Refused("assigned_before"), 409, "This address has already been assigned."),
        ("pat@police.uk", Refused("not_yours"), 409, "You can only assign email addresses of your own organisations."),
        ("pat@police.uk", NotAnswered(Fault.TOO_LATE), 503, ""),
    ],
)
async def test_an_address_that_is_not_assigned_says_why_and_stays(
    browser: Browser, users: StandInUsers, typed: str, failure: Refused | NotAnswered | None, status: int, said: str
) -> None:
    if failure:
        users.failing[AssignAddress] = failure
    await browser.see(ADDRESSES)

    page = await browser.send(ADDRESSES, {"command": COMMAND, "act": "assign", "email": typed}, status=status)

    box = page.tree.select_one("#email")
    assert box is not None
    assert (typed, True) == (str(box.get("value", "")), page.problems[0].startswith(said))


async def test_addresses_are_searched_by_a_part(browser: Browser, users: StandInUsers) -> None:
    await browser.see(ADDRESSES)

    page = await browser.send(ADDRESSES, {"command": COMMAND, "act": "find", "search": "police"}, status=200)

    box = page.tree.select_one("#search")
    assert box is not None
    assert ("police", "police") == (box["value"], users.heard(ListAddresses)[-1].search)
    assert [] == users.heard(AssignAddress)
