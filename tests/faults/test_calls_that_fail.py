"""Throttled, answered 500, without an answer, or denied: apply ends well, or says what is missing and goes on later."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.faults.account_contents import standing
from tests.faults.endpoint import Endpoint, Weather, denied, lost
from tests.faults.here import here
from tests.faults.quickstart import SPEC as QUICKSTART
from tests.faults.quickstart import undisturbed

SEEDS = range(1, 26) if os.environ.get("SCRAPECTL_FAULTS") == "all" else (17,)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fifth_of_all_calls_throttled_or_broken(seed: int):
    expected = undisturbed().standing
    endpoint = Endpoint()
    try:
        weather = endpoint.fault = Weather(seed, 0.2)
        endpoint.cli("apply", QUICKSTART, "--yes").well()
        assert standing(endpoint.account) == expected["apply"]
        here(endpoint, "plan", QUICKSTART, "--detailed-exitcode").well()
        endpoint.cli("destroy", QUICKSTART, "--yes").well()
        assert standing(endpoint.account) == expected["destroy"]
        assert weather.struck > 20
    finally:
        endpoint.close()


@pytest.mark.parametrize(
    ("operations", "after"),
    [
        (("RegisterJobDefinition", "CreateSecurityGroup", "PutParameter"), True),
        (("CreateSecurityGroup",), False),
    ],
)
def test_a_lost_answer_makes_no_duplicate(endpoint: Endpoint, spec: Path, operations: tuple[str, ...], after: bool):
    endpoint.fault = lost(*operations, after=after)
    endpoint.cli("apply", spec, "--yes").well()
    lines = standing(endpoint.account)
    assert [line for line in lines if line.startswith("job definition")] == [
        "job definition arn:aws:batch:us-east-1:123456789012:job-definition/shop-collect:1"
    ]
    assert len([line for line in lines if line.startswith("security group")]) == 1
    here(endpoint, "plan", spec, "--detailed-exitcode").well()


def test_a_denied_call_is_named_and_the_next_apply_goes_on(endpoint: Endpoint, spec: Path):
    endpoint.fault = denied("CreateComputeEnvironment")
    answer = endpoint.cli("apply", spec, "--yes", "--output", "json")
    assert answer.code == 1
    outcomes = {change["address"]: change for change in json.loads(answer.out)["changes"]}
    refused = outcomes["batch_compute_environment.shop-default"]
    assert refused["outcome"] == "failed"
    assert "batch:CreateComputeEnvironment" in refused["error"]
    assert outcomes["batch_job_queue.shop-default"]["outcome"] == "skipped"
    assert outcomes["sqs_queue.shop-pages"]["outcome"] == "done"

    for words in (("apply", spec, "--yes"), ("plan", spec, "--detailed-exitcode"), ("destroy", spec, "--yes")):
        here(endpoint, *words).well()


def test_a_denial_before_anything_is_done_is_one_clear_line(endpoint: Endpoint, spec: Path):
    endpoint.fault = denied("PutParameter")
    answer = endpoint.cli("apply", spec, "--yes")
    assert answer.code == 1
    assert "ssm:PutParameter" in answer.err.splitlines()[0]
    assert standing(endpoint.account) == ["schedule group default"]
