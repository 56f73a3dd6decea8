"""What the audits of several services say of a record, as one list: who, when and what, newest first."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from aiohttp import web

from gateway.ui.actions import ask, ask_if_there
from gateway.ui.organisations import names_of_organisations
from shared.contracts.looks import (
    MOST_LOOKERS,
    Look,
    Looker,
    LookPlace,
    Looks,
    LooksAsked,
    NameLookers,
    ReadOutcomeLooks,
    ReadRecordLooks,
    ReadReportLooks,
    RecordLooks,
)
from shared.messages import Request
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

Part = Literal["referrals", "outcomes", "reports"]
PARTS: tuple[Part, ...] = get_args(Part)
Places = Mapping[Part, LookPlace]
COUNTED = frozenset({"record.named", "records.listed", "records.searched", "task.listed"})


@dataclass(frozen=True)
class LooksWanted:
    """What the page asks for: a record, one user or anybody, some days, and how many rows before some places."""

    record_id: UUID
    user_id: UUID | None
    first_day: date | None
    last_day: date | None
    most: int
    before: Places

    def asked(self, part: Part) -> LooksAsked:
        return LooksAsked(
            record_id=self.record_id,
            user_id=self.user_id,
            first_day=self.first_day,
            last_day=self.last_day,
            most=self.most,
            before=self.before.get(part),
        )


@dataclass(frozen=True, repr=False)
class LooksFound:
    """
    One page of the list. `older` are the places before which the next one begins; empty if there is none.

    `missing` are the parts that did not answer: the list is not whole without them.
    """

    record: RecordLooks
    looks: Sequence[Look]
    older: Places
    missing: Sequence[Part]
    user_ids: Sequence[UUID]


async def find_looks(request: web.Request, wanted: LooksWanted) -> LooksFound:
    """Ask all parts at once. Refused as `not_found` if referrals does not let the visitor read it."""
    own, outcomes, reports = await asyncio.gather(
        ask(request, ReadRecordLooks(**dict(wanted.asked("referrals")))),
        _ask_part(request, ReadOutcomeLooks(**dict(wanted.asked("outcomes")))),
        _ask_part(request, ReadReportLooks(**dict(wanted.asked("reports")))),
    )
    found: dict[Part, Looks | None] = {"referrals": own, "outcomes": outcomes, "reports": reports}
    there = {part: looks for part, looks in found.items() if looks is not None}
    looks, older = merged(there, wanted)
    users = {user_id for each in there.values() for user_id in each.user_ids}
    missing = [part for part in PARTS if part not in there]
    return LooksFound(own, looks, older, missing, sorted(users)[:MOST_LOOKERS])


async def _ask_part(request: web.Request, asked: Request[Looks]) -> Looks | None:
    return await ask_if_there(request, asked)


def merged(found: Mapping[Part, Looks], wanted: LooksWanted) -> tuple[list[Look], Places]:
    """Return the newest rows of all parts, at most as many as wanted, and the places where the next page begins."""
    rows = [(part, look) for part, each in found.items() for look in each.looks]
    rows.sort(key=lambda row: (row[1].place.at, row[0], row[1].place.row), reverse=True)
    shown = rows[: wanted.most]
    if len(rows) == len(shown) and not any(each.more for each in found.values()):
        return [look for _, look in shown], {}
    places = dict(wanted.before)
    for part, look in shown:  # the last of each part is its oldest
        places[part] = look.place
    return [look for _, look in shown], places


@dataclass(frozen=True, repr=False)
class LookerLabels:
    """How users are named. Without an answer of identity they are told apart by a code alone."""

    words: Words
    named: Mapping[UUID, Looker] | None
    organisations: Mapping[UUID, str]

    @property
    def are_missing(self) -> bool:
        return self.named is None

    def of(self, user_id: UUID | None) -> str:
        if user_id is None:
            return self.words("looked.itself")
        code = user_id.hex[:4].upper()
        if self.named is None:
            return self.words("looked.not_named", code=code)
        user = self.named.get(user_id)
        if user is None:
            return self.words("looked.former", code=code)
        organisation = self.organisations.get(user.organisation_id) if user.organisation_id else None
        if user.full_name:
            return user.full_name
        if organisation:
            return self.words("looked.of_organisation", organisation=organisation, code=code)
        return self.words("looked.not_named", code=code)


async def labels_of(request: web.Request, register: Definition, user_ids: Sequence[UUID]) -> LookerLabels:
    asked = NameLookers(user_ids=tuple(user_ids))
    named, organisations = await asyncio.gather(ask_if_there(request, asked), names_of_organisations(request, register))
    users = None if named is None else {each.user_id: each for each in named.users}
    return LookerLabels(register.words, users, organisations)


def act_of(words: Words, look: Look) -> str:
    """Return what happened, in words. An act that has none yet is not left out."""
    said = words.group("looked.acts")
    text = said.get(look.action.replace(".", "_"), said["other"])
    return text.format(count=look.among) if look.action in COUNTED else text


def write_place(place: LookPlace) -> str:
    """Return a place as the address holds it. It names no person."""
    return f"{place.at.isoformat()}~{place.row}"


def read_place(text: str) -> LookPlace | None:
    """Return the place; None for a text that our pages never send."""
    at, _, row = text.partition("~")
    try:
        moment, number = datetime.fromisoformat(at), int(row)
    except ValueError:
        return None
    is_sound = moment.tzinfo is not None and 0 <= number < 2**63
    return LookPlace(at=moment, row=number) if is_sound else None
