"""Requests by which people register an account, or join a further register with the account that they have."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.contracts.identity import TooManyTries, Typed
from shared.messages import Command, Message, Nothing, Refusal, Refusals, Request
from shared.typed import TypedLine
from shared.values import ValueFault

RegistrantField = Literal["first_name", "last_name", "email"]


class InvalidRegistrant(Refusal):
    """What is wrong with each invalid field of the person for whom an account is to be made."""

    code: ClassVar[str] = "invalid_answers"

    wrong: dict[RegistrantField, ValueFault]


class RegisterAccount(Request[Nothing]):
    """
    Register an account. The reply is the same if the address is in use; a mail to that address says so.

    Refused as `domain_not_accepted`, `not_open`, `too_many`, or `invalid_answers` with what is `wrong` with each
    invalid field.
    """

    subject: ClassVar[str] = "ask.identity.register_account"
    refusals: ClassVar[Refusals] = ("domain_not_accepted", "not_open", TooManyTries, InvalidRegistrant)

    register_code: str
    first_name: TypedLine = Typed
    last_name: TypedLine = Typed
    email: TypedLine = Typed
    address: str = Field(description="Network address of the browser, for limits.", repr=False)


class JoinOffer(Message):
    """Whether the asker, who is logged in and has no role in the register, may join it without an administrator."""

    is_open: bool


class ReadJoinOffer(Request[JoinOffer]):
    """Read whether the asker may join the register of their assertion. Not audited: it shows no person."""

    subject: ClassVar[str] = "ask.identity.read_join_offer"


class JoinRegister(Command[Nothing]):
    """
    Join a register with an account that exists already. The asker becomes a standard user, as by registering.

    Refused as `not_open` or `domain_not_accepted` where they could not register, `joined_before`, `removed` if an
    administrator took their role away, or `too_many`.
    """

    subject: ClassVar[str] = "ask.identity.join_register"
    refusals: ClassVar[Refusals] = ("not_open", "domain_not_accepted", "joined_before", "removed", TooManyTries)
