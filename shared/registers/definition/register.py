"""A whole register definition: the content of one TOML file."""

import re
from collections.abc import Collection
from typing import Literal
from uuid import UUID

from pydantic import Field, InstanceOf

from shared.permissions import AccountGrant
from shared.registers.definition.base import (
    BodyCode,
    Code,
    Domain,
    Edition,
    EmailAddress,
    Flag,
    Link,
    Model,
    QuestionName,
    ReferencePrefix,
    RegisterCode,
    Role,
    Text,
    Texts,
)
from shared.registers.definition.dashboards import Reporting
from shared.registers.definition.lifecycle import (
    ConsentGate,
    Duplicates,
    Lifecycle,
    MailTemplate,
    Notification,
    Promise,
    Rating,
    Receipt,
    UntoldRecords,
)
from shared.registers.definition.load import SpreadsheetLoad
from shared.registers.definition.meetings import MeetingRules
from shared.registers.definition.questions import Question, QuestionForm
from shared.registers.definition.reviews import ReviewRules
from shared.registers.definition.words import Words
from shared.values import fold

NOUN_PARTS = re.compile(r"[^\W_]+")
UserRole = Literal["standard", "reporting", "administrator"]
Place = Literal["home", "submit", "records", "reporting", "help", "password", "administration", "logout"]
HelpRole = Literal["standard", "reporting", "administrator", "master_admin"]
HelpPlace = Literal[
    "login",
    "submit",
    "records",
    "update",
    "outcomes",
    "archive",
    "work",
    "meetings",
    "actions",
    "reports",
    "holder",
    "users",
    "load",
]
"""The pages that a topic of the help page can be about."""
Column = Literal["person", "organisation", "created", "updated", "created_by", "answer", "actions"]


class Identity(Model):
    """The register's names. References begin with `reference_prefix`, or else with the code."""

    code: RegisterCode
    edition: Edition
    name: Text
    site_name: Text
    record: Text
    records: Text
    reference_prefix: ReferencePrefix | None = None


class Contact(Model):
    """Contact details of the register's team and administrators."""

    team: Text
    team_email: EmailAddress
    administrator_email: EmailAddress
    phone: Text | None = None


class PublicHome(Model):
    """The public home page, shown before log-in."""

    heading: Text
    paragraphs: Texts
    link: Link | None = None


class InitialOrganisation(Model):
    """
    An organisation that the register starts with; administrators add others.

    `bodies` are those that it acts for, as `list:code`, in a register whose scope is made of bodies.
    """

    name: Text
    email_domain: Domain
    bodies: tuple[BodyCode, ...] = ()


class RegistrationAccess(Model):
    """
    Who may register their own account, what a standard user reaches, and the grants that users may be given.

    `own`: the records that they made, hold or cover. `scope`: those of their organisations or bodies. `ended_seen_by`
    are the roles that find records which have ended wherever open ones are found. `ended_read_by` are the roles that
    may open such a record from elsewhere; without it, those of `ended_seen_by` may.
    """

    self_registration: Flag
    accepted_domains: tuple[Domain, ...]
    standard_sees: Literal["own", "scope"] = "own"
    standard_updates: Literal["own", "scope"] = "own"
    ended_seen_by: tuple[UserRole, ...] = ()
    ended_read_by: tuple[UserRole, ...] = ()
    grants: tuple[AccountGrant, ...] = ()

    @property
    def standard_reaches_scope(self) -> bool:
        """Whether standard users may see or update records of their organisations or bodies that are not their own."""
        return "scope" in (self.standard_sees, self.standard_updates)


class RecordScope(Model):
    """The questions whose answers are the bodies that may see a record. Without it the referring organisation may."""

    by: tuple[QuestionName, ...] = Field(min_length=1, max_length=4)


class NavigationLink(Model):
    """One entry of the navigation bar, which keeps the order written."""

    place: Place
    label: Text


class ListColumn(Model):
    """One column of the list of records. `question` names the answer that it shows, if it shows one."""

    label: Text
    shows: Column
    question: QuestionName | None = None


class RecordList(Model):
    """The list of records: its columns, and the questions that its search covers."""

    columns: tuple[ListColumn, ...] = Field(alias="column", min_length=1)
    search: tuple[QuestionName, ...] = Field(min_length=1)


class CaseText(Model):
    """The answers in the text that a professional copies into their own agency's case record."""

    questions: tuple[QuestionName, ...]


