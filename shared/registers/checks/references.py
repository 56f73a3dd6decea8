"""Checks between the parts of a definition: whatever one part names, another must define."""

from collections.abc import Iterator

from shared.registers.checks.forms import check_condition, not_asked, twice
from shared.registers.definition.base import Role
from shared.registers.definition.lifecycle import GateRule, Notification, Occasion, Urgency
from shared.registers.definition.questions import Kind, Question
from shared.registers.definition.register import ALWAYS_KNOWN, Definition
from shared.registers.faults import DefinitionFault, did_you_mean, nearest
from shared.values import Unreadable, is_within, read_email

ROLE_KINDS: dict[Role, frozenset[Kind]] = {
    "given_name": frozenset({"text"}),
    "family_name": frozenset({"text"}),
    "born": frozenset({"date"}),
    "nhs_number": frozenset({"nhs_number"}),
    "postcode": frozenset({"postcode"}),
    "locality": frozenset({"choice", "select"}),
    "lead_professional": frozenset({"text"}),
    "lead_professional_contact": frozenset({"text"}),
    "latest_update": frozenset({"text", "long_text"}),
}
OF_A_COLLEAGUE: tuple[Occasion, ...] = (
    "holder_named",
    "holder_replaced",
    "cover_begun",
    "cover_ended",
    "outcome_recorded",
    "record_left",
)
SEARCHED_KINDS: frozenset[Kind] = frozenset({"text", "nhs_number", "postcode"})
OR_NOBODY = '; or say why not: under [notifications], of_new_records = "none" and reason = "…"'
RESERVED_CODES = frozenset(
    {"accessibility", "api", "assets", "demo", "help", "live", "metrics", "privacy", "ready", "static"}
)


def _known(register: Definition, name: str) -> Question | None:
    question = register.form.by_name.get(name)
    return None if question is None or question.retired else question


def check_identity(register: Definition) -> Iterator[DefinitionFault]:
    if register.code in RESERVED_CODES:
        yield DefinitionFault("register, code", f"{register.code} is the address of something else")
    if "logout" not in {link.place for link in register.navigation}:
        yield DefinitionFault("navigation", "has no way to log out")
    for place in twice(link.place for link in register.navigation):
        yield DefinitionFault("navigation", f"leads to {place} more than once")
    for name in twice(each.name for each in register.organisations):
        yield DefinitionFault("organisation", f"two are called {name}: each needs its own name")
    for domain in twice(each.email_domain for each in register.organisations):
        yield DefinitionFault("organisation", f"two have the mail domain {domain}: each needs its own")


def check_person(register: Definition) -> Iterator[DefinitionFault]:
    for role in ALWAYS_KNOWN:
        if role not in register.person:
            yield DefinitionFault("person", f"{role} is missing: say which question asks it")
    for role, name in register.person.items():
        question = _known(register, name)
        if question is None:
            yield DefinitionFault(f"person, {role}", not_asked(register.form, name))
        elif question.kind not in ROLE_KINDS[role]:
            wanted = " or ".join(sorted(ROLE_KINDS[role]))
            yield DefinitionFault(f"person, {role}", f"{name} is {question.kind} and must be {wanted}")


def check_floor(register: Definition) -> Iterator[DefinitionFault]:
    for name in register.minimum:
        question = _known(register, name)
        if question is None:
            yield DefinitionFault("floor", not_asked(register.form, name))
        elif not question.required:
            yield DefinitionFault("floor", f"{name} is below the floor of every minimum data set: it must be required")
        elif question.show_if or question.unless:
            yield DefinitionFault(
                "floor", f"{name} is in the floor and must be asked always, without show_if or unless"
            )


def check_rating(register: Definition) -> Iterator[DefinitionFault]:
    if register.rating is None:
        return
    yield from _check_given_on(register, register.rating.given_on)
    for code in twice(level.code for level in register.rating.levels):
        yield DefinitionFault("rating", f"has the level {code} more than once")
    for colour in twice(level.colour for level in register.rating.levels):
        yield DefinitionFault("rating", f"has {colour} for more than one level")
    question = _known(register, register.rating.question)
    if question is None:
        meant = nearest(register.rating.question, [each.name for each in register.form.asked])
        names = frozenset({register.rating.question, meant} - {""})
        yield DefinitionFault("rating", not_asked(register.form, register.rating.question), names)
    elif question.kind not in ("choice", "select"):
        yield DefinitionFault("rating", f"{question.name} must be choice or select")
    elif question.editable:
        yield DefinitionFault("rating", f"the options of {question.name} are the levels: it cannot be editable")
    elif [option.code for option in question.options] != [level.code for level in register.rating.levels]:
        yield DefinitionFault("rating", f"the options of {question.name} are the levels, and are not written out again")


