"""What the notifier tells, of runs and of dead letters, with AWS played by fakes."""

import json
import re

import pytest

from containers.notifier import notifier
from scrapectl.spec.secrecy import looks_secret

ARN = "arn:aws:batch:us-east-1:1:job-definition/shop-collect:3"
TOPIC = "arn:aws:sns:us-east-1:1:shop-ops"
ROUTES = {
    "pipeline": "shop",
    "stage": None,
    "region": "us-east-1",
    "log_group": "/scrapectl/shop",
    "jobs": {"shop-collect": {"job": "collect", "topic": TOPIC}},
    "dead_letters": TOPIC + "-letters",
    "schedules": {"collect-morning": {"job": "collect", "command": "scrapectl run collect --env ZIP=48104"}},
}


class Aws:
    """Batch, Logs and SNS, as far as the notifier asks them."""

    def __init__(self):
        self.jobs, self.failed, self.lines, self.sent, self.asked = {}, [], {}, [], []
        self.declared = []  # the environment of the job definition

    def describe_jobs(self, jobs):
        return {"jobs": [self.jobs[job] for job in jobs if job in self.jobs]}

    def describe_job_definitions(self, jobDefinitions):  # noqa: N803 - boto3's name
        assert jobDefinitions == [ARN]
        return {"jobDefinitions": [{"containerProperties": {"environment": self.declared}}]}

    def get_paginator(self, name):
        assert name == "list_jobs"
        return self

    def paginate(self, **asked):
        self.asked.append(asked)
        summaries = [{"arrayProperties": {"index": index}} for index in self.failed]
        return [{"jobSummaryList": summaries[:2]}, {"jobSummaryList": summaries[2:]}]

    def get_log_events(self, **asked):
        self.asked.append(asked)
        found = self.lines[asked["logStreamName"]]
        if isinstance(found, Exception):
            raise found
        return {"events": [{"message": line} for line in found[-asked["limit"] :]]}

    def publish(self, **message):
        assert len(message["Subject"]) <= 100
        assert re.fullmatch(r"[ -~]+", message["Subject"])
        assert len(message["Message"].encode()) <= 256 * 1024
        self.sent.append(message)

    @property
    def message(self):
        (message,) = self.sent
        return message


@pytest.fixture
def routes(monkeypatch):
    found = json.loads(json.dumps(ROUTES)) | {"owner": "shop"}
    monkeypatch.setattr(notifier, "routes", lambda: found)
    return found


@pytest.fixture
def aws(monkeypatch, routes):
    played = Aws()
    monkeypatch.setattr(notifier, "client", lambda service: played)
    return played


def job(**changes):
    container = {
        "exitCode": 3,
        "reason": "Essential container in task exited",
        "logStreamName": "collect/default/1",
        "environment": [],
    } | changes.pop("container", {})
    return {
        "jobId": "id-1",
        "jobName": "morning",
        "jobDefinition": ARN,
        "status": "FAILED",
        "statusReason": "Essential container in task exited",
        "startedAt": 1_772_442_000_000,
        "stoppedAt": 1_772_442_061_000,
        "container": {key: value for key, value in container.items() if value is not None},
    } | changes


def tell(aws, told):
    aws.jobs[told["jobId"]] = told
    notifier.handler({"source": "aws.batch", "detail": told})


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
    again = f"scrapectl run collect --env API_KEY={notifier.MASK} --env 'ZIP=49 855' --pipeline shop"
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


CANARY = "c4n4ry-s3cret"


def test_secrets_are_masked_wherever_they_stand(aws):
    aws.lines["collect/default/1"] = [
        f"login with {CANARY}",
        "c4n4ry\x00-s3cret",
        "x" * 990 + CANARY,
        "line two of key",
    ]
    environment = [
        {"name": "DB_PASSWORD", "value": CANARY},
        {"name": "SIGNING_KEY", "value": "line one\nline two of key"},
        {"name": "ZIP", "value": "48104"},
        {"name": "PIN_TOKEN", "value": "7"},
    ]
    tell(aws, job(statusReason=f"failed at {CANARY} in 48104", container={"environment": environment}))
    text = aws.message["Message"]
    assert CANARY not in text
    assert "c4n4" not in text
    assert "line two of key" not in text
    assert "Cause:     exit code 3: failed at ******** in 48104" in text
    assert "login with ********" in text


def test_secret_parameters_are_masked(aws):
    aws.lines["collect/default/1"] = [CANARY]
    tell(aws, job(parameters={"apiKey": CANARY}))
    assert CANARY not in aws.message["Message"]


def test_what_a_terminal_obeys_is_left_out(aws):
    aws.lines["collect/default/1"] = ["\x1b[31mred\x1b[0m\x07", "\x1b]0;title\x07text", "a\u202eb", "tab\there\r"]
    tell(aws, job(jobName="mor\x1b[2Jning"))
    assert aws.message["Message"].endswith("  red\n  text\n  ab\n  tab\there\n")
    assert "Run:       morning (id-1)" in aws.message["Message"]


