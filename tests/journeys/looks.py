"""Lists every look that axe checks: a state of a page by name, with the page's address in the table of pages."""

import re

from gateway.routes import DEMO_PAGES, PAGES

REGISTERS = "(dsr|homes|watch)"
NO_PAGES = {
    *("/{register}/account/session", "/{register}/reporting/jobs/{job}/file", "/demo/mail.json"),
    "/{register}/meetings/{meeting}/invitation/",
    *("/{register}/load/template/", "/{register}/load/{upload}/failed/", "/{register}/load/{upload}/absent/"),
    "/{register}/load/tracing/",
}

HOME, LOGIN, PIN = "/{register}/home/", "/{register}/login/", "/{register}/login/pin"
REGISTRATION, PASSWORD = "/{register}/login/register/", "/{register}/account/password"
APP = "/{register}/account/app"
RECORDS, NEW, RECORD = "/{register}/records/", "/{register}/records/new", "/{register}/records/{record}/"
FORM = "/{register}/records/{record}/change/"
OUTCOMES, HOLDER = "/{register}/records/{record}/outcomes/", "/{register}/records/{record}/holder/"
RECEIPT, WORK, DUPLICATES = "/{register}/records/{record}/added/", "/{register}/work/", "/{register}/duplicates/"
RECORD_ACTIONS = "/{register}/records/{record}/actions/"
ACTIONS, ACTION = "/{register}/actions/", "/{register}/actions/{action}/"
REPORTING, JOB = "/{register}/reporting/", "/{register}/reporting/jobs/{job}/"
ADMINISTRATION, USERS = "/{register}/administration/", "/{register}/administration/users/"
ENDED = "/{register}/ended/"
MAILS, REVERSALS = "/{register}/administration/mails/", "/{register}/administration/reversals/"
REVIEWS = "/{register}/reviews/"
SETTINGS, TEXT_SETTING = "/{register}/administration/settings/", "/{register}/administration/settings/{part}/"
LOAD, UPLOAD = "/{register}/load/", "/{register}/load/{upload}/"
MEETINGS, MEETING = "/{register}/meetings/", "/{register}/meetings/{meeting}/"
ITEM = f"{MEETING}people/{{record}}/"
LIST_SETTING = "/{register}/administration/settings/{part}/{question}/"

