"""Tests that nats-server lets each credential publish and hear what its contracts name, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from nats.aio.client import Client

from deploy.build.nats_permissions import DEPLOYER, permissions
from deploy.runner.stack import EmbeddedParts
from shared.contracts import BROADCASTS, EVENTS, REQUESTS
from shared.messages import PROCESSES
from shared.streams import STREAMS, readers

ORGANISATION = "0" * 32

# Kept by hand to catch a wrong generator. Each entry must be refused: process, attempted action, subject.
MUST_BE_DENIED = [
    ("gateway", "publish", f"event.dsr.{ORGANISATION}.created"),
    ("gateway", "publish", "ask.notifier.queue_mail"),
    ("gateway", "publish", "ask.referrals.archive_record"),
    ("gateway", "publish", "tell.identity.sessions_revoked"),
    ("gateway", "subscribe", ">"),
    ("gateway", "subscribe", "ask.identity.log_in"),
    ("gateway", "subscribe", "_INBOX.identity.>"),
    ("gateway", "subscribe", "event.>"),
    ("gateway", "subscribe", "copy.>"),
    ("outcomes", "publish", f"copy.dsr.{ORGANISATION}.created"),
    ("identity", "publish", "ask.referrals.read_record"),
    ("identity", "publish", "$JS.API.STREAM.DELETE.EVENTS"),
    ("identity", "subscribe", "event.>"),
    ("referrals", "publish", "tell.identity.sessions_revoked"),
    ("referrals", "publish", "ask.notifier.queue_mail"),
    ("referrals", "subscribe", "ask.identity.>"),
    ("outcomes", "publish", "tell.referrals.overlay_published"),
    ("outcomes", "publish", "ask.referrals.publish_overlay"),
    ("notifier", "publish", "ask.referrals.list_records"),
    ("notifier", "publish", "$JS.API.CONSUMER.MSG.NEXT.EVENTS.reports--event"),
    ("notifier", "publish", "$JS.API.CONSUMER.CREATE.EVENTS.spy"),
    ("reports", "publish", "$JS.API.CONSUMER.MSG.NEXT.NOTICES.notifier--notice"),
    ("reports", "subscribe", "notice.>"),
    ("outcomes", "publish", "ask.identity.log_in"),
    ("outcomes", "publish", "$JS.API.STREAM.MSG.GET.EVENTS"),
    ("gateway", "publish", "$JS.API.STREAM.INFO.EVENTS"),
    ("identity", "publish", "$JS.API.STREAM.INFO.EVENTS"),
    ("notifier", "publish", "$JS.API.STREAM.INFO.NOTICES"),
    ("reports", "publish", "$JS.API.STREAM.INFO.EVENTS"),
    ("referrals", "publish", "$JS.API.CONSUMER.INFO.NOTICES.notifier--notice"),
    ("referrals", "publish", "$JS.API.STREAM.PURGE.EVENTS"),
    ("deployer", "subscribe", "event.>"),
    ("deployer", "publish", "$JS.API.STREAM.DELETE.EVENTS"),
]


@pytest_asyncio.fixture(scope="module")
async def stack(quick_folder: Path) -> AsyncIterator[EmbeddedParts]:
    parts = EmbeddedParts(quick_folder / "permissions", durable=False)
    await parts.start_nats()
    yield parts
    await parts.nats.stop(asyncio.Event())


def every_subject() -> list[str]:
    """Return a subject of every kind in use: each contract's, each inbox, and JetStream's own."""
    contracts = [*(each.subject for each in REQUESTS), *(each.subject for each in BROADCASTS)]
    events = [f"{first}.dsr.{ORGANISATION}.{event.kind}" for event in EVENTS for first in event.first_words()]
    inboxes = [f"_INBOX.{process}.x" for process in PROCESSES]
    pulls = [f"$JS.API.CONSUMER.MSG.NEXT.{reader.stream}.{reader.durable}" for reader in readers()]
    forbidden = ["$JS.API.STREAM.DELETE.EVENTS", "$JS.API.STREAM.PURGE.EVENTS", "$JS.API.STREAM.MSG.GET.EVENTS"]
    looks = [f"$JS.API.STREAM.INFO.{stream.name}" for stream in STREAMS]
    return [*contracts, *events, *inboxes, *pulls, *looks, *forbidden, "$SYS.REQ.SERVER.PING"]


@pytest.mark.parametrize("process", [*PROCESSES, DEPLOYER])
async def test_a_credential_is_held_to_its_own_subjects(stack: EmbeddedParts, process: str) -> None:
    allowed = permissions()[process]
    subjects = every_subject()

    published = {subject for subject in subjects if matches(subject, allowed.publish)}
    heard = {subject for subject in subjects if matches(subject, allowed.subscribe)}

    assert (published, heard) == await tried(stack, process, subjects)


@pytest.mark.parametrize(("process", "act", "subject"), MUST_BE_DENIED)
async def test_what_must_be_denied_is_denied(stack: EmbeddedParts, process: str, act: str, subject: str) -> None:
    published, heard = await tried(stack, process, [subject])

    assert subject not in (published if act == "publish" else heard)


async def test_a_stranger_is_not_let_in(stack: EmbeddedParts) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(stack.nats.url.rpartition(":")[2]))
    await reader.readline()  # the server's INFO

    writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')

    assert b"-ERR 'Authorization Violation'\r\n" == await reader.readline()
    writer.close()
    await writer.wait_closed()


async def tried(stack: EmbeddedParts, process: str, subjects: list[str]) -> tuple[set[str], set[str]]:
    """Return the subjects that a process's credential may publish to, and those that it may subscribe to."""
    denied: list[str] = []

    async def note(error: Exception) -> None:
        denied.append(str(error).lower())

    client = Client()
    await client.connect(stack.nats.url, nkeys_seed_str=stack.keyring.nats_seeds[process], error_cb=note)
    for subject in subjects:
        await client.publish(subject, b"{}")
        subscription = await client.subscribe(subject)
        await client.flush()
        await subscription.unsubscribe()
    await client.flush()
    await client.close()
    published = {s for s in subjects if not any(f'publish to "{s.lower()}"' in each for each in denied)}
    heard = {s for s in subjects if not any(f'subscription to "{s.lower()}"' in each for each in denied)}
    return published, heard


def matches(subject: str, patterns: tuple[str, ...]) -> bool:
    return any(_matches(subject.split("."), pattern.split(".")) for pattern in patterns)


def _matches(words: list[str], pattern: list[str]) -> bool:
    for place, wanted in enumerate(pattern):
        if wanted == ">":
            return len(words) > place
        if place >= len(words) or wanted not in ("*", words[place]):
            return False
    return len(words) == len(pattern)
