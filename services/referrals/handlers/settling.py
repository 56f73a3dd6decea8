"""The job that settles records: it keeps their words and keys up to date, and finds people who may be there twice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.referrals.handlers.saving import content_of
from services.referrals.rules.likeness import ComparedPerson, dates_like, likeness
from services.referrals.store import settling as store
from services.referrals.store.saving import Content
from services.referrals.store.settling import AlikePair, UnsettledRecord, WantedAlike
from shared.context import ServiceContext
from shared.database import transaction
from shared.registers.definition.register import Definition
from shared.registers.form.person import person_of
from shared.values import sort_key

MOST_AT_ONCE = 50
BEGINNING = 3  # letters of a name


@dataclass(frozen=True, repr=False)
class Compared:
    """An open record that is compared with others: its register, and whom it is about."""

    register: Definition
    person: ComparedPerson

    def wanted(self) -> WantedAlike:
        """Return whom to compare it with."""
        person = self.person
        return WantedAlike(
            record_id=person.record_id,
            register_code=self.register.code,
            born=person.born,
            beginnings=tuple(sorted({each[:BEGINNING] for each in person.names if each})),
            names=(sort_key(person.family_name, person.given_name),),
            days=tuple(sorted(dates_like(person.born))),
        )


@dataclass(frozen=True)
class Settling:
    """
    Settles the records that were added or renamed since. Any replica may do it, and doing it twice changes nothing.

    An upgrade puts every record on the list once. So a release that folds names otherwise needs no other step. Records
    of a register that is not served wait on the list: its definition may not fit them.
    """

    context: ServiceContext

    async def settle(self) -> bool:
        """Settle some records. Return True if there may be more."""
        served = self._served()
        async with self.context.background_trip() as db:
            unsettled = await store.find_unsettled(db, MOST_AT_ONCE, [*served])
        if not unsettled.entries:
            return False
        known = [(record, served[record.register_code, record.edition]) for record in unsettled.records]
        await self._refold(known)
        compared = {each.person.record_id: each for record, register in known for each in _compared(record, register)}
        async with transaction(self.context.background) as db:
            found = await store.find_alike(db, [each.wanted() for each in compared.values()])
            await store.flag_alike(db, _pairs(compared, found), unsettled.entries)
        return True

    def _served(self) -> dict[tuple[str, str], Definition]:
        """Return the definition of each edition of the registers that are served."""
        registers = self.context.registers
        known = [each.definition for each in registers.every()]
        return {(each.code, each.edition): each for each in known if not registers.is_withheld(each.code)}

    async def _refold(self, known: Sequence[tuple[UnsettledRecord, Definition]]) -> None:
        """Write the words, keys and spelling of the records again that are not as they should be."""
        wrong: dict[str, list[tuple[UnsettledRecord, Content]]] = {}
        for record, register in known:
            content = content_of(register, record.answers, reference=record.reference)
            if not record.is_as(content):
                wrong.setdefault(register.code, []).append((record, content))
        for register_code, written in wrong.items():
            async with transaction(self.context.background) as db:
                await store.refold(db, register_code, written)


def _compared(record: UnsettledRecord, register: Definition) -> Iterator[Compared]:
    """Return the record to be compared, if it is open, and both names and the date of birth are known."""
    person = person_of(register, record.answers)
    if record.is_open and person.born and person.given_name and person.family_name:
        names = (person.given_name, person.family_name)
        yield Compared(register, ComparedPerson(record.record_id, *names, person.born, person.nhs_number))


def _pairs(compared: Mapping[UUID, Compared], found: Sequence[tuple[UUID, ComparedPerson]]) -> list[AlikePair]:
    """Return the pairs that the team should look at, each once."""
    pairs: dict[tuple[UUID, UUID], AlikePair] = {}
    for wanted_id, other in found:
        one = compared[wanted_id]
        if why := likeness(one.person, other, one.register.duplicates.team):
            pair = min(wanted_id, other.record_id), max(wanted_id, other.record_id)
            pairs[pair] = AlikePair(*pair, why)
    return list(pairs.values())
