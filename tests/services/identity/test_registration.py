"""Registering an account."""

import asyncio
from datetime import timedelta

import pytest

from services.identity.store import addresses
from shared.contracts.registration import RegisterAccount
from shared.database import transaction
from shared.messages import Refused
from tests.services.identity.rig import ADA, ELSEWHERE, PASSWORD, WARD, Rig, refused

MANY_ACCOUNTS = """
INSERT INTO account (account_id, email, first_name, last_name)
SELECT gen_random_uuid(), format('person%s@nhs.net', n), 'Ada', 'Birch' FROM generate_series(1, 50000) AS n
"""


def form(
    email: str = ADA, *, first_name: str = "Ada", last_name: str = "Birch", register: str = "dsr"
) -> RegisterAccount:
    return RegisterAccount(
        register_code=register, first_name=first_name, last_name=last_name, email=email, address=WARD
    )


async def accounts(rig: Rig) -> list[str]:
    return [row["email"] for row in await rig.pool.fetch("SELECT email FROM account ORDER BY email")]


@pytest.mark.requirement("R-DSR-037", "R-DSR-038", "R-DSR-039")
async def test_who_may_register_gets_a_password_by_mail_at_once(rig: Rig) -> None:
    await rig.ask(form())

    [mail] = await rig.mails()
    opened = await rig.come_in(password=mail.values["password"])
    assert ("welcome", ADA, "Ada") == (mail.template, mail.recipient, mail.values["first_name"])
    assert "https://registers.example/dsr/login/" == mail.values["link"]
    assert opened.must_change


@pytest.mark.slow
@pytest.mark.requirement("R-DSR-022")
async def test_however_many_have_an_account_the_next_one_gets_one_too(rig: Rig) -> None:
    await rig.owner.execute(MANY_ACCOUNTS)

    await rig.ask(form("one.more@nhs.net"))

    [mail] = await rig.mails()
    assert (await rig.come_in("one.more@nhs.net", mail.values["password"])).must_change


@pytest.mark.requirement("R-DSR-039")
async def test_two_people_never_get_the_same_password(rig: Rig) -> None:
    for n in range(5):
        await rig.ask(form(f"person{n}@nhs.net"))

    assert 5 == len({mail.values["password"] for mail in await rig.mails("welcome")})


@pytest.mark.requirement("R-DSR-016", "R-DSR-017")
async def test_the_accepted_domains_and_what_is_under_them(rig: Rig) -> None:
    for email in ("A@NHS.net", "b@nhs.UK", "c@Gov.uk", "d@mpft.nhs.uk", "e@east.staffordshire.gov.uk"):
        await rig.ask(form(email))

    accepted = ["a@nhs.net", "b@nhs.uk", "c@gov.uk", "d@mpft.nhs.uk", "e@east.staffordshire.gov.uk"]
    assert accepted == await accounts(rig)


@pytest.mark.requirement("R-DSR-041")
async def test_another_domain_is_refused(rig: Rig) -> None:
    hosts = ("staffordshire.police.uk", "evilnhs.uk", "nhs.net.evil.org", "nhs.uk.example", "example.com")

    codes = [await refused(rig.ask(form(f"a@{host}"))) for host in hosts]

    assert ["domain_not_accepted"] * 5 == codes
    assert ([], []) == (await accounts(rig), await rig.mails())


async def test_what_is_no_address_is_refused_before_anything_else(rig: Rig) -> None:
    odd = (
        "",
        "a",
        "a@",
        "@nhs.net",
        "a@nhs.net.",
        "a@evil@nhs.net",
        "a@nhs.net\r\nBcc: b@nhs.net",
        "a%b@nhs.net",
        "a@nhs",
    )

    codes = [await refused(rig.ask(form(email))) for email in odd]

    assert ["invalid_answers"] * len(odd) == codes
    assert ([], []) == (await accounts(rig), await rig.mails())


@pytest.mark.requirement("R-DSR-035")
async def test_each_field_that_is_missing_is_named(rig: Rig) -> None:
    with pytest.raises(Refused) as refusal:
        await rig.ask(form(" ", first_name="", last_name="\t"))

    every_field = {"first_name": "required", "last_name": "required", "email": "required"}
    assert {"wrong": every_field} == refusal.value.details.model_dump()
    assert [] == await accounts(rig)


