"""Fills, checks and shows a form by its definition. Pure: the day comes in as an argument."""

from shared.registers.form.conditions import (
    Answer,
    Answers,
    Verdict,
    codes_of,
    consent_verdict,
    holds,
    visible_questions,
)
from shared.registers.form.person import Person, match_values, name_typed, person_of, rating_of, search_text
from shared.registers.form.reading import Checked, Raw, field_names, not_known_field, read_answers
from shared.registers.form.showing import (
    FieldChange,
    Row,
    as_text,
    differences,
    fill_fields,
    keep_retired,
    show_answer,
)

__all__ = [
    "Answer",
    "Answers",
    "Checked",
    "FieldChange",
    "Person",
    "Raw",
    "Row",
    "Verdict",
    "as_text",
    "codes_of",
    "consent_verdict",
    "differences",
    "field_names",
    "fill_fields",
    "holds",
    "keep_retired",
    "match_values",
    "name_typed",
    "not_known_field",
    "person_of",
    "rating_of",
    "read_answers",
    "search_text",
    "show_answer",
    "visible_questions",
]