class HelpTopic(Model):
    """
    One topic of the help page: its paragraphs, then its steps in order.

    Without `roles` and `grants` everybody reads it, else those with one of them. The pages of `place` link to it.
    """

    heading: Text
    place: HelpPlace | None = None
    roles: tuple[HelpRole, ...] = ()
    grants: tuple[AccountGrant, ...] = ()
    paragraphs: Texts = ()
    steps: Texts = ()
    links: tuple[Link, ...] = Field(default=(), alias="link")


class Definition(Model):
    """
    Everything that makes one edition of a register.

    `leaving` asks why a record ends, when an outcome ends it. Without it nobody is asked.
    """

    identity: Identity = Field(alias="register")
    contact: Contact
    public: PublicHome
    access: RegistrationAccess
    scope: RecordScope | None = None
    organisations: tuple[InitialOrganisation, ...] = Field(default=(), alias="organisation")
    navigation: tuple[NavigationLink, ...]
    words: InstanceOf[Words]
    form: QuestionForm
    outcome: QuestionForm | None = None
    leaving: QuestionForm | None = None
    meetings: MeetingRules | None = None
    person: dict[Role, QuestionName]
    floor: tuple[QuestionName, ...] = ()
    never_without: tuple[Promise, ...] = ()
    consent: ConsentGate | None = None
    rating: Rating | None = None
    reviews: ReviewRules | None = None
    receipt: Receipt
    lifecycle: Lifecycle
    duplicates: Duplicates
    records: RecordList
    case_text: CaseText | None = None
    load: SpreadsheetLoad | None = None
    reporting: Reporting
    notifications: tuple[Notification, ...] = Field(default=(), alias="notification")
    untold: UntoldRecords | None = Field(default=None, alias="notifications")
    mails: tuple[MailTemplate, ...] = Field(default=(), alias="mail")
    help: tuple[HelpTopic, ...] = Field(default=(), alias="help_topic")

    @property
    def code(self) -> str:
        return self.identity.code

    @property
    def edition(self) -> str:
        return self.identity.edition

    @property
    def reference_prefix(self) -> str:
        """What the reference of a new record begins with."""
        return self.identity.reference_prefix or self.code.upper()

    @property
    def minimum(self) -> tuple[QuestionName, ...]:
        """The fixed floor: questions that no edition, and no organisation's own minimum data set, may leave out."""
        always = [self.person[role] for role in ALWAYS_KNOWN if role in self.person]
        rated = [self.rating.question] if self.rating else []
        return tuple(dict.fromkeys([*always, *rated, *self.floor]))

    @property
    def noun(self) -> str:
        """The register's word for a record, as event types use it."""
        return "-".join(NOUN_PARTS.findall(fold(self.identity.record)))

    def counted_question(self, name: QuestionName) -> Question | None:
        """Return the question that a tile counts by: one of the form, else one of the outcome form."""
        found = self.form.by_name.get(name)
        return found or (self.outcome.by_name.get(name) if self.outcome else None)

    def is_of_outcomes(self, name: QuestionName) -> bool:
        """Return whether only the outcome form asks this question."""
        return name not in self.form.by_name and self.outcome is not None and name in self.outcome.by_name

    @property
    def every_form(self) -> tuple[QuestionForm, ...]:
        """The forms of the register, that of a record first. An overlay finds a question by its name in any of them."""
        minutes = self.meetings.minutes if self.meetings else None
        return tuple(form for form in (self.form, self.outcome, self.leaving, minutes) if form)

    def address(self, path: str) -> str:
        """Return the address of a page of the register: `dsr.address("login/")` is `/dsr/login/`."""
        return f"/{self.code}/{path}"

    def record_address(self, record_id: UUID, page: str = "") -> str:
        """Return the address of a record's page. Its 32 hex digits reveal nothing about the person (R-DSR-126)."""
        return self.address(f"records/{record_id.hex}/{page}")

    def navigation_label(self, place: Place) -> str | None:
        return next((link.label for link in self.navigation if link.place == place), None)

    def help_for(self, role: str | None, grants: Collection[AccountGrant] = ()) -> tuple[HelpTopic, ...]:
        """
        Return the topics for a reader: those for everybody, for their role, and for their grants.

        A reader who is not logged in has neither.
        """
        return tuple(
            topic
            for topic in self.help
            if not (topic.roles or topic.grants) or role in topic.roles or not set(topic.grants).isdisjoint(grants)
        )

    def help_places(self, role: str | None, grants: Collection[AccountGrant] = ()) -> frozenset[str]:
        """Return the pages about which this reader has a topic."""
        return frozenset(topic.place for topic in self.help_for(role, grants) if topic.place)

    def mail(self, code: Code) -> MailTemplate | None:
        return next((mail for mail in self.mails if mail.code == code), None)


ALWAYS_KNOWN: tuple[Role, ...] = ("given_name", "family_name", "born")