LOOKS = {
    # public pages, errors, and every component on one page
    "anybody /": "/",
    "anybody /help/": "/help/",
    "anybody /dsr/": "/{register}/",
    "anybody /dsr/help/": "/{register}/help/",
    "anybody /accessibility/": "/accessibility/",
    "anybody /privacy/": "/privacy/",
    "anybody /showcase/": "/showcase/",
    "anybody /nowhere/": "/nowhere/",
    "anybody /fail/500/": "/fail/500/",
    "problems": "/showcase/",
    # registration, log-in and passwords
    "come in login/register/": REGISTRATION,
    "come in register with problems": REGISTRATION,
    "come in login/register/done": "/{register}/login/register/done",
    "come in login/reminder/": "/{register}/login/reminder/",
    "come in login/reminder/sent": "/{register}/login/reminder/sent",
    "come in login/": LOGIN,
    "come in wrong details": LOGIN,
    "come in pin": PIN,
    "come in wrong pin": PIN,
    "come in password": PASSWORD,
    "come in password refused": PASSWORD,
    "come in home": HOME,
    "come in demo mail": "/demo/mail",
    "come in app": "/{register}/login/app",
    "come in recovery code": "/{register}/login/recovery",
    "no app yet": APP,
    "app not added": f"{APP}/confirm",
    "recovery codes": f"{APP}/confirm",
    "app": APP,
    "new recovery codes": f"{APP}/codes",
    "app not removed": f"{APP}/remove",
    # referrals, drafts and likely duplicates
    "new referral": NEW,
    "new referral with problems": NEW,
    "receipt": RECEIPT,
    "receipt with text": RECEIPT,
    "draft": NEW,
    "draft changed elsewhere": NEW,
    "consent refused": NEW,
    "close without saving": NEW,
    "drafts on home/": HOME,
    "drafts on records/new": NEW,
    "discard draft": "/{register}/records/new/discard/{draft}/",
    "likely duplicate": NEW,
    "home with duplicates": HOME,
    "possible duplicates": DUPLICATES,
    "no possible duplicates": DUPLICATES,
    # the list
    "list": RECORDS,
    "empty list": RECORDS,
    "list narrowed": RECORDS,
    # one record
    "record": RECORD,
    "record form": FORM,
    "record #history": RECORD,
    "record #notes": RECORD,
    "record to read": RECORD,
    "record with a told plan": RECORD,
    "linked": RECORD,
    "rating over time": RECORD,
    "conflict": RECORD,
    "text for the case record": "/{register}/records/{record}/text/",
    "holder and cover": HOLDER,
    "holder and cover with problems": HOLDER,
    "who looked": "/{register}/records/{record}/looked/",
    "whose records to hand over": "/{register}/hand-over/",
    "handing over": "/{register}/hand-over/",
    "handing over, checked": "/{register}/hand-over/",
    # outcomes, archiving, and reversals
    "outcomes": OUTCOMES,
    "outcomes with problems": OUTCOMES,
    "outcomes so far": OUTCOMES,
    "archive": OUTCOMES,
    "archive with problems": OUTCOMES,
    "archived list": RECORDS,
    "archived referrals": ENDED,
    "archived referral": RECORD,
    "archived and referred again": RECORD,
    "reversals": REVERSALS,
    "reversals with problems": REVERSALS,
    # the end of a session
    "time-out warning": NEW,
    "time-out cover": FORM,
    "session ended": RECORD,
    "typed by someone else": RECORD,
    # work list and reports
    "work list": WORK,
    "work list seen": WORK,
    "home with the work list": HOME,
    # actions
    "actions of a record": RECORD_ACTIONS,
    "action not added": RECORD_ACTIONS,
    "who was told": f"{RECORD_ACTIONS}told/",
    "record with actions": RECORD,
    "home with actions": HOME,
    "actions": ACTIONS,
    "actions to confirm": ACTIONS,
    "action": ACTION,
    "action not reported": ACTION,
    "action to confirm": ACTION,
    "action to change": f"{ACTION}change/",
    "reporting": REPORTING,
    "report in the making": JOB,
    "report ready": JOB,
    # meetings
    "no meetings yet": MEETINGS,
    "series with problems": f"{MEETINGS}series/new/",
    "series of meetings": f"{MEETINGS}series/",
    "one series": f"{MEETINGS}series/{{series}}/",
    "meeting with problems": f"{MEETINGS}plan/",
    "planned meeting": MEETING,
    "change a meeting": f"{MEETING}change/",
    "cancel a meeting": f"{MEETING}cancel/",
    "add a person": f"{MEETING}add/",
    "attendance": f"{MEETING}attendance/",
    "meeting in progress": MEETING,
    "minutes of a person": ITEM,
    "minutes with problems": ITEM,
    "present mode": f"{ITEM}present/",
    "declare an interest": f"{ITEM}interest/",
    "shut out of an item": ITEM,
    "close a meeting": f"{MEETING}close/",
    "print pack": f"{MEETING}pack/",
    "final minutes": ITEM,
    "list of meetings": MEETINGS,
    # loading a spreadsheet
    "load": LOAD,
    "load without a file": LOAD,
    "load guide": "/{register}/load/guide/",
    "load mapping": UPLOAD,
    "load mapping with problems": f"{UPLOAD}mapping/",
    "load checked": UPLOAD,
    "load authority": f"{UPLOAD}consent/",
    "load authority with problems": f"{UPLOAD}consent/",
    "consents to confirm": "/{register}/consent/",
    "load confirm": f"{UPLOAD}process/",
    "load done": UPLOAD,
    # administration
    "administration": ADMINISTRATION,
    "organisations": "/{register}/administration/organisations/",
    "users": USERS,
    "one user": "/{register}/administration/users/{user}/",
    "correcting a name": "/{register}/administration/users/{user}/name",
    "deactivating a user": "/{register}/administration/users/{user}/confirm/{act}/",
    "resetting an app": "/{register}/administration/users/{user}/app",
    "user not added": "/{register}/administration/users/new",
    "locked accounts": "/{register}/administration/locked/",
    "single addresses": "/{register}/administration/addresses/",
    "mails": MAILS,
    "mail sent again": MAILS,
    "settings": SETTINGS,
    "settings read only": SETTINGS,
    "settings reviews": TEXT_SETTING,
    "settings check of reviews": TEXT_SETTING,
    "overdue reviews": REVIEWS,
    "reviews due soon": REVIEWS,
    "settings list": LIST_SETTING,
    "settings list with problems": LIST_SETTING,
    "settings check": LIST_SETTING,
    "settings home page": TEXT_SETTING,
    "settings guidance": LIST_SETTING,
    "settings check of guidance": LIST_SETTING,
    # another register
    "watch records/new": NEW,
    "watch refused duplicate": NEW,
    "watch confirm ending": RECORD,
    "watch confirm ending at first": NEW,
    "watch decisions": "/{register}/records/{record}/ending/",
    "watch ended records": RECORDS,
    "watch reporting/": REPORTING,
    "homes home/": HOME,
    "homes records/new": NEW,
    "homes records/": RECORDS,
    "homes reporting/": REPORTING,
}


def route_of(path: str) -> str:
    """Return the first address in the table of pages that fits the path, or the path itself if none does."""
    return next((each.path for each in (*DEMO_PAGES, *PAGES) if _pattern(each.path).fullmatch(path)), path)


def _pattern(address: str) -> re.Pattern[str]:
    known = address.replace("{register}", REGISTERS)
    return re.compile(re.sub(r"\{[a-z]+\}", "[^/]+", known))
