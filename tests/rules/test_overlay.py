"""Tests of overlays: they apply to every edition, never remove an option, and leave old answers readable."""

import pytest
from pydantic import ValidationError

from shared.registers.definition.questions import AgeRange, GuidanceTopic, Option
from shared.registers.definition.register import Definition, PublicHome
from shared.registers.faults import DefinitionFault, FaultyRegister
from shared.registers.files import LoadedRegister
from shared.registers.form.conditions import Answer
from shared.registers.form.reading import read_answers
from shared.registers.form.showing import show_answer
from shared.registers.load import Registers, load_registers
from shared.registers.overlay import (
    Adaptation,
    Overlay,
    apply,
    changed_parts,
    editable_questions,
    new_code,
    publishing_faults,
    rules_naming,
)
from tests.rules.typed import INVENTED, TODAY, a_referral, carers, dsr

SOUTH, NORTH = dsr().form.by_name["locality"].options
MOON = Option(code="moon", label="The Moon")


def localities(*options: Option) -> Overlay:
    return Overlay(options={"locality": options})


def retired(option: Option) -> Option:
    return option.model_copy(update={"retired": True})


def offered(register: Definition, name: str = "locality") -> list[str]:
    return [option.code for option in register.form.by_name[name].offered]


def read(register: Definition, locality: str, before: str = "") -> tuple[Answer | None, str]:
    """Return the answer and the fault of a locality. `before` is the answer already kept, if any."""
    kept: dict[str, Answer] | None = {"locality": before} if before else None
    checked = read_answers(register.form, a_referral(locality=locality), register.words, TODAY, kept)
    return checked.answers.get("locality"), checked.faults.get("locality", "")


@pytest.mark.requirement("R-DSR-081")
def test_options_are_added_reworded_and_put_in_another_order() -> None:
    adapted = apply(dsr(), localities(MOON, NORTH, SOUTH.model_copy(update={"label": "The South"})))

    question = adapted.form.by_name["locality"]
    assert ["The Moon", NORTH.label, "The South"] == list(question.labels.values())
    assert ("moon", "") == read(adapted, "moon")
    assert [SOUTH.label, NORTH.label] == list(dsr().form.by_name["locality"].labels.values())


def test_a_retired_option_stays_where_it_is_and_is_refused_elsewhere() -> None:
    adapted = apply(dsr(), localities(retired(SOUTH), NORTH))

    assert [NORTH.code] == offered(adapted)
    assert (SOUTH.code, "") == read(adapted, SOUTH.code, before=SOUTH.code)
    assert (None, "Choose one of the answers offered: Locality") == read(adapted, SOUTH.code)
    assert (None, "Choose one of the answers offered: Locality") == read(adapted, SOUTH.code, before=NORTH.code)
    assert SOUTH.label == show_answer(adapted.form.by_name["locality"], SOUTH.code)


def test_the_same_choices_in_another_order_are_the_same_answer() -> None:
    question = carers().form.by_name["cares_for"]
    turned = carers().model_copy(
        update={
            "form": carers().form.with_questions(
                lambda each: each.model_copy(update={"options": each.options[::-1]}) if each == question else each
            )
        }
    )
    kept: dict[str, Answer] = {"cares_for": ("parent", "child")}

    checked = read_answers(turned.form, {"cares_for": ["child", "parent"]}, turned.words, TODAY, kept)

    assert ("parent", "child") == checked.answers["cares_for"]


def test_nothing_is_taken_away_nor_offered_to_nobody() -> None:
    gone = publishing_faults([dsr()], Overlay(), localities(SOUTH, MOON))
    nobody = publishing_faults([dsr()], Overlay(), localities(retired(SOUTH), retired(NORTH)))
    forgotten = publishing_faults([dsr()], localities(SOUTH, NORTH, MOON), Overlay())

    assert [DefinitionFault("options, locality", f"{NORTH.code} is gone: keep it as retired")] == gone
    assert ["offers nothing: one option at least must not be retired"] == [fault.says for fault in nobody]
    assert [DefinitionFault("options", "the list of locality is gone")] == forgotten


def test_what_a_rule_names_cannot_be_retired_and_the_rule_is_said() -> None:
    question = dsr().form.by_name["tool_name"]
    options = tuple(retired(option) if option.code == "other" else option for option in question.options)

    faults = publishing_faults([dsr()], Overlay(), Overlay(options={"tool_name": options}))

    place = "form, section Risk of admission, question tool_other, show_if"
    assert [DefinitionFault(place, "other of tool_name is retired, and this depends on it")] == faults
    assert {"other": ("Name of the other tool",)} == rules_naming(dsr(), "tool_name")
    assert ("Consent",) == rules_naming(dsr(), "best_interest_decision")["no"]


def test_what_a_rule_between_answers_names_cannot_be_retired_either() -> None:
    ages = AgeRange(
        kind="age", birth="date_of_birth", when=({"tool_name": ("other",)},), at=("tool_date",), said="Too old"
    )
    definition = dsr().model_copy(update={"form": dsr().form.model_copy(update={"rules": (ages,)})})

    assert (dsr().form.by_name["tool_date"].label, "Name of the other tool") == tuple(
        sorted(rules_naming(definition, "tool_name")["other"])
    )


