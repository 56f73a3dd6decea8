"""Decisions about records: who may do what with one, what may be stored, how lists are read, what a change means."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from shared.contracts.referrals import DRAFT_DAYS, MOST_DRAFTS, AddCover, AssignHolder, FieldChange, ListRecords, Typed
from shared.messages import Message, Refused
from shared.permissions import Permission, Role, Visitor
from shared.registers.definition import Definition, Level, Urgency
from shared.registers.form import (
    Answer,
    Answers,
    Checked,
    consent_verdict,
    differences,
    field_names,
    keep_retired,
    match_values,
    name_typed,
    rating_of,
    read_answers,
)
from shared.values import Unreadable, fold, read_text

# ------------------------------------------------------------------------------------------------------------- lists
FEW = 8
URGENCIES: tuple[Urgency, ...] = ("urgent", "alert", "routine")
DEEP = 1_000
ROOM = 400_000  # bytes of notes or updates in one reply: with the rest of it, well under what the bus carries

Piece = TypeVar("Piece", bound=Message)


def fitting(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """As many of the first of these as a reply has room for; one at least, where there is one."""
    taken, used = 0, 0
    for piece in pieces:
        used += len(piece.model_dump_json().encode())
        if taken and used > ROOM:
            break
        taken += 1
    return tuple(pieces[:taken])


class Shape(StrEnum):
    """Which query reads a list: each has an index that fits it."""

    OWN = "own"
    ONE = "one"
    FEW = "few"
    MOST = "most"


def shape_of(visitor: Visitor, skip: int = 0) -> Shape:
    """
    How the visitor's records are read.

    A few organisations are read one by one and merged, which costs for each of them what comes before the page: deep
    down in the list, and for many, one walk over the whole register is cheaper.
    """
    if visitor.own_records_only:
        return Shape.OWN
    if len(visitor.organisation_ids) == 1:
        return Shape.ONE
    return Shape.FEW if len(visitor.organisation_ids) <= FEW and skip < DEEP else Shape.MOST


def rows_before(asked: ListRecords) -> int:
    """How many rows stand before the page that was asked for."""
    return (asked.page - 1) * asked.length


def narrowed_to(visitor: Visitor, organisation_ids: Sequence[UUID]) -> Visitor:
    """The visitor with no more than these organisations in reach; with none named, as they are."""
    if not organisation_ids:
        return visitor
    wanted = frozenset(organisation_ids)
    return visitor.model_copy(update={"organisation_ids": tuple(o for o in visitor.organisation_ids if o in wanted)})


def levels_by_urgency(register: Definition) -> tuple[str, ...]:
    """The ratings, the most urgent first."""
    levels = register.rating.levels if register.rating else ()
    return tuple(level.code for level in sorted(levels, key=lambda level: URGENCIES.index(level.urgency)))


def further_columns(register: Definition) -> tuple[str, ...]:
    """The questions whose answers are shown in the list and are no columns of the record itself."""
    known = {register.rating.question if register.rating else "", register.person.get("locality", "")}
    asked = [column.question for column in register.records.columns if column.question]
    return tuple(dict.fromkeys(name for name in asked if name not in known))


# ------------------------------------------------------------------------------------------------------------- search
SHORTEST_WITHIN = 3
MOST_WORDS = 8
LAST_CHARACTER = "\U0010ffff"

_PARTS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, repr=False)
class Search:
    """
    What to look for: a reference, or words.

    Names in which a word has this `beginning` are found by comparison (`beginning` ≤ word < `end`). `within` says that
    the first of the `patterns`, the longest word's, may be looked for inside words as well. All patterns must match.
    """

    reference: str | None
    beginning: str
    end: str
    within: bool
    patterns: tuple[str, ...]


def read_search(register_code: str, text: str) -> Search | None:
    """What was typed into the search box; None when there is nothing to look for in it."""
    reference = read_reference(register_code, text)
    words = sorted(dict.fromkeys(_PARTS.findall(fold(text))), key=len, reverse=True)[:MOST_WORDS]
    if not words:
        return None
    longest = words[0]
    within = len(longest) >= SHORTEST_WITHIN
    return Search(reference, longest, longest + LAST_CHARACTER, within, tuple(_pattern(word) for word in words))


def _pattern(word: str) -> str:
    """Words hold letters and digits alone, so nothing in a pattern needs escaping."""
    return f"%{word}%" if len(word) >= SHORTEST_WITHIN else f"% {word}%"


def searchable(text: str) -> str:
    """
    A space, then the words of a folded text, each once, with a space between.

    What an apostrophe or a hyphen parts is found by its parts and as one: "o'brien" as o, brien and obrien.
    """
    words: dict[str, None] = {}
    for written in text.split():
        parts = _PARTS.findall(written)
        words |= dict.fromkeys([*parts, "".join(parts)] if len(parts) > 1 else parts)
    return " " + " ".join(words)


# ---------------------------------------------------------------------------------------------------------- reference
ALPHABET = "234679CDFGHJKMNPQRTVWXY"  # nothing that is taken for another letter or digit, and no vowel: no words
REFERENCES = len(ALPHABET) ** 8

_REFERENCE = re.compile(rf"[ -]?([{ALPHABET}]{{4}})[ -]?([{ALPHABET}]{{4}})")


def write_reference(register_code: str, number: int) -> str:
    """The reference for a number below `REFERENCES`, like DSR-7KQ2-M9XP."""
    letters = ""
    for _ in range(8):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return f"{register_code.upper()}-{letters[:4]}-{letters[4:]}"


def read_reference(register_code: str, text: str) -> str | None:
    """The reference that was typed, in any case, with hyphens, spaces or neither; None for anything else."""
    code, typed = register_code.upper(), text.strip().upper()
    found = _REFERENCE.fullmatch(typed.removeprefix(code)) if typed.startswith(code) else None
    return f"{code}-{found[1]}-{found[2]}" if found else None


# ------------------------------------------------------------------------------------------------------- who may what
def organisation_for(visitor: Visitor) -> UUID:
    """The organisation that a new record goes to. Refused as `no_organisation` without one in the visitor's reach."""
    home = visitor.home_organisation_id
    if home is None or home not in visitor.organisation_ids:
        raise Refused("no_organisation")
    return home


