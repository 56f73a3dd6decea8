"""The whole service: its front door, its senders, its backlog, and logs without personal data."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import structlog

from deploy.runner.environment import Addresses
from services.notifier.service import build
from services.notifier.telling import Notice
from shared import log
from shared.assertion import Signer, public_key
from shared.contracts.health import Backlog, ReadNotifierBacklog
from shared.contracts.notifier import ListMails, SendAgain, Template
from shared.fake_bus import FakeBus, FakeWire
from shared.jobs import repeat
from shared.messages import Fault, NotAnswered
from shared.permissions import Caller, Role
from shared.registers.bodies import organisation_compartment
from shared.service import context_of, start
from shared.tasks import end
from tests.services.notifier.builders import (
    RECIPIENT,
    VALUES,
    a_letter,
    a_move,
    a_routine_notice,
    an_urgent_notice,
    new_id,
    nobody_has_seen,
    settings,
)
from tests.services.notifier.rig import Rig, StandInIdentity
from tests.services.notifier.scripted_server import HANG_UP, ScriptedServer
from tests.services.referrals.builders import a_visitor
from tests.support.connections import ServicePools

SEEDS = {name: bytes([n]) * 32 for n, name in enumerate(("identity", "referrals", "notifier"), start=1)}
READ_AUDIT = "SELECT action, register, subjects, fields FROM notifier.audit ORDER BY id"
CANARY = "zq7canary"


def signed(service: str) -> str:
    return Signer(service, SEEDS[service]).sign_caller(Caller(service=service, job="outbox"), "notifier")


@asynccontextmanager
async def running(pools: ServicePools, wire: FakeWire, smtp_port: int | None) -> AsyncIterator[None]:
    """Run the notifier over a fake bus during the block."""
    told = settings(
        smtp_host="127.0.0.1" if smtp_port else "",
        smtp_port=smtp_port or 25,
        signing_seed=SEEDS["notifier"].hex(),
        signing_keys={name: public_key(seed).hex() for name, seed in SEEDS.items()},
    )
    parts = context_of("notifier", told, pools.pool, pools.background, FakeBus("notifier", wire))
    service = build(parts, told)
    await start(parts, service)
    jobs = [asyncio.ensure_future(repeat(job)) for job in service.jobs]
    with parts.closing:
        try:
            yield
        finally:
            await end(jobs)


@pytest.mark.requirement("R-DSR-038", "R-DSR-063", "R-S117-004", "R-S117-018")
@pytest.mark.parametrize("template", VALUES)
async def test_what_identity_asks_for_arrives_in_the_mailbox(
    pools: ServicePools, mail_server: ScriptedServer, template: Template
) -> None:
    wire = FakeWire()
    async with running(pools, wire, mail_server.port):
        await FakeBus("identity", wire).ask(a_letter(template), who=signed("identity"))
        (mail,) = await mail_server.has_taken(1)

    assert ((RECIPIENT,), True) == (mail.recipients, all(value in mail.text for value in _shown(template)))


def _shown(template: Template) -> list[str]:
    """Return the values that the mail shows: all but the contact, which the register's own contact replaces."""
    return [value for name, value in VALUES[template].items() if name != "contact"]


@pytest.mark.parametrize("notice", [a_routine_notice(), an_urgent_notice(), nobody_has_seen()], ids=lambda n: n.kind)
async def test_a_notice_on_the_stream_becomes_a_mail(
    pools: ServicePools, mail_server: ScriptedServer, notice: Notice
) -> None:
    wire = FakeWire()
    await StandInIdentity(wire).come()
    async with running(pools, wire, mail_server.port):
        await FakeBus("referrals", wire).publish(notice.subjects()[0], notice.model_dump_json().encode(), {})
        (mail,) = await mail_server.has_taken(1)

    assert notice.reference in mail.text


async def test_a_move_on_the_stream_moves_the_mails_of_its_record(
    pools: ServicePools, mail_server: ScriptedServer
) -> None:
    wire, notice = FakeWire(), a_routine_notice()
    here = organisation_compartment(new_id())
    visitor = a_visitor(Role.ADMINISTRATOR, here.compartment_id)
    async with running(pools, wire, mail_server.port):
        for each in (notice, a_move(notice, 1, *here.bodies)):
            await FakeBus("referrals", wire).publish(each.subjects()[0], each.model_dump_json().encode(), {})
            await mail_server.has_taken(1)
        asked = Signer("identity", SEEDS["identity"]).sign_visitor(visitor, ("notifier",))
        found = await FakeBus("gateway", wire).ask(ListMails(), who=asked)

    assert [notice.record_id] == [mail.record_id for mail in found.mails]


