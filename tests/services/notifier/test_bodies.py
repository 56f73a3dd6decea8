"""Notification emails of a register whose scope is made of two bodies: who sees them, and for whom recipients are."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

import pytest

from services.notifier.adding import add_mail
from services.notifier.moves import move_mails
from services.notifier.store import forget_old
from shared.contracts.notifier import ListMails, SendAgain
from shared.contracts.referrals.events import RecordNotice
from shared.database import transaction
from shared.messages import Refused
from shared.permissions import Role, Visitor
from shared.registers.bodies import compartment_of, organisation_compartment
from shared.registers.definition.lifecycle import Notification
from shared.registers.definition.register import RecordScope
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers
from tests.services.notifier.builders import a_move, a_routine_notice, an_urgent_notice, new_id
from tests.services.notifier.rig import Rig
from tests.services.referrals.builders import a_visitor

COUNCIL, OTHER_COUNCIL, NHS, OTHER_NHS = "council:ONE", "council:TWO", "nhs:QNC", "nhs:QOC"
SEEN = """
    SELECT r.reference FROM record_mail AS r JOIN mail AS m ON m.id = r.mail_id ORDER BY r.reference
"""
ADD_MAILS = """
    INSERT INTO mail (id, register_code, template, lane, recipient, subject, body)
    SELECT gen_random_uuid(), 'dsr', 'new_record', 'bulk', 'a@b.uk', 's', 'b' FROM generate_series(1, $1::integer)
    RETURNING id
"""
ADD_RECORDS = """
    INSERT INTO record_mail (
        mail_id, notice_id, register_code, compartment_id, record_id, reference, occasion, mail_code, queued_at
    )
    SELECT id, gen_random_uuid(), 'dsr', $2, gen_random_uuid(), $3, 'record_created', 'new_referral',
        clock_timestamp() + place * interval '1 microsecond'
    FROM unnest($1::uuid[]) WITH ORDINALITY AS added (id, place)
