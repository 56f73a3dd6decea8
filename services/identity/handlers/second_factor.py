"""Codes of the second factor: how they count, and what a code of an authenticator app or a recovery code uses up."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext, recipient_of
from services.identity.rules import authenticator as rules
from services.identity.rules.log_in import PINS_IN_DAY, PINS_IN_HOUR, lock_after_wrong_pin
from services.identity.store import apps, limits
from services.identity.store.accounts import Account
from shared import audit, outbox
from shared.database import Database


class UsedCode(Enum):
    """What was right: a code that is used up now, or a remembered browser that needs none."""

    PIN = "pin"
    NONE_NEEDED = "none_needed"

    OF_APP = "of_app"
    RECOVERY = "recovery"


@dataclass(frozen=True)
class CodeCount:
    """One code that is counted before it is checked. `locks`: a wrong one locks the account."""

    may_look: bool
    locks: bool


async def count_code(context: IdentityContext, db: Database, account_id: UUID) -> CodeCount:
    """Count one code of the account, whatever its kind: a PIN, a code of an app, or a recovery code."""
    key = context.keys.window(str(account_id))
    in_hour, in_day = [await limits.count(db, limit, key) for limit in (PINS_IN_HOUR, PINS_IN_DAY)]
    may_look = not (in_hour.is_over or in_day.is_over)
    return CodeCount(may_look, locks=lock_after_wrong_pin(in_hour.number, in_day.number))


async def give_back_code(context: IdentityContext, db: Database, account_id: UUID) -> None:
    """Undo the count of a code that was right."""
    for limit in (PINS_IN_HOUR, PINS_IN_DAY):
        await limits.give_back(db, limit, context.keys.window(str(account_id)))


async def use_code(
    context: IdentityContext, db: Database, account: Account, code: str, register_code: str
) -> UsedCode | None:
    """
    Use up a code of the account's app, or a recovery code. Return None for a wrong or a used one.

    The use of a recovery code is audited, and the user gets a mail.
    """
    account_id, wanted = account.account_id, rules.plain(code)
    if rules.is_of_app(wanted):
        return UsedCode.OF_APP if await _use_step(context, db, account_id, wanted) else None
    if not await apps.use_recovery_code(db, account_id, context.keys.recovery_code(account_id, wanted)):
        return None
    left, to = await apps.count_recovery_codes(db, account_id), recipient_of(account, register_code)
    used, who = IdentityAction.RECOVERY_CODE_USED, [account_id]
    await audit.note(db, None, used, who, register=register_code, actor=account_id)
    await outbox.put_letter(db, context.mails.recovery_code_used(to, left))
    return UsedCode.RECOVERY


async def _use_step(context: IdentityContext, db: Database, account_id: UUID, code: str) -> bool:
    app = await apps.find(db, account_id)
    if app is None:
        return False
    step = rules.step_of(context.keys.unseal(account_id, app.sealed_secret), code, app.now)
    return step is not None and await apps.use_step(db, account_id, step)
