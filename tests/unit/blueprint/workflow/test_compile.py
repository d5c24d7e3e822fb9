"""What steps become, state by state: the requests that AWS gets, their retries and times, and where failures go."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from scrapectl.blueprint.workflow import (
    compile_trigger,
    compile_workflow,
    copies_of,
    copies_uploads,
    looked_at,
    upload_prefixes,
)
from scrapectl.blueprint.workflow.copies import rounds_within
from scrapectl.engine.values import Ref, Text, resolve
from scrapectl.spec.asl.check import check_machine
from scrapectl.spec.checks.workflows import _COPY_BYTES, _STEP_BYTES
from scrapectl.spec.model import Attribute, BucketPlace, FilePlace, OfRun, Step, Template, Trigger, UploadEvent
from tests.unit.blueprint.workflow.simulation import Failed, Run
from tests.unit.blueprint.workflow.steps import AT, DATA, IN, call, copy, given, parallel, run, wait, workflow

UPLOADED = (BucketPlace("raw", "in/"),)
OF_JOBS = ("cause", "job", "unsaid")


def states_of(*steps: Step, timeout: int = 86400, **more: Any) -> dict[str, Any]:
    return compile_workflow(workflow(*steps, timeout=timeout), given(*steps, **more))["States"]


def environment_of(state: dict[str, Any]) -> dict[str, Any]:
    pairs = state["Parameters"]["ContainerOverrides"]["Environment"]
    return {pair["Name"]: pair.get("Value", pair.get("Value.$")) for pair in pairs}


def test_a_job_is_submitted_as_batch_takes_it():
    state = states_of(run("a", environment={"OUT": "x"}, share="high", array=3, timeout=1200))["run a"]
    assert state["Resource"] == "arn:aws:states:::batch:submitJob.sync"
    assert state["Parameters"] == {
        "JobName": "shop-a_w",
        "JobQueue": "queue/default",
        "JobDefinition": "definition/a",
        "ShareIdentifier": "high",
        "ArrayProperties": {"Size": 3},
        "Timeout": {"AttemptDurationSeconds": 1200},
        "ContainerOverrides": {
            "Environment": [{"Name": "OUT", "Value": "x"}, {"Name": "RUN", "Value.$": "$$.Execution.Name"}]
        },
    }
    assert state["ResultPath"] == "$.steps.run_a"


def test_a_job_keeps_its_own_share_and_size():
    state = states_of(run("a"))["run a"]
    assert state["Parameters"]["ShareIdentifier"] == "low"
    assert not {"ArrayProperties", "Timeout"} & state["Parameters"].keys()


def test_a_failed_job_is_not_run_again_by_the_machine():
    """Batch has tried it as often as it should; only the call itself is tried again."""
    (retried,) = states_of(run("a"))["run a"]["Retry"]
    assert all(error.startswith("Batch.") for error in retried["ErrorEquals"])


@pytest.mark.parametrize(("uploads", "known"), [((), {"RUN"}), (UPLOADED, {"RUN", "BUCKET", "KEY", "VERSION"})])
def test_what_a_started_job_knows(uploads, known):
    assert environment_of(states_of(run("a"), uploads=uploads)["run a"]).keys() == known


def test_a_function_gets_its_environment_and_the_run():
    step = call("f", environment={"OUT": Template(("o/", OfRun("run")))})
    state = states_of(step, uploads=UPLOADED)["call f"]
    assert state["Resource"] == "arn:aws:states:::lambda:invoke"
    assert state["Parameters"] == {
        "FunctionName": "function/f",
        "Payload": {
            "environment": {"OUT.$": "States.Format('o/{}', $$.Execution.Name)"},
            "run.$": "$$.Execution.Name",
            "input.$": "$$.Execution.Input",
            "bucket.$": "$.bucket",
            "key.$": "$.key",
            "version.$": "$.version",
        },
    }
    assert state["TimeoutSeconds"] == 90
    assert "Lambda.TooManyRequestsException" in state["Retry"][0]["ErrorEquals"]


def test_a_copy_out_of_the_uploads_bucket_looks_for_its_object_and_copies_it_alone():
    states = states_of(copy(), uploads=UPLOADED)
    name = "copy raw/in/ to work/data"
    assert states[name]["Choices"] == [{"Variable": "$.copies['in/']", "IsPresent": True, "Next": f"{name}: look"}]
    assert states[name]["Default"] == f"{name}: all"
    assert states[f"{name}: look"]["Parameters"] == {"Bucket.$": "$.bucket", "Key.$": "$.key"}
    assert states[f"{name}: one"]["Parameters"] == {
        "TaskArn": "task/1",
        "Includes": [{"FilterType": "SIMPLE_PATTERN", "Value.$": "$.copies['in/']"}],
    }
    assert states[f"{name}: all"]["Parameters"] == {"TaskArn": "task/1"}


def test_failure_is_looked_for_before_success_time_and_waiting():
    states = states_of(copy())
    name = "copy raw/in/ to work/data"
    rules = states[f"{name}: check"]["Choices"]
    assert [rule["Next"] for rule in rules] == [f"{name}: error", "done", f"{name}: late", f"{name}: slower"]
    assert rules[0] == {"Variable": f"{data_of(name)}.now.Status", "StringEquals": "ERROR", "Next": f"{name}: error"}
    busy = states[name]["Retry"][1]
    assert busy["ErrorEquals"] == ["DataSync.InvalidRequestException"]


def data_of(name: str) -> str:
    return "$.steps." + "".join(char if char.isalnum() else "_" for char in name)


@pytest.mark.parametrize(
    ("only", "sent"),
    [
        ("daily", {"Value": "/daily"}),
        ("/daily/", {"Value": "/daily"}),
        ("a*b|c\\", {"Value": "/a\\*b\\|c\\\\"}),
        (Template((OfRun("run"),)), {"Value.$": "States.Format('/{}', $$.Execution.Name)"}),
        (Template(("x|", OfRun("run"), "/")), {"Value.$": "States.Format('/x\\\\|{}', $$.Execution.Name)"}),
    ],
)
def test_only_one_folder_is_named_as_datasync_reads_it(only, sent):
    state = states_of(copy(only=only))["copy raw/in/ to work/data"]
    assert state["Parameters"]["Includes"] == [{"FilterType": "SIMPLE_PATTERN", **sent}]


@pytest.mark.parametrize(
    ("source", "takes"),
    [
        (BucketPlace("raw", "in/"), True),
        (BucketPlace("raw"), True),
        (BucketPlace("raw", "in/a"), True),
        (BucketPlace("raw", "out/"), False),
        (BucketPlace("other", "in/"), False),
        (FilePlace("work", "in"), False),
    ],
)
def test_which_copies_take_the_upload_alone(source, takes):
    assert copies_uploads(copy(source), UPLOADED) is takes
    assert not copies_uploads(copy(source, only="x"), UPLOADED)


def test_the_prefixes_that_the_starter_fills():
    steps = (copy(), parallel((copy(BucketPlace("raw")), copy(BucketPlace("raw", "in/a"))), (copy(DATA, IN),)))
    assert upload_prefixes(steps, BucketPlace("raw", "in/")) == ("", "in/", "in/a/")
    assert looked_at(steps, (*UPLOADED, BucketPlace("raw", "no/"), BucketPlace("other"))) == (
        BucketPlace("raw", "in/"),
        BucketPlace("raw", "no/"),
    )
    assert [str(step.source) for step in copies_of(steps)] == ["raw/in/", "raw", "raw/in/a", "work/data"]


def test_each_copy_has_its_own_task():
    steps = (copy(), parallel((copy(DATA, IN),), (copy(BucketPlace("raw")),)), copy())
    text = json.dumps(states_of(*steps))
    assert [text.count(f"task/{number}") for number in (1, 2, 3, 4)] == [1, 1, 1, 1]
    assert text.index("task/1") < text.index("task/2") < text.index("task/3") < text.index("task/4")


@pytest.mark.parametrize(
    ("seconds", "copies", "rounds"),
    [(1, 1, 1), (30, 1, 2), (210, 1, 6), (270, 1, 7), (10**7, 1, 1818), (10**7, 3, 606)],
)
def test_how_often_a_copy_is_asked_for(seconds, copies, rounds):
    assert rounds_within(seconds, copies) == rounds


def test_everything_has_less_time_than_the_machine():
    machine = compile_workflow(workflow(run("a"), call("f"), timeout=120), given(run("a")))
    assert machine["TimeoutSeconds"] == 120
    assert [machine["States"][name]["TimeoutSeconds"] for name in ("run a", "call f")] == [108, 90]


def test_names_stay_when_a_step_is_added_elsewhere():
    before = states_of(run("a"), call("f"), copy())
    after = states_of(wait(5), run("b"), run("a"), call("g"), call("f"), copy())
    for name in ("run a", "call f", "copy raw/in/ to work/data: ask"):
        assert name in before
        assert before[name].get("Parameters") == after[name].get("Parameters")


def test_the_second_of_the_same_has_a_name_of_its_own():
    assert {"run a", "run a (2)", "run a (3)"} <= states_of(run("a"), run("a"), run("a")).keys()


def test_a_long_name_is_cut_and_stays_its_own():
    one, other = (BucketPlace("raw", f"{'x' * 100}/{end}") for end in "ab")
    states = states_of(copy(one), copy(other))
    assert max(map(len, states)) <= 80
    assert check_machine({"StartAt": next(iter(states)), "States": states}) == []


def test_a_run_that_no_upload_started_has_what_an_upload_brings_empty():
    machine = compile_workflow(workflow(run("a", environment={"K": Template((OfRun("key"),))})), given())
    assert machine["StartAt"] == "defaults"
    assert machine["States"]["defaults"]["Result"] == {"bucket": "", "key": "", "version": "", "copies": {}}


def test_a_run_that_needs_nothing_begins_with_its_first_step():
    assert compile_workflow(workflow(wait(5)), given())["StartAt"] == "wait 5s"
    assert states_of(wait(5)).keys() == {"wait 5s", "done"}


def test_nobody_is_told_without_a_topic():
    states = states_of(run("a"), topic=None)
    assert states.keys() == {"run a", "run a: failed", "done", "failed", "fail"}
    assert states["failed"]["Next"] == "fail"


def test_a_message_that_cannot_be_sent_changes_nothing():
    tell = states_of(run("a"))["tell"]
    assert tell["Parameters"]["Subject"] == "shop: the workflow w failed"
    assert (tell["Catch"][0]["Next"], tell["Next"]) == ("fail", "fail")


def test_a_failed_job_that_tells_itself_is_not_told_again():
    around = given(run("a"), run("b"))
    jobs = {key: replace(job, definition=f"arn:{key}", told=key == "a") for key, job in around.jobs.items()}
    states = compile_workflow(workflow(run("a"), run("b")), replace(around, jobs=jobs))["States"]
    assert states["failed"]["Next"] == "cause"
    assert states["cause"]["Default"] == "tell"
    choice = states["cause"]["Choices"][0]
    assert choice["Next"] == "fail"
    patterns = [str(rule["StringMatches"]) for rule in choice["And"]]
    assert patterns == ['{*"JobId":*', '*"JobDefinition":"arn:a:*']
    assert {rule["Variable"] for rule in choice["And"]} == {"$.failure.of.Cause"}


TOKEN = {"Environment": [{"Name": "API_TOKEN", "Value": "canary"}], "ExitCode": 7}
JOB = json.dumps({"Container": TOKEN, "JobId": "id-1", "StatusReason": "gone"}, separators=(",", ":"))
UNSAID = "what came of its job is too long to be told here"


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (JOB, "job id-1: exit code 7: gone"),
        ('{"Container":{"Environment":[]},"JobId":"id-1"}', "job id-1: exit code unknown: Batch gave no reason"),
        (JOB[:-9], UNSAID),
        (JOB[: JOB.index('"JobId"')], UNSAID),
        (JOB[: JOB.index(',"StatusReason"')] + ',"x":{}', UNSAID),
        ('{"errorType":"KeyError"}', '{"errorType":"KeyError"}'),
        ("gone", "gone"),
    ],
)
@pytest.mark.parametrize("steps", [(run("a"),), (parallel((run("a"),)),)])
def test_a_failed_job_is_told_in_a_line_without_the_values_of_its_variables(steps, cause, said):
    told = []

    def call_aws(name: str, resource: str, sent: Any) -> Any:
        if resource.endswith(":submitJob.sync"):
            raise Failed("States.TaskFailed", cause)
        told.append(sent["Message"])

    machine = compile_workflow(workflow(*steps), given(*steps))
    assert check_machine(machine) == []
    with pytest.raises(Failed, match=r"States\.TaskFailed") as ended:
        Run(call_aws, {}).machine(machine)
    assert ended.value.cause == said
    (message,) = told
    assert f"\nCause: {said}\n" in message
    assert "canary" not in message


def test_references_stay_references():
    arn = Ref("batch_job_definition.shop-a", "arn", "arn:known")
    bucket = Ref("s3_bucket.shop-raw", "name")

    def text(written: Any) -> Any:
        return bucket if isinstance(written, Template) else written

    step = run(
        "a", environment={"OUT": Template(("s3://", Attribute("bucket", "raw", "name"), "/it's/", OfRun("run")))}
    )
    around = given(step)
    job = type(around.jobs["a"])(name="n", definition=arn, queue="q")
    around = type(around)(pipeline="shop", jobs={"a": job}, text=text)
    machine = compile_workflow(workflow(step), around)
    sent = machine["States"]["run a"]["Parameters"]
    assert sent["JobDefinition"] is arn
    value = environment_of(machine["States"]["run a"])["OUT"]
    assert value == Text(("States.Format('", "s3://", bucket, "/it\\'s/", "{}", "', $$.Execution.Name)"))
    assert check_machine(machine) == []
    known = resolve(machine, lambda ref: ref.value or "shop-raw-1")
    assert environment_of(known["States"]["run a"])["OUT"] == (
        "States.Format('s3://shop-raw-1/it\\'s/{}', $$.Execution.Name)"
    )
    assert check_machine(known) == []


def test_another_partition_has_its_own_arns():
    around = given(run("a"))
    around = type(around)(pipeline="shop", partition="aws-us-gov", jobs=around.jobs)
    state = compile_workflow(workflow(run("a")), around)["States"]["run a"]
    assert state["Resource"] == "arn:aws-us-gov:states:::batch:submitJob.sync"


@pytest.mark.parametrize(("section", "starts", "seconds"), [("jobs", "a", 93_600), ("functions", "f", 3630)])
def test_a_trigger_has_one_task_and_its_failure_path(section, starts, seconds):
    trigger = Trigger(**AT, key="up", on=UploadEvent(UPLOADED[0]), section=section, starts=starts)
    around = given(uploads=UPLOADED)
    machine = compile_trigger(trigger, around if section == "jobs" else replace(around, jobs={}))
    name = f"{'run' if section == 'jobs' else 'call'} {starts}"
    assert machine["StartAt"] == name
    of_jobs = OF_JOBS if section == "jobs" else ()
    assert machine["States"].keys() == {name, f"{name}: failed", "done", "failed", *of_jobs, "tell", "fail"}
    assert machine["TimeoutSeconds"] == seconds
    assert check_machine(machine) == []
    if section == "jobs":
        assert environment_of(machine["States"][name]) == {
            "BUCKET": "$.bucket",
            "KEY": "$.key",
            "VERSION": "$.version",
            "RUN": "$$.Execution.Name",
        }


def test_no_state_is_written_that_a_machine_does_not_need():
    """A change of one of these is a change of everybody's machines: it shows here first."""
    assert list(states_of(copy(), run("a"))) == [
        "copy raw/in/ to work/data",
        *(
            f"copy raw/in/ to work/data: {what}"
            for what in ("ask", "check", "slower", "again", "wait", "error", "late")
        ),
        "copy raw/in/ to work/data: failed",
        *("run a", "run a: failed", "done", "failed", *OF_JOBS, "tell", "fail"),
    ]


