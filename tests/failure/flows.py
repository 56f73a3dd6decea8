"""Every flow of the product, walked with the canary: what users do, their mistakes, and what goes wrong."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import uuid4

import openpyxl
import pyotp

from deploy.runner.waiting import until
from gateway.routes import DEMO_PAGES, PAGES
from shared.clock import london_today
from shared.registers.definition.register import Definition
from shared.registers.form.reading import read_answers
from shared.values import london_day
from tests.failure.administering import hand_over, who_looked
from tests.failure.canary import Filled, Sought, fill, sought_word, without, word
from tests.failure.following_up import WRITTEN_ABOUT_ACTIONS
from tests.walking import Sheet, Walker, record_in

REPORT_SECONDS = 60
FIRST_NAME, LAST_NAME = word("account first name"), word("account last name")
EMAIL = f"{word('account address')}.{word('account address too')}@mpft.nhs.uk".lower()
PASSWORD, WRONG_PASSWORD = f"{word('password')}-2026!", f"{word('wrong password')}-2026!"
NOTE, CHANGE, OTHER_CHANGE, REASON = word("note"), word("change"), word("other change"), word("reason")
ADDED = f"{word('added address').lower()}@{word('added place').lower()}.example"
ASSIGNED = f"{word('assigned address').lower()}@{word('assigned place').lower()}.example"
FILE_NAME = word("file name")
OTHER_EMAIL = f"{word('stranger')}@{word('elsewhere').lower()}.example"

# Facts about the person may be in no place outside the database. The account's facts may be only where mail goes.
WRITTEN_WORDS = (
    *("note", "change", "other change", "reason", "file name", "heading"),
    *("first name in a cell", "last name in a cell", "no date"),
    *("minutes", "correction", "attendee", "chair"),
    *WRITTEN_ABOUT_ACTIONS,
)
WRITTEN = tuple(sought_word(what, word(what)) for what in WRITTEN_WORDS)
ACCOUNT = tuple(
    sought_word(what, word(what))
    for what in (
        "account first name",
        "account last name",
        "account address",
        "account address too",
        "password",
        "wrong password",
        "stranger",
        "elsewhere",
        "added first name",
        "added last name",
        "added address",
        "added place",
        "assigned address",
        "assigned place",
    )
)


@dataclass
class Canary:
    """The person as two forms hold them, and the browsers that have shown them."""

    register: Definition
    referral: Filled
    outcome: Filled
    walkers: list[Walker] = field(default_factory=list)

    @classmethod
    def of(cls, register: Definition) -> "Canary":
        assert register.outcome is not None
        return cls(register, fill(register.form, "referral", risk_level="red"), fill(register.outcome, "outcome"))

    @property
    def standing(self) -> list[Sought]:
        """Return the facts that the referral holds in the end: answers that apply, two of them changed on the way."""
        changed = {"referral latest_update": OTHER_CHANGE, "referral lead_professional_contact": CHANGE}
        form, words, today = self.register.form, self.register.words, london_day(datetime.now(UTC))
        kept = read_answers(form, self.referral.fields, words, today).answers
        said = [each for each in self.referral.sought if each.what.removeprefix("referral ") in kept]
        return [sought_word(each.what, changed[each.what]) if each.what in changed else each for each in said]

    @property
    def sought(self) -> tuple[Sought, ...]:
        return (*self.referral.sought, *self.outcome.sought, *WRITTEN)


# ------------------------------------------------------------------------------------------------------------- account
async def look_around(walker: Walker) -> None:
    for path in ("/", "/help/", "/accessibility/", "/privacy/", "/demo/mail", "/demo/mail.json"):
        await walker.get(path)
    for path in ("", "help/", "login/reminder/", "login/reminder/sent"):
        await walker.see(walker.at(path))
    await walker.get(f"/{word('a stray address')}/")


async def come_in(walker: Walker) -> None:
    """Register with mistakes, log in with mistakes, and choose a new password."""
    await walker.see(walker.at("login/register/"))
    wrong = {"first_name": FIRST_NAME * 20, "last_name": LAST_NAME, "email": OTHER_EMAIL}
    await walker.post(walker.at("login/register/"), wrong)
    await walker.post(walker.at("login/register/"), wrong | {"first_name": FIRST_NAME})
    temporary = await walker.register_account(FIRST_NAME, LAST_NAME, EMAIL)
    await walker.post(walker.at("login/"), {"email": EMAIL, "password": WRONG_PASSWORD})
    earlier = len(await walker.mails(EMAIL))
    await walker.go_on(walker.at("login/"), {"email": EMAIL, "password": temporary})
    await walker.mail_after(earlier, EMAIL)  # otherwise its PIN would be taken for that of the next log-in
    await walker.post(walker.at("login/pin"), {"pin": "none"})
    await walker.post(walker.at("login/resend"), {})
    await walker.go_on(walker.at("login/cancel"), {})
    await walker.log_in(EMAIL, temporary)
    await walker.see(walker.at("account/password"))
    await walker.post(walker.at("account/password"), {"current": temporary, "new": "short", "confirm": "short"})
    await walker.change_password(temporary, PASSWORD)
    await walker.see(walker.at("account/password"))
    await walker.go_on(walker.at(f"account/sessions/{uuid4().hex}/end"), {})
    await walker.see(walker.at("home/"))


async def use_app(walker: Walker) -> None:
    """Add an authenticator app, log in with a recovery code after a wrong code, and remove the app."""
    page, now = walker.at("account/app"), time.time()
    await walker.see(page)
    begun = (await walker.post(page, {"current": PASSWORD})).fields("uri")
    app = pyotp.parse_uri(begun["uri"][0])
    assert isinstance(app, pyotp.TOTP)
    await walker.post(f"{page}/confirm", begun | {"code": app.at(now - app.interval)})
    await walker.see(f"{page}/codes")
    renewed = await walker.post(f"{page}/codes", {"current": PASSWORD, "code": app.at(now)})
    codes = [each.get_text() for each in renewed.tree.select(".ics-codes .ics-code")]
    await walker.log_out()
    await walker.see(walker.at("login/"))
    await walker.go_on(walker.at("login/"), {"email": EMAIL, "password": PASSWORD})
    await walker.see(walker.at("login/app"))
    await walker.post(walker.at("login/app"), {"code": "none"})
    await walker.see(walker.at("login/recovery"))
    await walker.go_on(walker.at("login/recovery"), {"code": codes[0]})
    await walker.see(f"{page}/remove")
    await walker.go_on(f"{page}/remove", {"current": PASSWORD, "code": codes[1]})
    await walker.post(walker.at(f"account/remembered/{uuid4().hex}/end"), {})
    await walker.post(walker.at("account/join"), {"command": uuid4().hex})


async def forget_password(walker: Walker) -> None:
    await walker.see(walker.at("login/reminder/"))
    await walker.go_on(walker.at("login/reminder/"), {"email": EMAIL})


# ------------------------------------------------------------------------------------------------------------ referral
async def refer(walker: Walker, canary: Canary) -> str:
    """Send a referral with gaps, with invalid answers and without consent, then a valid one. Return the record's id."""
    form = await walker.new_form() | canary.referral.fields
    answers = {
        422: without(form, "locality", "risk_level"),
        409: form | {"consent_given": "no"},
    }
    for status, fields in answers.items():
        assert status == (await walker.post(walker.at("records/new"), fields)).status
    await walker.post(walker.at("records/new"), form | {"nhs_number": "943 271 8651", "postcode": word("no postcode")})
    await walker.post(walker.at("records/new"), form | {"latest_update": word("too long") * 2_000})
    await walker.post(walker.at("records/new"), form | {"command": word("no command")})
    leads_to = await walker.go_on(walker.at("records/new"), form)
    await walker.see(leads_to)
    return record_in(leads_to)


