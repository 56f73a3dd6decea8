"""Tests that our macros produce the same elements, classes and attributes as the NHS components."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias, get_args

import pytest
from bs4 import BeautifulSoup, NavigableString, PageElement, Tag
from jinja2 import ChainableUndefined, Environment
from markupsafe import Markup

from gateway.ui.form import Choice, Field, Form
from gateway.ui.render import environment
from gateway.ui.table import Column, risk_mark, table_rows
from shared.registers.definition.lifecycle import Colour

ROOT = Path(__file__).parents[2]

Shape: TypeAlias = "str | tuple[str, tuple[tuple[str, str], ...], tuple[Shape, ...]]"

YES_NO = (Choice("yes", "Yes", "A hint"), Choice("no", "No"))
ITEMS = [{"value": "yes", "text": "Yes", "hint": {"text": "A hint"}}, {"value": "no", "text": "No"}]
WRONG = "Enter the <name>"

FIELDS: dict[str, tuple[Field, str, dict[str, object]]] = {
    "text": (
        Field("name", "Name & all", hint="As <written>", autocomplete="given-name", width=10, placeholder="Type it"),
        "input",
        {"type": "text", "autocomplete": "given-name", "width": 10, "attributes": {"placeholder": "Type it"}},
    ),
    "email": (Field("name", "Name", kind="email"), "input", {"type": "email", "spellcheck": False}),
    "whole_number": (Field("name", "Name", kind="whole_number"), "input", {"type": "text", "inputmode": "numeric"}),
    "long_text": (Field("name", "Name", kind="long_text", hint="Long"), "textarea", {"rows": 5}),
    "select": (Field("name", "Name", kind="select", choices=YES_NO), "select", {"items": ITEMS}),
    "choice": (Field("name", "Name", kind="choice", choices=YES_NO, inline=True), "radios", {"items": ITEMS}),
    "choices": (Field("name", "Name", kind="choices", choices=YES_NO, hint="Any"), "checkboxes", {"items": ITEMS}),
    "password": (
        Field("name", "Name", kind="password", placeholder="Your current password"),
        "password-input",
        {
            "label": {"text": "Name", "id": "name-label"},
            "showPasswordAriaLabel": "Show",
            "hidePasswordAriaLabel": "Hide",
            "attributes": {"placeholder": "Your current password"},
        },
    ),
    "file": (Field("name", "Name", kind="file"), "file-upload", {"chooseFilesButtonText": "Choose File"}),
    "date": (Field("name", "Name", kind="date", hint="For example"), "date-input", {}),
}
CAMEL = {
    "password-input": "passwordInput",
    "file-upload": "fileUpload",
    "date-input": "dateInput",
    "tables": "table",
    "error-summary": "errorSummary",
    "notification-banner": "notificationBanner",
    "back-link": "backLink",
    "warning-callout": "warningCallout",
}


@pytest.fixture(scope="module")
def templates(template_cache: Path) -> Environment:
    return environment(template_cache)


def shapes(html: str) -> tuple[Shape, ...]:
    """Return the tree without space between elements and without the order of classes and attributes."""
    return tuple(shape for child in BeautifulSoup(html, "html.parser").children if (shape := _shape(child)))


def _shape(element: PageElement) -> Shape:
    if isinstance(element, Tag):
        attributes = {
            name: value if isinstance(value, str) else " ".join(sorted(value)) for name, value in element.attrs.items()
        }
        if attributes.get("aria-describedby") == "name-label":  # only ours has it: says which password the button shows
            del attributes["aria-describedby"]
        inside = tuple(shape for child in element.children if (shape := _shape(child)))
        return element.name, tuple(sorted(attributes.items())), inside
    return " ".join(element.split()) if isinstance(element, NavigableString) else ""


def nhs(templates: Environment, component: str, params: Mapping[str, object]) -> tuple[Shape, ...]:
    module = templates.get_template(f"nhsuk/components/{component}/macro.jinja").module
    return shapes(getattr(module, CAMEL.get(component, component))(params))


def ours(templates: Environment, file: str, call: str, **values: object) -> tuple[Shape, ...]:
    name = call.partition("(")[0]
    return shapes(
        templates.from_string(f'{{% from "macros/{file}.html" import {name} %}}{{{{ {call} }}}}').render(values)
    )


@pytest.mark.parametrize("is_wrong", [False, True])
@pytest.mark.parametrize("kind", FIELDS)
def test_a_question_is_the_component_of_the_design_system(templates: Environment, kind: str, is_wrong: bool) -> None:
    field, component, params = FIELDS[kind]
    form = Form([field], {"name": "yes", "name-day": "7"})
    if is_wrong:
        form.wrong("name", WRONG)

    assert nhs(templates, component, _params(field, params, is_wrong)) == ours(
        templates, "form", 'question(form, "name")', form=form
    )


def _params(field: Field, own: Mapping[str, object], is_wrong: bool) -> dict[str, object]:
    params: dict[str, object] = {"id": "name", "name": "name"}
    if field.kind in {"choice", "choices", "date"}:
        params |= {"fieldset": {"legend": {"text": field.label}}}
        params |= {
            "idPrefix": "name",
            "value": "yes",
            "values": ["yes"],
            "classes": "nhsuk-radios--inline" if field.inline else "",
        }
        del params["id"]
    else:
        params |= {"label": {"text": field.label}}
    if field.kind == "date":
        parts = (("day", 2, "7"), ("month", 2, ""), ("year", 4, ""))
        params |= {
            "id": "name",
            "items": [
                {
                    "id": f"name-{part}",
                    "name": f"name-{part}",
                    "label": part.title(),
                    "width": width,
                    "value": value or None,
                }
                for part, width, value in parts
            ],
        }
    if field.kind not in {"password", "file", "date", "choice", "choices"}:
        params |= {"value": "yes"}
    if field.hint:
        params |= {"hint": {"text": field.hint}}
    if is_wrong:
        params |= {"errorMessage": {"text": WRONG}}
    return {**params, **own}


def test_what_a_choice_opens_is_beneath_it(templates: Environment) -> None:
    field = Field("name", "Name", kind="choice", choices=(Choice("yes", "Yes"), Choice("no", "No")))
    items = [{"value": "yes", "text": "Yes"}, {"value": "no", "text": "No", "conditional": {"html": "<p>Why?</p>"}}]
    params = _params(field, {"items": items}, is_wrong=False)

    assert nhs(templates, "radios", params) == ours(
        templates,
        "form",
        'question(form, "name", reveal={"no": why})',
        form=Form([field], {"name": "yes"}),
        why=Markup("<p>Why?</p>"),
    )


def test_choices_of_a_list_stand_under_the_headings_of_their_groups(templates: Environment) -> None:
    choices = (Choice("", "Select Option"), Choice("b", "British", group="White"), Choice("i", "Irish", group="White"))
    html = templates.from_string('{% from "macros/form.html" import question %}{{ question(form, "name") }}').render(
        form=Form([Field("name", "Name", kind="select", choices=choices)])
    )

    groups = BeautifulSoup(html, "html.parser").select("select > *")
    assert [("option", None), ("optgroup", "White")] == [(group.name, group.get("label")) for group in groups]


@pytest.mark.parametrize(
    ("file", "call", "component", "params"),
    [
        ("form", 'button("Log In")', "button", {"text": "Log In", "preventDoubleClick": True}),
        (
            "form",
            'button("Later", name="do", value="later", variant="secondary")',
            "button",
            {"text": "Later", "name": "do", "value": "later", "variant": "secondary", "preventDoubleClick": True},
        ),
        ("form", 'link_button("Login »", "/dsr/login/")', "button", {"text": "Login »", "href": "/dsr/login/"}),
        ("page", 'banner("Saved.", success=true)', "notification-banner", {"text": "Saved.", "variant": "success"}),
        ("page", 'banner("Now.", heading="Look")', "notification-banner", {"text": "Now.", "heading": "Look"}),
        ("page", 'tag("Locked", "red")', "tag", {"text": "Locked", "colour": "red"}),
        ("page", 'back_link("Back", "/")', "back-link", {"text": "Back", "href": "/"}),
        (
            "page",
            'warning("No way <back>.", "Archiving")',
            "warning-callout",
            {"heading": {"text": "Archiving", "level": 2}, "html": "<p>No way &lt;back&gt;.</p>"},
        ),
    ],
)
def test_the_smaller_parts_are_those_of_the_design_system(
    templates: Environment, file: str, call: str, component: str, params: dict[str, object]
) -> None:
    assert nhs(templates, component, params) == ours(templates, file, call)


def test_the_error_summary_is_that_of_the_design_system(templates: Environment) -> None:
    form = Form([Field("name", "Name"), Field("born", "Born", kind="date")])
    form.wrong("born", "Enter the date")
    form.wrong("name", WRONG)
    wanted = [{"href": "#name", "text": WRONG}, {"href": "#born-day", "text": "Enter the date"}]

    assert nhs(templates, "error-summary", {"heading": "There is a problem", "errorList": wanted}) == ours(
        templates, "form", "error_summary(form)", form=form
    )


@pytest.mark.parametrize("row_header", [False, True])
def test_a_table_is_that_of_the_design_system(templates: Environment, row_header: bool) -> None:
    rows = [["A & <b>", "3"], ["C", Markup("<span><a href='/x'>View</a></span>")]]
    params = {
        "caption": "Referrals",
        "compact": True,
        "responsive": True,
        "firstCellIsHeader": row_header,
        "head": [{"text": "NAME"}, {"text": "COUNT", "format": "numeric"}],
        "rows": [
            [{"text": "A & <b>"}, {"text": "3"}],
            [{"text": "C"}, {"html": "<a href='/x'>View</a>"}],
        ],
    }

    assert nhs(templates, "tables", params) == ours_table(templates, rows, row_header=row_header)


def ours_table(templates: Environment, rows: list[list[str]], *, row_header: bool) -> tuple[Shape, ...]:
    templates.globals["table_rows"] = table_rows
    columns = (Column("NAME"), Column("COUNT", numeric=True))
    return ours(
        templates,
        "table",
        'table("Referrals", columns, rows, row_header=row_header)',
        columns=columns,
        rows=rows,
        row_header=row_header,
    )


def test_a_row_that_does_not_fit_its_table_is_not_made() -> None:
    with pytest.raises(ValueError, match="shorter"):
        table_rows((Column("NAME"), Column("ORG")), [["Ruby"]])


def test_every_colour_of_the_palette_has_a_shape_of_its_own_beside_its_word() -> None:
    marks = {colour: BeautifulSoup(risk_mark(colour, "<Word>"), "html.parser") for colour in get_args(Colour)}

    assert ["<Word>"] * len(marks) == [mark.get_text() for mark in marks.values()]
    assert len(marks) == len({str(mark.svg) for mark in marks.values()})


def test_every_colour_of_the_palette_can_be_read() -> None:
    style = (ROOT / "gateway" / "assets" / "source" / "ics.css").read_text(encoding="utf-8")
    for colour in get_args(Colour):
        rule = re.search(rf"\.ics-risk--{colour} {{\s+background-color: (#\w+);\s+color: (#\w+);", style)
        assert rule is not None, colour
        assert contrast(rule[1], rule[2]) >= 4.5


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours by WCAG's formula."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_escaping_is_on_and_undefined_values_chain(templates: Environment) -> None:
    assert templates.autoescape is True
    assert issubclass(templates.undefined, ChainableUndefined)
    assert "&lt;b&gt;" == templates.from_string("{{ a }}{{ b.c.d }}").render(a="<b>")
