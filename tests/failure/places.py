"""Every place that personal data could have reached, outside the tables that are made for it."""

import asyncio
from collections.abc import Iterable, Iterator

import aiohttp

from shared.messages import PROCESSES, SERVICES
from tests.failure.breaking import administrator
from tests.failure.canary import Place
from tests.failure.streams import read_streams
from tests.inside import Inside
from tests.journeys.product import Product
from tests.walking import Walker

LARGEST_FILE = 50_000_000
# Tables that hold ids, codes and names of fields, and never a value.
BARE_TABLES = ("audit", "audit_seal", "command", "inbox", "outbox", "set_aside", "migration")
MAIL = "mail file"


async def all_places(product: Product, inside: Inside, walkers: Iterable[Walker]) -> list[Place]:
    """Return logs, files, streams, metrics, addresses, arguments, and the tables that hold nothing but ids."""
    return [
        Place("the log", "\n".join(product.lines)),
        *_files(inside),
        *await _streams(inside),
        *await asyncio.gather(*(_measures(inside, process) for process in PROCESSES)),
        *_arguments(inside),
        *_addresses(walkers),
        *await _tables(inside),
    ]


def _files(inside: Inside) -> Iterator[Place]:
    """Yield every file in the state folder, except the database's own files."""
    for path in inside.state.folder.rglob("*"):
        if path.is_file() and not path.is_relative_to(inside.state.postgres) and path.stat().st_size < LARGEST_FILE:
            kind = MAIL if path.is_relative_to(inside.state.mail) else "file"
            yield Place(f"{kind} {path.name}", path.read_bytes().decode("latin-1"))


async def _streams(inside: Inside) -> list[Place]:
    return [
        Place(f"stream {stream}", f"{each.subject}\n{each.headers}\n{each.body.decode('latin-1')}")
        for stream, messages in (await read_streams(inside)).items()
        for each in messages
    ]


async def _measures(inside: Inside, process: str) -> Place:
    """Return the metrics that Prometheus reads."""
    connector = aiohttp.UnixConnector(str(inside.health_socket(process)))
    async with aiohttp.ClientSession(connector=connector) as session, session.get("http://ics/metrics") as answer:
        return Place(f"measures of {process}", await answer.text())


def _arguments(inside: Inside) -> Iterator[Place]:
    """Yield the arguments of each process, which any user of the machine may see, and its environment."""
    for each in inside.family():
        yield Place(f"arguments of {each.name()}", "\n".join((*each.cmdline(), *each.environ().values())))


def _addresses(walkers: Iterable[Walker]) -> Iterator[Place]:
    """Yield the addresses that browsers asked for and were sent to, which stay in histories and other parties' logs."""
    for walker in walkers:
        yield from (Place("address", f"{path}\n{leads_to}") for _, path, leads_to in walker.been)


async def _tables(inside: Inside) -> list[Place]:
    async with administrator(inside) as db:
        return [
            Place(f"table {service}.{table}", "\n".join(row["text"] for row in rows))
            for service in SERVICES
            for table in BARE_TABLES
            for rows in [await db.fetch(f"SELECT t::text AS text FROM {service}.{table} AS t")]
        ]
