"""Which expressions EventBridge takes, and what is said about those it refuses."""

from __future__ import annotations

import time

import pytest

from scrapectl.spec.cron import Cron, CronProblem, check_at, check_cron, check_rate, check_timezone, to_aws

ACCEPTED = """
0 6 * * ? *            | 0 6 ? * * *           | * * * * ? *          | 0/15 * * * ? *        | */5 * * * ? *
0/5 8-17 ? * MON-FRI * | 0 9 ? * 2#1 *         | 30 7 ? * MON#1 *     | 0 0 ? * 7#5 *         | 15 10 ? * 6L 2019-2022
0 10 ? * FRIL *        | 0 10 ? * L *          | 0 18 L * ? *         | 0 18 LW * ? *         | 0 8 15W * ? *
0 8 31W * ? *          | 0 8 1W * ? *          | 0 0 1 JAN,JUL ? *    | 0 0 1 jan-mar ? *     | 0 0 ? * Mon-Fri *
0 22-3 * * ? *         | 0 0 ? * SAT-THU *     | 0 0 1 NOV-FEB ? *    | 50-10 * * * ? *       | 0 0 25-5 * ? *
0 11-23/2 * * ? *      | 0 1-7/2,20 * * ? *    | 0 0 1/10 * ? *       | 0 0 1 1/3 ? *         | 0 0 1 * ? 2026/2
0 0 1 1 ? 1970         | 59 23 31 12 ? 2199    | 0 0 30 2 ? *         | 00 06 01 01 ? *       | 0 0 1 * ? 2026,2030-2035
*/59 * * * ? *         | 0 */23 * * ? *        | 0 0 */31 * ? *       | 0 0 1 */12 ? *        | 0 0 ? * 1,7 *
"""

