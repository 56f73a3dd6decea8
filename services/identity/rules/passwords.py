"""The named password rules. Each prints exactly the sentences that it enforces."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from zxcvbn_rs_py import zxcvbn

from shared.values import fold

SPECIAL = "#?!@$%^&*-"
SHORTEST, LONGEST, LONG_ENOUGH_ALONE = 8, 128, 15
TEMPORARY_GROUPS, TEMPORARY_GROUP = 4, 4
UNMISTAKABLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SERVICE_WORDS = ("nhs", "dsr", "s117", "register", "registers", "password")
GUESSED_WITHIN = 1_000_000

Check = Callable[[str, Sequence[str]], bool]


@dataclass(frozen=True)
class Rule:
    """One sentence of a profile and its check. The check's `words` are what others know about the person."""

    sentence: str
    is_met: Check


@dataclass(frozen=True)
class Profile:
    """A named password rule. `separator` is written between the groups of a temporary password."""

    name: str
    rules: tuple[Rule, ...]
    separator: str

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(rule.sentence for rule in self.rules)

    def unmet(self, password: str, words: Sequence[str] = ()) -> tuple[int, ...]:
        """Return the numbers, from 1, of the sentences that the password does not meet."""
        plain = normalised(password)
        return tuple(number for number, rule in enumerate(self.rules, start=1) if not rule.is_met(plain, words))


def normalised(password: str) -> str:
    """Return the password in one Unicode form, whichever way the keyboard composed it. Nothing is trimmed."""
    return unicodedata.normalize("NFC", password)


def context_words(names: Iterable[str]) -> tuple[str, ...]:
    """Return what others know about a person as words: names, address and organisations, and words of this service."""
    found = {word for name in names for word in re.findall(r"[^\W_]{3,}", fold(name))}
    return tuple(sorted(found.union(SERVICE_WORDS)))


def temporary_password(profile: Profile, choose: Callable[[str], str]) -> str:
    """
    Return sixteen random characters that meet the profile and are not easily confused.

    `choose` picks one character of a string.
    """
    while True:
        groups = ["".join(choose(UNMISTAKABLE) for _ in range(TEMPORARY_GROUP)) for _ in range(TEMPORARY_GROUPS)]
        password = profile.separator.join(groups)
        if not profile.unmet(password):
            return password


# ------------------------------------------------------------------------------------------------------ what is checked
def _has(wanted: Callable[[str], bool]) -> Check:
    return lambda password, _words: any(wanted(character) for character in password)


def _is_digit(character: str) -> bool:
    return character in "0123456789"


def _is_letter_or_digit(character: str) -> bool:
    return character.isalpha() or _is_digit(character)


_has_digit = _has(_is_digit)
_has_upper = _has(str.isupper)
_has_lower = _has(str.islower)
_has_special = _has(SPECIAL.__contains__)


def _is_at_least_eight(password: str, _words: Sequence[str]) -> bool:
    return len(password) >= SHORTEST


def _is_eight_to_128(password: str, _words: Sequence[str]) -> bool:
    return SHORTEST <= len(password) <= LONGEST


def _has_four_classes_or_is_long(password: str, words: Sequence[str]) -> bool:
    classes = (_has_upper, _has_lower, _has_digit, _has_special)
    return len(password) >= LONG_ENOUGH_ALONE or all(has(password, words) for has in classes)


def _is_as_in_2022(password: str, _words: Sequence[str]) -> bool:
    letters = any(character.isalpha() for character in password)
    digits = any(_is_digit(character) for character in password)
    return SHORTEST <= len(password) <= 20 and letters and digits and all(map(_is_letter_or_digit, password))


def _is_hard_to_guess(password: str, words: Sequence[str]) -> bool:
    """Check that an attacker with lists of common passwords and facts about the person needs a million guesses."""
    if _is_made_of(fold(password), words):
        return False
    return zxcvbn(password[:LONGEST], list(words)).guesses >= GUESSED_WITHIN


def _is_made_of(password: str, words: Sequence[str]) -> bool:
    """Check whether all letters belong to these words: Nhs-2026! is "nhs" with a few characters added."""
    left = password
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, " ")
    return left != password and not any(character.isalpha() for character in left)


# --------------------------------------------------------------------------------------------------------- the profiles
ICS = Profile(
    "ics",
    (
        Rule("Your password must be 8 to 128 characters long.", _is_eight_to_128),
        Rule(
            "Your password must have at least one upper case letter, one lower case letter, one number and one of "
            f"{' '.join(SPECIAL)}, or be at least 15 characters long.",
            _has_four_classes_or_is_long,
        ),
        Rule(
            "Your password must not be easy to guess: not a common password or a pattern, and not your name, your "
            "email address, your organisation or this service with a few characters added.",
            _is_hard_to_guess,
        ),
    ),
    separator="-",
)
S117_2022 = Profile(
    "s117-2022",
    (
        Rule("Minimum length – 8 characters", _is_at_least_eight),
        Rule("Must contain at least ONE numeric character 0-9", _has_digit),
        Rule("Must contain at least ONE upper case letter", _has_upper),
        Rule("Must contain at least ONE lower case letter", _has_lower),
        Rule(f"Must contain at least ONE allowed special character {SPECIAL}", _has_special),
    ),
    separator="-",
)
DSR_2022 = Profile(
    "dsr-2022",
    (
        Rule(
            "Your password must be 8-20 characters long, contain letters and numbers, and must not contain spaces, "
            "special characters, or emoji.",
            _is_as_in_2022,
        ),
    ),
    separator="",
)
PROFILES: dict[str, Profile] = {profile.name: profile for profile in (ICS, S117_2022, DSR_2022)}
