"""All that may be said on the bus. NATS permissions, front doors and the generated documents follow these tables."""

from shared.contracts import health, identity, notifier, outcomes, referrals, reports
from shared.messages import Broadcast, Event, Letter, Message, Request

REQUESTS: tuple[type[Request[Message]], ...] = (
    identity.RegisterAccount,
    identity.LogIn,
    identity.VerifyPin,
    identity.ResendPin,
    identity.CancelAttempt,
    identity.FindSession,
    identity.LogOut,
    identity.ChangePassword,
    identity.RemindPassword,
    identity.ReadPasswordRule,
    identity.ListOrganisations,
    identity.CheckGrant,
    referrals.SubmitRecord,
    referrals.ListRecords,
    referrals.ReadRecord,
    referrals.ReadHistory,
    referrals.UpdateRecord,
    referrals.ReadNotes,
    referrals.AddNote,
    referrals.SaveDraft,
    referrals.ListDrafts,
    referrals.ReadDraft,
    referrals.DiscardDraft,
    referrals.ArchiveRecord,
    referrals.FinishArchive,
    referrals.RefuseArchive,
    referrals.ReadFeed,
    referrals.CheckRecord,
    outcomes.RecordOutcome,
    outcomes.ListOutcomes,
    outcomes.ReadOutcomeFeed,
    reports.ReadDashboard,
    reports.StartReport,
    reports.ReadReportJob,
    reports.StopReport,
    reports.ReadReportChunk,
    notifier.QueueMail,
    health.ReadIdentityBacklog,
    health.ReadReferralsBacklog,
    health.ReadOutcomesBacklog,
    health.ReadNotifierBacklog,
    health.ReadReportsBacklog,
)
LETTERS: dict[str, type[Letter]] = {notifier.QueueMail.subject: notifier.QueueMail}
EVENTS: tuple[type[Event], ...] = (
    referrals.RecordCreated,
    referrals.RecordUpdated,
    referrals.RecordArchived,
    referrals.RoutineNotice,
    referrals.UrgentNotice,
    outcomes.OutcomeRecorded,
)
BROADCASTS: tuple[type[Broadcast], ...] = (identity.SessionsRevoked, identity.Heartbeat)
