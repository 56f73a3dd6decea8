"""A stand-in for the drafts of referrals on a fake bus."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from shared.contracts.referrals.drafts import (
    DiscardDraft,
    DraftChanged,
    DraftNamed,
    Drafts,
    DraftSaved,
    DraftShown,
    ListDrafts,
    ReadDraft,
    SaveDraft,
    Typed,
)
from shared.messages import Nothing, Refused
from tests.gateway.stand_in import Row, StandIn, row

STARTED = datetime(2022, 11, 22, 14, 5, tzinfo=UTC)


@dataclass
class StandInDrafts(StandIn):
    """Saves, lists, reads and discards drafts. `kept` holds the saved drafts by id."""

    kept: dict[UUID, Typed] = field(default_factory=dict)
    versions: dict[UUID, int] = field(default_factory=dict)
    edition: str = "2022"

    def table(self) -> tuple[Row, ...]:
        return (
            row(SaveDraft, self._save),
            row(ListDrafts, lambda _: Drafts(drafts=tuple(self._named(each) for each in self.kept))),
            row(ReadDraft, self._read),
            row(DiscardDraft, self._discard),
        )

    def _save(self, asked: SaveDraft) -> DraftSaved:
        version = self.versions.get(asked.draft_id, 0)
        if asked.seen.version != version:
            raise Refused(DraftChanged(version=version, saved_at=STARTED))
        self.kept[asked.draft_id], self.versions[asked.draft_id] = asked.typed, version + 1
        return DraftSaved(saved_at=STARTED, version=version + 1)

    def _read(self, asked: ReadDraft) -> DraftShown:
        if asked.draft_id not in self.kept:
            raise Refused("not_found")
        draft, version = self._named(asked.draft_id), self.versions.get(asked.draft_id, 1)
        return DraftShown(draft=draft, version=version, edition=self.edition, typed=self.kept[asked.draft_id])

    def _discard(self, asked: DiscardDraft) -> Nothing:
        self.kept.pop(asked.draft_id, None)
        return Nothing()

    def _named(self, draft_id: UUID) -> DraftNamed:
        name = " ".join(self.kept[draft_id].get("first_name", ()))
        return DraftNamed(draft_id=draft_id, name=name, started_at=STARTED, saved_at=STARTED)
