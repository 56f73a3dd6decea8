"""Tests of record forms when a service refuses or is unavailable: nothing typed is lost, and nothing is sent twice."""

from uuid import UUID

import pytest

from shared.contracts.referrals.reading import AddNote, ReadHistory, ReadRecord
from shared.contracts.referrals.saving import Conflict, LikelyDuplicate, SubmitRecord, UpdateRecord
from shared.messages import Fault, Message, NotAnswered, Refused, Request
from shared.permissions import Role
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN, StandInOutcomes
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.visit import Page
from tests.walking import a_referral

LIST = "/dsr/records/"
NEW, HERE = "/dsr/records/new", f"/dsr/records/{RECORD_ID.hex}/"
FORM, NOTE = f"{HERE}change/", f"{HERE}notes/"
COMMAND = "0123456789abcdef0123456789abcdef"
TYPED = {
    "command": COMMAND,
    "version": "4",
    "lead_professional_contact": "01782 000000",
    **a_referral(first_name="Tester", last_name="Three", risk_level="red"),
}
SENT = TYPED | {"edition": "2022"}  # as a record's own page sends it
UNSURE = "We could not confirm that this was saved. Look in the list before you send it again."
AWAY = "Sorry, this is not available at the moment. Nothing has been saved."


@pytest.fixture
def referrals() -> StandInReferrals:
    return StandInReferrals()


@pytest.fixture
def record() -> StandInOutcomes:
    return StandInOutcomes()


@pytest.fixture
async def browser(open_gateway: OpenGateway, referrals: StandInReferrals, record: StandInOutcomes) -> Browser:
    return await open_gateway(StandInIdentity(role=Role.ADMINISTRATOR), record, referrals)


def typed_in(page: Page, name: str) -> str:
    """Return what a field of the page contains."""
    found = page.tree.select_one(f'main [name="{name}"]')
    assert found is not None
    return found.get_text().strip() if found.name == "textarea" else str(found.get("value", ""))


@pytest.mark.parametrize(("fault", "said"), [(Fault.BUSY, AWAY), (Fault.UNAVAILABLE, AWAY), (Fault.TOO_LATE, UNSURE)])
@pytest.mark.parametrize(("path", "request_type"), [(NEW, SubmitRecord), (HERE, UpdateRecord)])
async def test_without_an_answer_the_form_stays_and_the_same_command_goes_out_again(
    browser: Browser,
    referrals: StandInReferrals,
    fault: Fault,
    said: str,
    path: str,
    request_type: type[Request[Message]],
) -> None:
    referrals.failing[request_type] = NotAnswered(fault)

    page = await browser.send(path, TYPED, status=503)

    assert said == page.problems[0][: len(said)]
    assert (COMMAND, "Jenny Harris") == (typed_in(page, "command"), typed_in(page, "lead_professional"))


async def test_a_record_is_not_closed_by_the_birthday_that_its_consent_was_given_before(
    browser: Browser, record: StandInOutcomes
) -> None:
    consent = {"capacity_to_consent": "no", "under_16": "yes", "parental_consent": "yes"}
    record.answers = record.answers | consent | {"date_of_birth": "2001-02-07"}
    record.answers.pop("consent_given", None)
    typed = {name: value for name, value in TYPED.items() if name != "consent_given"} | consent

    refused = await browser.send(HERE, typed | {"date_of_birth-year": "2002"}, status=422)

    assert 1 == len(refused.problems)
    assert HERE in await browser.go_on(HERE, typed)


async def test_a_note_without_an_answer_stays_and_goes_out_under_the_same_command(
    browser: Browser, referrals: StandInReferrals
) -> None:
    referrals.failing[AddNote] = NotAnswered(Fault.TOO_LATE)

    page = await browser.send(NOTE, {"note_command": COMMAND, "text": "Seen at home."}, status=503)

    again = page.tree.select_one('[name="note_command"]')
    assert again is not None
    assert (COMMAND, "Seen at home.") == (again["value"], typed_in(page, "text"))


async def test_another_note_under_a_used_command_stays_under_a_new_one(
    browser: Browser, referrals: StandInReferrals
) -> None:
    referrals.failing[AddNote] = Refused("command_reused")

    page = await browser.send(NOTE, {"note_command": COMMAND, "text": "Seen at home."}, status=409)

    again = page.tree.select_one('[name="note_command"]')
    assert again is not None
    assert (True, "Seen at home.") == (COMMAND != UUID(str(again["value"])).hex, typed_in(page, "text"))


