"""By what the searches of a register find a person, in words."""

from shared.registers.definition.register import Definition


def finds_of(register: Definition) -> str:
    """Return by what a search finds a person of this register: name, NHS number, date of birth or reference."""
    words = register.words
    number = [words("records.finds.nhs_number")] if "nhs_number" in register.person else []
    born = [words("records.finds.born")] if "born" in register.person else []
    first = ", ".join([words("records.finds.name"), *number, *born])
    return words("records.finds.either", first=first, last=words("records.finds.reference"))