def _check_given_on(register: Definition, name: str | None) -> Iterator[DefinitionFault]:
    """Check that the day of the rating is a date of the form, and no day to come: a task would open in the future."""
    if name is None:
        return
    question = _known(register, name)
    if question is None:
        yield DefinitionFault("rating, given_on", not_asked(register.form, name))
    elif question.kind != "date":
        yield DefinitionFault("rating, given_on", f"{name} is {question.kind} and must be date")
    elif question.allow_future:
        yield DefinitionFault("rating, given_on", f"{name} may be in the future, and a rating stands already")


def check_consent(register: Definition) -> Iterator[DefinitionFault]:
    if register.consent is None:
        return
    first = {question.name: question for question in register.form.sections[0].questions}
    for number, rule in enumerate(register.consent.rules, start=1):
        for condition in rule.when:
            place = f"consent, rule {number}"
            yield from check_condition(place, condition, first, "depends on", "in the form's first section")
            for name in condition:
                if name in first and not first[name].required:
                    yield DefinitionFault(place, f"depends on {name}, which must be required")
        yield from _check_gate_age(register, f"consent, rule {number}", rule)
    if all(rule.verdict == "refused" for rule in register.consent.rules):
        yield DefinitionFault("consent", "no rule accepts anybody")


def _check_gate_age(register: Definition, place: str, rule: GateRule) -> Iterator[DefinitionFault]:
    """Check that an age is taken on the day of an answer: otherwise a birthday would undo a consent."""
    if not rule.goes_by_age:
        if rule.on:
            yield DefinitionFault(place, "says on, which belongs to youngest and oldest")
        elif not rule.when:
            yield DefinitionFault(place, "says neither when nor an age")
        return
    if not rule.holds_age(rule.youngest or 0):
        yield DefinitionFault(place, "allows no age: youngest is above oldest")
    question = _known(register, rule.on or "")
    if question is None or question.kind != "date":
        told = "must say on which day the age counts: on is a date of the form, such as the day of the consent"
        yield DefinitionFault(place, told)
    for name in filter(None, (rule.on, register.person.get("born"))):
        if (known := _known(register, name)) and not known.required:
            yield DefinitionFault(place, f"goes by {name}, which must be required")


def check_records(register: Definition) -> Iterator[DefinitionFault]:
    for column in register.records.columns:
        place = f"records, column {column.label}"
        if (column.shows == "answer") != (column.question is not None):
            yield DefinitionFault(place, "names a question when, and only when, it shows an answer")
        elif column.question and _known(register, column.question) is None:
            yield DefinitionFault(place, not_asked(register.form, column.question))
        elif column.question and register.form.by_name[column.question].kind == "long_text":
            yield DefinitionFault(place, f"{column.question} is long_text, which is too long for a list")
    for name in register.records.search:
        question = _known(register, name)
        if question is None:
            yield DefinitionFault("records, search", not_asked(register.form, name))
        elif question.kind not in SEARCHED_KINDS:
            kinds = ", ".join(sorted(SEARCHED_KINDS))
            yield DefinitionFault("records, search", f"{name} is {question.kind}; what can be searched: {kinds}")


def check_help(register: Definition) -> Iterator[DefinitionFault]:
    for topic in register.help:
        if not topic.paragraphs and not topic.steps:
            yield DefinitionFault("help_topic", f"{topic.heading} has neither paragraphs nor steps")
        for grant in topic.grants:
            if grant not in register.access.grants:
                told = f"{topic.heading} is for those with {grant.value}, which [access] does not offer"
                yield DefinitionFault("help_topic", told)
    for place in twice(topic.place for topic in register.help if topic.place):
        yield DefinitionFault("help_topic", f"two topics are about {place}: a page has a link to one")


def check_case_text(register: Definition) -> Iterator[DefinitionFault]:
    for name in register.case_text.questions if register.case_text else ():
        if _known(register, name) is None:
            yield DefinitionFault("case_text", not_asked(register.form, name))


def check_notifications(register: Definition) -> Iterator[DefinitionFault]:
    """Check who is told of what. A mail that is never sent is told only if nothing else explains it."""
    faults = list(_check_notifications(register))
    yield from faults or _check_sent(register)


