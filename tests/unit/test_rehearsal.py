"""`plan --calls` compared with what an apply then really sends: the same requests, up to what is known afterwards."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest

from scrapectl.aws import anchor
from scrapectl.aws.rehearsal import PUSH, UNKNOWN
from scrapectl.errors import AwsError
from scrapectl.kinds.log_group import LogGroup
from scrapectl.pipeline import rehearsing
from scrapectl.pipeline.imagined import imagined
from scrapectl.pipeline.rehearsing import rehearse
from tests.account import EXAMPLES, example, is_read, spec_of
from tests.held_jobs import hold_jobs

_TOKENS = ("ClientToken", "ClientRequestToken", "CallerReference", "ChecksumAlgorithm", "ContentMD5")
_PUSHED = ("CompleteLayerUpload", "InitiateLayerUpload", "PutImage", "UploadLayerPart")


def rehearsed(account, spec, planned, **options):
    found = rehearse(planned, account.aws_of(spec))
    assert found.notes == ()
    return found.requests


def sent_by(account, task):
    """The changing requests of a task, without the container engine's."""
    calls = [sent for sent in account.calls_of(task) if not is_read(sent)]
    return [sent for sent in calls if sent.operation not in _PUSHED]


def agree(known, real):
    """Whether a request was foretold: unknown texts may be anything."""
    if isinstance(known, str) and isinstance(real, str):
        head, mark, tail = known.partition(UNKNOWN)
        return known == real or bool(mark and real.startswith(head) and real.endswith(tail.rpartition(UNKNOWN)[2]))
    if isinstance(known, dict) and isinstance(real, dict):
        return set(known) == set(real) and all(agree(known[key], real[key]) for key in known)
    if isinstance(known, list | tuple) and isinstance(real, list | tuple):
        return len(known) == len(real) and all(agree(a, b) for a, b in zip(known, real, strict=True))
    return known == real or str(known) == str(real)


def plain(params):
    """As JSON, and without what the SDK adds by itself."""
    return json.loads(json.dumps({name: value for name, value in params.items() if name not in _TOKENS}, default=str))


def assert_foretold(account, spec, **options):
    """Plan, rehearse, apply; every request that was sent was told, and nothing else."""
    planned = account.plan(spec, **options)
    sent = account.calls_of(lambda: None)
    requests = rehearsed(account, spec, planned)
    assert sent == []
    really = sent_by(account, lambda: account.carry_out(planned, account.aws_of(spec), **options))
    told = [request for address, request in requests if request.operation != PUSH and address != "anchor"]
    really = [call for call in really if (call.service, call.operation) != ("ssm", "PutParameter")]
    assert Counter((r.service, r.operation) for r in told) == Counter((r.service, r.operation) for r in really)
    left = list(really)
    for request in told:
        match = next(
            (c for c in left if c.operation == request.operation and agree(plain(request.params), plain(c.params))),
            None,
        )
        assert match is not None, (request, [c.params for c in left if c.operation == request.operation])
        left.remove(match)
    return requests


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_foretold(name, account):
    assert_foretold(account, example(name))


BEFORE = """
version: 1
pipeline: shop
region: us-east-1
tags: {team: a}
compute_environments: {main: {type: fargate}}
job_queues: {default: {compute: [main]}}
buckets: {raw: {versioned: true}}
jobs:
  collect: {image: "python:3", queue: default, schedules: {morning: {cron: "0 6 * * ? *"}}}
  gone: {image: "python:3", queue: default, schedules: {hourly: {rate: 1h}}}
"""
AFTER = """
version: 1
pipeline: shop
region: us-east-1
tags: {team: b}
compute_environments: {main: {type: fargate-spot}}
job_queues: {default: {compute: [main]}, other: {compute: [main]}}
buckets: {raw: {expire: {"tmp/": 3d}}}
jobs:
  collect: {image: "python:3", queue: default, memory: 4096, schedules: {morning: {rate: 2h}}}
"""


def test_an_edit_is_foretold_with_the_steps_that_follow_once_aws_has_settled(account):
    account.put(spec_of(BEFORE))
    requests = assert_foretold(account, spec_of(AFTER))
    of_old = [r.operation for address, r in requests if address == "batch_compute_environment.shop-main"]
    assert of_old == ["CreateComputeEnvironment", "UpdateComputeEnvironment", "DeleteComputeEnvironment"]
    assert rehearsed(account, spec_of(AFTER), account.plan(spec_of(AFTER))) == ()


def test_revisions_beyond_those_to_keep_are_foretold(account):
    text = "version: 1\npipeline: shop\nregion: us-east-1\njobs: {collect: {image: 'python:3', memory: %s}}"
    for memory in (2048, 3072, 4096, 5120, 6144):
        account.put(spec_of(text % memory))
    requests = assert_foretold(account, spec_of(text % 7168))
    assert [r.operation for _, r in requests[1:-1]] == ["RegisterJobDefinition", "DeregisterJobDefinition"]


