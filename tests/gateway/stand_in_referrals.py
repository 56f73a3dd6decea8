"""A stand-in for referrals on a fake bus that saves one record and reads its history and notes."""

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.referrals.ending import DecideEnding
from shared.contracts.referrals.reading import (
    AddNote,
    History,
    Notes,
    NoteShown,
    Past,
    ReadHistory,
    ReadPast,
    RecordChange,
)
from shared.contracts.referrals.saving import RecordReceipt, ReviewRecord, SubmitRecord, UpdateRecord
from shared.messages import Message, Request
from tests.gateway.stand_in import Row, StandIn, nothing, row
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN


@dataclass
class StandInReferrals(StandIn):
    """
    One record. `updates` is its history, newest first, and `older` counts the changes before those, of which
    `older_ratings` changed the rating.

    `loaded`: when it was added, rated and loaded, if a spreadsheet brought it.

    Without `is_open`, what is saved ends the record. With `rerated`, an update changes its rating.
    """

    updates: tuple[RecordChange, ...] = ()
    older: int = 0
    loaded: tuple[datetime, datetime, datetime] | None = None
    older_ratings: tuple[RecordChange, ...] | None = None
    notes: tuple[NoteShown, ...] = ()
    is_open: bool = True
    rerated: bool = False

    def table(self) -> tuple[Row, ...]:
        return (
            row(SubmitRecord, self._receipt),
            row(UpdateRecord, self._receipt),
            row(ReviewRecord, self._receipt),
            row(DecideEnding, self._decided),
            row(AddNote, nothing),
            row(ReadPast, self._past),
            row(ReadHistory, lambda _: self._history()),
        )

    def _receipt(self, _asked: Request[Message]) -> RecordReceipt:
        return RecordReceipt(
            record_id=RECORD_ID,
            reference="DSR-7KQ2-M9XP",
            version=5,
            rating="red",
            is_open=self.is_open,
            rerated=self.rerated,
        )

    def _decided(self, asked: DecideEnding) -> RecordReceipt:
        return self._receipt(asked).model_copy(update={"rating": None})

    def _past(self, _asked: ReadPast) -> Past:
        notes = Notes(record_id=RECORD_ID, notes=self.notes)
        return Past(history=self._history(), notes=notes, older_ratings=self.older_ratings)

    def _history(self) -> History:
        added, rated, loaded = self.loaded or (WHEN, None, None)
        return History(
            record_id=RECORD_ID,
            created_at=added,
            created_by="Jayne Billings",
            loaded_at=loaded,
            rated_at=rated,
            updates=self.updates,
            older=self.older,
        )
