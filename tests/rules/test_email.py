"""Tests of e-mail addresses and their domains."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values import Unreadable, email_host, is_within, longest_domain, read_email
from tests.rules.typed import dsr

LOOKALIKES = [
    "x@evilnhs.uk",
    "x@nhs.uk.example",
    "x@nhs.net.evil.org",
    "x@gov.uk.com",
    "x@police.uk",
    "x@staffordshire.police.uk",
    "x@uk",
    "x@n\u04bbs.uk",  # a Cyrillic letter
]


def _accepted(address: str) -> bool:
    """Return whether the address is within an accepted domain of the DSR."""
    try:
        return any(is_within(email_host(read_email(address)), domain) for domain in dsr().access.accepted_domains)
    except Unreadable:
        return False


@pytest.mark.parametrize("address", ["jo@nhs.net", "jo@NHS.net", "jo@NHS.uk", "Jo@GOV.UK", "jo@Nhs.Net"])
def test_the_accepted_domains_are_taken_in_any_case(address: str) -> None:
    assert _accepted(address)


@pytest.mark.parametrize("host", ["mpft.nhs.uk", "combined.nhs.uk", "stoke.gov.uk", "staffordshire.gov.uk"])
def test_sub_domains_of_the_accepted_domains_are_taken(host: str) -> None:
    assert _accepted(f"jo.bloggs@{host}")


@pytest.mark.parametrize("address", LOOKALIKES)
def test_a_domain_that_only_looks_alike_is_not_taken(address: str) -> None:
    assert not _accepted(address)


@pytest.mark.parametrize(
    "address",
    [
        "a@nhs.net\r\nBcc: b@evil.example",
        "a@nhs.net.",
        "a@evil@nhs.net",
        "a%evil.example@nhs.net",
        "evil.example!a@nhs.net",
        '"a b"@nhs.net',
        "a b@nhs.net",
        ".a@nhs.net",
        "a.@nhs.net",
        "a..b@nhs.net",
        "@nhs.net",
        "a@",
        "a@nhs",
        "a@.nhs.net",
        "a@nhs..net",
        "a@-nhs.net",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "ä@nhs.net",
        "<a@nhs.net><b@nhs.net>",
        "b@nhs.net <a@nhs.net>",
        "a@nhs.net, b@nhs.net",
        "a" * 65 + "@nhs.net",
        "a@" + "b" * 64 + ".nhs.net",
        "a" * 1000 + "@nhs.net",
        "a@" + ".".join(["b" * 60] * 5) + ".nhs.net",
        "",
    ],
)
def test_an_address_that_could_be_read_in_two_ways_is_refused(address: str) -> None:
    with pytest.raises(Unreadable):
        read_email(address)


@pytest.mark.parametrize("address", ["joe.o'neill@mpft.nhs.uk", "a+b@stoke.gov.uk", "jo-ann_2@x.co"])
def test_ordinary_addresses_are_taken(address: str) -> None:
    assert address == read_email(f" {address.upper()} ")


def test_a_host_in_other_letters_becomes_ascii() -> None:
    assert "a@xn--mller-kva.example" == read_email("a@Müller.example")


@given(st.text(max_size=80))
def test_any_text_is_refused_or_gives_an_address_that_is_read_alike_again(text: str) -> None:
    try:
        address = read_email(text)
    except Unreadable:
        return
    assert (address, 1, True) == (read_email(address), address.count("@"), address.isascii())


@given(st.from_regex(r"[a-z0-9]{1,10}", fullmatch=True))
def test_a_label_is_never_cut(label: str) -> None:
    assert (True, False) == (is_within(f"{label}.nhs.uk", "NHS.uk"), is_within(f"{label}nhs.uk", "nhs.uk"))


def test_the_most_particular_domain_names_the_organisation() -> None:
    domains = ["nhs.uk", "mpft.nhs.uk", "gov.uk"]

    assert "mpft.nhs.uk" == longest_domain("jo@team.mpft.nhs.uk", domains)
    assert "nhs.uk" == longest_domain("jo@other.nhs.uk", domains)
    assert longest_domain("jo@nhs.net", domains) is None
