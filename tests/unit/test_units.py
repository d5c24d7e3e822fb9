"""Durations and memory: what is read, what is refused, and that writing and reading go round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapectl.units import counted, format_duration, format_memory, parse_duration, parse_memory


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("36h", 129600), ("7d", 604800), ("0s", 0), ("007m", 420)],
)
def test_durations_are_seconds(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "m", "1.5h", "-1s", "1w", "1 h", "1H", "1h30m", "٣m", "1h\n", "9" * 10 + "s"]
)
def test_other_durations_are_refused_with_a_way_out(text):
    with pytest.raises(ValueError, match="Write a number and s, m, h or d"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (90, "90s"), (60, "1m"), (5400, "90m"), (86400, "1d"), (129600, "36h"), (90061, "90061s")],
)
def test_seconds_are_written_in_the_largest_whole_unit(seconds, text):
    assert format_duration(seconds) == text


@given(st.integers(0, 10**8))
def test_durations_go_round(seconds):
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "mib"),
    [("2048", 2048), (2048, 2048), ("2 GB", 2048), ("2GB", 2048), ("2gib", 2048), ("512 MB", 512), ("0.5 GB", 512)],
)
def test_memory_is_mib(text, mib):
    assert parse_memory(text) == mib


@pytest.mark.parametrize("text", ["", "GB", "2 TB", "2,5 GB", "-1", "1  GB", "0.0001 GB", "0.3 MB", "1e3"])
def test_other_memory_is_refused(text):
    with pytest.raises(ValueError, match=r"memory|whole number of MiB"):
        parse_memory(text)


@given(st.integers(0, 10**8))
def test_memory_goes_round(mib):
    assert parse_memory(format_memory(mib)) == mib


def test_a_noun_follows_its_number():
    assert [counted(number, "job") for number in (0, 1, 2)] == ["0 jobs", "1 job", "2 jobs"]
    assert counted(2, "policy", "policies") == "2 policies"
