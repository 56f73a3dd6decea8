"""How mails are sent: once, again while the server is away, and never after a permanent refusal or expiry."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from deploy.runner.environment import Addresses
from services.notifier.claims import claim_due, mark_ended, mark_later
from services.notifier.store import forget_old
from shared.jobs import repeat
from shared.tasks import end
from tests.services.notifier.builders import RECIPIENT, a_letter, new_id
from tests.services.notifier.rig import Rig
from tests.services.notifier.scripted_server import HANG_UP, TAKE_AND_HANG_UP, Stage
from tests.support.connections import KeptConnections

STAGES: tuple[Stage, ...] = ("MAIL", "RCPT", "DATA")

ADD_BULK = """
    INSERT INTO mail (id, register_code, template, lane, recipient, subject, body)
    SELECT gen_random_uuid(), 'dsr', 'welcome', 'bulk', 'person' || n || '@mpft.nhs.uk', 'Welcome', 'Text'
    FROM generate_series(1, $1) AS n
"""


async def test_a_letter_becomes_one_mail_to_its_recipient(rig: Rig) -> None:
    mail_id = await rig.queue(a_letter())

    await rig.send_due()

    assert [RECIPIENT] == rig.mail_server.recipients()
    assert "accepted" == await rig.state(mail_id)


async def test_the_content_is_forgotten_when_the_server_has_it(rig: Rig) -> None:
    mail_id = await rig.queue(a_letter())

    await rig.send_due()

    row = await rig.row(mail_id)
    assert (None, None, "250") == (row["subject"], row["body"], row["last_answer"])


async def test_the_same_letter_twice_is_one_mail(rig: Rig) -> None:
    letter = a_letter()

    await rig.queue(letter)
    await rig.queue(letter)
    await rig.send_due()
    await rig.queue(letter)
    await rig.send_due()

    assert 1 == len(rig.mail_server.taken)


async def test_a_held_installation_sends_no_mail_until_it_is_released(
    rig: Rig, kept: KeptConnections, addresses: Addresses
) -> None:
    owner = await kept.owner(addresses, "notifier")
    sent, waiting = await rig.queue(a_letter()), a_letter()
    await rig.send_due()
    await owner.execute("SELECT hold_installation()")
    await rig.queue(waiting)
    await rig.send_due()
    held = (len(rig.mail_server.taken), await rig.state(waiting.letter_id))

    await owner.execute("SELECT release_installation()")
    await rig.send_due()

    assert (1, "queued") == held
    assert 2 == len(rig.mail_server.taken)
    assert ["accepted", "accepted"] == [await rig.state(each) for each in (sent, waiting.letter_id)]


async def test_mail_waits_for_a_dead_server_and_goes_out_once_when_it_is_back(rig: Rig) -> None:
    await rig.mail_server.stop()
    mail_id = await rig.queue(a_letter())
    await rig.send_due()
    waiting = await rig.row(mail_id)

    await rig.mail_server.start()
    await rig.time_passes(minutes=1)
    await rig.send_due()
    await rig.time_passes(hours=1)
    await rig.send_due()

    assert ("queued", "no_answer", 1) == (waiting["state"], waiting["last_answer"], len(rig.mail_server.taken))


@pytest.mark.parametrize("answer", ["450 4.2.1 try later", "421 4.3.2 going down", HANG_UP])
@pytest.mark.parametrize("stage", STAGES)
async def test_what_is_refused_for_now_is_tried_again(rig: Rig, stage: Stage, answer: str) -> None:
    rig.mail_server.will_answer(stage, answer)
    mail_id = await rig.queue(a_letter())
    await rig.sender().send_next()
    first = (len(rig.mail_server.taken), await rig.state(mail_id))

    await rig.time_passes(minutes=1)
    await rig.send_due()

    assert ((0, "queued"), 1) == (first, len(rig.mail_server.taken))


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
async def test_what_is_refused_for_good_is_never_tried_again(rig: Rig, stage: Stage) -> None:
    rig.mail_server.will_answer(stage, "550 5.1.1 no such person")
    mail_id = await rig.queue(a_letter())

    await rig.send_due()
    await rig.time_passes(hours=1)
    await rig.send_due()

    row = await rig.row(mail_id)
    found = (row["state"], row["last_answer"], row["body"], row["attempts"])
    assert (("failed", "550", None, 1), 0) == (found, len(rig.mail_server.taken))


async def test_a_sender_that_is_refused_for_good_costs_no_mail(rig: Rig) -> None:
    rig.mail_server.will_answer("MAIL", "550 5.7.1 sender not known here")
    mail_id = await rig.queue(a_letter())
    await rig.sender().send_next()

    await rig.send_due()

    assert "accepted" == await rig.state(mail_id)


async def test_mail_is_given_up_after_72_hours(rig: Rig) -> None:
    await rig.mail_server.stop()
    mail_id = await rig.queue(a_letter())
    await rig.send_due()

    for _ in range(6):
        await rig.time_passes(hours=12)
        await rig.send_due()

    row = await rig.row(mail_id)
    assert ("given_up", None) == (row["state"], row["body"])


async def test_a_pin_that_came_to_be_too_old_is_not_sent(rig: Rig) -> None:
    await rig.mail_server.stop()
    mail_id = await rig.queue(a_letter("pin", expires_at=datetime.now(UTC) + timedelta(minutes=30)))
    await rig.send_due("now")

    await rig.mail_server.start()
    await rig.time_passes(minutes=31)
    await rig.send_due("now")
    await rig.expire()

    row = await rig.row(mail_id)
    assert ([], "expired", None) == (rig.mail_server.taken, row["state"], row["body"])


@pytest.mark.slow
async def test_a_pin_goes_out_at_once_while_a_thousand_mails_wait_for_a_slow_server(rig: Rig) -> None:
    rig.mail_server.slowness = 0.5
    await rig.pool.execute(ADD_BULK, 1000)

    async with rig.senders_at_work(now=3, bulk=2):
        await rig.mail_server.has_taken(2)
        await rig.queue(a_letter("pin"))
        before = len(rig.mail_server.taken)
        await rig.mail_server.has_taken(before + 3, seconds=2)

    assert RECIPIENT in rig.mail_server.recipients()[before : before + 3]


async def test_several_senders_send_each_mail_once(rig: Rig) -> None:
    await rig.pool.execute(ADD_BULK, 40)

    async with rig.senders_at_work(bulk=6):
        await rig.mail_server.has_taken(40)

    assert 40 == len(set(rig.mail_server.recipients())) == len(rig.mail_server.taken)


async def test_a_sender_killed_before_writing_down_sends_again_under_the_same_id_after_its_lease(rig: Rig) -> None:
    mail_id = await rig.queue(a_letter())
    killed = new_id()
    (mail,) = await claim_due(rig.pool, "bulk", killed, 1)
    await rig.sender().connection.hand_over(mail)  # killed after this, before the result is stored

    await rig.time_passes(seconds=59)
    await rig.send_due()
    within_the_lease = len(rig.mail_server.taken)
    await rig.time_passes(seconds=1)
    await rig.send_due()

    assert (1, 2) == (within_the_lease, len(rig.mail_server.taken))
    assert [f"<{mail_id}@registers.example>"] * 2 == [each.message_id for each in rig.mail_server.taken]


async def test_the_second_copy_of_a_mail_is_the_same_to_the_letter(rig: Rig) -> None:
    rig.mail_server.will_answer("DATA", TAKE_AND_HANG_UP)
    await rig.queue(a_letter())

    await rig.sender().send_next()
    await rig.send_due()

    first, second = rig.mail_server.taken
    assert first.raw == second.raw


async def test_a_sender_that_lost_its_lease_does_not_undo_what_the_next_one_wrote(rig: Rig) -> None:
    mail_id = await rig.queue(a_letter())
    slow = new_id()
    await claim_due(rig.pool, "bulk", slow, 1)
    await rig.time_passes(minutes=1)
    await rig.send_due()

    await mark_later(rig.pool, mail_id, slow, "timed_out", timedelta(0))
    late = await mark_ended(rig.pool, mail_id, slow, "550", "failed")

    assert (False, "accepted") == (late, await rig.state(mail_id))


@pytest.mark.slow
async def test_a_stopping_sender_finishes_the_mail_in_hand(rig: Rig) -> None:
    rig.mail_server.slowness = 0.3
    mail_id = await rig.queue(a_letter())
    task = asyncio.create_task(repeat(rig.sender().job))
    await rig.mail_server.has_begun(1)

    await end([task])

    assert ("accepted", 1) == (await rig.state(mail_id), len(rig.mail_server.taken))


@pytest.mark.slow
async def test_a_database_that_is_away_does_not_make_a_second_mail(rig: Rig) -> None:
    """The sender stores the result when the database is back, before it sends anything else."""
    rig.mail_server.slowness = 0.3
    mail_id = await rig.queue(a_letter())
    sending = asyncio.create_task(rig.sender().send_next())
    await rig.mail_server.has_begun(1)
    locked = await rig.pool.acquire()
    await locked.execute("BEGIN; LOCK TABLE mail")
    await rig.mail_server.has_taken(1)
    await asyncio.sleep(1.5)  # longer than the role's lock timeout, so that the first attempt to store fails
    await locked.execute("ROLLBACK")
    await rig.pool.release(locked)

    await sending

    assert "accepted" == await rig.state(mail_id)


async def test_delivery_states_are_kept_for_90_days(rig: Rig) -> None:
    old, young = await rig.queue(a_letter()), await rig.queue(a_letter("locked"))
    await rig.send_due()
    await rig.pool.execute("UPDATE mail SET ended_at = ended_at - interval '91 days' WHERE id = $1", old)

    await forget_old(rig.pool)

    assert [young] == [row["id"] for row in await rig.pool.fetch("SELECT id FROM mail")]
