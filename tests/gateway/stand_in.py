"""The base of every stand-in: a table of replies on a fake bus, the requests received, and failures to order."""

from abc import ABC, abstractmethod
from collections import UserDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from shared.bus.protocol import Context, Handler
from shared.fake_bus import FakeBus, FakeWire, check_named
from shared.messages import Command, Message, NotAnswered, Nothing, Refused, Request

Kind = type[Request[Message]]
Reply = Callable[[Request[Message]], Message]
Row = tuple[Kind, Reply]

Asked = TypeVar("Asked", bound=Request[Message])


class Failing(UserDict[Kind, Refused | NotAnswered]):
    """How each kind of request fails. Raises `UnnamedRefusal` for a code that the contract does not name."""

    def __setitem__(self, kind: Kind, failure: Refused | NotAnswered) -> None:
        if isinstance(failure, Refused):
            check_named(kind, failure)
        super().__setitem__(kind, failure)


@dataclass
class StandIn(ABC):
    """
    A stand-in for a service. `asked` holds every request in order.

    `failing` says which kinds are refused or not answered, and how.
    """

    asked: list[Request[Message]] = field(default_factory=list, kw_only=True)
    failing: Failing = field(default_factory=Failing, kw_only=True)

    @abstractmethod
    def table(self) -> tuple[Row, ...]:
        """Return each kind of request that it answers, with the function that makes the reply."""

    async def answer_on(self, wire: FakeWire) -> None:
        for kind, reply in self.table():
            await FakeBus(kind.service(), wire).answer(kind, self._handler(reply))

    def heard(self, kind: type[Asked]) -> list[Asked]:
        """Return the requests of this kind."""
        return [each for each in self.asked if isinstance(each, kind)]

    @property
    def commands(self) -> list[Request[Message]]:
        """The requests that would change something."""
        return [each for each in self.asked if isinstance(each, Command)]

    def _handler(self, reply: Reply) -> Handler:
        async def handle(asked: Request[Message], _context: Context) -> Message:
            self.asked.append(asked)
            if failure := self.failing.get(type(asked)):
                raise failure
            return reply(asked)

        return handle


def row(kind: type[Asked], reply: Callable[[Asked], Message]) -> Row:
    """Return one row of a table, whose reply accepts requests of this kind."""

    def given(asked: Request[Message]) -> Message:
        assert isinstance(asked, kind)
        return reply(asked)

    return kind, given


def nothing(_asked: Request[Nothing]) -> Nothing:
    return Nothing()
