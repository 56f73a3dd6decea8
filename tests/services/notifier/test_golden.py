"""The replies of the notifier match the recorded golden messages."""

from shared.contracts.notifier import CountUndelivered, ListMails
from shared.permissions import Role
from shared.registers.bodies import organisation_compartment
from tests.contracts.golden import check_golden
from tests.services.notifier.builders import a_routine_notice, an_urgent_notice, new_id
from tests.services.notifier.rig import Rig
from tests.services.referrals.builders import a_visitor


async def test_golden_mails(rig: Rig) -> None:
    """One mail is refused, one is accepted, and one waits."""
    here = new_id()
    rig.mail_server.will_answer("RCPT", "550 mailbox full")
    await rig.handlers.tell(an_urgent_notice(bodies=organisation_compartment(here).bodies))
    await rig.send_due("now")
    rig.mail_server.will_answer("RCPT", "250 OK")
    await rig.handlers.tell(a_routine_notice(bodies=organisation_compartment(here).bodies))
    await rig.send_due()
    await rig.handlers.tell(a_routine_notice(bodies=organisation_compartment(here).bodies))

    administrator = a_visitor(Role.ADMINISTRATOR, here)
    check_golden(ListMails, await rig.delivery.list_mails(administrator, ListMails()))
    check_golden(CountUndelivered, await rig.delivery.count_undelivered(administrator, CountUndelivered()))
