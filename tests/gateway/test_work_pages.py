"""Tests of the work list, its button, and the card on Home that leads to it."""

from datetime import timedelta
from uuid import UUID

import pytest

from gateway.pages.work.work_list import told_again
from gateway.ui.ages import age_in_words
from shared.contracts.outcomes import AcknowledgeTask, CountTasks, DiscussTask, LastOutcome, ListTasks, TaskCounts
from shared.contracts.referrals.naming import NameRecords
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_work import NOW, StandInWork, a_task, seen_by
from tests.gateway.visit import Page
from tests.services.two_bodies import a_two_body_register

HERE, HOME = "/dsr/work/", "/dsr/home/"
FIRST = a_task(1).task_id
URGENT, AGENDA = 'section[aria-labelledby="urgent"]', 'section[aria-labelledby="agenda"]'
BUTTON = f"{URGENT} button"


@pytest.fixture
def work() -> StandInWork:
    return StandInWork()


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, work: StandInWork) -> Browser:
    """A browser of a logged-in user: an administrator unless the test changes the role first."""
    return await open_gateway(identity, work, registers=_registers())


def _registers() -> Registers:
    """Return two registers: the DSR, and one without a rating."""
    dsr = load_registers().find("dsr")
    named = dsr.identity.model_copy(update={"code": "bare"})
    bare = dsr.model_copy(update={"identity": named, "rating": None})
    return Registers([LoadedRegister(definition, sha256="") for definition in (dsr, bare)])


def cells(page: Page, section: str) -> list[list[str]]:
    """Return the text of each cell of each row, without the headings that phones show."""
    for heading in page.tree.select(".nhsuk-table__heading"):
        heading.extract()
    rows = page.tree.select(f"{section} tbody tr")
    return [[" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")] for row in rows]


# ------------------------------------------------------------------------------------------------------------- the list
@pytest.mark.requirement("R-FLOW-013", "R-FLOW-018")
async def test_a_red_shows_whom_where_how_long_and_that_nobody_has_seen_it(browser: Browser, work: StandInWork) -> None:
    work.urgent, work.counts = (a_task(1),), TaskCounts(urgent=1, unseen=1)

    page = await browser.see(HERE)

    assert ["Work list", "Urgent Meeting by exception to be convened (1)"] == [
        page.heading,
        page.texts(f"{URGENT} h2")[0],
    ]
    assert [
        [
            "Wendy White Red DSR-7KQ2-M9X1",
            "Midlands Partnership Foundation Trust South Staffordshire",
            "Lee Lead 01632 960 001",
            "04/05/2026 at 13:00 Waiting 2 hours 5 minutes Reminder after 60 minutes to: DSR Team, the administrators",
            "",
            "Not yet seen Mark as seen Wendy White",
        ]
    ] == cells(page, URGENT)
    assert [f"/dsr/records/{UUID(int=1).hex}/"] == [str(a["href"]) for a in page.tree.select(f"{URGENT} a")]


async def test_one_that_was_seen_says_by_whom_and_has_no_button(browser: Browser, work: StandInWork) -> None:
    work.urgent = (a_task(1, told_again_at=NOW), seen_by("Gail Thomas", a_task(2)))
    work.counts = TaskCounts(urgent=2, unseen=1)

    page = await browser.see(HERE)

    waiting, seen = ([[row[-3], row[-1]] for row in cells(page, URGENT)], page.texts(BUTTON))
    assert ["Mark as seen Wendy White"] == seen
    assert "Seen by Gail Thomas, 04/05/2026 at 15:00" == waiting[1][1]
    assert waiting[0][0].endswith("Reminder sent, 04/05/2026 at 15:05, to: DSR Team, the administrators")


@pytest.mark.requirement("R-USE-013")
async def test_one_that_was_loaded_says_that_no_reminder_will_be_sent(browser: Browser, work: StandInWork) -> None:
    work.urgent, work.counts = (a_task(1, is_told=False),), TaskCounts(urgent=1, unseen=1)

    (row,) = cells(await browser.see(HERE), URGENT)

    assert row[-3].endswith("No email was sent about this rating, and no reminder will be")


