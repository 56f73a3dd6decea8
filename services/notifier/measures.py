"""What the notifier measures of its queue of mails."""

from prometheus_client import Gauge

from shared.measures import Measure

MEASURES = (
    Measure(
        Gauge("ics_mails_waiting", "Mails that are not sent yet"),
        "SELECT count(*) FROM mail WHERE state IN ('queued', 'sending')",
    ),
    Measure(
        Gauge("ics_mails_oldest_seconds", "How long the oldest mail that is not sent has waited; 0 while held"),
        """
        SELECT extract(epoch FROM clock_timestamp() - min(coalesce(m.sent_again_at, m.created_at)))
        FROM mail AS m
        WHERE m.state IN ('queued', 'sending') AND NOT EXISTS (SELECT FROM installation WHERE held_since IS NOT NULL)
        """,
        limit=1800.0,
        trouble="a mail has waited for more than 30 minutes",
    ),
    Measure(
        Gauge("ics_mails_failed", "Mails that the mail server refused for good, or that were given up, in 24 hours"),
        """
        SELECT count(*)
        FROM mail
        WHERE state IN ('failed', 'given_up') AND ended_at > clock_timestamp() - interval '24 hours'
        """,
        limit=20.0,
        trouble="more than 20 mails of the last 24 hours could not be delivered",
    ),
)
