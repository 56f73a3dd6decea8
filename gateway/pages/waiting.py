"""What waits for a visitor, as links with numbers. What is unavailable just now is left out."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from aiohttp import web

from gateway.keys import ASSERTION, BUS, REGISTER, VISITOR
from gateway.pages.actions.addresses import actions_address, has_actions
from gateway.pages.duplicates.pairs import PAGE as DUPLICATES
from gateway.pages.duplicates.pairs import count_waiting
from gateway.pages.loading.to_confirm import cards_to_confirm, count_to_confirm
from gateway.pages.mails.mail_list import mails_address
from gateway.pages.meetings.addresses import meeting_address, meetings_address
from gateway.pages.outcomes.reversal_address import PAGE as REVERSALS
from gateway.pages.outcomes.reversals import count_reversals
from gateway.pages.reviews.due_list import due_address
from gateway.pages.users.locked import PAGE as LOCKED
from gateway.pages.users.user_facts import PAGE as USERS
from gateway.pages.work import work_list
from gateway.ui.actions import ask_if_there
from gateway.ui.ages import days_since
from gateway.ui.formats import ActionCard, day_and_time
from gateway.ui.navigation import PATHS
from gateway.ui.table import Cell, risk_mark
from shared import log
from shared.clock import utc_now
from shared.contracts.actions import ActionCounts, CountActions
from shared.contracts.meetings import ListMeetings
from shared.contracts.notifier import CountUndelivered, UndeliveredMails
from shared.contracts.outcomes import CountTasks, TaskCounts
from shared.contracts.referrals.caseload import Caseload, OwnRecords, ReadCaseload
from shared.contracts.referrals.consent import ConsentCount
from shared.contracts.referrals.reviews import MOST_DUE, DueCounts
from shared.contracts.users import AccountsWaiting, CountAccountsWaiting
from shared.messages import NotAnswered
from shared.permissions import Permission
from shared.registers.definition.register import Definition

COUNT_SECONDS = 1.0


@dataclass(frozen=True, repr=False)
class RatingCount:
    """How many of the visitor's own records have one rating, with the list of them."""

    mark: Cell
    count: int
    href: str


@dataclass(frozen=True, repr=False)
class Home:
    """
    What the home page shows: things to do, and the visitor's own records, if they see no others.

    `is_whole` is false if a service gave no answer, so that the page does not say that nothing waits.
    """

    todo: list[ActionCard] = field(default_factory=list)
    has_own: bool = False
    ratings: list[RatingCount] = field(default_factory=list)
    own: list[ActionCard] = field(default_factory=list)
    is_whole: bool = True


async def read_home(request: web.Request) -> Home:
    """Ask the services for what the visitor may see of theirs, all at the same time."""
    caseload, tasks, actions, (decisions, consents), emails, accounts = await asyncio.gather(
        _caseload(request),
        _work(request),
        _actions(request),
        _to_decide(request),
        _undelivered(request),
        _accounts(request),
    )
    register, found = request[REGISTER], caseload or Caseload()
    return Home(
        todo=[
            *tasks,
            *_of_reviews(register, found.reviews),
            *_of_actions(register, actions),
            *decisions,
            *cards_to_confirm(register, consents),
            *_of_emails(register, emails),
            *_of_accounts(register, accounts),
        ],
        has_own=found.own is not None,
        ratings=_ratings(register, found.own) if found.own else [],
        own=list(_own(register, found)),
        is_whole=None not in (caseload, actions, consents, emails, accounts),
    )


async def _caseload(request: web.Request) -> Caseload | None:
    may = request[VISITOR].may(Permission.READ_RECORDS)
    return await ask_if_there(request, ReadCaseload()) if may else Caseload()


async def _work(request: web.Request) -> list[ActionCard]:
    tasks, meetings = await asyncio.gather(_tasks(request), _meetings(request))
    return tasks + meetings


async def _meetings(request: web.Request) -> list[ActionCard]:
    """Return the link to the next meeting, and one to people who are on no agenda because none is planned."""
    register = request[REGISTER]
    if register.meetings is None or not request[VISITOR].may(Permission.RECORD_OUTCOME):
        return []
    found = await ask_if_there(request, ListMeetings(), seconds=COUNT_SECONDS)
    if found is None:
        return []
    words, count = register.words, sum(found.unplaced.values())
    following = [
        ActionCard(
            words("meetings.next_on", name=each.name, when=day_and_time(each.starts_at)),
            meeting_address(register, each.meeting_id),
        )
        for each in found.coming[:1]
    ]
    unplaced = ActionCard(words("meetings.unplaced_home", count=count), meetings_address(register))
    return following + ([unplaced] if count else [])


async def _tasks(request: web.Request) -> list[ActionCard]:
    """Return the links to the work list. If outcomes is slow or down, return one without a number."""
    register, visitor = request[REGISTER], request[VISITOR]
    if register.rating is None or not visitor.may(Permission.RECORD_OUTCOME):
        return []
    words, href = register.words, register.address(work_list.PATH)
    try:
        counts = await request.config_dict[BUS].ask(CountTasks(), who=request[ASSERTION], seconds=COUNT_SECONDS)
    except NotAnswered as unanswered:
        log.warn("home.not_counted", fault=unanswered.fault.value)
        return [ActionCard(words("tasks.heading"), href)]
    return [ActionCard(text, href) for text in _counted(register, counts)]


