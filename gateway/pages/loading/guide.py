"""The template of a spreadsheet, and the guide that says what to write in each of its columns."""

import csv
import io
from itertools import groupby

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.loading.addresses import PAGE, limits_of
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.registers.definition.questions import OPTION_KINDS, Question
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.form.load_columns import LoadColumn, load_columns

MOST_LISTED = 30  # options; of longer lists the guide says how many there are
CSV = "text/csv"
WITH_MARK = "utf-8-sig"  # so that Excel reads letters such as é rightly


async def download_template(request: web.Request) -> web.Response:
    """Answer with a CSV file that has the headings alone."""
    limits_of(request)
    register, written = request[REGISTER], io.StringIO()
    csv.writer(written).writerow([column.heading for column in load_columns(register)])
    headers = {"Content-Disposition": f'attachment; filename="{register.code}-template.csv"'}
    return web.Response(body=written.getvalue().encode(WITH_MARK), content_type=CSV, charset="utf-8", headers=headers)


async def show_guide(request: web.Request) -> web.Response:
    limits_of(request)
    register, words = request[REGISTER], request[REGISTER].words
    columns = (
        Column(words("load.guide.column")),
        Column(words("load.guide.needed")),
        Column(words("load.guide.write")),
    )
    parts = groupby(load_columns(register), lambda column: column.section)
    return await show(
        request,
        "loading/guide.html",
        columns=columns,
        parts=[(title or words("load.guide.beside"), [_row(register, each) for each in part]) for title, part in parts],
        back=register.address(PAGE),
    )


def _row(register: Definition, column: LoadColumn) -> tuple[Cell, Cell, Cell]:
    words = register.words
    needed = {
        "always": words("load.guide.always"),
        "if_it_applies": words("load.guide.if_it_applies"),
        "if_known": words("load.guide.if_known"),
        "no": words("page.no"),
    }[column.needed]
    said = _of_question(words, column.question) if column.question else _beside_answers(words, column.name)
    return column.heading.rstrip("*"), needed, said


def _beside_answers(words: Words, name: str) -> str:
    return {
        "reference": words("load.guide.reference"),
        "organisation": words("load.guide.organisation"),
        "added_on": words("load.guide.date"),
    }[name]


def _of_question(words: Words, question: Question) -> str:
    if question.kind in OPTION_KINDS:
        return _of_options(words, question)
    said = {
        "date": words("load.guide.date"),
        "nhs_number": words("load.guide.nhs_number"),
        "postcode": words("load.guide.postcode"),
        "email": words("load.guide.email"),
        "phone": words("load.guide.phone"),
    }.get(question.kind) or words("load.guide.text", count=f"{question.longest:,}")
    return words("load.guide.or_not_known", said=said, not_known=question.not_known) if question.not_known else said


def _of_options(words: Words, question: Question) -> str:
    labels = [option.label for option in question.offered]
    if len(labels) > MOST_LISTED:
        return words("load.guide.long_list", count=len(labels), first=labels[0])
    listed = "; ".join(labels)
    if question.kind == "choices":
        return words("load.guide.several", options=listed)
    return words("load.guide.one", options=listed)