async def refer_again(walker: Walker, admin: Walker, canary: Canary) -> None:
    """See the match, go back, and add the person anyway. Then an administrator links the two records."""
    asked = await walker.post(walker.at("records/new"), await walker.new_form() | canary.referral.fields)
    assert 409 == asked.status
    form = asked.fields("command")
    assert 200 == (await walker.post(walker.at("records/new"), form | {"duplicate": "back"})).status
    await walker.see(await walker.go_on(walker.at("records/new"), form | {"duplicate": "add"}))
    team = admin.at("duplicates/")
    decision = (await admin.see(team)).fields("one") | {"act": "link"}
    await admin.see(await admin.go_on(team, decision))
    await admin.post(team, decision | {"command": uuid4().hex, "act": "dismiss"})
    await admin.post(team, decision | {"one": word("no record")})


async def draft(walker: Walker, canary: Canary) -> None:
    """Save a draft, resume it from its offer, and discard it."""
    form = await walker.new_form() | canary.referral.fields
    saved = await walker.go_on(walker.at("records/new/draft"), form)
    await walker.post(walker.at("records/new/draft"), form | {"consent_given": "no"})
    await walker.post(walker.at("records/new"), form | {"consent_given": "no", "closing": "confirm"})
    saved = await walker.go_on(walker.at("records/new/draft"), await walker.new_form() | canary.referral.fields)
    await walker.see(saved)
    await walker.see(walker.at("home/"))
    await walker.see(walker.at("records/new"))
    discarding = walker.at(f"records/new/discard/{saved.partition('draft=')[2][:32]}/")
    await walker.see(discarding)
    await walker.see(await walker.go_on(discarding, {}))
    await walker.see(walker.at("account/session"))
    await walker.post(walker.at("account/session"), {})


