"""The recipients and words of mails about a record, and that each recipient is told once."""

import re
from collections.abc import Callable
from functools import partial
from typing import get_args

import pytest

from services.notifier.telling import Notice
from shared.bus.protocol import is_away
from shared.contracts.referrals.events import Happening, RecordNotice, Urgency
from shared.messages import NotAnswered
from shared.registers.definition.lifecycle import Notification, UntoldRecords
from shared.registers.definition.register import Definition
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, UnknownRegister
from tests.services.notifier.builders import (
    a_routine_notice,
    an_outcome_told,
    an_urgent_notice,
    new_id,
    nobody_has_seen,
)
from tests.services.notifier.rig import Rig
from tests.services.notifier.scripted_server import Taken

ANotice = Callable[..., Notice]
TEAM = "dynamicsupportregister@mpft.nhs.uk"


async def told(rig: Rig, notice: Notice) -> list[Taken]:
    """Handle the notice, send all that is due, and return the mails that the server accepted."""
    await rig.handlers.tell(notice)
    await rig.send_due("now")
    await rig.send_due("bulk")
    return rig.mail_server.taken


def with_rules(rig: Rig, register: Definition, *rules: Notification) -> Rig:
    """Return the same notifier with other recipients named in the register."""
    return rig.with_registers(Registers([LoadedRegister(register.model_copy(update={"notifications": rules}), "")]))


@pytest.mark.requirement("R-DSR-097", "R-FLOW-011")
@pytest.mark.parametrize("notice", [a_routine_notice(), an_urgent_notice()], ids=["routine", "urgent"])
async def test_the_team_is_told_of_every_new_record(rig: Rig, notice: RecordNotice) -> None:
    mails = await told(rig, notice)

    assert [(TEAM,)] == [mail.recipients for mail in mails]
    assert notice.reference in mails[0].text


async def test_an_urgent_record_says_so_and_travels_in_the_quick_lane(rig: Rig) -> None:
    await rig.handlers.tell(an_urgent_notice())
    await rig.send_due("now")

    (mail,) = rig.mail_server.taken
    assert ("URGENT: referral DSR-7KQ2", True) == (str(mail.message["Subject"]), mail.text.startswith("URGENT\r\n\r\n"))


async def test_a_routine_record_does_not_call_itself_urgent(rig: Rig) -> None:
    (mail,) = await told(rig, a_routine_notice())

    assert ("New referral DSR-7KQ2", False) == (str(mail.message["Subject"]), "urgent" in mail.text.lower())


@pytest.mark.requirement("R-USE-008")
@pytest.mark.parametrize("occasion", ["holder_named", "holder_replaced", "cover_begun", "cover_ended", "record_left"])
async def test_a_colleague_alone_is_told_of_a_change_of_holder_by_reference(rig: Rig, occasion: Happening) -> None:
    colleague = new_id()
    rig.identity.user = "nadia@mpft.nhs.uk"

    mails = await told(rig, a_routine_notice(occasion=occasion, submitted_by=colleague))

    assert [("nadia@mpft.nhs.uk",)] == [mail.recipients for mail in mails]
    assert "DSR-7KQ2" in mails[0].text
    assert [colleague] == [each.user_id for each in rig.identity.asked]


async def test_a_colleague_who_may_no_longer_see_the_record_is_not_told(rig: Rig) -> None:
    assert [] == await told(rig, a_routine_notice(occasion="holder_named", submitted_by=new_id()))


KINDS: dict[str, ANotice] = {
    "routine": a_routine_notice,
    "alert": partial(a_routine_notice, urgency="alert"),
    "rated anew": partial(a_routine_notice, occasion="rating_changed", urgency="alert"),
    "urgent": an_urgent_notice,
    "not seen": nobody_has_seen,
}


@pytest.mark.requirement("R-DSR-099")
@pytest.mark.parametrize("notice", KINDS.values(), ids=KINDS)
async def test_two_mails_differ_in_reference_and_link_and_nothing_else(rig: Rig, notice: ANotice) -> None:
    one, other = notice(reference="DSR-7KQ2"), notice(reference="DSR-9XWM")

    await told(rig, one)
    mails = await told(rig, other)

    assert _without(one, mails[0].text) == _without(other, mails[1].text)


