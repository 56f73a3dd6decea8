"""Which option a cell means: by code, label, spelling, initial or colour, and only if no other could be meant."""

import re
from collections.abc import Iterator, Mapping, Sequence

from shared.registers.definition.questions import Option, Question
from shared.registers.definition.register import Definition
from shared.values import fold, match_key

_YES, _NO = ("y", "yes", "true", "t", "✓", "✔"), ("n", "no", "false", "f")
_NOT_KNOWN = ("notknown", "unknown", "nk", "notk", "dontknow", "dk", "unsure", "notsure")
_NOT_STATED = ("notstated", "notgiven", "ns")
_GROUPS: tuple[tuple[str, ...], ...] = (_YES, _NO, _NOT_KNOWN, _NOT_STATED)
_NOISE = frozenset(
    ("rag", "rating", "rated", "risk", "status", "level", "colour", "color", "priority", "currently", "code")
)
_WORDS = re.compile(r"[^\W_]+")
_NUMBERING = re.compile(r"\(?[0-9]{1,2}[.):-]?\)? ?[-–:]? ?(?=[^\W\d_])")
_PARTS = re.compile(r"\s*[;|\n]\s*")
Candidates = dict[str, set[str]]


class OptionReader:
    """Finds the option of a question that a cell means."""

    def __init__(self, register: Definition, question: Question) -> None:
        self._several = question.kind == "choices"
        self._has_marks = any("?" in option.label for option in question.options)
        spelled = register.load.values.get(question.name, {}) if register.load else {}
        is_rating = register.rating is not None and register.rating.question == question.name
        self._exact = _candidates(_exact(question.options, spelled))
        self._common = _candidates(_common(question))
        self._initials = _candidates(_initials(question.offered)) if is_rating else {}

    def code_of(self, text: str) -> str | None:
        """Return the code of the option that this must mean; None if there is none, or two."""
        key = _key(text)
        if not key or ("?" in text and not self._has_marks):
            return None
        for known in (self._exact, self._common, self._initials):
            if key in known:
                return _only(known[key])
        return self._by_words(text)

    def parts_of(self, text: str) -> tuple[str, ...]:
        """Return the values in a cell: several only if the question takes several, and the cell is not one option."""
        if not text:
            return ()
        if not self._several or self.code_of(text) is not None:
            return (text,)
        parts = [part for part in _PARTS.split(text) if part]
        if len(parts) < 2:
            parts = [part.strip() for part in text.split(",")]
        return tuple(filter(None, parts))

    def codes_of(self, text: str) -> tuple[str, ...] | None:
        """Return the codes that a cell means, several only where a question takes them; None if one is not known."""
        codes = [self.code_of(part) for part in self.parts_of(text)]
        known = tuple(code for code in codes if code is not None)
        return known if known and len(known) == len(codes) else None

    def _by_words(self, text: str) -> str | None:
        """Return the option that every word or part stands for: `A - White British`, `R (Red)`, `RAG: Red`."""
        parts = [part for part in re.split(r"\s[-–:]\s|[():]", _NUMBERING.sub("", fold(text))) if part.strip()]
        if not 0 < len(parts) <= 3:
            return None
        found = {code for part in parts if (code := self._of_part(part)) != ""}
        return next(iter(found)) if len(found) == 1 else None

    def _of_part(self, part: str) -> str | None:
        """Return the option of one part; empty if it says nothing, None if it is not known."""
        bare = [word for word in _WORDS.findall(part) if word not in _NOISE]
        if not bare:
            return ""
        for key in (_key(part), "".join(bare)):
            for known in (self._exact, self._common, self._initials):
                if key in known:
                    return _only(known[key])
        return None


def _key(text: str) -> str:
    folded = fold(text).replace("&", " and ").replace("+", " and ")
    return match_key(folded) or folded


def _only(codes: set[str]) -> str | None:
    return next(iter(codes)) if len(codes) == 1 else None


def _candidates(spellings: Iterator[tuple[str, str]]) -> Candidates:
    found: Candidates = {}
    for text, code in spellings:
        if key := _key(text):
            found.setdefault(key, set()).add(code)
    return found


def _exact(options: Sequence[Option], spelled: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for option in options:
        yield option.code, option.code
        yield option.label, option.code
        for group in (option.group, *option.group.split(" or ")) if option.group else ():
            yield f"{group} {option.label}", option.code
            yield f"{option.label} {group}", option.code
    for code, words in spelled.items():
        yield from ((word, code) for word in words)


def _common(question: Question) -> Iterator[tuple[str, str]]:
    """Yield common spellings. Databases write yes as -1 or 1, and no as 0."""
    if question.kind == "yes_no" and {"yes", "no"} <= question.labels.keys():
        yield from (("-1", "yes"), ("1", "yes"), ("0", "no"))
    for option in question.options:
        own = {match_key(option.code), match_key(option.label)}
        for group in _GROUPS:
            if own.intersection(group):
                yield from ((word, option.code) for word in group)


def _initials(options: Sequence[Option]) -> Iterator[tuple[str, str]]:
    for option in options:
        yield option.label[:1], option.code
