"""Builders of mails, notices and settings with default values, so that a test states only what matters."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from services.notifier.settings import NotifierSettings
from shared.contracts.notifier import QueueMail, Template
from shared.contracts.outcomes import OutcomeTold, UrgentNotSeen
from shared.contracts.referrals.events import Happening, RecordMoved, RecordNotice, RoutineNotice, Urgency, UrgentNotice
from shared.registers.bodies import organisation_compartment

MOMENT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
RECIPIENT = "jayne.billings@mpft.nhs.uk"
LINK = "https://registers.example/dsr/login/"
VALUES: Mapping[Template, Mapping[str, str]] = {
    "welcome": {"first_name": "Jayne", "password": "Kestrel-42-Lantern", "link": LINK},
    "already_registered": {"first_name": "Jayne", "link": LINK},
    "joined": {"first_name": "Jayne", "contact": "help@registers.example", "link": LINK},
    "pin": {"first_name": "Jayne", "pin": "402917", "minutes": "30"},
    "reminder": {"first_name": "Jayne", "password": "Kestrel-42-Lantern", "link": LINK},
    "locked": {"first_name": "Jayne", "contact": "help@registers.example"},
    "locked_to_strangers": {"first_name": "Jayne", "contact": "help@registers.example", "link": LINK},
    "password_changed": {"first_name": "Jayne", "contact": "help@registers.example"},
    "role_changed": {"first_name": "Jayne", "link": LINK},
    "name_changed": {
        "first_name": "Jayne",
        "changed_by": "Gail Thomas",
        "contact": "help@registers.example",
        "link": LINK,
    },
    "app_added": {"first_name": "Jayne", "contact": "help@registers.example"},
    "app_removed": {"first_name": "Jayne", "contact": "help@registers.example"},
    "app_reset": {"first_name": "Jayne", "contact": "help@registers.example", "link": LINK},
    "recovery_code_used": {"first_name": "Jayne", "left": "9"},
    "recovery_codes_renewed": {"first_name": "Jayne", "contact": "help@registers.example"},
}


def new_id() -> UUID:
    return UUID(bytes=secrets.token_bytes(16))


def a_letter(
    template: Template = "welcome",
    *,
    letter_id: UUID | None = None,
    register_code: str = "dsr",
    recipient: str = RECIPIENT,
    values: Mapping[str, str] | None = None,
    expires_at: datetime | None = None,
) -> QueueMail:
    return QueueMail(
        letter_id=letter_id or new_id(),
        register_code=register_code,
        template=template,
        recipient=recipient,
        values=dict(VALUES[template] if values is None else values),
        expires_at=expires_at,
    )


def a_routine_notice(
    *,
    register_code: str = "dsr",
    reference: str = "DSR-7KQ2",
    bodies: tuple[str, ...] = (),
    occasion: Happening = "record_created",
    urgency: Urgency = "routine",
    submitted_by: UUID | None = None,
) -> RoutineNotice:
    return RoutineNotice(
        event_id=new_id(),
        occurred_at=MOMENT,
        register_code=register_code,
        bodies=bodies or organisation_compartment(new_id()).bodies,
        record_id=new_id(),
        version=0,
        reference=reference,
        occasion=occasion,
        urgency=urgency,
        submitted_by=submitted_by,
    )


def an_urgent_notice(
    *, register_code: str = "dsr", reference: str = "DSR-7KQ2", bodies: tuple[str, ...] = ()
) -> UrgentNotice:
    routine = a_routine_notice(register_code=register_code, reference=reference, bodies=bodies)
    return UrgentNotice(**(routine.model_dump() | {"urgency": "urgent"}))


def nobody_has_seen(reference: str = "DSR-7KQ2", bodies: tuple[str, ...] = ()) -> UrgentNotSeen:
    notice = a_routine_notice(reference=reference, bodies=bodies)
    return UrgentNotSeen.model_validate(notice.model_dump())


def an_outcome_told(reference: str = "DSR-7KQ2") -> OutcomeTold:
    notice = a_routine_notice(reference=reference)
    return OutcomeTold.model_validate(notice.model_dump() | {"recipient": new_id()})


def a_move(notice: RecordNotice, version: int, *bodies: str) -> RecordMoved:
    """Return the notice that this version of the record has these bodies, other than those before."""
    return RecordMoved(
        event_id=new_id(),
        occurred_at=MOMENT,
        register_code=notice.register_code,
        bodies=bodies,
        record_id=notice.record_id,
        version=version,
    )


def settings(**changed: str | int | bool | dict[str, str] | None) -> NotifierSettings:
    """Return the settings of a notifier without a mail server, with these changes."""
    told: dict[str, object] = {
        "nats_url": "nats://127.0.0.1:4222",
        "nats_seed": "none",
        "ICS_DATABASE_URL": "postgresql:///none",
        "ICS_BACKGROUND_DATABASE_URL": "postgresql:///none",
        "signing_seed": "00" * 32,
        "signing_keys": {},
        "public_url": "https://registers.example",
        "mail_from": "ICS Registers <no-reply@registers.example>",
    }
    return NotifierSettings.model_validate(told | changed)
