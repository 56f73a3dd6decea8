"""The replies about uploads match the recorded golden messages."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from shared.contracts.referrals.consent import (
    CountConsentsToConfirm,
    ListConsentsToConfirm,
    NameConsentAuthority,
)
from shared.contracts.referrals.loading import (
    CancelUpload,
    FinishUpload,
    ListUploadRows,
    ListUploads,
    MapUpload,
    ProcessUpload,
    ReadAbsentRecords,
    ReadFailedRows,
    ReadUntracedRecords,
    ReadUpload,
    StartUpload,
)
from tests.contracts.golden import check_golden
from tests.services.referrals.builders import a_referral, new_id
from tests.services.referrals.rig import Owner, Referrals
from tests.services.referrals.uploading import BORN, END_OTHERS, Loader, a_loader
from tests.support.databases import database_copy

KNOWN = {"first_name": "Tester", "last_name": "Uploaded", "nhs_number": "9990000018", "date_of_birth": BORN}
NEW = KNOWN | {"last_name": "Newcomer", "nhs_number": "9990000026"}


@pytest_asyncio.fixture(scope="module")
async def shared_database(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """A database for this test alone, because its NHS numbers are those of other tests too."""
    async with database_copy(parts) as addresses:
        yield addresses


async def test_golden_uploads(referrals: Referrals, owner: Owner, read_here: None) -> None:
    """A file with an unknown heading, a new person, a changed one, a row that fails, and one without consent."""
    await owner.rows(END_OTHERS)
    loader = await Loader.open(referrals, a_loader())
    await referrals.submit(loader.user, **KNOWN)
    known, new = a_referral(**KNOWN) | {"risk_level": "red"}, a_referral(**NEW)
    unsaid = {**new, "last_name": "Unsaid", "nhs_number": "9990000034", "capacity_to_consent": "", "consent_given": ""}
    rows = (known, new, {**new, "risk_level": "purple"}, unsaid)
    content = loader.file(*rows, **{"Our own notes": ["one", "", "", ""]})
    started = await loader.start(1_000)
    await loader.put(started.upload_id, content)
    finished = await loader.finish(started.upload_id, content)
    await loader.until_idle()
    read = await loader.read(started.upload_id)
    mapped = await loader.map(started.upload_id, {each.place: each.target or "" for each in read.columns})
    await loader.until_idle()
    checked = await loader.read(started.upload_id)
    tabs = [ListUploadRows(upload_id=started.upload_id, tab=tab) for tab in ("new", "updated", "errors")]
    check_golden(ListUploadRows, *[await referrals.ask(loader.user, each) for each in tabs])
    check_golden(ReadFailedRows, await referrals.ask(loader.user, ReadFailedRows(upload_id=started.upload_id)))
    name = NameConsentAuthority(
        command_id=new_id(),
        upload_id=started.upload_id,
        words="Agreed by the board",
        due_on=referrals.context.day() + timedelta(days=30),
    )
    unconsented = await referrals.ask(loader.user, name)
    await loader.until_idle()
    absent = await referrals.ask(loader.user, ReadAbsentRecords(upload_id=started.upload_id))
    check_golden(ReadAbsentRecords, absent.model_copy(update={"after": new_id()}), absent)
    untraced = await referrals.ask(loader.user, ReadUntracedRecords())
    check_golden(ReadUntracedRecords, untraced.model_copy(update={"after": new_id()}), untraced)
    processing = await loader.process(started.upload_id)
    await loader.until_idle()
    done = await loader.read(started.upload_id)

    again = await loader.process((await loader.check(loader.file(known))).upload_id)
    await loader.until_idle()

    check_golden(NameConsentAuthority, unconsented)
    check_golden(ListConsentsToConfirm, await referrals.ask(loader.user, ListConsentsToConfirm()))
    check_golden(CountConsentsToConfirm, await referrals.ask(loader.user, CountConsentsToConfirm()))
    check_golden(StartUpload, started)
    check_golden(FinishUpload, finished)
    check_golden(MapUpload, mapped)
    check_golden(ProcessUpload, processing, again)
    check_golden(ReadUpload, read, checked, done)
    check_golden(CancelUpload, await loader.cancel((await loader.start()).upload_id))
    check_golden(ListUploads, await referrals.ask(loader.user, ListUploads()))