def test_whom_a_register_names_for_what_nobody_has_seen_is_said_once() -> None:
    dsr = load_registers().find("dsr")
    (rule,) = [each for each in dsr.notifications if each.occasion == "urgent_not_seen"]
    more = rule.model_copy(update={"to": ("submitter", "team"), "addresses": ("night@example.org",)})
    both, none = (dsr.model_copy(update={"notifications": each}) for each in ((rule, more), ()))

    assert "DSR Team, the administrators, the person who submitted it, others named by the register" == told_again(both)
    assert "" == told_again(none)


@pytest.mark.requirement("R-FLOW-012")
async def test_the_agenda_stands_under_the_name_of_each_area(browser: Browser, work: StandInWork) -> None:
    work.agenda = (a_task(3, locality="north_staffordshire_stoke"), a_task(4, minutes=3 * 1440), a_task(1))

    page = await browser.see(HERE)

    assert "For the next tracking meeting" == page.texts(f"{AGENDA} h2")[0]
    assert ["North Staffordshire & Stoke on Trent", "South Staffordshire"] == page.texts(f"{AGENDA} caption")
    assert [
        ["Gordon Green Amber DSR-7KQ2-M9X3", "04/05/2026 Rated today"],
        ["Ruby Scarlet 09/08/2004 Amber DSR-7KQ2-M9X4", "01/05/2026 Rated 3 days ago"],
        ["Wendy White Red DSR-7KQ2-M9X1", "04/05/2026 Rated today"],
    ] == [[row[0], row[-3]] for row in cells(page, AGENDA)]
    assert ["Nothing urgent is waiting."] == page.texts(f"{URGENT} p")


async def test_an_empty_list_says_so_and_as_at_when(browser: Browser) -> None:
    page = await browser.see(HERE)

    assert ["As at 04/05/2026 at 15:05", "Nothing is waiting."] == page.texts("main p")


async def test_the_list_leads_back_to_home_from_where_one_came(browser: Browser) -> None:
    page = await browser.see(HERE)

    assert ["Home"] == page.texts('.nhsuk-back-link[href="/dsr/home/"]')
    assert [] == page.texts('.nhsuk-header__navigation [aria-current="page"]')


async def test_the_people_are_named_in_one_request(browser: Browser, work: StandInWork) -> None:
    work.urgent, work.agenda = (a_task(1), a_task(2)), (a_task(3),)

    await browser.see(HERE)

    (asked,) = work.heard(NameRecords)
    assert (UUID(int=1), UUID(int=2), UUID(int=3)) == asked.record_ids


async def test_a_red_that_cannot_be_named_is_shown_by_its_reference(browser: Browser, work: StandInWork) -> None:
    work.urgent, work.unknown = (a_task(1),), frozenset({UUID(int=1)})

    (row,) = cells(await browser.see(HERE), URGENT)

    assert ("DSR-7KQ2-M9X1", "Not yet seen Mark as seen DSR-7KQ2-M9X1") == (row[0], row[-1])


async def test_reds_are_shown_while_referrals_is_away(browser: Browser, work: StandInWork) -> None:
    work.urgent = (a_task(1),)
    work.failing[NameRecords] = NotAnswered(Fault.UNAVAILABLE)

    page = await browser.see(HERE)

    assert page.texts(".nhsuk-notification-banner__content")[0].startswith("Names cannot be shown at the moment.")
    assert "DSR-7KQ2-M9X1" == cells(page, URGENT)[0][0]


async def test_without_outcomes_the_page_says_that_it_is_not_available(browser: Browser, work: StandInWork) -> None:
    work.failing[ListTasks] = NotAnswered(Fault.UNAVAILABLE)

    assert "Sorry, the service is unavailable" == (await browser.see(HERE, status=503)).heading


