"""Reading the TOML of a definition. A mistake is told in plain words with its line, never in those of the library."""

import re
import tomllib

from shared.registers.faults import DefinitionFault, FaultyRegister

CURLY = re.compile("[\u2018-\u201f\u00ab\u00bb]")
APOSTROPHE = re.compile(r"[^=]*=\s*'[^']*'\w")
UNSEEN = re.compile("[\u00a0\u00ad\u2000-\u200f\u2028-\u202f\u2060\u3000\ufeff]")
AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
DOUBLE = re.compile(r'"(?:\\.|[^"\\])*"')
SHOUTED = re.compile(r"[=\[,]\s*(True|False|TRUE|FALSE|Yes|No|yes|no|on|off|None|null|nil)\s*(?:[,\]}]|$)")
HEADING = re.compile(r"\s*\[{1,2}[\w. -]+\]")
NAMED = re.compile(r"\s*(?:[\w.-]+|\"[^\"]*\"|'[^']*')\s*=")
TWICE_INSIDE = "Duplicate inline table key "

REPEATED = frozenset(
    {
        "age",
        "band",
        "column",
        "filter",
        "help_topic",
        "level",
        "link",
        "mail",
        "notification",
        "options",
        "organisation",
        "question",
        "report",
        "rule",
        "section",
        "state",
        "tile",
        "topic",
        "transition",
    }
)
"""Parts that may be written several times, each under a heading in double brackets."""

QUOTES = 'has curly quotation marks: use straight ones (")'
_PLAIN: tuple[tuple[str, str], ...] = (
    ("Expected '=' after a key", "needs an = between the name and its value"),
    ("Expected ']]'", "is not closed with ]]"),
    ("Expected ']'", "is not closed with ]"),
    ("Expected newline or end of document", "has something after the value that does not belong there"),
    ("Unclosed array", "is in a list that is not closed with ], or lacks a comma between two entries"),
    ("Unclosed inline table", "opens a group with { that is not closed with } or lacks a comma between two entries"),
    ("Unterminated string", "opens a text whose closing quotation mark is missing"),
    ("Unescaped '\\'", "has a backslash: write \\\\ for one, or use ' in place of \" around the text"),
    ("Escaped character", "has a backslash: write \\\\ for one, or use ' in place of \" around the text"),
    ("Invalid hex value", "has a backslash: write \\\\ for one, or use ' in place of \" around the text"),
    ("Invalid date or datetime", "has a date that does not exist"),
    ("Invalid initial character", "needs a name here: letters, digits, _ or -"),
    ("Illegal character '\\n'", "opens a text whose closing quotation mark is missing"),
    ("Illegal character", "has an invisible character that a text cannot hold: type the line again"),
    ("Found invalid character", "has an invisible character that a text cannot hold: type the line again"),
    ("Expected ", "opens a text whose closing quotation mark is missing"),
    ("Invalid statement", "is neither a name with a value, nor a heading in square brackets, nor a comment with #"),
    ("Invalid value", "has no value that TOML knows: a text stands in quotation marks"),
)


def read_toml(text: str, source: str) -> dict[str, object]:
    """Return the content of a TOML file. Raise `FaultyRegister`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FaultyRegister(source, [_fault_of(str(error), text)]) from None
    except RecursionError:
        raise FaultyRegister(
            source, [DefinitionFault("the file", "has too many brackets inside one another")]
        ) from None
    except (ValueError, OverflowError):
        raise FaultyRegister(source, [_number_fault(text)]) from None


def _fault_of(message: str, text: str) -> DefinitionFault:
    found, lines, said = AT.search(message), text.split("\n"), AT.sub("", message)
    number = min(int(found[1]), len(lines)) if found and found[1] else _opened(message, lines)
    if said.startswith(TWICE_INSIDE):
        key = said.removeprefix(TWICE_INSIDE).strip("'\"")
        return DefinitionFault(f"line {number}", f"has {key} twice within the same curly brackets: write it once")
    if said.startswith("Cannot"):
        number = _began(number, lines)
        whole = said.startswith("Cannot mutate immutable")
        return DefinitionFault(f"line {number}", _added(lines[number - 1]) if whole else _twice(number, lines))
    return DefinitionFault(f"line {number}", _what_is_wrong(said, lines[number - 1]))


def _began(number: int, lines: list[str]) -> int:
    """Return the line of the heading, or of the name whose value ends in this line."""
    above = range(number, 0, -1)
    return next((each for each in above if HEADING.match(lines[each - 1]) or NAMED.match(lines[each - 1])), number)


def _opened(message: str, lines: list[str]) -> int:
    """Return the line that opens a text or list which the file never closes; else its last line."""
    numbered = list(enumerate(lines, start=1))
    for mark in ('"""', "'''"):
        if odd := [number for number, line in numbered if line.count(mark) % 2]:
            return odd[0]
    if message.startswith(("Expected", "Unterminated")):
        odd = [number for number, line in numbered if DOUBLE.sub("", line.partition("#")[0]).count("'") % 2]
        return odd[0] if odd else len(lines)
    return max((number for number, line in numbered if line.strip()), default=1)


