"""What administrators see of the mails about their records, the limits of their view, and sending a mail again."""

from collections.abc import AsyncIterator, Callable
from uuid import UUID

import asyncpg
import pytest

from deploy.runner.environment import Addresses
from shared.contracts.notifier import MAILS_AT_ONCE, Delivery, ListMails, MailShown, SendAgain
from shared.database import transaction
from shared.messages import Refused
from shared.permissions import Role, Visitor
from shared.registers.bodies import organisation_compartment
from shared.registers.definition.lifecycle import Notification, Occasion, Recipient
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers
from tests.services.notifier.builders import a_letter, a_routine_notice, an_urgent_notice, new_id
from tests.services.notifier.rig import Rig
from tests.services.referrals.builders import a_visitor

HERE, THERE = new_id(), new_id()
TEAM = "dynamicsupportregister@mpft.nhs.uk"
READ_AUDIT = "SELECT actor, action, register, subjects, fields FROM notifier.audit WHERE action = $1"


@pytest.fixture
def administrator() -> Visitor:
    return a_visitor(Role.ADMINISTRATOR, HERE)


@pytest.fixture
async def superuser(addresses: Addresses) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Connect as a superuser, who may read what the service may only write."""
    connection = await asyncpg.connect(addresses.databases["notifier"].admin_dsn)
    yield connection
    await connection.close()


async def told(rig: Rig, reference: str, organisation_id: UUID = HERE, register_code: str = "dsr") -> None:
    bodies = organisation_compartment(organisation_id).bodies
    notice = a_routine_notice(reference=reference, bodies=bodies, register_code=register_code)
    await rig.handlers.tell(notice)


async def listed(
    rig: Rig, visitor: Visitor, *, undelivered: bool = False, before: UUID | None = None
) -> tuple[MailShown, ...]:
    return (await rig.delivery.list_mails(visitor, ListMails(undelivered=undelivered, before=before))).mails


async def a_failed_mail(rig: Rig, *, urgent: bool = False) -> MailShown:
    rig.mail_server.will_answer("RCPT", "550 mailbox full")
    a_notice = an_urgent_notice if urgent else a_routine_notice
    await rig.handlers.tell(a_notice(bodies=organisation_compartment(HERE).bodies))
    await rig.send_due("now" if urgent else "bulk")
    (mail,) = await listed(rig, a_visitor(Role.ADMINISTRATOR, HERE))
    return mail


# ------------------------------------------------------------------------------------------------------ what is seen
async def test_an_administrator_sees_the_mails_about_their_records_newest_first(
    rig: Rig, administrator: Visitor
) -> None:
    for reference in ("DSR-ONE", "DSR-TWO", "DSR-THREE"):
        await told(rig, reference)

    mails = await listed(rig, administrator)

    assert ["DSR-THREE", "DSR-TWO", "DSR-ONE"] == [mail.reference for mail in mails]
    assert {("record_created", TEAM, "waiting", False)} == {
        (mail.occasion, mail.recipient, mail.delivery, mail.urgent) for mail in mails
    }


async def test_mails_of_other_organisations_and_registers_and_about_accounts_are_not_among_them(
    rig: Rig, administrator: Visitor, registers: Registers
) -> None:
    dsr = registers.find("dsr")
    other = dsr.model_copy(update={"identity": dsr.identity.model_copy(update={"code": "other"})})
    both = rig.with_registers(Registers([LoadedRegister(dsr, ""), LoadedRegister(other, "")]))
    await rig.queue(a_letter())
    await told(rig, "DSR-THEIRS", THERE)
    await told(both, "OTHER-1", HERE, "other")
    await told(rig, "DSR-OURS")

    assert ["DSR-OURS"] == [mail.reference for mail in await listed(rig, administrator)]
    assert ["DSR-OURS"] == [mail.reference for mail in await listed(rig, administrator, undelivered=True)]


async def test_of_several_organisations_all_come_in_one_order(rig: Rig) -> None:
    for place, reference in enumerate(("DSR-1", "DSR-2", "DSR-3", "DSR-4")):
        await told(rig, reference, (HERE, THERE)[place % 2])

    mails = await listed(rig, a_visitor(Role.ADMINISTRATOR, HERE, THERE))

    assert ["DSR-4", "DSR-3", "DSR-2", "DSR-1"] == [mail.reference for mail in mails]


@pytest.mark.parametrize("undelivered", [False, True])
async def test_older_mails_come_behind_the_last_one_shown(
    rig: Rig, administrator: Visitor, *, undelivered: bool
) -> None:
    for place in range(MAILS_AT_ONCE + 2):
        await told(rig, f"DSR-{place}")

    first = await rig.delivery.list_mails(administrator, ListMails(undelivered=undelivered))
    asked = ListMails(undelivered=undelivered, before=first.mails[-1].mail_id)
    second = await rig.delivery.list_mails(administrator, asked)

    assert (MAILS_AT_ONCE, True, False) == (len(first.mails), first.more, second.more)
    assert ["DSR-1", "DSR-0"] == [mail.reference for mail in second.mails]


async def test_a_foreign_mail_is_no_place_in_the_list(rig: Rig, administrator: Visitor) -> None:
    await told(rig, "DSR-THEIRS", THERE)
    (theirs,) = await listed(rig, a_visitor(Role.ADMINISTRATOR, THERE))

    for unknown in (theirs.mail_id, new_id()):
        with pytest.raises(Refused) as refused:
            await listed(rig, administrator, before=unknown)
        assert "not_found" == refused.value.code


STATES: dict[str, tuple[Delivery, str | None]] = {
    "250 OK": ("accepted", "250"),
    "550 mailbox full": ("failed", "550"),
    "450 try later": ("waiting", "450"),
}


@pytest.mark.parametrize("answer", STATES)
async def test_each_mail_says_what_became_of_it(rig: Rig, administrator: Visitor, answer: str) -> None:
    rig.mail_server.will_answer("RCPT", answer)
    await told(rig, "DSR-ONE")
    await rig.sender("bulk").send_next()

    (mail,) = await listed(rig, administrator)

    delivery, code = STATES[answer]
    assert (delivery, code, 1) == (mail.delivery, mail.answer, mail.tries)
    assert (delivery == "waiting") == (mail.since is None)
    assert (delivery != "accepted") == bool(await listed(rig, administrator, undelivered=True))


async def test_a_mail_that_was_given_up_says_so(rig: Rig, administrator: Visitor) -> None:
    await rig.mail_server.stop()
    await told(rig, "DSR-ONE")
    await rig.send_due()
    for _ in range(6):
        await rig.time_passes(hours=12)
        await rig.send_due()

    assert ["given_up"] == [mail.delivery for mail in await listed(rig, administrator)]


async def test_a_mail_in_place_of_another_says_so(rig: Rig, administrator: Visitor) -> None:
    rig.identity.administrators = ("ada@combined.nhs.uk",)
    await a_failed_mail(rig, urgent=True)
    await rig.escalate()

    found = {mail.recipient: (mail.instead, mail.urgent) for mail in await listed(rig, administrator)}

    assert {TEAM: (False, True), "ada@combined.nhs.uk": (True, True)} == found


async def test_that_the_list_was_read_is_audited_with_what_was_shown(
    rig: Rig, administrator: Visitor, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await told(rig, "DSR-ONE")
    (mail,) = await listed(rig, administrator)

    (row,) = await superuser.fetch(READ_AUDIT, "mail.listed")
    assert (administrator.user_id, "mail.listed", "dsr", [mail.mail_id], []) == tuple(row)


# ----------------------------------------------------------------------------------------------------- sending again
@pytest.mark.parametrize("urgent", [False, True])
async def test_a_failed_mail_is_written_anew_and_sent_again(rig: Rig, administrator: Visitor, *, urgent: bool) -> None:
    failed = await a_failed_mail(rig, urgent=urgent)

    await rig.delivery.send_again(administrator, SendAgain(command_id=new_id(), mail_id=failed.mail_id))
    (waiting,) = await listed(rig, administrator)
    await rig.send_due("now" if urgent else "bulk")

    (mail,) = rig.mail_server.taken
    (sent,) = await listed(rig, administrator)
    assert ("failed", "waiting", "accepted") == (failed.delivery, waiting.delivery, sent.delivery)
    assert (f"<{failed.mail_id}@registers.example>", True) == (mail.message_id, failed.reference in mail.text)
    assert f"https://registers.example/dsr/records/{failed.record_id.hex}/" in mail.text
    assert urgent == str(mail.message["Subject"]).startswith("URGENT")


async def test_a_second_click_sends_no_second_mail(
    rig: Rig, administrator: Visitor, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    failed = await a_failed_mail(rig)
    asked = SendAgain(command_id=new_id(), mail_id=failed.mail_id)

    for _ in range(3):
        await rig.delivery.send_again(administrator, asked)
        await rig.send_due()

    (row,) = await superuser.fetch(READ_AUDIT, "mail.sent_again")
    assert (1, [failed.mail_id]) == (len(rig.mail_server.taken), row["subjects"])


async def test_what_waits_or_was_accepted_is_not_sent_again(rig: Rig, administrator: Visitor) -> None:
    await told(rig, "DSR-ONE")
    (mail,) = await listed(rig, administrator)
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            await rig.delivery.send_again(administrator, SendAgain(command_id=new_id(), mail_id=mail.mail_id))
        assert "not_ended" == refused.value.code
        await rig.send_due()

    assert 1 == len(rig.mail_server.taken)


async def test_a_foreign_mail_and_one_about_an_account_are_as_unknown_as_none(rig: Rig) -> None:
    failed = await a_failed_mail(rig)
    rig.mail_server.will_answer("RCPT", "550 mailbox full")
    account_mail = await rig.queue(a_letter())
    await rig.send_due()
    elsewhere = a_visitor(Role.ADMINISTRATOR, THERE)

    for unknown in (failed.mail_id, account_mail, new_id()):
        with pytest.raises(Refused) as refused:
            await rig.delivery.send_again(elsewhere, SendAgain(command_id=new_id(), mail_id=unknown))
        assert "not_found" == refused.value.code


async def test_words_that_the_register_has_given_up_cannot_be_sent(
    rig: Rig, administrator: Visitor, registers: Registers
) -> None:
    failed = await a_failed_mail(rig)
    speechless = rig.with_registers(
        Registers([LoadedRegister(registers.find("dsr").model_copy(update={"mails": ()}), "")])
    )

    with pytest.raises(Refused) as refused:
        await speechless.delivery.send_again(administrator, SendAgain(command_id=new_id(), mail_id=failed.mail_id))

    assert ("no_words", "failed") == (refused.value.code, (await listed(rig, administrator))[0].delivery)


def telling(rig: Rig, occasion: Occasion, *to: Recipient) -> Rig:
    """Return the notifier, with a register that tells only these people, and only of this."""
    rule = Notification(occasion=occasion, to=to, mail="new_referral")
    told = rig.context.registers.find("dsr").model_copy(update={"notifications": (rule,)})
    return rig.with_registers(Registers([LoadedRegister(told, "")]))


def nobody(rig: Rig) -> None:
    rig.identity.administrators, rig.identity.user = (), None


def the_same(_rig: Rig) -> None:
    pass


@pytest.mark.parametrize("to", ["administrators", "submitter"])
@pytest.mark.parametrize(("become", "code"), [(nobody, "not_recipient"), (the_same, None)])
async def test_a_mail_is_sent_again_only_to_who_may_still_be_told(
    rig: Rig, administrator: Visitor, to: Recipient, become: Callable[[Rig], None], code: str | None
) -> None:
    rig, submitter = telling(rig, "record_created", to), new_id()
    rig.identity.administrators, rig.identity.user = ("amina.yusuf@mpft.nhs.uk",), "amina.yusuf@mpft.nhs.uk"
    rig.mail_server.will_answer("RCPT", "550 mailbox full")
    bodies = organisation_compartment(HERE).bodies
    await rig.handlers.tell(a_routine_notice(bodies=bodies, submitted_by=submitter))
    await rig.send_due()
    (mail,) = await listed(rig, administrator)
    become(rig)

    answer = await answer_to(rig, administrator, SendAgain(command_id=new_id(), mail_id=mail.mail_id))

    last = rig.identity.asked[-1]
    assert (2, bodies, submitter if to == "submitter" else None) == (len(rig.identity.asked), last.bodies, last.user_id)
    assert (code, "failed" if code else "queued") == (answer, await rig.state(mail.mail_id))


async def answer_to(rig: Rig, visitor: Visitor, asked: SendAgain) -> str | None:
    """Return the code of the refusal, or None if the mail is sent again."""
    try:
        await rig.delivery.send_again(visitor, asked)
    except Refused as refusal:
        return refusal.code
    return None


async def test_a_mail_in_place_of_another_is_sent_again_to_the_administrators(rig: Rig, administrator: Visitor) -> None:
    rig.identity.administrators = ("amina.yusuf@mpft.nhs.uk",)
    await a_failed_mail(rig, urgent=True)
    rig.mail_server.will_answer("RCPT", "550 mailbox full")
    await rig.escalate()
    await rig.send_due("now")
    (mail,) = [each for each in await listed(rig, administrator) if each.instead]

    sent = await answer_to(rig, administrator, SendAgain(command_id=new_id(), mail_id=mail.mail_id))
    await rig.send_due("now")

    assert (None, ["amina.yusuf@mpft.nhs.uk"]) == (sent, rig.mail_server.recipients())


async def test_a_second_click_is_answered_as_the_first_when_the_recipient_has_gone(
    rig: Rig, administrator: Visitor
) -> None:
    failed, gone = await a_failed_mail(rig), telling(rig, "outcome_recorded", "team")
    asked = SendAgain(command_id=new_id(), mail_id=failed.mail_id)

    first, second = await answer_to(rig, administrator, asked), await answer_to(gone, administrator, asked)
    rig.mail_server.will_answer("RCPT", "550 mailbox full")
    await rig.send_due()
    other = await answer_to(gone, administrator, asked.model_copy(update={"command_id": new_id()}))

    assert (None, None, "not_recipient") == (first, second, other)


# ------------------------------------------------------------------------------------------------ row-level security
COUNT = "SELECT (SELECT count(*) FROM mail) AS mails, (SELECT count(*) FROM record_mail) AS records"


@pytest.mark.requirement("R-DSR-013", "R-DSR-014")
@pytest.mark.parametrize(
    ("visitor", "seen"),
    [
        (a_visitor(Role.ADMINISTRATOR, HERE), (1, 1)),
        (a_visitor(Role.ADMINISTRATOR, HERE, THERE), (2, 2)),
        (a_visitor(Role.ADMINISTRATOR), (0, 0)),
        (a_visitor(Role.STANDARD, HERE), (0, 0)),
        (a_visitor(Role.REPORTING, HERE), (0, 0)),
        (a_visitor(Role.MASTER_ADMIN, HERE), (0, 0)),
        (a_visitor(Role.ADMINISTRATOR, HERE).model_copy(update={"register_code": "other"}), (0, 0)),
    ],
    ids=["of one", "of two", "of none", "standard", "reporting", "master", "of another register"],
)
async def test_without_the_query_s_filter_the_database_alone_keeps_scopes_apart(
    rig: Rig, visitor: Visitor, seen: tuple[int, int]
) -> None:
    await rig.queue(a_letter("pin"))
    await told(rig, "DSR-OURS")
    await told(rig, "DSR-THEIRS", THERE)

    async with transaction(rig.pool, visitor) as db:
        row = await db.fetchrow(COUNT)

    assert row is not None
    assert seen == tuple(row)


async def test_the_service_s_own_work_has_the_queue_and_not_what_it_is_about(rig: Rig) -> None:
    await rig.queue(a_letter("pin"))
    await told(rig, "DSR-OURS")

    async with transaction(rig.pool) as db:
        row = await db.fetchrow(COUNT)

    assert row is not None
    assert (2, 0) == tuple(row)


async def test_a_visitor_can_neither_make_nor_remove_a_mail(rig: Rig, administrator: Visitor) -> None:
    await told(rig, "DSR-OURS")
    async with transaction(rig.pool, administrator) as db:
        removed = await db.execute("DELETE FROM mail")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with transaction(rig.pool, administrator) as db:
            await db.execute(
                "INSERT INTO mail (id, register_code, template, lane, recipient, subject, body)"
                " VALUES (gen_random_uuid(), 'dsr', 'new_record', 'bulk', 'a@b.uk', 's', 'b')"
            )

    assert ("DELETE 0", 1) == (removed, len(await listed(rig, administrator)))


async def test_what_is_remembered_of_a_mail_goes_with_it(rig: Rig, administrator: Visitor) -> None:
    await told(rig, "DSR-OURS")
    await rig.pool.execute("DELETE FROM mail")

    assert () == await listed(rig, administrator)