def _without(notice: Notice, text: str) -> str:
    """Check the link, and return the text with gaps in place of the link and the reference."""
    link = f"https://registers.example/dsr/records/{notice.record_id.hex}/"
    assert [link] == re.findall(r"https?://\S+", text)
    return text.replace(link, "(link)").replace(notice.reference, "(reference)")


async def test_a_notice_that_comes_twice_is_told_once(rig: Rig) -> None:
    notice = a_routine_notice()

    await told(rig, notice)
    mails = await told(rig, notice)

    assert 1 == len(mails)


@pytest.mark.requirement("R-DSR-098")
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


async def test_who_is_named_for_a_change_of_rating_is_told_of_it(rig: Rig, registers: Registers) -> None:
    duty = ("duty@registers.example",)
    new = Notification(occasion="record_created", to=("team",), mail="urgent_referral", urgent=True)
    rerated = Notification(occasion="rating_changed", addresses=duty, mail="urgent_referral", urgent=True)
    changed = an_urgent_notice().model_copy(update={"occasion": "rating_changed"})

    mails = await told(with_rules(rig, registers.find("dsr"), new, rerated), changed)

    assert [duty] == [mail.recipients for mail in mails]


SUBJECTS: dict[tuple[Happening, Urgency], list[str]] = {
    ("record_created", "routine"): ["New referral DSR-7KQ2"],
    ("record_created", "alert"): ["New referral DSR-7KQ2 is for the next tracking meeting"],
    ("rating_changed", "alert"): ["Referral DSR-7KQ2 is for the next tracking meeting"],
    ("rating_changed", "routine"): [],
    ("record_ended", "routine"): ["Referral DSR-7KQ2 has been archived"],
    ("record_ended", "urgent"): ["Referral DSR-7KQ2 has been archived"],
}


@pytest.mark.requirement("R-FLOW-011", "R-FLOW-012", "R-FLOW-014", "R-FLOW-015", "R-DSR-097")
@pytest.mark.parametrize(("occasion", "urgency"), SUBJECTS)
async def test_the_team_is_told_in_the_words_of_what_happened(rig: Rig, occasion: Happening, urgency: Urgency) -> None:
    mails = await told(rig, a_routine_notice(occasion=occasion, urgency=urgency))

    assert SUBJECTS[occasion, urgency] == [str(mail.message["Subject"]) for mail in mails]
    assert {(TEAM,)} >= {mail.recipients for mail in mails}


@pytest.mark.requirement("R-FLOW-013", "R-FLOW-015")
async def test_a_rating_that_becomes_red_is_told_as_urgent(rig: Rig) -> None:
    (mail,) = await told(rig, an_urgent_notice().model_copy(update={"occasion": "rating_changed"}))

    assert "URGENT: referral DSR-7KQ2" == str(mail.message["Subject"])
    assert "An urgent Meeting by exception needs to be convened." in mail.text.replace("\r\n", " ")


async def test_an_urgent_record_that_nobody_has_seen_is_told_to_team_and_administrators_in_the_quick_lane(
    rig: Rig,
) -> None:
    rig.identity.administrators = ("ada@combined.nhs.uk", "bob@mpft.nhs.uk")
    notice = nobody_has_seen()

    await rig.handlers.tell(notice)
    await rig.handlers.tell(notice)
    await rig.send_due("now")

    assert [TEAM, "ada@combined.nhs.uk", "bob@mpft.nhs.uk"] == sorted(
        rig.mail_server.recipients(), key=lambda each: each != TEAM
    )
    assert {"URGENT: no one has seen referral DSR-7KQ2"} == {str(m.message["Subject"]) for m in rig.mail_server.taken}


# -------------------------------------------------------------------------------------------- recipients from identity
@pytest.mark.requirement("R-DSR-098")
async def test_administrators_are_those_whom_identity_has_for_the_record(rig: Rig, registers: Registers) -> None:
    rig.identity.administrators = ("ada@combined.nhs.uk", "bob@mpft.nhs.uk")
    rule = Notification(occasion="record_created", to=("administrators",), mail="new_referral")
    notice = a_routine_notice()

    await told(with_rules(rig, registers.find("dsr"), rule), notice)

    assert ["ada@combined.nhs.uk", "bob@mpft.nhs.uk"] == sorted(rig.mail_server.recipients())
    assert [("dsr", notice.bodies)] == [(a.register_code, a.bodies) for a in rig.identity.asked]


