"""Stages and `--set`: how they are laid over a spec, in which order, and where what they say stands."""

from __future__ import annotations

import pytest

from scrapectl.errors import SpecError, UsageError
from scrapectl.spec import check_text

SPEC = """\
pipeline: shop
vars: {zip: "1"}
stages:
  prod:
    vars: {zip: "2"}
    jobs:
      a:
        command: [new]
        memory: "4 GB"
        disk: null
        environment: {MORE: x, LESS: null}
  empty:
jobs:
  a:
    image: x
    command: [old, words]
    disk: 50
    environment: {ZIP: "${var.zip}", LESS: y}
  b:
    image: x
"""


def job(**options: object):
    return check_text(SPEC, "f", **options).jobs["a"]


def problems_of(text: str = SPEC, **options: object) -> list[str]:
    with pytest.raises(SpecError) as caught:
        check_text(text, "f", **options)
    return [str(problem) for problem in caught.value.problems]


def test_without_a_stage_nothing_of_a_stage_is_there():
    assert (job().command, job().memory, job().disk) == (("old", "words"), 2048, 50)
    assert job().environment == {"ZIP": "1", "LESS": "y"}


def test_a_stage_merges_maps_replaces_lists_and_removes_with_null():
    prod = job(stage="prod")
    assert (prod.image, prod.command, prod.memory, prod.disk) == ("x", ("new",), 4096, None)
    assert prod.environment == {"ZIP": "2", "MORE": "x"}


def test_what_a_stage_says_stands_in_the_stage():
    prod = job(stage="prod")
    assert [prod.place_of(key).line for key in ("memory", "command", "environment.MORE", "environment.ZIP")] == [
        9,
        8,
        11,
        18,
    ]
    assert prod.where.line == 14


def test_an_empty_stage_changes_nothing():
    assert job(stage="empty").memory == 2048


def test_the_instance_is_pipeline_and_stage():
    assert (check_text(SPEC).owner, check_text(SPEC, stage="prod").owner) == ("shop", "shop.prod")


@pytest.mark.parametrize(
    ("stage", "hint"), [("prd", 'Did you mean "prod"?'), ("Prod", "Write to 20 lower"), ("a" * 21, "Write to 20 lower")]
)
def test_an_unknown_stage_is_wrong_usage(stage, hint):
    with pytest.raises(UsageError) as caught:
        check_text(SPEC, stage=stage)
    assert caught.value.hint.startswith(hint)
    assert caught.value.exit_code == 64


def test_a_spec_without_stages_has_any():
    assert check_text("pipeline: shop", stage="eu").owner == "shop.eu"


def test_a_stage_may_add_an_entry_and_remove_one():
    text = "pipeline: shop\nbuckets: {raw: {versioned: true}}\n"
    text += "stages: {eu: {buckets: {raw: null, more: {versioned: true, archive: null}}}}\n"
    assert list(check_text(text, stage="eu").buckets) == ["more"]
    assert check_text(text, stage="eu").buckets["more"].archive is None


@pytest.mark.parametrize(
    ("stage", "problem"),
    [
        ("{varz: {}}", 'f:2:15: stages.eu: unknown key "varz". Did you mean "vars"?'),
        ("{pipeline: y}", 'f:2:15: stages.eu: "pipeline" cannot differ in a stage. Remove it.'),
        ("[a]", "f:2:10: stages.eu: must be a map, not a list. Write a map."),
    ],
)
def test_every_stage_is_checked_also_one_that_is_not_asked_for(stage, problem):
    assert problems_of(f"pipeline: shop\nstages: {{eu: {stage}}}\n") == [problem]


def test_the_name_of_a_stage_is_a_name():
    assert "stages.EU" in problems_of("pipeline: shop\nstages: {EU: }\n")[0]


def test_what_is_wrong_in_a_stage_is_told_there():
    text = SPEC.replace("4 GB", "4 TB")
    assert problems_of(text, stage="prod")[0].startswith('f:9:9: jobs.a.memory: "4 TB" is no amount of memory.')
    assert check_text(text).jobs["a"].memory == 2048


@pytest.mark.parametrize(
    ("setting", "attribute", "value"),
    [
        ("jobs.a.memory=4096", "memory", 4096),
        ("jobs.a.memory=8 GB", "memory", 8192),
        ("jobs.a.disk=null", "disk", None),
        ("jobs.a.disk=", "disk", None),
        ("jobs.a.command=[x, 'y=z', 007]", "command", ("x", "y=z", "007")),
        ("vars.zip=07", "environment", {"ZIP": "07", "LESS": "y"}),
        ("jobs.a.environment.NEW=a: b", "environment", None),
        ("jobs.a.environment={ZIP: q}", "environment", {"ZIP": "q", "LESS": "y"}),
        ("jobs.a.image=${pipeline}:${var.zip}", "image", "shop:1"),
    ],
)
def test_a_setting_is_merged_as_yaml(setting, attribute, value):
    if setting.endswith("a: b"):
        assert "must be text" in problems_of(settings=[setting])[0]
    else:
        assert getattr(job(settings=[setting]), attribute) == value


def test_settings_come_after_the_stage_and_later_ones_win():
    settings = ["jobs.a.memory=3072", "jobs.a.memory=5120"]
    assert job(stage="prod", settings=settings).memory == 5120


def test_a_setting_may_make_what_was_not_there():
    spec = check_text("pipeline: shop", settings=["buckets.raw.versioned=true", "jobs.a.image=x"])
    assert spec.buckets["raw"].versioned
    assert spec.jobs["a"].image == "x"


def test_what_a_setting_says_stands_at_the_setting():
    assert str(job(settings=["vars.zip=3", "jobs.a.memory=4096"]).place_of("memory")) == "--set:2:1"
    assert problems_of(settings=["jobs.a.memroy=1"]) == [
        '--set:1:1: jobs.a: unknown key "memroy". Did you mean "memory"?'
    ]


@pytest.mark.parametrize("setting", ["memory", "=5", "jobs..a=1", ".=1"])
def test_a_setting_that_is_none_is_wrong_usage(setting):
    with pytest.raises(UsageError, match="is not path=value"):
        check_text(SPEC, settings=[setting])


def test_a_setting_is_of_the_stage_that_is_asked_for():
    with pytest.raises(UsageError, match="cannot change a stage"):
        check_text(SPEC, settings=["stages.prod.vars.x=1"])


def test_a_setting_of_what_the_file_lacks_is_told():
    assert problems_of(settings=["jobs.other.memory=4096"]) == [
        '--set:1:1: jobs.other: the file has none, and "image" is missing. Set a key of one that it has.'
    ]


@pytest.mark.parametrize("value", ["[a", "{a: 1, a: 2}", "!!python/object:x {}", "*x", "\x1b[2J"])
def test_a_setting_with_a_hostile_value_is_refused(value):
    assert problems_of(settings=[f"jobs.a.command={value}"])[0].startswith("--set:")