@pytest.mark.requirement("R-DSR-042")
async def test_one_assigned_address_may_register_and_no_other_of_its_domain(rig: Rig) -> None:
    async with transaction(rig.pool) as db:
        await addresses.assign(db, "dsr", "pat@staffordshire.police.uk", None)

    await rig.ask(form("pat@staffordshire.police.uk"))

    assert "domain_not_accepted" == await refused(rig.ask(form("kit@staffordshire.police.uk")))
    assert ["pat@staffordshire.police.uk"] == await accounts(rig)


@pytest.mark.requirement("R-DSR-020", "R-DSR-043")
async def test_an_address_in_use_gets_the_same_answer_and_a_mail_of_its_own(rig: Rig) -> None:
    new = await rig.ask(form())

    again = await rig.ask(form("ADA.Birch@mpft.nhs.uk", first_name="Eve"))

    assert (new, [ADA]) == (again, await accounts(rig))
    mail = (await rig.mails())[-1]
    assert ("already_registered", ADA, "Ada") == (mail.template, mail.recipient, mail.values["first_name"])


async def test_an_address_in_use_keeps_its_password(rig: Rig) -> None:
    await rig.person()

    await rig.ask(form())

    assert not (await rig.come_in(password=PASSWORD)).must_change


async def test_nobody_is_flooded_by_others_who_register_their_address(rig: Rig) -> None:
    await rig.person()

    for _ in range(10):
        await rig.ask(form())

    assert 3 == len(await rig.mails("already_registered"))


@pytest.mark.requirement("R-DSR-043")
async def test_the_same_address_twice_at_once_makes_one_account(rig: Rig) -> None:
    await asyncio.gather(*(rig.ask(form()) for _ in range(10)))

    assert [ADA] == await accounts(rig)
    assert 1 == len(await rig.mails("welcome"))


async def test_a_new_account_is_a_standard_user_of_the_organisation_of_its_domain(rig: Rig) -> None:
    await rig.ask(form("kim@east.mpft.nhs.uk"))
    await rig.ask(form("lee@nhs.net"))

    granted = await rig.pool.fetch(
        """
        SELECT account.email, held.role, held.all_organisations, organisation.domain, count(each.organisation_id)
        FROM account
        JOIN register_grant AS held USING (account_id)
        LEFT JOIN organisation ON organisation.organisation_id = held.home_organisation_id
        LEFT JOIN register_grant_organisation AS each USING (account_id)
        GROUP BY 1, 2, 3, 4 ORDER BY 1
        """
    )

    assert [
        ("kim@east.mpft.nhs.uk", "standard", False, "mpft.nhs.uk", 1),
        ("lee@nhs.net", "standard", False, None, 0),
    ] == [tuple(row) for row in granted]


async def test_a_register_that_administrators_keep_closed_takes_nobody(rig: Rig) -> None:
    await rig.pool.execute("INSERT INTO register_access VALUES ('dsr', false, '{nhs.uk}')")

    assert "not_open" == await refused(rig.ask(form()))
    assert [] == await accounts(rig)


async def test_administrators_may_accept_another_domain(rig: Rig) -> None:
    await rig.pool.execute("INSERT INTO register_access VALUES ('dsr', true, '{police.uk}')")

    await rig.ask(form("kit@staffordshire.police.uk"))

    assert "domain_not_accepted" == await refused(rig.ask(form()))
    assert ["kit@staffordshire.police.uk"] == await accounts(rig)


async def test_one_network_registers_no_more_than_the_limit_in_an_hour(rig: Rig) -> None:
    most = rig.context.shared_limits.registrations_from_network.most
    codes = [await refused(rig.ask(form("x@example.com"))) for _ in range(most)]

    assert {"domain_not_accepted"} == set(codes)
    assert "too_many" == await refused(rig.ask(form()))
    assert "" == await refused(rig.ask(form().model_copy(update={"address": ELSEWHERE})))
    await rig.let_pass(timedelta(hours=1))
    assert "" == await refused(rig.ask(form("kim@nhs.net")))


@pytest.mark.requirement("R-DSR-021")
async def test_what_came_of_each_registration_is_audited_and_no_address(rig: Rig) -> None:
    await rig.ask(form())
    await rig.ask(form())
    await refused(rig.ask(form("a@example.com")))

    rows = await rig.owner.fetch("SELECT action, register, subjects, audit::text AS whole FROM audit ORDER BY id")
    account_id = await rig.pool.fetchval("SELECT account_id FROM account")
    assert [
        ("account_registered", "dsr", [account_id]),
        ("registration_repeated", "dsr", [account_id]),
        ("registration_refused", "dsr", []),
    ] == [(row["action"], row["register"], row["subjects"]) for row in rows]
    assert not [row for row in rows if "@" in row["whole"] or "Birch" in row["whole"]]
