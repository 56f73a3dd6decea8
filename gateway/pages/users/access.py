"""The questions on which role and organisations somebody is given, and their answers."""

from collections.abc import Iterable
from uuid import UUID

from gateway.pages.users.user_facts import Names
from gateway.ui.actions import At
from gateway.ui.form import Choice, Field, Form
from shared.contracts.users import GrantableAccess, GrantedAccess
from shared.permissions import Role
from shared.registers.definition.words import Words

ROLE, ORGANISATIONS, HOME, ALL = "role", "organisations", "home", "all"


def access_fields(words: Words, reach: GrantableAccess, names: Names) -> list[Field]:
    """What the asker may give. Without roles of theirs to give, it is not asked which."""
    mine = [Choice(each.hex, name) for each, name in names.items() if each in reach.organisation_ids]
    everything = (
        [Choice(ALL, words("users.all_organisations"), words("user.all_hint"))] if reach.all_organisations else []
    )
    roles = tuple(
        Choice(role.value, words.group("users.roles")[role], words.group("users.role_hints").get(role, ""))
        for role in reach.roles
    )
    return [
        *(
            [Field(ROLE, words("user.role"), "choice", choices=roles, missing=words("user.role_missing"))]
            if roles
            else []
        ),
        Field(
            ORGANISATIONS,
            words("user.organisations"),
            "choices",
            hint=words("user.organisations_hint"),
            choices=(*everything, *mine),
            missing=words("user.organisations_missing"),
        ),
        Field(
            HOME,
            words("user.home"),
            "select",
            hint=words("user.home_hint"),
            choices=(Choice("", words("user.home_choose")), *mine),
        ),
    ]


def values_of(access: GrantedAccess) -> dict[str, str | Iterable[str]]:
    """An access as the form shows it."""
    held = [ALL] if access.all_organisations else [each.hex for each in access.organisation_ids]
    home = access.home_organisation_id
    return {ROLE: access.role.value, ORGANISATIONS: held, HOME: home.hex if home else ""}


def access_in(form: Form, otherwise: Role) -> GrantedAccess | None:
    """What was chosen; None for what none of our forms sends. `otherwise`: the role where none is asked for."""
    chosen, home = form.chosen(ORGANISATIONS), form.value(HOME)
    try:
        return GrantedAccess(
            role=Role(form.value(ROLE)) if ROLE in form.fields else otherwise,
            all_organisations=ALL in chosen,
            organisation_ids=() if ALL in chosen else tuple(dict.fromkeys(UUID(hex=each) for each in chosen)),
            home_organisation_id=UUID(hex=home) if home else None,
        )
    except ValueError:
        return None


def access_refusals(words: Words) -> dict[str, At]:
    """Why an access cannot be given, at the field that it is about."""
    return {
        "no_organisation": At(ORGANISATIONS, words("user.organisations_missing")),
        "not_yours": At(ORGANISATIONS, words("user.not_yours")),
        "home_missing": At(HOME, words("user.home_missing")),
    }
