"""What the notifier service writes into its audit."""

from shared.audit import AuditAction


class NotifierAction(AuditAction):
    """Each action that the notifier service audits."""

    MAIL_ACCEPTED = "mail.accepted"
    MAIL_EXPIRED = "mail.expired"
    MAIL_FAILED = "mail.failed"
    MAIL_GIVEN_UP = "mail.given_up"
    MAIL_LISTED = "mail.listed"
    MAIL_OTHERS_TOLD = "mail.others_told"
    MAIL_QUEUED = "mail.queued"
    MAIL_SENT_AGAIN = "mail.sent_again"
