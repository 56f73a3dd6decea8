"""What the outcomes service writes into its audit."""

from shared.audit import AuditAction


class OutcomesAction(AuditAction):
    """Each action that the outcomes service audits."""

    OUTCOME_ARCHIVE_ASKED = "outcome.archive_asked"
    OUTCOME_ARCHIVE_GIVEN_UP = "outcome.archive_given_up"
    OUTCOME_ARCHIVE_REFUSED = "outcome.archive_refused"
    OUTCOME_LISTED = "outcome.listed"
    OUTCOME_LOOKS_READ = "outcome.looks_read"
    OUTCOME_RECORDED = "outcome.recorded"
    TASK_CLOSED = "task.closed"
    TASK_DISCUSSED = "task.discussed"
    TASK_LISTED = "task.listed"
    TASK_OPENED = "task.opened"
    TASK_PUT_BACK = "task.put_back"
    TASK_SEEN = "task.seen"
    TASK_TOLD_AGAIN = "task.told_again"
