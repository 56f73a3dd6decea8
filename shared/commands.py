"""Commands: each runs once per id, with state, history, audit and outbox in one transaction."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from asyncpg import Record

from shared.database import Database, DatabasePool, transaction
from shared.messages import Command, Message, NotAnswered, Refused
from shared.permissions import Visitor

ADD_COMMAND = """
    INSERT INTO command (id, actor, body_hash) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING
    RETURNING id
"""
FIND_COMMAND = "SELECT actor, body_hash, answer FROM command WHERE id = $1"
KEEP_ANSWER = "UPDATE command SET answer = $2 WHERE id = $1"
FORGET_OLD = "DELETE FROM command WHERE carried_out_at < clock_timestamp() - interval '30 days'"

Reply = TypeVar("Reply", bound=Message)


async def unless_repeated(
    pool: DatabasePool, visitor: Visitor, command: Command[Reply], run: Callable[[], Awaitable[Reply]]
) -> Reply:
    """
    Return the result of `run`. If `run` fails and the command ran before, return its stored answer.

    For a command that is checked before its transaction. The same command may be carried out at the same time, and
    change what is checked: a double click that archives a record finds it archived.
    """
    try:
        return await run()
    except (Refused, NotAnswered):
        answer = await _answer_given(pool, visitor, command)
        if answer is None:
            raise
        return answer


async def _answer_given(pool: DatabasePool, visitor: Visitor, command: Command[Reply]) -> Reply | None:
    async with transaction(pool, visitor) as db:
        row = await db.fetchrow(FIND_COMMAND, command.command_id)
    return None if row is None else _answer_in(row, visitor, command)


async def carry_out(
    pool: DatabasePool, visitor: Visitor, command: Command[Reply], act: Callable[[Database], Awaitable[Reply]]
) -> Reply:
    """
    Run `act` in one transaction in the visitor's scope, and store its answer under the command's id.

    Idempotent: the same command returns the stored answer and changes nothing. An id with other content, or from
    another user, is refused as `command_reused`.
    """
    async with transaction(pool, visitor) as db:
        if await db.fetchval(ADD_COMMAND, command.command_id, visitor.user_id, _body_hash(command)) is None:
            return _answer_in(await db.fetchrow(FIND_COMMAND, command.command_id), visitor, command)
        answer = await act(db)
        await db.execute(KEEP_ANSWER, command.command_id, answer.model_dump_json())
        return answer


def _body_hash(command: Command[Reply]) -> bytes:
    return hashlib.sha256(command.model_dump_json().encode()).digest()


def _answer_in(row: Record | None, visitor: Visitor, command: Command[Reply]) -> Reply:
    if row is None or row["actor"] != visitor.user_id or row["body_hash"] != _body_hash(command):
        raise Refused("command_reused")
    return command.reply_type().model_validate_json(row["answer"])
