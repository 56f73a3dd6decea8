"""The values in care records: NHS numbers, postcodes, dates, email addresses, phone numbers, text for searching."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from nhs_number import calculate_checksum

from shared.cleaning import clean_line, clean_text


class ValueFault(StrEnum):
    """Why a value was not accepted. The words for each are in the register's catalogue."""

    REQUIRED = "required"
    REQUIRED_CHOICE = "required_choice"
    ONE_ANSWER = "one_answer"
    UNKNOWN_OPTION = "unknown_option"
    TOO_LONG = "too_long"
    CHARACTERS = "characters"
    NHS_NUMBER = "nhs_number"
    NHS_NUMBER_CHECK = "nhs_number_check"
    NHS_NUMBER_SPREADSHEET = "nhs_number_spreadsheet"
    POSTCODE = "postcode"
    POSTCODE_LOOKALIKE = "postcode_lookalike"
    DATE = "date"
    DATE_DAY = "date_day"
    DATE_MONTH = "date_month"
    DATE_YEAR = "date_year"
    DATE_SHORT_YEAR = "date_short_year"
    DATE_LONG_AGO = "date_long_ago"
    DATE_FUTURE = "date_future"
    DATE_ORDER = "date_order"
    DATE_AND_NOT_KNOWN = "date_and_not_known"
    EMAIL = "email"
    PHONE = "phone"


class Unreadable(ValueError):
    """Raised for text that is not a valid value. Carries the reason alone: the text may be about a person."""

    def __init__(self, wrong: ValueFault) -> None:
        super().__init__(wrong.value)
        self.wrong = wrong


# ---------------------------------------------------------------------------------------------------------------- text
def read_line(text: str) -> str:
    """Return one cleaned line of text."""
    return clean_line(text)


def read_text(text: str) -> str:
    """Return cleaned text of several lines, trimmed, with each line break as a line feed."""
    return clean_text(text).strip()


_APOSTROPHES = "\u0060\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u2018\u2019\u201b\u2032\ua78c\uff07"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_PLAIN = str.maketrans(dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_HYPHENS, "-"))
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # letters, digits and signs of East Asian keyboards
_QUOTES = "'\"\u201c\u201d\u201e\u00ab\u00bb"


def _form(text: str) -> str:
    """Return a pasted value with a fixed form: one line, plain apostrophes and hyphens, no quotes or commas around."""
    return plain_signs(clean_line(text)).strip(f"{_QUOTES},; ")


def plain_signs(text: str) -> str:
    """Return text with one kind of apostrophe and hyphen, as a keyboard types them."""
    return text if text.isascii() else text.translate(_WIDE).translate(_PLAIN)


def read_code(text: str) -> str:
    """Return a pasted code, such as a PIN, without the blanks and hyphens that mail programs put between its parts."""
    return _form(text).replace(" ", "").replace("-", "")


_LETTERS_WITHOUT_ACCENT = str.maketrans(
    {"æ": "ae", "ð": "d", "đ": "d", "ħ": "h", "\u0131": "i", "ł": "l", "ø": "o", "œ": "oe", "þ": "th", "ŧ": "t"}
    | {"ɓ": "b", "ɗ": "d", "ɛ": "e", "ə": "e", "ƙ": "k", "ŋ": "n", "ɔ": "o", "ƴ": "y"}
    | dict.fromkeys(_APOSTROPHES, "'")
    | dict.fromkeys(_HYPHENS, "-")
)


def fold(text: str) -> str:
    """Return text for searching: lower case, without accents, one kind of apostrophe and hyphen, single spaces."""
    if text.isascii():  # most text is ASCII, and this path is ten times faster
        return " ".join(clean_text(text).replace("`", "'").lower().split())
    bare = clean_text(text).translate(_LETTERS_WITHOUT_ACCENT)
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", bare).casefold())
    letters = "".join(letter for letter in decomposed if not _is_mark(letter))
    return " ".join(letters.translate(_LETTERS_WITHOUT_ACCENT).split())


def _is_mark(letter: str) -> bool:
    """Return whether folding drops this: an accent, or a joiner that only changes the shape of letters next to it."""
    return unicodedata.combining(letter) != 0 or unicodedata.category(letter) == "Cf"


def match_key(text: str) -> str:
    """Return text for comparing names: folded letters and digits only, so spaces and hyphens make no difference."""
    return "".join(letter for letter in fold(text) if letter.isalnum())


def sort_key(family_name: str, given_name: str) -> str:
    """
    Return the text by which lists sort people. All spellings of a name have one key, so they stand together.

    It is compared code point by code point, as the database does.
    """
    return f"{match_key(family_name)} {match_key(given_name)}"