def test_the_lists_of_the_minutes_are_reworded_and_what_carries_people_over_cannot_be_retired() -> None:
    rules = dsr().meetings
    assert rules is not None
    options = rules.minutes.by_name["decision"].options
    renamed = tuple(each.model_copy(update={"label": f"{each.label} now"}) for each in options)
    kept = tuple(retired(each) if each.code == "further_meeting" else each for each in options)

    adapted = apply(dsr(), Overlay(options={"decision": renamed}))
    faults = publishing_faults([dsr()], Overlay(), Overlay(options={"decision": kept}))

    assert adapted.meetings is not None
    assert "No change now" == adapted.meetings.minutes.by_name["decision"].labels["no_change"]
    told = "further_meeting of decision is retired, and this depends on it"
    assert [DefinitionFault("meetings, carried_by", told)] == faults
    assert {"further_meeting": ("Decision",)} == rules_naming(dsr(), "decision")


def test_only_what_the_definition_opens_may_be_reworded() -> None:
    foreign = Overlay(options={"ethnicity": (MOON, SOUTH)}, guidance={"locality": (_topic("X"),)})
    twice = localities(SOUTH, NORTH, MOON, Option(code="moon_2", label="the moon"))

    assert {"guidance, locality", "options, ethnicity"} <= {
        fault.place for fault in publishing_faults([dsr()], Overlay(), foreign)
    }
    assert ["options, locality"] == [fault.place for fault in publishing_faults([dsr()], Overlay(), twice)]
    assert ["locality", "tool_name", "meeting_outcome", "leaving_reason", "gap", "decision"] == [
        each.name for each in editable_questions(dsr())
    ]
    assert () == editable_questions(carers())


def _topic(heading: str) -> GuidanceTopic:
    return GuidanceTopic(heading=heading, lines=("One.",))


@pytest.mark.requirement("R-DSR-032", "R-DSR-087")
def test_the_home_page_and_the_guidance_are_as_they_were_published() -> None:
    home = PublicHome(heading="Together", paragraphs=("One.",))
    overlay = Overlay(public=home, guidance={"risk_level": (_topic("Red"),)})

    adapted = apply(dsr(), overlay)

    before, after = dsr().form.by_name["risk_level"].guidance, adapted.form.by_name["risk_level"].guidance
    assert before
    assert after
    assert (home, (_topic("Red"),), before.link) == (adapted.public, after.topics, after.link)
    assert ("guidance:risk_level", "public") == changed_parts(Overlay(), overlay)


def test_a_code_is_made_of_the_label_and_is_never_one_that_means_something() -> None:
    assert "zoe_s_ward" == new_code("  Zoë's Ward! ", ())
    assert "other_3" == new_code("Other", ("other", "other_2"))
    assert ("option", "a" * 34) == (new_code("???", ()), new_code("a" * 99, ()))


def test_an_overlay_is_as_long_as_the_bus_carries() -> None:
    with pytest.raises(ValidationError, match="is too long"):
        Overlay(public=PublicHome(heading="X", paragraphs=("y" * 4_000,) * 30))


def adapted_registers(*overlays: tuple[int, Overlay], code: str = "dsr") -> Registers:
    registers = load_registers([INVENTED])
    for version, overlay in overlays:
        registers.adapt({code: Adaptation(version, overlay)})
    return registers


def test_a_process_answers_from_the_newest_and_never_goes_back() -> None:
    registers = adapted_registers((2, localities(SOUTH, NORTH, MOON)), (1, localities(SOUTH, NORTH)))

    assert "moon" in offered(registers.find("dsr"))
    assert "moon" in offered(registers.find("dsr", "2022"))
    assert "moon" in offered(next(each for each in registers.newest() if each.code == "dsr"))
    assert {"dsr": 2} == registers.adaptations()
    assert "moon" not in offered(load_registers().find("dsr"))


def test_another_register_and_an_unknown_one_are_as_they_were() -> None:
    registers = load_registers([INVENTED])
    before = registers.find("carers")

    assert () == registers.adapt({"dsr": Adaptation(1, localities(SOUTH, NORTH, MOON)), "gone": Adaptation(4)})

    assert before is registers.find("carers")
    assert {"dsr": 1, "gone": 4} == registers.adaptations()


def test_an_edition_that_does_not_go_with_it_stays_as_it_was_written() -> None:
    registers = load_registers()

    (faulty,) = registers.adapt({"dsr": Adaptation(1, localities(retired(SOUTH), retired(NORTH)))})

    assert isinstance(faulty, FaultyRegister)
    assert [SOUTH.code, NORTH.code] == offered(registers.find("dsr"))


def test_every_edition_reads_what_was_added_and_keeps_what_it_brought() -> None:
    later = dsr().model_copy(
        update={
            "identity": dsr().identity.model_copy(update={"edition": "2023"}),
            "form": dsr().form.with_questions(
                lambda each: (
                    each.model_copy(update={"options": (*each.options, Option(code="west", label="West"))})
                    if each.name == "locality"
                    else each
                )
            ),
        }
    )
    registers = Registers([LoadedRegister(dsr(), ""), LoadedRegister(later, "")])

    registers.adapt({"dsr": Adaptation(1, localities(NORTH, SOUTH, MOON))})

    assert [NORTH.code, SOUTH.code, "moon"] == offered(registers.find("dsr", "2022"))
    assert [NORTH.code, SOUTH.code, "moon", "west"] == offered(registers.find("dsr"))
    assert ["2023", "2022"] == [each.edition for each in registers.editions("dsr")]
