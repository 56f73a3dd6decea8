"""Access control: the roles of a register, the permissions of each role, and the visitor in a signed assertion."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.registers.bodies import Compartment


class Role(StrEnum):
    """The four user levels (R-DSR-005). A user holds one per register; master admin is exclusive."""

    STANDARD = "standard"
    REPORTING = "reporting"
    ADMINISTRATOR = "administrator"
    MASTER_ADMIN = "master_admin"


class AccountGrant(StrEnum):
    """A permission that a user holds in one register besides their role. The register's definition offers it."""

    BULK_LOAD = "bulk_load"
    DELETE = "delete"
    PRIVACY_OFFICER = "privacy_officer"
    UNLOCK = "unlock"


class Permission(StrEnum):
    """One thing that a user may be allowed to do. Every route and every guarded request names one."""

    USE_ACCOUNT = "use_account"
    SUBMIT_RECORD = "submit_record"
    READ_RECORDS = "read_records"
    UPDATE_RECORD = "update_record"
    ADD_NOTE = "add_note"
    RECORD_OUTCOME = "record_outcome"
    READ_REPORTS = "read_reports"
    ADMINISTER = "administer"
    MANAGE_USERS = "manage_users"
    CONFIGURE = "configure"
    BULK_LOAD = "bulk_load"
    DELETE_RECORD = "delete_record"
    OVERSEE_PRIVACY = "oversee_privacy"
    UNLOCK_ACCOUNT = "unlock_account"


_STANDARD = {
    Permission.USE_ACCOUNT,
    Permission.SUBMIT_RECORD,
    Permission.READ_RECORDS,
    Permission.UPDATE_RECORD,
    Permission.ADD_NOTE,
}
_REPORTING = {Permission.USE_ACCOUNT, Permission.READ_RECORDS, Permission.READ_REPORTS}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.STANDARD: frozenset(_STANDARD),
    Role.REPORTING: frozenset(_REPORTING),
    Role.ADMINISTRATOR: frozenset(
        _STANDARD
        | _REPORTING
        | {Permission.RECORD_OUTCOME, Permission.ADMINISTER, Permission.MANAGE_USERS, Permission.UNLOCK_ACCOUNT}
        | {Permission.OVERSEE_PRIVACY}
    ),
    Role.MASTER_ADMIN: frozenset(
        {Permission.USE_ACCOUNT, Permission.MANAGE_USERS, Permission.CONFIGURE, Permission.UNLOCK_ACCOUNT}
    ),
}
GRANT_PERMISSIONS: dict[AccountGrant, Permission] = {
    AccountGrant.BULK_LOAD: Permission.BULK_LOAD,
    AccountGrant.DELETE: Permission.DELETE_RECORD,
    AccountGrant.PRIVACY_OFFICER: Permission.OVERSEE_PRIVACY,
    AccountGrant.UNLOCK: Permission.UNLOCK_ACCOUNT,
}


def permissions_of(role: Role | None, grants: Iterable[AccountGrant]) -> frozenset[Permission]:
    """Return what a role and its grants allow. Grants add nothing without a role, or for a master admin."""
    if role is None:
        return frozenset({Permission.USE_ACCOUNT})
    added = () if role is Role.MASTER_ADMIN else (GRANT_PERMISSIONS[each] for each in grants)
    return ROLE_PERMISSIONS[role].union(added)


class Visitor(BaseModel):
    """
    The signed-in user, as signed by identity for one register.

    `role` is None when the user holds no role there. With `must_change`, the user must first change a temporary
    password. With `must_add_app`, the user must first add an authenticator app. `organisation_ids` are those whose
    names and users the user may choose from. `all_organisations`: the user has every organisation of the register, and
    those that join it. `home_organisation_id` is the one that submits the user's records. `bodies` are those that the
    organisations act for, in a register whose scope is made of bodies.
    `standard_sees` and `standard_updates` say whether the register limits standard users to their own records.
    `grants` are the user's add-on permissions that the register offers.

    `reached` is never signed: a service's front door works it out from `bodies`.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    user_id: UUID
    full_name: str = Field(repr=False)
    register_code: str
    role: Role | None
    organisation_ids: tuple[UUID, ...]
    all_organisations: bool = False
    home_organisation_id: UUID | None
    session_id: UUID
    method: Literal["password_pin", "password_totp"]
    must_change: bool = False
    must_add_app: bool = False
    bodies: tuple[str, ...] = ()
    standard_sees: Literal["own", "scope"] = "own"
    standard_updates: Literal["own", "scope"] = "own"
    grants: tuple[AccountGrant, ...] = ()
    reached: tuple[UUID, ...] | None = Field(default=None, exclude=True)

    @property
    def compartment_ids(self) -> tuple[UUID, ...]:
        """The compartments whose records the visitor may reach: those of their organisations, or those of `bodies`."""
        return self.organisation_ids if self.reached is None else self.reached

    @property
    def all_compartments(self) -> bool:
        """Whether the visitor may reach every record of the register. Then `compartment_ids` need not list them all."""
        return self.all_organisations and self.reached is None

    def may_reach(self, compartment: Compartment) -> bool:
        """Return whether the visitor may reach this compartment, even if it is newer than their request."""
        is_known = self.all_compartments or compartment.compartment_id in self.compartment_ids
        return is_known or not frozenset(compartment.bodies).isdisjoint(self.bodies)

    @property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(None if self.must_change or self.must_add_app else self.role, self.grants)

    @property
    def submits_for(self) -> UUID | None:
        """The organisation of the user's new records; None while it is missing or out of reach."""
        home = self.home_organisation_id
        return home if home in self.organisation_ids else None

    @property
    def own_records_only(self) -> bool:
        """Whether the visitor sees only records that they made, hold or cover, as DSR standard users (R-DSR-007)."""
        return self.role is Role.STANDARD and self.standard_sees == "own"

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


class Caller(BaseModel):
    """A service that works without a user's session: its name, the job, and the user on whose behalf it works."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    service: str
    job: str
    on_behalf_of: UUID | None = None