async def test_what_can_be_saved_as_it_was_sent_is_sent_without_reading_the_record(
    browser: Browser, record: StandInOutcomes, referrals: StandInReferrals
) -> None:
    page = await browser.see(FORM)
    record.asked.clear()

    assert f"{HERE}?notice=updated" == await browser.go_on(HERE, TYPED | {"edition": typed_in(page, "edition")})

    assert (1, 0) == (len(referrals.heard(UpdateRecord)), len(record.heard(ReadRecord)))


@pytest.mark.parametrize("sent", [SENT, TYPED], ids=["without reading the record", "with the record read"])
async def test_an_update_names_the_version_that_was_seen_and_holds_what_was_typed(
    browser: Browser, referrals: StandInReferrals, sent: dict[str, str]
) -> None:
    await browser.go_on(HERE, sent)

    (update,) = referrals.heard(UpdateRecord)
    assert (RECORD_ID, 4, COMMAND, False) == (update.record_id, update.version, update.command_id.hex, update.confirmed)
    assert ("Tester", "red") == (update.answers["first_name"], update.answers["risk_level"])


@pytest.mark.parametrize("changes", [{"edition": "1999"}, {"edition": ""}, {"last_name": ""}, {"act": "review"}])
async def test_any_other_form_is_read_with_its_record(
    browser: Browser, record: StandInOutcomes, changes: dict[str, str]
) -> None:
    await browser.post(HERE, SENT | changes)

    assert 1 == len(record.heard(ReadRecord))


@pytest.mark.parametrize(
    ("why", "status"),
    [(Refused("not_yours"), 409), (Refused("unchanged"), 409), (NotAnswered(Fault.BUSY), 503)],
)
async def test_an_update_that_was_not_carried_out_is_sent_once_and_its_record_is_read(
    browser: Browser, record: StandInOutcomes, referrals: StandInReferrals, why: Refused | NotAnswered, status: int
) -> None:
    referrals.failing[UpdateRecord] = why

    await browser.send(HERE, SENT, status=status)

    assert (1, 1) == (len(referrals.heard(UpdateRecord)), len(record.heard(ReadRecord)))


async def test_what_was_saved_is_said_to_be_saved_though_its_record_cannot_be_read_any_more(
    browser: Browser, record: StandInOutcomes
) -> None:
    record.failing[ReadRecord] = Refused("not_found")

    address = await browser.go_on(HERE, SENT)
    note = await browser.send(HERE, SENT | {"text": "Seen at home."}, status=200)

    assert f"{LIST}?notice=updated" == await browser.sent_to(address)
    assert "Seen at home." in note.tree.get_text()
    await browser.see(HERE, status=404)


async def test_a_form_that_was_saved_and_typed_in_further_is_put_together_with_what_was_saved(
    browser: Browser, referrals: StandInReferrals
) -> None:
    referrals.failing[UpdateRecord] = Refused("command_reused")

    page = await browser.send(HERE, SENT, status=409)

    assert "Jenny Harris" == typed_in(page, "lead_professional")
    assert COMMAND != typed_in(page, "command")


async def test_who_was_overtaken_by_a_change_and_then_an_archive_can_copy_what_they_typed(
    browser: Browser, referrals: StandInReferrals
) -> None:
    referrals.failing[UpdateRecord] = Refused(Conflict(version=5))
    referrals.failing[ReadHistory] = Refused("not_found")

    page = await browser.send(HERE, SENT, status=404)

    assert "This record is no longer available" == page.heading
    assert "Jenny Harris" in page.tree.get_text()


async def test_answers_that_the_form_no_longer_asks_are_no_difference_between_two_users(
    browser: Browser, record: StandInOutcomes, referrals: StandInReferrals
) -> None:
    record.answers["shoe_size"] = "9"
    record.version = 5
    referrals.failing[UpdateRecord] = Refused(Conflict(version=5))

    page = await browser.send(HERE, SENT, status=409)

    said = " ".join(page.texts("main"))
    assert ("Jenny Harris" in said, "shoe_size" in said) == (True, False)


async def test_whoever_may_not_save_any_more_is_told_so(browser: Browser, referrals: StandInReferrals) -> None:
    referrals.failing[UpdateRecord] = NotAnswered(Fault.NOT_ALLOWED)

    page = await browser.send(HERE, SENT, status=403)

    assert "You do not have permission to see this page" == page.heading