async def find(walker: Walker, canary: Canary) -> None:
    given, family = (str(canary.referral.fields[name]) for name in ("first_name", "last_name"))
    await walker.list_records()
    for words in (given, family[:5], family[3:9], f"{given} {family}", family * 10):
        await walker.search(words)


async def change(walker: Walker, other: Walker, record: str) -> None:
    """Change the same record in two windows. The second one resolves the conflict by merging both changes."""
    mine = (await walker.open_form(record)).fields("version")
    theirs = (await other.open_form(record)).fields("version")
    await walker.update(record, without(mine, "locality"))
    assert 303 == (await other.update(record, theirs | {"latest_update": OTHER_CHANGE})).status
    conflict = await walker.update(record, mine | {"lead_professional_contact": CHANGE})
    assert 409 == conflict.status
    assert 303 == (await walker.update(record, conflict.fields("version"))).status
    await walker.post(walker.at(f"records/{record}/review/"), (await walker.open(record)).fields("version"))


async def note(walker: Walker, record: str) -> None:
    await walker.add_note(record, NOTE)
    form = (await walker.open_form(record)).fields("version")
    await walker.post(walker.at(f"records/{record}/notes/"), form | {"text": NOTE * 1_000})


async def look_after(walker: Walker, record: str) -> str:
    """
    Search for a holder, end a cover and acknowledge a task that do not exist, and open the case record text.

    Return the reference.
    """
    page = walker.at(f"records/{record}/holder/")
    form = (await walker.see(page)).fields("command")
    await walker.post(page, form | {"act": "find", "search": LAST_NAME})
    await walker.post(f"{page}end", form | {"holding": word("no cover")})
    await walker.post(walker.at(f"records/{record}/seen/"), {"task": f"{uuid4().hex}-{uuid4().hex}"})
    await hand_over(walker, LAST_NAME)
    await who_looked(walker, record)
    said = (await walker.see(walker.at(f"records/{record}/text/"))).html
    reference = re.search(r"DSR-[0-9A-Z]{4}-[0-9A-Z]{4}", said)
    assert reference is not None
    return reference[0]


async def end(walker: Walker, record: str) -> None:
    """Open and send the page on which bodies decide about an end. The DSR has no such end, so both are refused."""
    page = walker.at(f"records/{record}/ending/")
    await walker.get(page)
    await walker.post(page, {"command": uuid4().hex, "reason": REASON, "body": word("no body"), "told": "yes"})


