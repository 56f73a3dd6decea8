"""Events that services have set aside after all retries, across all services of an installation, for operators."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from deploy.operate.actions import reached
from deploy.runner.refusals import CannotStart
from deploy.runner.settings import RunnerSettings
from deploy.runner.state import open_state
from shared.database import DatabasePool, open_pool
from shared.messages import SERVICES
from shared.outbox import send_all_again
from shared.set_aside import SetAsideAction, SetAsideEvent, list_set_aside, send_again, take_off

Pools = Mapping[str, DatabasePool]


@asynccontextmanager
async def _pools(settings: RunnerSettings) -> AsyncIterator[Pools]:
    """Connect to the schema of every service, under the service's own role."""
    async with reached(settings, open_state(settings.state_dir)) as addresses, AsyncExitStack() as opened:
        pools: dict[str, DatabasePool] = {}
        for service in SERVICES:
            pools[service] = await open_pool(addresses.dsn(service), size=1)
            opened.push_async_callback(pools[service].close)
        yield pools


async def list_all(settings: RunnerSettings) -> list[tuple[str, SetAsideEvent]]:
    """Return what every service has set aside, with the service."""
    async with _pools(settings) as pools:
        return await _find(pools)


async def retry(settings: RunnerSettings, event_id: str) -> list[str]:
    """
    Publish the event again from its sender's outbox, and take it off the list. Return its readers.

    The running product delivers it. If it fails again, it is set aside again. Raise `CannotStart` for an id that is not
    on the list, and for an event that is in no outbox any more.
    """
    async with _pools(settings) as pools:
        found = await _find_event(pools, event_id)
        if not any([await send_again(pool, each) for each in found[0][1].ids for pool in pools.values()]):
            raise CannotStart(
                f"The event {event_id} cannot be delivered again: no outbox has it. Events are kept for 30 days, and "
                f"letters until they are delivered. `ics set-aside drop {event_id}` takes it off the list."
            )
        return await _take_off(pools, found, SetAsideAction.SET_ASIDE_RETRIED)


async def drop(settings: RunnerSettings, event_id: str) -> list[str]:
    """Take the event off the list, so that it is never handled. Return its readers. Raise `CannotStart` as above."""
    async with _pools(settings) as pools:
        found = await _find_event(pools, event_id)
        return await _take_off(pools, found, SetAsideAction.SET_ASIDE_DROPPED)


async def publish_all_again(settings: RunnerSettings) -> int:
    """Have every event of the last 30 days published again, and return how many there are."""
    async with _pools(settings) as pools:
        return sum([await send_all_again(pool) for pool in pools.values()])


async def _find(pools: Pools) -> list[tuple[str, SetAsideEvent]]:
    return [(service, each) for service, pool in pools.items() for each in await list_set_aside(pool)]


async def _find_event(pools: Pools, event_id: str) -> list[tuple[str, SetAsideEvent]]:
    found = [(service, each) for service, each in await _find(pools) if each.event_id == event_id]
    if not found:
        raise CannotStart(f"No event with the id {event_id} is set aside. `ics set-aside list` shows those that are.")
    return found


async def _take_off(pools: Pools, found: list[tuple[str, SetAsideEvent]], action: SetAsideAction) -> list[str]:
    for service, event in found:
        await take_off(pools[service], event, action)
    return [event.consumer for _, event in found]