def _check_notifications(register: Definition) -> Iterator[DefinitionFault]:
    yield from _check_addresses(register)
    for rule in register.notifications:
        place = f"notification, {rule.occasion}"
        if not (rule.to or rule.addresses):
            yield DefinitionFault(place, "has no recipient")
        if register.mail(rule.mail) is None:
            near = did_you_mean(rule.mail, [mail.code for mail in register.mails])
            yield DefinitionFault(place, f"there is no mail called {rule.mail}{near}")
        for address in rule.addresses:
            if not any(is_within(address.rpartition("@")[2], domain) for domain in register.access.accepted_domains):
                yield DefinitionFault(place, "has an address outside the accepted domains")
    yield from _check_mails(register)
    yield from _check_new(register)
    yield from _check_urgent(register)


def _check_mails(register: Definition) -> Iterator[DefinitionFault]:
    """Check that each mail has a code of its own, and that each notification is about what can happen here."""
    for code in twice(mail.code for mail in register.mails):
        yield DefinitionFault("mail", f"{code} is the code of more than one mail")
    for rule in register.notifications:
        if ("colleague" in rule.to) != (rule.occasion in OF_A_COLLEAGUE) or (
            rule.occasion in OF_A_COLLEAGUE and rule.urgency
        ):
            yield DefinitionFault(
                f"notification, {rule.occasion}",
                "what its holder is told of goes to colleague, without urgency; nothing else does",
            )
        if rule.occasion == "record_ended" and not register.lifecycle.transitions:
            yield DefinitionFault("notification, record_ended", "never happens: the register has no transition")


def _check_sent(register: Definition) -> Iterator[DefinitionFault]:
    """Check that every mail is sent on some occasion."""
    sent = {rule.mail for rule in register.notifications}
    for mail in register.mails:
        if mail.code not in sent:
            yield DefinitionFault(f"mail {mail.code}", "is never sent: no notification names it")


def _check_addresses(register: Definition) -> Iterator[DefinitionFault]:
    """Check that mail can be sent to every address, so that no mail is lost on the day it is needed."""
    contact = register.contact
    named = {"contact, team_email": [contact.team_email], "contact, administrator_email": [contact.administrator_email]}
    for rule in register.notifications:
        named.setdefault(f"notification, {rule.occasion}", []).extend(rule.addresses)
    for place, addresses in named.items():
        if not all(_is_address(each) for each in addresses):
            yield DefinitionFault(place, "has an address that mail cannot be sent to")


def _is_address(text: str) -> bool:
    try:
        return bool(read_email(text))
    except Unreadable:
        return False


def _check_new(register: Definition) -> Iterator[DefinitionFault]:
    """
    Check that someone is mailed about every new record, unless the register says why not.

    `_check_urgent` checks urgent records.
    """
    levels = register.rating.levels if register.rating else ()
    urgencies: list[Urgency] = [level.urgency for level in levels] or ["routine"]
    for urgency in dict.fromkeys(each for each in urgencies if each != "urgent" and register.untold is None):
        told = [rule for rule in register.notifications if rule.concerns("record_created", urgency)]
        if not any(_reaches_somebody(rule) for rule in told):
            rated = f" whose rating is {urgency}" if levels else ""
            decided = "" if "new_records_told" in register.never_without else OR_NOBODY
            yield DefinitionFault(
                "notification, record_created",
                f"nobody is told of a new record{rated}: name the team, the administrators or an address{decided}",
            )


def _reaches_somebody(rule: Notification) -> bool:
    """Return whether the rule mails someone other than the submitter, who does not monitor the register."""
    return "team" in rule.to or "administrators" in rule.to or bool(rule.addresses)


def _check_urgent(register: Definition) -> Iterator[DefinitionFault]:
    """Check that urgent mail reaches someone for a record rated urgent: when new, after a change, and when not seen."""
    urgent = register.rating is not None and any(level.urgency == "urgent" for level in register.rating.levels)
    for occasion in ("record_created", "rating_changed", "urgent_not_seen") if urgent else ():
        told = [rule for rule in register.notifications if rule.concerns(occasion, "urgent") and rule.urgent]
        if not any(_reaches_somebody(rule) for rule in told):
            yield DefinitionFault(
                "notification",
                f"nobody is told at once of an urgent record on {occasion}: add urgent = true to a notification of "
                "this occasion that goes to the team, the administrators or an address",
            )
