"""Editions that hold records: nothing that records rely on may be taken away, and no saved answer is lost."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import pytest

from services.referrals.service import service_of
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.archiving import CheckRecord
from shared.contracts.referrals.overlays import ReadOverlays
from shared.contracts.referrals.saving import RecordReceipt, SubmitRecord, UpdateRecord
from shared.database import DatabasePool
from shared.fake_bus import FakeBus
from shared.health import HealthPort
from shared.jobs import Job
from shared.messages import Fault, NotAnswered
from shared.permissions import Role, Visitor
from shared.registers.definition.questions import Question, QuestionForm
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers
from shared.service import _work
from tests.services.referrals.builders import EDITION, a_referral, a_visitor, new_id
from tests.services.referrals.rig import Owner, Referrals, an_archive
from tests.services.two_bodies import a_code, an_organisation_register
from tests.support.connections import ServicePools


def changed(register: LoadedRegister, **changes: dict[str, object] | None) -> LoadedRegister:
    """Return the register with questions changed, or taken away where the change is None, in either form."""

    def those_left(question: Question) -> Iterable[Question]:
        change = changes.get(question.name, {})
        return () if change is None else (question.model_copy(update=change),)

    def with_changes(form: QuestionForm) -> QuestionForm:
        sections = tuple(
            section.model_copy(update={"questions": tuple(new for old in section.questions for new in those_left(old))})
            for section in form.sections
        )
        return form.model_copy(update={"sections": sections})

    definition = register.definition
    outcome = with_changes(definition.outcome) if definition.outcome else None
    return replace(
        register, definition=definition.model_copy(update={"form": with_changes(definition.form), "outcome": outcome})
    )


def without_option(register: LoadedRegister, name: str, code: str) -> LoadedRegister:
    options = tuple(option for option in register.definition.form.by_name[name].options if option.code != code)
    changes: dict[str, dict[str, object] | None] = {name: {"options": options}}
    return changed(register, **changes)


async def submitted(referrals: Referrals, visitor: Visitor, **answers: Answer) -> RecordReceipt:
    asked = SubmitRecord(command_id=new_id(), edition=EDITION, answers=a_referral(**answers))
    return await referrals.anyway(visitor, asked)


async def is_refused(referrals: Referrals, visitor: Visitor) -> bool:
    """Return whether the visitor's register is not served."""
    try:
        await referrals.listed(visitor)
    except NotAnswered as unanswered:
        return unanswered.fault is Fault.UNAVAILABLE
    return False


# ------------------------------------------------------------------------------------------------------------- answers
@pytest.mark.parametrize(
    ("name", "change", "answer"),
    [
        ("latest_update", None, "Moved house"),
        ("latest_update", {"retired": True}, "Moved house"),
        ("latest_update", {"kind": "date"}, "Moved house"),
        ("postcode", {"show_if": ({"under_16": ("yes",)},)}, "ST16 3SR"),
    ],
)
async def test_a_form_that_no_longer_asks_a_question_keeps_its_answer_and_says_nothing_of_it(
    pools: ServicePools, name: str, change: dict[str, object] | None, answer: str
) -> None:
    code = a_code()
    visitor, register = a_visitor(register_code=code), an_organisation_register(code)
    receipt = await submitted(await Referrals.open(pools, Registers([register])), visitor, **{name: answer})
    later = await Referrals.open(pools, Registers([changed(register, **{name: change})]))
    later.context.registers.withhold_always([])  # the start refuses such a change; saving must not rely on that

    for sent in ({}, {name: answer}):
        answers = a_referral(risk_level="amber", **sent) if not sent else a_referral(risk_level="red")
        asked = UpdateRecord(command_id=new_id(), record_id=receipt.record_id, version=receipt.version, answers=answers)
        receipt = await later.ask(visitor, asked)

    assert answer == (await later.read(visitor, receipt.record_id)).answers[name]
    updates = (await later.history(visitor, receipt.record_id)).updates
    assert {"risk_level"} == {change.name for update in updates for change in update.changes}


