"""A command is carried out once, however often it is sent, and its transaction knows the visitor."""

import asyncio
from typing import ClassVar
from uuid import UUID, uuid4

import pytest

from shared.commands import carry_out, unless_repeated
from shared.database import Database, DatabasePool, transaction
from shared.messages import Command, Fault, Message, NotAnswered, Refused
from shared.permissions import Role, Visitor
from tests.conftest import OpenDatabase


class Done(Message):
    number: int


class Do(Command[Done]):
    subject: ClassVar[str] = "ask.identity.do"

    what: str


CONTEXT = """
    SELECT
        current_setting('app.user', true), current_setting('app.compartments', true), current_setting('app.own', true)
"""


def a_visitor(role: Role = Role.STANDARD) -> Visitor:
    return Visitor(
        user_id=uuid4(),
        full_name="Percy Plum",
        register_code="dsr",
        role=role,
        organisation_ids=(uuid4(), uuid4()),
        home_organisation_id=None,
        session_id=uuid4(),
        method="password_pin",
    )


class Counter:
    """A counter of how often the act was done, which also adds a row each time."""

    def __init__(self) -> None:
        self.done = 0

    async def act(self, db: Database) -> Done:
        self.done += 1
        await db.execute("INSERT INTO inbox (consumer, event_id) VALUES ('test', $1)", uuid4())
        return Done(number=self.done)


async def rows(pool: DatabasePool) -> int:
    found: int = await pool.fetchval("SELECT count(*) FROM inbox")
    return found


async def test_the_same_command_twice_is_done_once_and_answered_twice(database: OpenDatabase) -> None:
    pool, visitor, counter = await database("identity"), a_visitor(), Counter()
    command = Do(command_id=uuid4(), what="this")

    answers = [await carry_out(pool, visitor, command, counter.act) for _ in range(2)]

    assert ([Done(number=1)] * 2, 1, 1) == (answers, counter.done, await rows(pool))


async def test_the_same_command_many_times_at_once_is_done_once(database: OpenDatabase) -> None:
    pool, visitor, counter = await database("identity"), a_visitor(), Counter()
    command = Do(command_id=uuid4(), what="this")

    answers = await asyncio.gather(*(carry_out(pool, visitor, command, counter.act) for _ in range(20)))

    assert ([Done(number=1)] * 20, 1) == (answers, await rows(pool))


async def test_what_a_repeated_command_changed_is_no_reason_to_refuse_it(database: OpenDatabase) -> None:
    pool, visitor, counter = await database("identity"), a_visitor(), Counter()
    command = Do(command_id=uuid4(), what="this")

    async def carried_out_meanwhile() -> Done:
        await carry_out(pool, visitor, command, counter.act)
        raise Refused("archived")

    assert Done(number=1) == await unless_repeated(pool, visitor, command, carried_out_meanwhile)


@pytest.mark.parametrize("fault", [Refused("archived"), NotAnswered(Fault.UNAVAILABLE)])
async def test_a_new_command_is_refused_as_it_is(database: OpenDatabase, fault: Exception) -> None:
    pool = await database("identity")

    async def refused() -> Done:
        raise fault

    with pytest.raises(type(fault)) as found:
        await unless_repeated(pool, a_visitor(), Do(command_id=uuid4(), what="this"), refused)

    assert fault is found.value


async def test_a_refused_command_whose_id_was_used_by_somebody_else_learns_no_answer(database: OpenDatabase) -> None:
    pool, command = await database("identity"), Do(command_id=uuid4(), what="this")
    await carry_out(pool, a_visitor(), command, Counter().act)

    async def refused() -> Done:
        raise Refused("archived")

    with pytest.raises(Refused, match="command_reused"):
        await unless_repeated(pool, a_visitor(), command, refused)


@pytest.mark.parametrize("change", ["content", "person"])
async def test_an_id_that_was_used_for_something_else_is_refused(database: OpenDatabase, change: str) -> None:
    pool, visitor, counter, command_id = await database("identity"), a_visitor(), Counter(), uuid4()
    await carry_out(pool, visitor, Do(command_id=command_id, what="this"), counter.act)
    again = Do(command_id=command_id, what="that" if change == "content" else "this")

    with pytest.raises(Refused) as refused:
        await carry_out(pool, visitor if change == "content" else a_visitor(), again, counter.act)

    assert ("command_reused", 1) == (refused.value.code, await rows(pool))


async def test_an_act_that_fails_leaves_nothing_and_may_be_tried_again(database: OpenDatabase) -> None:
    pool, visitor, counter = await database("identity"), a_visitor(), Counter()
    command = Do(command_id=uuid4(), what="this")

    async def fail(db: Database) -> Done:
        await counter.act(db)
        raise Refused("conflict")

    with pytest.raises(Refused):
        await carry_out(pool, visitor, command, fail)

    assert 0 == await rows(pool)
    assert Done(number=2) == await carry_out(pool, visitor, command, counter.act)


async def test_the_transaction_knows_who_asks_and_nothing_of_it_stays(database: OpenDatabase) -> None:
    pool, visitor = await database("identity"), a_visitor()

    async with transaction(pool, visitor) as db:
        inside = await db.fetchrow(CONTEXT)
    async with transaction(pool) as db:
        after = await db.fetchrow(CONTEXT)

    compartments = "{" + ",".join(str(each) for each in visitor.compartment_ids) + "}"
    assert inside is not None
    assert after is not None
    assert (str(visitor.user_id), compartments, "1") == tuple(inside)
    assert not any(after)


@pytest.mark.parametrize("how", ["fails", "is cancelled"])
async def test_nothing_of_it_stays_when_the_work(database: OpenDatabase, how: str) -> None:
    pool, visitor = await database("identity"), a_visitor()

    async def work() -> None:
        async with transaction(pool, visitor) as db:
            await db.execute("INSERT INTO inbox (consumer, event_id) VALUES ('test', $1)", UUID(int=1))
            if how == "fails":
                raise Refused("conflict")
            await db.execute("SELECT pg_sleep(10)")

    task = asyncio.create_task(work())
    await asyncio.sleep(0.2)
    task.cancel()
    await asyncio.wait([task])

    async with transaction(pool) as db:
        after = await db.fetchrow(CONTEXT)
    assert after is not None
    assert not any(after)
    assert 0 == await rows(pool)
