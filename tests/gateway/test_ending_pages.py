"""Tests of the pages of records that end by a date: acts sent twice, cancel, decisions, and records that have ended."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest

from shared.contracts.referrals.ending import DecideEnding
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.reading import ReadRecord
from shared.contracts.referrals.saving import LikelyDuplicate, SubmitRecord, UpdateRecord
from shared.messages import Refused
from shared.permissions import Role
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in_identity import ORGANISATIONS, StandInIdentity
from tests.gateway.stand_in_outcomes import PERSON, RECORD_ID, WHEN, StandInOutcomes
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.test_reversal_pages import StandInReversals, asked_for
from tests.gateway.visit import Page
from tests.services.watch import EDITION, a_watch, watch

LIST = "/watch/records/"
HERE = f"{LIST}{RECORD_ID.hex}/"
DECISIONS = f"{HERE}ending/"
COMMAND = "0123456789abcdef0123456789abcdef"
PARISH, ALMSHOUSE = "parish:plumstead", "almshouse:hiram"
DAY = date(2026, 2, 1)
ENDS: dict[str, object] = {"edition": EDITION, "ends_on": DAY, "awaiting": True}
ENDED: dict[str, object] = {"edition": EDITION, "is_open": False, "ended_at": WHEN, "may_update": False}
DECIDED = {
    "body": PARISH,
    "reason": "She sleeps well.",
    "person_told": True,
    "decided_by": "Septimus Harding",
    "decided_at": WHEN,
}
DECISION = {
    "command": COMMAND,
    "ends_on": DAY.isoformat(),
    "body": PARISH,
    "reason": "Safe now,\nshe says.",
    "told": "yes",
}
UPDATE = {
    "command": COMMAND,
    "version": "4",
    "called": "Abel",
    "family_called": "Handy",
    "came_to_the_world-day": "4",
    "came_to_the_world-month": "3",
    "came_to_the_world-year": "1950",
    "parish": "plumstead",
    "almshouse": "hiram",
    "watch_began-day": "5",
    "watch_began-month": "1",
    "watch_began-year": "2026",
    "watch_ends-day": "1",
    "watch_ends-month": "2",
    "watch_ends-year": "2026",
}
NOTE = {"text": "A note.\nOf two lines.", "note_command": "1" * 32}
CONFIRMED, CANCELLED = {"ending": "confirm"}, {"ending": "cancel"}


def without_decisions() -> Registers:
    """Return the register as it would be if no body had to decide."""
    loaded = watch()
    lifecycle = loaded.definition.lifecycle
    transitions = tuple(each.model_copy(update={"decisions": ()}) for each in lifecycle.transitions)
    changed = {"lifecycle": lifecycle.model_copy(update={"transitions": transitions})}
    return Registers([replace(loaded, definition=loaded.definition.model_copy(update=changed))])


@pytest.fixture
def identity() -> StandInIdentity:
    return StandInIdentity(role=Role.STANDARD, bodies=(PARISH,))


@pytest.fixture
def record() -> StandInOutcomes:
    return StandInOutcomes(answers=a_watch(), changes=dict(ENDS))


@pytest.fixture
def referrals() -> StandInReferrals:
    return StandInReferrals()


@pytest.fixture
async def browser(
    open_gateway: OpenGateway, identity: StandInIdentity, record: StandInOutcomes, referrals: StandInReferrals
) -> Browser:
    return await open_gateway(identity, record, referrals, registers=Registers([watch()]))


def links(page: Page) -> list[str]:
    return [str(link["href"]) for link in page.tree.select("a[href]")]


def notice(page: Page) -> list[str]:
    return page.texts(".nhsuk-notification-banner__heading")


async def told_at(browser: Browser, address: str) -> list[str]:
    return notice(await browser.see(address))


async def test_a_receipt_without_crisis_and_watch_has_no_empty_box(browser: Browser) -> None:
    added = await browser.see(f"{HERE}added/")

    assert [] == added.texts(".nhsuk-card--warning")
    assert ["Parish and almshouse can both see it now."] == [
        each for each in added.texts("main p") if "almshouse" in each
    ]
    assert "" not in added.texts("main p")


# ------------------------------------------------------------------------------------------------------- sent twice
async def test_the_update_that_ends_a_record_goes_out_again_though_the_record_cannot_be_read(
    browser: Browser, record: StandInOutcomes, referrals: StandInReferrals
) -> None:
    referrals.is_open = False
    await browser.go_on(HERE, UPDATE | CONFIRMED)
    record.failing[ReadRecord] = Refused("not_found")

    address = await browser.go_on(HERE, UPDATE | CONFIRMED)

    first, again = referrals.heard(UpdateRecord)
    assert first == again
    assert (True, "2026-02-01") == (again.confirmed, again.answers["watch_ends"])
    assert ["The watch has ended."] == await told_at(browser, address)


async def test_the_last_decision_goes_out_again_though_the_record_cannot_be_read(
    browser: Browser, record: StandInOutcomes, referrals: StandInReferrals
) -> None:
    referrals.is_open = False
    await browser.go_on(DECISIONS, DECISION)
    record.failing[ReadRecord] = Refused("not_found")

    address = await browser.go_on(DECISIONS, DECISION)

    first, again = referrals.heard(DecideEnding)
    assert first == again
    assert ["The decision has been recorded, and the watch has ended."] == await told_at(browser, address)


async def test_a_reader_of_ended_records_may_send_the_last_decision_twice_as_well(
    browser: Browser, record: StandInOutcomes, referrals: StandInReferrals
) -> None:
    referrals.is_open = False
    await browser.go_on(DECISIONS, DECISION)
    record.changes |= ENDED

    await browser.go_on(DECISIONS, DECISION)

    first, again = referrals.heard(DecideEnding)
    assert first == again


@pytest.mark.parametrize(
    ("path", "typed", "said"), [(HERE, UPDATE | CONFIRMED, "updated"), (DECISIONS, DECISION, "decided")]
)
async def test_what_was_saved_before_another_ended_the_record_is_said_to_be_saved(
    browser: Browser, record: StandInOutcomes, path: str, typed: Mapping[str, str], said: str
) -> None:
    record.failing[ReadRecord] = Refused("not_found")

    assert f"{LIST}?notice={said}" == await browser.go_on(path, typed)


@pytest.mark.parametrize(
    ("path", "typed", "kind"),
    [(HERE, UPDATE | CONFIRMED | NOTE, UpdateRecord), (DECISIONS, DECISION, DecideEnding)],
)
async def test_a_refused_act_on_a_record_that_is_gone_shows_what_was_typed(
    browser: Browser,
    record: StandInOutcomes,
    referrals: StandInReferrals,
    path: str,
    typed: Mapping[str, str],
    kind: type[UpdateRecord | DecideEnding],
) -> None:
    record.failing[ReadRecord] = referrals.failing[kind] = Refused("not_found")

    page = await browser.send(path, typed, status=404)

    assert "This watch is no longer available" == page.heading
    assert (typed.get("text") or typed["reason"]) == page.tree.select(".ics-note__text")[0].get_text()
    assert 1 == len(referrals.heard(kind))


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        (HERE, UPDATE | CONFIRMED | {"called": ""}),
        (HERE, UPDATE | CANCELLED),
        (HERE, UPDATE | {"act": "review"}),
        (DECISIONS, DECISION | {"ends_on": "soon"}),
        (DECISIONS, DECISION | {"told": ""}),
    ],
)
async def test_nothing_else_is_sent_for_a_record_that_is_gone(
    browser: Browser, record: StandInOutcomes, referrals: StandInReferrals, path: str, typed: Mapping[str, str]
) -> None:
    record.failing[ReadRecord] = Refused("not_found")

    await browser.send(path, typed, status=404)

    assert [] == referrals.commands


# ------------------------------------------------------------------------------------------------------- the update
async def test_an_update_that_ends_the_record_keeps_the_note_that_was_typed(
    browser: Browser, referrals: StandInReferrals
) -> None:
    referrals.is_open = False

    page = await browser.send(HERE, UPDATE | CONFIRMED | NOTE, status=200)

    assert ["The watch has ended."] == notice(page)
    assert [NOTE["text"]] == [each.get_text() for each in page.tree.select(".ics-note__text")]
    assert "The note that you typed was not added to the watch." in page.tree.get_text()


async def test_cancel_shows_the_form_with_all_that_was_typed_but_the_day_of_the_end(
    browser: Browser, referrals: StandInReferrals
) -> None:
    referrals.failing[UpdateRecord] = Refused("confirm_ending")
    asked = await browser.send(HERE, UPDATE | NOTE | {"called": "Abelard", "lamp": "yes"}, status=409)

    page = await browser.send(HERE, fields(asked) | CANCELLED, status=200)

    typed = fields(page)
    assert ("Abelard", "yes", COMMAND) == (typed["called"], typed["lamp"], typed["command"])
    assert "5" == typed["watch_began-day"]
    assert not [name for name in typed if name.startswith("watch_ends")]
    assert [NOTE["text"]] == [each.get_text().strip() for each in page.tree.select("textarea#text")]
    assert 1 == len(referrals.heard(UpdateRecord))


async def test_cancel_leaves_the_day_that_was_saved_before(
    browser: Browser, record: StandInOutcomes, referrals: StandInReferrals
) -> None:
    record.answers = a_watch(watch_ends="2031-05-09")
    await browser.see(HERE)
    referrals.failing[UpdateRecord] = Refused("confirm_ending")
    asked = await browser.send(HERE, UPDATE, status=409)

    page = await browser.send(HERE, fields(asked) | CANCELLED, status=200)

    assert ["9", "5", "2031"] == [fields(page)[f"watch_ends-{part}"] for part in ("day", "month", "year")]


# --------------------------------------------------------------------------------------------------- the decisions
async def test_where_no_body_decides_nothing_speaks_of_decisions(
    open_gateway: OpenGateway, identity: StandInIdentity, record: StandInOutcomes, referrals: StandInReferrals
) -> None:
    browser = await open_gateway(identity, record, referrals, registers=without_decisions())

    page = await browser.see(HERE)

    assert "Ends on 01/02/2026." in page.texts("main p")
    assert DECISIONS not in links(page)
    await browser.see(DECISIONS, status=404)
    await browser.send(DECISIONS, DECISION, status=404)
    record.failing[ReadRecord] = Refused("not_found")
    await browser.send(DECISIONS, DECISION, status=404)
    assert [] == referrals.commands


async def test_decisions_can_be_read_after_the_end(
    browser: Browser, identity: StandInIdentity, record: StandInOutcomes
) -> None:
    identity.role = Role.ADMINISTRATOR
    record.changes |= {**ENDED, "decisions": (DECIDED,)}

    assert DECISIONS in links(await browser.see(HERE))
    page = await browser.see(DECISIONS)

    assert "Ended 17/06/2022 at 14:05" in page.texts("main p")
    assert ["She sleeps well."] == page.texts(".ics-note__text")
    assert [] == page.tree.select("main form")


async def test_a_record_that_ended_without_decisions_has_no_link_to_them(
    browser: Browser, record: StandInOutcomes
) -> None:
    record.changes |= ENDED

    assert DECISIONS not in links(await browser.see(HERE))


async def test_a_reason_stays_on_the_page_if_a_colleague_decided_first(
    browser: Browser, record: StandInOutcomes, referrals: StandInReferrals
) -> None:
    record.changes["decisions"] = (DECIDED,)
    referrals.failing[DecideEnding] = Refused("decided")

    page = await browser.send(DECISIONS, DECISION, status=409)

    assert ["This decision has been recorded already."] == page.problems
    assert DECISION["reason"] in [each.get_text() for each in page.tree.select(".ics-note__text")]


@pytest.mark.parametrize("later", [None, DAY + timedelta(days=1)])
async def test_a_reason_stays_on_the_page_if_the_day_has_changed(
    browser: Browser, record: StandInOutcomes, referrals: StandInReferrals, later: date | None
) -> None:
    record.changes["ends_on"] = later

    page = await browser.send(DECISIONS, DECISION, status=409)

    assert page.problems[0].startswith("The day on which this watch ends has changed.")
    shown = page.tree.select("textarea#reason" if later else ".ics-note__text")
    assert [DECISION["reason"]] == [each.get_text().strip() for each in shown]
    assert [] == referrals.commands


# ------------------------------------------------------------------------------------------- records that have ended
async def test_the_list_of_ended_records_has_no_order_and_keeps_its_length_and_pages(
    browser: Browser, identity: StandInIdentity, record: StandInOutcomes
) -> None:
    identity.role = Role.ADMINISTRATOR
    record.row_changes = {"ended_at": WHEN, "rating": None, "locality": ""}
    record.matches = 60

    page = await browser.see(f"{LIST}?ended=yes&length=25")
    sent = fields(page) | {"page": "3"}
    address = await browser.go_on(LIST, sent)
    await browser.see(address)

    assert [] == page.tree.select("button.ics-sort")
    assert ["1", "2", "3"] == page.texts(".ics-pagination__pages li")
    assert f"{LIST}?length=25&page=3&ended=yes" == address
    assert ListRecords(page=3, length=25, ended=True) == record.heard(ListRecords)[-1]


async def test_the_list_offers_no_organisations_where_bodies_share_records(
    open_gateway: OpenGateway, identity: StandInIdentity, record: StandInOutcomes
) -> None:
    identity.role, identity.all_organisations = Role.ADMINISTRATOR, True
    identity.organisation_ids = tuple(each.organisation_id for each in ORGANISATIONS)
    browser = await open_gateway(identity, record, registers=Registers([watch()]))

    page = await browser.see(LIST)

    assert [] == page.tree.select("input[name=organisation]")


async def test_an_ended_record_leads_to_nothing_that_is_closed_for_it(
    open_gateway: OpenGateway, record: StandInOutcomes, referrals: StandInReferrals
) -> None:
    record.answers, record.changes = dict(PERSON), ENDED | {"edition": "2022"}
    record.row_changes = {"ended_at": WHEN}
    here = f"/dsr/records/{RECORD_ID.hex}/"
    browser = await open_gateway(StandInIdentity(role=Role.ADMINISTRATOR), record, referrals)

    page, listed = await browser.see(here), await browser.see("/dsr/records/")

    assert f"{here}holder/" not in {*links(page), *links(listed)}
    assert (True, False) == tuple(f"{here}outcomes/" in links(each) for each in (page, listed))
    assert "Outcomes cannot be shown at the moment." not in page.tree.get_text()


# ----------------------------------------------------------------------------------------------------------- words
@pytest.mark.parametrize(("code", "speaks"), [("watch", False), ("dsr", True)])
async def test_only_a_register_that_archives_speaks_of_archives(
    open_gateway: OpenGateway, identity: StandInIdentity, code: str, speaks: bool
) -> None:
    identity.role = Role.ADMINISTRATOR
    registers = Registers([watch(), *load_registers().every()])
    browser = await open_gateway(identity, StandInReversals(waiting=(asked_for(),)), registers=registers)

    page = await browser.see(f"/{code}/administration/reversals/")

    assert speaks == ("rchiv" in page.tree.get_text())
    assert speaks == ("rchiv" in registers.find(code).words("workbook.archived"))


# ------------------------------------------------------------------------------------------------------- new records
NEW = f"{LIST}new"
FIRST = {name: value for name, value in UPDATE.items() if name != "version"}


async def test_a_new_record_that_ends_is_asked_about_and_nothing_typed_is_lost(
    browser: Browser, referrals: StandInReferrals
) -> None:
    await browser.see(NEW)
    referrals.failing[SubmitRecord] = Refused("confirm_ending")
    page = await browser.send(NEW, FIRST, status=409)
    assert "Does this watch end?" == page.heading
    assert fields(page).items() >= FIRST.items()

    form = await browser.send(NEW, fields(page) | CANCELLED, status=200)
    del referrals.failing[SubmitRecord]
    await browser.go_on(NEW, fields(page) | CONFIRMED)

    assert ("Abel", "") == (fields(form)["called"], fields(form).get("watch_ends-day", ""))
    assert [False, True] == [each.confirmed for each in referrals.heard(SubmitRecord)]
    assert {COMMAND} == {each.command_id.hex for each in referrals.heard(SubmitRecord)}


@pytest.mark.parametrize("duplicate_first", [True, False])
async def test_whoever_is_asked_about_a_match_and_about_the_end_answers_each_once(
    browser: Browser, referrals: StandInReferrals, duplicate_first: bool
) -> None:
    await browser.see(NEW)
    questions = [Refused(LikelyDuplicate(records=(RECORD_ID,))), Refused("confirm_ending")]
    answers = [{"duplicate": "add"}, CONFIRMED]
    typed: Mapping[str, str] = FIRST
    for question, answer in list(zip(questions, answers, strict=True))[:: 1 if duplicate_first else -1]:
        referrals.failing[SubmitRecord] = question
        typed = fields(await browser.send(NEW, typed, status=409)) | answer
    del referrals.failing[SubmitRecord]

    await browser.go_on(NEW, typed)

    sent = referrals.heard(SubmitRecord)[-1]
    assert ((RECORD_ID,), True) == (sent.duplicates_seen, sent.confirmed)