async def test_the_database_takes_no_answer_away_that_the_history_does_not_name(
    pools: ServicePools, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.referrals.rules.answers.carried_over", lambda _form, _before, after: dict(after))
    code = a_code()
    visitor, register = a_visitor(register_code=code), an_organisation_register(code)
    referrals = await Referrals.open(pools, Registers([register]))
    receipt = await submitted(referrals, visitor)
    add = 'UPDATE record SET answers = answers || \'{"unknown_to_all": "kept"}\' WHERE id = $1'
    await owner.rows(add, receipt.record_id)

    asked = UpdateRecord(
        command_id=new_id(), record_id=receipt.record_id, version=0, answers=a_referral(risk_level="amber")
    )
    await referrals.ask(visitor, asked)
    administrator = a_visitor(Role.ADMINISTRATOR, *visitor.organisation_ids, register_code=code)
    await referrals.ask(administrator, an_archive(replace_version(receipt, 1)))

    kept = "SELECT answers ->> 'unknown_to_all' AS kept FROM record_version WHERE record_id = $1 ORDER BY version"
    assert [None, "kept", "kept"] == [row["kept"] for row in await owner.rows(kept, receipt.record_id)]


def replace_version(receipt: RecordReceipt, version: int) -> RecordReceipt:
    return receipt.model_copy(update={"version": version})


# ------------------------------------------------------------------------------------------------------------ the start
async def test_the_services_own_jobs_begin_once_it_knows_which_registers_it_serves(
    pool: DatabasePool, referrals: Referrals
) -> None:
    done: list[str] = []
    stopping = asyncio.Event()

    async def before() -> None:
        await asyncio.sleep(0.01)
        done.append("before")

    async def work() -> None:
        done.append("job")
        stopping.set()

    referrals.wire.answers.clear()
    service = replace(service_of(referrals.context), jobs=[Job("own", work)], before=before)
    failures = await _work(referrals.context, service, [], stopping, HealthPort("127.0.0.1:0"))

    assert ([], ["before", "job"]) == (failures, done)


@pytest.mark.parametrize(
    "change",
    [
        {"latest_update": None},
        {"latest_update": {"kind": "text"}},
        {"meeting_outcome": None},
    ],
)
async def test_an_edition_with_records_may_lose_no_question(
    pools: ServicePools, change: dict[str, dict[str, object] | None]
) -> None:
    code, other = a_code(), a_code()
    register, untouched = an_organisation_register(code), an_organisation_register(other)
    referrals = await Referrals.open(pools, Registers([register, untouched]))
    await submitted(referrals, a_visitor(register_code=code))

    later = await Referrals.open(pools, Registers([changed(register, **change), untouched]))

    assert await is_refused(later, a_visitor(register_code=code))
    assert not await is_refused(later, a_visitor(register_code=other))
    assert code in (await FakeBus("gateway", later.wire).ask(ReadOverlays())).withheld
    assert not await is_refused(
        await Referrals.open(pools, Registers([register, untouched])), a_visitor(register_code=code)
    )


async def test_an_edition_with_records_may_lose_no_option(pools: ServicePools) -> None:
    code = a_code()
    register = an_organisation_register(code)
    await submitted(await Referrals.open(pools, Registers([register])), a_visitor(register_code=code))

    gone = register.definition.form.by_name["locality"].options[-1].code
    later = await Referrals.open(pools, Registers([without_option(register, "locality", gone)]))

    assert await is_refused(later, a_visitor(register_code=code))


async def test_an_edition_with_records_may_be_reworded_retired_and_added_to(pools: ServicePools) -> None:
    code = a_code()
    register = an_organisation_register(code)
    await submitted(await Referrals.open(pools, Registers([register])), a_visitor(register_code=code))
    latest = register.definition.form.by_name["latest_update"]
    reworded = changed(register, latest_update={"retired": True, "label": "News"}, postcode={"required": True})
    section = reworded.definition.form.sections[-1]
    added = section.model_copy(update={"questions": (*section.questions, latest.model_copy(update={"name": "news"}))})
    form = reworded.definition.form.model_copy(update={"sections": (*reworded.definition.form.sections[:-1], added)})
    later = replace(reworded, definition=reworded.definition.model_copy(update={"form": form}))

    assert not await is_refused(await Referrals.open(pools, Registers([later])), a_visitor(register_code=code))
    assert await is_refused(await Referrals.open(pools, Registers([register])), a_visitor(register_code=code))


async def test_an_edition_without_records_may_change_freely(pools: ServicePools) -> None:
    code = a_code()
    register = an_organisation_register(code)
    await Referrals.open(pools, Registers([register]))

    later = await Referrals.open(pools, Registers([changed(register, latest_update=None)]))
    await submitted(later, a_visitor(register_code=code))

    assert not await is_refused(later, a_visitor(register_code=code))


async def test_an_edition_with_records_that_is_missing_stops_its_register_alone(
    pools: ServicePools, owner: Owner
) -> None:
    code, other = a_code(), a_code()
    visitor = a_visitor(register_code=code)
    register, untouched = an_organisation_register(code), an_organisation_register(other)
    referrals = await Referrals.open(pools, Registers([register, untouched]))
    await submitted(referrals, visitor)
    identity = register.definition.identity.model_copy(update={"edition": "2027"})
    newer = replace(register, definition=register.definition.model_copy(update={"identity": identity}))

    later = await Referrals.open(pools, Registers([newer, untouched]))

    assert await is_refused(later, visitor)
    assert not await is_refused(later, a_visitor(register_code=other))
    assert 1 == await owner.value("SELECT count_in_edition($1, $2)", code, EDITION)


async def test_an_outcome_marks_its_edition_as_used(pools: ServicePools, owner: Owner) -> None:
    code = a_code()
    visitor = a_visitor(Role.ADMINISTRATOR, register_code=code)
    referrals = await Referrals.open(pools, Registers([an_organisation_register(code)]))
    receipt = await submitted(referrals, visitor)

    await referrals.ask(visitor, CheckRecord(record_id=receipt.record_id, edition="2027"))

    used = await owner.rows("SELECT edition FROM edition_kept WHERE register_code = $1 AND is_used ORDER BY 1", code)
    assert [EDITION, "2027"] == [row["edition"] for row in used]