@pytest.mark.requirement("R-DSR-013")
@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN, None])
async def test_nobody_but_an_administrator_asks_about_mails(pools: ServicePools, role: Role | None) -> None:
    wire = FakeWire()
    asker = FakeBus("gateway", wire)
    async with running(pools, wire, None):
        found = await asker.ask(ListMails(), who=as_visitor(Role.ADMINISTRATOR))
        for asked in (ListMails(), SendAgain(command_id=new_id(), mail_id=new_id())):
            with pytest.raises(NotAnswered) as refused:
                await asker.ask(asked, who=as_visitor(role))
            assert Fault.NOT_ALLOWED == refused.value.fault

    assert () == found.mails


async def test_an_assertion_for_other_services_opens_nothing_here(pools: ServicePools) -> None:
    wire = FakeWire()
    async with running(pools, wire, None):
        with pytest.raises(NotAnswered) as refused:
            await FakeBus("gateway", wire).ask(ListMails(), who=as_visitor(Role.ADMINISTRATOR, "referrals"))

    assert Fault.NOT_SIGNED_IN == refused.value.fault


def as_visitor(role: Role | None, audience: str = "notifier") -> str:
    return Signer("identity", SEEDS["identity"]).sign_visitor(a_visitor(role), (audience,))


@pytest.mark.parametrize("who", [signed("referrals"), None], ids=["another service", "nobody"])
async def test_nobody_but_identity_may_ask_for_a_mail(pools: ServicePools, who: str | None) -> None:
    wire = FakeWire()
    async with running(pools, wire, None):
        with pytest.raises(NotAnswered) as refused:
            await FakeBus("referrals", wire).ask(a_letter(), who=who)

    assert refused.value.fault in (Fault.NOT_ALLOWED, Fault.NOT_SIGNED_IN)


async def test_the_backlog_counts_waiting_mails_and_letters_set_aside(pools: ServicePools) -> None:
    wire = FakeWire()
    asker = FakeBus("identity", wire)
    async with running(pools, wire, None):
        await asker.ask(a_letter(), who=signed("identity"))
        await asker.ask(a_letter(recipient="nobody"), who=signed("identity"))
        await asker.ask(a_letter("pin", values={}), who=signed("identity"))
        backlog = await asker.ask(ReadNotifierBacklog())

    assert Backlog(unsent=1, set_aside=2) == backlog


async def test_each_mail_leaves_audit_rows_with_its_id_and_nothing_else(rig: Rig, addresses: Addresses) -> None:
    good = await rig.queue(a_letter())
    await rig.send_due()
    rig.mail_server.will_answer("RCPT", "550 no such person")
    bad = await rig.queue(a_letter("locked"))
    await rig.send_due()
    late = await rig.queue(a_letter("pin", expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    await rig.expire()

    expected = [
        ("mail.queued", good),
        ("mail.accepted", good),
        ("mail.queued", bad),
        ("mail.failed", bad),
        ("mail.queued", late),
        ("mail.expired", late),
    ]
    assert [(action, "dsr", [mail_id], []) for action, mail_id in expected] == await _audit(addresses)


async def _audit(addresses: Addresses) -> list[tuple[object, ...]]:
    """Read the audit as the database's administrator, because the service may not."""
    administrator = await asyncpg.connect(addresses.databases["notifier"].admin_dsn)
    try:
        return [tuple(row) for row in await administrator.fetch(READ_AUDIT)]
    finally:
        await administrator.close()


@pytest.fixture
def written_log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    log.set_up("notifier", stream=stream)
    yield stream
    structlog.reset_defaults()
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)


@pytest.mark.parametrize("answer", ["250 OK", f"550 <{RECIPIENT}> is not here", f"450 <{RECIPIENT}>", HANG_UP])
async def test_the_log_holds_no_recipient_and_no_word_of_a_mail(
    rig: Rig, written_log: io.StringIO, answer: str
) -> None:
    rig.mail_server.will_answer("RCPT", answer)
    await rig.queue(a_letter("reminder"))
    await rig.sender().send_next()
    await rig.queue(a_letter("pin", values={**VALUES["pin"], "pin": CANARY + "\n"}))
    await rig.queue(a_letter(recipient=f"{CANARY}\r\n@nhs.net"))
    await rig.mail_server.stop()
    await rig.queue(a_letter("pin"))
    await rig.send_due("now")

    lines = written_log.getvalue()
    secrets = [RECIPIENT, CANARY, *VALUES["reminder"].values(), *VALUES["pin"].values()]
    assert ([], True) == ([each for each in secrets if each in _without_figures(lines)], "smtp.no_answer" in lines)


def _without_figures(lines: str) -> str:
    """Return the log without the fields that are always numbers, which may contain any PIN by chance."""
    return "\n".join(
        json.dumps(
            {name: said for name, said in json.loads(line).items() if name not in ("timestamp", "mail_id", "minutes")}
        )
        for line in lines.splitlines()
    )
