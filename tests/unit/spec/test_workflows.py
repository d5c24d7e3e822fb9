"""Workflows and triggers: what reaches the model, and every problem in the words a user reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrapectl.errors import SpecError
from scrapectl.spec import check_text
from scrapectl.spec.model import (
    BucketPlace,
    CallStep,
    CopyStep,
    FilePlace,
    MessageEvent,
    OfRun,
    ParallelStep,
    RunStep,
    Template,
    UploadEvent,
    WaitStep,
)

HEAD = """pipeline: shop
buckets: {raw: , reports: }
filesystems: {work: {paths: {data: }}}
message_queues: {rows: }
job_queues: {default: {shares: {low: 1, high: 2}}}
secrets: {key: {generate: 32}}
jobs: {a: {image: x, secrets: {SECRET: key}}}
functions: {f: {image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/f:1, secrets: {HIDDEN: key}}}
"""
LINES = HEAD.count("\n")


def spec_of(text: str, folder: Path = Path()):
    return check_text(HEAD + text, "f", env={}, folder=folder)


def problems_of(text: str, **options) -> list[str]:
    """The problems, with lines counted from the first of the text."""
    with pytest.raises(SpecError) as caught:
        check_text(HEAD + text, "f", **{"env": {}, **options})
    told = []
    for problem in caught.value.problems:
        file, line, rest = str(problem).split(":", 2)
        told.append(f"{file}:{int(line) - LINES}:{rest}" if file == "f" else str(problem))
    return told


def test_steps_become_what_they_say():
    steps = (
        spec_of("""workflows:
  w:
    steps:
      - copy: {from: raw/in/, to: work/data/in}
      - run: a
      - run: {job: a, environment: {OUT: "o/${run}"}, share: high, array: 3, timeout: 20m}
      - call: {function: f, environment: {KEY: "${key}"}}
      - parallel: [[{wait: 5m}], [{run: a}, {call: f}]]
      - copy: {from: work/data/out, to: reports/o/, only: "${run}"}
""")
        .workflows["w"]
        .steps
    )
    copied, plain, run, called, parallel, back = steps
    assert isinstance(copied, CopyStep)
    assert (copied.source, copied.target) == (BucketPlace("raw", "in/"), FilePlace("work", "data/in"))
    assert copied.only is None
    assert isinstance(plain, RunStep)
    assert (plain.job, plain.environment, plain.share, plain.array, plain.timeout) == ("a", {}, None, None, None)
    assert isinstance(run, RunStep)
    assert run.environment == {"OUT": Template(("o/", OfRun("run")))}
    assert (run.share, run.array, run.timeout) == ("high", 3, 1200)
    assert isinstance(called, CallStep)
    assert called.environment == {"KEY": Template((OfRun("key"),))}
    assert isinstance(parallel, ParallelStep)
    assert [[type(step) for step in branch] for branch in parallel.branches] == [[WaitStep], [RunStep, CallStep]]
    assert isinstance(back, CopyStep)
    assert back.only == Template((OfRun("run"),))
    assert (back.origin, back.where.line) == ("workflows.w.steps.5.copy", LINES + 9)


def test_triggers_become_what_they_say():
    triggers = spec_of("""workflows: {w: {steps: [{run: a}]}}
triggers:
  up: {on: {upload: raw/in/, suffix: .csv}, via: cloudtrail, start: {workflow: w}, deliver: {retries: 9}}
  rows: {on: {message_queue: rows, batch: 20, window: 5s}, start: {function: f}}
  on: {on: {upload: raw}, start: {message_queue: rows}}
