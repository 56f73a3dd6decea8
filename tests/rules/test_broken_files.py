"""Tests that whatever an author writes is told in plain words with its place, and stops no other register."""

import re
import shutil
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest

from shared.registers.faults import DefinitionFault, FaultyRegister
from shared.registers.files import lists_beside, read_register
from shared.registers.folders import find_registers
from shared.registers.list_files import OptionLists
from tests.rules.typed import INVENTED

HOMES = Path(__file__).parents[1] / "journeys" / "registers" / "homes" / "2031.toml"
WRITTEN = HOMES.read_text("utf-8")

OURS = re.compile(
    r"pattern|\^\[|Input should|validation|pydantic|Traceback|Error\b|type=|NoneType|tuple|dict\b|\bstr\b|Statement|"
    r"codec|byte 0x|column \d+\)|Value error|\(\w+ at \w+\.py|utf-8-sig|\\[duws]|None"
)
"""Words of libraries and of Python, which an author cannot be expected to know."""

Change = Callable[[str], str]


def replaced(old: str, new: str) -> Change:
    def change(text: str) -> str:
        assert old in text, f"the definition no longer says {old}"
        return text.replace(old, new, 1)

    return change


SLIPS: list[tuple[str, str, str]] = [
    ('code = "homes"', "code = homes", "line 17: has no value that TOML knows"),
    ('code = "homes"', "code = “homes”", "line 17: has curly quotation marks"),
    ('code = "homes"', "code = ‘homes’", "line 17: has curly quotation marks"),
    ('code = "homes"', 'code = "homes', "line 17: opens a text whose closing quotation mark is missing"),
    ('code = "homes"', "code = 'homes", "line 17: opens a text whose closing quotation mark is missing"),
    ('code = "homes"', 'code "homes"', "line 17: needs an = between the name and its value"),
    ('code = "homes"', "code =", "line 17: has no value that TOML knows"),
    (
        'code = "homes"',
        'code = "homes" # a\nedition = "2031"',
        "line 19: has edition, which is there already, first in line 18",
    ),
    (
        'label = "Reach of the hoist"',
        'label = "Reach of the hoist"\nlabel = "Reach"',
        "line 105: has label, which is there already, first in line 104: write it once",
    ),
    (
        'paragraphs = ["So that nobody waits unseen."]',
        'heading = [\n  "So that nobody waits unseen.",\n]',
        ": has heading, which is there already, first in line",
    ),
    (
        '{ place = "home", label = "Start" }',
        '{ place = "home", place = "home" }',
        "has place twice within the same curly brackets: write it once",
    ),
    ('label = "Called"', 'label = "Called, no or yes" x', "line 54: has something after the value"),
    ('label = "Called"', 'label = "Called, no or yes', "line 54: opens a text whose closing quotation mark is missing"),
    ('label = "Called"', "label = No fixed abode", "line 54: has no value that TOML knows: a text stands in quotation"),
    ('code = "homes"', 'code = "homes", x', "line 17: has something after the value that does not belong there"),
    ('code = "homes"', 'code = "C:\\homes"', "line 17: has a backslash"),
    ('code = "homes"', 'code = "ho\tmes\x07"', "line 17: has an invisible character"),
    ('code = "homes"', "code = 2022-02-30", "line 17: has a date that does not exist"),
    ('code = "homes"', f"code = {'9' * 5000}", "line 17: has a number that is too long"),
    ("[contact]", "[contact", "is not closed with ]"),
    ("[contact]", "[register]", "has [register], which is there already, first in line 16"),
    ("[[form.section]]", "[[form.section]", "is not closed with ]]"),
    ("self_registration = false", "self_registration = False", "has False: write true or false in small letters"),
    ("self_registration = false", "self_registration = no", "has no: write true or false in small letters"),
    ("self_registration = false", 'self_registration = "false"', "access, self_registration: must be true or false"),
    ("self_registration = false", "self_registration = 0", "access, self_registration: must be true or false"),
    ("required = true", 'required = "true"', "question called, required: must be true or false"),
    ("required = true", "required = 1", "question called, required: must be true or false"),
    ('kind = "text"', 'kind = "text"\nmax_length = "60"', "question called, max_length: must be a whole number"),
    ('kind = "text"', 'kind = "text"\nmax_length = 60.5', "question called, max_length: must be a whole number"),
    ('kind = "text"', 'kind = "text"\nmax_length = 0', "question called, max_length: must be 1 or more"),
    ('kind = "text"', 'kind = "text"\nmax_length = 10001', "question called, max_length: must be 10000 or less"),
    (
        'kind = "text"',
        'type = "text"',
        "question called, type: is not a word that a definition knows; did you mean kind?",
    ),
    (
        'label = "Called"',
        'title = "Called"',
        "question called, title: is not a word that a definition knows; did you mean label?",
    ),
    ('label = "Called"', 'label = ""', "question called, label: must not be empty"),
    ('label = "Called"', "label = 3", "question called, label: must be text in quotes"),
    ('label = "Called"', f'label = "{"x" * 5000}"', "question called, label: must be 4000 characters or fewer"),
    ('label = "Called"', 'label = "Called {by}"', "question called, label: has a gap called by"),
    ('label = "Called"', 'label = "Called {"', "question called, label: has a brace that opens or closes no gap"),
    ('name = "called"', 'name = "Called"', "question Called, name: must be small letters"),
    ('name = "called"', 'name = "cälled"', "name: must be small letters"),
    ('code = "homes"', 'code = "fitting-homes"', "register, code: must be small letters and digits, 2 to 16"),
    ('edition = "2031"', "edition = 2031", "register, edition: must be text in quotes"),
    ('team_email = "homes.desk@', 'team_email = "homes desk@', "contact, team_email: must be an email address"),
    ('"barchester.gov.uk"]', '"@barchester.gov.uk"]', "access, accepted_domains 1: must be a domain in small letters"),
    (
        'name = "Hogglestock Housing"',
        'name = "Barchester Council"',
        "organisation: two are called Barchester Council",
    ),
    (
        'email_domain = "hogglestock.gov.uk"',
        'email_domain = "barchester.gov.uk"',
        "organisation: two have the mail domain",
    ),
    (
        'born = "came_to_the_world"',
        'date_of_birth = "came_to_the_world"',
        "person, date_of_birth: is no role: [person] has roles on",
    ),
    ('floor = ["rooms"]', 'floor = ["room"]', "floor: room is not a question of the form; did you mean rooms?"),
    ('label = "Two rooms"', 'label = "One room"', "question rooms: has two options called One room"),
    (
        'show_if = { fittings = "hoist" }',
        'show_if = "hoist"',
        "show_if: must be a table in curly brackets, for example { question",
    ),
    (
        'title = "Who is it?"',
        'heading = "Who is it?"',
        "heading: is not a word that a definition knows; did you mean title?",
    ),
    ('kind = "text"', 'kind = "textarea"', "or phone; did you mean long_text?"),
    ('kind = "select"', 'kind = "dropdown"', "or phone; did you mean select?"),
    (
        "required = true",
        "mandatory = true",
        "called, mandatory: is not a word that a definition knows; did you mean req",
    ),
    (
        '{ code = "one", label',
        '{ value = "one", label',
        "value: is not a word that a definition knows; did you mean code?",
    ),
    (
        'show_if = { fittings = "hoist" }',
        'show_if = { fittings = "A hoist" }',
        "show_if 1, fittings 1: must be the code of an answer, not its label",
    ),
    (
        'show_if = { fittings = "hoist" }',
        "show_if = { fittings = 1 }",
        "show_if 1, fittings: must be the code of an answer, in quotation marks",
    ),
    (
        '{ place = "home", label = "Start" }',
        '"home"',
        "navigation 1: must be a table in curly brackets, as in navigation = [{ place",
    ),
    ('to = ["team"]', 'to = ["a@b.uk"]', "administrators or colleague; other mailboxes are written under addresses"),
    ('occasion = "record_created"', 'occasion = "new_record"', "or cover_ended; did you mean record_created?"),
    (
        'shows = "answer", question = "rooms"',
        'shows = "rooms"',
        'to show an answer write shows = "answer" and question = "rooms"',
    ),
    (
        'kind = "option", label = "Rooms needed"',
        'label = "Rooms needed"',
        "must say its kind, one of organisation, body",
    ),
    (
        'rule = [{ match = ["born", "family_name"] }]',
        'match = ["born"]',
        "match: belongs inside rule, as duplicates.rule",
    ),
    (
        'match = ["born", "family_name"]',
        'match = ["came_to_the_world"]',
        "or latest_update; these are the roles of [person], not questions",
    ),
    (
        '[contact]\nteam = "Homes desk"',
        '[contact]\nfloor = ["rooms"]\nteam = "Homes desk"',
        "contact, floor: belongs to the whole register: write it before the first heading",
    ),
    (
        '[[form.section]]\ntitle = "What is needed?"',
        '[form.section]\ntitle = "What is needed?"',
        "which is repeated: write [[form.section]], with two brackets",
    ),
    (
        "[lifecycle]",
        "[lifecycle]\ntransition = []\n[[lifecycle.transition]]",
        "has [lifecycle.transition], and the table or list that it adds to is closed already: write it inside",
    ),
    (
        "[lifecycle]",
        "[lifecycle]\nstate = { code = 'x' }\nstate.label = 'X'\n#",
        "has state.label, and the table or list that it adds to is closed already: write it inside its brackets",
    ),
    (
        'team = "Homes desk"',
        'team.name = "Homes desk"\nteam = "Homes desk"',
        "line 26: has team, which is there already: write it once",
    ),
    ("[[notification]]", "[[notifications]]", "who gets an email is written under [[notification]]"),
    ("[[organisation]]", "[[organisations]]", "is not a word that a definition knows; did you mean organisation?"),
    ('team = "Homes desk"', 'team\u00a0= "Homes desk"', "line 25: has a space that is not a plain one"),
    ('team = "Homes desk"', "team = 'Homes' desk'", "line 25: has something after the value"),
    (
        'team = "Homes desk"',
        "team = 'The home's desk'",
        "line 25: has an apostrophe in a text in single quotation marks",
    ),
    ("[contact]", "[con tact]", "line 24: is a heading with a space or another character"),
    (
        'paragraphs = ["So that nobody waits unseen."]',
        'paragraphs = ["x"]\nlink = { text = "x", address = "/x" }',
        "must be a list in square brackets, with one table or several: link = [{",
    ),
    ("first = 18, last = 59", "from = 18, to = 59", "from: is not a word that a definition knows; did you mean first?"),
    ('label = "Start" },', 'label = "Start" }', "or lacks a comma between two entries"),
]
"""What is changed in a good definition, and a part of what the author is told."""