async def test_a_long_list_leads_on_and_back(browser: Browser, work: StandInWork) -> None:
    work.urgent, work.counts = (a_task(1),), TaskCounts(urgent=120, unseen=120)
    work.agenda, work.more_agenda = (a_task(3),), True

    page = await browser.see(f"{HERE}?urgent=50&agenda=100")

    steps = [[str(a["href"]) for a in page.tree.select(f"{each} .ics-work__steps a")] for each in (URGENT, AGENDA)]
    assert [
        [f"{HERE}?agenda=100", f"{HERE}?urgent=100&agenda=100"],
        [f"{HERE}?urgent=50&agenda=50", f"{HERE}?urgent=50&agenda=150"],
    ] == steps
    assert [ListTasks(skip_urgent=50, skip_agenda=100)] == work.heard(ListTasks)


@pytest.mark.parametrize("skip", ["urgent=x", "agenda=-1", "urgent=1234567", "agenda=²"])
async def test_a_place_that_no_page_of_ours_named_is_refused(browser: Browser, skip: str) -> None:
    page = await browser.see(f"{HERE}?{skip}", status=400)

    assert "Your browser sent something we cannot read" == page.heading


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (-5, "less than a minute"),
        (0, "less than a minute"),
        (1, "1 minute"),
        (60, "1 hour"),
        (61, "1 hour 1 minute"),
        (125, "2 hours 5 minutes"),
        (1440, "1 day"),
        (1445, "1 day"),
        (1440 + 61, "1 day 1 hour"),
        (2 * 1440 + 61, "2 days"),
        (56 * 1440, "56 days"),
        (57 * 1440, "1 month"),
        (1626 * 1440, "4 years, 5 months"),
        (1461 * 1440, "4 years"),
    ],
)
def test_an_age_is_said_in_units_that_matter(minutes: int, said: str) -> None:
    assert said == age_in_words(NOW - timedelta(minutes=minutes), NOW, load_registers().find("dsr").words)


# ---------------------------------------------------------------------------------------- met, discussed, stands once
MET = LastOutcome(recorded_at=NOW, said="Further meeting needed")


@pytest.mark.requirement("R-FLOW-013")
async def test_a_red_that_was_met_stands_apart_with_its_last_outcome(browser: Browser, work: StandInWork) -> None:
    earlier = LastOutcome(recorded_at=NOW - timedelta(days=9))
    work.urgent = (a_task(1, last_outcome=earlier), seen_by("Gail Thomas", a_task(2, last_outcome=MET)))
    work.counts, work.met = TaskCounts(urgent=2, unseen=1), 1

    page = await browser.see(HERE)

    to_be_convened = "Urgent Meeting by exception to be convened (1)"
    assert [to_be_convened, "Met, still red (1)"] == page.texts(f"{URGENT} h2")
    convene, met = cells(page, URGENT)
    assert ("Wendy White Red DSR-7KQ2-M9X1", "Last outcome: 25/04/2026") == (convene[0], convene[4])
    assert met[4].startswith("Seen at home. Seen at home.")
    assert met[4].endswith("… Last outcome: 04/05/2026, Further meeting needed")
    assert len(met[4]) < 270


async def test_an_amber_is_marked_as_discussed_as_the_page_showed_it(browser: Browser, work: StandInWork) -> None:
    work.agenda = (a_task(3, version=7),)
    button = (await browser.see(HERE)).tree.select(f"{AGENDA} button")[0]

    onward = await browser.go_on(str(button["formaction"]), {"discuss": str(button["value"])})

    (asked,) = work.heard(DiscussTask)
    assert (a_task(3).task_id, 7, True) == (asked.task_id, asked.version, asked.discussed)
    said = "Marked as discussed. It is off the list until the referral changes."
    assert [said] == (await browser.see(onward)).texts(".nhsuk-notification-banner--success p")


async def test_what_was_discussed_is_listed_with_who_said_so_and_can_be_put_back(
    browser: Browser, work: StandInWork
) -> None:
    work.discussed = (a_task(3, discussed_by="Gail Thomas", discussed_at=NOW, version=2),)
    page = await browser.see(HERE)
    section = 'section[aria-labelledby="discussed"]'
    button = page.tree.select(f"{section} button")[0]

    await browser.go_on(str(button["formaction"]), {"discuss": str(button["value"])})

    assert ["Discussed, no change since (1)"] == page.texts(f"{section} h2")
    assert "Discussed: Gail Thomas, 04/05/2026 at 15:05 Put back Gordon Green" == cells(page, section)[0][-1]
    assert [False] == [each.discussed for each in work.heard(DiscussTask)]