async def review(walker: Walker, record: str) -> None:
    """Look at the reviews that are due, confirm one, and send a button that makes no sense."""
    page = walker.at("reviews/")
    await walker.see(page)
    await walker.see(f"{page}?due=soon")
    await walker.see(walker.at("records/?review=overdue&review=soon&sort=review"))
    version = (await walker.open(record)).fields("version")["version"][0]
    await walker.see(await walker.go_on(page, {"review": f"{record}-{version}-{uuid4().hex}"}))
    await walker.post(page, {"review": word("no review")})


# ---------------------------------------------------------------------------------------------------- outcome, archive
async def record_outcome(walker: Walker, canary: Canary, record: str) -> None:
    page = walker.at(f"records/{record}/outcomes/")
    form = (await walker.see(page)).fields("version") | canary.outcome.fields
    assert 422 == (await walker.post(page, without(form, "cetr_requested") | {"act": "save"})).status
    await walker.see(await walker.go_on(page, form | {"act": "save"}))


async def archive(walker: Walker, canary: Canary, record: str) -> None:
    """Archive the record, after a first attempt that is cancelled."""
    page = walker.at(f"records/{record}/outcomes/")
    form = (await walker.see(page)).fields("version") | canary.outcome.fields
    asked = (await walker.post(page, form | {"act": "archive"})).fields("version")
    await walker.post(page, asked | {"act": "cancel"})
    assert 422 == (await walker.post(page, asked | {"act": "confirm"})).status
    why = {"leaving_reason": "other", "leaving_text": word("why they leave")}
    await walker.see(await walker.go_on(page, asked | {"act": "confirm"} | why))
    await walker.get(walker.at(f"records/{record}/"))
    await walker.post(page, asked | {"act": "save", "command": word("no command")})


async def look_at_mails(walker: Walker) -> None:
    """List all mails and the undelivered ones, and resend a mail that does not exist."""
    page = walker.at("administration/mails/")
    form = (await walker.see(page)).fields("command")
    await walker.see(f"{page}?undelivered=1")
    await walker.post(page, form | {"mail": word("no mail")})


# --------------------------------------------------------------------------------------------------------------- users
async def manage_users(admin: Walker, master: Walker) -> None:
    """Add a user with mistakes. Find, change and close the account, propose it as an administrator, and decline."""
    await admin.see(admin.at("administration/organisations/"))
    page = admin.at("administration/users/")
    form = (await admin.see(f"{page}new")).fields("first_name")
    organisation = _value(await admin.see(f"{page}new"), "#organisations-2")
    form |= {"first_name": word("added first name"), "last_name": word("added last name"), "email": ADDED}
    await admin.post(f"{page}new", form)
    added = await admin.go_on(f"{page}new", form | {"role": "standard", "organisations": organisation})
    await admin.see(added)
    await admin.post(f"{page}new", form | {"role": "standard", "organisations": organisation, "command": uuid4().hex})
    await admin.see(page)
    await admin.post(page, {"search": word("added last name"), "state": ""})
    here = added.partition("?")[0]
    await _propose(admin, master, here, organisation)
    changed = (await admin.see(here)).fields("version") | {"role": "reporting"}
    await admin.see(await admin.go_on(here, changed))
    await admin.post(here, changed | {"command": uuid4().hex, "role": "administrator"})
    name = (await admin.see(f"{here}name")).fields("first_name")
    await admin.post(f"{here}name", name | {"first_name": ""})
    await admin.see(await admin.go_on(f"{here}name", name | {"last_name": word("corrected last name")}))
    await admin.see(f"{here}confirm/deactivate/")
    await admin.see(await admin.go_on(f"{here}act", {"command": uuid4().hex, "act": "deactivate"}))
    await admin.post(f"{here}act", {"command": uuid4().hex, "act": "unlock"})
    await admin.get(f"{here}app")
    await admin.post(f"{here}app", {})
    await _unlock(admin, here.rstrip("/").rpartition("/")[2])
    await _let_in(admin)