#: The expression, and words that must stand in what is said about it.
REFUSED = [
    ("", ["0 fields", "six"]),
    ("0 6 * * *", ["5 fields", 'Write "0 6 * * ? *"']),
    ("*/15 * * * *", ['Write "*/15 * * * ? *"']),
    ("0 6 * * 1-5", ['Write "0 6 ? * 2-6 *"']),
    ("0 6 * * 0", ['Write "0 6 ? * 1 *"']),
    ("0 6 * * 7", ['Write "0 6 ? * 1 *"']),
    ("0 6 * * ?", ['Write "0 6 * * ? *"']),
    ("0 6 1 * 1", ["5 fields", "for example"]),
    ("0 0 6 * * ? *", ["7 fields", 'Write "0 6 * * ? *"']),
    ("0 0 6 * * ?", ["no seconds", 'write "0 6 * * ? *"']),
    ("0 0 6 ? * MON", ["no seconds", 'write "0 6 ? * MON *"']),
    ("6", ["1 field;"]),
    ("@daily", ["@daily", 'write "0 0 * * ? *"']),
    ("cron(0 6 * * ? *)", ["added for you", 'write "0 6 * * ? *"']),
    ("CRON( 0 6 * * ? * )", ["added for you", 'write "0 6 * * ? *"']),
    ("0 18 * * * *", ["neither is", 'write "0 18 * * ? *"']),
    ("0 18 * * MON *", ["neither is", 'write "0 18 ? * MON *"']),
    ("0 18 1 * * *", ["neither is", 'write "0 18 1 * ? *"']),
    ("0 18 1 * MON *", ["neither is", 'write "0 18 1 * ? *"', "second schedule for day-of-week MON"]),
    ("0 18 ? * ? *", ["both are", 'write "0 18 * * ? *"']),
    ("60 * * * ? *", ["minutes", '"60"', "0-59"]),
    ("-1 * * * ? *", ["minutes", "missing"]),
    ("5- * * * ? *", ["minutes", "missing"]),
    ("5-60 * * * ? *", ["minutes", '"60"']),
    ("000 * * * ? *", ["minutes", '"000"']),
    ("1.5 * * * ? *", ["minutes", '"1.5"']),
    ("\u0665 * * * ? *", ["minutes", "0-59"]),
    ("0 24 * * ? *", ["hours", "0-23"]),
    ("0 0 0 * ? *", ["day-of-month", "1-31"]),
    ("0 0 32 * ? *", ["day-of-month", "1-31"]),
    ("0 0 32W * ? *", ["day-of-month", "1-31"]),
    ("0 0 1 0 ? *", ["month", "1-12 or JAN-DEC"]),
    ("0 0 1 13 ? *", ["month", "1-12 or JAN-DEC"]),
    ("0 0 1 FOO ? *", ["month", '"FOO"']),
    ("0 0 1 JANUARY ? *", ["month", "Write JAN"]),
    ("0 0 1 MON ? *", ["month", '"MON"']),
    ("0 0 ? * 0 *", ["1 = Sunday", "SUN"]),
    ("0 0 ? * 8 *", ["day-of-week", "1-7 or SUN-SAT"]),
    ("0 0 ? * MONDAY *", ["day-of-week", "Write MON"]),
    ("0 0 ? * JAN *", ["day-of-week", '"JAN"']),
    ("0 0 1 1 ? 1969", ["year", "1970-2199"]),
    ("0 0 1 1 ? 2200", ["year", "1970-2199"]),
    ("0 0 1 1 ? 26", ["year", "1970-2199"]),
    ("0 0 1 1 ? 2030-2020", ["backwards", '"2020-2030"']),
    ("0/0 * * * ? *", ["step of 0", 'write "0"']),
    ("*/0 * * * ? *", ["step of 0"]),
    ("*/60 * * * ? *", ["larger than 59", "1-59"]),
    ("0/99999 * * * ? *", ["whole number"]),
    ("0 */24 * * ? *", ["larger than 23"]),
    ("0 0 */32 * ? *", ["larger than 31"]),
    ("0 0 1 */13 ? *", ["larger than 12"]),
    ("0/ * * * ? *", ["whole number", "0/2"]),
    ("0/x * * * ? *", ["whole number"]),
    ("0/5/5 * * * ? *", ["whole number"]),
    ("/5 * * * ? *", ['write "0/5"']),
    ("0 0 ? * MON/2 *", ["steps are not allowed", "MON,WED,FRI"]),
    ("0 0 ? * */2 *", ["steps are not allowed"]),
    ("1,,2 * * * ? *", ["extra comma"]),
    ("1, * * * ? *", ["extra comma"]),
    ("*,5 * * * ? *", ['write "*" alone']),
    ("? * * * ? *", ["minutes", "day-of-month and day-of-week only"]),
    ("0 0 ?,1 * ? *", ["must stand alone"]),
    ("0 0 1 * ? ?", ["year", '"?"']),
    ("0 0 L-3 * ? *", ["offset", 'write "L"']),
    ("0 0 ? * L-2 *", ["offset"]),
    ("0 0 15,L * ? *", ["alone", "no list"]),
    ("0 0 LW,1 * ? *", ["alone", "no list"]),
    ("0 0 1W,15W * ? *", ["alone", "no list"]),
    ("0 0 1-5W * ? *", ["alone", "range"]),
    ("0 0 W * ? *", ["15W"]),
    ("0 0 15L * ? *", ["15W"]),
    ("0 0 ? * 6L,2L *", ["alone", "no list"]),
    ("0 0 ? * 5W *", ["day-of-month"]),
    ("L * * * ? *", ["not allowed here"]),
    ("0 0 1 L ? *", ["not allowed here"]),
    ("0 0 ? * 3#1,6#3 *", ["#", "one schedule for each"]),
    ("0 0 ? * MON#1,TUE *", ["#", "alone"]),
    ("0 0 ? * 3#6 *", ['write "3#1"']),
    ("0 0 ? * 3#0 *", ['write "3#1"']),
    ("0 0 ? * 3# *", ['write "3#1"']),
    ("0 0 ? * 8#1 *", ["1-7 or SUN-SAT"]),
    ("0 0 ? * #1 *", ["missing"]),
    ("0 0 3#1 * ? *", ["#", "day-of-week"]),
    ("0 0 1 1 ? *; rm -rf /", ["fields"]),
    ("0 0 1 " + "1," * 200 + "1 ? *", ["at most 256 characters"]),
]


