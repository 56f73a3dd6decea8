"""What reports measures: the reports that users wait for, and the age of the copies that reports are made of."""

from prometheus_client import Gauge

from shared.measures import Measure

MEASURES = (
    Measure(
        Gauge("ics_report_jobs_waiting", "Reports that were asked for and are not being made yet"),
        "SELECT waiting FROM measure_jobs()",
    ),
    Measure(
        Gauge("ics_report_jobs_oldest_seconds", "How long the oldest of these reports has waited"),
        "SELECT oldest_seconds FROM measure_jobs()",
        limit=600.0,
        trouble="a report has waited for more than ten minutes to be made",
    ),
    Measure(
        Gauge("ics_feed_age_seconds", "How old the copies of records and outcomes are; infinite before the first ones"),
        "SELECT max(coalesce(extract(epoch FROM clock_timestamp() - complete_at)::float8, 'infinity')) FROM feed",
        limit=300.0,
        trouble="the copies for dashboards and reports are older than five minutes, or not made yet",
    ),
)
