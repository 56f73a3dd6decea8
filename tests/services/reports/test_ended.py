"""Reports of ended records, for the roles that the register lets read such records."""

from dataclasses import replace

import pytest

from services.reports.rules.choosing import reports_offered
from shared.contracts.reports import ReadReportChunk
from shared.permissions import Role
from shared.registers.definition.register import Definition, UserRole
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers
from tests.services.referrals.builders import a_visitor
from tests.services.reports.rig import LEFT, Rig, a_request, column

ALL = ["referrals", "referrals_outcomes", "key_working", "archived", "data_quality"]


def ended_seen_by(register: Definition, *roles: UserRole) -> Definition:
    return register.model_copy(update={"access": register.access.model_copy(update={"ended_seen_by": roles})})


@pytest.fixture
def registers(registers: Registers) -> Registers:
    """Return the registers, of which the DSR lets only administrators read ended records."""
    return Registers([_for_administrators(each) for each in registers.every()])


def _for_administrators(loaded: LoadedRegister) -> LoadedRegister:
    return replace(loaded, definition=ended_seen_by(loaded.definition, "administrator"))


@pytest.mark.parametrize(
    ("roles", "role", "codes"),
    [
        ((), Role.REPORTING, ALL),
        (("administrator",), Role.ADMINISTRATOR, ALL),
        (("administrator",), Role.REPORTING, [each for each in ALL if each != "archived"]),
        (("administrator", "reporting"), Role.REPORTING, ALL),
    ],
)
def test_a_report_of_ended_records_is_offered_to_the_roles_that_may_read_them(
    registers: Registers, roles: tuple[UserRole, ...], role: Role, codes: list[str]
) -> None:
    register = ended_seen_by(registers.find("dsr"), *roles)

    assert codes == [each.code for each in reports_offered(register, a_visitor(role), has_outcomes=True)]


async def test_the_dashboard_and_a_request_are_bound_by_it(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    await rig.copy()
    reader, administrator = (rig.somebody(role, organisation) for role in (Role.REPORTING, Role.ADMINISTRATOR))

    offered = ["archived" in (await rig.dashboard(each)).reports for each in (reader, administrator)]
    codes = [await rig.refusal(each, a_request("archived")) for each in (reader, administrator)]

    assert ([False, True], ["unknown_report", ""]) == (offered, codes)


@pytest.mark.programs
async def test_who_may_not_read_ended_records_any_more_gets_no_file_of_them(rig: Rig) -> None:
    administrator = rig.somebody(Role.ADMINISTRATOR, rig.organisation("Alpha"))
    await rig.copy()
    jobs = [await rig.start(administrator, each) for each in ("archived", "referrals")]
    rig.identity.grants[administrator.user_id] = administrator.model_copy(update={"role": Role.REPORTING})

    while await rig.make():
        pass

    assert ["failed", "ready"] == [(await rig.job(administrator, each)).state for each in jobs]


@pytest.mark.programs
async def test_who_loses_the_role_loses_the_file_that_it_was_for(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    await rig.copy()
    administrator = rig.somebody(Role.ADMINISTRATOR, organisation)
    job = await rig.start(administrator, "archived")
    await rig.make()
    lesser = administrator.model_copy(update={"role": Role.REPORTING})

    assert "not_found" == await rig.refusal(lesser, ReadReportChunk(job_id=job.job_id, number=0))
    assert ((), 1) == ((await rig.dashboard(lesser)).jobs, len((await rig.dashboard(administrator)).jobs))


@pytest.mark.requirement("R-USE-009", "R-DSR-146")
async def test_the_report_of_archived_records_says_why_each_was_archived(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    record, _ = await rig.submit(organisation), await rig.submit(organisation)
    await rig.archive(organisation, record)
    await rig.copy()
    reader = rig.somebody(Role.ADMINISTRATOR, organisation)

    archived, active = await rig.report(reader, "archived"), await rig.report(reader, "referrals")

    asked = ["Why is the person leaving the register?", "Reason in your own words"]
    assert [["Other"], [LEFT]] == [column(archived, each) for each in asked]
    assert not set(asked) & {cell.value for cell in active.worksheets[0][1]}
