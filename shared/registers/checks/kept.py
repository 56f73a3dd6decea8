"""What records rely on in an edition: question names, kinds and option codes, scope, states and transitions."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from shared.registers.definition.questions import Question, QuestionForm
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault


class KeptQuestion(BaseModel):
    """A question as stored answers need it. `list_name` is the shared list of its options, if it has one."""

    model_config = ConfigDict(frozen=True)

    kind: str
    codes: tuple[str, ...] = ()
    list_name: str | None = None


class KeptEdition(BaseModel):
    """
    An edition as its records need it. Texts, order, and what is required may change freely, so they are left out.

    `scope` maps each question of the scope to the list of its bodies. `rating` is its question.
    `transitions` are from, to, means and question. `decisions` are the questions that name the bodies which decide.
    """

    model_config = ConfigDict(frozen=True)

    form: dict[str, KeptQuestion]
    outcome: dict[str, KeptQuestion] = {}
    leaving: dict[str, KeptQuestion] = {}
    minutes: dict[str, KeptQuestion] = {}
    scope: dict[str, str] = {}
    rating: str | None = None
    states: tuple[str, ...] = ()
    transitions: dict[str, tuple[str | None, ...]] = {}
    decisions: dict[str, tuple[str, ...]] = {}


def kept_of(definition: Definition) -> KeptEdition:
    by = definition.scope.by if definition.scope else ()
    return KeptEdition(
        form=_questions(definition.form),
        outcome=_questions(definition.outcome) if definition.outcome else {},
        leaving=_questions(definition.leaving) if definition.leaving else {},
        minutes=_questions(definition.meetings.minutes) if definition.meetings else {},
        scope={name: definition.form.by_name[name].body_list for name in by},
        rating=definition.rating.question if definition.rating else None,
        states=tuple(state.code for state in definition.lifecycle.states),
        transitions={
            each.code: (each.from_state, each.to_state, each.by, each.question)
            for each in definition.lifecycle.transitions
        },
        decisions={each.code: each.decisions for each in definition.lifecycle.transitions},
    )


def _questions(form: QuestionForm) -> dict[str, KeptQuestion]:
    return {question.name: _question(question) for question in form.all_questions}


def _question(question: Question) -> KeptQuestion:
    codes = tuple(option.code for option in question.options)
    return KeptQuestion(kind=question.kind, codes=codes, list_name=question.list_name)


def questions_lost(
    called: str, older: dict[str, KeptQuestion], newer: dict[str, KeptQuestion]
) -> Iterator[DefinitionFault]:
    """Return the questions and options that are gone, or of another kind. `called` is the form's key."""
    for name, question in older.items():
        now = newer.get(name)
        if now is None:
            yield DefinitionFault(called, f"{name} is gone: keep it and say retired = true")
        elif now.kind != question.kind:
            told = f"{name} was {question.kind} and is {now.kind}: give the new one a new name"
            yield DefinitionFault(called, told)
        else:
            yield from _options_lost(f"{called}, question {name}", question, now)


def _options_lost(place: str, older: KeptQuestion, newer: KeptQuestion) -> Iterator[DefinitionFault]:
    kept = frozenset(newer.codes)
    for code in older.codes:
        if code not in kept:
            listed = newer.list_name or older.list_name
            how = f"write yes under retired in lists/{listed}.csv" if listed else "say retired = true"
            yield DefinitionFault(place, f"the option {code} is gone: keep it and {how}")


def scope_lost(older: KeptEdition, newer: KeptEdition, since: str) -> Iterator[DefinitionFault]:
    """Check that the records of both lie in the same compartments, with the same codes of bodies."""
    if older.scope.keys() != newer.scope.keys():
        yield DefinitionFault("scope", f"differs from {since}: it decides who sees a record")
    for name, listed in older.scope.items():
        if name in newer.scope and newer.scope[name] != listed:
            yield DefinitionFault("scope", f"{name} named bodies of {listed}, and of {newer.scope[name]} now")


def transitions_lost(older: KeptEdition, newer: KeptEdition, since: str) -> Iterator[DefinitionFault]:
    """Check that records end as they would have: one job ends those of all editions."""
    for code, course in older.transitions.items():
        place = f"transition {code}"
        if code not in newer.transitions:
            yield DefinitionFault(place, f"is gone, and records of {since} end by it")
        elif course != newer.transitions[code]:
            yield DefinitionFault(place, f"leads elsewhere, or by other means, than in {since}")


def decisions_lost(kept: KeptEdition, now: KeptEdition) -> Iterator[DefinitionFault]:
    """Check that the end of a record waits for the same bodies as when its day was given."""
    for code, names in kept.decisions.items():
        if code in now.decisions and set(names) != set(now.decisions[code]):
            yield DefinitionFault(
                f"transition {code}", "asks other bodies to decide, and records wait for those before"
            )


def changed_in_place(kept: KeptEdition, now: KeptEdition) -> list[DefinitionFault]:
    """Return what an edition that holds records has lost since then. Its records would be lost or misread."""
    faults = [*questions_lost("form", kept.form, now.form), *questions_lost("outcome", kept.outcome, now.outcome)]
    faults += questions_lost("leaving", kept.leaving, now.leaving)
    faults += questions_lost("meetings.minutes", kept.minutes, now.minutes)
    faults += [*scope_lost(kept, now, "the records"), *transitions_lost(kept, now, "this edition")]
    faults += decisions_lost(kept, now)
    if kept.rating and kept.rating != now.rating:
        faults.append(
            DefinitionFault("rating", f"{kept.rating} is not the rating any more, and records are rated by it")
        )
    gone = [code for code in kept.states if code not in now.states]
    return faults + [DefinitionFault("lifecycle", f"the state {code} is gone, and records are in it") for code in gone]
