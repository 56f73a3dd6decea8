"""What the outcomes service writes into its audit."""

from shared.audit import AuditAction


class OutcomesAction(AuditAction):
    """Each action that the outcomes service audits."""

    ACTION_ADDED = "action.added"
    ACTION_CANCELLED = "action.cancelled"
    ACTION_CHANGED = "action.changed"
    ACTION_CLOSED = "action.closed"
    ACTION_FOLLOWED_UP = "action.followed_up"
    ACTION_LISTED = "action.listed"
    ACTION_READ = "action.read"
    ACTION_REMINDED = "action.reminded"
    ACTION_REPORTED = "action.reported"
    ACTION_RETURNED = "action.returned"
    OUTCOME_ARCHIVE_ASKED = "outcome.archive_asked"
    OUTCOME_ARCHIVE_GIVEN_UP = "outcome.archive_given_up"
    OUTCOME_ARCHIVE_REFUSED = "outcome.archive_refused"
    OUTCOME_LISTED = "outcome.listed"
    OUTCOME_RECORDED = "outcome.recorded"
    PLAN_TOLD = "plan.told"
    TASK_CLOSED = "task.closed"
    TASK_DISCUSSED = "task.discussed"
    TASK_LISTED = "task.listed"
    TASK_OPENED = "task.opened"
    TASK_PUT_BACK = "task.put_back"
    TASK_SEEN = "task.seen"
    TASK_TOLD_AGAIN = "task.told_again"
