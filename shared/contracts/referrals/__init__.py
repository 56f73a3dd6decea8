"""What may be asked of referrals, and what it tells: the records of every register."""

from shared.contracts.referrals.answers import Answer, Answers
from shared.contracts.referrals.archiving import (
    ArchiveFate,
    ArchiveRecord,
    CheckRecord,
    FinishArchive,
    RecordChecked,
    RefuseArchive,
)
from shared.contracts.referrals.events import (
    RecordArchived,
    RecordCreated,
    RecordEvent,
    RecordNotice,
    RecordUpdated,
    RoutineNotice,
    Urgency,
    UrgentNotice,
)
from shared.contracts.referrals.feed import FedRecord, FeedPage, ReadFeed
from shared.contracts.referrals.listing import (
    LAST_NUMBERED_PAGE,
    MOST_MATCHES,
    ListRecords,
    RecordPage,
    RecordRow,
    RowPlace,
)
from shared.contracts.referrals.naming import MOST_NAMED, NamedRecord, NamedRecords, NameRecords
from shared.contracts.referrals.reading import (
    AddNote,
    Change,
    FieldChange,
    History,
    Notes,
    NoteShown,
    ReadHistory,
    ReadNotes,
    ReadRecord,
    RecordShown,
)
from shared.contracts.referrals.saving import RecordReceipt, SubmitRecord, UpdateRecord
from shared.contracts.referrals.standing import ListStandings, ReadStanding, RecordStanding, Standings

__all__ = [
    "LAST_NUMBERED_PAGE",
    "MOST_MATCHES",
    "MOST_NAMED",
    "AddNote",
    "Answer",
    "Answers",
    "ArchiveFate",
    "ArchiveRecord",
    "Change",
    "CheckRecord",
    "FedRecord",
    "FeedPage",
    "FieldChange",
    "FinishArchive",
    "History",
    "ListRecords",
    "ListStandings",
    "NameRecords",
    "NamedRecord",
    "NamedRecords",
    "NoteShown",
    "Notes",
    "ReadFeed",
    "ReadHistory",
    "ReadNotes",
    "ReadRecord",
    "ReadStanding",
    "RecordArchived",
    "RecordChecked",
    "RecordCreated",
    "RecordEvent",
    "RecordNotice",
    "RecordPage",
    "RecordReceipt",
    "RecordRow",
    "RecordShown",
    "RecordStanding",
    "RecordUpdated",
    "RefuseArchive",
    "RoutineNotice",
    "RowPlace",
    "Standings",
    "SubmitRecord",
    "UpdateRecord",
    "Urgency",
    "UrgentNotice",
]