async def test_a_record_that_changed_meanwhile_is_not_marked(browser: Browser, work: StandInWork) -> None:
    work.agenda, work.failing[DiscussTask] = (a_task(3),), Refused("changed")
    button = (await browser.see(HERE)).tree.select(f"{AGENDA} button")[0]

    page = await browser.see(await browser.go_on(str(button["formaction"]), {"discuss": str(button["value"])}))

    assert page.texts(".nhsuk-notification-banner__content")[0].startswith("This referral has changed since")


@pytest.mark.parametrize("value", ["", "x", f"{FIRST.hex}-1-discussed-x", f"{FIRST.hex}-x-discussed-{FIRST.hex}"])
async def test_a_discussed_button_that_is_not_ours_is_refused(browser: Browser, work: StandInWork, value: str) -> None:
    work.agenda = (a_task(3),)
    await browser.see(HERE)

    await browser.send("/dsr/discussed/", {"discuss": value}, status=400)

    assert [] == work.heard(DiscussTask)


@pytest.mark.requirement("R-USE-002")
async def test_a_person_stands_once_at_the_highest_rating_but_an_unseen_red_always(
    browser: Browser, work: StandInWork
) -> None:
    work.urgent, work.agenda = (a_task(1), seen_by("Gail Thomas", a_task(2))), (a_task(3), a_task(4))
    work.behind = frozenset(UUID(int=each) for each in (1, 2, 3))

    page = await browser.see(HERE)

    assert ["DSR-7KQ2-M9X1"] == [row[0].rpartition(" ")[2] for row in cells(page, URGENT)]
    assert ["DSR-7KQ2-M9X4"] == [row[0].rpartition(" ")[2] for row in cells(page, AGENDA)]


# ----------------------------------------------------------------------------------------------------------- the button
async def test_the_button_says_who_has_seen_what_under_its_own_command(browser: Browser, work: StandInWork) -> None:
    work.urgent = (a_task(1), a_task(2))
    values = [str(button["value"]) for button in (await browser.see(HERE)).tree.select(BUTTON)]

    onward = [await browser.go_on(HERE, {"task": values[0]}) for _ in range(2)]

    commands = {each.partition("-")[2] for each in values}
    assert [f"{HERE}?seen={FIRST.hex}"] * 2 == onward
    assert [(FIRST, values[0].partition("-")[2])] * 2 == [
        (each.task_id, each.command_id.hex) for each in work.heard(AcknowledgeTask)
    ]
    assert 2 == len(commands)
    page = await browser.see(onward[0])
    assert ["Marked as seen by you."] == page.texts(".nhsuk-notification-banner--success p")


@pytest.mark.requirement("R-FLOW-013")
async def test_whoever_is_second_reads_who_was_first(browser: Browser, work: StandInWork) -> None:
    work.urgent = (a_task(1),)
    value = str((await browser.see(HERE)).tree.select(BUTTON)[0]["value"])
    work.urgent, work.first = (seen_by("Gail Thomas", a_task(1)),), "Gail Thomas"

    page = await browser.see(await browser.go_on(HERE, {"task": value}))

    said = "Already marked as seen by Gail Thomas, 04/05/2026 at 15:00."
    assert [said] == page.texts(".nhsuk-notification-banner__content")
    assert [] == page.texts(BUTTON)


async def test_a_task_that_was_closed_meanwhile_is_said_to_wait_no_more(browser: Browser, work: StandInWork) -> None:
    work.urgent = (a_task(1),)
    value = str((await browser.see(HERE)).tree.select(BUTTON)[0]["value"])
    work.urgent, work.failing[AcknowledgeTask] = (), Refused("closed")

    page = await browser.see(await browser.go_on(HERE, {"task": value}))

    assert page.texts(".nhsuk-notification-banner__content")[0].startswith("This is no longer waiting")


