"""Several mails in a row by one sender: what they share, and that none is lost or sent twice for it."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from services.notifier import smtp
from services.notifier.claims import LEASE, claim_due
from services.notifier.rules import ServerAnswer
from services.notifier.sender import AT_ONCE, BEGIN_SECONDS, POLL_SECONDS, Sender
from services.notifier.smtp import CONNECT_SECONDS, GOODBYE_SECONDS, KEPT_SECONDS, MOST_ON_ONE, WHOLE_SECONDS
from services.notifier.wakeups import LaneWakeup
from shared.database import DatabasePool
from tests.services.notifier.builders import a_letter, a_routine_notice, new_id
from tests.services.notifier.rig import Rig
from tests.services.notifier.scripted_server import HANG_UP, SAY_NOTHING, TAKE_AND_HANG_UP, Stage

BATCH = AT_ONCE["bulk"]


async def queue(rig: Rig, count: int) -> list[UUID]:
    """Queue this many mails, each to a recipient of its own."""
    return [await rig.queue(a_letter(recipient=f"person{number}@mpft.nhs.uk")) for number in range(count)]


def copies(rig: Rig) -> list[int]:
    """Return how many copies the server took of each mail, in the order in which it took the first."""
    return list(Counter(mail.message_id for mail in rig.mail_server.taken).values())


async def results(rig: Rig, mail_ids: list[UUID]) -> list[tuple[str, str, int]]:
    """Return the state, the last answer and the attempts of each mail."""
    rows = [await rig.row(mail_id) for mail_id in mail_ids]
    return [(row["state"], row["last_answer"], row["attempts"]) for row in rows]


@dataclass
class HandSetClock:
    """A clock that stands still until a test moves it."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


# ------------------------------------------------------------------------------------------------- the connection
async def test_mails_in_a_row_share_a_connection(rig: Rig) -> None:
    mail_ids = await queue(rig, BATCH + 2)

    await rig.send_due()

    assert (1, [1] * len(mail_ids)) == (rig.mail_server.connections, copies(rig))


async def test_a_connection_ends_before_it_has_more_mails_than_servers_allow(rig: Rig) -> None:
    await queue(rig, MOST_ON_ONE + 1)

    await rig.send_due()

    assert (2, [1] * (MOST_ON_ONE + 1)) == (rig.mail_server.connections, copies(rig))


async def test_a_connection_that_the_server_closes_between_two_mails_is_replaced(rig: Rig) -> None:
    sender = rig.sender()
    first = await queue(rig, 1)
    await sender.send_next()
    rig.mail_server.hang_up()
    second = await queue(rig, 1)

    await sender.send_next()

    assert (2, [1, 1]) == (rig.mail_server.connections, copies(rig))
    assert [("accepted", "250", 1)] * 2 == await results(rig, first + second)


async def test_a_mail_that_times_out_leaves_no_late_answer_to_the_next(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "WHOLE_SECONDS", 0.4)
    mail_ids = await queue(rig, 2)
    rig.mail_server.slowness = 0.8
    sending = asyncio.create_task(rig.sender().send_next())
    await rig.mail_server.has_begun(1)
    rig.mail_server.slowness = 0.0

    await sending

    assert 2 == rig.mail_server.connections
    assert [("queued", "timed_out", 1), ("accepted", "250", 1)] == await results(rig, mail_ids)
    assert ["person1@mpft.nhs.uk"] == rig.mail_server.recipients()


async def test_a_mail_that_is_broken_off_leaves_no_late_answer_to_the_next(rig: Rig) -> None:
    connection = rig.sender().connection
    await queue(rig, 2)
    first, second = await claim_due(rig.pool, "bulk", new_id(), 2)
    rig.mail_server.slowness = 0.3
    broken_off = asyncio.create_task(connection.hand_over(first))
    await rig.mail_server.has_begun(1)
    rig.mail_server.slowness = 0.0
    broken_off.cancel()
    await asyncio.wait({broken_off})

    answer = await connection.hand_over(second)

    assert (ServerAnswer("mail", "250"), 2) == (answer, rig.mail_server.connections)
    assert ["person1@mpft.nhs.uk"] == rig.mail_server.recipients()


async def test_an_unexpected_answer_that_is_no_refusal_accepts_no_mail(rig: Rig) -> None:
    mail_ids = await queue(rig, 2)
    rig.mail_server.will_answer("RCPT", "252 2.5.0 cannot say whether there is such a person")

    await rig.sender().send_next()

    assert [("queued", "no_answer", 1), ("accepted", "250", 1)] == await results(rig, mail_ids)
    assert (2, ["person1@mpft.nhs.uk"]) == (rig.mail_server.connections, rig.mail_server.recipients())


