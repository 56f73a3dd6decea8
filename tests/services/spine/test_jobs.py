"""Jobs: when they run, which faults they survive, how they are woken and how they stop."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from deploy.runner.waiting import until
from shared import jobs, service
from shared.database import DatabasePool
from shared.jobs import Job, repeat
from shared.messages import Fault, NotAnswered
from shared.tasks import end
from tests.conftest import OpenDatabase

AWAY = NotAnswered(Fault.UNAVAILABLE)


class Work:
    """Work that counts its runs. Each run raises or returns the next value of `then`, and None after the last."""

    def __init__(self, *then: object) -> None:
        self.then = list(then)
        self.runs = 0

    async def __call__(self) -> object:
        self.runs += 1
        outcome = self.then.pop(0) if self.then else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def has_run(self, times: int) -> None:
        async def enough() -> bool:
            return self.runs >= times

        assert await until(enough, seconds=5)


async def while_running(job: Job, check: Callable[[], Awaitable[None]]) -> None:
    task = asyncio.create_task(repeat(job))
    try:
        await check()
    finally:
        assert [] == await end([task])


async def test_a_job_runs_at_its_start_and_then_on_its_schedule() -> None:
    work = Work()

    await while_running(Job("counting", work, every=0.01), lambda: work.has_run(3))

    assert work.runs >= 3


async def test_a_job_that_has_more_to_do_runs_again_at_once() -> None:
    work = Work(True, True)

    await while_running(Job("counting", work), lambda: work.has_run(3))

    assert 3 == work.runs


async def test_a_number_is_no_request_to_run_again() -> None:
    work = Work(1)

    async def wait() -> None:
        await asyncio.sleep(0.05)

    await while_running(Job("counting", work), wait)

    assert 1 == work.runs


async def test_a_wake_up_runs_the_job_early() -> None:
    work, wakeup = Work(), asyncio.Event()

    async def wake() -> None:
        await work.has_run(1)
        wakeup.set()
        await work.has_run(2)

    await while_running(Job("counting", work, wakeup=wakeup), wake)

    assert 2 == work.runs


async def test_wake_ups_while_a_job_gathers_are_served_by_one_run() -> None:
    work = Work()
    job = Job("counting", work, at_start=False, gather=0.05)

    async def wake() -> None:
        for _ in range(3):
            job.wakeup.set()
            await asyncio.sleep(0.01)
        await work.has_run(1)
        await asyncio.sleep(0.1)

    await while_running(job, wake)

    assert 1 == work.runs


async def test_a_fault_is_logged_under_the_jobs_name_and_survived(capfd: pytest.CaptureFixture[str]) -> None:
    work = Work(AWAY, AWAY)

    await while_running(Job("counting", work, retry=0.001), lambda: work.has_run(3))

    assert 2 == capfd.readouterr().out.count("job=counting")


async def test_a_mistake_ends_the_job() -> None:
    with pytest.raises(ZeroDivisionError):
        await repeat(Job("counting", Work(ZeroDivisionError())))


@pytest.mark.parametrize(("every", "waits"), [(0.5, [0.5, 0.5]), (5.0, [1.0, 5.0]), (jobs.HOUR, [1.0, 60.0])])
def test_the_waits_grow_and_are_never_longer_than_the_schedule(every: float, waits: list[float]) -> None:
    job = Job("counting", Work(), every=every)

    assert waits == [job.back_off(1), job.back_off(100_000)]


def test_a_nightly_job_waits_for_the_hour_in_london() -> None:
    job = Job("counting", Work(), nightly=2)

    assert 1800 == job.wait(lambda: datetime(2026, 6, 1, 0, 30, tzinfo=UTC))


@pytest.mark.parametrize(("finish", "finished"), [(5.0, True), (0.0, False)])
async def test_running_work_may_finish_first_where_the_job_says_so(finish: float, finished: bool) -> None:
    begun, done = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.sleep(0.02)
        done.set()

    task = asyncio.create_task(repeat(Job("counting", work, finish=finish)))
    await begun.wait()
    await end([task])

    assert finished == done.is_set()


async def test_the_hourly_clean_up_forgets_what_is_old(database: OpenDatabase) -> None:
    pool: DatabasePool = await database("identity")
    for days in (20, 70):
        age = f"clock_timestamp() - interval '{days} days'"
        await pool.execute(f"INSERT INTO inbox VALUES ('test', gen_random_uuid(), {age})")
        await pool.execute(
            "INSERT INTO command (id, actor, body_hash, carried_out_at)"
            f" VALUES (gen_random_uuid(), gen_random_uuid(), '', {age})"
        )
        await pool.execute(
            "INSERT INTO outbox (event_id, subjects, event_type, sent_at)"
            f" VALUES (gen_random_uuid(), '{{event}}', 'test', {age})"
        )

    await service.clean_up(pool).work()

    tables = ("inbox", "command", "outbox")
    assert [1, 1, 1] == [await pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