def day_of(stored: str | tuple[str, ...] | None) -> date | None:
    """
    Return the date that a stored answer holds; None for any other answer, such as one that is not known.

    A stored date is written 2022-06-17. The answer may be of another kind: its question may have been one of text.
    """
    try:
        day = date.fromisoformat(stored) if isinstance(stored, str) else None
    except ValueError:
        return None
    return day if day and day.isoformat() == stored else None


# ---------------------------------------------------------------------------------------------------------- NHS number
_SPREADSHEET_NUMBER = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+|[0-9]{10}\.0+", re.IGNORECASE)
_TEN_DIGITS = re.compile(r"[0-9]{10}")
_NHS_NUMBER_SPACING = re.compile(r"[ ?_-]+")  # programs write ? and _ for a blank or a joiner that they do not know


def read_nhs_number(text: str) -> str:
    """
    Return the ten digits. Spaces, dashes, ? and _ may separate them; the check digit must be right.

    Ten equal digits pass the check but are refused, because no person has such a number.
    """
    written = _form(text)
    if _SPREADSHEET_NUMBER.fullmatch(written):
        raise Unreadable(ValueFault.NHS_NUMBER_SPREADSHEET)
    digits = _NHS_NUMBER_SPACING.sub("", written)
    if not (len(digits) == 10 and digits.isascii() and digits.isdigit()):
        raise Unreadable(ValueFault.NHS_NUMBER)
    if len(set(digits)) == 1 or calculate_checksum(digits[:9]) != int(digits[9]):
        raise Unreadable(ValueFault.NHS_NUMBER_CHECK)
    return digits


def show_nhs_number(digits: str) -> str:
    """Return the number grouped as it is read aloud: 999 000 0018. A stored text that is no number stays as it is."""
    if not _TEN_DIGITS.fullmatch(digits):
        return digits
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


# ------------------------------------------------------------------------------------------------------------ postcode
NO_FIXED_ABODE, POSTCODE_NOT_KNOWN = "ZZ99 3VZ", "ZZ99 3WZ"

_OUTWARD = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?")
_INWARD = re.compile(r"[0-9][A-Z]{2}")
_OTHER_POSTCODES = frozenset({"GIR0AA"})
_POSTCODE_SPACING = re.compile(r"[ .-]+")


def read_postcode(text: str) -> str:
    """Return the postcode in upper case with one space. A letter in place of a digit raises its own fault."""
    plain = _POSTCODE_SPACING.sub("", _form(text)).upper()
    if _is_postcode(plain):
        return f"{plain[:-3]} {plain[-3:]}"
    raise Unreadable(ValueFault.POSTCODE if suggest_postcode(text) is None else ValueFault.POSTCODE_LOOKALIKE)


def suggest_postcode(text: str) -> str | None:
    """Return the likely postcode where a letter O, I or L stands for a digit ("ST0 OTR" gives "ST0 0TR"), else None."""
    plain = _POSTCODE_SPACING.sub("", _form(text)).upper()
    if _is_postcode(plain) or not 5 <= len(plain) <= 7:
        return None
    inward = plain[-3].translate(str.maketrans("OIL", "011")) + plain[-2:]
    for outward in (plain[:-3], plain[:-4] + plain[-4].translate(str.maketrans("OIL", "011"))):
        if _is_postcode(outward + inward):
            return f"{outward} {inward}"
    return None


def _is_postcode(plain: str) -> bool:
    standard = _OUTWARD.fullmatch(plain[:-3]) is not None and _INWARD.fullmatch(plain[-3:]) is not None
    return standard or plain in _OTHER_POSTCODES


# --------------------------------------------------------------------------------------------------------------- dates
EARLIEST_YEAR = 1850
LONDON = ZoneInfo("Europe/London")

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_DATE_FORMS = (
    re.compile(r"(?P<day>[0-9]{1,2})[/. -](?P<month>[0-9]{1,2})[/. -](?P<year>[0-9]+)"),
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"),
    re.compile(r"(?P<day>[0-9]{1,2})(st|nd|rd|th)?[ -](?P<month>[a-z]+)\.?,?[ -](?P<year>[0-9]+)", re.IGNORECASE),
)
_SLASHES = str.maketrans("\u2044\u2215", "//")
_DATE_SPACING = re.compile(r" ?([/.-]) ?")
_MIDNIGHT = re.compile(r"[ T]00:00(:00(\.0+)?)?")  # a spreadsheet's date


def read_date(text: str) -> date:
    """Return a date written as in the United Kingdom (17/06/2022, 17 June 2022), or in ISO form (2022-06-17)."""
    written = _MIDNIGHT.sub("", _DATE_SPACING.sub(r"\1", _form(text).translate(_SLASHES)))
    for form in _DATE_FORMS:
        if found := form.fullmatch(written):
            return read_date_parts(found["day"], found["month"], found["year"])
    raise Unreadable(ValueFault.DATE)