async def test_a_note_that_says_nothing_comes_back_with_what_to_do(browser: Browser) -> None:
    page = await browser.send(NOTE, {"note_command": COMMAND, "text": "\u200b\u2026"})

    assert (["Type the note"], "\u2026") == (page.problems[:1], typed_in(page, "text"))


@pytest.mark.parametrize("code", ["archived", "not_found"])
async def test_what_was_typed_while_somebody_archived_the_record_can_still_be_copied(
    browser: Browser, referrals: StandInReferrals, code: str
) -> None:
    referrals.failing[UpdateRecord] = referrals.failing[AddNote] = Refused(code)

    update = await browser.send(HERE, SENT, status=404)
    note = await browser.send(NOTE, {"note_command": COMMAND, "text": "Seen at home."}, status=404)

    for page, typed in ((update, "Jenny Harris"), (note, "Seen at home.")):
        assert "This record is no longer available" == page.heading
        assert typed in page.tree.get_text()


async def test_adding_a_note_keeps_what_was_typed_beside_it(browser: Browser) -> None:
    page = await browser.send(NOTE, TYPED | {"note_command": COMMAND, "text": "Seen at home."}, status=200)

    assert ["The note has been added."] == page.texts(".nhsuk-notification-banner__content")
    assert ("Jenny Harris", COMMAND, "") == tuple(
        typed_in(page, name) for name in ("lead_professional", "command", "text")
    )
    assert COMMAND != typed_in(page, "note_command")


async def test_adding_a_note_beside_nothing_new_goes_back_to_the_record(browser: Browser) -> None:
    untouched = fields(await browser.see(FORM)) | {"date_of_birth-not-known": ""}

    leads_to = await browser.go_on(NOTE, untouched | {"text": "Seen at home."})

    assert f"{HERE}?notice=noted" == leads_to


async def test_saving_the_record_keeps_a_note_that_was_not_added(browser: Browser) -> None:
    page = await browser.send(HERE, SENT | {"note_command": COMMAND, "text": "Seen at home."}, status=200)

    assert ["The referral has been updated."] == page.texts(".nhsuk-notification-banner__content")
    assert ("Seen at home.", COMMAND) == (typed_in(page, "text"), typed_in(page, "note_command"))


@pytest.mark.parametrize("reason", [Conflict(version=5), "unchanged"])
async def test_what_is_refused_keeps_the_note_too(
    browser: Browser, referrals: StandInReferrals, reason: str | Conflict
) -> None:
    referrals.failing[UpdateRecord] = Refused(reason)

    page = await browser.send(HERE, SENT | {"note_command": COMMAND, "text": "Seen at home."}, status=409)

    assert ("Seen at home.", COMMAND) == (typed_in(page, "text"), typed_in(page, "note_command"))


# ---------------------------------------------------------------------------------------------- a form that was open
def two_editions() -> Registers:
    """Return the DSR with a newer edition that no longer asks one of the questions."""
    (older,) = load_registers().every()
    sections = tuple(
        section.model_copy(
            update={
                "questions": tuple(
                    question.model_copy(update={"retired": question.name == "lead_professional_contact"})
                    for question in section.questions
                )
            }
        )
        for section in older.definition.form.sections
    )
    newer = older.definition.model_copy(
        update={
            "identity": older.definition.identity.model_copy(update={"edition": "2023"}),
            "form": older.definition.form.model_copy(update={"sections": sections}),
        }
    )
    return Registers([older, LoadedRegister(newer, "")])


@pytest.mark.parametrize(
    ("sent", "edition", "contact"),
    [
        ({"edition": "2022"}, "2022", "01782 000000"),
        ({"edition": "2023"}, "2023", None),
        ({"edition": "1999"}, "2023", None),
        ({}, "2023", None),
    ],
)
async def test_a_form_that_was_opened_in_an_older_edition_is_saved_in_it_with_every_answer(
    open_gateway: OpenGateway, referrals: StandInReferrals, sent: dict[str, str], edition: str, contact: str | None
) -> None:
    browser = await open_gateway(StandInIdentity(role=Role.ADMINISTRATOR), referrals, registers=two_editions())

    await browser.go_on(NEW, TYPED | sent)

    (asked,) = referrals.heard(SubmitRecord)
    assert (edition, contact) == (asked.edition, asked.answers.get("lead_professional_contact"))


