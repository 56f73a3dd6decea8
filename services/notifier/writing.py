"""Write mails: account mails from templates, and mails about records in the words of a register's definition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError

from services.notifier import rules
from shared.contracts.actions import ActionsDue, DueAction
from shared.contracts.notifier import QueueMail
from shared.contracts.referrals.events import RecordsHandedOver, RecordsLoaded
from shared.contracts.referrals.reviews import ReviewNamed, ReviewsDue
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.load import Registers
from shared.values import london_day, show_date

TEMPLATES = Path(__file__).with_name("templates")
LISTED = 20  # references in one mail about reviews
HOUSE = {"register_name": "ICS Registers", "contact": "your system administrator"}
WITH_ARTICLE = frozenset({"register", "list", "database", "directory", "service", "index", "programme"})
"""The last words of names that are spoken with "the": the Dynamic Support Register, but Keyworking."""


@dataclass(frozen=True, repr=False)
class Written:
    """The text of a mail. The subject is always one line."""

    subject: str
    body: str


class Writer:
    """Holds every compiled template. A missing or invalid template stops the process when it starts."""

    def __init__(self, registers: Registers, public_url: str) -> None:
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=False,  # noqa: S701 - plain text
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._registers = registers
        self._public_url = public_url.rstrip("/")
        self._subjects = {name: environment.get_template(f"{name}/subject.txt") for name in rules.TEMPLATES}
        self._bodies = {name: environment.get_template(f"{name}/body.txt") for name in rules.TEMPLATES}

    def letter(self, asked: QueueMail) -> Written:
        """Return a mail to a user about their account. Raise `NeverAMail` if it cannot be written."""
        rules.check_values(asked.values)
        greeting = rules.greeting(asked.values.get("first_name", ""))
        register = self._register_words(asked.register_code)
        words = {**HOUSE, **asked.values, **register}
        named = {"register_called": called(words["register_name"]), "greeting": greeting}
        return self._write(asked.template, {**words, **named})

    def notice(
        self, register: Definition, template: rules.RecordTemplate, mail_code: str, reference: str, record_id: UUID
    ) -> Written:
        """
        Return a mail about a record in the definition's words. It contains the reference and a link, nothing else.

        Raise `NeverAMail` when the register has no such mail.
        """
        mail = register.mail(mail_code)
        if mail is None:
            raise rules.NeverAMail("words")
        gaps = {
            "register": register.identity.name,
            "reference": reference,
            "address": self.record_link(register, record_id),
            "team": register.contact.team,
        }
        words: dict[str, str | list[str]] = {
            "register_name": register.identity.name,
            "contact": register.contact.administrator_email,
            "subject": mail.subject.format_map(gaps),
            "paragraphs": [paragraph.format_map(gaps) for paragraph in mail.body],
        }
        return self._write(template, words)

    def loaded(self, register: Definition, loaded: RecordsLoaded) -> Written:
        """Return the mail about an upload. It contains counts and a link, nothing else."""
        words = register.words
        counts = words(
            "loaded_mail.counts",
            new=loaded.new,
            updated=loaded.updated,
            unchanged=loaded.unchanged,
            over=loaded.ended,
        )
        paragraphs = [
            words("loaded_mail.lead"),
            counts,
            *([words("loaded_mail.errors", errors=loaded.errors)] if loaded.errors else []),
            *([words("loaded_mail.urgent", urgent=loaded.urgent)] if loaded.urgent else []),
            words("loaded_mail.link", address=f"{self._public_url}/{register.code}/"),
        ]
        said: dict[str, str | list[str]] = {
            "register_name": register.identity.name,
            "contact": register.contact.administrator_email,
            "subject": words("loaded_mail.subject", new=loaded.new, updated=loaded.updated),
            "paragraphs": paragraphs,
        }
        return self._write("records_loaded", said)

    def handed_over(self, register: Definition, handed: RecordsHandedOver) -> Written:
        """Return the mail about all records that a colleague handed over. It contains references, nothing else."""
        words, is_new = register.words, handed.occasion == "holder_named"
        more = handed.total - len(handed.references)
        paragraphs = [
            words("handed_over_mail.new_lead") if is_new else words("handed_over_mail.former_lead"),
            words("handed_over_mail.references", references=", ".join(handed.references)),
            *([words("handed_over_mail.more", more=more)] if more > 0 else []),
            words("handed_over_mail.link", address=f"{self._public_url}/{register.code}/")
            if is_new
            else words("handed_over_mail.mistake", team=register.contact.team),
        ]
        said: dict[str, str | list[str]] = {
            "register_name": register.identity.name,
            "contact": register.contact.administrator_email,
            "subject": words("handed_over_mail.new_subject", total=handed.total)
            if is_new
            else words("handed_over_mail.former_subject", total=handed.total),
            "paragraphs": paragraphs,
        }
        return self._write("records_handed_over", said)

    def actions_due(self, register: Definition, due: ActionsDue, *, has_left: bool) -> Written:
        """
        Return the mail about actions: references, days and links, and nothing about persons.

        `has_left`: it goes to the team, because the colleague has no account any more.
        """
        words = register.words
        subject, lead = _words_of_actions(words, due)
        gone = [words("actions_mail.has_left")] if has_left else []
        rest = due.total - len(due.actions)
        list_address = f"{self._public_url}{register.address('actions/')}"
        paragraphs = [
            *gone,
            lead,
            *(self._due_line(register, each) for each in due.actions),
            *([words("actions_mail.more", count=rest, address=list_address)] if rest else []),
        ]
        said: dict[str, str | list[str]] = {
            "register_name": register.identity.name,
            "contact": register.contact.administrator_email,
            "subject": subject,
            "paragraphs": paragraphs,
        }
        return self._write("actions_due", said)

    def reviews_due(self, register: Definition, due: ReviewsDue, named: Sequence[ReviewNamed], left: int) -> Written:
        """
        Return the mail about reviews: references, days and one link, and nothing about persons.

        `left` are further ones that the notice does not name.
        """
        words, day, rest = register.words, london_day(due.occurred_at), left + len(named[LISTED:])
        overdue = [each for each in named if each.due_on < day]
        paragraphs = [
            words("reviews_mail.lead"),
            "\n".join(_review_line(words, each, day) for each in named[:LISTED]),
            *([words("reviews_mail.more", count=rest)] if rest else []),
            words("reviews_mail.link", address=self._reviews_link(register, is_overdue=bool(overdue))),
        ]
        said: dict[str, str | list[str]] = {
            "register_name": register.identity.name,
            "contact": register.contact.administrator_email,
            "subject": words("reviews_mail.subject", count=len(named) + left),
            "paragraphs": paragraphs,
        }
        return self._write("reviews_due", said)

    def _reviews_link(self, register: Definition, *, is_overdue: bool) -> str:
        """Return the address of the list of overdue reviews; of those due soon if none of them is overdue."""
        return f"{self._public_url}{register.address('reviews/' if is_overdue else 'reviews/?due=soon')}"

    def _due_line(self, register: Definition, action: DueAction) -> str:
        words, reference, day = register.words, action.reference, show_date(action.due_on)
        said = {
            "today": words("actions_mail.line_today", reference=reference, day=day),
            "overdue": words("actions_mail.line_overdue", reference=reference, day=day),
        }.get(action.why, words("actions_mail.line", reference=reference, day=day))
        return f"{said}\n{self._public_url}{register.address(f'actions/{action.action_id.hex}/')}"

    def record_link(self, register: Definition, record_id: UUID) -> str:
        return f"{self._public_url}/{register.code}/records/{record_id.hex}/"

    def _register_words(self, code: str) -> dict[str, str]:
        """Return a register's name and contact, or nothing if it is unknown, as when an installation is new."""
        if code not in self._registers:
            return {}
        register = self._registers.find(code)
        return {"register_name": register.identity.name, "contact": register.contact.administrator_email}

    def _write(self, template: rules.AnyTemplate, words: Mapping[str, str | list[str]]) -> Written:
        try:
            subject = self._subjects[template].render(words)
            body = self._bodies[template].render(words)
        except UndefinedError:
            raise rules.NeverAMail("values") from None
        return Written(" ".join(subject.split()), f"{body.strip()}\n")


def _review_line(words: Words, named: ReviewNamed, day: date) -> str:
    due_on = show_date(named.due_on)
    if named.due_on < day:
        return words("reviews_mail.overdue", reference=named.reference, day=due_on)
    return words("reviews_mail.soon", reference=named.reference, day=due_on)


def _words_of_actions(words: Words, due: ActionsDue) -> tuple[str, str]:
    """Return the subject of a mail about actions, and its first paragraph."""
    why = due.actions[0].why
    if why == "assigned":
        return words("actions_mail.assigned_subject"), words("actions_mail.assigned")
    if why == "returned":
        return words("actions_mail.returned_subject"), words("actions_mail.returned")
    if due.recipient is None:
        return words("actions_mail.overdue_subject", count=due.total), words("actions_mail.overdue")
    return words("actions_mail.due_subject", count=due.total), words("actions_mail.due")


def called(name: str) -> str:
    """Return a register's name as it stands in a sentence: with "the" if it ends as such names do."""
    last = name.rsplit(maxsplit=1)[-1].lower()
    return f"the {name}" if last in WITH_ARTICLE and not name.lower().startswith("the ") else name