def told(content: bytes, lists: OptionLists | None = None) -> list[DefinitionFault]:
    try:
        read_register(content, "homes/2031.toml", lists or lists_beside(INVENTED))
    except FaultyRegister as faulty:
        return faulty.faults
    return []


@pytest.mark.parametrize(("old", "new", "says"), SLIPS)
def test_a_slip_is_told_in_plain_words(old: str, new: str, says: str) -> None:
    faults = [str(fault) for fault in told(replaced(old, new)(WRITTEN).encode())]

    assert [says] == [says for fault in faults if says in fault][:1], faults
    assert [] == [fault for fault in faults if OURS.search(fault)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('label = "Called"', 'lable = "Called"'),
        ('name = "family_called"', 'name = "called"'),
        ('kind = "choices"\n', 'kind = "choices"\nlist = "nearnes"\n'),
        ('  { label = "', '  { heading = "'),
        ('rule = [{ match = ["born", "family_name"] }]', 'match = ["born"]'),
        ("\n[[form.section.question]]", "\n[[form.question]]"),
        ('{ kind = "total", title = "HOUSEHOLDS" }', '{ kind = "total", label = "HOUSEHOLDS" }'),
    ],
)
def test_what_only_follows_from_a_fault_is_not_told(old: str, new: str) -> None:
    everywhere = old.startswith(("  {", "\n[["))
    changed = WRITTEN.replace(old, new) if everywhere else replaced(old, new)(WRITTEN)
    faults = [str(fault) for fault in told(changed.encode())]

    assert [] == [each for each in faults if "is missing" in each or "more entries" in each or "two options at" in each]
    assert faults


