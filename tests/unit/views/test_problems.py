"""Errors in text and as the JSON document."""

from __future__ import annotations

import json
import unicodedata

from scrapectl.errors import Place, Problem, ScrapectlError, SpecError, UsageError
from scrapectl.views.output import print_document, print_event
from scrapectl.views.problems import error_document, error_text

PROBLEMS = (
    Problem('unknown key "memroy".', Place("pipeline.yaml", 40, 5), "jobs.collect", 'Did you mean "memory"?'),
    Problem("No region\x1b[2J is set."),
)


def test_text_is_a_line_for_each_problem_the_first_stands_alone():
    assert error_text(SpecError.of(PROBLEMS)).splitlines() == [
        'pipeline.yaml:40:5: jobs.collect: unknown key "memroy". Did you mean "memory"?',
        "No region is set.",
    ]


def test_text_ends_with_what_to_do():
    assert error_text(UsageError("what.", "do this.")) == "what.\ndo this."


def test_the_document_is_the_form_that_was_promised():
    assert error_document(SpecError.of(PROBLEMS)) == {
        "error": {
            "code": 4,
            "message": 'pipeline.yaml:40:5: jobs.collect: unknown key "memroy". Did you mean "memory"?',
            "problems": [
                {
                    "file": "pipeline.yaml",
                    "line": 40,
                    "column": 5,
                    "path": "jobs.collect",
                    "message": 'unknown key "memroy".',
                    "hint": 'Did you mean "memory"?',
                },
                {
                    "file": None,
                    "line": None,
                    "column": None,
                    "path": "",
                    "message": "No region is set.",
                    "hint": "",
                },
            ],
        }
    }


def test_a_hint_without_problems_ends_the_message():
    assert error_document(ScrapectlError("what.", "do this.")) == {
        "error": {"code": 1, "message": "what. do this.", "problems": []}
    }


def test_json_holds_nothing_that_a_terminal_obeys(capsys):
    nasty = {"name": "ä\x9b31m\x1b[2J\u202e\U000e0041\ud800", "list": ["\u2028"]}
    print_document(nasty)
    print_event(nasty)
    out = capsys.readouterr().out
    assert not [c for c in out if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl"} and c != "\n"]
    assert "ä" in out
    assert json.loads(out.splitlines()[-1]) == nasty
