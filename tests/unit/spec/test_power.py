"""Power hours: which schedules of a job meet their database up, and how long it may be left stopped."""

from __future__ import annotations

import pytest

from scrapectl.errors import SpecError
from scrapectl.spec import check_text

HEAD = "pipeline: shop\n"
NIGHT = '{start: "30 2 * * ? *", stop: "30 6 * * ? *", timezone: America/New_York}'
# Up from Monday morning to Friday evening.
WEEK = '{start: "0 8 ? * MON *", stop: "0 18 ? * FRI *"}'
# Stopped each evening, whether or not it was started that day.
TUESDAYS = '{start: "0 8 ? * TUE *", stop: "0 18 * * ? *"}'


def problems_of(power: str, schedule: str) -> list[str]:
    text = (
        f"{HEAD}databases: {{r: {{engine: mysql, version: 8.4, power: {power}}}}}\n"
        f"jobs: {{a: {{image: x, access: {{connect: [r]}}, schedules: {{s: {schedule}}}}}}}\n"
    )
    try:
        check_text(text, "f")
    except SpecError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("power", "schedule"),
    [
        (NIGHT, '{cron: "30 2 * * ? *", timezone: America/New_York}'),
        (NIGHT, '{cron: "29 6 * * ? *", timezone: America/New_York}'),
        (NIGHT, '{cron: "45 6 * * ? *"}'),  # in summer alone, when New York is four hours behind
        (NIGHT, '{cron: "15 11 * * ? *"}'),  # in winter alone
        (NIGHT, '{cron: "0 * * * ? *"}'),
        (NIGHT, '{cron: "0 4 29 2 ? *", timezone: America/New_York}'),
        (NIGHT, '{cron: "0 4 1 1 ? 2150", timezone: America/New_York}'),
        (NIGHT, '{cron: "15 2 * * ? *", timezone: America/New_York, flex: 30m}'),
        (NIGHT, "{at: 2026-12-24T05:00:00, timezone: America/New_York}"),
        (NIGHT, "{at: 2020-12-24T12:00:00, timezone: America/New_York}"),  # will not come again
        (NIGHT, "{rate: 1d}"),  # begins when it is made, which nobody knows here
        (NIGHT, '{cron: "0 12 * * ? *", timezone: America/New_York, enabled: false}'),
        (NIGHT, '{cron: "0 12 * * ? 2030", to_date: 2029-01-01T00:00:00Z}'),  # never starts at all
        (WEEK, '{cron: "0 3 ? * WED *"}'),
        (WEEK, '{cron: "0 6 1 1 ? *"}'),  # some years on a Saturday
        (TUESDAYS, '{cron: "0 9 * * ? *"}'),
    ],
)
def test_a_schedule_that_ever_meets_its_database_up_is_right(power, schedule):
    assert problems_of(power, schedule) == []


@pytest.mark.parametrize(
    ("power", "key", "schedule"),
    [
        (NIGHT, "cron", '{cron: "29 2 * * ? *", timezone: America/New_York}'),
        (NIGHT, "cron", '{cron: "30 6 * * ? *", timezone: America/New_York}'),
        (NIGHT, "cron", '{cron: "0 12 29 2 ? *"}'),
        (NIGHT, "cron", '{cron: "0 2 * * ? *", timezone: America/New_York, flex: 15m}'),
        (NIGHT, "at", "{at: 2026-12-24T12:00:00, timezone: America/New_York}"),
        # In summer alone, which the dates leave out.
        (NIGHT, "cron", '{cron: "45 6 * * ? *", from_date: 2026-12-01T00:00:00Z, to_date: 2027-02-01T00:00:00Z}'),
        (WEEK, "cron", '{cron: "0 12 ? * SAT,SUN *"}'),
        (TUESDAYS, "cron", '{cron: "0 9 ? * WED-MON *"}'),
    ],
)
def test_a_schedule_that_never_meets_its_database_up_is_told_at_its_line(power, key, schedule):
    problems = problems_of(power, schedule)
    assert len(problems) == 1
    assert f': jobs.a.schedules.s.{key}: never starts while the database "r" is up (' in problems[0]
    assert problems[0].startswith("f:3:")


@pytest.mark.parametrize(("start", "stop"), [(3, 9), (22, 4), (0, 23)])
def test_up_is_from_the_start_until_the_stop(start, stop):
    up = {(start + hour) % 24 for hour in range((stop - start) % 24)}
    power = f'{{start: "0 {start} * * ? *", stop: "0 {stop} * * ? *"}}'
    right = {hour for hour in range(24) if not problems_of(power, f'{{cron: "0 {hour} * * ? *"}}')}
    assert right == up


@pytest.mark.parametrize(
    ("power", "days"),
    [
        ('{start: "0 6 ? * MON *", stop: "0 6 ? * TUE *"}', None),  # six days
        ('{start: "0 6 ? * MON *", stop: "0 5 ? * MON *"}', None),
        ('{start: "0 6 1 * ? *", stop: "0 6 * * ? *"}', None),  # the daily stop holds it
        ('{start: "0 6 1 * ? *", stop: "0 5 1 * ? *"}', None),
        ('{start: "0 6 1,15 * ? *", stop: "0 6 2 * ? *"}', 13),
        ('{start: "0 6 1 1 ? *", stop: "0 6 1 2 ? *"}', 335),
        ('{start: "0 6 1 1 ? 2020", stop: "0 6 2 1 ? 2020"}', None),  # long over
    ],
)
def test_aws_starts_again_what_is_stopped_for_more_than_a_week(power, days):
    problems = problems_of(power, "{rate: 1d}")
    told = [f"leaves it stopped for {days} days, and AWS starts it again after 7." in problem for problem in problems]
    assert told == ([] if days is None else [True])


@pytest.mark.parametrize(
    ("window", "right"),
    [("sat:07:30-sat:08:00", True), ("sat:11:00-sat:11:30", True), ("sat:05:30-sat:06:30", False)],
)
def test_changes_that_wait_for_a_window_need_the_database_up_in_it(window, right):
    more = f"changes: window, maintenance: {window}"
    text = f"{HEAD}databases: {{r: {{engine: mysql, version: 8.4, {more}, power: {NIGHT}}}}}"
    if right:
        assert check_text(text).databases["r"].maintenance == window
    else:
        with pytest.raises(SpecError, match="never up in that window"):
            check_text(text)


def test_dense_crons_are_soon_looked_through():
    """Starts and stops each minute, against a schedule of each second week: the windows keep the work small."""
    power = '{start: "0/2 * * * ? *", stop: "1/2 * * * ? *"}'
    assert problems_of(power, '{cron: "2 12 * * ? *"}') == []
    assert len(problems_of(power, '{cron: "3 12 1,15 * ? *"}')) == 1