DATABASE = """
version: 1
pipeline: shop
region: us-east-1
databases: {results: {engine: postgres, version: "16", class: %s, storage: 20%s}}
jobs: {collect: {image: "python:3"}}
"""
POWER = ", power: {start: '30 2 * * ? *', stop: '30 6 * * ? *'}"


def test_a_stopped_database_is_started_changed_and_stopped_again(account):
    account.put(spec_of(DATABASE % ("db.t4g.micro", POWER)))
    account.client("rds").stop_db_instance(DBInstanceIdentifier="shop-results")
    requests = assert_foretold(account, spec_of(DATABASE % ("db.t4g.small", POWER)))
    assert moves(requests) == ["StartDBInstance", "ModifyDBInstance", "StopDBInstance"]


def test_without_its_power_hours_a_stopped_database_is_started_for_good(account):
    account.put(spec_of(DATABASE % ("db.t4g.micro", POWER)))
    account.client("rds").stop_db_instance(DBInstanceIdentifier="shop-results")
    without = spec_of(DATABASE % ("db.t4g.micro", ""))
    assert moves(assert_foretold(account, without)) == ["StartDBInstance"]
    assert account.plan(without).plan.empty
    (instance,) = account.client("rds").describe_db_instances()["DBInstances"]
    assert instance["DBInstanceStatus"] == "available"


def moves(requests):
    return [request.operation for _, request in requests if request.operation.endswith("DBInstance")]


def test_a_refused_plan_sends_nothing(account):
    account.put(spec_of(BEFORE))
    account.client("s3").put_object(Bucket="shop-raw-123456789012-us-east-1", Key="a", Body=b"a")
    without = spec_of(BEFORE.replace("buckets: {raw: {versioned: true}}\n", ""))
    planned = account.plan(without)
    assert planned.plan.refusals
    assert rehearsed(account, without, planned) == ()


def test_what_runs_is_waited_for_in_words_alone(account):
    hold_jobs(account.cloud)
    account.put(spec_of(BEFORE))
    queue = account.client("batch").describe_job_queues()["jobQueues"][0]["jobQueueName"]
    account.client("batch").submit_job(jobName="a", jobQueue=queue, jobDefinition="shop-collect")
    spec = spec_of(BEFORE.replace("type: fargate}", "type: fargate-spot}"))
    (note,) = rehearse(account.plan(spec), account.aws_of(spec)).notes
    assert note == (
        "batch_compute_environment.shop-main: "
        "it starts no more jobs, and waits for the end of the 1 that run in it; then it is deleted."
    )


SMALL = "version: 1\npipeline: shop\nregion: us-east-1\njobs: {collect: {image: 'python:3'}}"


def test_however_long_a_rehearsal_takes_the_lease_is_taken_and_given_back_once(account, monkeypatch):
    monkeypatch.setattr(anchor, "RENEW_EVERY", 0.01)
    monkeypatch.setattr(anchor, "LEASE", 0.1)
    monkeypatch.setattr(rehearsing, "imagined", lambda *given: time.sleep(0.15) or imagined(*given))
    spec = spec_of(SMALL)
    requests = rehearsed(account, spec, account.plan(spec))
    at_anchor = [number for number, (address, _) in enumerate(requests) if address == "anchor"]
    assert at_anchor == [0, len(requests) - 1]


def test_the_lease_is_foretold_with_what_then_stands_as_a_whole(account):
    spec = spec_of(SMALL)
    planned = account.plan(spec)
    requests = rehearsed(account, spec, planned)
    sent = sent_by(account, lambda: account.carry_out(planned, account.aws_of(spec)))
    told = json.loads(requests[-1][1].params["Value"])
    real = json.loads(next(c for c in reversed(sent) if c.operation == "PutParameter").params["Value"])
    assert (told["spec"], told["serial"], told["holder"]) == (real["spec"], real["serial"], real["holder"])


def test_what_was_sent_before_a_failure_is_told_with_it(account, monkeypatch):
    def create(self, aws, tags):
        made(self, aws, tags)
        raise AwsError("its answer cannot be imagined.")

    made = LogGroup.create
    monkeypatch.setattr(LogGroup, "create", create)
    spec = spec_of(SMALL)
    found = rehearse(account.plan(spec), account.aws_of(spec))
    assert ("log_group.shop", "CreateLogGroup") in [(address, each.operation) for address, each in found.requests]
    assert any(note.startswith("log_group.shop: what follows is not known: ") for note in found.notes)


def test_the_end_of_files_and_desktops_is_foretold(account):
    head = "version: 1\npipeline: shop\nregion: us-east-1\nmessage_queues: {rows: {}}\n"
    account.put(spec_of(head + "filesystems: {work: {}}\ndesktops: {review: {image: one}}\n"))
    requests = assert_foretold(account, spec_of(head))
    of_files = [r.operation for address, r in requests if address == "efs_file_system.shop-work"]
    assert set(of_files[:-1]) == {"DeleteMountTarget"}
    assert of_files[-1] == "DeleteFileSystem"
    of_fleet = [r.operation for address, r in requests if address == "appstream_fleet.shop-review"]
    assert of_fleet == ["StopFleet", "DeleteFleet"]
