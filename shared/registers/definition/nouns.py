"""The register's own words for a record and its states, which fill the default words when a register is loaded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

GAP = re.compile(r"\{([Aa]_record|[Rr]ecords?|[Aa]ctive|[Ee]nded)\}")
LONGEST_NOUN = 60
ADJECTIVES = frozenset({"open", "live", "current", "new"})
SOUNDS_LIKE_A_CONSONANT = re.compile(r"(uni|use|usu|eu|one\b|once\b|u[bcfhjkqrst][aeiou])", re.IGNORECASE)
SILENT_H = re.compile(r"(hour|heir|honest|honour)", re.IGNORECASE)


@dataclass(frozen=True)
class Nouns:
    """
    The words of a register in singular, plural and for its states.

    `active` and `ended` are the labels of the states of `[lifecycle]`, if they read right before a noun and after "is".
    """

    record: str = "record"
    records: str = "records"
    active: str = "active"
    ended: str = "ended"

    @classmethod
    def of(cls, written: Mapping[str, object]) -> "Nouns":
        """Return the words that a definition gives. What it does not give, or gives wrongly, stays as in the house."""
        named = _table(written.get("register"))
        states = _entries(_table(written.get("lifecycle")).get("state"))
        opened = [each.get("label") for each in states if each.get("open") is True]
        closed = [each.get("label") for each in states if each.get("open") is False]
        return cls(
            _noun(named.get("record"), "record"),
            _noun(named.get("records"), "records"),
            _state(opened[:1], ("ing", "ed", "ive"), "active"),
            _state(closed[:1], ("ed",), "ended"),
        )

    def fill(self, text: str) -> str:
        """Return the text with these words in place of `{record}`, `{a_record}` and the others."""
        return GAP.sub(lambda found: self._word(found[1]), text)

    def _word(self, gap: str) -> str:
        words = {
            "record": self.record,
            "records": self.records,
            "a_record": with_article(self.record),
            "active": self.active,
            "ended": self.ended,
        }
        word = words[gap.lower()]
        return word[0].upper() + word[1:] if gap[0].isupper() else word


def with_article(noun: str) -> str:
    """Return the noun with a or an, as it sounds: a household, an entry, a unit, an hour."""
    vowel = noun[0].lower() in "aeiou" and not SOUNDS_LIKE_A_CONSONANT.match(noun)
    return f"{'an' if vowel or SILENT_H.match(noun) else 'a'} {noun}"


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _entries(value: object) -> list[Mapping[str, object]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _noun(value: object, house: str) -> str:
    """Return a word that can stand in a sentence. The check tells of others as a fault or a note."""
    word = value.strip() if isinstance(value, str) else ""
    return word if 0 < len(word) <= LONGEST_NOUN and not set("{}\n") & set(word) else house


def _state(labels: list[object], endings: tuple[str, ...], house: str) -> str:
    """Return the label of a state, if it is one word that can describe a record: "closed", but not "over"."""
    word = _noun(labels[0], house) if labels else house
    is_right = word.isalpha() and (word.lower() in ADJECTIVES or word.lower().endswith(endings))
    return word.lower() if is_right else house