def may_update(visitor: Visitor, created_by: UUID, *, is_held: bool) -> bool:
    """
    Who made the record, or an administrator of its organisation; others do not see it (R-DSR-114, R-DSR-115).

    Its holder and who covers it today (`is_held`) have the rights of who made it.
    """
    is_theirs = created_by == visitor.user_id or is_held or visitor.role is Role.ADMINISTRATOR
    return visitor.may(Permission.UPDATE_RECORD) and is_theirs


# -------------------------------------------------------------------------------------------------- holder and cover
HOLDING_ROLES = frozenset({Role.STANDARD, Role.ADMINISTRATOR})
LONGEST_COVER = timedelta(days=366)
MOST_COVERS = 20


def may_hold(colleague: Visitor, organisation_id: UUID) -> bool:
    """Whether somebody, as they are now, can be given a record of this organisation."""
    return colleague.role in HOLDING_ROLES and organisation_id in colleague.organisation_ids


def check_cover(asked: AddCover, day: date) -> None:
    """Refused as `past` or `too_long`."""
    if asked.until_day < day:
        raise Refused("past")
    if asked.until_day - asked.from_day > LONGEST_COVER:
        raise Refused("too_long")


@dataclass(frozen=True)
class Cover:
    """Who covers, and from which day to which, both included."""

    user_id: UUID
    from_day: date
    until_day: date


@dataclass(frozen=True)
class Holder:
    """Who holds a record, and the holding by which they do; without one its creator does."""

    user_id: UUID
    holding_id: UUID | None = None


def check_assignment(asked: AssignHolder, holder: Holder) -> None:
    """Refused as `already_holds`, or as `changed`: the asker saw another holder."""
    if holder.holding_id and holder.user_id == asked.user_id:
        raise Refused("already_holds")
    if holder.holding_id != asked.seen:
        raise Refused("changed")


def check_beside(cover: Cover, holder_id: UUID, others: Sequence[Cover]) -> None:
    """Refused as `is_holder`, as `already_covers` when they do on one of these days, or as `too_many`."""
    if cover.user_id == holder_id:
        raise Refused("is_holder")
    theirs = [each for each in others if each.user_id == cover.user_id]
    if any(each.from_day <= cover.until_day and cover.from_day <= each.until_day for each in theirs):
        raise Refused("already_covers")
    if len(others) >= MOST_COVERS:
        raise Refused("too_many")


def check_is_second(visitor: Visitor, asked_by: UUID) -> None:
    """Nobody confirms what they asked for themselves. Refused as `not_second`."""
    if asked_by == visitor.user_id:
        raise Refused("not_second")


# ---------------------------------------------------------------------------------------------------- what is stored
def checked_answers(register: Definition, sent: Answers, day: date, before: Answers | None = None) -> dict[str, Answer]:
    """
    The answers as they may be stored. Refused as `no_consent` or `invalid_answers`, and then nothing is.

    The gate comes first: to somebody who did not consent, no other question matters.
    """
    checked = read_answers(register.form, sent, register.words, day, before)
    verdict = consent_verdict(register, checked.answers)
    if verdict == "refused":
        raise Refused("no_consent")
    if not checked.ok:
        raise Refused("invalid_answers", faults=_count_faults(checked))
    if verdict != "accepted":
        raise Refused("no_consent")
    return checked.answers


def _count_faults(checked: Checked) -> int:
    return len(checked.faults) + len(checked.unknown)


def changed_answers(register: Definition, before: Answers, sent: Answers, day: date) -> dict[str, Answer]:
    """As `checked_answers`, with what the record has to questions that are no longer asked."""
    asked = {question.name for question in register.form.asked}
    retired = {name for name in before if name not in asked}
    fresh = {name: answer for name, answer in sent.items() if name not in retired}
    return keep_retired(register.form, before, checked_answers(register, fresh, day, before))