@pytest.mark.parametrize(
    ("failure", "status", "said"),
    [
        (Refused("not_found"), 404, "Page not found"),
        (NotAnswered(Fault.TOO_LATE), 503, "Sorry, the service is unavailable"),
    ],
)
async def test_what_cannot_be_taken_is_said_in_words(
    browser: Browser, work: StandInWork, failure: Refused | NotAnswered, status: int, said: str
) -> None:
    work.urgent, work.failing[AcknowledgeTask] = (a_task(1),), failure
    value = str((await browser.see(HERE)).tree.select(BUTTON)[0]["value"])

    page = await browser.send(HERE, {"task": value}, status=status)

    assert said == page.heading


@pytest.mark.parametrize("value", ["", "x", FIRST.hex, f"{FIRST.hex}-x"])
async def test_a_button_that_is_not_ours_is_refused(browser: Browser, work: StandInWork, value: str) -> None:
    work.urgent = (a_task(1),)
    await browser.see(HERE)

    await browser.send(HERE, {"task": value}, status=400)

    assert [] == work.heard(AcknowledgeTask)


# -------------------------------------------------------------------------------------------------- access and ways in
@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN, None])
async def test_the_list_is_closed_to_others(
    browser: Browser, identity: StandInIdentity, work: StandInWork, role: Role | None
) -> None:
    identity.role = role
    browser.come_in(identity)

    await browser.see(HERE, status=403)
    home = await browser.see(HOME)

    assert [] == work.asked
    assert HERE not in [str(a["href"]) for a in home.tree.select("main a")]


async def test_a_register_of_bodies_has_no_column_of_organisations(
    open_gateway: OpenGateway, identity: StandInIdentity, work: StandInWork
) -> None:
    work.urgent, work.counts = (a_task(1, organisation_id=None),), TaskCounts(urgent=1, unseen=1)
    work.agenda = (a_task(2, organisation_id=None),)
    browser = await open_gateway(identity, work, registers=Registers([a_two_body_register("dsr")]))

    page = await browser.see(HERE)

    assert "Organisation" not in page.texts("th")
    (urgent,), (agenda,) = cells(page, URGENT), cells(page, AGENDA)
    assert ["Wendy White Red DSR-7KQ2-M9X1 South Staffordshire", "Lee Lead 01632 960 001"] == urgent[:2]
    assert ["Lee Lead 01632 960 001"] == agenda[1:2]


async def test_a_register_without_a_rating_has_no_work_list(browser: Browser, work: StandInWork) -> None:
    await browser.see("/bare/work/", status=404)
    home = await browser.see("/bare/home/")

    assert "/bare/work/" not in [str(a["href"]) for a in home.tree.select("main a")]
    assert [] == work.asked


@pytest.mark.requirement("R-USE-010")
@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            TaskCounts(urgent=5, unseen=3, agenda=2),
            ["Urgent and not yet seen: 3", "For the next tracking meeting: 2"],
        ),
        (TaskCounts(urgent=5, unseen=0, agenda=2), ["For the next tracking meeting: 2"]),
        (TaskCounts(urgent=5, unseen=0), []),
    ],
)
async def test_home_leads_there_and_says_how_much_waits(
    browser: Browser, work: StandInWork, counts: TaskCounts, said: list[str]
) -> None:
    work.counts = counts

    page = await browser.see(HOME)

    assert said == page.texts(f'main a[href="{HERE}"]')


async def test_home_leads_there_without_a_number_while_outcomes_is_away(browser: Browser, work: StandInWork) -> None:
    work.failing[CountTasks] = NotAnswered(Fault.UNAVAILABLE)

    assert ["Work list"] == (await browser.see(HOME)).texts(f'main a[href="{HERE}"]')


async def test_neither_a_link_nor_a_button_carries_a_name(browser: Browser, work: StandInWork) -> None:
    work.urgent, work.agenda = (a_task(1), a_task(2)), (a_task(3),)

    page = await browser.see(HERE)

    carried = " ".join(str(each.attrs) for each in page.tree.select("main a, main button, main input"))
    assert not [name for name in ("White", "Bloggs", "Green") if name in carried]
