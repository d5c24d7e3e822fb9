"""Job definitions are checked as AWS checks them, numbered for good and read back normalised; so are submissions."""

from __future__ import annotations

import pytest

from scrapectl.local.registry import Refusal
from scrapectl.local.services.batch import find_definition


def _size(vcpu, memory):
    return {"resourceRequirements": [{"type": "VCPU", "value": vcpu}, {"type": "MEMORY", "value": memory}]}


def test_revisions_are_never_used_twice(aws, definition):
    batch = aws("batch")
    assert [batch.register_job_definition(**definition())["revision"] for _ in range(2)] == [1, 2]
    batch.deregister_job_definition(jobDefinition="job:2")
    batch.deregister_job_definition(jobDefinition="job:1")
    assert batch.register_job_definition(**definition())["revision"] == 3
    states = {d["revision"]: d["status"] for d in batch.describe_job_definitions()["jobDefinitions"]}
    assert states == {1: "INACTIVE", 2: "INACTIVE", 3: "ACTIVE"}


def test_it_is_read_back_normalised(aws, definition):
    logging = {"logDriver": "awslogs", "options": {"awslogs-group": "/g"}}
    arn = aws("batch").register_job_definition(
        **definition({"logConfiguration": logging}, retryStrategy={"attempts": 2}, tags={"a": "b"})
    )["jobDefinitionArn"]
    found = aws("batch").describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"][0]
    container = found["containerProperties"]
    empty = ["command", "volumes", "environment", "mountPoints", "ulimits", "secrets"]
    assert [container[key] for key in empty] == [[]] * len(empty)
    assert container["fargatePlatformConfiguration"] == {"platformVersion": "LATEST"}
    assert container["logConfiguration"]["secretOptions"] == []
    assert found["retryStrategy"] == {"attempts": 2, "evaluateOnExit": []}
    assert (found["parameters"], found["tags"]) == ({}, {"a": "b"})


def test_variables_without_a_value_are_dropped(aws, definition):
    environment = [{"name": "A", "value": ""}, {"name": "B", "value": "b"}]
    arn = aws("batch").register_job_definition(**definition({"environment": environment}))["jobDefinitionArn"]
    found = aws("batch").describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"][0]
    assert found["containerProperties"]["environment"] == [{"name": "B", "value": "b"}]


def test_describe_by_name_status_and_arn(aws, definition):
    batch = aws("batch")
    for name in ("a", "b"):
        arns = [batch.register_job_definition(**definition(jobDefinitionName=name))["jobDefinitionArn"] for _ in "12"]
    batch.deregister_job_definition(jobDefinition=arns[1])

    def told(**query):
        return [
            f"{d['jobDefinitionName']}:{d['revision']}"
            for d in batch.describe_job_definitions(**query)["jobDefinitions"]
        ]

    assert told(jobDefinitionName="b", status="ACTIVE") == ["b:1"]
    assert told(jobDefinitions=[arns[0], "a:2", "none:1"]) == ["a:2", "b:1"]
    assert told() == ["a:2", "a:1", "b:2", "b:1"]


