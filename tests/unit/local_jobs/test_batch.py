"""The life of Batch jobs on the embedded cloud: they really run, and end as on AWS."""

import itertools
import json
import signal
import threading
import time

import pytest

from scrapectl.local.clock import VirtualClock
from scrapectl.local.inprocess import connect
from scrapectl.local.registry import Refusal

EXITED = "Essential container in task exited"


def test_a_job_that_succeeds(stage):
    done = stage.run("echo one; echo two >&2")
    assert done["status"] == "SUCCEEDED"
    assert done["statusReason"] == EXITED
    assert done["container"]["exitCode"] == 0
    assert done["createdAt"] <= done["startedAt"] <= done["stoppedAt"]
    assert stage.log(done) == ["one", "two"]
    (attempt,) = done["attempts"]
    assert attempt["container"]["taskArn"].rsplit("/")[-1] == attempt["container"]["logStreamName"].rsplit("/")[-1]
    assert attempt["container"]["logStreamName"].startswith("work/default/")


@pytest.mark.parametrize(("script", "code"), [("exit 3", 3), ("kill -9 $$", 137)])
def test_a_job_that_fails_says_its_exit_code(stage, script, code):
    done = stage.run(script)
    assert (done["status"], done["statusReason"], done["container"]["exitCode"]) == ("FAILED", EXITED, code)
    assert done["attempts"][0]["container"]["exitCode"] == code
    (listed,) = stage.batch("ListJobs", jobQueue="plain", jobStatus="FAILED")["jobSummaryList"]
    assert listed["container"] == {"exitCode": code}