"""


@pytest.fixture
def of_bodies(rig: Rig, registers: Registers) -> Rig:
    """The notifier with a DSR whose records name a council and an NHS body."""
    scope = RecordScope(by=("council", "nhs"))
    return rig.with_registers(
        Registers([LoadedRegister(registers.find("dsr").model_copy(update={"scope": scope}), "")])
    )


@dataclass(frozen=True)
class Told:
    """Notices of three records, by the reference and the bodies of each."""

    rig: Rig

    async def all(self) -> None:
        for reference, bodies in (
            ("DSR-1", (COUNCIL, NHS)),
            ("DSR-2", (COUNCIL, OTHER_NHS)),
            ("DSR-3", (OTHER_COUNCIL, OTHER_NHS)),
        ):
            await self.rig.handlers.tell(a_routine_notice(reference=reference, bodies=bodies))


def administrator_of(*bodies: str) -> Visitor:
    return a_visitor(Role.ADMINISTRATOR).model_copy(update={"bodies": bodies})


SCOPES = [
    (administrator_of(COUNCIL), ["DSR-1", "DSR-2"]),
    (administrator_of(NHS), ["DSR-1"]),
    (administrator_of(OTHER_NHS), ["DSR-2", "DSR-3"]),
    (administrator_of(NHS, OTHER_COUNCIL), ["DSR-1", "DSR-3"]),
    (administrator_of("nhs:NONE"), []),
    (administrator_of(), []),
    (administrator_of().model_copy(update={"all_organisations": True}), ["DSR-1", "DSR-2", "DSR-3"]),
    (administrator_of(COUNCIL).model_copy(update={"register_code": "other"}), []),
    (administrator_of().model_copy(update={"register_code": "other", "all_organisations": True}), []),
]
NAMES = ["council", "nhs", "other nhs", "two", "unknown", "none", "all", "other register", "all of another register"]


@pytest.mark.parametrize("undelivered", [False, True])
@pytest.mark.parametrize(("visitor", "seen"), SCOPES, ids=NAMES)
async def test_an_administrator_sees_the_mails_of_records_that_name_one_of_their_bodies(
    of_bodies: Rig, visitor: Visitor, seen: list[str], *, undelivered: bool
) -> None:
    await Told(of_bodies).all()

    reader = await of_bodies.context.reach(visitor)
    page = await of_bodies.delivery.list_mails(reader, ListMails(undelivered=undelivered))

    assert seen == sorted(mail.reference for mail in page.mails)


@pytest.mark.parametrize(("visitor", "seen"), SCOPES, ids=NAMES)
async def test_the_database_alone_keeps_compartments_apart(of_bodies: Rig, visitor: Visitor, seen: list[str]) -> None:
    await Told(of_bodies).all()

    async with transaction(of_bodies.pool, await of_bodies.context.reach(visitor)) as db:
        found = [row["reference"] for row in await db.fetch(SEEN)]

    assert seen == found


async def code_of(act: Awaitable[object]) -> str:
    """Return the code of the refusal, or nothing when it is done."""
    try:
        await act
    except Refused as refused:
        return refused.code
    return ""


async def test_a_mail_of_a_compartment_out_of_reach_is_as_unknown_as_none(of_bodies: Rig) -> None:
    await of_bodies.handlers.tell(a_routine_notice(bodies=(COUNCIL, NHS)))
    of_bodies.mail_server.will_answer("RCPT", "550 mailbox full")
    await of_bodies.send_due()
    inside, outside = [await of_bodies.context.reach(administrator_of(each)) for each in (NHS, OTHER_NHS)]
    (mail,) = (await of_bodies.delivery.list_mails(inside, ListMails())).mails

    again, older = SendAgain(command_id=new_id(), mail_id=mail.mail_id), ListMails(before=mail.mail_id)
    for visitor, expected in ((outside, "not_found"), (inside, "")):
        for act in (of_bodies.delivery.list_mails(visitor, older), of_bodies.delivery.send_again(visitor, again)):
            assert expected == await code_of(act)


async def test_recipients_of_a_mail_that_did_not_get_through_are_asked_for_by_all_its_bodies(of_bodies: Rig) -> None:
    organisation = organisation_compartment(new_id()).bodies
    for bodies in ((COUNCIL, NHS), organisation):
        await of_bodies.handlers.tell(an_urgent_notice(bodies=bodies))

    await of_bodies.escalate(hours=2)

    assert [(COUNCIL, NHS), organisation] == [asked.bodies for asked in of_bodies.identity.asked]


async def add_mails(rig: Rig, reference: str, bodies: tuple[str, ...], count: int) -> None:
    """Queue mails in the database alone, which is quicker."""
    compartment = compartment_of("dsr", bodies)
    async with transaction(rig.background) as db:
        mail_ids = [row["id"] for row in await db.fetch(ADD_MAILS, count)]
        await db.execute(ADD_RECORDS, mail_ids, compartment.compartment_id, reference)


@pytest.mark.parametrize("newer", [3, 1200], ids=["few newer", "more than the walk"])
async def test_old_mails_of_a_small_compartment_come_in_order_however_many_others_are_newer(
    of_bodies: Rig, newer: int
) -> None:
    await Told(of_bodies).all()
    await add_mails(of_bodies, "DSR-NEWER", ("council:THREE", "nhs:THREE"), newer)
    reader = await of_bodies.context.reach(administrator_of(OTHER_NHS))

    page = await of_bodies.delivery.list_mails(reader, ListMails())
    older = await of_bodies.delivery.list_mails(reader, ListMails(before=page.mails[0].mail_id))

    assert (["DSR-3", "DSR-2"], ["DSR-2"]) == (
        [mail.reference for mail in page.mails],
        [mail.reference for mail in older.mails],
    )


# ------------------------------------------------------------------------------------------------- records that move
async def seen_by(rig: Rig, *bodies: str) -> list[str]:
    page = await rig.delivery.list_mails(await rig.context.reach(administrator_of(*bodies)), ListMails())
    return [mail.reference for mail in page.mails]


async def test_the_mails_of_a_record_that_moves_follow_it_and_no_others_do(of_bodies: Rig) -> None:
    notice = a_routine_notice(reference="DSR-1", bodies=(COUNCIL, NHS))
    for each in (notice, a_routine_notice(reference="DSR-2", bodies=(COUNCIL, NHS))):
        await of_bodies.handlers.take(each)

    await of_bodies.handlers.take(a_move(notice, 1, OTHER_COUNCIL, OTHER_NHS))

    assert (["DSR-2"], ["DSR-1"]) == (await seen_by(of_bodies, COUNCIL, NHS), await seen_by(of_bodies, OTHER_NHS))


async def test_of_two_moves_the_later_one_counts_in_whatever_order_they_come(of_bodies: Rig) -> None:
    notice = a_routine_notice(reference="DSR-1", bodies=(COUNCIL, NHS))
    await of_bodies.handlers.take(notice)

    for moved in (a_move(notice, 2, OTHER_COUNCIL, OTHER_NHS), a_move(notice, 1, COUNCIL, OTHER_NHS)):
        await of_bodies.handlers.take(moved)

    assert ([], ["DSR-1"]) == (await seen_by(of_bodies, COUNCIL), await seen_by(of_bodies, OTHER_COUNCIL))


def asking_administrators(rig: Rig) -> Rig:
    """Return the notifier, with a register that tells administrators about new records."""
    rule = Notification(occasion="record_created", to=("administrators",), mail="new_referral")
    told = rig.context.registers.find("dsr").model_copy(update={"notifications": (rule,)})
    return rig.with_registers(Registers([LoadedRegister(told, "")]))


@pytest.mark.parametrize(("version", "told"), [(1, (OTHER_COUNCIL, OTHER_NHS)), (0, (COUNCIL, NHS))])
async def test_a_notice_that_comes_after_a_later_move_is_told_to_where_the_record_lies(
    of_bodies: Rig, version: int, told: tuple[str, ...]
) -> None:
    rig = asking_administrators(of_bodies)
    notice = a_routine_notice(reference="DSR-1", bodies=(COUNCIL, NHS))

    await rig.handlers.take(a_move(notice, version, OTHER_COUNCIL, OTHER_NHS))
    await rig.handlers.take(notice)

    assert [told] == [asked.bodies for asked in rig.identity.asked]
    assert ["DSR-1"] == await seen_by(rig, *told)


def moves_while_asked(rig: Rig, notice: RecordNotice) -> None:
    """Let the record move, and have other administrators, while identity is asked for those that it had."""

    async def move() -> None:
        rig.identity.administrators = ("new@stafford.gov.uk",)
        await rig.handlers.take(a_move(notice, 1, OTHER_COUNCIL, OTHER_NHS))

    rig.identity.administrators = ("old@stafford.gov.uk",)
    rig.identity.meanwhile = move


async def test_if_a_record_moves_while_its_recipients_are_found_only_the_new_ones_are_mailed(of_bodies: Rig) -> None:
    rig = asking_administrators(of_bodies)
    notice = a_routine_notice(reference="DSR-1", bodies=(COUNCIL, NHS))
    moves_while_asked(rig, notice)

    await rig.handlers.take(notice)
    await rig.send_due()

    assert [(COUNCIL, NHS), (OTHER_COUNCIL, OTHER_NHS)] == [asked.bodies for asked in rig.identity.asked]
    assert ["new@stafford.gov.uk"] == rig.mail_server.recipients()


async def test_if_a_record_moves_while_its_recipient_is_checked_the_mail_is_not_sent_again(of_bodies: Rig) -> None:
    rig = asking_administrators(of_bodies)
    notice = a_routine_notice(reference="DSR-1", bodies=(COUNCIL, NHS))
    rig.identity.administrators = ("old@stafford.gov.uk",)
    await rig.handlers.take(notice)
    rig.mail_server.will_answer("RCPT", "550 mailbox full")
    await rig.send_due()
    moves_while_asked(rig, notice)

    everywhere = await rig.context.reach(administrator_of().model_copy(update={"all_organisations": True}))
    (mail,) = (await rig.delivery.list_mails(everywhere, ListMails())).mails
    with pytest.raises(Refused) as refused:
        await rig.delivery.send_again(everywhere, SendAgain(command_id=new_id(), mail_id=mail.mail_id))

    assert "not_recipient" == refused.value.code
    assert (OTHER_COUNCIL, OTHER_NHS) == rig.identity.asked[-1].bodies
    assert "failed" == await rig.state(mail.mail_id)


async def test_a_mail_that_is_written_while_its_record_moves_follows_it(of_bodies: Rig) -> None:
    notice = a_routine_notice(reference="DSR-1", bodies=(COUNCIL, NHS))
    (mail,) = await of_bodies.context.mails.mails_about(notice)
    await of_bodies.handlers.take(a_move(notice, 1, OTHER_COUNCIL, OTHER_NHS))

    async with transaction(of_bodies.background) as db:
        await add_mail(db, mail)

    assert ([], ["DSR-1"]) == (await seen_by(of_bodies, COUNCIL, NHS), await seen_by(of_bodies, OTHER_NHS))


async def test_a_mail_and_a_move_wait_for_each_other(of_bodies: Rig) -> None:
    notice = a_routine_notice(reference="DSR-1", bodies=(COUNCIL, NHS))
    (mail,) = await of_bodies.context.mails.mails_about(notice)

    async with transaction(of_bodies.background) as db:
        await add_mail(db, mail)
        moving = asyncio.create_task(of_bodies.handlers.take(a_move(notice, 1, OTHER_COUNCIL, OTHER_NHS)))
        done, _ = await asyncio.wait({moving}, timeout=0.3)
    await moving

    assert (set(), [], ["DSR-1"]) == (done, await seen_by(of_bodies, COUNCIL), await seen_by(of_bodies, OTHER_NHS))


async def test_a_notice_waits_for_a_move_and_is_then_told_to_the_new_bodies(of_bodies: Rig) -> None:
    notice, there = a_routine_notice(reference="DSR-1", bodies=(COUNCIL, NHS)), compartment_of("dsr", (OTHER_NHS,))

    async with transaction(of_bodies.background) as db:
        await move_mails(db, notice.record_id, 1, there)
        telling = asyncio.create_task(of_bodies.handlers.take(notice))
        done, _ = await asyncio.wait({telling}, timeout=0.3)
    await telling

    assert (set(), [], ["DSR-1"]) == (done, await seen_by(of_bodies, COUNCIL), await seen_by(of_bodies, OTHER_NHS))


async def test_an_urgent_mail_that_did_not_get_through_is_escalated_to_the_new_bodies(of_bodies: Rig) -> None:
    notice = an_urgent_notice(bodies=(COUNCIL, NHS))
    await of_bodies.handlers.take(notice)
    await of_bodies.handlers.take(a_move(notice, 1, OTHER_COUNCIL, OTHER_NHS))

    await of_bodies.escalate(hours=2)

    assert [(OTHER_COUNCIL, OTHER_NHS)] == [asked.bodies for asked in of_bodies.identity.asked]
    assert [] == await seen_by(of_bodies, COUNCIL, NHS)


async def test_if_a_record_moves_while_its_escalation_is_prepared_only_the_new_bodies_are_mailed(
    of_bodies: Rig,
) -> None:
    notice = an_urgent_notice(reference="DSR-1", bodies=(COUNCIL, NHS))
    await of_bodies.handlers.take(notice)
    moves_while_asked(of_bodies, notice)

    await of_bodies.escalate(hours=2)
    await of_bodies.escalate(hours=2)

    assert [(COUNCIL, NHS), (OTHER_COUNCIL, OTHER_NHS)] == [asked.bodies for asked in of_bodies.identity.asked]
    escalated = await of_bodies.pool.fetch("SELECT recipient FROM mail WHERE instead_of IS NOT NULL")
    assert ["new@stafford.gov.uk"] == [row["recipient"] for row in escalated]


async def test_a_visitor_reads_no_moves_and_old_ones_are_forgotten(of_bodies: Rig) -> None:
    notice = a_routine_notice(bodies=(COUNCIL, NHS))
    await of_bodies.handlers.take(a_move(notice, 1, OTHER_COUNCIL, OTHER_NHS))
    count = "SELECT count(*) FROM record_moved"

    async with transaction(of_bodies.pool, administrator_of().model_copy(update={"all_organisations": True})) as db:
        assert 0 == await db.fetchval(count)
    await forget_old(of_bodies.pool)
    kept = await of_bodies.pool.fetchval(count)
    await of_bodies.pool.execute("UPDATE record_moved SET moved_at = moved_at - interval '91 days'")
    await forget_old(of_bodies.pool)

    assert (1, 0) == (kept, await of_bodies.pool.fetchval(count))
