"""Builders of visitors and answers with default values, so that a test states only what matters."""

import secrets
from datetime import date
from uuid import UUID

from shared.clock import london_today
from shared.contracts.referrals.answers import Answer, Answers
from shared.permissions import Role, Visitor
from shared.values import age_on

EDITION = "2022"


def new_id() -> UUID:
    return UUID(bytes=secrets.token_bytes(16))


def a_visitor(
    role: Role | None = Role.STANDARD,
    *organisations: UUID,
    user_id: UUID | None = None,
    register_code: str = "dsr",
    full_name: str = "Jayne Billings",
) -> Visitor:
    """Return a visitor of these organisations, or of a new one. The first is their home organisation."""
    reach = organisations or (new_id(),)
    return Visitor(
        user_id=user_id or new_id(),
        full_name=full_name,
        register_code=register_code,
        role=role,
        organisation_ids=reach,
        home_organisation_id=reach[0],
        session_id=new_id(),
        method="password_pin",
    )


def colleague_of(visitor: Visitor, role: Role = Role.STANDARD) -> Visitor:
    """Return another visitor with the same organisations."""
    return a_visitor(role, *visitor.organisation_ids, full_name="Sam Colleague")


def a_referral(**changes: Answer) -> dict[str, Answer]:
    """
    Return the required answers of the DSR's form with these changes. An empty answer is left out.

    A person under 16 is said to be so, unless the test says something itself.
    """
    answers: Answers = {
        "capacity_to_consent": "yes",
        "consent_given": "yes",
        "first_name": "Percy",
        "last_name": "Plum",
        "date_of_birth": "2001-02-07",
        "learning_disability_or_autism": "autism",
        "ethnicity": "A",
        "locality": "south_staffordshire",
        "lead_professional": "Jenny Harris",
        "risk_level": "green",
    }
    answers = {**answers, **changes}
    born = str(answers["date_of_birth"])
    if born not in ("", "not_known") and age_on(date.fromisoformat(born), london_today()) < 16:
        answers = {"under_16": "yes", **answers}
    return {name: answer for name, answer in answers.items() if answer}
