"""What the notifier tells of failed runs."""

import json

import pytest

from containers.notifier import notifier
from containers.notifier.conftest import ARN, ROUTES, TOPIC, job, tell


def test_a_plain_failure(aws):
    aws.lines["collect/default/1"] = [f"line {number}" for number in range(30)]
    tell(aws, job())
    assert aws.message["TopicArn"] == TOPIC
    assert aws.message["Subject"] == "shop: collect failed (exit 3)"
    lines = "\n".join(f"  line {number}" for number in range(10, 30))
    assert aws.message["Message"] == (
        "Job:       collect\n"
        "Run:       morning (id-1)\n"
        "Cause:     exit code 3\n"
        "Started:   2026-03-02 09:00:00 UTC\n"
        "Ended:     2026-03-02 09:01:01 UTC\n"
        "\n"
        "Its log:   scrapectl logs id-1 --pipeline shop --region us-east-1\n"
        "Again:     scrapectl run collect --pipeline shop --region us-east-1\n"
        "\n"
        f"Last lines:\n{lines}\n"
    )


def test_a_stage_and_a_share_are_in_what_is_typed(aws, routes):
    routes |= {"stage": "prod", "owner": "shop.prod"}
    aws.lines["collect/default/1"] = []
    tell(aws, job(shareIdentifier="high"))
    assert aws.message["Subject"].startswith("shop.prod: ")
    typed = "scrapectl run collect --share high --pipeline shop --stage prod --region us-east-1"
    assert typed in aws.message["Message"]
    assert "Last lines" not in aws.message["Message"]


def test_what_this_run_alone_was_given_is_in_what_is_typed(aws):
    aws.declared = [{"name": "ZIP", "value": "48104"}, {"name": "SITE", "value": "x"}]
    environment = [
        {"name": "ZIP", "value": "49 855"},
        {"name": "SITE", "value": "x"},
        {"name": "API_KEY", "value": "canary-value"},
    ]
    aws.lines["collect/default/1"] = []
    tell(aws, job(container={"environment": environment}))
    again = f"scrapectl run collect --env 'API_KEY={notifier.MASK}' --env 'ZIP=49 855' --pipeline shop"
    assert again in aws.message["Message"]
    assert "canary" not in aws.message["Message"]


