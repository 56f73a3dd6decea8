"""Sessions, exchanged for assertions and ended; and the current permissions of users who are not signed in."""

from dataclasses import dataclass
from uuid import UUID

from services.identity.context import IdentityContext, RegisterAccess
from services.identity.handlers.ending import end_session
from services.identity.keys import hash_of
from services.identity.rules.log_in import IDLE_WRITTEN_EVERY
from services.identity.store import sessions
from services.identity.store.sessions import FoundSession, Method, SessionTimes, SessionUser
from shared.contracts.identity import CheckGrant, FindSession, Grant, LogOut, SessionFound
from shared.database import transaction
from shared.messages import Nothing, Refused
from shared.permissions import Caller, Role, Visitor

NO_SESSION = UUID(int=0)
AUDIENCES = ("identity", "referrals", "outcomes", "notifier", "reports")
OWN_AUDIENCE = ("identity",)


@dataclass(frozen=True)
class SessionHandlers:
    """
    Finds and ends sessions. A session token proves the user; their permissions are read from the database each time.
    """

    context: IdentityContext

    async def find(self, asked: FindSession) -> SessionFound:
        idle, token_hash = self.context.lifetimes.idle, hash_of(asked.session_token)
        times, needing_app = SessionTimes(idle, IDLE_WRITTEN_EVERY), self.context.needing_app
        found = await sessions.find(self.context.pool, token_hash, asked.register_code, times, needing_app)
        if found is None:
            raise Refused("no_session")
        idle_ends_at = found.idle_ends_at
        if asked.active and found.is_stale:
            touched = await sessions.touch(self.context.pool, found.session_id, idle)
            if touched is None:
                raise Refused("no_session")
            idle_ends_at = touched
        access = self.context.access_of(asked.register_code)
        visitor = visitor_of(found.holder, access, found.session_id, found.method, Owed.of(found))
        return SessionFound(
            assertion=self.context.signer.sign_visitor(visitor, audiences_of(visitor)),
            visitor=visitor,
            idle_ends_at=min(idle_ends_at, found.ends_at),
            ends_at=found.ends_at,
            other_sessions=found.other_sessions,
        )

    async def log_out(self, asked: LogOut) -> Nothing:
        """End the session. Succeed also if there is none."""
        async with transaction(self.context.pool) as db:
            ended = await end_session(self.context, db, asked.session_token)
        await self.context.tell_revoked(ended)
        return Nothing()

    async def check_grant(self, _caller: Caller, asked: CheckGrant) -> Grant:
        async with transaction(self.context.pool) as db:
            holder = await sessions.find_holder(db, asked.user_id, asked.register_code)
        if holder is None or holder.role is None:
            raise Refused("no_grant")
        return Grant(
            visitor=visitor_of(holder, self.context.access_of(asked.register_code), NO_SESSION, "password_pin")
        )


@dataclass(frozen=True)
class Owed:
    """What a user must do before anything else."""

    must_change: bool = False
    must_add_app: bool = False

    @classmethod
    def of(cls, found: FoundSession) -> "Owed":
        return cls(found.must_change, found.must_add_app)


NOTHING_OWED = Owed()


def visitor_of(
    holder: SessionUser, access: RegisterAccess, session_id: UUID, method: Method, owed: Owed = NOTHING_OWED
) -> Visitor:
    """
    Return the visitor for one register. Of the user's grants they have those that the register offers.

    A master admin has no organisations. A user who must first change a password or add an app has no role yet.
    """
    role = Role.MASTER_ADMIN if holder.master_admin else holder.role
    has_role = not (owed.must_change or owed.must_add_app)
    has_scope = has_role and not holder.master_admin
    return Visitor(
        user_id=holder.account_id,
        full_name=f"{holder.first_name} {holder.last_name}",
        register_code=access.register_code,
        role=role if has_role else None,
        organisation_ids=tuple(holder.organisation_ids) if has_scope else (),
        all_organisations=has_scope and holder.all_organisations,
        home_organisation_id=holder.home_organisation_id if has_scope else None,
        session_id=session_id,
        method=method,
        must_change=owed.must_change,
        must_add_app=owed.must_add_app,
        bodies=tuple(holder.bodies) if has_scope else (),
        standard_sees=access.sees,
        standard_updates=access.updates,
        grants=tuple(each for each in access.grants if has_scope and each in holder.grants),
    )


def audiences_of(visitor: Visitor) -> tuple[str, ...]:
    """
    Return the services that accept this visitor's assertion.

    A master admin, or a user without a role, reaches no service that holds records.
    """
    return OWN_AUDIENCE if visitor.role in (None, Role.MASTER_ADMIN) else AUDIENCES
