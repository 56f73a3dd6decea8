"""Tests that default words use the register's own words for its records, and that the DSR's texts stay as they are."""

import re
import tomllib
from pathlib import Path

import pytest

from shared.registers.definition.nouns import Nouns, with_article
from shared.registers.definition.words import Words, catalogue
from shared.registers.files import SHIPPED, lists_beside, read_register
from tests.rules.typed import INVENTED

HOMES = (Path(__file__).parents[1] / "journeys" / "registers" / "homes" / "2031.toml").read_text("utf-8")
DSR = tomllib.loads((SHIPPED / "dsr" / "2022.toml").read_text("utf-8"))
OTHERS = re.compile(r"\brecords?\b|referral|archive|archiving", re.IGNORECASE)
VERBS = re.compile(r"Record the decision|Record it again|case record|the right record")
"""The verb, and the records of other agencies."""


def of_notifications(*changes: tuple[str, str]) -> Words:
    """Return the words of a register of notifications which can be closed."""
    text = HOMES.partition("\n[words]")[0]
    for old, new in (
        ('record = "household"\nrecords = "households"', 'record = "notification"\nrecords = "notifications"'),
        (
            'state = [{ code = "waiting", label = "Waiting", open = true }]',
            'state = [{ code = "new", label = "Open", open = true }, '
            '{ code = "shut", label = "Closed", open = false }]\n'
            'transition = [{ code = "close", from = "new", to = "shut", by = "outcome", reversible = true }]',
        ),
        *changes,
    ):
        assert old in text
        text = text.replace(old, new)
    return read_register(text.encode(), "homes/2031.toml", lists_beside(INVENTED)).definition.words


def every_text(words: Words) -> dict[str, str]:
    return {
        key: words.unfilled(key) if isinstance(said, str) else "\n".join(words.lines(key))
        for key, said in catalogue().items()
    }


def test_a_register_reads_in_its_own_words_without_repeating_any_text() -> None:
    texts = every_text(of_notifications())

    assert {} == {key: text for key, text in texts.items() if OTHERS.search(VERBS.sub("", text))}
    assert ("Add Notification", "Closed notifications") == (texts["record.create"], texts["records.ended_heading"])
    assert "Open notifications only." in texts["reporting.active"]
    assert ("Add a notification", "Date Closed") == (texts["records.add_first"], texts["workbook.archived"])


def test_no_gap_for_a_registers_words_is_left_unfilled() -> None:
    texts = every_text(of_notifications())

    assert {} == {key: text for key, text in texts.items() if re.search(r"\{\w*(ecord|ctive|nded)", text)}


def test_a_registers_own_text_may_use_its_words_too() -> None:
    own = '\n[words]\nrecord.create = "Save {a_record}"\nrecord.history_tab = "{Records} ({count})"\n'

    words = of_notifications(("[[help_topic]]", f"{own}\n[[help_topic]]"))

    assert ("Save a notification", "Notifications (3)") == (
        words("record.create"),
        words("record.history_tab", count=3),
    )


@pytest.mark.parametrize(
    ("noun", "said"),
    [
        ("household", "a household"),
        ("entry", "an entry"),
        ("hour of care", "an hour of care"),
        ("unit", "a unit"),
        ("user", "a user"),
        ("undertaking", "an undertaking"),
        ("EHCP", "an EHCP"),
    ],
)
def test_a_noun_has_the_article_that_it_sounds_like(noun: str, said: str) -> None:
    assert said == with_article(noun)


@pytest.mark.parametrize(
    ("label", "ended"),
    [("Closed", "closed"), ("Housed", "housed"), ("Over", "ended"), ("Left the area", "ended"), ("{x", "ended")],
)
def test_the_label_of_a_state_is_used_where_it_reads_right(label: str, ended: str) -> None:
    states = [{"code": "on", "label": "On", "open": True}, {"code": "off", "label": label, "open": False}]

    assert ended == Nouns.of({"lifecycle": {"state": states}}).ended


@pytest.mark.parametrize("written", [{}, {"register": 1}, {"register": {"record": ["x"], "records": "{"}}])
def test_a_faulty_definition_reads_in_the_words_of_the_house(written: dict[str, object]) -> None:
    assert Nouns() == Nouns.of(written)
