"""The rows of the checker by themselves; the way through S3 is walked in tests/cli."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent
sys.path.insert(0, str(EXAMPLE / "checker"))

from checker.rows import check  # noqa: E402 - the example's own package

GOOD = "p1,ada@example.org,MI,48104,1 Main Street"


def test_the_sample_is_good():
    rows = list(check((EXAMPLE / "sample" / "persons.csv").read_text().splitlines(keepends=True)))
    assert len(rows) == 50
    assert not [row for row in rows if row.wrong]


def test_column_names_and_empty_lines_are_no_rows():
    assert [row.fields[0] for row in check(["id,email,state,postal,address\n", "\n", GOOD])] == ["p1"]


def test_a_field_may_hold_commas_and_line_breaks():
    (row,) = check(['p1,ada@example.org,MI,48104,"1 Main Street,\n', 'Ann Arbor"\n'])
    assert row.fields[4] == "1 Main Street,\nAnn Arbor"
    assert not row.wrong


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("p1,ada@example.org,MI,48104", "4 fields where 5 were expected"),
        (GOOD + ",more", "6 fields where 5 were expected"),
        (GOOD.replace("p1", ""), "id is empty"),
        (GOOD.replace("p1", "p" * 11), "id has 11 characters, and takes 10"),
        (GOOD.replace("48104", "48-104"), "postal '48-104' is no number"),
        (GOOD.replace("ada@", "ada at "), "email 'ada at example.org' is no address"),
    ],
)
def test_what_does_not_fit_is_said(line, wrong):
    (row,) = check([line])
    assert row.wrong == wrong


def test_an_id_that_comes_twice_is_wrong_the_second_time():
    first, second = check([GOOD + "\n", GOOD])
    assert not first.wrong
    assert second.wrong == "id p1 stands in line 1 already"
