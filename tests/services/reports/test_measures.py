"""What reports measures of its jobs and of its copies, and when `/ready` complains."""

from prometheus_client import REGISTRY

from services.reports.measures import MEASURES
from shared.measures import measured
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import Rig

OLD_COPIES = "the copies for dashboards and reports are older than five minutes, or not made yet"
FRESH = "UPDATE feed SET complete_at = clock_timestamp()"
OLD_JOB = "a report has waited for more than ten minutes to be made"


async def test_a_report_that_nobody_makes_is_said(rig: Rig, owner: Owner) -> None:
    await owner.rows(FRESH)
    await rig.start(rig.somebody())
    pool = rig.background
    assert [] == await measured(pool, MEASURES)
    assert 1 == REGISTRY.get_sample_value("ics_report_jobs_waiting")
    await owner.rows("UPDATE job SET asked_at = asked_at - interval '11 minutes' WHERE state = 'queued'")

    assert [OLD_JOB] == await measured(pool, MEASURES)

    await rig.make()
    assert [] == await measured(pool, MEASURES)
    assert 0 == REGISTRY.get_sample_value("ics_report_jobs_waiting")


async def test_copies_that_are_old_or_were_never_made_are_said(rig: Rig, owner: Owner) -> None:
    pool = rig.background
    await owner.rows(FRESH)
    assert [] == await measured(pool, MEASURES)
    assert (REGISTRY.get_sample_value("ics_feed_age_seconds") or 0) < 60
    await owner.rows("UPDATE feed SET complete_at = complete_at - interval '6 minutes' WHERE source = 'outcomes'")

    assert [OLD_COPIES] == await measured(pool, MEASURES)

    await owner.rows("UPDATE feed SET complete_at = NULL WHERE source = 'outcomes'")
    assert [OLD_COPIES] == await measured(pool, MEASURES)