def test_a_body_that_is_misspelt_in_the_scope_is_told_once() -> None:
    watch = (HOMES.parents[1] / "watch" / "2032.toml").read_text("utf-8")

    faults = told(watch.replace('by = ["parish", ', 'by = ["parishes", ').encode())

    assert ["scope: parishes is not a question of the form; did you mean parish?"] == [str(fault) for fault in faults]


def test_a_byte_order_mark_and_other_line_ends_are_taken() -> None:
    assert [] == told(b"\xef\xbb\xbf" + WRITTEN.encode())
    assert [] == told(WRITTEN.replace("\n", "\r\n").encode())


@pytest.mark.parametrize(
    ("content", "place", "says"),
    [
        (WRITTEN.encode("utf-16"), "the file", "is saved as UTF-16: save it as UTF-8"),
        (WRITTEN.encode("utf-32"), "the file", "is saved as UTF-32: save it as UTF-8"),
        (WRITTEN.replace("Called", "Callé", 1).encode("latin-1"), "line 54", "not written in UTF-8"),
        (WRITTEN.encode("utf-16-le"), "line 1", "not saved as UTF-8"),
        (b"", "register", "is missing"),
        (b"x = " + b"[" * 5000, "the file", "has too many brackets inside one another"),
        (b"[words]\n" + b"a." * 3000 + b'b = "x"\n', "", ""),
        (b"\x00\x01\x02", "line 1", "not saved as UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00", "line 1", "UTF-8"),
        (b"PK\x03\x04" + bytes(range(256)), "", "UTF-8"),
        (b"code;name\nA;B\n", "line 1", "needs an = between"),
        (b"<html></html>", "line 1", ""),
        (b"{\\rtf1\\ansi}", "line 1", ""),
    ],
)
def test_a_file_of_another_kind_says_so(content: bytes, place: str, says: str) -> None:
    first = told(content)[0]

    assert (place or first.place) == first.place
    assert says in first.says
    assert OURS.search(str(first)) is None