REFUSED = [
    ({"executionRoleArn": None}, {}, "executionRoleArn is required for Fargate"),
    (_size("1", "512"), {}, "Fargate resource requirements (1 vCPU, 512 MiB) not valid."),
    (_size("3", "8192"), {}, "Fargate resource requirements (3 vCPU, 8192 MiB) not valid."),
    (_size("8", "17408"), {}, "not valid."),
    (_size("x", "512"), {}, "not valid."),
    ({"resourceRequirements": [{"type": "VCPU", "value": "1"}]}, {}, "VCPU and MEMORY"),
    ({"resourceRequirements": [{"type": "VCPU", "value": "1"}] * 2}, {}, "Duplicate"),
    ({"privileged": True}, {}, "privileged is not applicable"),
    ({"ulimits": [{"hardLimit": 1, "name": "n", "softLimit": 1}]}, {}, "ulimits is not applicable"),
    ({"linuxParameters": {"maxSwap": 1}}, {}, "maxSwap is not applicable"),
    ({"volumes": [{"name": "v", "host": {"sourcePath": "/x"}}]}, {}, "sourcePath is not applicable"),
    ({"logConfiguration": {"logDriver": "json-file"}}, {}, "not supported on Fargate"),
    ({"logConfiguration": {"logDriver": "awslogs", "options": {"odd": "1"}}}, {}, "awslogs disallows options"),
    ({"ephemeralStorage": {"sizeInGiB": 20}}, {}, "range 21 GiB to 200 GiB"),
    ({"runtimePlatform": {"cpuArchitecture": "MIPS"}}, {}, "cpuArchitecture"),
    ({"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}, "user": "u"}, {}, "no user"),
    ({"environment": [{"name": "AWS_BATCH_X", "value": "1"}]}, {}, "AWS_BATCH"),
    ({"vcpus": 1}, {}, "cannot be combined"),
    ({}, {"platformCapabilities": ["EC2", "FARGATE"]}, "exactly one"),
    (
        {"networkConfiguration": {"assignPublicIp": "ENABLED"}},
        {"platformCapabilities": ["EC2"]},
        "not applicable for EC2",
    ),
    ({}, {"retryStrategy": {"attempts": 11}}, "between 1 and 10"),
    ({}, {"retryStrategy": {"evaluateOnExit": [{"onReason": "x", "action": "RETRY"}]}}, "attempts is required"),
    ({}, {"retryStrategy": {"attempts": 1, "evaluateOnExit": [{"action": "EXIT"}]}}, "needs onStatusReason"),
    ({}, {"retryStrategy": {"attempts": 1, "evaluateOnExit": [{"onExitCode": "1x", "action": "EXIT"}]}}, "digits"),
    ({}, {"timeout": {"attemptDurationSeconds": 59}}, "at least 60"),
    ({}, {"schedulingPriority": 10_000}, "schedulingPriority"),
    ({}, {"jobDefinitionName": "a.b"}, "jobDefinitionName"),
    ({"command": ["x" * 25_000]}, {}, "24 KiB"),
    ({}, {"tags": {"aws:x": "y"}}, "reserved"),
]


@pytest.mark.parametrize(("container", "fields", "words"), REFUSED, ids=[words for *_, words in REFUSED])
def test_what_register_refuses(aws, definition, refused, container, fields, words):
    wanted = definition(container, **fields)
    wanted["containerProperties"] = {k: v for k, v in wanted["containerProperties"].items() if v is not None}
    with refused("ClientException", words):
        aws("batch").register_job_definition(**wanted)


def test_secrets_need_an_execution_role(aws, definition, refused):
    wanted = definition({"secrets": [{"name": "S", "valueFrom": "arn"}]}, platformCapabilities=["EC2"])
    del wanted["containerProperties"]["executionRoleArn"]
    with refused("ClientException", "executionRoleArn is required for jobs with secrets"):
        aws("batch").register_job_definition(**wanted)


@pytest.mark.parametrize(("vcpu", "memory"), [("0.25", "2048"), ("0.5", "4096"), ("16", "122880"), ("8", "20480")])
def test_sizes_that_exist(aws, definition, vcpu, memory):
    assert aws("batch").register_job_definition(**definition(_size(vcpu, memory)))["revision"] == 1


def test_a_name_means_the_newest_active_revision(aws, cloud, definition):
    batch = aws("batch")
    for _ in range(3):
        batch.register_job_definition(**definition())
    batch.deregister_job_definition(jobDefinition="job:3")
    assert find_definition(cloud, "us-east-1", "job")["revision"] == 2
    assert find_definition(cloud, "us-east-1", "job:1")["revision"] == 1
    with pytest.raises(Refusal, match="not ACTIVE"):
        find_definition(cloud, "us-east-1", "job:3")


@pytest.fixture
def submit(aws, definition, queue):
    queue()
    aws("batch").register_job_definition(**definition())

    def send(**fields):
        wanted = {"jobName": "run", "jobQueue": "queue", "jobDefinition": "job"} | fields
        return aws("batch").submit_job(**wanted)

    return send


SUBMISSIONS = [
    ({"jobName": "-run"}, "jobName"),
    ({"jobName": "x" * 129}, "jobName"),
    ({"jobQueue": "none"}, "does not exist"),
    ({"jobDefinition": "job:9"}, "not ACTIVE"),
    ({"shareIdentifier": "low"}, "without a scheduling policy"),
    ({"arrayProperties": {"size": 1}}, "between 2 and 10000"),
    ({"arrayProperties": {"size": 10_001}}, "between 2 and 10000"),
    ({"dependsOn": [{"jobId": "x"}] * 21}, "more than 20"),
    ({"timeout": {"attemptDurationSeconds": 10}}, "at least 60"),
    ({"retryStrategy": {"attempts": 11}}, "between 1 and 10"),
    ({"containerOverrides": {"environment": [{"name": "AWS_BATCH_X", "value": "1"}]}}, "AWS_BATCH"),
    ({"containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "512"}]}}, "not valid."),
    ({"containerOverrides": {"command": ["x" * 31_000]}}, "30 KiB"),
]


@pytest.mark.parametrize(("fields", "words"), SUBMISSIONS, ids=[str(n) for n in range(len(SUBMISSIONS))])
def test_what_submit_refuses(submit, refused, fields, words):
    with refused("ClientException", words):
        submit(**fields)


def test_a_disabled_queue_takes_no_job(aws, submit, refused):
    aws("batch").update_job_queue(jobQueue="queue", state="DISABLED")
    with refused("ClientException", "not ENABLED"):
        submit()


def test_shares_of_a_fair_queue(aws, submit, queue, refused):
    shares = {"shareDistribution": [{"shareIdentifier": "low"}]}
    policy = aws("batch").create_scheduling_policy(name="p", fairsharePolicy=shares)["arn"]
    queue("fair", schedulingPolicyArn=policy)
    with refused("ClientException", "must be specified"):
        submit(jobQueue="fair")
    with refused("ClientException", "Invalid shareIdentifier"):
        submit(jobQueue="fair", shareIdentifier="a b", schedulingPriorityOverride=1)
    with refused("ClientException", "Either schedulingPriority in job definition or schedulingPriorityOverride"):
        submit(jobQueue="fair", shareIdentifier="low")