def _what_is_wrong(message: str, line: str) -> str:
    return _of_line(message, line) or next(
        (plain for start, plain in _PLAIN if message.startswith(start)), "cannot be read as TOML"
    )


def _of_line(message: str, line: str) -> str:
    """Return what can be seen on the line itself, or an empty string."""
    if _is_curly(line):
        return QUOTES
    if UNSEEN.search(_outside(line)):
        return "has a space that is not a plain one, or another invisible character: type the line again"
    if message.startswith("Expected newline") and APOSTROPHE.match(line):
        return "has an apostrophe in a text in single quotation marks: put the text in double ones"
    if message.startswith("Expected ']' at the end") and line.rstrip().endswith("]"):
        return "is a heading with a space or another character that it cannot have"
    shouted = SHOUTED.search(_outside(line).rstrip()) if message == "Invalid value" else None
    return f"has {shouted[1]}: write true or false in small letters, without quotation marks" if shouted else ""


def _is_curly(line: str) -> bool:
    """Return whether a curly quotation mark stands where a straight one has to begin a text."""
    return bool(CURLY.search(_outside(line)))


def _outside(line: str) -> str:
    """Return the part of a line that is neither text nor comment."""
    return re.sub(r'"(?:\\.|[^"\\])*"|\'[^\']*\'', "", line.partition("#")[0])


def _twice(number: int, lines: list[str]) -> str:
    """Say which name or heading is there twice, and where the first one is: a name, under the same heading."""
    said = _named(lines[number - 1])
    headings = [each for each in range(1, number) if HEADING.match(lines[each - 1])]
    start = 1 if said.startswith("[") or not headings else headings[-1]
    first = next(each for each in range(start, number + 1) if _named(lines[each - 1]) == said)
    if said.startswith("[") and said.strip("[]").rpartition(".")[2] in REPEATED:
        return f"has {said}, which is repeated: write [{said}], with two brackets, in this line and wherever it stands"
    if first != number:
        return f"has {said}, which is there already, first in line {first}: write it once"
    inside = f"{said.rstrip(']')}."
    if not said.startswith("["):
        return f"has {said}, which is there already: write it once"
    parts = next((at for at, each in enumerate(lines, start=1) if _named(each).startswith(inside)), 0)
    where = f", with a part of it in line {parts}: is a heading above that misspelt?" if parts else ": write it once"
    return f"has {said}, which is there already{where}"


def _added(line: str) -> str:
    return f"has {_named(line)}, and the table or list that it adds to is closed already: write it inside its brackets"


def _named(line: str) -> str:
    """Return the heading of a line, as [heading], or the name of its value."""
    stripped = line.strip()
    if stripped.startswith("["):
        return f"[{stripped.partition(']')[0].strip('[ ')}]"
    return stripped.partition("=")[0].strip()


def _number_fault(text: str) -> DefinitionFault:
    for number, line in enumerate(text.split("\n"), start=1):
        if re.search(r"\d{1000}", line.replace("_", "")):
            return DefinitionFault(f"line {number}", "has a number that is too long")
    return DefinitionFault("the file", "has a number or date that cannot be read")
