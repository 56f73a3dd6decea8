"""When a session ends without use, as the page's warning dialog needs it."""

from datetime import datetime

from gateway.security import csrf
from gateway.ui.navigation import PATHS
from gateway.ui.time_out import TimeOut, TimeOutDialog
from shared.contracts.identity import SessionFound
from shared.registers.definition.register import Definition

SESSION = "account/session"


def time_out_of(register: Definition, found: SessionFound, now: datetime) -> TimeOut:
    return TimeOut(
        seconds=max(0, int((found.idle_ends_at - now).total_seconds())),
        holder=csrf.mark_of(found.visitor.user_id),
        dialog=_dialog(register),
    )


def _dialog(register: Definition) -> TimeOutDialog:
    return TimeOutDialog(
        session=register.address(SESSION),
        login=register.address("login/"),
        log_out=register.address(PATHS["logout"]),
        log_out_label=register.navigation_label("logout") or register.words("account.end_session"),
        words=register.words,
    )
