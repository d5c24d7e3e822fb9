"""Options on both sides of a command's name, and errors as exit codes, text and JSON."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time

import pytest

from scrapectl.cli import reach
from scrapectl.cli.asking import ask
from scrapectl.cli.options import Settings, command_line
from scrapectl.errors import UsageError
from tests.cli.conftest import COMMAND

GOOD = "version: 1\npipeline: shop\njobs: {collect: {image: python:3}}\n"
STAGES = GOOD + "stages: {eu: {vars: {zip: '1'}}}\nvars: {zip: '2'}\n"
WRONG = "version: 1\npipeline: shop\njobs:\n  collect:\n    image: python:3\n    memroy: 1\n    vcpu: 1\n"


def test_a_right_spec_is_told(scrapectl, spec):
    path = spec(GOOD)
    assert scrapectl("validate", path).out == f"{path} is valid: pipeline shop, 1 job.\n"
    answer = scrapectl("validate", path, "--output", "json")
    assert answer.json == {"valid": True, "file": str(path), "pipeline": "shop", "stage": None}
    assert answer.err == ""


def test_the_spec_is_named_in_four_ways(scrapectl, spec, tmp_path, monkeypatch):
    path = spec(GOOD, name="other.yaml")
    assert scrapectl("validate", path).code == 0
    assert scrapectl("validate", "-f", path).code == 0
    assert scrapectl("validate", "--file", path, path).code == 0
    missing = scrapectl("validate")
    assert missing.code == 64
    assert "There is no pipeline.yaml here" in missing.err
    monkeypatch.setenv("SCRAPECTL_SPEC", "other.yaml")
    assert "other.yaml is valid" in scrapectl("validate").out
    spec(GOOD)
    monkeypatch.delenv("SCRAPECTL_SPEC")
    assert "pipeline.yaml is valid" in scrapectl("validate").out
    two = scrapectl("validate", path, "-f", tmp_path / "pipeline.yaml")
    assert two.code == 64
    assert "Two specs are given" in two.err


@pytest.mark.parametrize(
    "words",
    [
        ["--stage", "eu", "validate"],
        ["validate", "--stage", "eu"],
        ["--stage", "other", "validate", "--stage", "eu"],
        ["--set", "vars.zip=3", "validate", "--set", "vars.zip=4", "--stage=eu"],
        ["--output", "text", "validate", "--stage", "eu", "--output=json"],
    ],
)
def test_options_stand_before_or_after_the_name_and_the_inner_wins(words, scrapectl, spec):
    spec(STAGES)
    answer = scrapectl(*words, "--output", "json")
    assert answer.code == 0
    assert answer.json["stage"] == "eu"


def test_options_stand_between_a_group_and_its_command(scrapectl, spec):
    spec(STAGES)
    assert scrapectl("schedule", "--output", "json", "next").json == {"schedules": []}


def test_settings_given_on_both_sides_are_all_taken(scrapectl, spec, monkeypatch):
    for module in ("carrying", "pushing", "validate"):  # before the patch, so that none keeps the false one
        importlib.import_module(f"scrapectl.cli.{module}")
    seen = []
    monkeypatch.setattr(reach, "read_spec", lambda settings, *_args, **_more: seen.append(settings) or 1 / 0)
    spec(GOOD)
    scrapectl("--set", "a=1", "--profile", "p", "--debug", "destroy", "--set", "b=2", "--region", "eu-west-1")
    (settings,) = seen
    assert settings.sets == ("a=1", "b=2")
    assert (settings.profile, settings.region, settings.debug, settings.local) == ("p", "eu-west-1", True, False)


def test_two_clouds_at_once_are_refused(scrapectl):
    answer = scrapectl("pipelines", "--local", "--endpoint-url", "http://127.0.0.1:1")
    assert answer.code == 64
    assert "two different clouds" in answer.err


def test_a_wrong_spec_is_exit_4_with_every_problem(scrapectl, spec):
    path = spec(WRONG)
    answer = scrapectl("validate", path)
    assert answer.code == 4
    assert answer.out == ""
    assert answer.err.splitlines() == [
        f'{path}:6:5: jobs.collect: unknown key "memroy". Did you mean "memory"?',
        f'{path}:7:5: jobs.collect: unknown key "vcpu". Did you mean "vcpus"?',
    ]


def test_a_wrong_spec_in_json(scrapectl, spec):
    path = spec(WRONG)
    answer = scrapectl("validate", path, "--output", "json")
    assert answer.code == 4
    assert answer.err == ""
    assert answer.json["error"]["code"] == 4
    assert answer.json["error"]["message"] == answer.json["error"]["problems"][0]["file"] + ":6:5: " + (
        'jobs.collect: unknown key "memroy". Did you mean "memory"?'
    )
    assert answer.json["error"]["problems"][1] == {
        "file": str(path),
        "line": 7,
        "column": 5,
        "path": "jobs.collect",
        "message": 'unknown key "vcpu".',
        "hint": 'Did you mean "vcpus"?',
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bogus"], 'There is no command "bogus".'),
        (["statsu"], 'Did you mean "status"?'),
        (["schedule", "nxt"], 'Did you mean "next"?'),
        (["local", "start", "--port", "5000"], "--port goes with --foreground."),
        (["plan", "--bogus"], "--bogus"),
        (["run"], "Missing argument 'NAME'."),
        (["validate", "a", "b"], "unexpected extra argument"),
        (["plan", "--output", "xml"], "'xml' is not one of"),
        (["logs", "--last", "0"], "0 is not in the range"),
        (["run", "x", "--pipeline", "p", "-f", "f"], "--pipeline goes without a spec"),
        (["apply", "--plan", "none"], "is no plan"),
    ],
)
def test_wrong_usage_is_64_in_text_and_in_json(words, said, scrapectl):
    text = scrapectl(*words)
    assert (text.code, text.out) == (64, "")
    assert said in text.err
    answer = scrapectl(*words[:1], "--output=json", *words[1:])
    if "xml" not in words:
        assert (answer.code, answer.err) == (64, "")
        assert said in answer.json["error"]["message"]
        assert answer.json["error"]["code"] == 64


def failing(monkeypatch, error):
    def fail(*_args, **_more):
        raise error

    monkeypatch.setattr(reach, "read_spec", fail)
    # validate bound the name when it was imported
    from scrapectl.cli import validate  # noqa: PLC0415

    monkeypatch.setattr(validate, "read_spec", fail)


def test_an_unexpected_error_is_one_line_and_a_traceback_only_with_debug(scrapectl, monkeypatch):
    failing(monkeypatch, KeyError("x\nsecond line"))
    answer = scrapectl("validate")
    assert answer.code == 1
    assert answer.err.splitlines() == [
        r"unexpected error: KeyError: 'x\nsecond line'",
        "Run it with --debug to see where it comes from.",
    ]
    for words in (["validate", "-v"], ["-v", "validate"]):
        told = scrapectl(*words)
        assert "Traceback (most recent call last)" in told.err
        assert told.code == 1


def test_a_character_that_standard_output_cannot_hold_is_spelled_out(process, spec):
    path = spec(GOOD.replace("collect", "caf\u00e9"))
    for words in (["doctor", path], ["doctor", path, "--output", "json"]):  # by rich, and without it
        answer = process(*words, PYTHONIOENCODING="ascii")
        assert r"caf\xe9" in answer.out, answer
        assert "unexpected" not in answer.err


def test_a_closed_standard_input_is_nobody_to_ask(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match="There is nobody to ask"):
        ask("Apply this?", "Give --yes.")


def test_forms_that_exclude_each_other_are_told_before_aws_is_asked(scrapectl, spec):
    spec(GOOD)
    for words in (["--markdown", "--output", "json"], ["--markdown", "--calls"]):
        assert scrapectl("plan", *words, "--region", "eu-west-1").code == 64


@pytest.mark.parametrize("words", [("--output", "json", "validate"), ("validate", "--output", "json")])
def test_an_error_has_the_form_that_was_asked_for_on_either_side_of_the_command(scrapectl, words):
    answer = scrapectl(*words, "nowhere.yaml")
    assert answer.json["error"]["code"] == answer.code == 64
    assert answer.err == ""
    assert scrapectl("--output", "json", "run").json["error"]["message"].startswith("Missing argument 'NAME'.")


def test_ctrl_c_is_130(scrapectl, monkeypatch):
    failing(monkeypatch, KeyboardInterrupt())
    assert scrapectl("validate").code == 130
    assert scrapectl("validate", "--output", "json").json["error"]["code"] == 130


def test_words_after_two_dashes_are_no_options(scrapectl):
    answer = scrapectl("run", "x", "--", "--output", "json")
    assert answer.code == 64
    assert answer.out == ""


def test_a_reader_that_leaves_is_no_error(spec):
    path = spec("version: 1\npipeline: shop\njobs: {a: {image: x:1, schedules: {m: {rate: 1m}}}}\n")
    words = ["schedule", "next", "-f", str(path), "-n", "1000"]
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as closed:  # noqa: PTH123 - a file descriptor
        ended = subprocess.run([*COMMAND, *words], stdout=closed, stderr=subprocess.PIPE, check=False)
    assert ended.stderr == b""
    assert ended.returncode == 141


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "No region is set."),
        ({"AWS_REGION": "eu-west-1"}, "No AWS credentials were found."),
        ({"AWS_REGION": "eu-west-1", "AWS_PROFILE": "none"}, "There is no AWS profile 'none'."),
        (
            {
                "AWS_REGION": "eu-west-1",
                "AWS_ACCESS_KEY_ID": "x",
                "AWS_SECRET_ACCESS_KEY": "x",
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            },
            "AWS cannot be reached",
        ),
    ],
)
def test_a_machine_that_is_not_ready_is_one_clear_line(environment, said, scrapectl, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    began = time.monotonic()
    answer = scrapectl("pipelines")
    assert answer.code == 1
    assert said in answer.err.splitlines()[0]
    assert "Traceback" not in answer.err
    assert time.monotonic() - began < 5


def test_a_command_to_type_next_goes_where_this_one_went(monkeypatch):
    here = Settings(local=True, region="eu-west-1", stage="a b")
    assert command_line(here, "logs x") == "scrapectl --local --region eu-west-1 --stage 'a b' logs x"
    monkeypatch.setenv("SCRAPECTL_LOCAL", "1")
    assert command_line(Settings(local=True), "logs x") == "scrapectl logs x"
    monkeypatch.setenv("SCRAPECTL_LOCAL", "0")
    assert command_line(Settings(local=True), "logs x") == "scrapectl --local logs x"
    assert reach.Reached("shop.eu", None, None).words == " --pipeline shop"
