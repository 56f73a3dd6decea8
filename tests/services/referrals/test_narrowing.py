"""The list with filters and sorting, for each kind of reader."""

from datetime import UTC, datetime
from typing import Literal

import pytest
from pydantic import ValidationError

from shared.contracts.referrals.listing import ListRecords, Narrowing, RecordPage, RowPlace, Sort
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner, Referrals

PEOPLE = (
    ("Ada", "Zimmer", "green", "south_staffordshire"),
    ("Ben", "Young", "red", "north_staffordshire_stoke"),
    ("Cas", "Xavier", "amber", "south_staffordshire"),
    ("Dee", "Adams", "red", "south_staffordshire"),
)
SHAPES = {"own": 1, "one": 1, "few": 4, "most": 12}
Shape = Literal["own", "one", "few", "most"]


async def a_reader(referrals: Referrals, shape: str) -> Visitor:
    """Return a reader of this kind, with four active records and an archived one in scope."""
    submitter = a_visitor()
    for first, last, rating, locality in PEOPLE:
        await referrals.submit(submitter, first_name=first, last_name=last, risk_level=rating, locality=locality)
    gone = await referrals.submit(submitter, first_name="Gone", risk_level="red")
    await referrals.archive(colleague_of(submitter, Role.ADMINISTRATOR), gone)
    others = [new_id() for _ in range(SHAPES[shape] - 1)]
    role = Role.STANDARD if shape == "own" else Role.ADMINISTRATOR
    return a_visitor(role, *submitter.organisation_ids, *others, user_id=submitter.user_id)


def first_names(page: RecordPage) -> list[str]:
    return [row.name.split()[0] for row in page.rows]


@pytest.mark.requirement("R-DSR-112", "R-DSR-143")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("by", "search", "left"),
    [
        (Narrowing(ratings=("red",)), "", ["Dee", "Ben"]),
        (Narrowing(ratings=("red", "amber")), "", ["Dee", "Cas", "Ben"]),
        (Narrowing(localities=("south_staffordshire",)), "", ["Dee", "Cas", "Ada"]),
        (Narrowing(ratings=("red",), localities=("south_staffordshire",)), "", ["Dee"]),
        (Narrowing(ratings=("blue",)), "", []),
        (Narrowing(ratings=("red",)), "be", ["Ben"]),
        (Narrowing(ratings=("red",)), "dam", ["Dee"]),
        (Narrowing(ratings=("green",)), "be", []),
    ],
    ids=str,
)
async def test_a_list_and_a_search_are_narrowed_with_their_counts(
    referrals: Referrals, shape: str, by: Narrowing, search: str, left: list[str]
) -> None:
    reader = await a_reader(referrals, shape)

    page = await referrals.ask(reader, ListRecords(search=search, narrowing=by))

    assert (left, len(left), False) == (first_names(page), page.matches, page.capped)


async def test_a_list_is_narrowed_to_organisations_within_reach_alone(referrals: Referrals) -> None:
    here, there, foreign = a_visitor(), a_visitor(), a_visitor()
    for each, name in ((here, "Here"), (there, "There"), (foreign, "Foreign")):
        await referrals.submit(each, first_name=name)
    reader = a_visitor(Role.REPORTING, *here.organisation_ids, *there.organisation_ids)

    async def narrowed(*visitors: Visitor) -> tuple[list[str], int]:
        wanted = Narrowing(organisation_ids=tuple(each.organisation_ids[0] for each in visitors))
        page = await referrals.ask(reader, ListRecords(narrowing=wanted))
        return first_names(page), page.matches

    assert (["Here"], 1) == await narrowed(here)
    assert (["There"], 1) == await narrowed(there, foreign)
    assert (["There", "Here"], 2) == await narrowed(here, there)
    assert ([], 0) == await narrowed(foreign)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("updated", ["Dee", "Cas", "Ben", "Ada"]),
        ("created", ["Dee", "Cas", "Ben", "Ada"]),
        ("name", ["Dee", "Cas", "Ben", "Ada"]),
        ("rating", ["Dee", "Ben", "Cas", "Ada"]),
    ],
)
async def test_a_list_is_sorted_either_way_and_page_by_page(
    referrals: Referrals, shape: str, sort: Sort, order: list[str]
) -> None:
    reader = await a_reader(referrals, shape)

    pages = [await referrals.ask(reader, ListRecords(sort=sort, turned=turned)) for turned in (False, True)]
    found = await referrals.ask(reader, ListRecords(search="a", sort=sort, turned=True))
    behind = await referrals.ask(reader, ListRecords(sort=sort, turned=True, page=2))

    assert [order, order[::-1]] == [first_names(page) for page in pages]
    assert [(sort, False), (sort, True)] == [(page.sort, page.turned) for page in pages]
    assert [name for name in order[::-1] if name in ("Ada", "Dee")] == first_names(found)
    assert ([], 4) == (first_names(behind), behind.matches)


async def test_an_update_changes_its_place_among_the_updated_and_not_among_the_created(referrals: Referrals) -> None:
    visitor = a_visitor()
    first, _ = [await referrals.submit(visitor, first_name=name) for name in ("First", "Second")]
    await referrals.update(visitor, first, first_name="First", latest_update="News")

    by_update = await referrals.listed(visitor)
    by_creation = await referrals.ask(visitor, ListRecords(sort="created"))

    assert (["First", "Second"], ["Second", "First"]) == (first_names(by_update), first_names(by_creation))


def test_a_place_beside_a_row_is_one_of_the_plain_list() -> None:
    beside = RowPlace(updated_at=datetime(2026, 1, 1, tzinfo=UTC), record_id=new_id())

    for other in ({"sort": "name"}, {"turned": True}, {"narrowing": {"ratings": ["red"]}}):
        with pytest.raises(ValidationError):
            ListRecords.model_validate({"after": beside.model_dump(), **other})


@pytest.mark.parametrize(("typed", "twice"), [("ann", "Ann Annely"), ("a", "Ann Annely")])
async def test_who_is_found_by_two_words_of_the_name_counts_once(
    referrals: Referrals, owner: Owner, typed: str, twice: str
) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    receipt = await referrals.submit(visitor, first_name="Joanna", last_name="Plum")
    await owner.rows(
        "INSERT INTO record (id, reference, register_code, edition, state, compartment_id, organisation_id, "
        "created_by, created_by_name, created_at, updated_at, rated_at, given_name, family_name, search, answers) "
        "SELECT gen_random_uuid(), reference || n, register_code, edition, state, compartment_id, "
        "organisation_id, created_by, created_by_name, created_at, updated_at, rated_at, split_part($2, ' ', 1), "
        "split_part($2, ' ', 2), ' ' || lower($2), answers FROM record, generate_series(1, 150) AS n WHERE id = $1",
        receipt.record_id,
        twice,
    )

    page = await referrals.listed(visitor, typed)

    assert (150 + (typed == "ann"), False) == (page.matches, page.capped)