LINES = [number for number, line in enumerate(WRITTEN.split("\n")) if re.match(r"\w+ = ", line)]
VALUES = (
    "1",
    "true",
    '""',
    '"x"',
    "[]",
    "{}",
    "[1]",
    '["", ""]',
    "2022-06-17",
    "1.5",
    "nan",
    '[{ x = "y" }]',
    "{ kind = 1 }",
)


def _variants() -> Iterator[str]:
    """Yield the definition with each line taken away, doubled, misspelt, or given a value of another kind."""
    lines = WRITTEN.split("\n")
    for number in LINES:
        name, value = lines[number].split(" = ", 1)
        others = ["", f"{lines[number]}\n{lines[number]}", f"{name[:-1]} = {value}", f"{name}z = {value}"]
        values = (VALUES[(number * 3 + turn) % len(VALUES)] for turn in range(3))
        for other in chain(others, (f"{name} = {each}" for each in values)):
            yield "\n".join([*lines[:number], other, *lines[number + 1 :]])


def test_no_variant_of_a_definition_breaks_the_check_or_speaks_of_the_program() -> None:
    variants = list(_variants())
    faults = [fault for variant in variants for fault in told(variant.encode())]

    assert set() == {str(fault) for fault in faults if OURS.search(str(fault)) or not fault.place}
    assert len(variants) > 500
    assert len(faults) > 500


def test_a_definition_cut_off_anywhere_is_told_in_plain_words() -> None:
    cut = [told(WRITTEN[:length].encode()) for length in range(0, len(WRITTEN) - 50, 211)]

    assert [] == [str(fault) for faults in cut for fault in faults if OURS.search(str(fault))]
    assert all(cut)


# -------------------------------------------------------------------------------------------------------------- lists
GOOD_LIST = "code,name,group\nsame,In the same house,Near\nfar,Further away,Far\n"

