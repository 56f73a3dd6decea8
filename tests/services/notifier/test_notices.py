"""Who is told of a new record, in which words, and that they are told once."""

import re
from collections.abc import Callable

import pytest

from services.notifier.handlers import Handlers
from services.notifier.writing import Writer
from shared.contracts.referrals import RecordNotice
from shared.registers.definition import Definition, Notification
from shared.registers.load import Loaded, Registers, UnknownRegister
from tests.services.notifier.builders import a_routine_notice, an_urgent_notice
from tests.services.notifier.rig import Rig
from tests.services.notifier.scripted_server import Taken

Notice = Callable[..., RecordNotice]
TEAM = "dynamicsupportregister@mpft.nhs.uk"


async def told(rig: Rig, notice: RecordNotice) -> list[Taken]:
    """What goes out after a notice."""
    await rig.handlers.record_notice(notice)
    await rig.send_due("now")
    await rig.send_due("bulk")
    return rig.mail_server.taken


def with_rules(rig: Rig, register: Definition, *rules: Notification) -> Rig:
    """The same notifier, whose register names other recipients."""
    registers = Registers([Loaded(register.model_copy(update={"notifications": rules}), "")])
    handlers = Handlers(rig.pool, registers, Writer(registers, "https://registers.example"), rig.bells)
    return Rig(rig.pool, rig.mail_server, handlers, rig.bells, rig.settings)


@pytest.mark.requirement("R-DSR-097", "R-FLOW-011")
@pytest.mark.parametrize("notice", [a_routine_notice(), an_urgent_notice()], ids=["routine", "urgent"])
async def test_the_team_is_told_of_every_new_record(rig: Rig, notice: RecordNotice) -> None:
    mails = await told(rig, notice)

    assert [(TEAM,)] == [mail.recipients for mail in mails]
    assert notice.reference in mails[0].text


async def test_an_urgent_record_says_so_and_travels_in_the_quick_lane(rig: Rig) -> None:
    await rig.handlers.record_notice(an_urgent_notice())
    await rig.send_due("now")

    (mail,) = rig.mail_server.taken
    assert ("URGENT: referral DSR-7KQ2", True) == (str(mail.message["Subject"]), mail.text.startswith("URGENT\r\n\r\n"))


async def test_a_routine_record_does_not_call_itself_urgent(rig: Rig) -> None:
    (mail,) = await told(rig, a_routine_notice())

    assert ("New referral DSR-7KQ2", False) == (str(mail.message["Subject"]), "urgent" in mail.text.lower())


@pytest.mark.requirement("R-DSR-099")
@pytest.mark.parametrize("notice", [a_routine_notice, an_urgent_notice], ids=["routine", "urgent"])
async def test_two_mails_differ_in_reference_and_link_and_nothing_else(rig: Rig, notice: Notice) -> None:
    one, other = notice(reference="DSR-7KQ2"), notice(reference="DSR-9XWM")

    await told(rig, one)
    mails = await told(rig, other)

    assert _without(one, mails[0].text) == _without(other, mails[1].text)


def _without(notice: RecordNotice, text: str) -> str:
    """The text with gaps where the link and the reference must stand."""
    link = f"https://registers.example/dsr/records/{notice.record_id.hex}/"
    assert [link] == re.findall(r"https?://\S+", text)
    return text.replace(link, "(link)").replace(notice.reference, "(reference)")


async def test_a_notice_that_comes_twice_is_told_once(rig: Rig) -> None:
    notice = a_routine_notice()

    await told(rig, notice)
    mails = await told(rig, notice)

    assert 1 == len(mails)


async def test_the_definition_names_any_combination_of_recipients(rig: Rig, registers: Registers) -> None:
    rule = Notification(
        occasion="record_created",
        to=("team", "administrators"),
        addresses=("duty@registers.example",),
        mail="new_referral",
    )

    mails = await told(with_rules(rig, registers.find("dsr"), rule), a_routine_notice())

    assert [TEAM, "duty@registers.example"] == sorted(rig.mail_server.recipients(), key=lambda each: "duty" in each)
    assert 2 == len(mails)


