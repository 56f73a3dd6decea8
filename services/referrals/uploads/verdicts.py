"""Judges the rows of a spreadsheet: which record it is about, and what putting it on the register would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from services.referrals.loading.judging import Judged, RowJudge
from services.referrals.loading.rows import ReadRow
from services.referrals.rules.ending import end_of
from services.referrals.rules.saving import may_update
from services.referrals.store.saving import Present
from services.referrals.store.upload_work import FoundRecord, RowChecked
from shared.contracts.referrals.loading import CellChange, CellFault, RowVerdict, Special
from shared.permissions import Visitor
from shared.registers.bodies import Compartment, compartment_of
from shared.registers.definition.load import RowProblem
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers
from shared.registers.form.person import MatchKey, Person, match_keys, person_of
from shared.registers.form.showing import differences
from shared.registers.references import read_reference
from shared.registers.scope import compartment_for
from shared.values import day_of, fold

NHS_NUMBER = "nhs_number"  # the rule for duplicates that compares NHS numbers alone


@dataclass(frozen=True, repr=False)
class Looked:
    """
    What was found for some rows: every record by its reference or key, and those that the user may see.

    A record that is found but not `present` is out of the user's reach. The consent of those in `unconsented` is to be
    confirmed: they are on the register by an authority.
    """

    found: Mapping[str, Sequence[FoundRecord]]
    present: Mapping[UUID, Present]
    unconsented: frozenset[UUID] = frozenset()


@dataclass(frozen=True, repr=False)
class MatchedRow:
    """
    The record that a row is about, or what is wrong. `unseen` are records that the row found out of reach.

    `unconsented`: the record is on the register by an authority, and its consent is to be confirmed.
    """

    present: Present | None = None
    fault: CellFault | None = None
    unseen: tuple[UUID, ...] = ()
    unconsented: bool = False


@dataclass(frozen=True)
class RowVerdicts:
    """
    Judges the rows of one file in their order, for its user.

    `register` is the newest edition, and `editions` those that records may be written in. `organisations` are those of
    the register by their folded name. `headings` are the headings of the special columns.
    """

    register: Definition
    editions: Mapping[str, Definition]
    visitor: Visitor
    home: UUID
    organisations: Mapping[str, UUID]
    headings: Mapping[Special, str]
    today: date
    has_authority: bool = False
    """Whether the user has named an authority for new rows that only lack evidence of consent."""
    is_tracing: bool = False
    """Whether the file brings NHS numbers for records that have none, and nothing else of it is taken."""
    taken: dict[str, int] = field(default_factory=dict)
    """The row that has a key or a record already."""
    keys: dict[int, tuple[MatchKey, ...]] = field(default_factory=dict)
    judges: dict[str, RowJudge] = field(default_factory=dict)
    compartments: dict[UUID, Compartment] = field(default_factory=dict)
    """Those that the records of the rows lie in, or will."""
    unconsented: list[int] = field(default_factory=list)
    """The numbers of new rows that only lack evidence of consent."""

    def reference_of(self, row: ReadRow) -> str | None:
        """Return the reference that a row gives, in its standard form; None without one, or if it is none."""
        return read_reference([self.register.reference_prefix], row.specials.get("reference", ""))

    def keys_of(self, row: ReadRow) -> tuple[MatchKey, ...]:
        """Return the keys by which a row is compared, worked out once."""
        if row.number not in self.keys:
            self.keys[row.number] = match_keys(self.register, row.answers)
        return self.keys[row.number]

    def match(self, row: ReadRow, looked: Looked) -> MatchedRow:
        """
        Find the record that a row is about: by its reference, else by NHS number, else by the other rules.

        More than one, one that has ended or one that is out of reach is a fault.
        """
        if self.is_tracing and not row.specials.get("reference", ""):
            return MatchedRow(fault=self._fault("reference_missing", "reference"))
        if row.specials.get("reference", ""):
            return self._by_reference(row, looked)
        keys = self.keys_of(row)
        for by_number in (True, False):
            some = [each.key for each in keys if (each.rule == NHS_NUMBER) is by_number]
            found = {each.record_id: each for key in some for each in looked.found.get(key, ())}
            if found:
                return self._one_of(row, list(found.values()), looked)
        return MatchedRow()

    def _by_reference(self, row: ReadRow, looked: Looked) -> MatchedRow:
        reference = self.reference_of(row)
        if reference is None:
            return MatchedRow(fault=self._fault("reference_wrong", "reference"))
        found = looked.found.get(reference, ())
        present = next((looked.present[each.record_id] for each in found if each.record_id in looked.present), None)
        if present is None:
            unseen = tuple(each.record_id for each in found)
            return MatchedRow(fault=self._fault("reference_unknown", "reference"), unseen=unseen)
        if not present.is_open:
            return MatchedRow(fault=self._fault("ended"))
        numbers = (each.key for each in self.keys_of(row) if each.rule == NHS_NUMBER)
        others = {each.record_id for key in numbers for each in looked.found.get(key, ()) if each.is_open}
        if others - {present.record_id}:
            return MatchedRow(fault=self._fault("number_elsewhere"), unseen=_unseen(others, looked))
        return self._same_person(row, present, looked)

    def _one_of(self, row: ReadRow, found: Sequence[FoundRecord], looked: Looked) -> MatchedRow:
        candidates = [each for each in found if each.is_open] or list(found)
        unseen = _unseen({each.record_id for each in candidates}, looked)
        if unseen:
            return MatchedRow(fault=self._fault("ask_team"), unseen=unseen)
        if len(candidates) > 1:
            return MatchedRow(fault=self._fault("several"))
        present = looked.present[candidates[0].record_id]
        if not present.is_open:
            return MatchedRow(fault=self._fault("ended"))
        return self._same_person(row, present, looked)

    def _same_person(self, row: ReadRow, present: Present, looked: Looked) -> MatchedRow:
        """Check that the row can be about the person of the record: an NHS number may be that of someone else."""
        given, there = person_of(self.register, row.answers), person_of(self.register, present.answers)
        if self.is_tracing and (_is_other_name(given, there) or given.born != there.born):
            return MatchedRow(fault=self._fault("traced_other"))
        if self.is_tracing and there.nhs_number and given.nhs_number not in ("", None, there.nhs_number):
            return MatchedRow(fault=self._fault("traced_before"))
        if _is_other_name(given, there) and given.born and there.born and given.born != there.born:
            return MatchedRow(fault=self._fault("other_person"))
        by_number = "reference" in row.specials or given.nhs_number == there.nhs_number
        if given.nhs_number and there.nhs_number and not by_number:
            return MatchedRow(fault=self._fault("other_number"))
        return MatchedRow(present, unconsented=present.record_id in looked.unconsented)

    # ------------------------------------------------------------------------------------------------- the whole row
    def check(self, row: ReadRow, matched: MatchedRow) -> RowChecked:
        """Return what the row would do. The row that comes second for one person is a fault."""
        present = matched.present
        if present:  # the user is shown what it says now, even where the row is wrong
            self._cover(compartment_of(self.register.code, present.bodies))
        register = self.editions.get(present.edition, self.register) if present else self.register
        judged = self._judged(register, row, present)
        faults = [*row.faults, *(each for each in judged.faults if each not in row.faults)]
        faults += [each for each in (matched.fault, self._twice(row, present)) if each]
        organisation_id = present.organisation_id if present else self.home
        named, wrong = self._organisation(row, present)
        organisation_id, faults = named or organisation_id, faults + ([wrong] if wrong else [])
        answers = judged.answers
        if not faults:
            faults += self._not_allowed(register, answers, present, organisation_id)
        if judged.unconsented and not matched.unconsented:
            faults += self._unconsented(row, judged, present, is_alone=not faults)
        found = RowChecked(
            number=row.number,
            verdict="error",
            name=person_of(register, answers or row.answers).full_name.strip(),
            record_id=present.record_id if present else None,
            reference=present.reference if present else "",
            faults=tuple(faults),
        )
        if faults:
            return found
        self._take(row, present)
        changes = _changes(register, present.answers, answers) if present else ()
        return replace(
            found,
            verdict=self._verdict(register, answers, present, has_changes=bool(changes)),
            seen_version=present.version if present else None,
            organisation_id=organisation_id,
            added_on=_day(row, "added_on"),
            rated_on=_rated_on(register, row, answers),
            answers=answers,
            changes=changes,
            missing=tuple(judged.missing),
        )

    def _unconsented(
        self, row: ReadRow, judged: Judged, present: Present | None, *, is_alone: bool
    ) -> tuple[CellFault, ...]:
        """
        Count a new row that only lacks evidence of consent. Return what is wrong with it, unless an authority is named.

        An authority never takes consent from a record that has it.
        """
        if present is None and is_alone:
            self.unconsented.append(row.number)
            return () if self.has_authority else judged.unconsented
        return judged.unconsented

    def _judged(self, register: Definition, row: ReadRow, present: Present | None) -> Judged:
        """Return what the row gives. Of a row with a traced number nothing else is taken, and only for a record."""
        judge = self._judge_of(register)
        if not self.is_tracing:
            return judge.judge(row, present.answers if present else None)
        if present is None:
            return Judged({})
        name = self.register.person["nhs_number"]
        number = {name: row.answers[name]} if name in row.answers else {}
        judged = judge.judge(replace(row, answers=number, cleared=frozenset()), present.answers)
        return replace(judged, answers={**present.answers, **number})

    def _judge_of(self, register: Definition) -> RowJudge:
        """Return what judges the rows of an edition: rows that are alike are judged once."""
        if register.edition not in self.judges:
            self.judges[register.edition] = RowJudge(register, self.today)
        return self.judges[register.edition]

    def _verdict(
        self, register: Definition, answers: Answers, present: Present | None, *, has_changes: bool
    ) -> RowVerdict:
        if present is None:
            return "new"
        if not has_changes:
            return "unchanged"
        end = end_of(register, present.state, answers, self.today, present.decided, present.answers)
        return "updated" if end.is_open else "ended"

    def _not_allowed(
        self, register: Definition, answers: Answers, present: Present | None, organisation_id: UUID
    ) -> list[CellFault]:
        """Return what forbids this user to save these answers. Note the compartment that the record enters."""
        compartment = compartment_for(register, answers, organisation_id)
        if present and not may_update(self.visitor, present.created_by, is_held=present.is_held):
            return [self._fault("not_yours")]
        if not self.visitor.may_reach(compartment):
            return [self._fault("out_of_reach")]
        self._cover(compartment)
        return []

    def _cover(self, compartment: Compartment) -> None:
        self.compartments[compartment.compartment_id] = compartment

    def _organisation(self, row: ReadRow, present: Present | None) -> tuple[UUID | None, CellFault | None]:
        """Return the organisation that the row names, or what is wrong with it."""
        name = row.specials.get("organisation", "")
        if not name:
            return None, None
        named = self.organisations.get(fold(name))
        if named is None:
            return None, self._fault("organisation_unknown", "organisation")
        if present and named != present.organisation_id:
            return None, self._fault("organisation_fixed", "organisation")
        if not present and not self.visitor.all_organisations and named not in self.visitor.organisation_ids:
            return None, self._fault("organisation_elsewhere", "organisation")
        return named, None

    # ---------------------------------------------------------------------------------------- one person, one row
    def _twice(self, row: ReadRow, present: Present | None) -> CellFault | None:
        earlier = next((self.taken[each] for each in self._marks(row, present) if each in self.taken), None)
        return None if earlier is None else self._fault("twice", number=earlier)

    def _take(self, row: ReadRow, present: Present | None) -> None:
        self.taken.update(dict.fromkeys(self._marks(row, present), row.number))

    def _marks(self, row: ReadRow, present: Present | None) -> tuple[str, ...]:
        return (*(each.key for each in self.keys_of(row)), *([str(present.record_id)] if present else []))

    def _fault(self, problem: RowProblem, special: Special | None = None, **filled: object) -> CellFault:
        heading = self.headings.get(special, "") if special else ""
        return CellFault(heading=heading, says=says(self.register, problem).format(**filled))


def says(register: Definition, problem: RowProblem) -> str:
    """Return the sentence that says what is wrong with a row, with its placeholders unfilled."""
    return register.words.group("load_row")[problem]


def _unseen(record_ids: set[UUID], looked: Looked) -> tuple[UUID, ...]:
    return tuple(sorted(each for each in record_ids if each not in looked.present))


def _is_other_name(given: Person, there: Person) -> bool:
    return bool(given.family_name and there.family_name) and fold(given.family_name) != fold(there.family_name)


def _changes(register: Definition, before: Answers, after: Answers) -> tuple[CellChange, ...]:
    found = differences(register.form, before, after)
    return tuple(CellChange(label=each.label, before=each.before, after=each.after) for each in found)


def _rated_on(register: Definition, row: ReadRow, answers: Answers) -> date | None:
    """
    Return since when a rating of the row stands. Only what the row itself says counts.

    The record's present answer belongs to the rating that it had before.
    """
    asked = register.rating.given_on if register.rating else None
    said = answers.get(asked) if asked and asked in row.answers else None
    return (day_of(said) if isinstance(said, str) else None) or _day(row, "rated_on")


def _day(row: ReadRow, special: Special) -> date | None:
    return day_of(row.specials.get(special))
