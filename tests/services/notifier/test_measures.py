"""What the notifier measures of its queue of mails, and when `/ready` complains."""

import pytest
from prometheus_client import REGISTRY

from deploy.runner.environment import Addresses
from services.notifier.measures import MEASURES
from shared.measures import measured
from tests.services.notifier.builders import a_letter
from tests.services.notifier.rig import Rig
from tests.support.connections import KeptConnections

NAMES = ("ics_mails_waiting", "ics_mails_oldest_seconds", "ics_mails_failed")
ADD_FAILED = """
    INSERT INTO mail (id, register_code, template, lane, recipient, state, ended_at)
    SELECT gen_random_uuid(), 'dsr', 'welcome', 'bulk', 'someone@mpft.nhs.uk', $1, clock_timestamp() - $2::interval
    FROM generate_series(1, $3)
"""


def told() -> list[float]:
    return [round(REGISTRY.get_sample_value(name) or 0) for name in NAMES]


async def test_a_mail_that_waits_for_half_an_hour_is_said(rig: Rig) -> None:
    assert ([], [0, 0, 0]) == (await measured(rig.context.pool, MEASURES), told())
    await rig.queue(a_letter())
    await rig.time_passes(minutes=29)
    assert ([], [1, 29 * 60, 0]) == (await measured(rig.context.pool, MEASURES), told())
    await rig.time_passes(minutes=2)

    assert ["a mail has waited for more than 30 minutes"] == await measured(rig.context.pool, MEASURES)


async def test_a_mail_that_a_held_installation_may_not_send_is_not_late(
    rig: Rig, kept: KeptConnections, addresses: Addresses
) -> None:
    await rig.queue(a_letter())
    await rig.time_passes(minutes=31)
    await (await kept.owner(addresses, "notifier")).execute("SELECT hold_installation()")

    assert ([], [1, 0, 0]) == (await measured(rig.context.pool, MEASURES), told())


async def test_a_mail_that_was_sent_counts_no_more(rig: Rig) -> None:
    await rig.queue(a_letter())
    await rig.send_due()

    assert ([], [0, 0, 0]) == (await measured(rig.context.pool, MEASURES), told())


@pytest.mark.parametrize("state", ["failed", "given_up"])
async def test_many_mails_that_failed_on_one_day_are_said(rig: Rig, state: str) -> None:
    pool = rig.context.pool
    await pool.execute(ADD_FAILED.replace("$2", "'1 hour'").replace("$3", "20").replace("$1", f"'{state}'"))
    await pool.execute(ADD_FAILED.replace("$2", "'25 hours'").replace("$3", "20").replace("$1", f"'{state}'"))
    assert ([], [0, 0, 20]) == (await measured(pool, MEASURES), told())
    await pool.execute(ADD_FAILED.replace("$2", "'1 hour'").replace("$3", "1").replace("$1", f"'{state}'"))

    assert ["more than 20 mails of the last 24 hours could not be delivered"] == await measured(pool, MEASURES)
