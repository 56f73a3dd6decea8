"""What happens to an urgent mail that is not delivered, so that no red record is missed. Tests move the clock."""

import pytest

from deploy.runner.environment import Addresses
from shared.registers.definition.lifecycle import Notification
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers
from tests.services.notifier.builders import a_routine_notice, an_urgent_notice, nobody_has_seen
from tests.services.notifier.rig import Rig
from tests.support.connections import KeptConnections

TEAM = "dynamicsupportregister@mpft.nhs.uk"
SECOND = "ada@combined.nhs.uk"
URGENT_MINUTES = 60
MAILS = "SELECT recipient, state FROM mail ORDER BY created_at"


@pytest.fixture
def rig(rig: Rig) -> Rig:
    """A notifier for which identity knows one administrator of the register."""
    rig.identity.administrators = (SECOND,)
    return rig


async def mails(rig: Rig) -> list[tuple[str, str]]:
    return [(row["recipient"], row["state"]) for row in await rig.pool.fetch(MAILS)]


@pytest.mark.requirement("R-FLOW-013")
async def test_a_red_whose_mail_is_put_off_and_that_nobody_has_seen_reaches_the_second_recipient(rig: Rig) -> None:
    """The relay defers the team's mail, and no user marks the record as seen."""
    rig.mail_server.will_answer("RCPT", *["450 mailbox busy"] * 3)
    notice = an_urgent_notice()
    await rig.handlers.tell(notice)
    for _ in range(3):
        await rig.sender("now").send_next()
        await rig.time_passes(seconds=10)
    await rig.escalate(minutes=URGENT_MINUTES - 5)
    in_time = await mails(rig)

    await rig.escalate(minutes=URGENT_MINUTES)
    escalated = await mails(rig)
    await rig.send_due("now")
    await rig.handlers.tell(nobody_has_seen(notice.reference))
    await rig.send_due("now")

    assert ([(TEAM, "queued")], [(TEAM, "queued"), (SECOND, "queued")]) == (in_time, escalated)
    assert ["URGENT: referral DSR-7KQ2", "URGENT: no one has seen referral DSR-7KQ2"] == [
        str(each.message["Subject"]) for each in rig.mail_server.taken if each.recipients == (SECOND,)
    ]


async def test_nobody_else_is_told_of_a_mail_that_a_held_installation_may_not_send(
    rig: Rig, kept: KeptConnections, addresses: Addresses
) -> None:
    owner = await kept.owner(addresses, "notifier")
    await owner.execute("SELECT hold_installation()")
    await rig.handlers.tell(an_urgent_notice())
    await rig.escalate(minutes=URGENT_MINUTES)
    held = await mails(rig)

    await owner.execute("SELECT release_installation()")
    await rig.escalate(minutes=URGENT_MINUTES)

    assert ([(TEAM, "queued")], [(TEAM, "queued"), (SECOND, "queued")]) == (held, await mails(rig))


async def test_a_dead_relay_is_no_reason_to_wait_for_three_days(rig: Rig) -> None:
    await rig.mail_server.stop()
    await rig.handlers.tell(an_urgent_notice())
    await rig.send_due("now")
    await rig.escalate(minutes=URGENT_MINUTES)
    await rig.send_due("now")

    await rig.mail_server.start()
    await rig.time_passes(minutes=1)
    await rig.send_due("now")

    assert {(TEAM, "accepted"), (SECOND, "accepted")} == set(await mails(rig))


async def test_a_mail_that_is_refused_for_good_goes_to_others_at_once(rig: Rig) -> None:
    rig.mail_server.will_answer("RCPT", "550 no such mailbox")
    await rig.handlers.tell(an_urgent_notice())
    await rig.send_due("now")

    rung = rig.context.wakeups.urgent_failed.is_set()
    await rig.escalate()
    await rig.send_due("now")

    (mail,) = rig.mail_server.taken
    assert (True, (SECOND,), "URGENT: referral DSR-7KQ2") == (rung, mail.recipients, str(mail.message["Subject"]))


async def test_others_are_told_once_however_often_it_is_looked(rig: Rig) -> None:
    await rig.mail_server.stop()
    await rig.handlers.tell(an_urgent_notice())
    for _ in range(3):
        await rig.escalate(minutes=URGENT_MINUTES * 3)

    assert [(TEAM, "queued"), (SECOND, "queued")] == await mails(rig)


