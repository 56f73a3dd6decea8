"""The form fields for a user's role, organisations and grants, and reading them."""

from collections.abc import Iterable
from uuid import UUID

from gateway.pages.users.user_facts import Names
from gateway.ui.actions import At
from gateway.ui.form import Choice, Field, Form
from shared.contracts.users import GrantableAccess, GrantedAccess
from shared.permissions import AccountGrant, Role
from shared.registers.definition.words import Words

ROLE, ORGANISATIONS, HOME, GRANTS, ALL = "role", "organisations", "home", "grants", "all"


def access_fields(words: Words, reach: GrantableAccess, names: Names) -> list[Field]:
    """Return the fields for what the asking user may grant. Without roles to grant there is no role field."""
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
        *([_grants_field(words, reach)] if reach.grants else []),
    ]


def _grants_field(words: Words, reach: GrantableAccess) -> Field:
    choices = tuple(Choice(each.value, words.group("users.grants")[each]) for each in reach.grants)
    return Field(GRANTS, words("user.grants"), "choices", hint=words("user.grants_hint"), choices=choices)


def values_of(access: GrantedAccess) -> dict[str, str | Iterable[str]]:
    """Return an access as the values of the form's fields."""
    held = [ALL] if access.all_organisations else [each.hex for each in access.organisation_ids]
    home = access.home_organisation_id
    return {
        ROLE: access.role.value,
        ORGANISATIONS: held,
        HOME: home.hex if home else "",
        GRANTS: [each.value for each in access.grants],
    }


def access_in(form: Form, otherwise: Role) -> GrantedAccess | None:
    """
    Return the chosen access; None for values that our forms never send. `otherwise` is the role if the form has no role
    field.
    """
    chosen, home = form.chosen(ORGANISATIONS), form.value(HOME)
    try:
        return GrantedAccess(
            role=Role(form.value(ROLE)) if ROLE in form.fields else otherwise,
            all_organisations=ALL in chosen,
            organisation_ids=() if ALL in chosen else tuple(dict.fromkeys(UUID(hex=each) for each in chosen)),
            home_organisation_id=UUID(hex=home) if home else None,
            grants=tuple(AccountGrant(each) for each in form.chosen(GRANTS)),
        )
    except ValueError:
        return None


def access_refusals(words: Words) -> dict[str, At]:
    """Return the text and field for each refusal of an access."""
    return {
        "no_organisation": At(ORGANISATIONS, words("user.organisations_missing")),
        "not_yours": At(ORGANISATIONS, words("user.not_yours")),
        "home_missing": At(HOME, words("user.home_missing")),
    }
