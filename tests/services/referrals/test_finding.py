"""Finding a person by any spelling of the name, NHS number, date of birth and reference; and the order of names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.referrals.rules.search import read_search
from shared.contracts.referrals.listing import ListRecords, Sort
from shared.permissions import Role, Visitor
from shared.registers.form.person import searchable
from shared.values import fold, sort_key
from tests.services.referrals.builders import a_visitor, colleague_of
from tests.services.referrals.people import an_nhs_number
from tests.services.referrals.rig import Owner, Referrals

SPELLINGS = [
    (
        ("Aoife", "O Brien"),
        ["obrien", "O'Brien", "O\u2019Brien", "o brien", "O-BRIEN", "Brien, Aoife", "O\u02bcBrien", "aoife obrien"],
    ),
    (("Aoife", "OBrien"), ["obrien", "O'Brien", "O\u2019Brien", "o brien", "aoife o brien", "o`brien"]),
    (
        ("Maria", "De La Cruz"),
        ["delacruz", "De LaCruz", "de la cruz", "De-La-Cruz", "cruz maria", "maria dela cruz", "maria de la"],
    ),
    (
        ("Maria", "Delacruz"),
        ["delacruz", "De LaCruz", "de la cruz", "De-La-Cruz", "maria de la cruz", "de la cruz maria"],
    ),
    (("Anne Marie", "Jones"), ["annemarie", "Anne-Marie", "jones annemarie", "Jones, Anne-Marie", "marie anne"]),
    (("Ian", "Mac Donald"), ["macdonald", "MacDonald", "mac donald", "ian macdonald"]),
    (("Ian", "MacDonald"), ["mac donald", "macdonald", "donald ian"]),
    (("Keanu", "Ka\u02bban\u0101\u02bban\u0101"), ["kaanaana", "Ka'ana'ana", "Ka\u2018ana\u2018ana", "ka ana ana"]),
    (("Omar", "Abdelkader"), ["abd el kader", "Abd-el-Kader", "abdelkader"]),
    (("Jan", "\u0141ukaszewicz"), ["lukaszewicz", "LUKASZEWICZ", "\u0142ukasz"]),
    (("\u0130pek", "\u00d6zt\u00fcrk"), ["ozturk", "OZTURK", "ipek", "IPEK", "\u0131pek", "o\u0308ztu\u0308rk"]),
    (("J\u00fcrgen", "Gro\u00df"), ["gross", "GROSS", "jurgen gross"]),
    (("S\u00f8ren", "\u00c5b\u00f8"), ["soren", "abo"]),
    (("W", "Ng\u0169g\u0129"), ["ngugi", "w ngugi"]),
]
"""A name, and what is typed to find it."""


@pytest.mark.requirement("R-DSR-110")
@pytest.mark.parametrize("role", [Role.STANDARD, Role.ADMINISTRATOR])
async def test_every_spelling_of_a_name_finds_it(referrals: Referrals, role: Role) -> None:
    creator = a_visitor()
    visitor = creator if role is Role.STANDARD else colleague_of(creator, role)
    for given_name, family_name in dict.fromkeys(name for name, _ in SPELLINGS):
        await referrals.submit(creator, first_name=given_name, last_name=family_name)

    missed = [
        (name, typed)
        for name, spellings in SPELLINGS
        for typed in spellings
        if " ".join(name) not in await referrals.names(visitor, typed)
    ]

    assert [] == missed


async def test_a_search_among_filtered_records_finds_every_spelling_too(referrals: Referrals) -> None:
    visitor = a_visitor()
    await referrals.submit(visitor, first_name="Maria", last_name="Delacruz", risk_level="red")
    await referrals.submit(visitor, first_name="Mario", last_name="Delacruz")
    narrowing = ListRecords().narrowing.model_copy(update={"ratings": ("red",)})

    found = await referrals.ask(visitor, ListRecords(search="de la cruz", narrowing=narrowing))

    assert (["Maria Delacruz"], 1, False) == ([row.name for row in found.rows], found.matches, found.capped)


@pytest.mark.parametrize("role", [Role.STANDARD, Role.ADMINISTRATOR])
async def test_a_person_is_found_by_number_birth_and_reference(referrals: Referrals, role: Role) -> None:
    creator, number = a_visitor(), an_nhs_number()
    visitor = creator if role is Role.STANDARD else colleague_of(creator, role)
    robin = {"first_name": "Robin", "last_name": "Redfern", "date_of_birth": "1999-05-04", "nhs_number": number}
    reference = (await referrals.submit(creator, **robin)).reference
    await referrals.submit(creator, first_name="Wren", last_name="Redfern", date_of_birth="1999-04-05")
    letters = reference.split("-")
    typed = [
        number,
        f"{number[:3]} {number[3:6]} {number[6:]}",
        f"{number[:3]}-{number[3:6]}-{number[6:]}",
        f"{number[:3]}\u00a0{number[3:6]}\u200b{number[6:]}",
        number[:7],
        f"{number[:3]} {number[3:6]}",
        "04/05/1999",
        "4.5.1999",
        "04-05-1999",
        "1999-05-04",
        "4 May 1999",
        "04-May-1999",
        "4/5/99",
        "redfern 04/05/1999",
        f"04/05/1999 {number} robin",
        reference,
        reference.lower().replace("-", ""),
        f"{letters[0]} {letters[1]}",
        "-".join(letters[:2]),
        letters[1],
        letters[2].lower(),
        f"{letters[1]}-{letters[2][:2]}",
        f"redfern {letters[1]}",
    ]

    found = {each: await referrals.names(visitor, each) for each in typed}

    assert {each: ["Robin Redfern"] for each in typed} == found


async def test_one_letter_typed_is_the_beginning_of_a_name_and_never_of_a_reference(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor, first_name="Ada", last_name="Okoro")
    letters = receipt.reference.split("-")[1]

    found = {each: await referrals.names(visitor, each) for each in (letters[0], letters[:2], f"dsr-{letters[0]}")}

    assert {letters[0]: [], letters[:2]: [], f"dsr-{letters[0]}": ["Ada Okoro"]} == found


async def test_a_number_or_a_birth_finds_nobody_out_of_scope(referrals: Referrals) -> None:
    number = an_nhs_number()
    creator = a_visitor()
    receipt = await referrals.submit(creator, nhs_number=number, date_of_birth="1931-05-04")
    typed = (number, "04/05/1931", receipt.reference, receipt.reference[4:8])

    async def found(visitor: Visitor) -> list[int]:
        return [len(await referrals.names(visitor, each)) for each in typed]

    strangers = a_visitor(Role.ADMINISTRATOR), a_visitor(), colleague_of(creator)
    assert [[0, 0, 0, 0]] * 3 == [await found(each) for each in strangers]
    assert [1, 1, 1, 1] == await found(colleague_of(creator, Role.ADMINISTRATOR))


async def test_what_was_searched_for_is_not_in_the_audit(referrals: Referrals, owner: Owner) -> None:
    number = an_nhs_number()
    visitor = a_visitor()

    for typed in (number, "04/05/1871"):
        await referrals.names(visitor, typed)

    everything = await owner.all_text()
    assert (False, False) == (number in everything, "71050418" in everything)


async def test_names_are_sorted_as_people_look_for_them(referrals: Referrals) -> None:
    visitor = a_visitor()
    families = [
        "\u00c9anna",
        "Evans",
        "\u0141ukaszewicz",
        "Lunn",
        "\u00d6zt\u00fcrk",
        "Owen",
        "Zebedee",
        "de Souza",
        "O'Brien",
        "Obi",
        "Ng\u0169g\u0129",
        "OBrien",
        "De La Cruz",
        "delacruz",
        "Eanna",
    ]
    for family in families:
        await referrals.submit(visitor, first_name="A", last_name=family)
    sort: Sort = "name"

    shown = [
        [
            row.name.removeprefix("A ")
            for row in (await referrals.ask(visitor, ListRecords(sort=sort, turned=turned, length=25))).rows
        ]
        for turned in (False, True)
    ]

    assert [
        "De La Cruz",
        "de Souza",
        "Eanna",
        "Evans",
        "Lukaszewicz",
        "Lunn",
        "Ngugi",
        "Obi",
        "OBrien",
        "Owen",
        "Ozturk",
        "Zebedee",
    ] == list(dict.fromkeys(plain(each) for each in shown[0]))
    assert shown[0] == shown[1][::-1]


def plain(name: str) -> str:
    """Return one spelling for all that the list holds of a name."""
    plain = {
        "O'Brien": "OBrien",
        "delacruz": "De La Cruz",
        "\u00c9anna": "Eanna",
        "\u0141ukaszewicz": "Lukaszewicz",
        "\u00d6zt\u00fcrk": "Ozturk",
        "Ng\u0169g\u0129": "Ngugi",
    }
    return plain.get(name, name)


# ----------------------------------------------------------------------------------------------------------- properties
LETTERS = st.text("abdeo\u00e9\u0142\u00f8\u00dfI\u0130\u0131\u0101", min_size=1, max_size=6)
BETWEEN = st.sampled_from(
    ["", " ", "-", "'", "\u2019", "\u02bb", "\u02bc", "`", "\u2011", "\u2013", "\u00a0", "\u200b", "\u00ad"]
)


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str]:
    """Return two spellings of one name: the same parts, with other signs between them, in other letters."""
    parts = draw(st.lists(LETTERS, min_size=1, max_size=4))

    def spelt() -> str:
        written = parts[0]
        for part in parts[1:]:
            written += draw(BETWEEN) + part
        return draw(st.sampled_from([written, written.upper(), written.lower(), fold(written)]))

    return spelt(), spelt()


@given(spellings())
def test_all_spellings_of_a_name_sort_as_one(names: tuple[str, str]) -> None:
    assert sort_key(names[0], "Ann") == sort_key(names[1], "Ann")


@given(spellings())
def test_a_name_is_found_by_each_of_its_spellings(names: tuple[str, str]) -> None:
    stored, typed = names
    search = read_search(("DSR",), typed)

    assert search is not None
    kept = searchable(stored)
    alternatives = [search.patterns, *([search.joined] if search.joined else [])]
    assert any(all(found(kept, pattern) for pattern in each) for each in alternatives)


def found(kept: str, pattern: str) -> bool:
    return pattern.strip("%") in kept
