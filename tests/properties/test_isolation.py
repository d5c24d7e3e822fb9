"""Owners never see each other's things, and what is not ours is refused and left alone, whatever its kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from scrapectl.errors import AccessDenied, AwsError, PlanRefused
from scrapectl.kinds import KINDS
from scrapectl.spec.model import Spec
from tests.account import REGION, Account, assert_empty, done, in_region, is_read, shown, spec_of

TEXT = """
version: 1
pipeline: {pipeline}
region: us-east-1
tags: {{team: mobility}}
stages: {{eu: {{}}}}
images: {{scraper: {{build: ./scraper}}}}
secrets: {{key: {{generate: 20}}}}
buckets: {{raw: {{}}}}
message_queues: {{rows: {{}}}}
job_queues: {{default: {{shares: {{low: 1, high: 2}}}}}}
jobs:
  collect:
    image: scraper
    secrets: {{KEY: key}}
    access: {{write: [raw], send: [rows]}}
    schedules: {{daily: {{cron: "0 6 * * ? *"}}}}
"""


@pytest.fixture
def shop(folder: Any) -> Callable[..., Spec]:
    return lambda pipeline="shop", **more: spec_of(TEXT.format(pipeline=pipeline), folder, **more)


def standing(account: Account, specs: list[Spec]) -> dict[str, list[str]]:
    return {f"{s.owner} {s.region}": account.owned(s.owner, str(s.region)) for s in specs}


def test_neighbours_never_see_each_other(account: Account, shop: Callable[..., Spec]) -> None:
    """`shop`, `shop-eu`, `shop` in stage `eu`, and `shop` in another region."""
    specs = [shop(), shop("shop-eu"), shop(stage="eu"), in_region(shop(), "eu-west-1")]
    together: list[Spec] = []
    for spec in specs:
        if spec.stage:  # `shop.eu` and `shop-eu` have the same physical names: one of the two is refused, at each name
            with pytest.raises(PlanRefused):
                account.apply(spec)
            continue
        account.put(spec)
        together.append(spec)
    for spec in together:
        assert_empty(account.plan(spec))
        text = " ".join(account.owned(spec.owner, str(spec.region)))
        others = {other.owner for other in specs if other.owner != spec.owner}
        assert not [other for other in others if f"/{other}/" in text or f"role/{other}_" in text]
    before = standing(account, together)
    for spec in together:
        done(account.destroy(spec))
        before[f"{spec.owner} {spec.region}"] = []
        assert standing(account, together) == before
    with pytest.raises(PlanRefused, match="'shop-eu-key' exists already and belongs to pipeline shop-eu"):
        account.apply(shop(stage="eu"))  # the recovery window keeps a secret's name for its owner
    account.client("secretsmanager").delete_secret(SecretId="shop-eu-key", ForceDeleteWithoutRecovery=True)
    account.put(shop(stage="eu"))
    assert_empty(account.plan(shop(stage="eu")))
    assert shown(account.plan_destroy(shop()).plan) == []
    assert shown(account.plan_destroy(shop("shop-eu")).plan) == []


def test_same_names_of_a_stage_are_refused_in_plan_and_destroy(account: Account, shop: Callable[..., Spec]) -> None:
    """`shop-eu` and `shop` in stage `eu` have the same physical names."""
    account.put(shop("shop-eu"))
    before = account.owned("shop-eu")
    planned = account.plan(shop(stage="eu"))
    assert all("belongs to pipeline shop-eu" in problem.message for problem in planned.plan.refusals)
    assert len(planned.plan.refusals) >= 10
    ended = account.destroy(shop(stage="eu"))
    assert ended.outcomes == ()
    assert account.owned("shop-eu") == before
    assert_empty(account.plan(shop("shop-eu")))


def foreign(account: Account, spec: Spec, kind: str, tags: dict[str, str]) -> str:
    """Make one thing that bears a name of the spec, as somebody else would; returns its address."""
    plan = account.plan(spec).plan
    (change, *_) = [c for c in plan.changes if c.kind == kind]
    assert change.desired is not None
    aws, resource = account.session(), change.desired.resource
    for needed in {"schedule": ["schedule_group"]}.get(kind, []):
        foreign(account, spec, needed, tags)
    _stand_ins(account)[kind](aws, resource, tags)
    return change.address


def _stand_ins(account: Account) -> dict[str, Callable[..., Any]]:
    """How somebody else makes a thing of each kind, under a given name."""
    client = account.client
    some: Callable[[dict[str, str]], Any] = lambda tags: {"tags": tags} if tags else {}  # noqa: E731
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    pairs: Callable[[dict[str, str]], list[dict[str, str]]] = lambda tags: [  # noqa: E731
        {"Key": key, "Value": value} for key, value in tags.items()
    ]
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:batch:submitJob", "RoleArn": "", "Input": "{}"}

    def schedule(_aws: Any, want: Any, _tags: dict[str, str]) -> None:
        role = client("iam").create_role(RoleName="other", AssumeRolePolicyDocument=trust.replace("ec2", "scheduler"))[
            "Role"
        ]["Arn"]
        client("scheduler").create_schedule(
            Name=want.name,
            GroupName=want.group,
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=target | {"RoleArn": role},
        )

    def environment(name: str, tags: dict[str, str]) -> str:
        subnet = client("ec2").describe_subnets()["Subnets"][0]
        group = client("ec2").describe_security_groups()["SecurityGroups"][0]["GroupId"]
        resources = {"type": "FARGATE", "maxvCpus": 1, "subnets": [subnet["SubnetId"]], "securityGroupIds": [group]}
        return str(
            client("batch").create_compute_environment(
                computeEnvironmentName=name, type="MANAGED", computeResources=resources, **some(tags)
            )["computeEnvironmentArn"]
        )

    def queue(_aws: Any, want: Any, tags: dict[str, str]) -> None:
        order = [{"order": 1, "computeEnvironment": environment("theirs", {})}]
        client("batch").create_job_queue(
            jobQueueName=want.name, priority=1, computeEnvironmentOrder=order, **some(tags)
        )

    def definition(_aws: Any, want: Any, tags: dict[str, str]) -> None:
        container = {
            "image": "x",
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
        }
        client("batch").register_job_definition(
            jobDefinitionName=want.name, type="container", containerProperties=container, **some(tags)
        )

    return {
        "iam_role": lambda _a, want, tags: client("iam").create_role(
            RoleName=want.name, AssumeRolePolicyDocument=trust, Tags=pairs(tags)
        ),
        "log_group": lambda _a, want, tags: client("logs").create_log_group(logGroupName=want.name, **some(tags)),
        "s3_bucket": lambda _a, want, tags: client("s3").create_bucket(
            Bucket=want.name, CreateBucketConfiguration={"Tags": pairs(tags)}
        ),
        "sqs_queue": lambda _a, want, tags: client("sqs").create_queue(QueueName=want.name, **some(tags)),
        "secret": lambda _a, want, tags: client("secretsmanager").create_secret(
            Name=want.name, SecretString="theirs", Tags=pairs(tags)
        ),
        "ecr_repository": lambda _a, want, tags: client("ecr").create_repository(
            repositoryName=want.name, tags=pairs(tags)
        ),
        "security_group": lambda _a, want, tags: client("ec2").create_security_group(
            GroupName=want.name,
            VpcId=want.vpc,
            Description="theirs",
            TagSpecifications=[{"ResourceType": "security-group", "Tags": pairs(tags)}] if tags else [],
        ),
        "batch_scheduling_policy": lambda _a, want, tags: client("batch").create_scheduling_policy(
            name=want.name, **some(tags)
        ),
        "batch_compute_environment": lambda _a, want, tags: environment(want.name, tags),
        "batch_job_queue": queue,
        "batch_job_definition": definition,
        "schedule_group": lambda _a, want, tags: client("scheduler").create_schedule_group(
            Name=want.name, Tags=pairs(tags)
        ),
        "schedule": schedule,
    }


WHOSE = {"untagged": {}, "another owner's": {"scrapectl:pipeline": "other", "scrapectl:address": "x.y"}}


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.carries_tags])
def test_what_is_not_ours_is_refused_and_untouched(
    account: Account, shop: Callable[..., Spec], kind: str, whose: str
) -> None:
    spec = shop()
    address = foreign(account, spec, kind, dict(WHOSE[whose]))
    planned = account.plan(spec)
    mine = [problem for problem in planned.plan.refusals if problem.message.startswith(f"{kind} ")]
    assert len(mine) == 1, planned.plan.refusals
    assert ("belongs to pipeline other" if WHOSE[whose] and kind != "schedule" else "not tagged") in mine[0].message
    assert address not in {change.address for change in planned.plan.changes}
    before = len(account.sent.calls)
    with pytest.raises(PlanRefused) as refused:
        account.apply(spec)
    assert refused.value.exit_code == 3
    ended = account.destroy(spec)
    assert [note for note in ended.plan.notes if note.startswith(address)], ended.plan.notes
    assert [sent for sent in account.sent.calls[before:] if not is_read(sent)] == []


def refused_to_plan(account: Account, spec: Spec) -> bool:
    try:
        return bool(account.plan(spec).plan.refusals)
    except AwsError as error:
        return isinstance(error, AccessDenied) or "access denied" in str(error)


def test_read_that_is_denied_is_no_absence(account: Account, shop: Callable[..., Spec]) -> None:
    """What cannot be read must not be made: the plan fails, and names the action that is missing."""
    spec = shop()
    account.put(spec)
    reads = {sent.operation for sent in account.calls_of(lambda: account.plan(spec)) if is_read(sent)}
    for operation in sorted(reads - {"GetResources"}):
        account.sent.faults.clear()
        account.sent.deny(operation)
        assert refused_to_plan(account, spec), operation


def test_another_region_is_another_instance(account: Account, shop: Callable[..., Spec]) -> None:
    here, there = shop(), in_region(shop(), "eu-west-1")
    account.put(here)
    account.put(there)
    done(account.destroy(there))
    assert_empty(account.plan(here))
    assert account.owned("shop", "eu-west-1") == []
    assert account.owned("shop", REGION)
