"""A register that offers grants: the shipped DSR with its access section changed."""

from dataclasses import replace

from shared.permissions import AccountGrant
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers


def offering(*grants: AccountGrant) -> Registers:
    """Return the shipped registers, each of which offers these grants."""
    return Registers(_offering(each, grants) for each in load_registers().every())


def _offering(written: LoadedRegister, grants: tuple[AccountGrant, ...]) -> LoadedRegister:
    access = written.definition.access.model_copy(update={"grants": grants})
    return replace(written, definition=written.definition.model_copy(update={"access": access}))
