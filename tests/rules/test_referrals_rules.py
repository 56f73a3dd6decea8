"""Tests of referrals' rules without a database: lists, searches, references, answers, ratings and timers."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.referrals.rules import answers, drafts, lists, ratings, rights, saving
from services.referrals.rules.drafts import DraftState, DraftVersion
from services.referrals.rules.search import LAST_CHARACTER, read_search
from shared.contracts.referrals.answers import InvalidAnswers
from shared.contracts.referrals.drafts import MOST_DRAFTS, DraftSeen, Typed
from shared.contracts.referrals.events import Urgency
from shared.contracts.referrals.holding import AddCover, AssignHolder
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.reading import FieldChange
from shared.messages import Refused
from shared.permissions import Role, Visitor
from shared.registers.definition.register import ListColumn
from shared.registers.form.person import searchable
from shared.registers.references import REFERENCES, read_reference, write_reference
from shared.spelling import MOST_WORDS
from shared.values import fold
from tests.rules.typed import TODAY, dsr
from tests.services.referrals.builders import a_referral

CREATOR = UUID(int=1)
ANSWERS = a_referral(risk_level="amber")


def visitor_of(role: Role | None, organisations: int = 1) -> Visitor:
    reach = tuple(UUID(int=100 + number) for number in range(organisations))
    return Visitor(
        user_id=CREATOR,
        full_name="Jayne Billings",
        register_code="dsr",
        role=role,
        organisation_ids=reach,
        home_organisation_id=reach[0] if reach else None,
        session_id=UUID(int=2),
        method="password_pin",
    )


def test_pages_are_counted_from_one() -> None:
    assert [0, 10, 9_900] == [
        lists.rows_before(asked) for asked in (ListRecords(), ListRecords(page=2), ListRecords(page=100, length=100))
    ]


def test_nothing_to_look_for_is_no_search() -> None:
    assert [None] * 3 == [read_search(("DSR",), typed) for typed in ("", "  ", "%_-'")]


def test_the_longest_word_leads_and_short_ones_are_looked_for_at_beginnings() -> None:
    search = read_search(("DSR",), "O'Brien ÉV percy")

    assert search is not None
    assert ("brien", "brien" + LAST_CHARACTER, True) == (search.beginning, search.until, search.within)
    assert ("%brien%", "%percy%", "% ev%", "% o%") == search.patterns
    short = read_search(("DSR",), "pl")
    assert short is not None
    assert (False, ("% pl%",)) == (short.within, short.patterns)


def test_a_search_holds_no_more_words_than_it_can_use() -> None:
    search = read_search(("DSR",), " ".join("abcdefghijklm"))

    assert search is not None
    assert MOST_WORDS == len(search.patterns)


@given(st.text(st.characters(exclude_categories=["N"]), max_size=60))
def test_every_word_of_a_name_finds_it_by_its_beginning(name: str) -> None:
    kept = searchable(fold(name))

    search = read_search(("DSR",), name)

    assert kept.startswith(" ")
    if search is not None:
        assert search.beginning in kept.split()
        assert search.beginning < search.until
        assert all(pattern.strip("%") in kept for pattern in search.patterns)
        assert not any(sign in pattern.strip("%") for pattern in search.patterns for sign in "%_\\")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("percy plum", " percy plum percyplum"),
        ("zoe o'brien-smythe", " zoe o brien smythe zoeobriensmythe"),
        ("", " "),
        ("a a", " a aa"),
    ],
)
def test_what_parts_a_name_is_kept_in_parts_and_as_one(name: str, kept: str) -> None:
    assert kept == searchable(name)


@given(st.integers(min_value=0, max_value=REFERENCES - 1))
def test_a_reference_is_read_as_it_was_written(number: int) -> None:
    written = write_reference("DSR", number)

    assert written == read_reference(("DSR",), f" {written.lower().replace('-', ' ')} ")
    assert not set(written[4:]) & set("01OILSBZ58UAE")
    assert not any(block[0].isdigit() for block in written.split("-"))


@pytest.mark.parametrize("typed", ["FH-K7Q2-M9XP", "homes k7q2m9xp", "fhx-K7Q2-M9XP"])
def test_a_reference_is_read_with_any_prefix_of_its_register(typed: str) -> None:
    prefix = re.split("[- ]", typed)[0].upper()

    assert f"{prefix}-K7Q2-M9XP" == read_reference(("FH", "FHX", "HOMES"), typed)


def test_two_numbers_have_two_references() -> None:
    assert 10_000 == len({write_reference("DSR", number * 4_000_037) for number in range(10_000)})


@pytest.mark.parametrize(
    "typed", ["Katherynne", "DSR", "DSR-7KQ2", "DSR-7KQ2-M9XO", "S117-7KQ2-M9XP", "DSR-7KQ2-M9XP-2"]
)
def test_nothing_else_is_read_as_a_reference(typed: str) -> None:
    assert read_reference(("DSR",), typed) is None


@pytest.mark.parametrize(
    ("role", "created_by", "may"),
    [
        (Role.STANDARD, CREATOR, True),
        (Role.STANDARD, UUID(int=9), False),
        (Role.ADMINISTRATOR, UUID(int=9), True),
        (Role.REPORTING, CREATOR, False),
        (Role.MASTER_ADMIN, CREATOR, False),
        (None, CREATOR, False),
    ],
)
def test_who_made_a_record_and_administrators_may_change_it(role: Role | None, created_by: UUID, may: bool) -> None:
    assert may == saving.may_update(visitor_of(role), created_by, is_held=False)


@pytest.mark.parametrize(
    ("role", "may"), [(Role.STANDARD, True), (Role.ADMINISTRATOR, True), (Role.REPORTING, False), (None, False)]
)
def test_who_holds_or_covers_a_record_may_change_it_as_who_made_it_may(role: Role | None, *, may: bool) -> None:
    assert may == saving.may_update(visitor_of(role), UUID(int=9), is_held=True)


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [(0, 0, ""), (-5, 0, ""), (-5, -1, "past"), (0, 366, ""), (0, 367, "too_long"), (400, 410, "")],
)
def test_cover_is_for_days_to_come_and_a_year_at_most(first: int, last: int, code: str) -> None:
    asked = AddCover(
        command_id=UUID(int=1),
        record_id=UUID(int=2),
        user_id=UUID(int=3),
        from_day=TODAY + first * DAY,
        until_day=TODAY + last * DAY,
    )

    assert code == refusal_of(lambda: rights.check_cover(asked, TODAY))


@pytest.mark.parametrize(
    ("first", "last", "code"), [(0, 2, ""), (0, 3, "already_covers"), (7, 9, "already_covers"), (8, 9, "")]
)
def test_nobody_covers_twice_on_one_day(first: int, last: int, code: str) -> None:
    theirs = rights.Cover(UUID(int=3), TODAY + 3 * DAY, TODAY + 7 * DAY)
    others = rights.Cover(UUID(int=4), TODAY, TODAY + 9 * DAY)
    cover = rights.Cover(UUID(int=3), TODAY + first * DAY, TODAY + last * DAY)

    assert code == refusal_of(lambda: rights.check_beside(cover, CREATOR, [theirs, others]))
    assert "too_many" == refusal_of(lambda: rights.check_beside(cover, CREATOR, [others] * rights.MOST_COVERS))


def test_nobody_covers_for_themselves() -> None:
    cover = rights.Cover(CREATOR, TODAY, TODAY)

    assert "is_holder" == refusal_of(lambda: rights.check_beside(cover, CREATOR, []))


@pytest.mark.parametrize(
    ("holding", "seen", "code"),
    [(None, None, ""), (7, 7, ""), (7, None, "changed"), (7, 6, "changed"), (None, 6, "changed")],
)
def test_a_holder_follows_the_one_that_was_seen(holding: int | None, seen: int | None, code: str) -> None:
    there = rights.RecordHolder(CREATOR, UUID(int=holding) if holding else None)
    asked = AssignHolder(
        command_id=UUID(int=1), record_id=UUID(int=2), user_id=UUID(int=3), seen=UUID(int=seen) if seen else None
    )

    assert code == refusal_of(lambda: rights.check_assignment(asked, there))


def refusal_of(decide: Callable[[], None]) -> str:
    try:
        decide()
    except Refused as refused:
        return refused.code
    return ""


def test_narrowing_to_organisations_never_widens_the_reach() -> None:
    visitor = visitor_of(Role.ADMINISTRATOR, 3)
    first, *_ = visitor.organisation_ids

    assert (first,) == lists.narrowed_to(visitor, [first, UUID(int=99)]).compartment_ids
    assert () == lists.narrowed_to(visitor, [UUID(int=99)]).compartment_ids
    assert visitor == lists.narrowed_to(visitor, [])


def test_ratings_are_sorted_by_urgency() -> None:
    assert ("red", "amber", "green") == lists.levels_by_urgency(dsr())


def test_further_columns_are_those_that_the_record_has_no_column_for() -> None:
    further = ListColumn(label="LEAD", shows="answer", question="lead_professional")
    columns = (*dsr().records.columns, further)
    widened = dsr().model_copy(update={"records": dsr().records.model_copy(update={"columns": columns})})

    assert ((), ("lead_professional",)) == (lists.further_columns(dsr()), lists.further_columns(widened))


def test_a_record_goes_to_the_home_organisation_and_only_within_reach() -> None:
    visitor = visitor_of(Role.STANDARD)

    assert visitor.home_organisation_id == saving.organisation_for(visitor)
    for lost in (visitor_of(Role.STANDARD, 0), visitor.model_copy(update={"home_organisation_id": UUID(int=9)})):
        with pytest.raises(Refused, match="no_organisation"):
            saving.organisation_for(lost)


def test_to_who_did_not_consent_no_other_question_matters() -> None:
    with pytest.raises(Refused, match="no_consent"):
        saving.checked_answers(dsr(), {"capacity_to_consent": "yes", "consent_given": "no"}, TODAY)


def test_faults_are_counted_and_not_told() -> None:
    with pytest.raises(Refused) as refused:
        saving.checked_answers(dsr(), ANSWERS | {"last_name": "", "nhs_number": "123", "shoe_size": "9"}, TODAY)

    assert InvalidAnswers(faults=3) == refused.value.details


def test_changes_are_codes_in_the_order_of_the_form() -> None:
    changes = answers.changes_between(dsr(), ANSWERS, ANSWERS | {"risk_level": "red", "first_name": "Pia"})

    assert (
        FieldChange(name="first_name", before="Percy", after="Pia"),
        FieldChange(name="risk_level", before="amber", after="red"),
    ) == changes
    with pytest.raises(Refused, match="unchanged"):
        answers.changes_between(dsr(), ANSWERS, ANSWERS)


def test_answers_to_questions_that_are_no_longer_asked_stay_with_the_record() -> None:
    form = dsr().form
    retired = form.sections[1].model_copy(
        update={
            "questions": tuple(
                question.model_copy(update={"retired": question.name == "postcode"})
                for question in form.sections[1].questions
            )
        }
    )
    register = dsr().model_copy(
        update={"form": form.model_copy(update={"sections": (form.sections[0], retired, *form.sections[2:])})}
    )
    before = ANSWERS | {"postcode": "ST16 3SR"}

    for sent in (ANSWERS | {"first_name": "Pia"}, before | {"first_name": "Pia"}):
        assert before | {"first_name": "Pia"} == answers.changed_answers(register, before, sent, TODAY)


def test_a_record_is_not_closed_by_a_birthday() -> None:
    young = {"capacity_to_consent": "no", "under_16": "yes", "parental_consent": "yes", "date_of_birth": "2010-02-07"}
    before = {name: answer for name, answer in ANSWERS.items() if name != "consent_given"} | young

    kept = answers.changed_answers(dsr(), before, before | {"risk_level": "red"}, date(2030, 1, 1))

    assert before | {"risk_level": "red"} == kept


@pytest.mark.parametrize(
    ("before", "after", "is_new", "told"),
    [
        ("green", "green", False, None),
        ("green", "amber", True, "alert"),
        ("amber", "amber", False, None),
        ("amber", "red", True, "urgent"),
        ("red", "red", False, None),
        ("red", "amber", True, "alert"),
        ("red", "green", True, None),
    ],
)
def test_a_rating_is_new_and_told_when_it_is_another_one(
    before: str, after: str, is_new: bool, told: Urgency | None
) -> None:
    rerating = ratings.rerating(dsr(), ANSWERS | {"risk_level": before}, ANSWERS | {"risk_level": after})

    assert (is_new, told) == (rerating.is_new, rerating.told)


def test_an_event_is_named_by_the_registers_own_word() -> None:
    named = dsr().model_copy(update={"identity": dsr().identity.model_copy(update={"record": "Care Plan"})})

    assert ["referral", "care-plan"] == [dsr().noun, named.noun]


def test_notes_keep_their_lines() -> None:
    assert "One\ntwo" == answers.kept_text("  One\r\ntwo ")
    for typed in ("", " \n ", "\x00"):
        with pytest.raises(Refused, match="empty"):
            answers.kept_text(typed)


# ------------------------------------------------------------------------------------------------------------- drafts
@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ({}, ""),
        ({"first_name": (" Jo ",)}, "Jo"),
        ({"first_name": ("Jo",), "last_name": ("Van\tder  Berg",)}, "Jo Van der Berg"),
        ({"last_name": ("x" * 300,)}, "x" * 200),
    ],
)
def test_a_draft_is_named_after_what_was_typed_of_the_name(typed: dict[str, tuple[str, ...]], name: str) -> None:
    assert name == drafts.draft_name(dsr(), typed)


def test_a_draft_holds_what_the_form_asks_whatever_it_says() -> None:
    sent: Typed = {
        "date_of_birth-day": ("99",),
        "date_of_birth-not-known": ("yes",),
        "locality": ("atlantis",),
        "act": ("x",),
    }

    assert ["date_of_birth-day", "date_of_birth-not-known", "locality"] == list(drafts.draft_typed(dsr(), sent))


@pytest.mark.requirement("R-FLOW-019")
@pytest.mark.parametrize(
    ("typed", "refuses"),
    [
        ({}, False),
        ({"capacity_to_consent": ("yes",)}, False),
        ({"capacity_to_consent": ("yes",), "consent_given": ("yes",)}, False),
        ({"capacity_to_consent": ("yes",), "consent_given": ("no",)}, True),
        ({"capacity_to_consent": ("no",), "best_interest_decision": ("no",)}, True),
    ],
)
def test_a_draft_is_kept_until_consent_is_refused(typed: dict[str, tuple[str, ...]], refuses: bool) -> None:
    assert refuses == drafts.refuses_consent(dsr(), typed, TODAY)


MINE, OTHERS = UUID(int=1), UUID(int=2)


NEWER, OWN = (DraftVersion(3, page, datetime(2026, 6, 17, tzinfo=UTC)) for page in (OTHERS, MINE))


def a_state(
    kept: DraftVersion | None = NEWER, *, sent: bool = False, discarded: bool = False, others: int = 0
) -> DraftState:
    """Return a draft in version 3, which another page saved last."""
    return DraftState(sent=sent, record_id=None, discarded=discarded, kept=kept, others=others)


@pytest.mark.parametrize(
    ("state", "version", "code"),
    [
        (a_state(), 3, ""),
        (a_state(), 2, "draft_changed"),
        (a_state(), 0, "draft_changed"),
        (a_state(OWN), 2, ""),
        (a_state(None), 0, ""),
        (a_state(None), 2, ""),
        (a_state(sent=True), 3, "sent"),
        (a_state(discarded=True), 3, "discarded"),
        (a_state(others=MOST_DRAFTS), 3, "too_many"),
        (a_state(others=MOST_DRAFTS - 1), 3, ""),
    ],
)
def test_a_draft_is_not_saved_over_a_newer_one_nor_after_its_end_nor_beside_too_many(
    state: DraftState, version: int, code: str
) -> None:
    refused = ""
    try:
        drafts.check_draft(state, DraftSeen(version=version, save_id=MINE))
    except Refused as refusal:
        refused = refusal.code

    assert code == refused


@pytest.mark.parametrize(("typed", "number"), [("Plum 999 000", "999000"), ("Plum 999 000 001", "999000001")])
def test_the_beginning_of_an_nhs_number_is_one_word_however_it_is_grouped(typed: str, number: str) -> None:
    search = read_search(("DSR",), typed)

    assert search is not None
    assert (number, True) == (search.beginning, search.by_number)
    assert {"%plum%", f"%{number}%"} == set(search.patterns)
