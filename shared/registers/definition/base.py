"""What every part of a definition is made of: frozen shapes, names, texts with gaps, links."""

from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


class Part(BaseModel):
    """A piece of a definition: frozen, and a word that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __copy__(self) -> Self:
        """A copy forgets the tables that its original made of its parts, since `model_copy` may change the parts."""
        copied = super().__copy__()
        for made in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[made]
        return copied


class Gaps:
    """Checks that a text has no gaps, `{name}`, but those named here: pages and mails fill these and no others."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    def __call__(self, text: str) -> str:
        unknown = self._gaps(text) - self.names
        if unknown:
            known = ", ".join(sorted(self.names)) or "none"
            raise ValueError(f"has a gap called {', '.join(sorted(unknown))}; gaps that are filled here: {known}")
        return text

    @staticmethod
    def _gaps(text: str) -> set[str]:
        try:
            pieces = list(Formatter().parse(text))
        except ValueError:
            raise ValueError("has a brace that opens or closes no gap") from None
        return {f"{name}{'!' if how else ''}{form or ''}" for _, name, form, how in pieces if name is not None}


_SAID = StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)

Text = Annotated[str, _SAID, AfterValidator(Gaps())]
Texts = tuple[Text, ...]
ContactText = Annotated[str, _SAID, AfterValidator(Gaps("email"))]
CountText = Annotated[str, _SAID, AfterValidator(Gaps("count"))]
MinutesText = Annotated[str, _SAID, AfterValidator(Gaps("minutes"))]
NameText = Annotated[str, _SAID, AfterValidator(Gaps("name"))]
WhoWhenText = Annotated[str, _SAID, AfterValidator(Gaps("name", "when"))]

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
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


class Link(Part):
    """A link on a page, and the words that lead to it."""

    lead: Text | None = None
    text: Text
    address: WebAddress
