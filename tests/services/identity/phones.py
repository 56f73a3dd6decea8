"""Phones with an authenticator app, as tests use them: added to an account, and read like a person reads them."""

import time
from dataclasses import dataclass, field
from datetime import timedelta

from pyotp import TOTP

from shared.contracts.authenticator import BeginApp, ConfirmApp
from shared.contracts.identity import SessionOpened
from tests.services.identity.rig import ADA, PASSWORD, Rig

STEP = 30


@dataclass(frozen=True)
class Phone:
    """An app with its secret, and the recovery codes that came with it."""

    secret: str = field(repr=False)
    recovery_codes: tuple[str, ...] = field(default=(), repr=False)

    def code(self, steps: int = 0) -> str:
        """Return the code of now, or of so many steps later."""
        return TOTP(self.secret).at(time.time() + steps * STEP)

    def wrong(self) -> str:
        """Return six digits that are no code of these minutes."""
        near = {self.code(steps) for steps in range(-4, 5)}
        return next(code for code in ("000000", "111111", "222222", "333333", "444444") if code not in near)


async def add_app(rig: Rig, opened: SessionOpened, password: str = PASSWORD) -> Phone:
    """Add an app in this session, and let a minute pass, so that the next code is a new one."""
    who = (await rig.find(opened.session_token)).assertion
    begun = await rig.ask(BeginApp(current_password=password), who)
    codes = await rig.ask(ConfirmApp(code=Phone(begun.secret).code()), who)
    await rig.let_pass(timedelta(minutes=1))
    return Phone(begun.secret, codes.codes)


async def with_app(rig: Rig, email: str = ADA) -> Phone:
    """Log in with a PIN, and add an app."""
    return await add_app(rig, await rig.come_in(email))


async def come_in_by_app(rig: Rig, phone: Phone, email: str = ADA, password: str = PASSWORD) -> SessionOpened:
    """Log in with password and app, and let a minute pass, so that the next code is a new one."""
    opened = await rig.verify(await rig.log_in(email, password), phone.code())
    await rig.let_pass(timedelta(minutes=1))
    return opened
