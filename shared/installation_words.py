"""How the hold of an installation is told to operators, at /ready and by `ics doctor`."""

from shared.contracts.installation import HeldBecause

HELD = "held: no mail and no event leaves until `ics release`, because {because}"
BECAUSE: dict[HeldBecause, str] = {
    "restored": "this database is a restored copy",
    "address_changed": "the public address is another than at the last start",
}


def hold_in_words(because: HeldBecause | None) -> list[str]:
    """Return the line that says why the installation is held, or none."""
    return [HELD.format(because=BECAUSE[because])] if because else []
