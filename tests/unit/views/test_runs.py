"""Runs as text and JSON: a failed array shows the first of its failed children."""

from __future__ import annotations

from dataclasses import replace

from scrapectl.operate.logs import Line
from scrapectl.operate.run import Run
from scrapectl.views.embedded import status_lines
from scrapectl.views.runs import failed_lines, line_document, line_text, run_document, run_rows


def array(failed: int) -> Run:
    kids = tuple(
        Run(f"r:{n}", "scrape", "FAILED", exit_code=n or None, reason=f"why {n}", index=n) for n in range(failed)
    )
    return Run("r", "scrape", "FAILED", size=9, failed=kids)


def test_five_failed_children_are_shown_and_the_others_counted():
    assert failed_lines(array(7)) == [
        "  child 0 FAILED: why 0",
        "  child 1 FAILED, exit code 1: why 1",
        "  child 2 FAILED, exit code 2: why 2",
        "  child 3 FAILED, exit code 3: why 3",
        "  child 4 FAILED, exit code 4: why 4",
        "  and 2 more of 9",
    ]
    rows = run_rows([array(7)], 0.0)
    assert [row[0] for row in rows] == ["r", *(f"- child {n}" for n in range(5)), "- and 2 more"]
    assert {len(row) for row in rows} == {7}
    document = run_document(array(7), None, 0.0)
    assert (document["failed"], len(document["failed_children"])) == (7, 5)


def test_a_run_without_failed_children_says_nothing_of_them():
    assert failed_lines(array(0)) == []
    assert "failed" not in run_document(array(0), None, 0.0)


def test_one_thing_in_the_embedded_cloud_is_in_the_singular():
    class Status:
        running, current, uptime, memory, engine, notes = True, True, 1.0, 1, "", ()
        resources = {"scheduling policies": 1, "buckets": 2, "databases": 1}  # noqa: RUF012

        class endpoint:  # noqa: N801
            url, access_key, secret_key, region = "u", "a", "s", "r"

    assert status_lines(Status())[2:] == ["  2 buckets", "  1 database", "  1 scheduling policy"]


def test_lines_say_what_they_are_of_when_there_are_several():
    line = Line("0123456789", 0.0, "text \x1b[31mred")
    assert line_text(line, several=False) == "00:00:00 text red"
    assert line_text(line, several=True) == "00:00:00 [01234567] text red"
    assert line_text(replace(line, index=3), several=True) == "00:00:00 [3] text red"
    assert line_text(replace(line, index=3, of="call\n\x1b[2Jx"), several=True) == "00:00:00 [call x 3] text red"
    assert line_document(line) == {"run": "0123456789", "at": "1970-01-01T00:00:00.000Z", "text": "text red"}


def test_a_functions_answer_is_a_part_of_its_run():
    run = Run("r", "publish", "SUCCEEDED", kind="function", answer='{"n": "\x1b[31m"}')
    assert run_document(run, run.code, 0.0)["answer"] == '{"n": ""}'
    assert "answer" not in run_document(Run("r", "collect", "SUCCEEDED"), 0, 0.0)
