"""Overlays: what administrators change in a register without a new edition (its lists, its guidance, its home page)."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.registers.checks import find_faults
from shared.registers.checks.forms import OWN_OPTION_KINDS, twice
from shared.registers.definition.base import Model, QuestionName
from shared.registers.definition.questions import AgeRange, Condition, GuidanceTopic, Option, Question
from shared.registers.definition.register import Definition, PublicHome
from shared.registers.definition.reviews import ReviewIntervals, ReviewRules
from shared.registers.faults import DefinitionFault, FaultyRegister
from shared.values import fold

MOST_OPTIONS = 200
MOST_TOPICS = 20
LARGEST = 100_000
LONGEST_SLUG = 34

OptionList = Annotated[tuple[Option, ...], Field(min_length=1, max_length=MOST_OPTIONS)]
Topics = Annotated[tuple[GuidanceTopic, ...], Field(min_length=1, max_length=MOST_TOPICS)]


class Overlay(Model):
    """
    Changes that apply to every edition of one register. Anything that it does not name stays as the edition says.

    `options` are whole lists, by the question that offers them. Options no longer offered stay in them as retired, so
    that the newest overlay can show every answer ever given.
    """

    options: dict[QuestionName, OptionList] = Field(default={}, max_length=100)
    guidance: dict[QuestionName, Topics] = Field(default={}, max_length=100)
    public: PublicHome | None = None
    reviews: ReviewIntervals | None = None

    @model_validator(mode="after")
    def _can_be_carried(self) -> Self:
        if len(self.model_dump_json().encode()) > LARGEST:
            raise ValueError("is too long")
        return self

    def parts(self) -> dict[str, object]:
        """Return each changed part by its name for history and audit: which list, whose guidance, and so on."""
        options = {f"options:{name}": list_ for name, list_ in self.options.items()}
        guidance = {f"guidance:{name}": topics for name, topics in self.guidance.items()}
        return {**options, **guidance, **_there("public", self.public), **_there("reviews", self.reviews)}


def _there(name: str, part: Model | None) -> dict[str, object]:
    return {name: part} if part else {}


@dataclass(frozen=True)
class Adaptation:
    """An overlay in force, with the version under which it was published. Version 0 is the register as written."""

    version: int = 0
    overlay: Overlay = field(default_factory=Overlay)


def apply(definition: Definition, overlay: Overlay) -> Definition:
    """Return the edition with the overlay applied, if it passes every check. Raise `FaultyRegister` if not."""
    adapted = _laid_over(definition, overlay)
    if faults := find_faults(adapted):
        raise FaultyRegister(f"{definition.code} {definition.edition}, as reworded,", faults)
    return adapted


def publishing_faults(editions: Sequence[Definition], before: Overlay, overlay: Overlay) -> list[DefinitionFault]:
    """
    Return why an overlay cannot replace `before` over these editions, which are in force, newest first.

    Options may be reworded, reordered and retired. None may be removed, so that every old answer stays readable.
    """
    gone = before.options.keys() - overlay.options.keys()
    faults = [DefinitionFault("options", f"the list of {name} is gone") for name in sorted(gone)]
    faults += [*_unknown(editions[0], overlay, before), *_lists(overlay)]
    for edition in editions:
        faults += _taken_away(edition, overlay)
        faults += find_faults(_laid_over(edition, overlay))
    return faults


def changed_parts(before: Overlay, after: Overlay) -> tuple[str, ...]:
    """Return the names of the parts that differ between two overlays."""
    old, new = before.parts(), after.parts()
    return tuple(name for name in {**old, **new} if old.get(name) != new.get(name))


def editable_questions(definition: Definition) -> tuple[Question, ...]:
    """Return the questions whose options administrators maintain, in the order of the forms."""
    return tuple(question for question in _every_question(definition) if question.editable and not question.retired)


def guided_questions(definition: Definition) -> tuple[Question, ...]:
    """Return the questions with guidance."""
    return tuple(question for question in _every_question(definition) if question.guidance and not question.retired)


def rules_naming(definition: Definition, name: str) -> dict[str, tuple[str, ...]]:
    """
    Return the answers to this question that rules depend on, each with the labels of what depends on it.

    The labels are those of questions, or the title of the section on consent. Such an answer cannot be retired.
    """
    found: dict[str, list[str]] = {}
    for follows, condition in _rules(definition):
        for code in condition.get(name, ()):
            found.setdefault(code, []).append(follows)
    return {code: tuple(dict.fromkeys(follows)) for code, follows in found.items()}


def new_code(label: str, taken: Collection[str]) -> str:
    """Return a code for a new option: its label in lower case, with a number if that code is taken."""
    slug = re.sub(r"[^a-z0-9]+", "_", fold(label)).strip("_")[:LONGEST_SLUG].strip("_") or "option"
    number = 2
    code = slug
    while code in taken:
        code, number = f"{slug}_{number}", number + 1
    return code


def _laid_over(definition: Definition, overlay: Overlay) -> Definition:
    rated = definition.rating.question if definition.rating else None

    def reworded(question: Question) -> Question:
        options = _all_options(question, overlay.options.get(question.name, ()), is_rating=question.name == rated)
        topics = overlay.guidance.get(question.name)
        guidance = question.guidance.model_copy(update={"topics": topics}) if question.guidance and topics else None
        return question.model_copy(update={"options": options, "guidance": guidance or question.guidance})

    return definition.model_copy(
        update={
            "form": definition.form.with_questions(reworded),
            "outcome": definition.outcome.with_questions(reworded) if definition.outcome else None,
            "leaving": definition.leaving.with_questions(reworded) if definition.leaving else None,
            "meetings": definition.meetings.with_questions(reworded) if definition.meetings else None,
            "public": overlay.public or definition.public,
            "reviews": _reviewed(definition.reviews, overlay.reviews),
        }
    )


def _reviewed(rules: ReviewRules | None, entered: ReviewIntervals | None) -> ReviewRules | None:
    """Return how an edition reviews: the intervals entered for the levels that it has."""
    if rules is None or entered is None:
        return rules
    days = {name: days for name, days in entered.days.items() if name in rules.names}
    return rules.model_copy(update={"intervals": entered.model_copy(update={"days": days})})


def _all_options(question: Question, kept: tuple[Option, ...], *, is_rating: bool) -> tuple[Option, ...]:
    """Return the administrators' list, then this edition's other options: a later edition may add some."""
    if not kept or is_rating or question.list_name or question.kind not in OWN_OPTION_KINDS:
        return question.options
    codes = {option.code for option in kept}
    return (*kept, *(option for option in question.options if option.code not in codes))


def _unknown(newest: Definition, overlay: Overlay, before: Overlay) -> Iterator[DefinitionFault]:
    """Find changes to parts that cannot be reworded. An old part that is no longer editable is accepted unchanged."""
    parts, editable = overlay.parts(), {f"options:{question.name}" for question in editable_questions(newest)}
    known = {*editable, *(f"guidance:{question.name}" for question in guided_questions(newest)), "public"}
    known |= {"reviews"} if newest.reviews else set()
    for part in changed_parts(before, overlay):
        if part in parts and part not in known:
            yield DefinitionFault(part.replace(":", ", "), "is nothing that administrators may reword")
    names = newest.reviews.names if newest.reviews else ()
    for name in overlay.reviews.days if overlay.reviews and overlay.reviews != before.reviews else ():
        if name not in names:
            yield DefinitionFault("reviews", f"{name} is not reviewed")


def _lists(overlay: Overlay) -> Iterator[DefinitionFault]:
    for name, options in overlay.options.items():
        for label in twice(fold(option.label) for option in options):
            yield DefinitionFault(f"options, {name}", f"{label} is there more than once")


def _taken_away(edition: Definition, overlay: Overlay) -> Iterator[DefinitionFault]:
    for question in _every_question(edition):
        kept = {option.code for option in overlay.options.get(question.name, question.options)}
        for option in question.options:
            if option.code not in kept:
                yield DefinitionFault(f"options, {question.name}", f"{option.code} is gone: keep it as retired")


def _every_question(definition: Definition) -> Iterator[Question]:
    for form in definition.every_form:
        yield from form.all_questions


def _rules(definition: Definition) -> Iterator[tuple[str, Condition]]:
    for question in _every_question(definition):
        ages = (condition for rule in question.ages for condition in rule.when)
        yield from ((question.label, condition) for condition in (*question.show_if, *question.unless, *ages))
    for form in definition.every_form:
        ranges = (rule for rule in form.rules if isinstance(rule, AgeRange))
        yield from ((form.by_name[rule.at[0]].label, condition) for rule in ranges for condition in rule.when)
    if definition.meetings and definition.meetings.carried_by:
        rules = definition.meetings
        yield rules.minutes.by_name[rules.decision].label, {rules.decision: rules.carried_by}
    for gate in definition.consent.rules if definition.consent else ():
        yield from ((definition.form.sections[0].title, condition) for condition in gate.when)
