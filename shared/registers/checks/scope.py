"""Checks of who sees a record: the bodies that answers name, what the rest may build on, and who may register."""

from collections.abc import Iterator

from shared.registers.checks.forms import not_asked, twice
from shared.registers.definition.dashboards import BodyFilter, OrganisationFilter, OrganisationTile
from shared.registers.definition.questions import ONE_OPTION_KINDS, Question
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault, nearest


def check_scope(register: Definition) -> Iterator[DefinitionFault]:
    """Check that every record names its bodies, always and by one code each."""
    for name in twice(register.scope.by if register.scope else ()):
        yield DefinitionFault("scope", f"names {name} more than once")
    for name in register.scope.by if register.scope else ():
        question = register.form.by_name.get(name)
        if question is None or question.retired:
            near = nearest(name, register.form.by_name)
            yield DefinitionFault("scope", not_asked(register.form, name), frozenset({near} if near else ()))
        elif not _names_one_body(question):
            yield DefinitionFault(
                "scope", f"{name} must be a required choice or select, asked always, and not editable"
            )


def _names_one_body(question: Question) -> bool:
    asked_always = question.required and not (question.show_if or question.unless)
    return question.kind in ONE_OPTION_KINDS and asked_always and not question.editable


def check_registration(register: Definition) -> Iterator[DefinitionFault]:
    """Check that nobody can register themselves and then see or update the records of others."""
    if register.access.self_registration and register.access.standard_reaches_scope:
        yield DefinitionFault(
            "access",
            "anyone who registers themselves could see or update the records of others: write self_registration = "
            'false, or "own" for standard_sees and standard_updates',
        )


def check_bodies(register: Definition) -> Iterator[DefinitionFault]:
    """Check that organisations act only for bodies that an answer can name."""
    known = _bodies(register)
    for organisation in register.organisations:
        for body in organisation.bodies:
            if body not in known:
                yield DefinitionFault(f"organisation {organisation.name}", f"{body} is not a body that a record names")


def _bodies(register: Definition) -> frozenset[str]:
    named = (
        [register.form.by_name[name] for name in register.scope.by if name in register.form.by_name]
        if register.scope
        else []
    )
    return frozenset(f"{question.body_list}:{option.code}" for question in named for option in question.options)


def check_scope_filters(register: Definition) -> Iterator[DefinitionFault]:
    """Check that the dashboard and the reports divide records as the scope does: by organisation, or by body."""
    reporting = register.reporting
    for choice in (reporting.dashboard_filter, *reporting.filters):
        if isinstance(choice, OrganisationFilter) and register.scope:
            yield DefinitionFault(f"reporting, filter {choice.label}", "the scope is made of bodies: use kind body")
        if isinstance(choice, BodyFilter) and choice.question not in (register.scope.by if register.scope else ()):
            yield DefinitionFault(f"reporting, filter {choice.label}", f"{choice.question} is not part of the scope")
    for tile in reporting.tiles:
        if isinstance(tile, OrganisationTile) and register.scope:
            yield DefinitionFault(f"reporting, tile {tile.title}", "the scope is made of bodies: count by an answer")