def changes_between(register: Definition, before: Answers, after: Answers) -> tuple[FieldChange, ...]:
    """What changed, as codes, in the order of the form. Refused as `unchanged` when nothing did."""
    names = [each.name for each in differences(register.form, before, after)]
    if not names:
        raise Refused("unchanged")
    return tuple(FieldChange(name=name, before=before.get(name), after=after.get(name)) for name in names)


def kept_text(typed: str) -> str:
    """A note, or a reason, as it is kept. Refused as `empty` or `unreadable`."""
    try:
        text = read_text(typed)
    except Unreadable:
        raise Refused("unreadable") from None
    if not text:
        raise Refused("empty")
    return text


# ------------------------------------------------------------------------------------------------- likely duplicates
def match_keys(register: Definition, answers: Answers) -> tuple[str, ...]:
    """
    By which a record is compared with others of its register, in the order of the register's rules.

    A key names its rule's roles, so that a later edition may add rules or put them in another order. The values are
    hashed to be of one length, and without a secret: the record itself stands in the same schema, in clear.
    """
    rules = zip(register.duplicates.match, match_values(register, answers), strict=True)
    return tuple(f"{' '.join(roles)}:{_digest(values)}" for roles, values in rules if values)


def _digest(values: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(values).encode()).hexdigest()


# ------------------------------------------------------------------------------------------------------------- drafts
DRAFT_ROOM = 400_000  # bytes of one draft: well under what the bus carries


def draft_typed(register: Definition, sent: Typed) -> dict[str, tuple[str, ...]]:
    """What the form asks of what was sent, unchecked. Refused as `too_big`."""
    asked = {field for question in register.form.asked for field in field_names(question)}
    typed = {name: tuple(_storable(each) for each in values) for name, values in sent.items() if name in asked}
    if sum(len(each.encode()) for values in typed.values() for each in values) > DRAFT_ROOM:
        raise Refused("too_big")
    return typed


def _storable(text: str) -> str:
    """A NUL can come only from a program, and no database takes it."""
    return text.replace("\0", "")


def draft_name(register: Definition, typed: Typed) -> str:
    """By which people know a draft again: the person's name as far as it was typed."""
    return name_typed(register, typed)[:200]


def refuses_consent(register: Definition, typed: Typed, day: date) -> bool:
    """Whether the gate is shut for what was typed so far; a gate that is not answered yet is open."""
    checked = read_answers(register.form, typed, register.words, day)
    return consent_verdict(register, checked.answers) == "refused"


def check_draft(*, sent: bool, discarded: bool, others: int) -> None:
    """Whether a draft may be saved beside so many others. Refused as `sent`, `discarded` or `too_many`."""
    if sent:
        raise Refused("sent")
    if discarded:
        raise Refused("discarded")
    if others >= MOST_DRAFTS:
        raise Refused("too_many", most=MOST_DRAFTS)


def drafts_end(moment: datetime) -> datetime:
    """What was last saved before this is deleted."""
    return moment - timedelta(days=DRAFT_DAYS)


# ------------------------------------------------------------------------------------------------- rating, events
@dataclass(frozen=True)
class Rerating:
    """What a change did to the rating. `told`: the urgency that somebody is to be told of now, if any."""

    level: Level | None
    is_new: bool
    told: Urgency | None


def rerating(register: Definition, before: Answers, after: Answers) -> Rerating:
    """A corrected spelling does not make a rating look fresh: it is new only when it is another one."""
    old, new = rating_of(register, before), rating_of(register, after)
    is_new = (old.code if old else None) != (new.code if new else None)
    urgency = urgency_of(new)
    is_told = urgency != "routine" and urgency != urgency_of(old)
    return Rerating(new, is_new, urgency if is_told else None)


def urgency_of(level: Level | None) -> Urgency:
    """How soon somebody must act on a rating; a record without one is routine."""
    return level.urgency if level else "routine"


def calls_for_somebody(urgency: Urgency | None) -> bool:
    """Whether somebody has to act on, or speak about, what is rated so."""
    return urgency in ("alert", "urgent")


def rating_that_stands(register: Definition, answers: Answers) -> Level:
    """The rating that a review finds to be right. Refused as `no_rating` where there is none."""
    level = rating_of(register, answers)
    if level is None:
        raise Refused("no_rating")
    return level


def noun_of(register: Definition) -> str:
    """The register's word for a record as it stands in an event's type."""
    return "-".join(_PARTS.findall(fold(register.identity.record)))


# ------------------------------------------------------------------------------------------------------------- timers
PROVED_AT_HOUR = 2


def until_next_proof(moment: datetime) -> timedelta:
    """How long until the counters are next compared with the records: two in the night, UTC."""
    next_one = moment.astimezone(UTC).replace(hour=PROVED_AT_HOUR, minute=0, second=0, microsecond=0)
    if next_one <= moment:
        next_one += timedelta(days=1)
    return next_one - moment
