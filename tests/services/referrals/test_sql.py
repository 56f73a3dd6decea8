"""Every statement of the store fits the schema: Postgres prepares each one under the service's role."""

import pkgutil
from importlib import import_module

import pytest

from services.referrals import store
from shared.database import DatabasePool

STATEMENTS = {
    f"{module.name}.{name}": value
    for module in pkgutil.iter_modules(store.__path__)
    for name, value in vars(import_module(f"{store.__name__}.{module.name}")).items()
    if name.isupper() and isinstance(value, str)
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_postgres_prepares_it(pool: DatabasePool, name: str) -> None:
    async with pool.acquire() as db:
        assert STATEMENTS[name] == (await db.prepare(STATEMENTS[name])).get_query()