@pytest.mark.parametrize("text", [one.strip() for one in ACCEPTED.replace("\n", "|").split("|") if one.strip()])
def test_accepted(text):
    assert check_cron(text) is None
    assert to_aws("cron", text) == f"cron({text.upper()})"


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_refused_with_what_to_write_instead(text, words):
    said = check_cron(text)
    assert said is not None
    assert [word for word in words if word not in said] == []
    with pytest.raises(CronProblem, match=r"."):
        Cron.parse(text)


def test_what_is_suggested_is_accepted():
    suggestions = [check_cron(text).rpartition('rite "')[2].partition('"')[0] for text, words in REFUSED[1:7]]
    assert [check_cron(one) for one in suggestions] == [None] * 6


def test_spaces_and_case_do_not_matter_to_what_aws_is_told():
    assert to_aws("cron", " 0\t6  ?  * mon-Fri * ") == "cron(0 6 ? * MON-FRI *)"


def test_a_hostile_expression_is_refused_at_once():
    begun = time.perf_counter()
    for text in ["0/0 0/0 0/0 0/0 ? 0/0", "*" * 10_000, "9" * 10_000 + " * * * ? *", ",".join("1" * 9_999)]:
        assert check_cron(text)
    assert time.perf_counter() - begun < 0.5


@pytest.mark.parametrize(
    ("text", "aws"),
    [
        ("1m", "rate(1 minute)"),
        ("15m", "rate(15 minutes)"),
        ("1h", "rate(1 hour)"),
        ("36h", "rate(36 hours)"),
        ("1d", "rate(1 day)"),
        ("7d", "rate(7 days)"),
    ],
)
def test_rates(text, aws):
    assert check_rate(text) is None
    assert to_aws("rate", text) == aws


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("90s", '"2m"'),
        ("120s", '"2m"'),
        ("20s", '"1m"'),
        ("0m", "never moves on"),
        ("1w", '"7d"'),
        ("1.5h", "whole"),
        ("-1h", "whole"),
        ("1 h", "whole"),
        ("h", "whole"),
        ("", "whole"),
        ("rate(1 hour)", "added for you"),
        ("100000d", "too long"),
    ],
)
def test_refused_rates(text, word):
    assert word in (check_rate(text) or "")


def test_a_moment():
    assert check_at("2026-12-24T06:00:00") is None
    assert to_aws("at", "2026-12-24T06:00:00") == "at(2026-12-24T06:00:00)"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("2026-12-24T06:00:00Z", "timezone"),
        ("2026-12-24T06:00:00+01:00", "timezone"),
        ("2026-12-24T06:00", "hours:minutes:seconds"),
        ("2026-12-24 06:00:00", "T06"),
        ("2026-12-24T06:00:00.5", "hours:minutes:seconds"),
        ("2026-02-30T06:00:00", "calendar"),
        ("2026-12-24T24:00:00", "calendar"),
        ("1969-12-24T06:00:00", "1970-2199"),
        ("at(2026-12-24T06:00:00)", "added for you"),
        ("tomorrow", "moment"),
    ],
)
def test_refused_moments(text, word):
    assert word in (check_at(text) or "")


def test_an_unknown_kind_of_schedule():
    with pytest.raises(CronProblem, match="cron, rate or at"):
        to_aws("every", "1h")


@pytest.mark.parametrize("zone", ["UTC", "America/Detroit", "Australia/Lord_Howe", "Etc/GMT+5"])
def test_time_zones(zone):
    assert check_timezone(zone) is None


@pytest.mark.parametrize(
    ("zone", "word"),
    [
        ("america/detroit", '"America/Detroit"'),
        ("Amercia/Detroit", '"America/Detroit"'),
        ("Mars/Olympus", "IANA"),
        ("", "IANA"),
        ("../../etc/passwd", "IANA"),
    ],
)
def test_unknown_time_zones(zone, word):
    assert word in (check_timezone(zone) or "")
