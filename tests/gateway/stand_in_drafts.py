"""Stands in for the drafts of referrals on a fake bus: keeps what is saved, and refuses what it is told to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from shared.bus import Context
from shared.contracts.referrals import (
    DiscardDraft,
    DraftNamed,
    Drafts,
    DraftSaved,
    DraftShown,
    ListDrafts,
    ReadDraft,
    SaveDraft,
    Typed,
)
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Message, NotAnswered, Nothing, Refused, Request

STARTED = datetime(2022, 11, 22, 14, 5, tzinfo=UTC)
Asked = TypeVar("Asked", bound=Request[Message])


@dataclass
class StandInDrafts:
    """`kept` is what there is, by id; `failing` says which requests are refused or not answered, and how."""

    kept: dict[UUID, Typed] = field(default_factory=dict)
    edition: str = "2022"
    failing: dict[type[Request[Message]], Refused | NotAnswered] = field(default_factory=dict)

    async def answer_on(self, wire: FakeWire) -> None:
        bus = FakeBus("referrals", wire)
        await bus.answer(SaveDraft, self._unless_failing(self._save))
        await bus.answer(ListDrafts, self._unless_failing(self._list))
        await bus.answer(ReadDraft, self._unless_failing(self._read))
        await bus.answer(DiscardDraft, self._unless_failing(self._discard))

    def _unless_failing(
        self, reply: Callable[[Asked], Awaitable[Message]]
    ) -> Callable[[Asked, Context], Awaitable[Message]]:
        async def handler(asked: Asked, _context: Context) -> Message:
            if failure := self.failing.get(type(asked)):
                raise failure
            return await reply(asked)

        return handler

    async def _save(self, asked: SaveDraft) -> DraftSaved:
        self.kept[asked.draft_id] = asked.typed
        return DraftSaved(saved_at=STARTED)

    async def _list(self, _asked: ListDrafts) -> Drafts:
        return Drafts(drafts=tuple(self._named(each) for each in self.kept))

    async def _read(self, asked: ReadDraft) -> DraftShown:
        if asked.draft_id not in self.kept:
            raise Refused("not_found")
        return DraftShown(draft=self._named(asked.draft_id), edition=self.edition, typed=self.kept[asked.draft_id])

    async def _discard(self, asked: DiscardDraft) -> Nothing:
        self.kept.pop(asked.draft_id, None)
        return Nothing()

    def _named(self, draft_id: UUID) -> DraftNamed:
        name = " ".join(self.kept[draft_id].get("first_name", ()))
        return DraftNamed(draft_id=draft_id, name=name, started_at=STARTED, saved_at=STARTED)