def read_date_parts(day: str, month: str, year: str) -> date:
    """Return a date from three parts, the month by number or name. Raise `Unreadable`, which names a missing part."""
    parts = {ValueFault.DATE_DAY: _form(day), ValueFault.DATE_MONTH: _form(month), ValueFault.DATE_YEAR: _form(year)}
    missing = [wrong for wrong, part in parts.items() if not part]
    if missing:
        raise Unreadable(missing[0] if len(missing) == 1 else ValueFault.DATE)
    return _real_date(*parts.values())


def _real_date(day: str, month: str, year: str) -> date:
    number = _month_number(month)
    if number is None or not (_is_number(day) and _is_number(year)):
        raise Unreadable(ValueFault.DATE)
    if len(year) != 4:
        raise Unreadable(ValueFault.DATE_SHORT_YEAR)
    try:
        written = date(int(year), number, int(day))
    except ValueError:
        raise Unreadable(ValueFault.DATE) from None
    if written.year < EARLIEST_YEAR:
        raise Unreadable(ValueFault.DATE_LONG_AGO)
    return written


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 6


def _month_number(text: str) -> int | None:
    if _is_number(text):
        return int(text)
    named = [number for number, name in enumerate(_MONTHS, start=1) if len(text) >= 3 and name.startswith(text.lower())]
    return named[0] if named else None


def show_date(day: date) -> str:
    """Return the date as tables show it: 17/06/2022."""
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


def write_date(day: date) -> str:
    """Return the date as sentences show it: 17 June 2022."""
    return f"{day.day} {_MONTHS[day.month - 1].capitalize()} {day.year:04}"


def london_day(moment: datetime) -> date:
    """Return the calendar day in Europe/London at a moment, whatever zone the moment is in."""
    return moment.astimezone(LONDON).date()


def age_on(born: date, day: date) -> int:
    """Return the age in completed years. A person born on 29 February has their birthday on 1 March in other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


# ------------------------------------------------------------------------------------------------------ email address
EMAIL_LONGEST = 254

_LOCAL_PART = re.compile(r"[a-z0-9&'*+/=?^_{|}~#$-]+(\.[a-z0-9&'*+/=?^_{|}~#$-]+)*")
_HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_ADDRESS_OF_NAME = re.compile(r"[^<>@]*<(?P<address>[^<>]+)>")  # as mail programs copy it: Jo Bloggs <jo@nhs.net>


def read_email(text: str) -> str:
    """
    Return the address in lower case, with its host in ASCII. It may be a link, or stand in <> after a name.

    Refuses addresses that mail programs read in different ways: quoted or percent-routed names, more than one @, a
    trailing dot, and numeric hosts.
    """
    written = _form(text)
    named = _ADDRESS_OF_NAME.fullmatch(written)
    address = _form(named["address"]) if named else written
    local, at, host = address.lower().removeprefix("mailto:").strip().rpartition("@")
    ascii_host = _ascii_host(host)
    readable = at and len(local) <= 64 and _LOCAL_PART.fullmatch(local) and _is_host(ascii_host)
    if not readable or len(local) + 1 + len(ascii_host) > EMAIL_LONGEST:
        raise Unreadable(ValueFault.EMAIL)
    return f"{local}@{ascii_host}"


def _ascii_host(host: str) -> str:
    if host.isascii() or len(host) > EMAIL_LONGEST:
        return host
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def _is_host(host: str) -> bool:
    labels = host.split(".")
    return len(labels) >= 2 and all(_HOST_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()


def email_host(address: str) -> str:
    """Return the part after the @ of an address that `read_email` returned."""
    return address.rpartition("@")[2]


def is_within(host: str, domain: str) -> bool:
    """Compare whole labels from the right: mpft.nhs.uk is within nhs.uk; evilnhs.uk and nhs.uk.example are not."""
    wanted = domain.lower().split(".")
    return host.lower().split(".")[-len(wanted) :] == wanted


def longest_domain(address: str, domains: Iterable[str]) -> str | None:
    """Return the most specific of the domains that the address is within, or None."""
    host = email_host(address)
    return max((domain for domain in domains if is_within(host, domain)), key=lambda d: d.count("."), default=None)


# --------------------------------------------------------------------------------------------------------------- phone
_PHONE = re.compile(r"\+?[0-9 ()-]+( ?(x|ext\.?|extension) ?[0-9]{1,6})?", re.IGNORECASE)
_TELEPHONE_LINK = re.compile(r"tel:", re.IGNORECASE)


def read_phone(text: str) -> str:
    """Return the number as typed, with single spaces. It must have 7 to 21 digits, including any extension."""
    written = _form(_TELEPHONE_LINK.sub("", _form(text)))
    digits = sum(character.isdigit() for character in written)
    if not (_PHONE.fullmatch(written) and 7 <= digits <= 21):
        raise Unreadable(ValueFault.PHONE)
    return written