CAUSES = {
    "a time-out": (
        job(statusReason="Job attempt duration exceeded timeout", timeout={"attemptDurationSeconds": 900}),
        "timed out",
        "it took longer than 900 s",
    ),
    "out of memory": (
        job(container={"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}),
        "exit 137",
        "exit code 137: OutOfMemoryError: Container killed due to memory usage",
    ),
    "a Spot instance that went": (
        job(statusReason="Host EC2 (instance i-1) terminated.", container={"exitCode": None, "logStreamName": None}),
        "ended by AWS",
        "Host EC2 (instance i-1) terminated.",
    ),
    "an image that is not there": (
        job(
            statusReason="Task failed to start",
            startedAt=None,
            container={"exitCode": None, "reason": "CannotPullContainerError: not found", "logStreamName": None},
        ),
        "not started",
        "Task failed to start: CannotPullContainerError: not found",
    ),
    "the same said twice": (
        job(statusReason="CannotPullContainerError: x", container={"reason": "CannotPullContainerError: x"}),
        "exit 3",
        "exit code 3: CannotPullContainerError: x",
    ),
    "stopped": (job(statusReason="by ada", isTerminated=True), "stopped", "stopped: by ada"),
    "without a reason": (
        job(statusReason=None, startedAt=None, container={"exitCode": None, "reason": None, "logStreamName": None}),
        "not started",
        "AWS gave no reason",
    ),
}


@pytest.mark.parametrize("case", CAUSES)
def test_causes(aws, case):
    told, short, cause = CAUSES[case]
    aws.lines["collect/default/1"] = []
    tell(aws, told)
    assert aws.message["Subject"] == f"shop: collect failed ({short})"
    assert f"Cause:     {cause}\n" in aws.message["Message"]


def test_what_never_started_has_no_lines_and_no_times(aws):
    tell(aws, CAUSES["an image that is not there"][0])
    assert "Started:" not in aws.message["Message"]
    assert "Last lines" not in aws.message["Message"]
    assert not [asked for asked in aws.asked if "logStreamName" in asked]


def test_an_array_tells_how_many_failed_and_of_the_first(aws):
    aws.failed = [7, 2, 5]
    child = job(jobId="id-1:2", arrayProperties={"index": 2}, container={"exitCode": 4, "logStreamName": "child"})
    aws.jobs["id-1:2"] = child
    aws.lines["child"] = ["it broke"]
    tell(aws, job(statusReason="Array Child Job failed", arrayProperties={"size": 10}, container={}))
    text = aws.message["Message"]
    assert aws.message["Subject"] == "shop: collect failed (3 of 10 children)"
    assert "Failed:    3 of 10 children; the first is 2\n" in text
    assert "Cause:     exit code 4\n" in text
    assert "scrapectl run collect --array 10 --pipeline shop" in text
    assert text.endswith("Last lines of child 2:\n  it broke\n")
    assert aws.asked[0] == {"arrayJobId": "id-1", "jobStatus": "FAILED"}


def test_attempts_are_counted_when_there_were_several(aws):
    aws.lines["collect/default/1"] = []
    tell(aws, job(attempts=[{}, {}]))
    assert "Attempts:  2\n" in aws.message["Message"]


def test_a_job_of_another_pipeline_is_none_of_ours(aws):
    tell(aws, job(jobDefinition=ARN.replace("shop-collect", "shop-collect-2")))
    assert aws.sent == []


def test_a_job_that_is_gone_is_told_from_its_event(aws):
    aws.lines["collect/default/1"] = ["last"]
    notifier.handler({"detail": job()})
    assert "  last\n" in aws.message["Message"]


def test_a_log_that_cannot_be_read_is_no_reason_for_silence(aws):
    aws.lines["collect/default/1"] = PermissionError("no")
    tell(aws, job())
    assert "(The log cannot be read: PermissionError)" in aws.message["Message"]


def test_the_jobs_own_log_group_is_read(aws):
    aws.lines["collect/default/1"] = []
    options = {"logDriver": "awslogs", "options": {"awslogs-group": "/own"}}
    tell(aws, job(container={"logConfiguration": options}))
    assert [asked["logGroupName"] for asked in aws.asked] == ["/own"]


def test_it_reads_its_routes_from_beside_it(monkeypatch, tmp_path):
    (tmp_path / "routes.json").write_text(json.dumps(ROUTES | {"stage": "eu"}))
    monkeypatch.setattr(notifier, "__file__", str(tmp_path / "notifier.py"))
    notifier.routes.cache_clear()
    try:
        assert notifier.routes()["owner"] == "shop.eu"
    finally:
        notifier.routes.cache_clear()


TIMED_OUT = {
    "executionArn": "arn:aws:states:us-east-1:1:execution:shop-process:run-1",
    "stateMachineArn": "arn:aws:states:us-east-1:1:stateMachine:shop-process",
    "name": "run-1",
    "status": "TIMED_OUT",
    "startDate": 1772431200000,
    "stopDate": 1772452800000,
}


def test_a_workflow_that_took_too_long(aws):
    assert notifier.handler({"source": "aws.states", "detail": TIMED_OUT}) is None
    assert aws.message == {
        "TopicArn": TOPIC,
        "Subject": "shop: process failed (timed out)",
        "Message": (
            "Workflow:  process\n"
            "Run:       run-1\n"
            "Cause:     it took longer than its time limit\n"
            "Started:   2026-03-02 06:00:00 UTC\n"
            "Ended:     2026-03-02 12:00:00 UTC\n"
            "\n"
            "Its log:   scrapectl logs run-1 --pipeline shop --region us-east-1\n"
            "Again:     scrapectl run process --pipeline shop --region us-east-1\n"
        ),
    }


FAILED = TIMED_OUT | {"status": "FAILED", "error": "Broken", "cause": "no\nway"}


def test_a_workflow_of_the_users_own_states_that_failed(aws, routes):
    routes["workflows"]["shop-process"]["own_states"] = True
    notifier.handler({"source": "aws.states", "detail": FAILED})
    assert aws.message["Subject"] == "shop: process failed (Broken)"
    assert "Cause:     Broken: no\n           way\n" in aws.message["Message"]
    notifier.handler({"source": "aws.states", "detail": FAILED | {"cause": None}})
    assert "Cause:     Broken\n" in aws.sent[-1]["Message"]


@pytest.mark.parametrize(
    ("end", "said"),
    [(None, "job id-1: exit code 7: gone\n"), (-9, "its job's description is too long\n")],
)
def test_a_failed_job_in_the_users_own_states_is_told_without_the_values_of_its_variables(aws, routes, end, said):
    routes["workflows"]["shop-process"]["own_states"] = True
    container = {"Environment": [{"Name": "API_TOKEN", "Value": "canary"}], "ExitCode": 7}
    job = json.dumps({"Container": container, "JobId": "id-1", "StatusReason": "gone"}, separators=(",", ":"))
    notifier.handler({"source": "aws.states", "detail": FAILED | {"cause": job[:end]}})
    assert f"Cause:     Broken: {said}" in aws.message["Message"]
    assert "canary" not in aws.message["Message"]


def test_a_workflow_that_tells_itself_is_not_told_again(aws):
    notifier.handler({"source": "aws.states", "detail": FAILED})
    assert aws.sent == []


@pytest.mark.parametrize(("topic", "told"), [(TOPIC, 0), (f"{TOPIC}-other", 1)])
def test_a_workflow_that_failed_by_a_job_is_not_told_where_the_job_was(aws, routes, topic, told):
    routes["workflows"]["shop-process"] |= {"own_states": True, "topic": topic}
    job_failed = json.dumps({"JobId": "id-1", "JobDefinition": ARN})
    notifier.handler({"source": "aws.states", "detail": FAILED | {"cause": job_failed}})
    assert len(aws.sent) == told


def test_a_workflow_of_others_is_not_told(aws):
    notifier.handler({"source": "aws.states", "detail": TIMED_OUT | {"stateMachineArn": "arn:…:shop-else"}})
    assert aws.sent == []
