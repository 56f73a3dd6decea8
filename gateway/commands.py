"""The id of what a form is about to do, and what to say when nobody answered it."""

import secrets
from uuid import UUID

from aiohttp import web

from shared.messages import Fault, NotAnswered
from shared.registers.definition import Words

NOT_BEGUN = frozenset({Fault.UNAVAILABLE, Fault.BUSY})
UNCERTAIN = frozenset({Fault.TOO_LATE, Fault.BROKEN})


def new_command() -> UUID:
    """The id of what somebody is about to do; it rides in the form, so that a second click is the same thing."""
    return UUID(bytes=secrets.token_bytes(16))


def command_in(posted: object) -> UUID:
    """The command id that the form carried. Raises 400 for a form that is not ours."""
    try:
        return UUID(str(posted))
    except ValueError:
        raise web.HTTPBadRequest from None


def without_answer(words: Words, unanswered: NotAnswered) -> str:
    """
    What to say above a form that was sent and not answered: it stays, and goes out again under the same command id.

    Raises what is no matter of trying again: a session that has ended, a permission that is not held.
    """
    if unanswered.fault in NOT_BEGUN:
        return " ".join((f"{words.problem.unavailable_heading}.", *words.problem.unavailable))
    if unanswered.fault in UNCERTAIN:
        return " ".join((f"{words.problem.uncertain_heading}.", *words.problem.uncertain))
    raise unanswered
