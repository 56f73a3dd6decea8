"""Rules about requests for a report: which report, and which records it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.reports.rules.ages import AgesAt, Births, ages_at, births_of
from shared.messages import Refused
from shared.permissions import Permission, Visitor
from shared.registers.bodies import ORGANISATION
from shared.registers.definition.dashboards import AgeBand, AgeFilter, OptionFilter, Report
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer
from shared.registers.scope import sees_ended

MOST_AT_ONCE = 3


@dataclass(frozen=True)
class Codes:
    """
    The requested report and its filters, as codes that are stored and audited.

    `record_ids`: the report holds only these records, of a list that was downloaded; None: it is limited by none.
    """

    report: str
    bodies: tuple[str, ...] = ()
    age: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    record_ids: tuple[UUID, ...] | None = None

    def for_audit(self) -> list[str]:
        """Return the report and its filters in the form of the audit (R-DSR-166)."""
        codes = [f"report:{self.report}"]
        codes += [each if each.startswith(ORGANISATION) else f"body:{each}" for each in self.bodies]
        codes += [f"age:{self.age}"] if self.age else []
        codes += [] if self.record_ids is None else [f"list:{len(self.record_ids)}"]
        return codes + [f"{name}:{code}" for name, code in sorted(self.options.items())]


@dataclass(frozen=True)
class ReportChoice:
    """
    A requested report and its filters, as the register defines them.

    `at`: the question on whose date the chosen age is taken; None for today. `record_ids`: see `Codes`.
    """

    report: Report
    bodies: tuple[str, ...]
    age: AgeBand | None
    options: Mapping[str, str]
    at: str | None = None
    record_ids: tuple[UUID, ...] | None = None

    @property
    def codes(self) -> Codes:
        """The codes of this choice, without an age filter that the report does not take."""
        age = self.age.code if self.age else None
        return Codes(self.report.code, self.bodies, age, self.options, self.record_ids)

    @property
    def age_at(self) -> str | None:
        """The question on whose date the report takes ages; None for today."""
        return self.report.at if self.report.ages else self.at

    def ages(self, day: date) -> Births | AgesAt | None:
        """Return the dates of birth that the report holds on this day, or the ages on a date; None for all."""
        band = self.report.ages or self.age
        if band is None:
            return None
        return ages_at(band, self.age_at) if self.age_at else births_of(band, day)


def reports_offered(register: Definition, visitor: Visitor, *, has_outcomes: bool) -> tuple[Report, ...]:
    """
    Return the reports that can be made for this visitor.

    A report with outcomes needs a register that records outcomes, and a complete copy of them. If the register names
    the roles that may read ended records, reports of those are for these roles alone.
    """
    with_outcomes = may_count_outcomes(register, visitor, has_outcomes=has_outcomes)
    with_ended = may_count_ended(register, visitor)
    return tuple(
        each
        for each in register.reporting.reports
        if (with_outcomes or not each.outcomes) and (with_ended or each.records != "ended")
    )


def may_have(register: Definition, visitor: Visitor, code: str) -> bool:
    """
    Return whether a report that was made for this visitor may still be given to them: their role may have changed.

    A report that the register does not have any more is for its owner.
    """
    known = {each.code for each in register.reporting.reports}
    return code not in known or code in {
        each.code for each in reports_offered(register, visitor, has_outcomes=register.outcome is not None)
    }


def may_count_ended(register: Definition, visitor: Visitor) -> bool:
    """Return whether reports and figures of ended records are for this visitor."""
    return not register.access.ended_seen_by or sees_ended(register, visitor)


def may_count_outcomes(register: Definition, visitor: Visitor, *, has_outcomes: bool) -> bool:
    """Return whether reports and figures of outcomes are for this visitor, and the copy of outcomes is complete."""
    return has_outcomes and register.outcome is not None and visitor.may(Permission.READ_REPORTS)


def read_choice(register: Definition, offered: tuple[Report, ...], codes: Codes) -> ReportChoice:
    """Return the report and filters that the codes name. Refused as `unknown_report` or `unknown_filter`."""
    report = next((each for each in offered if each.code == codes.report), None)
    if report is None:
        raise Refused("unknown_report")
    options = _options(register, codes.options)
    if codes.age is None or report.ages is not None:  # a report bound to certain ages takes no age filter (R-DSR-163)
        return ReportChoice(report, codes.bodies, None, options, record_ids=codes.record_ids)
    band, at = _age(register, codes.age)
    return ReportChoice(report, codes.bodies, band, options, at, codes.record_ids)


def _age(register: Definition, code: str) -> tuple[AgeBand, str | None]:
    """Return the chosen age band, and the question on whose date the age is taken."""
    filters = (each for each in register.reporting.filters if isinstance(each, AgeFilter))
    found = next(((band, each.at) for each in filters for band in each.bands if band.code == code), None)
    if found is None:
        raise Refused("unknown_filter")
    return found


def _options(register: Definition, chosen: Mapping[str, str]) -> dict[str, str]:
    offered = {each.question for each in register.reporting.filters if isinstance(each, OptionFilter)}
    for name, code in chosen.items():
        if name not in offered or code not in register.form.by_name[name].labels:
            raise Refused("unknown_filter")
    return dict(chosen)


def answers_wanted(register: Definition, choice: ReportChoice) -> dict[str, Answer]:
    """Return the answers that a record must hold: exactly a code, or a code among several."""
    questions = register.form.by_name
    return {name: (code,) if questions[name].kind == "choices" else code for name, code in choice.options.items()}


def file_name(register_code: str, report: str, day: date) -> str:
    return f"{register_code}-{report.replace('_', '-')}-{day.isoformat()}.xlsx"
