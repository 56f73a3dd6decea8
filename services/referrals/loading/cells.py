"""What spreadsheet programs put around a value, and the words that stand for no value."""

import re

from shared.cleaning import clean_line

CLEAR = "CLEAR"
"""A cell with this word takes the present answer away."""

_AS_FORMULA = re.compile(r'=\s*"(?P<text>(?:[^"]|"")*)"')
_MARKED_AS_TEXT = re.compile(r"'(?=[=+\-@\t0-9])")
_NO_ANSWER = frozenset(
    (
        "",
        "-",
        "--",
        "---",
        "–",
        "—",
        ".",
        "?",
        "n/a",
        "n.a.",
        "na",
        "n/a.",
        "not applicable",
        "tbc",
        "tba",
        "#",
        "*",
        "blank",
    )
)
_NOT_KNOWN = frozenset(
    ("unknown", "not known", "n/k", "nk", "n.k.", "unk", "don't know", "dont know", "not sure", "unsure")
)
_NO_DAY = re.compile(r"0{1,2}[/. -]0{1,2}[/. -](0{4}|0{2})|0{4}-00-00|00:00:00|0")
_FORMULA_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA|FIELD!|#+)")
_DAMAGED = re.compile(
    "\ufffd|Ã[\u0080-\u00bf\u0152-\u02dc\u2013-\u2122]|â€|Â[\u00a0-\u00bf]|[£¥¹³¿¯][a-z]|[a-z][£¥¹³¿¯]"
)
_LOST_LETTER = re.compile(r"[^\W\d_]\?[^\W\d_]")
_ROUNDED = re.compile(r"[0-9]([.,][0-9]+)?e\+?[0-9]{1,3}", re.IGNORECASE)


def bare(cell: str) -> str:
    """Return the value in a cell, without the sign or formula that marks it as text."""
    found = _AS_FORMULA.fullmatch(cell)
    if found:
        return found["text"].replace('""', '"').strip()
    return _MARKED_AS_TEXT.sub("", cell, count=1) if cell.startswith("'") else cell


def is_no_answer(text: str) -> bool:
    """Return whether this says that there is nothing to say."""
    return clean_line(text).lower() in _NO_ANSWER


def is_not_known(text: str) -> bool:
    """Return whether this says that an answer is not known."""
    return clean_line(text).lower() in _NOT_KNOWN


def is_no_day(text: str) -> bool:
    """Return whether this is a date of zeros."""
    return _NO_DAY.fullmatch(text) is not None


def is_formula_error(text: str) -> bool:
    """Return whether a formula has left an error in place of its result."""
    return _FORMULA_ERROR.fullmatch(text) is not None


def is_damaged(text: str) -> bool:
    """Return whether letters were lost or read in another encoding."""
    return not text.isascii() and _DAMAGED.search(text) is not None


def has_lost_letter(text: str) -> bool:
    """Return whether a question mark stands for a letter, as in M?ller."""
    return _LOST_LETTER.search(text) is not None


def is_rounded(text: str) -> bool:
    """Return whether a program has shortened a long number, such as 9.43E+09."""
    return _ROUNDED.fullmatch(text) is not None