def test_a_step_is_no_larger_than_the_spec_reckons():
    """`checks.workflows` refuses what would not fit into a state machine by these sizes."""

    def size(*steps: Step) -> int:
        machine = compile_workflow(workflow(*steps), given(*steps, uploads=UPLOADED))
        return len(json.dumps(machine))

    long = BucketPlace("raw", f"in/{'x' * 80}/")
    assert size(copy(), copy(long)) - size(copy()) < _COPY_BYTES
    assert size(run("a"), run("b")) - size(run("a")) < _STEP_BYTES
    assert size(run("a"), call("f")) - size(run("a")) < _STEP_BYTES
    assert size(run("a"), parallel((wait(1),), (wait(1),))) - size(run("a")) < 3 * _STEP_BYTES


@pytest.mark.parametrize("error", ["S3.NoSuchKeyException", "S3.S3Exception"])
def test_an_object_that_is_gone_is_told_by_its_name(error):
    machine = compile_workflow(workflow(copy()), given(copy(), uploads=UPLOADED))
    told = []

    def call_aws(name: str, resource: str, sent: Any) -> Any:
        if resource.endswith("s3:headObject"):
            raise Failed(error, "Status Code: 403")
        told.append(sent["Message"])
        return {}

    start = {"bucket": "b", "key": "in/k.csv", "version": "", "copies": {"in/": "/k.csv"}}
    with pytest.raises(Failed, match=r"S3\.NoSuchKey"):
        Run(call_aws, start).machine(machine)
    assert told == [
        (
            "The workflow w of shop failed.\n\nRun: run-1\nStep: copy raw/in/ to work/data\nError: S3.NoSuchKey\n"
            "Cause: s3://b/in/k.csv is not there any more, or may not be read.\n\n"
            "  scrapectl why run-1\n  scrapectl status"
        )
    ]
