"""What the reports service writes into its audit."""

from shared.audit import AuditAction


class ReportsAction(AuditAction):
    """Each action that the reports service audits."""

    REPORT_ASKED_FOR = "report.asked_for"
    REPORT_DOWNLOADED = "report.downloaded"
    REPORT_LOOKS_READ = "report.looks_read"
    REPORT_MADE = "report.made"
    REPORT_RECORDS = "report.records"
    REPORT_STOPPED = "report.stopped"
