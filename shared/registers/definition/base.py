"""The base of every part of a definition: frozen models, names, texts with placeholders, links."""

from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Strict, StringConstraints

from shared.typed import CLEANED

_CODE = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"
_BODY = r"^[A-Za-z0-9_-]{1,40}:[A-Za-z0-9_-]{1,40}$"
_EDITION = r"^[0-9]{4}(\.[0-9]{1,3})?$"
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_DOMAIN = r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"
_QUESTION = r"^[a-z][a-z0-9_]{0,47}$"
_REGISTER = r"^[a-z][a-z0-9]{1,15}$"
_PREFIX = r"^[A-Z][A-Z0-9]{0,11}$"
_WEB = r"^(https://[^\s]+|/[^/\s][^\s]*)$"

PATTERNS: dict[str, str] = {
    _CODE: "must be letters without accents, digits, _ or -, at most 40, and begin with a letter or digit",
    _BODY: "must be written as list:code, for example authority:barchester",
    _EDITION: 'must be a year, or a year and a number: "2031" or "2031.2"',
    _EMAIL: "must be an email address",
    _DOMAIN: "must be a domain in small letters, without @ and https://, for example nhs.uk",
    _QUESTION: "must be small letters without accents, digits or _, at most 48, and begin with a letter",
    _REGISTER: "must be small letters and digits, 2 to 16, and begin with a letter: no hyphen, no _",
    _PREFIX: "must be capital letters and digits, at most 12, and begin with a letter",
    _WEB: "must be an address that begins with https://, or with / for a page of this service",
}
"""What each pattern demands, in words for authors."""


class Model(BaseModel):
    """A frozen part of a definition. An unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __copy__(self) -> Self:
        """Copy without cached properties: `model_copy` may change the parts from which they were computed."""
        copied = super().__copy__()
        for made in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[made]
        return copied


LONGEST_TEXT = 4000


def placeholders_in(text: str) -> frozenset[str]:
    """Return the names in braces, with any conversion mark and format. Raise `ValueError` for an unmatched brace."""
    try:
        pieces = list(Formatter().parse(text))
    except ValueError:
        raise ValueError("has a brace that opens or closes no gap") from None
    return frozenset(f"{name}{'!' if how else ''}{form or ''}" for _, name, form, how in pieces if name is not None)


class Gaps:
    """Checks that a text has only these placeholders (`{name}`): pages and mails fill no others."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    def __call__(self, text: str) -> str:
        unknown = placeholders_in(text) - self.names
        if unknown:
            known = ", ".join(sorted(self.names)) or "none"
            raise ValueError(f"has a gap called {', '.join(sorted(unknown))}; gaps that are filled here: {known}")
        return text


_SAID = StringConstraints(min_length=1, max_length=LONGEST_TEXT, strip_whitespace=True)

Flag = Annotated[bool, Strict()]
Number = Annotated[int, Strict()]
"""Written without quotation marks."""

Text = Annotated[str, _SAID, CLEANED, AfterValidator(Gaps())]
Texts = tuple[Text, ...]

Code = Annotated[str, StringConstraints(pattern=_CODE)]
BodyCode = Annotated[str, StringConstraints(pattern=_BODY)]
Edition = Annotated[str, StringConstraints(pattern=_EDITION)]
EmailAddress = Annotated[str, StringConstraints(pattern=_EMAIL, max_length=254)]
Domain = Annotated[str, StringConstraints(pattern=_DOMAIN, max_length=253)]
QuestionName = Annotated[str, StringConstraints(pattern=_QUESTION)]
RegisterCode = Annotated[str, StringConstraints(pattern=_REGISTER)]
ReferencePrefix = Annotated[str, StringConstraints(pattern=_PREFIX)]
WebAddress = Annotated[str, StringConstraints(pattern=_WEB, max_length=500)]

Role = Literal[
    "given_name",
    "family_name",
    "born",
    "nhs_number",
    "postcode",
    "locality",
    "lead_professional",
    "lead_professional_contact",
    "latest_update",
]
"""What an answer says about the person, whatever the register calls the question."""


class Link(Model):
    """A link on a page. `lead` is the text before it."""

    lead: Text | None = None
    text: Text
    address: WebAddress