async def test_a_mail_that_the_relay_has_taken_goes_to_nobody_else(rig: Rig) -> None:
    await rig.handlers.tell(an_urgent_notice())
    await rig.send_due("now")

    await rig.escalate(hours=100)

    assert [(TEAM, "accepted")] == await mails(rig)


@pytest.mark.parametrize("answer", ["550 mailbox full", "450 mailbox busy"])
async def test_routine_mail_that_gets_nowhere_is_not_sent_to_others(rig: Rig, answer: str) -> None:
    rig.mail_server.will_answer("RCPT", answer)
    await rig.handlers.tell(a_routine_notice())
    await rig.sender("bulk").send_next()

    await rig.escalate(hours=100)

    assert [TEAM] == [recipient for recipient, _ in await mails(rig)]


async def test_while_identity_is_away_the_mail_waits_for_the_next_look(rig: Rig) -> None:
    await rig.handlers.tell(an_urgent_notice())
    rig.identity.go_away()
    await rig.escalate(minutes=URGENT_MINUTES)
    without = await mails(rig)

    await rig.identity.come()
    await rig.escalate(minutes=URGENT_MINUTES)

    assert ([(TEAM, "queued")], [(TEAM, "queued"), (SECOND, "queued")]) == (without, await mails(rig))


async def test_who_was_told_by_the_same_notice_is_not_told_again(rig: Rig, registers: Registers) -> None:
    """Two recipients are told first. Both mails fail, and the third person gets a single mail in place of both."""
    both = Notification(occasion="record_created", to=("team",), addresses=("duty@nhs.net",), mail="urgent_referral")
    after = Notification(occasion="urgent_not_seen", to=("team", "administrators"), mail="urgent_not_seen")
    dsr = registers.find("dsr").model_copy(
        update={"notifications": (both.model_copy(update={"urgent": True}), after.model_copy(update={"urgent": True}))}
    )
    rig = rig.with_registers(Registers([LoadedRegister(dsr, "")]))
    rig.mail_server.will_answer("RCPT", *["550 mailbox full"] * 2)
    await rig.handlers.tell(an_urgent_notice())
    await rig.send_due("now")

    await rig.escalate()
    await rig.send_due("now")

    assert [(TEAM, "failed"), ("duty@nhs.net", "failed"), (SECOND, "accepted")] == await mails(rig)


async def test_urgent_mail_that_fails_for_everybody_ends(rig: Rig) -> None:
    rig.mail_server.will_answer("RCPT", *["550 mailbox full"] * 2)
    await rig.handlers.tell(an_urgent_notice())
    for _ in range(4):
        await rig.send_due("now")
        await rig.escalate(hours=100)

    assert [(TEAM, "failed"), (SECOND, "failed")] == await mails(rig)


async def test_words_that_the_register_has_given_up_are_told_in_those_of_one_not_seen(
    rig: Rig, registers: Registers
) -> None:
    await rig.handlers.tell(an_urgent_notice())
    dsr = registers.find("dsr")
    kept = tuple(mail for mail in dsr.mails if mail.code == "urgent_not_seen")
    rig = rig.with_registers(Registers([LoadedRegister(dsr.model_copy(update={"mails": kept}), "")]))

    await rig.escalate(minutes=URGENT_MINUTES)
    await rig.send_due("now")

    assert ["URGENT: no one has seen referral DSR-7KQ2"] == [
        str(each.message["Subject"]) for each in rig.mail_server.taken if each.recipients == (SECOND,)
    ]


async def test_each_register_has_its_own_patience(rig: Rig, registers: Registers) -> None:
    dsr = registers.find("dsr")
    hasty = dsr.model_copy(update={"lifecycle": dsr.lifecycle.model_copy(update={"urgent_minutes": 5})})
    rig = rig.with_registers(Registers([LoadedRegister(hasty, "")]))
    await rig.handlers.tell(an_urgent_notice())

    await rig.escalate(minutes=5)

    assert [TEAM, SECOND] == [recipient for recipient, _ in await mails(rig)]
