"""The base of every part of a definition: frozen models, names, texts with placeholders, links."""

from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


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

Text = Annotated[str, _SAID, AfterValidator(Gaps())]
Texts = tuple[Text, ...]

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
BodyCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}:[A-Za-z0-9_-]{1,40}$")]
Edition = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(\.[0-9]{1,3})?$")]
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
Domain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=253)]
QuestionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
RegisterCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{1,15}$")]
WebAddress = Annotated[str, StringConstraints(pattern=r"^(https://[^\s]+|/[^/\s][^\s]*)$", max_length=500)]

Role = Literal[
    "given_name",
    "family_name",
    "born",
    "nhs_number",
    "postcode",
    "locality",
    "lead_professional",
]
"""What an answer says about the person, whatever the register calls the question."""


class Link(Model):
    """A link on a page. `lead` is the text before it."""

    lead: Text | None = None
    text: Text
    address: WebAddress