@pytest.mark.parametrize("answer", ["421 4.7.0 too many mails", "451 4.7.0 too many mails", HANG_UP, SAY_NOTHING])
async def test_a_connection_on_which_the_server_takes_no_more_mail_is_replaced_at_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(smtp, "KEPT_SECONDS", 0.2)
    mail_ids = await queue(rig, 3)
    rig.mail_server.will_answer("MAIL", "250 OK", answer)

    await rig.send_due()

    assert (2, [1, 1, 1]) == (rig.mail_server.connections, copies(rig))
    assert [("accepted", "250", 1)] * 3 == await results(rig, mail_ids)


async def test_a_server_that_refuses_us_on_a_new_connection_too_is_left_alone(rig: Rig) -> None:
    """The mail that was refused is tried again. The rest of the batch keeps its place and counts no attempt."""
    mail_ids = await queue(rig, 3)
    rig.mail_server.will_answer("MAIL", "250 OK", "421 4.3.2 going down", "421 4.3.2 going down")

    more = await rig.sender().send_next()

    assert (False, 2) == (more, rig.mail_server.connections)
    assert [("accepted", "250", 1), ("queued", "421", 1), ("queued", None, 0)] == await results(rig, mail_ids)


async def test_a_connection_is_closed_when_no_mail_has_come_for_some_time(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, connections = rig.sender(), []
    for idle in (60.0, 60.0, 0.0, 60.0):
        monkeypatch.setattr(smtp, "IDLE_SECONDS", idle)
        await queue(rig, 1)
        await sender.send_next()
        await sender.send_next()
        connections.append(rig.mail_server.connections)

    assert [1, 1, 1, 2] == connections


REFUSALS: list[tuple[Stage, str, str]] = [
    ("RCPT", "550 5.1.1 no such person", "failed"),
    ("DATA", "554 5.7.1 not taken", "failed"),
    ("RCPT", "450 4.2.1 mailbox busy", "queued"),
]


@pytest.mark.parametrize(("stage", "answer", "state"), REFUSALS)
async def test_a_mail_that_is_refused_among_good_ones_harms_none_of_them(
    rig: Rig, stage: Stage, answer: str, state: str
) -> None:
    mail_ids = await queue(rig, 3)
    rig.mail_server.will_answer(stage, "250 OK", answer)

    await rig.sender().send_next()

    good = ("accepted", "250", 1)
    assert [good, (state, answer[:3], 1), good] == await results(rig, mail_ids)
    assert (1, ["person0@mpft.nhs.uk", "person2@mpft.nhs.uk"]) == (
        rig.mail_server.connections,
        rig.mail_server.recipients(),
    )


async def test_a_mail_that_cannot_be_written_harms_none_of_the_others(rig: Rig) -> None:
    mail_ids = await queue(rig, 3)
    await rig.pool.execute("UPDATE mail SET subject = E'two\\nlines' WHERE id = $1", mail_ids[1])

    await rig.sender().send_next()
    await rig.sender().send_next()

    states = [state for state, _, _ in await results(rig, mail_ids)]
    assert (["accepted", "queued", "accepted"], [1, 1]) == (states, copies(rig))


# ------------------------------------------------------------------------------------------------------ the batch
async def test_a_server_that_takes_a_mail_and_drops_the_connection_gets_a_copy_of_that_mail_alone(rig: Rig) -> None:
    mail_ids = await queue(rig, BATCH)
    rig.mail_server.will_answer("DATA", "250 OK", "250 OK", TAKE_AND_HANG_UP)

    await rig.send_due()

    assert [1, 1, 2, 1, 1] == copies(rig)
    assert {"accepted"} == {state for state, _, _ in await results(rig, mail_ids)}


async def test_a_sender_killed_in_the_middle_of_a_batch_doubles_at_most_the_mail_in_hand(rig: Rig) -> None:
    mail_ids = await queue(rig, BATCH)
    rig.mail_server.slowness = 0.2
    killed = asyncio.create_task(rig.sender().send_next())
    await rig.mail_server.has_begun(3)
    killed.cancel()
    await asyncio.wait({killed})
    rig.mail_server.slowness = 0.0

    await rig.send_due()
    stored = await results(rig, mail_ids)
    await rig.time_passes(seconds=60)
    await rig.send_due()

    assert ["accepted", "accepted", "sending", "sending", "sending"] == [state for state, _, _ in stored]
    assert {"accepted"} == {state for state, _, _ in await results(rig, mail_ids)}
    assert [1, 1] == copies(rig)[:2]
    assert BATCH <= len(rig.mail_server.taken) <= BATCH + 1


async def test_a_sender_whose_lease_has_run_out_begins_none_of_its_other_mails(rig: Rig) -> None:
    """Another sender has them meanwhile. The first stores that its one mail was accepted, and changes no other."""
    mail_ids, clock = await queue(rig, 3), HandSetClock()
    rig.mail_server.slowness = 0.3
    slow = asyncio.create_task(replace(rig.sender(), clock=clock).send_next())
    await rig.mail_server.has_begun(1)
    rig.mail_server.slowness = 0.0
    clock.now += LEASE.total_seconds()
    await rig.time_passes(seconds=60)
    await rig.send_due()
    sent = [each.recipients[0] for each in rig.mail_server.taken]

    more = await slow

    assert (["person0@mpft.nhs.uk", "person1@mpft.nhs.uk", "person2@mpft.nhs.uk"], True) == (sent, more)
    assert [2, 1, 1] == copies(rig)
    assert [("accepted", "250", 1)] * 3 == await results(rig, mail_ids)


async def test_mails_that_a_slow_server_leaves_no_time_for_return_to_their_places(rig: Rig) -> None:
    mail_ids, clock = await queue(rig, 3), HandSetClock()
    places = [(await rig.row(mail_id))["next_try_at"] for mail_id in mail_ids]
    rig.mail_server.slowness = 0.2
    sending = asyncio.create_task(replace(rig.sender(), clock=clock).send_next())
    await rig.mail_server.has_begun(1)
    clock.now += BEGIN_SECONDS

    assert await sending
    assert [("accepted", "250", 1), *[("queued", None, 0)] * 2] == await results(rig, mail_ids)
    assert places[1:] == [(await rig.row(mail_id))["next_try_at"] for mail_id in mail_ids[1:]]


async def test_a_mail_that_expires_before_its_turn_is_not_sent(rig: Rig) -> None:
    clock, soon = HandSetClock(), datetime.now(UTC) + timedelta(seconds=BEGIN_SECONDS / 2)
    (first,) = await queue(rig, 1)
    expiring = await rig.queue(a_letter("reminder", expires_at=soon))
    rig.mail_server.slowness = 0.2
    sending = asyncio.create_task(replace(rig.sender(), clock=clock).send_next())
    await rig.mail_server.has_begun(1)
    clock.now += BEGIN_SECONDS * 0.75

    await sending
    await rig.time_passes(seconds=2)
    await rig.send_due()
    await rig.expire()

    assert [("accepted", "250", 1), ("expired", None, 0)] == await results(rig, [first, expiring])
    assert [1] == copies(rig)


def test_a_mail_that_is_begun_ends_before_the_lease_does() -> None:
    assert BEGIN_SECONDS + WHOLE_SECONDS < LEASE.total_seconds()
    assert KEPT_SECONDS + CONNECT_SECONDS + GOODBYE_SECONDS < WHOLE_SECONDS


def test_no_mail_for_which_a_user_waits_waits_behind_another() -> None:
    assert 1 == AT_ONCE["now"]


# ------------------------------------------------------------------------------------------------- database trips
async def trips(pool: DatabasePool) -> list[str]:
    """Return a list to which every statement on the pool's only connection is added from now on."""
    found: list[str] = []

    def add(query: asyncpg.connection.LoggedQuery) -> None:
        found.append(query.query)

    async with pool.acquire() as connection:
        connection.add_query_logger(add)
    return found


async def test_a_notice_to_mailboxes_takes_one_trip_and_a_mail_little_more(rig: Rig) -> None:
    made = await trips(rig.background)

    for _ in range(BATCH):
        await rig.handlers.take(a_routine_notice())
    taken = len(made)
    await rig.sender().send_next()

    assert (BATCH, BATCH + 1) == (taken, len(made) - taken)


# -------------------------------------------------------------------------------------------------------- wakeups
async def test_one_sender_looks_for_all_of_its_lane(rig: Rig) -> None:
    first, second = rig.sender(), rig.sender()
    await first.look()
    made = await trips(rig.background)

    await second.look()

    assert [] == made


async def test_a_new_mail_is_looked_for_however_short_a_time_ago_there_was_none(rig: Rig) -> None:
    sender = rig.sender("now")
    await sender.look()
    await rig.queue(a_letter("pin"))

    await sender.look()

    assert 1 == len(rig.mail_server.taken)


async def test_what_comes_due_by_itself_is_found_by_the_next_poll(rig: Rig) -> None:
    clock = HandSetClock()
    sender: Sender = replace(rig.sender(), clock=clock)
    await rig.queue(a_letter())
    await rig.pool.execute("UPDATE mail SET next_try_at = clock_timestamp() + interval '1 minute'")
    await sender.look()
    await rig.time_passes(minutes=1)

    await sender.look()
    at_once = len(rig.mail_server.taken)
    clock.now += POLL_SECONDS
    await sender.look()

    assert (0, 1) == (at_once, len(rig.mail_server.taken))


def test_a_mail_that_is_queued_during_a_claim_is_not_hidden_by_it() -> None:
    lane = LaneWakeup()
    before = lane.before_claim()
    lane.set()

    lane.found_empty(before, now=0.0)
    hidden = lane.is_empty(now=0.0, seconds=POLL_SECONDS)
    lane.found_empty(lane.before_claim(), now=0.0)

    assert (False, True) == (hidden, lane.is_empty(now=0.0, seconds=POLL_SECONDS))
