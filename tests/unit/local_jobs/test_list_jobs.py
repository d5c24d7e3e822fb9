"""ListJobs: which jobs, in which order, in which pages."""

import pytest

from scrapectl.local.clock import VirtualClock
from scrapectl.local.registry import Refusal


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def listed(stage):
    """Three ended jobs of two definitions, ten seconds apart."""
    stage.define("other")
    jobs = {}
    for name, definition, script in (("one", "work", "true"), ("Two", "other", "exit 1"), ("two-b", "work", "true")):
        jobs[name] = stage.run(script, jobName=name, definition=definition)
        stage.cloud.clock.advance(10)
    return stage, jobs


def names(stage, **params):
    return [job["jobName"] for job in stage.batch("ListJobs", **{"jobQueue": "plain"} | params)["jobSummaryList"]]


def test_by_status_newest_first(listed):
    stage, _ = listed
    assert names(stage) == []
    assert names(stage, jobStatus="SUCCEEDED") == ["two-b", "one"]
    assert names(stage, jobStatus="FAILED") == ["Two"]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("JOB_NAME", "two", ["Two"]),
        ("JOB_NAME", "TWO*", ["two-b", "Two"]),
        ("JOB_DEFINITION", "work", ["two-b", "one"]),
        ("JOB_DEFINITION", "work:1", ["two-b", "one"]),
        ("JOB_DEFINITION", "oth*", ["Two"]),
        ("SHARE_IDENTIFIER", "low", []),
    ],
)
def test_filters_ignore_the_status(listed, name, value, found):
    stage, _ = listed
    status = {} if name == "SHARE_IDENTIFIER" else {"jobStatus": "RUNNING"}
    assert names(stage, filters=[{"name": name, "values": [value]}], **status) == found


def test_filters_by_time(listed):
    stage, jobs = listed
    moment = str(jobs["Two"]["createdAt"])
    assert names(stage, filters=[{"name": "AFTER_CREATED_AT", "values": [moment]}]) == ["two-b"]
    assert names(stage, filters=[{"name": "BEFORE_CREATED_AT", "values": [moment]}]) == ["one"]


def test_pages(listed):
    stage, _ = listed
    first = stage.batch("ListJobs", jobQueue="plain", jobStatus="SUCCEEDED", maxResults=1)
    second = stage.batch(
        "ListJobs", jobQueue="plain", jobStatus="SUCCEEDED", maxResults=1, nextToken=first["nextToken"]
    )
    assert [page["jobSummaryList"][0]["jobName"] for page in (first, second)] == ["two-b", "one"]
    assert second.get("nextToken") is None


def test_a_queues_list_holds_parents_and_an_arrays_list_its_children(stage):
    parent = stage.wait(stage.submit("true", jobName="many", arrayProperties={"size": 3}))
    assert names(stage, jobStatus="SUCCEEDED") == ["many"]
    answer = stage.batch("ListJobs", arrayJobId=parent["jobId"], jobStatus="SUCCEEDED")
    assert [job["arrayProperties"]["index"] for job in answer["jobSummaryList"]] == [0, 1, 2]
    assert stage.batch("ListJobs", arrayJobId=parent["jobId"])["jobSummaryList"] == []


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"jobQueue": "plain", "arrayJobId": "x"},
        {"jobQueue": "none"},
        {"jobQueue": "plain", "filters": [{"name": "JOB_NAME", "values": ["a"]}] * 2},
        {"jobQueue": "plain", "filters": [{"name": "NOISE", "values": ["a"]}]},
        {"jobQueue": "plain", "nextToken": "wrong"},
    ],
)
def test_what_list_jobs_refuses(stage, params):
    stage.run("true")
    with pytest.raises(Refusal) as refused:
        stage.batch("ListJobs", **params)
    assert refused.value.code == "ClientException"


def test_old_jobs_are_forgotten(listed):
    stage, jobs = listed
    stage.cloud.clock.advance(8 * 86_400)
    stage.run("true", jobName="now")
    assert stage.batch("DescribeJobs", jobs=[jobs["one"]["jobId"]]) == {"jobs": []}
    assert names(stage, jobStatus="SUCCEEDED") == ["now"]