LISTS: list[tuple[str, bytes, str]] = [
    ("a heading in other words", b"code,label\na,A\nb,B\n", "line 1: has a column label; did you mean name?"),
    ("no heading", b"a,A\nb,B\n", "line 1: names no column code and no column name"),
    ("a heading twice", b"code,name,name\na,A,B\n", "line 1: names the column name more than once"),
    ("a misspelt heading", b"code,nmae\na,A\n", "line 1: has a column nmae; did you mean name?"),
    ("an unknown column", b"code,name,colour\na,A,red\n", "line 1: has a column colour"),
    ("no code", b"code,name\na,A\n,B\n", "line 3: has no code"),
    ("no name", b"code,name\na,A\nb,\n", "line 3: has no name"),
    ("a short row", b"code,name\na,A\nb\n", "line 3: has no name"),
    ("a name with a comma", b"code,name\na,A, and B\nb,B\n", "line 2: has more cells than columns"),
    ("a code twice", b"code,name\na,A\nb,B\na,C\n", "line 4: has the code a, which line 2 has too"),
    ("a name twice", b"code,name\na,A\nb,a\n", "line 3: has the name a, which line 2 has too"),
    ("a code with a space", b"code,name\na b,A\nc,C\n", "line 2: code must be letters without accents"),
    ("a brace", b"code,name\na,A {x}\nc,C\n", "line 2: name has a gap called x"),
    ("a quotation mark that is not closed", b'code,name\na,"A\nb,B\nc,C\n', "line 2: has a line break in the name"),
    ("retired in other words", b"code,name,retired\na,A,perhaps\nb,B,\n", "line 2: says perhaps under retired"),
    ("empty", b"", "the file: is empty"),
    ("blank lines", b"\n\n  \n", "the file: is empty"),
    ("Latin-1", "code,name\na,Café\nb,B\n".encode("latin-1"), "line 2: has a character that is not written in UTF-8"),
    ("UTF-16", GOOD_LIST.encode("utf-16"), "the file: is saved as UTF-16"),
    ("a workbook", b"PK\x03\x04\x14\x00\x06\x00", "line 1: has a character that no text has"),
    ("a long cell", b"code,name\na," + b"x" * 5000 + b"\nb,B\n", "line 2: name must be 4000 characters or fewer"),
    ("a huge cell", b"code,name\na," + b"x" * 200_000 + b"\nb,B\n", "line 2: cannot be read"),
]
TAKEN: list[tuple[str, bytes]] = [
    ("commas", GOOD_LIST.encode()),
    ("semicolons", GOOD_LIST.replace(",", ";").encode()),
    ("tabs", GOOD_LIST.replace(",", "\t").encode()),
    ("a byte order mark", b"\xef\xbb\xbf" + GOOD_LIST.encode()),
    ("semicolons and a byte order mark", b"\xef\xbb\xbf" + GOOD_LIST.replace(",", ";").encode()),
    ("line ends of Windows", GOOD_LIST.replace("\n", "\r\n").encode()),
    ("line ends of old Macs", GOOD_LIST.replace("\n", "\r").encode()),
    ("capitals and spaces", GOOD_LIST.replace("code,name,group", " Code , NAME,Group").encode()),
    ("blank rows", GOOD_LIST.replace("\nfar", "\n,,\n\nfar").encode()),
    ("quotation marks", b'code,name\nsame,"In the same, or the next"\nfar,"Far"\n'),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of registers: one with a list, and one without."""
    folder = Path(shutil.copytree(INVENTED, tmp_path / "registers"))
    shutil.copytree(HOMES.parent, folder / "homes")
    return folder


@pytest.mark.parametrize(("content", "says"), [each[1:] for each in LISTS], ids=[each[0] for each in LISTS])
def test_a_faulty_list_is_told_with_its_line_and_stops_only_who_uses_it(
    folder: Path, content: bytes, says: str
) -> None:
    (folder / "lists" / "nearness.csv").write_bytes(content)

    found = find_registers([folder])

    assert ["carers/2030.toml"] == [each.source for each in found.left_out]
    faults = [str(fault) for fault in found.left_out[0].faults]
    assert f"lists/nearness.csv, {says}" in faults[0]
    assert [] == [fault for fault in faults if OURS.search(fault)]
    assert {"dsr", "homes"} == {code for code, _ in found.loaded}


@pytest.mark.parametrize("content", [each[1] for each in TAKEN], ids=[each[0] for each in TAKEN])
def test_a_list_is_taken_as_spreadsheets_save_it(folder: Path, content: bytes) -> None:
    (folder / "lists" / "nearness.csv").write_bytes(content)

    found = find_registers([folder])

    assert () == found.left_out
    options = found.loaded["carers", "2030"].definition.form.by_name["nearness"].options
    assert ["abroad", "same", "far"] == [option.code for option in options]


def test_an_option_of_a_list_can_be_retired(folder: Path) -> None:
    (folder / "lists" / "nearness.csv").write_text("code,name,retired\nsame,Same,\nfar,Far,yes\n")

    question = find_registers([folder]).loaded["carers", "2030"].definition.form.by_name["nearness"]

    assert ["abroad", "same"] == [option.code for option in question.offered]
    assert "Far" == question.labels["far"]


def test_a_list_that_no_register_uses_stops_nothing(folder: Path) -> None:
    (folder / "lists" / "notes.csv").write_bytes(b"\xff\xfe whatever")

    assert () == find_registers([folder]).left_out


def test_no_number_of_faulty_registers_stops_a_good_one(folder: Path) -> None:
    for number, (old, new, _) in enumerate(SLIPS):
        broken = folder / f"broken{number}"
        broken.mkdir()
        (broken / "2031.toml").write_text(replaced(old, new)(WRITTEN), "utf-8")
    (folder / "homes" / "2031 \udce9.toml").write_text("", "utf-8")
    (folder / "empty").mkdir()
    (folder / "odd" / "2031.toml").mkdir(parents=True)
    (folder / "gone").mkdir()
    (folder / "gone" / "2031.toml").symlink_to(folder / "nowhere")

    found = find_registers([folder])

    assert {"carers", "dsr", "homes"} == {code for code, _ in found.loaded}
    assert len(SLIPS) + 2 == len({each.code for each in found.left_out})
    assert [] == [each.source for each in found.left_out if not each.faults]
    assert ["homes/2031 ?.toml"] == [stray.place for stray in found.strays]
