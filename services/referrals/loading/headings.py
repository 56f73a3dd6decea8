"""The common headings of teams' spreadsheets and councils' systems, and how headings are compared."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from shared.contracts.referrals.loading import Special
from shared.registers.definition.base import Role
from shared.values import match_key

ROLE_HEADINGS: Mapping[Role, tuple[str, ...]] = {
    "family_name": ("surname", "last name", "family name"),
    "given_name": (
        "forename",
        "forenames",
        "first name",
        "first names",
        "given name",
        "given names",
        "christian name",
        "forename 1",
    ),
    "born": ("dob", "d.o.b.", "date of birth", "birth date", "date born", "born", "birthday"),
    "nhs_number": ("nhs number", "nhs no", "nhs num", "nhs", "nhs id"),
    "postcode": ("postcode", "post code", "home postcode", "current postcode", "address postcode", "postal code"),
    "locality": ("locality", "locality/team", "locality team", "area", "locality area", "local area"),
    "lead_professional": (
        *("lead professional", "name of lead professional", "lead professional name", "lead prof", "lead practitioner"),
        *("lead worker", "key worker", "care coordinator", "care co-ordinator"),
    ),
    "lead_professional_contact": (
        *("lead professional contact", "lead professional contact details", "lead professional phone"),
        *("lead professional telephone", "lead professional tel", "lead professional email"),
        *(
            "contact details of lead professional",
            "lead professional telephone or email",
            "lead professional tel/email",
        ),
        *("lead professional contact number", "lead professional contact no", "lead professional phone/email"),
    ),
    "latest_update": ("latest update", "last update", "current update", "update for meeting", "update for dsr meeting"),
}
RATING_HEADINGS = (
    *("rag", "rag status", "rag rating", "rag rated", "current rag", "current rag status", "current rag rating"),
    *(
        "rating",
        "risk",
        "risk rating",
        "risk level",
        "level of risk",
        "risk status",
        "risk rag",
        "dsr rag",
        "dsr rating",
    ),
    *("current risk level", "current risk rating", "rag level"),
)
RATED_ON_HEADINGS = ("date rated", "date of rating", "rating date", "rag date", "date of rag", "date rag rated")
SPECIAL_HEADINGS: Mapping[Special, tuple[str, ...]] = {
    "reference": ("reference", "register reference", "reference number", "record reference"),
    "organisation": ("organisation", "referring organisation"),
    "added_on": (
        *("date added", "added on", "date added to register", "date on register", "date created", "created on"),
        *("date of entry", "register start date", "date entered", "date placed on register"),
        *("date joined register", "start date on register", "date of entry to register"),
    ),
    "rated_on": RATED_ON_HEADINGS,
    "whole_name": (
        *("name", "full name", "whole name", "name of person", "name of client", "name of service user"),
        *("surname, forename", "surname forename", "surname, first name", "name (surname, forename)"),
    ),
}
_SUBJECTS = re.compile(
    r"^(the |name of )?(client|service user|person|patient|child|young person|individual|customer|su|yp|cyp)"
    r"(?:'?s)?[ _:/-]+",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=4096)
def heading_keys(heading: str) -> tuple[str, ...]:
    """Return the forms in which a heading is compared, the most exact first: as it is, then without what is around."""
    bare = _BRACKETS.sub(" ", heading)
    plural = re.sub(r"\(s\)", "s", heading, flags=re.IGNORECASE)
    forms = [heading, plural, bare, _SUBJECTS.sub("", plural.strip()), _SUBJECTS.sub("", bare.strip())]
    forms += [_SUBJECTS.sub("", _CAMEL.sub(" ", form).replace("_", " ").strip()) for form in forms[:3]]
    return tuple(filter(None, dict.fromkeys(map(match_key, forms))))


def common_headings() -> Iterator[str]:
    """Yield every common heading, whatever it means."""
    for words in (*ROLE_HEADINGS.values(), RATING_HEADINGS, *SPECIAL_HEADINGS.values()):
        yield from words
    yield from ("gender", "sex", "ethnicity", "gp", "gp practice", "address", "consent", "status", "comments", "notes")
    yield from ("id", "title", "diagnosis", "age", "telephone", "email", "team", "capacity", "consent date")


_COMMON = frozenset(map(match_key, common_headings()))


def is_common(heading: str) -> bool:
    """Return whether many spreadsheets have this heading."""
    return not _COMMON.isdisjoint(heading_keys(heading))
