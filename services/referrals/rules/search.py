"""Rules about searches: what typed text looks for, by name, NHS number, date of birth or reference."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shared.cleaning import clean_line
from shared.contracts.referrals.listing import MOST_MATCHES
from shared.registers.form.person import REFERENCE_MARK, birth_as_searched
from shared.registers.references import ALPHABET, read_reference
from shared.spelling import SHORTEST_WITHIN, patterns_of, words_in
from shared.values import Unreadable, plain_signs, read_date

LAST_CHARACTER = "\U0010ffff"

_NUMBER = r"(?<!\d)(?P<number>\d{3}[ -]?\d{3}[ -]?\d{4})(?!\d)"
_DATE = (
    r"(?<!\d)(?P<date>\d{1,2} ?[/.-] ?\d{1,2} ?[/.-] ?\d{4}|\d{4}-\d{2}-\d{2}|\d{1,2} \d{1,2} \d{4}"
    r"|\d{1,2}(?:st|nd|rd|th)?[ -][a-z]{3,9}\.?,?[ -]\d{4})(?!\d)"
)
_SHORT_DATE = r"(?<!\d)(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})[/.-](?P<year>\d{2})(?!\d)"
_REFERENCE = r"\b{code}[ -]?(?P<reference>[{letters}]{{1,4}}(?:[ -]?[{letters}]{{1,4}})?)(?![^\W_])"
_LETTERS = r"(?<![^\W_])(?=[^ ]*\d)(?P<letters>[{letters}]{{4}}-[{letters}]{{1,4}})(?![^\W_])"  # without its register
_OTHER = r"(?P<other>[^ ]+)"


@dataclass(frozen=True, repr=False)
class Search:
    """
    What to search for: a reference, or words. At most `most` people are found.

    A name is found by comparison if one of its words is at least `beginning` and less than `until`. `within` says that
    the first of the `patterns`, that of the longest word, may also match inside words. All patterns must match, or all
    of `joined` where it is given. `by_number`: `beginning` is the beginning of an NHS number or a date.
    """

    reference: str | None
    beginning: str
    until: str
    within: bool
    patterns: tuple[str, ...]
    joined: tuple[str, ...] | None = None
    by_number: bool = False
    most: int = MOST_MATCHES


def read_search(prefixes: Collection[str], text: str) -> Search | None:
    """
    Return the search for the typed text; None if the text holds nothing to search for.

    `prefixes` are those of the register's references.
    """
    reference = read_reference(prefixes, text)
    terms = _digits_together([*_read_terms(prefixes, text)])
    found = patterns_of(terms)
    if found is None:
        return None
    if number := max((word for word in terms if _is_number(word)), key=len, default=""):
        return Search(reference, number, number + LAST_CHARACTER, False, found.each, by_number=True)
    longest, within = found.longest, len(found.longest) >= SHORTEST_WITHIN
    return Search(reference, longest, longest + LAST_CHARACTER, within, found.each, found.joined)


def read_number(text: str) -> str | None:
    """Return the NHS number that the text consists of, without spaces and hyphens; None if it is anything else."""
    found = re.fullmatch(_NUMBER, plain_signs(clean_line(text)).strip())
    return re.sub("[ -]", "", found["number"]) if found else None


def _is_number(word: str) -> bool:
    return word.isdigit() and len(word) >= SHORTEST_WITHIN


def _read_terms(prefixes: Collection[str], text: str) -> Iterator[str]:
    """Return the words to look for, in the form in which `search_text` stores them."""
    either = "|".join(map(re.escape, sorted(prefixes, key=len, reverse=True)))
    references = (each.format(code=f"(?:{either})", letters=ALPHABET) for each in (_REFERENCE, _LETTERS))
    forms = re.compile("|".join((_NUMBER, _DATE, _SHORT_DATE, *references, _OTHER)), re.IGNORECASE)
    for found in forms.finditer(plain_signs(clean_line(text))):
        kind = found.lastgroup
        if kind == "number":
            yield re.sub("[ -]", "", found["number"])
        elif kind == "date":
            yield from _date_words(found["date"])
        elif kind == "year":
            yield f"{found['year']}{found['month']:0>2}{found['day']:0>2}"  # in either century
        elif kind in ("reference", "letters"):
            yield REFERENCE_MARK + re.sub("[ -]", "", found[kind]).lower()
        else:
            yield from words_in(found[0])


def _date_words(written: str) -> list[str]:
    try:
        return [birth_as_searched(read_date(written))]
    except Unreadable:
        return words_in(written)


def _digits_together(words: list[str]) -> list[str]:
    """Join three digits with those that follow: the beginning of an NHS number, as it is being typed."""
    joined: list[str] = []
    for word in words:
        if joined and word.isdigit() and joined[-1].isdigit() and len(joined[-1]) in (3, 6) and len(word) <= 4:
            joined[-1] += word
        else:
            joined.append(word)
    return joined