def test_what_a_job_finds_in_its_environment(stage):
    stage.cloud.endpoint = "http://127.0.0.1:4711"
    stage.define(container={"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]})
    overrides = {"environment": [{"name": "B", "value": "3"}, {"name": "AWS_ENDPOINT_URL", "value": "https://aws"}]}
    done = stage.run("env", containerOverrides=overrides)
    seen = dict(line.split("=", 1) for line in stage.log(done))
    assert (seen["A"], seen["B"]) == ("1", "3")
    assert seen["AWS_BATCH_JOB_ID"] == done["jobId"]
    assert seen["AWS_BATCH_JOB_ATTEMPT"] == "1"
    assert seen["AWS_BATCH_JQ_NAME"] == "plain"
    assert seen["AWS_BATCH_CE_NAME"] == "small"
    assert seen["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4711"
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == "us-east-1"
    assert "AWS_BATCH_JOB_ARRAY_INDEX" not in seen
    assert {entry["name"]: entry["value"] for entry in done["container"]["environment"]}["B"] == "3"


def test_without_an_address_of_the_cloud_a_job_reaches_no_aws(stage):
    assert stage.log(stage.run("echo $AWS_ENDPOINT_URL")) == ["http://127.0.0.1:9"]


def test_references_in_the_command_become_parameters(stage):
    stage.define(container={"command": ["echo", "Ref::a", "x-Ref::b", "Ref::c"]}, parameters={"a": "1", "b": "2"})
    assert stage.log(stage.run(parameters={"b": "3"})) == ["1 x-3 Ref::c"]


def test_the_newest_active_revision_runs(stage):
    first = stage.define("two", {"command": ["echo", "old"]})
    stage.define("two", {"command": ["echo", "new"]})
    bare = first.rsplit(":", 1)[0]
    names = ["two", bare, "two:1", first]
    assert [stage.log(stage.run(definition=name)) for name in names] == [["new"], ["new"], ["old"], ["old"]]
    stage.batch("DeregisterJobDefinition", jobDefinition="two:2")
    assert stage.log(stage.run(definition="two")) == ["old"]


def test_lines_can_be_read_while_the_job_runs(stage):
    job = stage.submit("echo early; sleep 30")
    seen = stage.until(job, "RUNNING")
    end = time.monotonic() + 5
    while not (lines := stage.log_of("/scrapectl/shop", seen["container"]["logStreamName"])):
        assert time.monotonic() < end
    assert lines == ["early"]
    stage.batch("TerminateJob", jobId=job, reason="enough")
    stage.wait(job)


def test_all_of_many_lines_are_there_when_the_job_has_ended(stage):
    done = stage.run("i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done")
    lines: list[str] = []
    token: dict[str, str] = {}
    stream = done["container"]["logStreamName"]
    while True:
        answer = stage.call(
            "logs", "get_log_events", logGroupName="/scrapectl/shop", logStreamName=stream, startFromHead=True, **token
        )
        if not answer["events"]:
            break
        lines += [event["message"] for event in answer["events"]]
        token = {"nextToken": answer["nextForwardToken"]}
    assert lines == [str(number) for number in range(5000)]


def test_secrets_reach_the_job_and_nothing_else(stage):
    plain = stage.call("secretsmanager", "create_secret", Name="key", SecretString="hunter2")["ARN"]
    document = json.dumps({"user": "me", "port": 5432})
    many = stage.call("secretsmanager", "create_secret", Name="db", SecretString=document)["ARN"]
    stage.allow("execution", "secretsmanager:GetSecretValue", resource=[plain, many])
    wanted = {"KEY": plain, "DB_USER": f"{many}:user::", "DB_PORT": f"{many}:port::"}
    stage.define(container={"secrets": [{"name": name, "valueFrom": arn} for name, arn in wanted.items()]})
    done = stage.run("[ ${#KEY} = 7 ] && echo $DB_USER $DB_PORT")
    assert stage.log(done) == ["me 5432"]
    assert "hunter2" not in json.dumps(done)


def test_a_secret_that_the_execution_role_may_not_read(stage):
    arn = stage.call("secretsmanager", "create_secret", Name="key", SecretString="hunter2")["ARN"]
    stage.define(container={"secrets": [{"name": "KEY", "valueFrom": arn}]})
    done = stage.run("echo never")
    assert done["statusReason"].startswith("ResourceInitializationError: unable to pull secrets")
    assert "AccessDeniedException" in done["statusReason"]
    assert "exitCode" not in done["container"]


@pytest.mark.parametrize(
    ("container", "reason"),
    [
        ({"image": "busybox"}, "CannotPullContainerError: busybox: "),
        ({"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop-scraper:no"}, "CannotPullContainerError: "),
        ({"executionRoleArn": "arn:aws:iam::123456789012:role/none"}, "ECS was unable to assume the role"),
        ({"jobRoleArn": "arn:aws:iam::123456789012:role/none"}, "ECS was unable to assume the role"),
        ({"command": ["no-such-program"]}, "CannotStartContainerError: "),
        (
            {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/none"}}},
            "ResourceInitializationError: failed to validate logger args",
        ),
    ],
)
def test_what_cannot_start_says_why(stage, container, reason):
    stage.define(container={"command": ["true"]} | container)
    done = stage.run()
    assert done["status"] == "FAILED"
    assert done["statusReason"].startswith(reason)
    assert done["container"]["reason"].startswith(reason)
    assert "exitCode" not in done["container"]


def test_the_default_log_group_is_made(stage):
    stage.define(container={"logConfiguration": {"logDriver": "awslogs"}})
    done = stage.run("echo here")
    assert done["container"]["logStreamName"].startswith("work/default/")
    assert stage.log_of("/aws/batch/job", done["container"]["logStreamName"]) == ["here"]


def test_retries_go_on_until_one_is_good(stage):
    script = "echo try $AWS_BATCH_JOB_ATTEMPT; [ $AWS_BATCH_JOB_ATTEMPT = 3 ]"
    done = stage.run(script, retryStrategy={"attempts": 5})
    assert done["status"] == "SUCCEEDED"
    assert [attempt["container"]["exitCode"] for attempt in done["attempts"]] == [1, 1, 0]
    assert [stage.log(done, number) for number in range(3)] == [["try 1"], ["try 2"], ["try 3"]]


def test_conditions_decide_about_retries(stage):
    conditions = [{"onExitCode": "13*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    strategy = {"attempts": 3, "evaluateOnExit": conditions}
    assert len(stage.run("exit 137", retryStrategy=strategy)["attempts"]) == 3
    assert len(stage.run("exit 1", retryStrategy=strategy)["attempts"]) == 1


def test_a_timeout_is_of_each_attempt_and_not_retried(stage):
    stage.quicken(0.002)
    done = stage.run("sleep 30", timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 3})
    assert (done["status"], done["statusReason"]) == ("FAILED", "Job attempt duration exceeded timeout")
    assert len(done["attempts"]) == 1
    assert done["container"]["exitCode"] == 143


def test_terminate_ends_the_whole_group_and_is_not_retried(stage):
    job = stage.submit("sleep 30 & sleep 30", retryStrategy={"attempts": 3})
    stage.until(job, "RUNNING")
    stage.batch("TerminateJob", jobId=job, reason="not needed")
    done = stage.wait(job)
    assert (done["status"], done["statusReason"], done["isTerminated"]) == ("FAILED", "not needed", True)
    assert done["container"]["exitCode"] == 128 + signal.SIGTERM
    assert len(done["attempts"]) == 1


def test_terminate_before_the_process_is_there(stage):
    with stage.cloud.lock:  # so that the attempt's thread cannot go on
        job = stage.submit("echo never")
        stage.batch("TerminateJob", jobId=job, reason="too soon")
    done = stage.wait(job)
    assert (done["status"], done["statusReason"]) == ("FAILED", "too soon")
    assert "exitCode" not in done["container"]


def test_cancel_leaves_alone_what_runs(stage):
    job = stage.submit(stage.until_opened)
    stage.until(job, "RUNNING")
    stage.batch("CancelJob", jobId=job, reason="no")
    stage.open_gate()
    assert stage.wait(job)["status"] == "SUCCEEDED"


def test_many_are_ended_in_one_call(stage):
    stage.batch("UpdateComputeEnvironment", computeEnvironment="small", state="DISABLED")
    jobs = [stage.submit("true") for _ in range(3)]
    assert stage.batch("CancelJobs", jobs=jobs[:1], reason="a") == {"successful": jobs[:1], "errors": []}
    stage.batch("TerminateJobs", jobs=jobs[1:], reason="b")
    assert [stage.job(job)["statusReason"] for job in jobs] == ["a", "b", "b"]
    with pytest.raises(Refusal, match="50"):
        stage.batch("CancelJobs", jobs=["x"] * 51, reason="c")


def test_an_image_for_another_architecture_does_not_start(stage):
    stage.define(container={"runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}})
    assert "exec format error" in stage.run("true")["statusReason"]


def test_unknown_jobs_are_no_error(stage):
    assert stage.batch("DescribeJobs", jobs=["no-such-job"]) == {"jobs": []}
    assert stage.batch("CancelJob", jobId="no", reason="x") == {}
    assert stage.batch("TerminateJob", jobId="no", reason="x") == {}


def test_dependencies_wait_and_fail_with_what_they_wait_for(stage):
    first = stage.submit(stage.until_opened)
    second = stage.submit("echo after", dependsOn=[{"jobId": first}])
    assert stage.job(second)["status"] == "PENDING"
    stage.open_gate()
    assert stage.wait(second)["startedAt"] >= stage.job(first)["stoppedAt"]
    bad = stage.submit("exit 1")
    chain = [stage.submit("true", dependsOn=[{"jobId": bad}])]
    chain.append(stage.submit("true", dependsOn=[{"jobId": chain[0]}, {"jobId": first}]))
    for job in chain:
        done = stage.wait(job)
        assert (done["status"], done["statusReason"]) == ("FAILED", "Dependent Job failed")
    assert stage.run("true", dependsOn=[{"jobId": bad}])["statusReason"] == "Dependent Job failed"
    assert stage.run("true", dependsOn=[{"jobId": first}])["status"] == "SUCCEEDED"


def test_a_cancelled_dependency(stage):
    first = stage.submit("sleep 30")
    second = stage.submit("true", dependsOn=[{"jobId": first}])
    stage.batch("CancelJob", jobId=second, reason="changed my mind")
    done = stage.job(second)
    assert (done["status"], done["statusReason"], done["isCancelled"]) == ("FAILED", "changed my mind", True)
    stage.batch("TerminateJob", jobId=first, reason="x")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"jobName": "-bad"}, "jobName"),
        ({"jobQueue": "none"}, "none does not exist"),
        ({"jobDefinition": "work:9"}, "work:9 does not exist"),
        ({"shareIdentifier": "low"}, "shareIdentifier"),
        ({"arrayProperties": {"size": 1}}, "2 to 10000"),
        ({"dependsOn": [{"jobId": "x"}] * 21}, "20"),
        ({"dependsOn": [{"jobId": "x"}]}, "x of dependsOn does not exist"),
        ({"dependsOn": [{"type": "SEQUENTIAL"}]}, "array"),
        ({"timeout": {"attemptDurationSeconds": 59}}, "60"),
        ({"retryStrategy": {"attempts": 11}}, "1 to 10"),
        ({"containerOverrides": {"environment": [{"name": "AWS_BATCH_X", "value": ""}]}}, "AWS_BATCH"),
        ({"containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "3"}]}}, "3 vCPU, 512 MiB"),
    ],
)
def test_what_submit_refuses(stage, params, message):
    with pytest.raises(Refusal, match=message) as refused:
        stage.batch("SubmitJob", **{"jobName": "a", "jobQueue": "plain", "jobDefinition": "work"} | params)
    assert refused.value.code == "ClientException"
    assert (
        stage.batch("ListJobs", jobQueue="plain", filters=[{"name": "JOB_NAME", "values": ["*"]}])["jobSummaryList"]
        == []
    )


def test_a_disabled_queue_takes_nothing(stage):
    stage.batch("UpdateJobQueue", jobQueue="plain", state="DISABLED")
    with pytest.raises(Refusal, match="is not ENABLED"):
        stage.submit("true")


def test_a_disabled_environment_starts_nothing(stage):
    stage.batch("UpdateComputeEnvironment", computeEnvironment="small", state="DISABLED")
    job = stage.submit("true")
    assert stage.job(job)["status"] == "RUNNABLE"
    stage.batch("UpdateComputeEnvironment", computeEnvironment="small", state="ENABLED")
    stage.cloud.tick()
    assert stage.wait(job)["status"] == "SUCCEEDED"


def test_what_is_too_big_waits_and_says_so(stage):
    sizes = [{"type": "VCPU", "value": "16"}, {"type": "MEMORY", "value": "32768"}]
    stage.environment("tiny", vcpus=8)
    stage.queue("tight", "tiny")
    job = stage.submit("true", queue="tight", containerOverrides={"resourceRequirements": sizes})
    seen = stage.job(job)
    assert seen["status"] == "RUNNABLE"
    assert seen["statusReason"].startswith("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE")
    snapshot = stage.batch("GetJobQueueSnapshot", jobQueue="tight")
    assert [entry["jobArn"] for entry in snapshot["frontOfQueue"]["jobs"]] == [seen["jobArn"]]
    stage.batch("CancelJob", jobId=job, reason="too big")
    assert stage.job(job)["statusReason"] == "too big"


def test_environments_bound_what_runs_at_once(stage):
    stage.environment("one", vcpus=1)
    stage.queue("narrow", "one")
    size = {"resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]}
    jobs = [stage.submit(stage.until_opened, queue="narrow", containerOverrides=size) for _ in range(3)]
    assert [stage.job(job)["status"] for job in jobs[1:]] == ["RUNNABLE", "RUNNABLE"]
    stage.open_gate()
    done = [stage.wait(job) for job in jobs]
    assert all(later["startedAt"] >= earlier["stoppedAt"] for earlier, later in itertools.pairwise(done))


def test_a_deleted_queue_ends_its_jobs(stage):
    stage.queue("going")
    job = stage.submit("sleep 30", queue="going")
    stage.until(job, "RUNNING")
    stage.batch("UpdateJobQueue", jobQueue="going", state="DISABLED")
    stage.batch("DeleteJobQueue", jobQueue="going")
    stage.batch("DescribeJobQueues")
    assert stage.wait(job)["statusReason"] == "Job queue was deleted"


def test_the_end_of_the_cloud_is_the_end_of_its_jobs(stage):
    job = stage.submit("sleep 60")
    stage.until(job, "RUNNING")
    stage.cloud.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("job")]
    assert list((stage.cloud.state_dir / "jobs" / "running").glob("*")) == []


def test_jobs_do_not_see_each_others_files(stage):
    assert stage.log(stage.run("ls; touch left-behind; ls")) == ["left-behind"]
    assert stage.log(stage.run("ls; echo end")) == ["end"]


def test_tags_are_kept_and_children_have_none(stage):
    job = stage.submit("true", tags={"team": "x"}, arrayProperties={"size": 2})
    assert stage.wait(job)["tags"] == {"team": "x"}
    assert "tags" not in stage.job(f"{job}:0")


def test_a_cancelled_array_that_runs_on_is_not_failed_by_it(stage):
    job = stage.submit(stage.until_opened, arrayProperties={"size": 2})
    for index in range(2):
        stage.until(f"{job}:{index}", "RUNNING")
    stage.batch("CancelJob", jobId=job, reason="too late")
    stage.open_gate()
    assert stage.wait(job)["status"] == "SUCCEEDED"


def test_an_image_of_another_kind_cannot_be_run(stage):
    uri, _, digest = stage.image.partition("@")
    name = uri.partition("/")[2]
    found = stage.call("ecr", "batch_get_image", repositoryName=name, imageIds=[{"imageDigest": digest}])["images"][0]
    manifest = found["imageManifest"].replace("application/vnd.scrapectl.build-folder.v1.tar+gzip", "other")
    stage.call("ecr", "put_image", repositoryName=name, imageManifest=manifest, imageTag="other")
    stage.define(container={"image": f"{uri}:other"})
    assert "is not a build folder" in stage.run("true")["statusReason"]


def test_boto3_reads_it_all(stage):
    batch = connect(stage.cloud).client("batch")
    job = batch.submit_job(
        jobName="a", jobQueue="plain", jobDefinition="work", containerOverrides={"command": ["true"]}
    )
    stage.wait(job["jobId"])
    (seen,) = batch.describe_jobs(jobs=[job["jobId"]])["jobs"]
    assert seen["container"]["exitCode"] == 0
    assert seen["jobArn"] == job["jobArn"]
    (listed,) = batch.list_jobs(jobQueue="plain", jobStatus="SUCCEEDED")["jobSummaryList"]
    assert listed["jobId"] == job["jobId"]
    assert batch.get_job_queue_snapshot(jobQueue="plain")["frontOfQueue"]["jobs"] == []


class TestTimeLimits:
    @pytest.fixture
    def clock(self):
        return VirtualClock()

    def test_a_queue_cancels_what_can_never_start(self, stage, clock):
        stage.environment("tiny", vcpus=1)
        reason = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
        limit = {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL"}
        stage.queue("tight", "tiny", jobStateTimeLimitActions=[limit])
        sizes = [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "4096"}]
        job = stage.submit("true", queue="tight", containerOverrides={"resourceRequirements": sizes})
        clock.advance(599)
        assert stage.job(job)["status"] == "RUNNABLE"
        clock.advance(2)
        done = stage.job(job)
        told = f"Canceled by JobStateTimeLimit action due to reason: {reason}"
        assert (done["status"], done["statusReason"]) == ("FAILED", told)
