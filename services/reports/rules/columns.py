"""Rules about the columns of a report: their headings in the words of the register, and what they mean."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.reports.rules.bodies import body_labels
from services.reports.rules.choosing import ReportChoice
from services.reports.rules.summing import Summing, gap_labels
from services.reports.workbook.plan import Kind, Plan, Source, WorkbookColumn
from shared.registers.bodies import organisation_compartment
from shared.registers.definition.base import Role
from shared.registers.definition.dashboards import AgeFilter, BodyFilter, OptionFilter, OrganisationFilter
from shared.registers.definition.questions import NOT_KNOWN, Question, QuestionForm
from shared.registers.definition.register import Definition
from shared.values import london_day, show_date

LONDON = ZoneInfo("Europe/London")
WIDTHS: dict[Kind, int] = {"day": 14, "nhs_number": 15}
KINDS: dict[str, Kind] = {"date": "day", "nhs_number": "nhs_number", "choices": "codes"}


@dataclass(frozen=True)
class ReportRequest:
    """
    Who asked, the organisations in the report, the day, and the time up to which the copies are complete.

    A register whose scope is made of bodies names no organisations here: the filters say which bodies are covered.
    """

    by: str = field(repr=False)
    organisation_ids: Collection[UUID]
    day: date
    as_at: datetime


@dataclass(frozen=True)
class Planner:
    """Plans the reports of one register. `editions` are newest first; older ones have labels for old answers."""

    editions: Sequence[Definition]
    organisations: Mapping[UUID, str]

    @property
    def _newest(self) -> Definition:
        return self.editions[0]

    def plan(self, choice: ReportChoice, asked: ReportRequest) -> Plan:
        words = self._newest.words
        within = {each: label for each, label in self.organisations.items() if each in asked.organisation_ids}
        named, shown, rest = self._named(choice), self._shown(choice), self._rest(choice)
        leading = {each.name for each in (*named, *shown) if each.source == "answer"}
        columns = [each for each in rest if each.source != "answer" or each.name not in leading]
        return Plan(
            title=choice.report.title,
            day=asked.day.toordinal(),
            frozen=len(named),
            printed=len(named) + len(shown),
            footer=f"{self._newest.identity.name}: {choice.report.title}\t{words.unfilled('workbook.page')}",
            columns=(*named, *shown, *columns),
            facts=self._facts(choice, asked, within.values()),
            headings=(words("workbook.column"), words("workbook.section"), words("workbook.meaning")),
            definitions=words("workbook.definitions"),
            apart=words("workbook.age_at_not_known") if choice.age_at else words("workbook.age_not_known"),
            records=words("workbook.records"),
            people=words("workbook.people"),
            continued=words.unfilled("workbook.continued"),
            notes=self._notes(),
            summary=words("workbook.summary"),
            tables=tuple(Summing(self.editions, within, asked.day, choice.report).tables()),
        )

    def _notes(self) -> tuple[str, ...]:
        words = self._newest.words
        about_rows = (words("workbook.continued_meaning"), words("workbook.order"), words("workbook.print"))
        return (*about_rows, words("workbook.holders"), words("workbook.warning"))

    def _named(self, choice: ReportChoice) -> list[WorkbookColumn]:
        """Return the columns that say which record a row is: its reference, and the names of the person."""
        words = self._newest.words
        reference = self._own(words("workbook.reference"), "reference", words("workbook.meanings.reference"))
        return [replace(reference, width=16), *self._roles(choice, "family_name", "given_name")]

    def _shown(self, choice: ReportChoice) -> list[WorkbookColumn]:
        """Return the columns that a reader needs of each person, which are also those that print."""
        words = self._newest.words
        born = self._roles(choice, "born")
        age = replace(self._own(words("workbook.age"), "born", words("workbook.meanings.age")), kind="age", width=8)
        return [
            *self._gaps(choice),
            *born,
            *([age] if born else []),
            *self._roles(choice, "nhs_number", "locality"),
            *self._rating(choice),
            *self._review(choice),
            *(replace(each, width=60, is_wrapped=True) for each in self._roles(choice, "latest_update")),
            replace(self._own(words("holding.holder"), "holder", words("workbook.meanings.holder")), width=20),
            replace(self._own(words("workbook.linked"), "linked", words("workbook.meanings.linked")), width=20),
        ]

    def _gaps(self, choice: ReportChoice) -> list[WorkbookColumn]:
        """Return the column that says which answers each record lacks, in the report of these."""
        if choice.report.records != "incomplete":
            return []
        words = self._newest.words
        own = self._own(words("workbook.gaps"), "gaps", words("workbook.meanings.gaps"))
        return [replace(own, kind="codes", labels=gap_labels(self.editions), width=40, is_wrapped=True)]

    def _roles(self, choice: ReportChoice, *roles: Role) -> list[WorkbookColumn]:
        """Return the columns of the questions that have these roles, as far as the report holds them."""
        names = [self._newest.person[role] for role in roles if role in self._newest.person]
        return [replace(each, width=WIDTHS.get(each.kind, 20)) for each in self._of_names(choice, names)]

    def _rating(self, choice: ReportChoice) -> list[WorkbookColumn]:
        rating = self._newest.rating
        if rating is None:
            return []
        colours: dict[str, str] = {level.code: level.colour for level in rating.levels}
        return [replace(each, colours=colours, width=14) for each in self._of_names(choice, [rating.question])]

    def _review(self, choice: ReportChoice) -> list[WorkbookColumn]:
        """Return the column of the next review, in a register that reviews and a report of open records."""
        reviews = self._newest.reviews
        if reviews is None or choice.report.records == "ended":
            return []
        words, days = self._newest.words, reviews.intervals.days if reviews.intervals else {}
        column = self._own(words("workbook.review"), "review", words("workbook.meanings.review"))
        return [replace(column, kind="review", labels={name: str(each) for name, each in days.items()}, width=14)]

    def _of_names(self, choice: ReportChoice, names: Sequence[str]) -> list[WorkbookColumn]:
        """Return the columns of these questions, in this order, as far as the report holds them."""
        held = {each.name: each for each in self._answers(choice)}
        return [held[name] for name in names if name in held]

    def _rest(self, choice: ReportChoice) -> list[WorkbookColumn]:
        columns = self._own_columns(ended=choice.report.records == "ended")
        columns += self._answers(choice)
        if choice.report.records == "ended":
            columns += self._questions([each.leaving for each in self.editions if each.leaving], "answer")
        if choice.report.outcomes:
            columns += self._outcome_columns()
            columns += self._questions([each.outcome for each in self.editions if each.outcome], "outcome_answer")
        return columns

    def _answers(self, choice: ReportChoice) -> list[WorkbookColumn]:
        wanted = choice.report.questions
        forms = [each.form for each in self.editions]
        return [each for each in self._questions(forms, "answer") if not wanted or each.name in wanted]

    def _own_columns(self, *, ended: bool) -> list[WorkbookColumn]:
        words = self._newest.words
        moments = [
            (words("workbook.created"), "created_at", words("workbook.meanings.created")),
            (words("workbook.updated"), "updated_at", words("workbook.meanings.updated")),
            *([(words("workbook.rated"), "rated_at", words("workbook.meanings.rated"))] if self._newest.rating else []),
            *([(words("workbook.archived"), "ended_at", words("workbook.meanings.archived"))] if ended else []),
        ]
        organisation = self._own(
            self._organisation_heading(), "organisation_id", words("workbook.meanings.organisation")
        )
        return [
            replace(organisation, labels={str(each): label for each, label in self.organisations.items()}),
            self._own(words("workbook.created_by"), "created_by", words("workbook.meanings.created_by")),
            *(replace(self._own(heading, name, meaning), kind="moment") for heading, name, meaning in moments),
        ]

    def _organisation_heading(self) -> str:
        choice = self._newest.reporting.dashboard_filter
        return choice.label if choice.kind == "organisation" else self._newest.words("administration.organisation")

    def _outcome_columns(self) -> list[WorkbookColumn]:
        words = self._newest.words
        day = self._own(words("workbook.outcome_recorded"), "recorded_at", words("workbook.meanings.outcome_recorded"))
        by = self._own(
            words("workbook.outcome_recorded_by"), "recorded_by", words("workbook.meanings.outcome_recorded_by")
        )
        return [replace(day, source="outcome", kind="moment"), replace(by, source="outcome")]

    def _own(self, heading: str, name: str, meaning: str) -> WorkbookColumn:
        return WorkbookColumn(
            heading, "record", name, section=self._newest.words("workbook.own_column"), meaning=meaning
        )

    def _questions(self, forms: Sequence[QuestionForm], source: Source) -> list[WorkbookColumn]:
        """Return a column for every question of the newest form, then for those that only older forms have."""
        every = [
            (section.title, question) for form in forms for section in form.sections for question in section.questions
        ]
        newest_first = {question.name: (title, question) for title, question in reversed(every)}
        names = dict.fromkeys(question.name for _, question in every)
        return [self._question(*newest_first[name], forms, source) for name in names]

    def _question(
        self, section: str, question: Question, forms: Sequence[QuestionForm], source: Source
    ) -> WorkbookColumn:
        labels: dict[str, str] = {}
        for form in reversed(forms):  # the newest form comes last, so that a reworded label is shown as it is now
            if question.name in form.by_name:
                labels |= form.by_name[question.name].labels
        if question.kind == "date":
            labels = {NOT_KNOWN: question.not_known or self._newest.words("page.not_recorded")}
        return WorkbookColumn(
            question.label,
            source,
            question.name,
            KINDS.get(question.kind, "text"),
            labels,
            section,
            self._meaning(question),
        )

    def _meaning(self, question: Question) -> str:
        answers = "; ".join(f"{label} ({code})" for code, label in question.labels.items())
        said = [question.hint] if question.hint else []
        said += [self._newest.words("workbook.answers", answers=answers)] if answers else []
        return " ".join(said)

    def _facts(self, choice: ReportChoice, asked: ReportRequest, within: Iterable[str]) -> tuple[tuple[str, str], ...]:
        words = self._newest.words
        moment = f"{show_date(london_day(asked.as_at))} {asked.as_at.astimezone(LONDON):%H:%M}"
        return (
            (words("workbook.report"), f"{self._newest.identity.name}: {choice.report.title}"),
            (words("workbook.as_at"), moment),
            (words("workbook.made_for"), asked.by),
            *(() if self._newest.scope else ((words("workbook.organisations"), "; ".join(within)),)),
            *((f"{words('workbook.filters')}: {label}", chosen) for label, chosen in self._filters(choice)),
            *self._list_downloaded(choice),
        )

    def _list_downloaded(self, choice: ReportChoice) -> list[tuple[str, str]]:
        """Return that the file holds the records of a list alone: what was searched for is not repeated in it."""
        if choice.record_ids is None:
            return []
        words = self._newest.words
        return [(words("workbook.list"), words("workbook.list_of", count=len(choice.record_ids)))]

    def _filters(self, choice: ReportChoice) -> list[tuple[str, str]]:
        """Return each filter of the register, with the label of the choice or the words for everything."""
        chosen: list[tuple[str, str]] = []
        for each in self._newest.reporting.filters:
            match each:
                case OrganisationFilter():
                    chosen.append((each.label, self._organisation_chosen(choice) or each.everything))
                case BodyFilter():
                    prefix = f"{self._newest.form.by_name[each.question].body_list}:"
                    named = (body_labels(self.editions).get(body) for body in choice.bodies if body.startswith(prefix))
                    chosen.append((each.label, next(filter(None, named), each.everything)))
                case AgeFilter():
                    band = choice.report.ages or choice.age
                    chosen.append((each.label, band.label if band else each.everything))
                case OptionFilter():
                    code = choice.options.get(each.question, "")
                    label = self._newest.form.by_name[each.question].labels.get(code, "")
                    chosen.append((each.label, label or self._everything(each)))
        return chosen

    def _everything(self, filtered: OptionFilter) -> str:
        """Return what the file says of a filter that was not used. A register may have one word for all of them."""
        return self._newest.words("workbook.everything") or filtered.everything

    def _organisation_chosen(self, choice: ReportChoice) -> str:
        """Return the name of the organisation that the report is limited to, if it is limited to one."""
        named = (
            label
            for each, label in self.organisations.items()
            if organisation_compartment(each).bodies == choice.bodies
        )
        return next(named, "")
