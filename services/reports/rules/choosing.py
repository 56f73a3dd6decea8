"""Which report somebody asked for, and of which records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.reports.rules.ages import Births, births_of
from shared.messages import Refused
from shared.permissions import Visitor
from shared.registers.definition.dashboards import AgeBand, AgeFilter, OptionFilter, Report
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer

MOST_AT_ONCE = 3


@dataclass(frozen=True)
class Codes:
    """What was asked for, as it is kept and audited: a report, and what it is narrowed to."""

    report: str
    organisation_id: UUID | None = None
    age: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def for_audit(self) -> list[str]:
        """Which report, which filters (R-DSR-166)."""
        codes = [f"report:{self.report}"]
        codes += [f"organisation:{self.organisation_id.hex}"] if self.organisation_id else []
        codes += [f"age:{self.age}"] if self.age else []
        return codes + [f"{name}:{code}" for name, code in sorted(self.options.items())]


@dataclass(frozen=True)
class ReportChoice:
    """The same in the terms of a register that offers it."""

    report: Report
    organisation_id: UUID | None
    age: AgeBand | None
    options: Mapping[str, str]

    @property
    def codes(self) -> Codes:
        """Without a filter that the report does not take."""
        return Codes(self.report.code, self.organisation_id, self.age.code if self.age else None, self.options)

    def births(self, day: date) -> Births | None:
        """Whose records belong into it by their age on the day; None for all."""
        band = self.report.ages or self.age
        return births_of(band, day) if band else None


def reports_offered(register: Definition, *, has_outcomes: bool) -> tuple[Report, ...]:
    """Those that can be made: one with outcomes needs a register that records them, and a copy of them."""
    with_outcomes = has_outcomes and register.outcome is not None
    return tuple(each for each in register.reporting.reports if with_outcomes or not each.outcomes)


def read_choice(register: Definition, offered: tuple[Report, ...], codes: Codes) -> ReportChoice:
    """Refused as `unknown_report` or `unknown_filter`."""
    report = next((each for each in offered if each.code == codes.report), None)
    if report is None:
        raise Refused("unknown_report")
    return ReportChoice(
        report, codes.organisation_id, _age(register, report, codes.age), _options(register, codes.options)
    )


def _age(register: Definition, report: Report, code: str | None) -> AgeBand | None:
    """A report that is bound to certain ages takes no age filter (R-DSR-163)."""
    if code is None or report.ages is not None:
        return None
    bands = [band for each in register.reporting.filters if isinstance(each, AgeFilter) for band in each.bands]
    found = next((band for band in bands if band.code == code), None)
    if found is None:
        raise Refused("unknown_filter")
    return found


def _options(register: Definition, chosen: Mapping[str, str]) -> dict[str, str]:
    offered = {each.question for each in register.reporting.filters if isinstance(each, OptionFilter)}
    for name, code in chosen.items():
        if name not in offered or code not in register.form.by_name[name].labels:
            raise Refused("unknown_filter")
    return dict(chosen)


def check_scope(visitor: Visitor, organisation_id: UUID | None) -> None:
    """Refused as `not_found` for an organisation outside the visitor's scope."""
    if organisation_id is not None and organisation_id not in visitor.organisation_ids:
        raise Refused("not_found")


def scope_of(visitor: Visitor, organisation_id: UUID | None) -> tuple[UUID, ...]:
    """The organisations that are looked at: the one chosen, or all of the visitor's; none where it is not theirs."""
    return tuple(each for each in visitor.organisation_ids if organisation_id in (None, each))


def answers_wanted(register: Definition, choice: ReportChoice) -> dict[str, Answer]:
    """What the answers of a chosen record hold: one code, or among several."""
    questions = register.form.by_name
    return {name: (code,) if questions[name].kind == "choices" else code for name, code in choice.options.items()}


def file_name(register_code: str, report: str, day: date) -> str:
    return f"{register_code}-{report.replace('_', '-')}-{day.isoformat()}.xlsx"
