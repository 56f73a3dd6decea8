"""Reports says in whose Excel files a record was, to those whom referrals lets read it."""

import pytest

from services.reports.store.looking import read_looks
from shared.contracts.looks import ReadReportLooks
from shared.database import transaction
from shared.permissions import Role
from shared.registers.bodies import organisation_compartment
from tests.services.referrals.builders import a_visitor
from tests.services.reports.rig import Rig


@pytest.mark.requirement("R-USE-011")
async def test_an_administrator_reads_in_whose_reports_a_record_was(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    record, other = await rig.submit(organisation), await rig.submit(organisation)
    await rig.copy()
    reader, administrator = rig.somebody(Role.REPORTING, organisation), a_visitor(Role.ADMINISTRATOR, organisation)
    await rig.report(reader)
    asked = ReadReportLooks(record_id=record.record_id)

    found = await rig.ask(administrator, asked)
    again = await rig.ask(administrator, asked)
    of_other = await rig.ask(administrator, ReadReportLooks(record_id=other.record_id))

    assert [("report.records", reader.user_id, 3)] == [(each.action, each.user_id, each.among) for each in found.looks]
    assert ("report.looks_read", (reader.user_id,)) == (again.looks[0].action, found.user_ids)
    assert ["report.records"] == [each.action for each in of_other.looks]


@pytest.mark.requirement("R-USE-011")
async def test_others_read_nothing_of_it(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    record = await rig.submit(organisation)
    await rig.copy()
    reader, stranger = rig.somebody(Role.REPORTING, organisation), a_visitor(Role.ADMINISTRATOR)
    await rig.report(reader)
    asked = ReadReportLooks(record_id=record.record_id)

    code = await rig.refusal(stranger, asked)
    async with transaction(rig.pool, stranger) as db:
        by_the_database = await read_looks(db, asked, organisation_compartment(organisation))

    assert ("not_found", (), ()) == (code, by_the_database.looks, by_the_database.user_ids)