async def _unlock(admin: Walker, user: str) -> None:
    """Search the locked accounts, and unlock one that is not locked."""
    page = admin.at("administration/locked/")
    await admin.see(page)
    await admin.post(page, {"search": word("added last name")})
    await admin.post(f"{page}{user}/unlock", {"command": uuid4().hex})


async def _propose(admin: Walker, master: Walker, here: str, organisation: str) -> None:
    form = (await master.see(here)).fields("organisations")
    await master.see(await master.go_on(f"{here}propose", form | {"organisations": organisation}))
    listed = await admin.see(admin.at("administration/users/"))
    waiting = listed.tree.select_one('form[action*="/proposals/"]')
    assert waiting is not None
    await admin.see(await admin.go_on(str(waiting["action"]), {"command": uuid4().hex, "act": "decline"}))


async def _let_in(walker: Walker) -> None:
    """Assign one outside address, with a mistake, and end it."""
    page = walker.at("administration/addresses/")
    form = (await walker.see(page)).fields("email") | {"act": "assign"}
    await walker.post(page, form | {"email": word("assigned address")})
    await walker.see(await walker.go_on(page, form | {"email": ASSIGNED, "command": uuid4().hex}))
    await walker.see(await walker.go_on(f"{page}end", {"command": uuid4().hex, "address": ASSIGNED}))


def _value(sheet: Sheet, selector: str) -> str:
    control = sheet.tree.select_one(selector)
    assert control is not None
    return str(control["value"])


async def reword(walker: Walker) -> None:
    """Publish a list with one more option, then try to publish the home page's texts unchanged."""
    hub = walker.at("administration/settings/")
    links = re.findall(rf'href="({hub}[^"]+)"', (await walker.see(hub)).html)
    page = next(each for each in links if "/lists/" in each)
    form = (await walker.see(page)).fields("version") | {"new-label-1": "Elsewhere"}
    checked = (await walker.post(page, form | {"act": "check"})).fields("version")
    await walker.see(await walker.go_on(page, checked | {"act": "publish"}))
    reviews = (await walker.see(f"{hub}reviews/")).fields("version") | {
        "days-red": "7",
        "source": word("review policy"),
    }
    await walker.post(f"{hub}reviews/", reviews | {"act": "check"})
    home = (await walker.see(f"{hub}home/")).fields("version")
    assert 422 == (await walker.post(f"{hub}home/", home | {"act": "check"})).status


# ---------------------------------------------------------------------------------------------------------------- load
async def load(walker: Walker, canary: Canary) -> None:
    """
    Load a file with the canary, a new person and a wrong row, then cancel a second upload of it. Send no file first.
    """
    page = walker.at("load/")
    form = (await walker.see(page)).fields("command")
    await walker.see(f"{page}guide/")
    await walker.download(f"{page}template/")
    await walker.download(f"{page}tracing/")
    assert 422 == (await walker.post(page, form)).status
    here = await _upload(walker, canary)
    mapping = await _until(walker, here, "mapping/")
    left_out = mapping.fields("of_sheet") | {"rest": "yes"}
    await walker.post(f"{here}mapping/", left_out | {"of_sheet": word("no sheet")})
    await walker.go_on(f"{here}mapping/", left_out)
    await _until(walker, here, "failed/")
    await walker.see(f"{here}mapping/")
    await _name_authority(walker, here)
    put = await walker.see(f"{here}process/")
    await walker.go_on(f"{here}process/", put.fields("command"))
    await _until(walker, here, walker.at("records/"))
    await walker.see(walker.at("consent/"))
    await walker.download(f"{here}failed/")
    await walker.download(f"{here}absent/")
    again = await _upload(walker, canary)
    await walker.see(await walker.go_on(f"{again}cancel/", {"command": uuid4().hex}))
    await walker.get(again)


async def _name_authority(walker: Walker, here: str) -> None:
    """Name the authority for the row without consent, in too few words at first."""
    page, due = f"{here}consent/", london_today() + timedelta(days=30)
    form = (await walker.see(page)).fields("command")
    assert 422 == (await walker.post(page, form)).status
    day = {"due-day": str(due.day), "due-month": str(due.month), "due-year": str(due.year)}
    await walker.go_on(page, form | day | {"words": NOTE})
    await _until(walker, here, "process/")


