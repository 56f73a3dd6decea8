"""Tests that messages which grow with an installation still fit into the limits of what carries them."""

from datetime import UTC, datetime
from uuid import UUID

from shared.assertion import Signer, Verifier, public_key
from shared.contracts.identity import SessionFound
from shared.permissions import Role, Visitor

MANY = 100
MANY_BODIES = 60
LONGEST_BODY = f"{'l' * 40}:{'c' * 40}"
HEADER_BYTES = 16_384
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


def test_an_assertion_of_somebody_whose_organisations_act_for_sixty_bodies_is_no_larger_than_a_header_may_be() -> None:
    visitor = Visitor(
        user_id=UUID(int=1),
        full_name="Gail Thomas",
        register_code="s117",
        role=Role.ADMINISTRATOR,
        organisation_ids=tuple(UUID(int=number) for number in range(1, MANY + 1)),
        home_organisation_id=UUID(int=1),
        session_id=UUID(int=2),
        method="password_pin",
        bodies=tuple(f"{LONGEST_BODY[:-2]}{number:02}" for number in range(MANY_BODIES)),
    )
    signed = Signer("identity", b"i" * 32).sign_visitor(visitor, ("referrals", "outcomes", "reports"))

    assert HEADER_BYTES > len(signed)


def test_the_compartments_that_a_service_worked_out_are_never_signed() -> None:
    visitor = Visitor(
        user_id=UUID(int=1),
        full_name="Gail Thomas",
        register_code="s117",
        role=Role.ADMINISTRATOR,
        organisation_ids=(),
        home_organisation_id=None,
        session_id=UUID(int=2),
        method="password_pin",
        reached=(UUID(int=3),),
    )
    signer = Signer("identity", b"i" * 32)

    opened = Verifier("referrals", {"identity": public_key(b"i" * 32)}).verify(
        signer.sign_visitor(visitor, ("referrals",))
    )

    assert visitor.model_copy(update={"reached": None}) == opened.visitor