async def test_the_form_says_in_which_edition_it_was_opened(browser: Browser) -> None:
    assert "2022" == typed_in(await browser.see(NEW), "edition")


async def test_the_question_about_duplicates_keeps_the_edition(browser: Browser, referrals: StandInReferrals) -> None:
    referrals.failing[SubmitRecord] = Refused(LikelyDuplicate(records=(RECORD_ID,)))

    page = await browser.send(NEW, TYPED | {"edition": "2022"}, status=409)

    assert "2022" == typed_in(page, "edition")


# ------------------------------------------------------------------------------------- answers that contradict others
BORN_LATER = {"consent_date-day": "6", "consent_date-month": "2", "consent_date-year": "2001"}
CONTRADICTED = (
    "Date of the consent or best interest decision (06/02/2001) is before Date of Birth (07/02/2001). "
    "Put right whichever is wrong."
)


@pytest.mark.parametrize("path", [NEW, HERE])
async def test_dates_that_contradict_each_other_are_marked_at_both_questions(browser: Browser, path: str) -> None:
    page = await browser.send(path, TYPED | BORN_LATER, status=422)

    assert [CONTRADICTED] * 2 == page.problems
    assert {"#consent_date-day", "#date_of_birth-day"} == {
        str(link["href"]) for link in page.tree.select(".nhsuk-error-summary a")
    }


@pytest.mark.parametrize(("path", "request_type"), [(NEW, SubmitRecord), (HERE, UpdateRecord)])
async def test_an_unlikely_age_is_saved_once_the_user_has_confirmed_it(
    browser: Browser,
    referrals: StandInReferrals,
    path: str,
    request_type: type[SubmitRecord] | type[UpdateRecord],
) -> None:
    old = TYPED | {"date_of_birth-year": "1890"}

    asked = await browser.send(path, old, status=422)
    (box,) = asked.tree.select('[name="date_of_birth-sure"]')
    await browser.go_on(path, old | {"date_of_birth-sure": str(box["value"])})

    assert ("1890-02-07", ["Check the year."]) == (box["value"], [each[-15:] for each in asked.problems])
    assert [("date_of_birth",)] == [each.sure for each in referrals.heard(request_type)]


async def test_a_confirmed_age_stays_confirmed_beside_another_fault(browser: Browser) -> None:
    typed = TYPED | {"date_of_birth-year": "1890", "date_of_birth-sure": "1890-02-07", "last_name": ""}

    page = await browser.send(NEW, typed, status=422)

    (box,) = page.tree.select('[name="date_of_birth-sure"]')
    assert (["Enter the person's last name"], True) == (page.problems, "checked" in box.attrs)


async def test_a_saved_record_says_what_in_it_must_be_put_right(browser: Browser, record: StandInOutcomes) -> None:
    sound = await browser.see(HERE)
    record.answers = record.answers | {
        "capacity_to_consent": "yes",
        "consent_given": "yes",
        "consent_date": "2001-02-06",
    }

    page = await browser.see(HERE)

    assert ([], [CONTRADICTED]) == (sound.texts(".nhsuk-inset-text li"), page.texts(".nhsuk-inset-text li"))


# --------------------------------------------------------------------------------------------------- archived records
async def test_an_archived_record_is_read_only_and_leads_to_its_reversal(
    browser: Browser, record: StandInOutcomes
) -> None:
    record.changes = {"is_open": False, "state": "archived", "may_update": False, "ended_at": WHEN}

    page = await browser.see(HERE)

    assert ["Archived in error?"] == page.texts('a[href="/dsr/administration/reversals/?reference=DSR-7KQ2-M9XP#ask"]')
    assert ["Outcomes"] == page.texts(f'a[href="{HERE}outcomes/"]')
    assert [] == page.texts("main button[type=submit]")


async def test_who_has_lost_their_organisation_keeps_the_form_and_reads_whom_to_ask(
    browser: Browser, referrals: StandInReferrals
) -> None:
    referrals.failing[SubmitRecord] = Refused("no_organisation")

    page = await browser.send(NEW, TYPED, status=409)

    (said,) = page.problems
    assert said.endswith("Please email DynamicSupportRegister@mpft.nhs.uk. Then send this form again.")
    assert "Jenny Harris" == typed_in(page, "lead_professional")
