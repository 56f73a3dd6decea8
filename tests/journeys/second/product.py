"""Runs the second product, which has two further registers and a mail relay that can refuse."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo.people import DEMO_PASSWORD
from deploy.runner.waiting import until
from services.identity.hashing import PasswordHashes
from services.identity.operators import Fixed, GrantWanted, NewAccount, create_account
from shared.database import open_pool, transaction
from shared.permissions import Role
from tests.failure.breaking import work_left
from tests.inside import Inside
from tests.journeys.product import Mail, Product, product
from tests.services.notifier.scripted_server import ScriptedServer

REGISTERS = Path(__file__).parent.parent / "registers"
CODE, WARDEN = "homes", "warden@barchester.gov.uk"
WATCH = "watch"  # the register of the second kind
VESTRY, HOSPITAL, CHAPTER = "vestry@plumstead.gov.uk", "nurse@hiram.nhs.uk", "verger@chapter.gov.uk"
OVERSEER = "overseer@barchester.gov.uk"
ACCOUNTS = (
    NewAccount(WARDEN, "Septimus", "Harding", (GrantWanted(CODE, Role.ADMINISTRATOR, all_organisations=True),)),
    NewAccount(OVERSEER, "Obadiah", "Slope", (GrantWanted(WATCH, Role.ADMINISTRATOR, all_organisations=True),)),
    NewAccount(VESTRY, "Mary", "Bold", (GrantWanted(WATCH, Role.STANDARD, domains=("plumstead.gov.uk",)),)),
    NewAccount(HOSPITAL, "John", "Bunce", (GrantWanted(WATCH, Role.STANDARD, domains=("hiram.nhs.uk",)),)),
    NewAccount(CHAPTER, "Nathaniel", "Quiverful", (GrantWanted(WATCH, Role.STANDARD, domains=("chapter.gov.uk",)),)),
)
SENT_SECONDS = 20
TEAM = "DynamicSupportRegister@mpft.nhs.uk"
FULL = "550 5.2.2 mailbox full"


@dataclass
class Second(Product):
    """A product that sends its mail to a relay."""

    relay: ScriptedServer = field(default_factory=ScriptedServer)

    async def _all_mail(self) -> list[Mail]:
        """Return the mails that the relay accepted, newest first."""
        return [
            Mail(", ".join(each.recipients), str(each.message["Subject"]), each.text, "")
            for each in reversed(self.relay.taken)
        ]

    async def refuses_next(self) -> None:
        """
        Make the relay refuse the next mail to the DSR's team, once all mail to it about earlier tests is sent.

        Colleagues may be mailed at any moment, for instance because a cover has ended.
        """
        assert await until(self._has_sent_all, seconds=SENT_SECONDS)
        self.relay.will_refuse(TEAM, FULL)

    async def _has_sent_all(self) -> bool:
        return not any((await work_left(Inside.of(self))).values())


@asynccontextmanager
async def second_product(folder: Path) -> AsyncIterator[Second]:
    relay = ScriptedServer()
    await relay.start()
    settings = {
        "ICS_REGISTERS": str(REGISTERS),
        "ICS_SMTP_HOST": "127.0.0.1",
        "ICS_SMTP_PORT": str(relay.port),
    }
    async with product(folder, "--demo", **settings) as running:
        await _add_accounts(Inside.of(running))
        yield Second(**vars(running), relay=relay)
    await relay.stop()


async def _add_accounts(inside: Inside) -> None:
    """Add the users of the further registers."""
    pool = await open_pool(inside.addresses.dsn("identity"), size=1)
    try:
        async with transaction(pool) as db:
            for account in ACCOUNTS:
                await create_account(db, account, Fixed(PasswordHashes(workers=1), DEMO_PASSWORD))
    finally:
        await pool.close()
