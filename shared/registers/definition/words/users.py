"""What the pages say on which accounts are administered."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator

from shared.accounts import UserAct, UserState
from shared.permissions import Role
from shared.registers.definition.base import CountText, Part, Text, Texts, WhoWhenText

Key = TypeVar("Key", Role, UserAct, UserState)


class _Every:
    """Checks that there are words for each of a closed list."""

    def __init__(self, kinds: type[Role] | type[UserAct] | type[UserState]) -> None:
        self.kinds = kinds

    def __call__(self, words: dict[Key, str]) -> dict[Key, str]:
        missing = [kind.value for kind in self.kinds if kind not in words]
        if missing:
            raise ValueError(f"is missing {', '.join(missing)}")
        return words


class ActWords(Part):
    """One thing that can be done to an account: its button, and what is said when it was done."""

    button: Text
    done: Text
    confirm: Text | None = None


class UserListWords(Part):
    """The accounts of a register."""

    heading: Text
    lead: Text
    add: Text
    search: Text
    search_hint: Text
    state: Text
    any_state: Text
    go: Text
    caption: Text
    name: Text
    email: Text
    role: Text
    organisations: Text
    all_organisations: Text
    no_organisation: Text
    more_organisations: CountText
    empty: Text
    first: Text
    next: Text
    roles: Annotated[dict[Role, Text], AfterValidator(_Every(Role))]
    role_hints: dict[Role, Text] = {}
    states: Annotated[dict[UserState, Text], AfterValidator(_Every(UserState))]


class UserWords(Part):
    """One account: what it may do, and what may be done to it."""

    heading: Text
    home: Text
    home_hint: Text
    home_choose: Text
    home_missing: Text
    no_home: Text
    yourself: Text
    elsewhere: Text
    access_heading: Text
    access_lead: Text
    role: Text
    role_missing: Text
    organisations: Text
    organisations_hint: Text
    organisations_missing: Text
    all_hint: Text
    save: Text
    saved: Text
    unchanged: Text
    changed: Text
    not_yours: Text
    not_now: Text
    last_administrator: Text
    acts_heading: Text
    acts: Annotated[dict[UserAct, ActWords], AfterValidator(_Every(UserAct))]


class AddUserWords(Part):
    """Giving somebody an account."""

    heading: Text
    lead: Texts
    master_lead: Texts
    first_name_missing: Text
    last_name_missing: Text
    email_missing: Text
    button: Text
    added: Text
    existing: Text
    already_here: Text
    other_name: Text
    deactivated: Text
    see_user: Text


class ProposalWords(Part):
    """A master admin proposes an administrator, and somebody else accepts."""

    heading: Text
    lead: Texts
    button: Text
    done: Text
    before: Text
    own_name: Text
    waiting: Text
    by: WhoWhenText
    yours: Text
    accept: Text
    decline: Text
    withdraw: Text
    accepted: Text
    declined: Text
    decided: Text
    not_second: Text


class AddressWords(Part):
    """Single addresses that may register although their domain is not accepted."""

    heading: Text
    lead: Texts
    email: Text
    missing: Text
    wrong: Text
    assign: Text
    assigned: Text
    before: Text
    caption: Text
    since: Text
    search: Text
    go: Text
    take_back: Text
    taken_back: Text
    empty: Text
    more: CountText
