"""What the pages of a hand-over show of each record, and which records are picked on them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.security.ids import sent_id
from gateway.ui.form import Posted, number_of
from gateway.ui.formats import day, lines, link, rating_mark
from gateway.ui.table import Cell, Column
from shared.contracts.referrals.hand_over import (
    MOST_KEPT,
    CoveredRecord,
    HandOverChecked,
    HeldRecord,
)
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import show_date

TICK = Markup(
    '<div class="nhsuk-checkboxes nhsuk-checkboxes--small"><div class="nhsuk-checkboxes__item">'
    '<input class="nhsuk-checkboxes__input" id="move-{id}" name="move" type="checkbox" value="{id}"{checked}>'
    '<label class="nhsuk-label nhsuk-checkboxes__label" for="move-{id}">'
    '<span class="nhsuk-u-visually-hidden">{label}</span></label></div></div>'
)
CHECKED = Markup(" checked")


@dataclass(frozen=True)
class Picked:
    """The place in the list, and the records without a tick, on this page and on others."""

    skip: int = 0
    kept: frozenset[UUID] = frozenset()

    def moved(self, by: int) -> "Picked":
        return replace(self, skip=max(0, self.skip + by))

    def at(self, skip: int) -> "Picked":
        return replace(self, skip=skip)

    def without(self, shown: Collection[UUID]) -> "Picked":
        """Leave out the records that the page shows with a tick box, for what is sent beside the boxes."""
        return replace(self, kept=self.kept - frozenset(shown))

    def as_sent(self) -> tuple[UUID, ...]:
        return tuple(sorted(self.kept))


def picked_in(posted: Posted) -> Picked:
    """Return what a page sent: the records kept before, and those that it showed and that have no tick now."""
    kept, shown, ticked = (frozenset(map(sent_id, posted.getall(name, ()))) for name in ("kept", "shown", "move"))
    picked = Picked(number_of(str(posted.get("skip", ""))) or 0, (kept - shown) | (shown - ticked))
    if len(picked.kept) > MOST_KEPT or picked.skip > 1_000_000:
        raise web.HTTPBadRequest
    return picked


def columns_of(register: Definition) -> list[Column]:
    words = register.words
    labels = [
        words("hand_over.move"),
        words("hand_over.reference"),
        words("hand_over.name"),
        *([words("hand_over.rating")] if register.rating else []),
        words("hand_over.updated"),
        words("hand_over.covered_by"),
    ]
    return [Column(label) for label in labels]


def row_of(register: Definition, held: HeldRecord, *, is_ticked: bool) -> list[Cell]:
    words = register.words
    covers = [
        words("hand_over.cover", name=each.full_name, first=show_date(each.from_day), last=show_date(each.until_day))
        for each in held.covers
    ]
    label = words("hand_over.move_one", reference=held.reference)
    return [
        TICK.format(id=held.record_id.hex, checked=CHECKED if is_ticked else "", label=label),
        link(held.reference, register.record_address(held.record_id), held.name),
        held.name,
        *([rating_mark(register, held.rating)] if register.rating else []),
        day(held.updated_at),
        lines(*covers),
    ]


def covered_rows(register: Definition, covered: Sequence[CoveredRecord]) -> list[tuple[str, str]]:
    """Return each record that the colleague covers for others: what to say, and the address of the record."""
    return [
        (
            register.words(
                "hand_over.covered",
                reference=each.reference,
                first=show_date(each.from_day),
                last=show_date(each.until_day),
            ),
            register.record_address(each.record_id),
        )
        for each in covered
    ]


def facts_of(words: Words, found: HandOverChecked, holder: str) -> list[tuple[str, Cell]]:
    """Return what the check says, for its list of facts: the two users, and what moves and stays."""
    unseen = _listed(words, found.unseen_references, found.unseen)
    return [
        (words("hand_over.from"), holder),
        (words("hand_over.to"), found.new_holder),
        (words("hand_over.moving"), _listed(words, found.references, found.moving)),
        *([(words("hand_over.unseen"), lines(unseen, words("hand_over.unseen_why")))] if found.unseen else []),
    ]


def _listed(words: Words, references: Sequence[str], count: int) -> Cell:
    more = count - len(references)
    rest = [words("hand_over.more", count=more)] if more > 0 else []
    return lines(f"{count}", ", ".join(references), *rest)