async def test_who_is_told_urgently_is_not_told_again_as_routine(rig: Rig, registers: Registers) -> None:
    always = Notification(occasion="record_created", to=("team",), mail="new_referral")
    urgent = Notification(
        occasion="record_created", urgency=("urgent",), to=("team",), mail="urgent_referral", urgent=True
    )

    mails = await told(with_rules(rig, registers.find("dsr"), always, urgent), an_urgent_notice())

    assert ["URGENT: referral DSR-7KQ2"] == [str(mail.message["Subject"]) for mail in mails]


async def test_urgent_is_said_even_where_the_definition_forgot_to(rig: Rig, registers: Registers) -> None:
    urgent = Notification(occasion="record_created", to=("team",), mail="new_referral", urgent=True)

    (mail,) = await told(with_rules(rig, registers.find("dsr"), urgent), an_urgent_notice())

    assert "URGENT: New referral DSR-7KQ2" == str(mail.message["Subject"])


def told_twice(*second: str) -> tuple[Notification, ...]:
    """Rules that name the team for an urgent record, and others for one that nobody saw."""
    first = Notification(occasion="record_created", to=("team",), mail="urgent_referral", urgent=True)
    return first, Notification(
        occasion="urgent_not_seen", to=("team",), addresses=second, mail="urgent_not_seen", urgent=True
    )


async def test_urgent_mail_that_fails_goes_to_the_second_recipient(rig: Rig, registers: Registers) -> None:
    rig.mail_server.will_answer("RCPT", "550 mailbox full")

    (mail,) = await told(
        with_rules(rig, registers.find("dsr"), *told_twice("duty@registers.example")), an_urgent_notice()
    )

    subject = str(mail.message["Subject"])
    assert (("duty@registers.example",), "URGENT: referral DSR-7KQ2") == (mail.recipients, subject)


async def test_urgent_mail_that_fails_for_everybody_ends(rig: Rig, registers: Registers) -> None:
    rig.mail_server.will_answer("RCPT", *["550 mailbox full"] * 3)

    mails = await told(
        with_rules(rig, registers.find("dsr"), *told_twice("a@nhs.net", "b@nhs.net")), an_urgent_notice()
    )

    assert ([], 3) == (mails, await rig.pool.fetchval("SELECT count(*) FROM mail WHERE state = 'failed'"))


def told_when_rerated() -> tuple[Notification, ...]:
    """Rules that name others for a rating that became urgent than for a new record."""
    duty = ("duty@registers.example",)
    rerated = Notification(occasion="rating_changed", addresses=duty, mail="urgent_referral", urgent=True)
    return (*told_twice(), rerated)


async def test_who_is_named_for_a_change_of_rating_is_told_of_it(rig: Rig, registers: Registers) -> None:
    changed = an_urgent_notice().model_copy(update={"occasion": "rating_changed"})

    mails = await told(with_rules(rig, registers.find("dsr"), *told_when_rerated()), changed)

    assert [("duty@registers.example",)] == [mail.recipients for mail in mails]


async def test_when_that_mail_fails_whoever_was_told_of_new_records_only_is_told(
    rig: Rig, registers: Registers
) -> None:
    rig.mail_server.will_answer("RCPT", "550 mailbox full")
    changed = an_urgent_notice().model_copy(update={"occasion": "rating_changed"})

    mails = await told(with_rules(rig, registers.find("dsr"), *told_when_rerated()), changed)

    assert [(TEAM,)] == [mail.recipients for mail in mails]


async def test_routine_mail_that_fails_is_not_sent_to_others(rig: Rig) -> None:
    rig.mail_server.will_answer("RCPT", "550 mailbox full")

    assert [] == await told(rig, a_routine_notice())


async def test_a_notice_of_an_unknown_register_is_left_for_the_bus_to_set_aside(rig: Rig) -> None:
    with pytest.raises(UnknownRegister):
        await rig.handlers.record_notice(a_routine_notice(register_code="none"))
