"""Rows without evidence of consent: kept off the register unless an officer names an authority, and then listed."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from services.referrals.store.uploads import find
from services.referrals.uploads.states import check_authority, may_name_authority
from shared.contracts.referrals.consent import (
    ConsentCount,
    ConsentsToConfirm,
    CountConsentsToConfirm,
    ListConsentsToConfirm,
    NameConsentAuthority,
)
from shared.contracts.referrals.loading import ListUploads, UploadShown
from shared.contracts.referrals.saving import RecordReceipt, ReviewRecord
from shared.database import transaction
from shared.messages import Refused, must_find
from shared.permissions import AccountGrant, Role, Visitor
from tests.services.referrals.builders import a_referral, a_visitor, new_id
from tests.services.referrals.rig import Owner, Referrals, an_update
from tests.services.referrals.uploading import END_OTHERS, Loader, a_loader, a_row, counts

WORDS = "Agreed by the Caldicott Guardian on 1 June"
BULK_LOAD, PRIVACY_OFFICER = AccountGrant.BULK_LOAD, AccountGrant.PRIVACY_OFFICER
UNSAID = {"capacity_to_consent": "", "consent_given": ""}
AUDITED = "SELECT fields FROM audit WHERE action = $2 AND $1 = ANY(subjects)"


@pytest.fixture
async def loader(referrals: Referrals, owner: Owner, read_here: None) -> Loader:
    """A user who loads. No upload of an earlier test waits: a replica takes the oldest first."""
    await owner.rows(END_OTHERS)
    return await Loader.open(referrals, a_loader())


def in_days(loader: Loader, days: int) -> date:
    return loader.referrals.context.day() + timedelta(days=days)


def naming(loader: Loader, upload_id: UUID, days: int = 30, words: str = WORDS) -> NameConsentAuthority:
    return NameConsentAuthority(command_id=new_id(), upload_id=upload_id, words=words, due_on=in_days(loader, days))


async def named(loader: Loader, upload_id: UUID) -> UploadShown:
    """Name the authority, and have the rows checked again."""
    await loader.referrals.ask(loader.user, naming(loader, upload_id))
    await loader.until_idle()
    return await loader.read(upload_id)


async def unconsented(loader: Loader) -> RecordReceipt:
    """Return a record that is on the register by an authority."""
    person = a_row(**UNSAID)
    upload = await named(loader, (await loader.check(loader.file(person, a_row()))).upload_id)
    await loader.process(upload.upload_id)
    await loader.until_idle()
    (record,) = (await listed(loader)).records[-1:]
    return RecordReceipt(record_id=record.record_id, reference=record.reference, version=0, rating="green")


async def listed(loader: Loader, visitor: Visitor | None = None) -> ConsentsToConfirm:
    return await loader.referrals.ask(visitor or loader.user, ListConsentsToConfirm())


async def counted(loader: Loader, visitor: Visitor | None = None) -> ConsentCount:
    return await loader.referrals.ask(visitor or loader.user, CountConsentsToConfirm())


@pytest.mark.requirement("R-LOAD-003")
async def test_a_row_without_evidence_of_consent_is_not_published_unless_an_authority_is_named(
    loader: Loader, owner: Owner
) -> None:
    content = loader.file(a_row(**UNSAID), a_row(), a_row(consent_given="no"))

    upload = await loader.check(content)
    assert ((1, 0, 0, 2), 1, None) == (counts(upload), upload.counts.unconsented, upload.authority)
    again = await named(loader, upload.upload_id)
    await loader.process(upload.upload_id)
    await loader.until_idle()
    done = await loader.read(upload.upload_id)

    assert ("checked", (2, 0, 0, 1), 1) == (again.state, counts(again), again.counts.unconsented)
    assert ("done", (2, 0, 0, 1), 1) == (done.state, counts(done), done.counts.unconsented)
    first, second = await loader.rows(upload.upload_id, "new")
    assert [(True, True), (False, True)] == [(each.unconsented, each.is_processed) for each in (first, second)]
    (record,) = (await listed(loader)).records
    assert (first.record_id, first.reference, first.name) == (record.record_id, record.reference, record.name)
    assert (WORDS, in_days(loader, 30)) == (record.authority, record.due_on)
    assert loader.user.full_name == record.named_by
    assert ConsentCount(waiting=1) == await counted(loader)
    facts = ["rows:1", f"due_on:{in_days(loader, 30)}"]
    assert [facts] == [each["fields"] for each in await owner.rows(AUDITED, upload.upload_id, "upload.authority_named")]
    assert await owner.rows(AUDITED, record.record_id, "consents.to_confirm_listed")


@pytest.mark.requirement("R-LOAD-003")
@pytest.mark.parametrize(
    "answers",
    [
        {"consent_given": "no"},
        {"capacity_to_consent": "", "consent_given": "no"},
        {"capacity_to_consent": "no", "consent_given": "", "best_interest_decision": "no"},
        {"capacity_to_consent": "", "consent_given": "", "best_interest_decision": "no"},
    ],
)
async def test_no_authority_puts_a_person_on_the_register_whose_consent_was_answered_against(
    loader: Loader, answers: dict[str, str]
) -> None:
    upload = await loader.check(loader.file(a_row(**answers), a_row(**UNSAID)))

    again = await named(loader, upload.upload_id)

    assert (0, 0, 0, 2) == counts(upload)
    assert ((1, 0, 0, 1), 1) == (counts(again), again.counts.unconsented)


@pytest.mark.requirement("R-LOAD-003")
async def test_an_authority_takes_no_consent_from_a_record_that_has_it(loader: Loader) -> None:
    person = a_row()
    await loader.referrals.submit(loader.user, **person)
    cleared = person | {"consent_given": "CLEAR", "risk_level": "red"}
    upload = await loader.check(loader.file(cleared, a_row(**UNSAID)))

    again = await named(loader, upload.upload_id)

    assert ((0, 0, 0, 2), 1) == (counts(upload), upload.counts.unconsented)
    assert (1, 0, 0, 1) == counts(again)


@pytest.mark.requirement("R-LOAD-003")
async def test_a_record_leaves_the_list_when_an_update_answers_the_questions_about_consent(loader: Loader) -> None:
    receipt = await unconsented(loader)
    answers = dict((await loader.referrals.read(loader.user, receipt.record_id)).answers)
    refused = an_update(receipt, **answers | UNSAID | {"latest_update": "Seen"})
    assert "invalid_answers" == (await loader.referrals.refusal(loader.user, refused))[0]
    assert 1 == (await counted(loader)).waiting

    await loader.referrals.update(loader.user, receipt, **answers | a_referral(**answers))

    assert (ConsentCount(), ()) == (await counted(loader), (await listed(loader)).records)


@pytest.mark.requirement("R-LOAD-003")
async def test_a_review_that_gives_another_rating_confirms_no_consent(loader: Loader) -> None:
    receipt = await unconsented(loader)
    review = ReviewRecord(
        command_id=new_id(), record_id=receipt.record_id, version=receipt.version, rating="red", update="Seen"
    )

    await loader.referrals.ask(loader.user, review)

    assert 1 == (await counted(loader)).waiting


@pytest.mark.requirement("R-LOAD-003")
async def test_a_row_leaves_a_record_on_the_list_until_it_answers_the_questions(loader: Loader) -> None:
    receipt = await unconsented(loader)
    answers = dict((await loader.referrals.read(loader.user, receipt.record_id)).answers)

    unsaid = await loader.load(loader.file(answers | {"risk_level": "red"}))
    still = await counted(loader)
    said = await loader.load(loader.file(answers | {"capacity_to_consent": "yes", "consent_given": "yes"}))

    assert ((0, 1, 0, 0), 1) == (counts(unsaid), still.waiting)
    assert ((0, 1, 0, 0), 0) == (counts(said), (await counted(loader)).waiting)


async def test_a_record_that_has_ended_is_not_on_the_list(loader: Loader) -> None:
    receipt = await unconsented(loader)

    await loader.referrals.archive(loader.user, receipt)

    assert (ConsentCount(), ()) == (await counted(loader), (await listed(loader)).records)


@pytest.mark.requirement("R-LOAD-003")
async def test_a_record_whose_date_has_passed_is_overdue(loader: Loader, owner: Owner) -> None:
    receipt = await unconsented(loader)
    yesterday = in_days(loader, -1)

    await owner.rows("UPDATE consent_to_confirm SET due_on = $2 WHERE record_id = $1", receipt.record_id, yesterday)

    assert ConsentCount(waiting=1, overdue=1) == await counted(loader)


@pytest.mark.requirement("R-LOAD-003")
async def test_the_list_is_seen_by_those_who_see_the_records(loader: Loader) -> None:
    receipt = await unconsented(loader)
    colleague = a_visitor(Role.ADMINISTRATOR, *loader.user.organisation_ids)
    strangers = [a_visitor(Role.STANDARD, *loader.user.organisation_ids), a_visitor(Role.ADMINISTRATOR)]

    assert [receipt.record_id] == [each.record_id for each in (await listed(loader, colleague)).records]
    assert [()] * 2 == [(await listed(loader, each)).records for each in strangers]
    assert [0, 0] == [(await counted(loader, each)).waiting for each in strangers]


@pytest.mark.requirement("R-LOAD-003")
async def test_an_authority_is_named_in_words_with_a_day_and_for_rows_that_need_it(loader: Loader) -> None:
    upload = await loader.check(loader.file(a_row(**UNSAID)))
    upload_id = upload.upload_id
    tried = [
        naming(loader, upload_id, words=" . "),
        naming(loader, upload_id, days=0),
        naming(loader, upload_id, days=367),
        naming(loader, new_id()),
    ]
    assert ["empty", "due_on", "due_on", "not_found"] == [
        (await loader.referrals.refusal(loader.user, each))[0] for each in tried
    ]

    await loader.referrals.ask(loader.user, naming(loader, upload_id))
    assert "not_checked" == (await loader.referrals.refusal(loader.user, naming(loader, upload_id)))[0]
    await loader.until_idle()
    await loader.cancel(upload_id)
    fine = await loader.check(loader.file(a_row()))
    assert "no_rows" == (await loader.referrals.refusal(loader.user, naming(loader, fine.upload_id)))[0]


@pytest.mark.requirement("R-LOAD-003")
async def test_another_mapping_takes_an_authority_back(loader: Loader, owner: Owner) -> None:
    upload = await loader.check(loader.file(a_row(**UNSAID), a_row()))
    again = await named(loader, upload.upload_id)
    assert again.authority

    await loader.map(upload.upload_id, {each.place: each.target or "" for each in again.columns})
    await loader.until_idle()

    mapped = await loader.read(upload.upload_id)
    assert (None, (1, 0, 0, 1)) == (mapped.authority, counts(mapped))
    stored = await owner.value("SELECT count(*) FROM command WHERE answer::text LIKE '%' || $1 || '%'", WORDS)
    assert 0 == stored
    (shown,) = (await loader.referrals.ask(loader.user, ListUploads())).uploads
    assert shown.authority is None


@pytest.mark.requirement("R-LOAD-003")
async def test_where_there_are_privacy_officers_only_they_name_an_authority(loader: Loader) -> None:
    access = loader.register.access.model_copy(update={"grants": (BULK_LOAD, PRIVACY_OFFICER)})
    register = loader.register.model_copy(update={"access": access})
    upload = await loader.check(loader.file(a_row(**UNSAID)))
    asked = naming(loader, upload.upload_id)
    async with transaction(loader.referrals.pool, loader.user) as db:
        stored = must_find(await find(db, loader.user, upload.upload_id))
    officer = loader.user.model_copy(update={"grants": (BULK_LOAD, PRIVACY_OFFICER)})

    with pytest.raises(Refused) as refused:
        check_authority(register, loader.user, stored, asked, in_days(loader, 0))

    assert "not_officer" == refused.value.code
    check_authority(register, officer, stored, asked, in_days(loader, 0))
    assert (True, False) == (upload.may_name_authority, may_name_authority(register, loader.user))
