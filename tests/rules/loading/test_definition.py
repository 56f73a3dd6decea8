"""Tests that what a definition says of loading is checked, and each fault named with its place."""

from pathlib import Path

import pytest

from tests.rules.test_definitions import DSR, faults_after

SLIPS = [
    (
        'grants = ["bulk_load"]\n',
        "",
        'load: no one can be given the grant for it: under [access], grants = ["bulk_load"]',
    ),
    (
        'under_16 = ["Under 16"]',
        'under_17 = ["Under 16"]',
        "load, headings: under_17 is not a question of the form; did you mean under_16?",
    ),
    (
        'under_16 = ["Under 16"]',
        'under_16 = ["Surname", "date of  BIRTH"]',
        "load, headings: date of  BIRTH is the label of date_of_birth, and cannot mean under_16",
    ),
    (
        'under_16 = ["Under 16"]',
        'under_16 = ["Under 16", "Consented?"]',
        "load, headings: consented is there twice: a word must mean one thing",
    ),
    (
        "[load.values.locality]",
        '[load.values.gp_name]\na = ["b"]\n[load.values.locality]',
        "load, values: gp_name is text, which has no options",
    ),
    (
        'south_staffordshire = ["South Staffs", "S Staffs"]',
        'south_staffs = ["S Staffs"]',
        "load, values, locality: south_staffs is not one of its options; did you mean south_staffordshire?",
    ),
    (
        'south_staffordshire = ["South Staffs", "S Staffs"]',
        'south_staffordshire = ["North Staffordshire & Stoke-on-Trent"]',
        "load, values, locality: North Staffordshire & Stoke-on-Trent is the option north_staffordshire_stoke, "
        "and cannot mean south_staffordshire",
    ),
    (
        'roles = ["administrator"]\ngrants = ["bulk_load"]',
        'roles = ["administrator"]\ngrants = ["delete"]',
        "help_topic: Loading a spreadsheet is for those with delete, which [access] does not offer",
    ),
    (
        'given_on = "risk_level_date"',
        'given_on = "risk_level_dates"',
        "rating, given_on: risk_level_dates is not a question of the form; did you mean risk_level_date?",
    ),
    (
        'given_on = "risk_level_date"',
        'given_on = "locality"',
        "rating, given_on: locality is select and must be date",
    ),
    (
        'label = "Date of the rating"\nkind = "date"',
        'label = "Date of the rating"\nkind = "date"\nallow_future = true',
        "rating, given_on: risk_level_date may be in the future, and a rating stands already",
    ),
    (
        "[load.headings]",
        "[load]\nmost_rows = 20000\n\n[load.headings]",
        "load, most_rows: must be 10000 or less",
    ),
]


@pytest.mark.parametrize(("old", "new", "fault"), SLIPS)
def test_a_slip_is_told_with_its_place(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert fault in faults_after(tmp_path, DSR, (old, new))