async def _upload(walker: Walker, canary: Canary) -> str:
    """Upload the file and return the address of the upload."""
    page = walker.at("load/")
    form = (await walker.see(page)).fields("command")
    sent = await walker.upload(page, form, f"{FILE_NAME}.csv", _spreadsheet(canary).encode())
    assert 303 == sent.status
    return sent.leads_to


def _spreadsheet(canary: Canary) -> str:
    """
    Return a file with the canary, a new person, one with a wrong date, one without consent, and an unknown column.
    """
    said = canary.referral.fields
    born = "/".join(str(said[f"date_of_birth-{part}"]) for part in ("day", "month", "year"))
    names = (word("first name in a cell"), word("last name in a cell"))
    known = (said["first_name"], said["last_name"], born, said["nhs_number"], "Red", "Y", "Y", "", "", NOTE)
    new = (*names, "17/06/1990", "", "Green", "Y", "Y", "Stoke", "Lee Lead", NOTE)
    wrong = (*names, word("no date"), "", "Red", "Y", "Y", "Stoke", "Lee Lead", NOTE)
    unsaid = (word("first name"), word("last name"), "17/06/1991", "", "Green", "", "", "Stoke", "Lee Lead", NOTE)
    headings = (
        *("First name", "Last name", "Date of birth", "NHS number", "RAG", "Capacity", "Consent", "Locality"),
        *("Key worker", word("heading")),
    )
    return "".join(f"{','.join(map(str, row))}\r\n" for row in (headings, known, new, wrong, unsaid))


async def _until(walker: Walker, page: str, leads_to: str) -> Sheet:
    """Return the upload's page once it leads on to this address. Its work is done in the background."""
    shown: list[Sheet] = []

    async def is_there() -> bool:
        shown.append(await walker.see(page))
        main = shown[-1].tree.select_one("main")
        return main is not None and leads_to in str(main)

    assert await until(is_there, REPORT_SECONDS, every=0.2), f"{shown[-1].heading} does not lead to {leads_to}"
    return shown[-1]


# ------------------------------------------------------------------------------------------------------------- reports
async def report(walker: Walker) -> str:
    """Request a report, download it, delete it, and return all its text."""
    await walker.see(await walker.go_on(walker.at("reporting/organisation"), {"organisation": ""}))
    form = (await walker.see(walker.at("reporting/"))).fields("report")
    await walker.post(walker.at("reporting/"), form | {"report": word("no report")})
    started = await walker.go_on(walker.at("reporting/"), form | {"report": "referrals"})
    job = started.partition("?")[0]

    async def is_made() -> bool:
        return f"{job}file" in (await walker.see(job)).html

    assert await until(is_made, REPORT_SECONDS, every=0.2), "the report was not made"
    workbook = openpyxl.load_workbook(BytesIO(await walker.download(f"{job}file")))
    await walker.see(await walker.go_on(f"{job}stop", {"command": uuid4().hex}))
    to, fields = (await walker.list_records()).sending("Download this list")
    listed = (await walker.go_on(to, fields | {"rating": ["red", "amber", "green"]})).partition("?")[0]
    await walker.see(await walker.go_on(f"{listed}stop", {"command": uuid4().hex}))
    return "\n".join(str(cell) for sheet in workbook for row in sheet.values for cell in row if cell is not None)


# -------------------------------------------------------------------------------------------------------------- census
def pages_not_walked(walkers: Iterable[Walker]) -> list[str]:
    """Return the rows of the page table that no browser has visited."""
    been = {(method, path.partition("?")[0]) for walker in walkers for method, path, _ in walker.been}
    left = [f"{page.method} {page.path}" for page in (*DEMO_PAGES, *PAGES)]
    for method, path in been:
        rows = (page for page in (*DEMO_PAGES, *PAGES) if page.method == method and _pattern(page.path).fullmatch(path))
        if found := next(rows, None):
            left = [each for each in left if each != f"{found.method} {found.path}"]
    return left


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