async def test_a_register_without_administrators_is_told_at_the_address_of_its_pages(
    rig: Rig, registers: Registers
) -> None:
    rule = Notification(occasion="record_created", to=("administrators",), mail="new_referral")
    dsr = registers.find("dsr")

    await told(with_rules(rig, dsr, rule), a_routine_notice())

    assert [dsr.contact.administrator_email.lower()] == rig.mail_server.recipients()


@pytest.mark.requirement("R-DSR-098")
@pytest.mark.parametrize("occasion", get_args(Happening))
async def test_who_submitted_the_record_is_told_where_the_register_says_so(
    rig: Rig, registers: Registers, occasion: Happening
) -> None:
    rig.identity.user = "jayne@mpft.nhs.uk"
    rule = Notification(occasion=occasion, to=("team", "submitter"), mail="new_referral")
    notice = a_routine_notice(submitted_by=new_id(), occasion=occasion)

    await told(with_rules(rig, registers.find("dsr"), rule), notice)

    assert [TEAM, "jayne@mpft.nhs.uk"] == sorted(rig.mail_server.recipients())
    assert [notice.submitted_by] == [asked.user_id for asked in rig.identity.asked]


async def test_a_notice_waits_for_identity_and_is_told_once_it_is_back(rig: Rig) -> None:
    rig.identity.go_away()
    notice = nobody_has_seen()
    with pytest.raises(NotAnswered) as unanswered:
        await rig.handlers.tell(notice)

    await rig.identity.come()
    mails = await told(rig, notice)

    assert (True, 1) == (is_away(unanswered.value), len(mails))


async def test_the_team_s_own_mailbox_needs_nobody_s_answer(rig: Rig) -> None:
    rig.identity.go_away()

    assert 1 == len(await told(rig, an_urgent_notice()))


async def test_a_notice_of_an_unknown_register_is_left_for_the_bus_to_set_aside(rig: Rig) -> None:
    with pytest.raises(UnknownRegister):
        await rig.handlers.tell(a_routine_notice(register_code="none"))


DECIDED = UntoldRecords(of_new_records="none", reason="Staff look at the list every morning.")


@pytest.mark.parametrize(
    ("untold", "notice", "warnings"),
    [
        (None, a_routine_notice(), 1),
        (DECIDED, a_routine_notice(), 0),
        (DECIDED, an_urgent_notice(), 1),
    ],
    ids=["by mistake", "by decision", "an urgent one"],
)
async def test_that_nobody_was_told_is_logged_unless_the_register_decided_so(
    rig: Rig,
    registers: Registers,
    capfd: pytest.CaptureFixture[str],
    untold: UntoldRecords | None,
    notice: RecordNotice,
    warnings: int,
) -> None:
    silent = registers.find("dsr").model_copy(update={"notifications": (), "untold": untold})

    await rig.with_registers(Registers([LoadedRegister(silent, "")])).handlers.tell(notice)

    assert warnings == capfd.readouterr().out.count("notice.nobody_told")


@pytest.mark.requirement("R-USE-008")
async def test_who_keeps_a_record_gets_a_mail_by_reference_of_an_outcome_and_nobody_else(rig: Rig) -> None:
    rig.identity.user = "jenny@mpft.nhs.uk"

    (mail,) = await told(rig, an_outcome_told())

    assert ("jenny@mpft.nhs.uk",) == mail.recipients
    assert "An outcome was recorded for referral DSR-7KQ2" == str(mail.message["Subject"])
    assert "https://registers.example/dsr/records/" in mail.text
    assert not re.search("plan:|result|notes", mail.text, re.IGNORECASE)


@pytest.mark.requirement("R-USE-008")
async def test_who_has_left_gets_no_mail_of_an_outcome(rig: Rig) -> None:
    assert [] == await told(rig, an_outcome_told())