def _of_reviews(register: Definition, found: DueCounts) -> list[ActionCard]:
    """Return the links to the reviews that are overdue, and to those that are due soon."""
    words = register.words
    overdue = ActionCard(words("home.overdue_reviews", count=_at_most(found.overdue)), due_address(register))
    soon = ActionCard(words("home.reviews_due", count=_at_most(found.soon)), due_address(register, "soon"))
    return [card for count, card in ((found.overdue, overdue), (found.soon, soon)) if count]


def _at_most(count: int) -> str:
    return f"{MOST_DUE:,}+" if count > MOST_DUE else f"{count:,}"


def _counted(register: Definition, counts: TaskCounts) -> Iterator[str]:
    if counts.unseen:
        yield register.words("tasks.unseen", count=counts.unseen)
    if counts.agenda:
        yield register.words("tasks.agenda_count", count=counts.agenda)


async def _actions(request: web.Request) -> ActionCounts | None:
    may = has_actions(request[REGISTER]) and request[VISITOR].may(Permission.UPDATE_RECORD)
    return await ask_if_there(request, CountActions(), seconds=COUNT_SECONDS) if may else ActionCounts()


def _of_actions(register: Definition, found: ActionCounts | None) -> list[ActionCard]:
    """Return the links to one's own actions, and to those that the team must look at."""
    counts, words = found or ActionCounts(), register.words
    mine = actions_address(register, "mine")
    cards = (
        (counts.mine_due, ActionCard(words("actions.waiting_mine", count=counts.mine_due), mine)),
        (
            0 if counts.mine_due else counts.mine,
            ActionCard(words("actions.waiting_mine_open", count=counts.mine), mine),
        ),
        (
            counts.overdue,
            ActionCard(words("actions.waiting_overdue", count=counts.overdue), actions_address(register, "overdue")),
        ),
        (
            counts.to_confirm,
            ActionCard(
                words("actions.waiting_to_confirm", count=counts.to_confirm), actions_address(register, "to_confirm")
            ),
        ),
    )
    return [card for count, card in cards if count]


async def _undelivered(request: web.Request) -> UndeliveredMails | None:
    may = request[VISITOR].may(Permission.ADMINISTER)
    return await ask_if_there(request, CountUndelivered(), seconds=COUNT_SECONDS) if may else UndeliveredMails(total=0)


async def _accounts(request: web.Request) -> AccountsWaiting | None:
    may = request[VISITOR].may(Permission.UNLOCK_ACCOUNT)
    return await ask_if_there(request, CountAccountsWaiting()) if may else AccountsWaiting(proposals=0, locked=0)


async def _to_decide(request: web.Request) -> tuple[list[ActionCard], ConsentCount | None]:
    """Return the links to what is to be decided, and how many consents are to be confirmed."""
    decisions, consents = await asyncio.gather(_decisions(request), count_to_confirm(request))
    return decisions, consents


async def _decisions(request: web.Request) -> list[ActionCard]:
    duplicates, reversals = await asyncio.gather(count_waiting(request), count_reversals(request))
    register = request[REGISTER]
    words = register.words
    cards = (
        (duplicates, ActionCard(words("duplicate.waiting", count=duplicates), register.address(DUPLICATES))),
        (reversals, ActionCard(words("reversals.waiting", count=reversals), register.address(REVERSALS))),
    )
    return [card for count, card in cards if count]


def _of_emails(register: Definition, found: UndeliveredMails | None) -> list[ActionCard]:
    """Return the link to emails that could not be delivered."""
    count = found.total if found else 0
    href = f"{mails_address(register)}?undelivered=1"
    return [ActionCard(register.words("home.undelivered", count=count), href)] if count else []


def _of_accounts(register: Definition, found: AccountsWaiting | None) -> list[ActionCard]:
    """Return the links to proposals and locked accounts."""
    if found is None:
        return []
    words = register.words
    cards = (
        (found.proposals, ActionCard(words("proposals.count", count=found.proposals), register.address(USERS))),
        (found.locked, ActionCard(words("home.locked", count=found.locked), register.address(LOCKED))),
    )
    return [card for count, card in cards if count]


def _ratings(register: Definition, own: OwnRecords) -> list[RatingCount]:
    """Return the count of each rating, the most urgent first, with the address of the filtered list."""
    levels = register.rating.levels if register.rating else ()
    address, totals = register.address(PATHS["records"]), {each.rating: each.total for each in own.ratings}
    return [
        RatingCount(risk_mark(each.colour, each.label), totals.get(each.code, 0), f"{address}?rating={each.code}")
        for each in reversed(levels)
    ]


def _own(register: Definition, found: Caseload) -> Iterator[ActionCard]:
    """Yield the links to single records: those that are new with the visitor, and the longest without an update."""
    words, now = register.words, utc_now()
    for each in found.new:
        said = words("home.new", name=each.name, when=days_since(each.at, now, words))
        yield ActionCard(said, register.record_address(each.record_id))
    if found.own and not register.rating:
        count = sum(each.total for each in found.own.ratings)
        yield ActionCard(words("home.own_count", count=count), register.address(PATHS["records"]))
    if found.own and found.own.oldest:
        oldest = found.own.oldest
        said = words("home.oldest", name=oldest.name, when=days_since(oldest.at, now, words))
        yield ActionCard(said, register.record_address(oldest.record_id))