def test_a_message_is_as_long_as_sns_takes_it(aws):
    aws.lines["collect/default/1"] = ["ü" * 100_000] * 20
    tell(aws, job(statusReason="\n".join(["ü" * 900] * 300)))
    assert len(aws.message["Message"].encode()) > 250_000


def test_a_subject_is_short_and_ascii(aws, routes):
    routes["jobs"]["shop-collect"]["job"] = "größe" * 30
    aws.lines["collect/default/1"] = []
    tell(aws, job())
    assert aws.message["Subject"].startswith("shop: gr??e")
    assert len(aws.message["Subject"]) == 100


def letter(body, receives="1", number="m-1", **attributes):
    return {
        "messageId": number,
        "body": json.dumps(body) if not isinstance(body, str) else body,
        "attributes": {"ApproximateReceiveCount": receives},
        "messageAttributes": {name: {"stringValue": value, "dataType": "String"} for name, value in attributes.items()},
        "eventSourceARN": "arn:aws:sqs:us-east-1:1:shop_dead",
    }


MISSED = {
    "SCHEDULE_ARN": "arn:aws:scheduler:us-east-1:1:schedule/shop/collect-morning",
    "ERROR_CODE": "ClientException",
    "ERROR_MESSAGE": "Job queue shop-main does not exist",
    "SCHEDULED_TIME": "2026-03-02T06:00:00Z",
    "TARGET_ARN": "arn:aws:scheduler:::aws-sdk:batch:submitJob",
}


def test_a_schedule_that_could_not_start_its_job(aws):
    answer = notifier.handler({"Records": [letter({"JobName": "x"}, **MISSED)]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert aws.message == {
        "TopicArn": TOPIC + "-letters",
        "Subject": "shop: collect was not started (ClientException)",
        "Message": (
            "Schedule:  collect-morning\n"
            "Due:       2026-03-02T06:00:00Z\n"
            "Cause:     ClientException: Job queue shop-main does not exist\n"
            "Do it now: scrapectl run collect --env ZIP=48104\n"
            "\n"
            "The message m-1 stays in the queue shop_dead until it is deleted or too old.\n"
        ),
    }


def test_a_schedule_that_the_spec_has_no_more_is_named(aws):
    told = MISSED | {"SCHEDULE_ARN": "arn:aws:scheduler:us-east-1:1:schedule/shop/old"}
    notifier.handler({"Records": [letter({}, **told)]})
    assert aws.message["Subject"] == "shop: old was not started (ClientException)"
    assert "Do it now" not in aws.message["Message"]


def test_secrets_of_a_start_are_masked(aws):
    body = {"ContainerOverrides": {"Environment": [{"Name": "API_TOKEN", "Value": CANARY}]}}
    notifier.handler({"Records": [letter(body, **MISSED | {"ERROR_MESSAGE": f"bad value {CANARY}"})]})
    assert CANARY not in aws.message["Message"]


def test_an_event_that_could_not_be_delivered_is_told_as_the_run_it_is(aws):
    aws.lines["collect/default/1"] = ["last"]
    aws.jobs["id-1"] = job()
    about = {"RULE_ARN": "rule", "ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "may not"}
    notifier.handler({"Records": [letter({"source": "aws.batch", "detail": job()}, **about)]})
    assert aws.message["TopicArn"] == TOPIC
    assert aws.message["Subject"] == "shop: collect failed (exit 3)"
    late = "This comes late: EventBridge could not deliver the event (NO_PERMISSIONS: may not).\n"
    assert aws.message["Message"].startswith(late)


@pytest.mark.parametrize("body", ["no json", "[1]", {}])
def test_a_letter_of_another_kind_is_told_as_such(aws, body):
    notifier.handler({"Records": [letter(body)]})
    assert aws.message["Subject"] == "shop: a message was given up (unknown)"
    assert "m-1 stays in the queue shop_dead" in aws.message["Message"]


def test_each_letter_is_told_once_and_all_stay(aws):
    records = [letter({}, "1", "a", **MISSED), letter({}, "2", "b", **MISSED), letter({}, "1", "c", **MISSED)]
    answer = notifier.handler({"Records": records})
    assert len(aws.sent) == 2
    assert [entry["itemIdentifier"] for entry in answer["batchItemFailures"]] == ["a", "b", "c"]


NAMES = [
    "DB_PASSWORD",
    "apiKey",
    "KEY",
    "PUBLIC_KEY",
    "MAX_TOKENS",
    "NPS-KEY",
    "secretary",
    "S3_KEY",
    "AUTH",
    "ZIP",
    "k",
]


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_for_a_secret_what_scrapectl_does(name):
    assert bool(notifier.secrets_in({"name": name, "value": CANARY})) == looks_secret(name)


def test_it_reads_its_routes_from_beside_it(monkeypatch, tmp_path):
    (tmp_path / "routes.json").write_text(json.dumps(ROUTES | {"stage": "eu"}))
    monkeypatch.setattr(notifier, "__file__", str(tmp_path / "notifier.py"))
    notifier.routes.cache_clear()
    try:
        assert notifier.routes()["owner"] == "shop.eu"
    finally:
        notifier.routes.cache_clear()