""").triggers
    assert triggers["up"].on == UploadEvent(BucketPlace("raw", "in/"), ".csv")
    assert (triggers["up"].via, triggers["up"].section, triggers["up"].starts) == ("cloudtrail", "workflows", "w")
    assert (triggers["up"].deliver.retries, triggers["up"].deliver.within) == (9, 3600)
    assert triggers["rows"].on == MessageEvent("rows", 20, 5)
    assert (triggers["on"].section, triggers["on"].starts) == ("message_queues", "rows")


def cases() -> list[tuple[str, list[str]]]:
    """Read problems_workflows.txt: what follows the head, a line with =>, the problems; an empty line parts blocks."""
    blocks = Path(__file__).with_name("problems_workflows.txt").read_text().strip().split("\n\n")
    return [(spec, problems.split("\n")) for spec, problems in (block.split("\n=>\n") for block in blocks)]


@pytest.mark.parametrize(("text", "told"), cases())
def test_each_problem_is_told_in_these_words(text, told):
    assert problems_of(text) == told


@pytest.mark.parametrize(
    "text",
    [
        # Places, or suffixes, that no key can share; and any place by EventBridge, which has no such rule.
        (
            "triggers:\n  t: {on: {upload: raw/in/}, via: notification, start: {job: a}}\n"
            "  u: {on: {upload: raw/out/}, via: notification, start: {job: a}}"
        ),
        (
            "triggers:\n  t: {on: {upload: raw/in/, suffix: .csv}, via: notification, start: {job: a}}\n"
            "  u: {on: {upload: raw/in/, suffix: .json}, via: notification, start: {job: a}}"
        ),
        "triggers:\n  t: {on: {upload: raw/in/}, start: {job: a}}\n  u: {on: {upload: raw/in/}, start: {job: a}}",
        (
            "workflows: {w: {steps: [{copy: {from: work/data, to: raw/out/}}]}}\n"
            "triggers: {t: {on: {upload: raw/in/}, start: {workflow: w}}}"
        ),
    ],
)
def test_what_does_not_meet_may_stand_together(text):
    assert spec_of(text).triggers


def test_a_workflow_and_what_it_runs_cannot_name_each_other():
    told = problems_of(
        "workflows: {w: {steps: [{run: b}]}}\n", settings=("jobs.b.image=x", "jobs.b.environment.W=${workflow.w.arn}")
    )
    assert any("refers to itself in a circle" in problem for problem in told)


def test_two_machines_of_one_name_are_told():
    trigger = "triggers: {up: {on: {upload: raw}, start: {job: a}%s}}"
    assert spec_of("workflows: {up: {steps: [{run: a}]}}\n" + trigger % "").triggers
    taken = 'its name in AWS, "shop-up", is also that of'
    assert problems_of("workflows: {up: {steps: [{run: a}]}}\n" + trigger % ", name: shop-up") == [
        f"f:1:13: workflows.up: {taken} triggers.up (line {LINES + 2}). Rename one.",
        f"f:2:53: triggers.up.name: {taken} workflows.up (line {LINES + 1}). Rename one.",
    ]


def test_a_definition_is_filled_in_and_its_faults_stand_in_its_own_file(tmp_path):
    file = tmp_path / "own.asl.json"
    file.write_text(
        '{\n  "StartAt": "Run",\n  "States": {\n    "Run": {\n      "Type": "Task",\n'
        '      "Resource": "arn:aws:states:::batch:submitJob.sync",\n'
        '      "Parameters": {"JobDefinition": "${job.a.arn}", "JobName": "x-${pipeline}",\n'
        '      "SchedulingPriorityOverride": 2, "PropagateTags": true},\n'
        '      "End": true\n    }\n  }\n}\n'
    )
    text = HEAD + "workflows: {w: {definition: ./own.asl.json}}"
    states = check_text(text, "f", env={}, folder=tmp_path).workflows["w"].states
    sent = states["States"]["Run"]["Parameters"]
    assert str(sent["JobDefinition"]) == "${job.a.arn}"
    assert (sent["JobName"], sent["SchedulingPriorityOverride"], sent["PropagateTags"]) == ("x-shop", 2, True)
    file.write_text(file.read_text().replace("job.a.arn", "job.b.arn").replace('"End": true', '"Next": "Rum"'))
    assert problems_of("workflows: {w: {definition: ./own.asl.json}}", folder=tmp_path) == [
        (
            f'{file}:7:39: workflows.w.definition.States.Run.Parameters.JobDefinition: there is no job "b". '
            "Add it to jobs."
        ),
        f'{file}:9:7: workflows.w.definition.States.Run.Next: there is no state "Rum" here. Did you mean "Run"?',
    ]


def test_the_run_is_asked_for_in_the_words_of_the_language(tmp_path):
    (tmp_path / "own.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Succeed", "Comment": "${run}"}}}')
    (told,) = problems_of("workflows: {w: {definition: own.json}}", folder=tmp_path)
    assert told.endswith(
        'own.json:1:65: workflows.w.definition.States.A.Comment: "${run}" is known in the steps of a workflow alone. '
        "Write $$.Execution.Name in a key that ends in .$."
    )


@pytest.mark.parametrize(("count", "fits"), [(100, True), (120, False)])
def test_a_state_machine_holds_a_megabyte(count, fits):
    step = "{copy: {from: raw/in/, to: work/data}}"
    text = f"workflows: {{w: {{steps: [{', '.join([step] * count)}]}}}}"
    if fits:
        assert spec_of(text).workflows
    else:
        assert problems_of(text) == [
            (
                "f:1:17: workflows.w.steps: comes to about 1080 kB as a state machine, which holds 1000 kB. "
                "Write less, or part it into two workflows."
            )
        ]


def test_a_time_limit_stands_in_one_place(tmp_path):
    (tmp_path / "own.json").write_text('{"StartAt": "A", "TimeoutSeconds": 5, "States": {"A": {"Type": "Succeed"}}}')
    assert problems_of("workflows: {w: {definition: own.json, timeout: 5m}}", folder=tmp_path) == [
        "f:1:39: workflows.w.timeout: TimeoutSeconds stands in the definition, too. Remove one of the two."
    ]


def test_a_destroy_goes_on_without_the_definition(tmp_path):
    text = HEAD + "workflows: {w: {definition: ./gone.json}}"
    assert check_text(text, "f", env={}, require_env=False, folder=tmp_path).workflows["w"].states is None


@pytest.mark.parametrize(
    ("written", "problem"), [("{", "2:1: "), ('{"a": 1, "a": 2}', "1:10: "), ("a\tb: \x07", "1:6: ")]
)
def test_a_definition_that_is_no_json_is_told_at_its_place(tmp_path, written, problem):
    (tmp_path / "own.json").write_text(written)
    told = problems_of("workflows: {w: {definition: own.json}}", folder=tmp_path)
    assert len(told) == 1
    assert told[0].startswith(f"{tmp_path / 'own.json'}:{problem}workflows.w.definition: ")
