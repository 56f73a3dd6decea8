"""Tests that messages which grow with an installation still fit into the limits of what carries them."""

from datetime import UTC, datetime
from uuid import UUID

from shared.assertion import Signer
from shared.contracts.identity import SessionFound
from shared.permissions import Role, Visitor

MANY = 100
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_session_of_somebody_who_sees_a_hundred_organisations_is_carried() -> None:
    organisations = tuple(UUID(int=number) for number in range(1, MANY + 1))
    visitor = Visitor(
        user_id=UUID(int=1),
        full_name="Gail Thomas",
        register_code="dsr",
        role=Role.ADMINISTRATOR,
        organisation_ids=organisations,
        home_organisation_id=organisations[0],
        session_id=UUID(int=2),
        method="password_pin",
    )
    assertion = Signer("identity", b"i" * 32).sign_visitor(visitor, ("referrals", "outcomes", "reports"))

    found = SessionFound(assertion=assertion, visitor=visitor, idle_ends_at=NOW, ends_at=NOW)

    assert found == SessionFound.model_validate_json(found.model_dump_json())
