"""When a schedule fires: days that only some months have, and clocks that jump."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scrapectl.spec.cron import Cron, CronProblem, next_times


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days(expression, after, count=5):
    return [f"{one:%a %Y-%m-%d %H:%M}" for one in next_times(f"cron({expression})", "UTC", utc(after), count)]


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("0 6 * * ? *", "2026-11-21T06:00", ["Sun 2026-11-22 06:00", "Mon 2026-11-23 06:00"]),
        ("0 6 * * ? *", "2026-11-21T05:59:59", ["Sat 2026-11-21 06:00", "Sun 2026-11-22 06:00"]),
        (
            "0/25 23 31 12 ? *",
            "2026-12-31T23:20",
            ["Thu 2026-12-31 23:25", "Thu 2026-12-31 23:50", "Fri 2027-12-31 23:00"],
        ),
        (
            "0 22-2/2 * * ? *",
            "2026-05-01T00:00",
            ["Fri 2026-05-01 02:00", "Fri 2026-05-01 22:00", "Sat 2026-05-02 00:00"],
        ),
        ("0 9 ? * MON-FRI *", "2026-11-19T12:00", ["Fri 2026-11-20 09:00", "Mon 2026-11-23 09:00"]),
        (
            "0 9 ? * SAT-MON *",
            "2026-11-19T12:00",
            ["Sat 2026-11-21 09:00", "Sun 2026-11-22 09:00", "Mon 2026-11-23 09:00", "Sat 2026-11-28 09:00"],
        ),
        ("0 0 31 * ? *", "2026-11-01T00:00", ["Thu 2026-12-31 00:00", "Sun 2027-01-31 00:00", "Wed 2027-03-31 00:00"]),
        ("0 0 29 2 ? *", "2026-01-01T00:00", ["Tue 2028-02-29 00:00", "Sun 2032-02-29 00:00"]),
        ("0 0 29 2 ? 2100-2104", "2026-01-01T00:00", ["Fri 2104-02-29 00:00"]),
        ("0 0 L 2 ? *", "2026-01-01T00:00", ["Sat 2026-02-28 00:00", "Sun 2027-02-28 00:00", "Tue 2028-02-29 00:00"]),
        ("0 0 LW * ? *", "2026-01-01T00:00", ["Fri 2026-01-30 00:00", "Fri 2026-02-27 00:00", "Tue 2026-03-31 00:00"]),
        ("0 0 15W * ? *", "2026-01-01T00:00", ["Thu 2026-01-15 00:00", "Mon 2026-02-16 00:00", "Mon 2026-03-16 00:00"]),
        (
            "0 0 14W 2,3,11 ? *",
            "2026-01-01T00:00",
            ["Fri 2026-02-13 00:00", "Fri 2026-03-13 00:00", "Fri 2026-11-13 00:00"],
        ),
        ("0 0 1W 8,11 ? *", "2026-01-01T00:00", ["Mon 2026-08-03 00:00", "Mon 2026-11-02 00:00"]),
        ("0 0 31W 1,2,5 ? *", "2026-01-01T00:00", ["Fri 2026-01-30 00:00", "Fri 2026-05-29 00:00"]),
        ("0 0 ? * 6L *", "2026-01-01T00:00", ["Fri 2026-01-30 00:00", "Fri 2026-02-27 00:00", "Fri 2026-03-27 00:00"]),
        ("0 0 ? * SUNL *", "2026-05-01T00:00", ["Sun 2026-05-31 00:00", "Sun 2026-06-28 00:00"]),
        ("0 0 ? * L *", "2026-11-18T00:00", ["Sat 2026-11-21 00:00", "Sat 2026-11-28 00:00"]),
        ("0 0 ? * MON#1 *", "2026-01-01T00:00", ["Mon 2026-01-05 00:00", "Mon 2026-02-02 00:00"]),
        ("0 0 ? * 5#5 *", "2026-01-01T00:00", ["Thu 2026-01-29 00:00", "Thu 2026-04-30 00:00", "Thu 2026-07-30 00:00"]),
        ("0 0 1 1 ? 2026/3", "2026-06-01T00:00", ["Mon 2029-01-01 00:00", "Thu 2032-01-01 00:00"]),
        ("59 23 31 12 ? 2199", "2026-06-01T00:00", ["Tue 2199-12-31 23:59"]),
    ],
)
def test_days_computed_by_hand(expression, after, expected):
    assert days(expression, after, len(expected)) == expected


@pytest.mark.parametrize(
    "never", ["0 0 30 2 ? *", "* * 31 2,4,6,9,11 ? *", "0 0 30W 2 ? *", "* * * * ? 2020", "0 0 ? 2 3#5 2026"]
)
def test_what_never_fires_ends_at_once_with_nothing(never):
    begun = time.perf_counter()
    assert next_times(f"cron({never})", "America/New_York", utc("2026-11-21"), 5) == []
    assert time.perf_counter() - begun < 0.2


@pytest.mark.parametrize(
    "expression", ["* * * * ? *", "0 6 * * ? *", "0 0 29 2 ? *", "59 23 ? * 7#5 *", "30 2 15W 3 ? *"]
)
def test_five_times_take_no_time(expression):
    next_times(f"cron({expression})", "America/New_York", utc("2026-11-21"), 1)
    best = min(seconds(expression) for _ in range(5))
    assert best < 0.005


def seconds(expression):
    begun = time.perf_counter()
    assert len(next_times(f"cron({expression})", "America/New_York", utc("2026-11-21"), 5)) == 5
    return time.perf_counter() - begun


#: Zone, expression, after, and the times in UTC, each computed by hand from the zone's law.
CLOCK_CHANGES = [
    # 2026-03-08 02:00 EST is followed by 03:00 EDT; 2026-11-01 02:00 EDT by 01:00 EST.
    ("America/New_York", "30 2 * * ? *", "2026-03-07T00:00", ["2026-03-07T07:30", "2026-03-09T06:30"]),
    ("America/New_York", "0 3 * * ? *", "2026-03-08T00:00", ["2026-03-08T07:00", "2026-03-09T07:00"]),
    ("America/New_York", "30 1 * * ? *", "2026-10-31T12:00", ["2026-11-01T05:30", "2026-11-02T06:30"]),
    ("America/New_York", "30 1 * * ? *", "2026-11-01T06:00", ["2026-11-02T06:30"]),
    ("America/New_York", "0/30 * * * ? *", "2026-11-01T05:00", ["2026-11-01T05:30", "2026-11-01T07:00"]),
    ("America/New_York", "0/30 * * * ? *", "2026-03-08T06:00", ["2026-03-08T06:30", "2026-03-08T07:00"]),
    # 2026-03-29 02:00 CET is followed by 03:00 CEST; 2026-10-25 03:00 CEST by 02:00 CET.
    ("Europe/Berlin", "30 2 * * ? *", "2026-03-28T00:00", ["2026-03-28T01:30", "2026-03-30T00:30"]),
    ("Europe/Berlin", "30 2 * * ? *", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
    ("Europe/Berlin", "0 2 29 3 ? *", "2026-01-01T00:00", ["2027-03-29T00:00"]),
    # Half an hour: 2026-04-05 02:00 +11 is followed by 01:30 +10:30; 2026-10-04 02:00 +10:30 by 02:30 +11.
    ("Australia/Lord_Howe", "45 1 * * ? *", "2026-04-04T00:00", ["2026-04-04T14:45", "2026-04-05T15:15"]),
    (
        "Australia/Lord_Howe",
        "0/15 1-2 5 4 ? *",
        "2026-04-04T14:00",
        ["2026-04-04T14:15", "2026-04-04T14:30", "2026-04-04T14:45", "2026-04-04T15:30"],
    ),
    ("Australia/Lord_Howe", "15 2 * * ? *", "2026-10-02T20:00", ["2026-10-04T15:15", "2026-10-05T15:15"]),
    ("Australia/Lord_Howe", "0/15 2 4 10 ? *", "2026-10-03T00:00", ["2026-10-03T15:30", "2026-10-03T15:45"]),
    # At midnight: 2026-09-06 00:00 -04 is followed by 01:00 -03; 2026-04-05 00:00 -03 by 2026-04-04 23:00 -04.
    ("America/Santiago", "0 0 * * ? *", "2026-09-05T03:00", ["2026-09-05T04:00", "2026-09-07T03:00"]),
    (
        "America/Santiago",
        "59 23 * * ? *",
        "2026-09-05T00:00",
        ["2026-09-05T03:59", "2026-09-06T03:59", "2026-09-07T02:59"],
    ),
    ("America/Santiago", "30 23 * * ? *", "2026-04-04T12:00", ["2026-04-05T02:30", "2026-04-06T03:30"]),
    # Ramadan: 2026-02-15 03:00 +01 is followed by 02:00 +00; 2026-03-22 02:00 +00 by 03:00 +01.
    (
        "Africa/Casablanca",
        "30 2 * * ? *",
        "2026-02-14T00:00",
        ["2026-02-14T01:30", "2026-02-15T01:30", "2026-02-16T02:30"],
    ),
    ("Africa/Casablanca", "30 2 * * ? *", "2026-03-20T12:00", ["2026-03-21T02:30", "2026-03-23T01:30"]),
    # Until 2022: 2021-03-22 00:00 +03:30 was followed by 01:00 +04:30; 2021-09-22 00:00 +04:30 by 23:00 +03:30.
    ("Asia/Tehran", "30 0 * * ? *", "2021-03-20T22:00", ["2021-03-22T20:00", "2021-03-23T20:00"]),
    ("Asia/Tehran", "30 23 * * ? *", "2021-09-21T12:00", ["2021-09-21T19:00", "2021-09-22T20:00"]),
]


@pytest.mark.parametrize(("zone", "expression", "after", "expected"), CLOCK_CHANGES)
def test_a_time_that_does_not_exist_is_skipped_and_a_repeated_one_fires_once(zone, expression, after, expected):
    times = next_times(f"cron({expression})", zone, utc(after), len(expected))
    assert [f"{one.astimezone(UTC):%Y-%m-%dT%H:%M}" for one in times] == expected
    assert {str(one.tzinfo) for one in times} == {zone}


ZONES = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Casablanca",
    "Asia/Kathmandu",
]
CHANGES = [
    "2026-03-08T07",
    "2026-11-01T06",
    "2026-03-29T01",
    "2026-10-25T01",
    "2026-04-04T15",
    "2026-10-03T15",
    "2026-09-06T04",
    "2026-04-05T03",
    "2026-02-15T02",
    "2026-03-22T02",
    "2026-12-31T23",
    "2028-02-29T12",
]
NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


@st.composite
def expressions(draw):
    """An expression with a judge of local times that shares nothing with the code."""
    minute, every = draw(st.integers(0, 59)), draw(st.integers(7, 59))
    hours = draw(st.sets(st.integers(0, 23), min_size=1, max_size=24))
    text, of_day = draw(
        st.sampled_from(
            [
                ("* * ?", lambda one: one.day > 0),
                ("? * MON-FRI", lambda one: one.isoweekday() < 6),
                ("L * ?", lambda one: (one + timedelta(days=1)).day == 1),
                ("1-15 * ?", lambda one: one.day <= 15),
                ("? 1-6 SUN,3", lambda one: one.month <= 6 and NAMES[one.isoweekday() % 7] in ("SUN", "TUE")),
                ("? * SUN#1", lambda one: one.isoweekday() == 7 and one.day <= 7),
                ("? * 1L", lambda one: one.isoweekday() == 7 and (one + timedelta(days=7)).month != one.month),
            ]
        )
    )
    listed = ",".join(map(str, sorted(hours)))
    return (
        f"{minute}/{every} {listed} {text} *",
        lambda one: one.minute >= minute and (one.minute - minute) % every == 0 and one.hour in hours and of_day(one),
    )


@given(expressions(), st.sampled_from(ZONES), st.sampled_from(CHANGES), st.integers(-300, 60))
@example(
    ("0/30 1,2 * * ? *", lambda one: one.minute in (0, 30) and one.hour in (1, 2)), "America/New_York", CHANGES[1], 0
)
@settings(max_examples=150, deadline=None)
def test_a_scan_of_every_minute_finds_the_same_times(made, zone, change, offset):
    expression, fires = made
    begin = utc(change + ":00") + timedelta(minutes=offset, seconds=30)
    span = 12 * 60
    found = next_times(f"cron({expression})", zone, begin, 10_000, end=begin + timedelta(minutes=span))
    scanned, seen = [], set()
    minute = begin.replace(second=0) - timedelta(hours=3)
    while minute <= begin + timedelta(minutes=span):
        local = minute.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        if fires(local) and local not in seen and minute > begin:
            scanned.append(minute)
        seen.add(local)
        minute += timedelta(minutes=1)
    assert [one.astimezone(UTC) for one in found] == scanned
    assert all(Cron.parse(expression).matches(one) for one in found)


@given(expressions(), st.sampled_from(ZONES), st.integers(1975, 2190), st.integers(0, 366 * 1440))
@settings(max_examples=80, deadline=None)
def test_times_grow_and_lie_in_no_gap(made, zone, year, minutes):
    after = datetime(year, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    times = next_times(f"cron({made[0]})", zone, after, 20)
    instants = [one.astimezone(UTC) for one in times]
    assert len(times) == 20
    assert instants == sorted(set(instants))
    assert instants[0] > after
    for one, instant in zip(times, instants, strict=True):
        assert instant.astimezone(one.tzinfo).replace(tzinfo=None) == one.replace(tzinfo=None)
        assert made[1](one.replace(tzinfo=None, fold=0))
        assert one.fold == 0


def test_start_and_end_bound_the_times():
    bounds = {"start": utc("2026-11-23T06:00"), "end": utc("2026-11-24T06:00")}
    found = next_times("cron(0 6 * * ? *)", "UTC", utc("2026-11-21"), 9, **bounds)
    assert found == [utc("2026-11-23T06:00"), utc("2026-11-24T06:00")]
    assert next_times("cron(0 6 * * ? *)", "UTC", utc("2026-11-24T06:00"), 9, **bounds) == []


def test_a_rate_counts_from_its_creation():
    created = utc("2026-11-21T10:07:30")
    found = next_times("rate(15 minutes)", "UTC", utc("2026-11-21T10:40"), 3, anchor=created)
    assert found == [created + timedelta(minutes=m) for m in (45, 60, 75)]
    assert next_times("rate(1 hour)", "UTC", created, 1) == [created + timedelta(hours=1)]


def test_a_rate_with_a_start_date_starts_there():
    begin = utc("2026-12-01T00:00")
    found = next_times("rate(1 day)", "UTC", utc("2026-11-21"), 2, start=begin, end=utc("2026-12-01T12:00"))
    assert found == [begin]
    assert next_times("rate(1 day)", "UTC", begin, 1, start=begin) == [begin + timedelta(days=1)]


def test_a_day_of_a_rate_is_24_hours_when_the_clock_jumps():
    found = next_times("rate(1 day)", "America/New_York", utc("2026-03-07T17:00"), 2)
    assert [f"{one:%d %H:%M}" for one in found] == ["08 13:00", "09 13:00"]


def test_a_rate_ends_with_the_calendar():
    found = next_times("rate(99999 days)", "UTC", utc("2026-01-01"), 100)
    assert 20 < len(found) < 30


@pytest.mark.parametrize(
    ("zone", "moment", "expected"),
    [
        ("America/New_York", "2026-12-24T06:00:00", ["2026-12-24T11:00:00"]),
        ("America/New_York", "2026-03-08T02:30:00", []),
        ("America/New_York", "2026-11-01T01:30:00", ["2026-11-01T05:30:00"]),
        ("UTC", "2026-01-01T00:00:00", []),
    ],
)
def test_a_moment_comes_once(zone, moment, expected):
    found = next_times(f"at({moment})", zone, utc("2026-01-01"), 5)
    assert [f"{one.astimezone(UTC):%Y-%m-%dT%H:%M:%S}" for one in found] == expected


@pytest.mark.parametrize(
    "wrong", ["0 6 * * ? *", "every(1h)", "rate(1h)", "rate(0 minutes)", "rate(90 seconds)", "cron(0 6 * * *)"]
)
def test_an_expression_that_is_not_aws_own_is_refused(wrong):
    with pytest.raises(CronProblem):
        next_times(wrong, "UTC", utc("2026-01-01"), 1)


def test_no_times_are_wanted():
    assert next_times("cron(* * * * ? *)", "UTC", utc("2026-01-01"), 0) == []
