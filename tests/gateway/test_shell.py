"""Tests of kept pages: they say the same as fresh ones, and nothing of one user or person reaches another page."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from markupsafe import Markup

from gateway.routes import PAGES
from gateway.server.app import AppContext, build_app
from gateway.ui.brand import Brand
from gateway.ui.form import Form
from gateway.ui.render import Templates
from gateway.ui.shell import Holes, HoleTested, Name, Same, Shell, Shells
from gateway.ui.static import Static
from gateway.ui.table import Cell
from shared.fake_bus import FakeBus, FakeWire
from shared.permissions import Role
from shared.registers.load import Registers
from shared.registers.overlay import Adaptation, Overlay
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import Serve
from tests.gateway.small_app import two_registers
from tests.gateway.stand_in_drafts import StandInDrafts
from tests.gateway.stand_in_identity import JAYNE, NAME, StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN, StandInOutcomes
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.stand_in_reports import StandInReports
from tests.gateway.strict import StrictInOurs
from tests.gateway.test_record_over_time import ANSWERS, a_change
from tests.services.watch import EDITION, a_watch, watch

DRAFT = UUID(int=99)
RECORD = f"records/{RECORD_ID.hex}/"
PATHS = (
    "records/",
    "records/?ended=yes",
    "records/?length=25&sort=name&rating=red",
    "records/?notice=archived",
    "records/new?start",
    "records/new?notice=discarded&start",
    f"records/new?draft={DRAFT.hex}&notice=saved",
    RECORD,
    f"{RECORD}?notice=updated",
    f"{RECORD}?history=20",
    "reporting/",
    f"reporting/?organisation={UUID(int=2).hex}",
)
OF_ENDINGS = ("records/", "records/?ended=yes", RECORD, f"{RECORD}?notice=decided", f"{RECORD}ending/")
DECIDED = {
    "body": "parish:plumstead",
    "reason": "She sleeps well.",
    "person_told": True,
    "decided_by": "Septimus Harding",
    "decided_at": WHEN,
}
TYPED: dict[str, tuple[str, ...]] = {
    "first_name": ("Canarina",),
    "risk_level": ("red",),
    "locality": ("south_staffordshire",),
}
OTHER_ANSWERS = {**ANSWERS, "first_name": "Percy", "risk_level": "green", "latest_update": "Moved & settled"}
CHANGING = re.compile(
    r'(name="(csrf_token|command|note_command|draft_save)" value=|data-token=|nonce=|data-seconds=)"[^"]*"'
    r"|[\d/]{10}, \d\d:\d\d"
)


@dataclass(frozen=True, eq=False)
class FreshShell(Shell):
    """A page that is not kept: its template sees the values themselves instead of holes."""

    render: Callable[[Mapping[Name, Cell]], str]

    def fill(self, values: Mapping[Name, Cell]) -> Markup:
        return Markup(self.render(values))


class FreshTemplates(Templates):
    """Keeps no page."""

    def shell(
        self, template: str, names: Iterable[str], values: Mapping[str, object], form: Form | None = None
    ) -> Shell:
        def render(filled: Mapping[Name, Cell]) -> str:
            return self.render(template, {"form": form, **{name: filled[name] for name in names}, **values})

        return FreshShell((), {}, render)


@dataclass
class Rig:
    """Two gateways over the same stand-ins: one keeps pages, the other makes each page afresh."""

    identity: StandInIdentity
    outcomes: StandInOutcomes
    registers: Registers
    templates: Templates
    keeping: Browser
    fresh: Browser

    async def both(self, path: str) -> tuple[str, str]:
        """Return the page of this address from both, without what differs between any two pages."""
        return (plain((await self.keeping.see(path)).html), plain((await self.fresh.see(path)).html))

    def come_in(self, role: Role, user_id: UUID, full_name: str) -> None:
        self.identity.role, self.identity.user_id, self.identity.full_name = role, user_id, full_name
        for browser in (self.keeping, self.fresh):
            browser.come_in(self.identity)


def three_registers() -> Registers:
    """Return the DSR twice, and a register of which bodies share the records, which end by a date."""
    return Registers([*two_registers().every(), watch()])


def plain(html: str) -> str:
    return CHANGING.sub("", html)


@pytest.fixture
async def rig(serve: Serve, template_cache: Path) -> Rig:
    identity, outcomes, registers = StandInIdentity(), StandInOutcomes(answers=dict(ANSWERS)), three_registers()
    others = (StandInReferrals(updates=(a_change(2), a_change(1, ("risk_level", "amber", "red"))), older=7),)
    wire = FakeWire()
    for each in (identity, outcomes, *others, StandInReports(), StandInDrafts(kept={DRAFT: TYPED})):
        await each.answer_on(wire)
    made = [kind(Static(), Brand(), template_cache, undefined=StrictInOurs) for kind in (Templates, FreshTemplates)]
    contexts = [AppContext(FakeBus("gateway", wire), registers, templates, Static()) for templates in made]
    keeping, fresh = [Browser(await serve(build_app(context, PAGES))) for context in contexts]
    return Rig(identity, outcomes, registers, made[0], keeping, fresh)


VISITORS = (
    (Role.ADMINISTRATOR, JAYNE, NAME),
    (Role.ADMINISTRATOR, UUID(int=17), "Ada Minister"),
    (Role.STANDARD, UUID(int=18), "Gail Thomas"),
)


def may_see(role: Role, path: str) -> bool:
    return role is not Role.STANDARD or not path.startswith("reporting/")


@pytest.mark.slow
async def test_a_kept_page_says_the_same_as_a_fresh_one_for_every_user_register_and_record(
    rig: Rig, full_rounds: bool
) -> None:
    """Each user opens each page, in both registers or in the two by turns."""
    for turn, (role, user_id, name) in enumerate((*VISITORS, VISITORS[0])):
        rig.come_in(role, user_id, name)
        rig.outcomes.answers = dict(OTHER_ANSWERS if user_id == JAYNE else ANSWERS)
        for place, path in enumerate(path for path in PATHS if may_see(role, path)):
            for register in ("dsr", "other") if full_rounds else (("dsr", "other")[(turn + place) % 2],):
                kept, fresh = await rig.both(f"/{register}/{path}")
                assert fresh == kept, path
                assert name in kept
                assert not [other for _, _, other in VISITORS if other != name and f"logged in: {other}" in kept]


STATES: tuple[dict[str, object], ...] = (
    {},
    {"ends_on": date(2031, 5, 9), "awaiting": True},
    {"ends_on": date(2031, 5, 10), "awaiting": True, "decisions": (DECIDED,)},
    {"is_open": False, "ended_at": WHEN, "may_update": False, "decisions": (DECIDED,)},
    {"is_open": False, "ended_at": WHEN, "may_update": False},
)


@pytest.mark.slow
async def test_a_kept_page_says_the_same_in_a_register_whose_records_end_by_a_date(rig: Rig, full_rounds: bool) -> None:
    """Each user opens each page in each state of a record, or two users by turns."""
    rig.outcomes.answers = a_watch()
    visitors = tuple(zip(VISITORS, ((), ("parish:plumstead",), ("almshouse:hiram",)), strict=True))
    for turn, state in enumerate((*STATES, STATES[0])):
        rig.outcomes.changes = {"edition": EDITION, **state}
        rig.outcomes.row_changes = {name: state[name] for name in ("ended_at", "awaiting") if name in state}
        by_turns = [visitors[(turn + each) % len(visitors)] for each in range(2)]
        for visitor, bodies in visitors if full_rounds else by_turns:
            rig.identity.bodies = bodies
            rig.come_in(*visitor)
            for path in OF_ENDINGS:
                kept, fresh = await rig.both(f"/watch/{path}")
                assert fresh == kept, path


@pytest.mark.slow
async def test_an_ended_record_shares_no_kept_page_with_an_open_one(rig: Rig) -> None:
    rig.come_in(*VISITORS[0])
    for state in (STATES[0], STATES[-1]):
        rig.outcomes.changes = dict(state)
        for register in ("dsr", "other"):
            kept, fresh = await rig.both(f"/{register}/{RECORD}")
            assert fresh == kept


@pytest.mark.slow
async def test_users_with_the_same_permissions_share_kept_pages(rig: Rig) -> None:
    counts = []
    for visitor in VISITORS[:2]:
        rig.come_in(*visitor)
        for path in PATHS:
            await rig.keeping.see(f"/dsr/{path}")
        counts.append(len(rig.templates.shells))

    assert counts[0] == counts[1] > len(PATHS)


async def test_a_search_is_shown_to_the_one_who_typed_it_and_kept_nowhere(rig: Rig) -> None:
    rig.come_in(*VISITORS[0])
    await rig.keeping.see("/dsr/records/")
    found = await rig.keeping.send("/dsr/records/", {"search": "Canarina"}, status=200)
    later = await rig.keeping.see("/dsr/records/")

    assert ["Canarina", ""] == [page.tree.select("#search")[0]["value"] for page in (found, later)]


@pytest.mark.slow
async def test_errors_stay_on_the_page_of_the_one_who_made_them(rig: Rig) -> None:
    rig.come_in(*VISITORS[0])
    before = plain((await rig.keeping.see("/dsr/records/new?start")).html)

    wrong = await rig.keeping.send("/dsr/records/new", {"command": DRAFT.hex, "first_name": "Canarina"})
    await rig.fresh.see("/dsr/records/new?start")
    fresh = await rig.fresh.send("/dsr/records/new", {"command": DRAFT.hex, "first_name": "Canarina"})

    assert wrong.problems
    assert plain(fresh.html) == plain(wrong.html)
    assert before == plain((await rig.keeping.see("/dsr/records/new?start")).html)


@pytest.mark.slow
async def test_kept_pages_hold_nothing_about_people_or_users(rig: Rig) -> None:
    rig.come_in(*VISITORS[0])
    for path in PATHS:
        await rig.keeping.see(f"/dsr/{path}")
    await rig.keeping.send("/dsr/records/", {"search": "Canarina"}, status=200)

    kept = repr(vars(rig.templates.shells))
    of_people = ("Tester", "second line", "2001", "Jenny Harris", "Canarina", "Gail Thomas", RECORD_ID.hex)
    of_users = (NAME, rig.keeping.token, rig.keeping.token[-32:])
    assert "nhsuk-tabs" in kept
    assert [] == [text for text in (*of_people, *of_users) if text in kept]


async def test_a_published_change_of_the_register_is_on_the_next_page(rig: Rig) -> None:
    rig.come_in(*VISITORS[0])
    before = await rig.keeping.see("/dsr/records/new?start")
    south, north = rig.registers.find("dsr").form.by_name["locality"].options
    options = (south.model_copy(update={"retired": True}), north)
    rig.registers.adapt({"dsr": Adaptation(1, Overlay(options={"locality": options}))})

    kept, fresh = await rig.both("/dsr/records/new?start")

    assert south.label in before.html
    assert south.label not in kept
    assert fresh == kept


# ------------------------------------------------------------------------------------------------------ the mechanism
@pytest.mark.parametrize("use", ["{% if it %}x{% endif %}", "{{ it or 'x' }}", "{{ it == 'x' }}", "{{ it | length }}"])
def test_a_template_that_tests_a_hole_fails(templates: Templates, use: str) -> None:
    with pytest.raises(HoleTested):
        templates.environment.from_string(use).render(it=Holes().hole("it"))


def test_what_fills_a_hole_is_escaped_and_is_not_searched_for_holes() -> None:
    holes = Holes()
    one, other = holes.hole("one"), holes.hole("other")
    shell = holes.cut(f"<p>{one}, {other}, {one:}</p>")

    assert "<p>&lt;b&gt;, <i>, &lt;b&gt;</p>" == shell.fill({"one": "<b>", "other": Markup("<i>"), "none": "x"})
    assert f"<p>, {one}, </p>" == shell.fill({"other": Markup(str(one))})


def test_the_least_recently_used_pages_are_dropped() -> None:
    made: list[str] = []

    def render(_holes: Holes) -> str:
        made.append(name)
        return name

    shells = Shells(at_most=2)
    for name in ("a", "b", "a", "c", "a", "b"):
        shells.find(name, render)

    assert ["a", "b", "c", "b"] == made
    assert 2 == len(shells)


def test_a_definition_is_compared_by_identity() -> None:
    one, other = (each.definition for each in (two_registers().every()[0], two_registers().every()[0]))

    assert {Same(one): "kept"}.get(Same(one)) == "kept"
    assert Same(one) != Same(other.model_copy())
