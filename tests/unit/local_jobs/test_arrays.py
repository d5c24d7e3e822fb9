"""Array jobs: children with an index each, and a parent that is what they are."""

import pytest

from scrapectl.local.registry import Refusal


def array(stage, script, size=3, **params):
    return stage.submit(script, arrayProperties={"size": size}, **params)


def counts(job):
    return {state: count for state, count in job["arrayProperties"]["statusSummary"].items() if count}


def test_each_child_knows_its_index_and_the_size(stage):
    parent = stage.wait(
        array(stage, "echo child $AWS_BATCH_JOB_ARRAY_INDEX/$AWS_BATCH_JOB_ARRAY_SIZE of $AWS_BATCH_JOB_ID")
    )
    assert parent["status"] == "SUCCEEDED"
    assert parent["arrayProperties"]["size"] == 3
    assert counts(parent) == {"SUCCEEDED": 3}
    assert "statusReason" not in parent
    assert parent["attempts"] == []
    for index in range(3):
        child = stage.job(f"{parent['jobId']}:{index}")
        assert child["arrayProperties"] == {"index": index}
        assert child["jobArn"] == f"{parent['jobArn']}:{index}"
        assert stage.log(child) == [f"child {index}/3 of {child['jobId']}"]


def test_the_parent_fails_with_one_child(stage):
    parent = stage.wait(array(stage, "[ $AWS_BATCH_JOB_ARRAY_INDEX != 1 ] || exit 7"))
    assert (parent["status"], parent["statusReason"]) == ("FAILED", "Array Child Job failed")
    assert counts(parent) == {"SUCCEEDED": 2, "FAILED": 1}
    assert stage.job(f"{parent['jobId']}:1")["container"]["exitCode"] == 7


def test_the_parent_is_pending_while_children_run(stage):
    job = array(stage, "sleep 30", size=2)
    stage.until(f"{job}:1", "RUNNING")
    stage.until(f"{job}:0", "RUNNING")
    parent = stage.job(job)
    assert parent["status"] == "PENDING"
    assert counts(parent) == {"RUNNING": 2}
    stage.batch("TerminateJob", jobId=job, reason="all of you")
    parent = stage.wait(job)
    assert (parent["status"], parent["statusReason"]) == ("FAILED", "all of you")
    assert {stage.job(f"{job}:{index}")["statusReason"] for index in range(2)} == {"all of you"}


def test_cancel_ends_the_children_that_did_not_start(stage):
    stage.environment("one", vcpus=1)
    stage.queue("narrow", "one")
    sizes = {"resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]}
    job = array(stage, stage.until_opened, queue="narrow", containerOverrides=sizes)
    stage.until(f"{job}:0", "RUNNING")
    stage.batch("CancelJob", jobId=job, reason="enough")
    stage.open_gate()
    parent = stage.wait(job)
    assert (parent["status"], parent["statusReason"]) == ("FAILED", "enough")
    assert counts(parent) == {"SUCCEEDED": 1, "FAILED": 2}


def test_children_retry_each_on_its_own(stage):
    script = "[ $AWS_BATCH_JOB_ARRAY_INDEX$AWS_BATCH_JOB_ATTEMPT != 11 ]"
    parent = stage.wait(array(stage, script, size=2, retryStrategy={"attempts": 2}))
    assert parent["status"] == "SUCCEEDED"
    assert [len(stage.job(f"{parent['jobId']}:{index}")["attempts"]) for index in range(2)] == [1, 2]


def test_in_sequence(stage):
    parent = stage.wait(array(stage, "true", dependsOn=[{"type": "SEQUENTIAL"}]))
    children = [stage.job(f"{parent['jobId']}:{index}") for index in range(3)]
    assert children[0]["stoppedAt"] <= children[1]["startedAt"]
    assert children[1]["stoppedAt"] <= children[2]["startedAt"]


def test_a_failure_ends_a_sequence_of_any_length(stage):
    parent = stage.wait(array(stage, "exit 1", size=3000, dependsOn=[{"type": "SEQUENTIAL"}]))
    assert counts(parent) == {"FAILED": 3000}
    assert stage.job(f"{parent['jobId']}:2999")["statusReason"] == "Dependent Job failed"


def test_each_after_its_like(stage):
    first = array(stage, "[ $AWS_BATCH_JOB_ARRAY_INDEX != 1 ]")
    second = stage.wait(array(stage, "true", dependsOn=[{"jobId": first, "type": "N_TO_N"}]))
    seen = [stage.job(f"{second['jobId']}:{index}") for index in range(3)]
    assert [child["status"] for child in seen] == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert seen[1]["statusReason"] == "Dependent Job failed"
    with pytest.raises(Refusal, match="array of 4 jobs"):
        array(stage, "true", size=4, dependsOn=[{"jobId": first, "type": "N_TO_N"}])


def test_after_a_whole_array(stage):
    first = array(stage, "sleep 0.1")
    second = stage.wait(array(stage, "true", size=2, dependsOn=[{"jobId": first}]))
    assert second["status"] == "SUCCEEDED"
    assert stage.job(f"{second['jobId']}:0")["startedAt"] >= stage.job(first)["stoppedAt"]
