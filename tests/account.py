"""An AWS account for tests: the embedded cloud in this process, with the whole way from a spec to its outcomes."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scrapectl import pipeline
from scrapectl.aws.session import Session
from scrapectl.engine.ownership import KEPT
from scrapectl.engine.plan import Event, Plan
from scrapectl.local.cloud import Cloud
from scrapectl.local.inprocess import Sent, record
from scrapectl.pipeline import Applied, Instance, Options, Planned
from scrapectl.spec import check_text
from scrapectl.spec.model import Spec
from tests import current

ROOT = Path(__file__).parent.parent
SEEDS = int(os.environ.get("SCRAPECTL_SEEDS", "25"))
EXAMPLES = {path.parent.name: path for path in sorted((ROOT / "examples").glob("*/pipeline.yaml"))}
# The examples as they stand, and their stages that change most: (name, stage).
SPECS: list[tuple[str, str | None]] = [
    *((name, None) for name in EXAMPLES),
    ("batch-collector", "ec2"),
    ("upload-loader", "cloudtrail"),
]
os.environ.setdefault("NPS_KEY", "of-the-tests")  # calendar-scraper's own secret, as whoever applies it has it
REGION = "us-east-1"
ACCOUNT = "123456789012"
_READS = ("Get", "List", "Describe", "Head", "BatchGet", "BatchCheck")


def _options(given: Mapping[str, Any]) -> Options:
    return Options(**{"parallel": current.AT_ONCE, **given})


def is_read(sent: Sent) -> bool:
    """Whether a call changes nothing."""
    return sent.operation.startswith(_READS)


class Account:
    """One empty account, and what is done in it."""

    def __init__(self, **cloud: Any) -> None:
        self.cloud = Cloud(**cloud)
        self.sent = record(self.cloud)
        self.told: list[str] = []
        self.events: list[Event] = []
        self._sessions: dict[str, Session] = {}

    def session(self, region: str = REGION) -> Session:
        """The session of a region."""
        if region not in self._sessions:
            self._sessions[region] = current.session(self.cloud, region)
        return self._sessions[region]

    def plan(self, spec: Spec, **options: Any) -> Planned:
        """Plan a spec."""
        return pipeline.plan_spec(spec, self.aws_of(spec), _options(options), self.told.append)

    def apply(self, spec: Spec, **options: Any) -> Applied:
        """Plan a spec and carry it out, whatever comes of it."""
        return self.carry_out(self.plan(spec, **options), self.aws_of(spec), **options)

    def put(self, spec: Spec, **options: Any) -> Applied:
        """Apply a spec; everything must be done."""
        return done(self.apply(spec, **options))

    def plan_destroy(self, spec: Spec, *, by_name: bool = False, **options: Any) -> Planned:
        """Plan the end of a spec's instance; `by_name` as if the spec were lost."""
        instance = Instance(spec.pipeline, spec.stage, None if by_name else spec)
        return pipeline.plan_destroy(instance, self.aws_of(spec), _options(options), self.told.append)

    def destroy(self, spec: Spec, *, by_name: bool = False, **options: Any) -> Applied:
        """End a spec's instance, whatever comes of it."""
        return self.carry_out(self.plan_destroy(spec, by_name=by_name, **options), self.aws_of(spec), **options)

    def carry_out(self, planned: Planned, aws: Session, **options: Any) -> Applied:
        """Carry a plan out, keeping its events."""
        return pipeline.apply_plan(planned, aws, _options(options), self.events.append)

    def aws_of(self, spec: Spec) -> Session:
        """The session of a spec's region."""
        return self.session(spec.region or REGION)

    def calls_of(self, task: Callable[[], Any]) -> list[Sent]:
        """What a task sends."""
        before = len(self.sent.calls)
        task()
        return self.sent.calls[before:]

    def client(self, service: str, region: str = REGION) -> Any:
        """A plain boto3 client: what somebody else does in the account."""
        return self.session(region).client(service)

    def owned(self, owner: str, region: str = REGION) -> list[str]:
        """Everything that stands in a region and says that it is an owner's, but for what it was told to keep."""
        tagged = self.client("resourcegroupstaggingapi", region).get_paginator("get_resources")
        filters = [{"Key": "scrapectl:pipeline", "Values": [owner]}]
        entries = [entry for page in tagged.paginate(TagFilters=filters) for entry in page["ResourceTagMappingList"]]
        not_kept = [entry["ResourceARN"] for entry in entries if KEPT not in {tag["Key"] for tag in entry["Tags"]}]
        found = [arn for arn in not_kept if not self._recovers(arn, region) and not self._is_shown_dead(arn, region)]
        roles = self.client("iam", region).list_roles(PathPrefix=f"/scrapectl/{region}/{owner}/")["Roles"]
        found += [role["Arn"] for role in roles]
        groups = self.client("scheduler", region).list_schedule_groups()["ScheduleGroups"]
        found += [group["Arn"] for group in groups if group["Name"] == owner]
        if any(group["Name"] == owner for group in groups):
            schedules = self.client("scheduler", region).list_schedules(GroupName=owner)["Schedules"]
            found += [schedule["Arn"] for schedule in schedules]
        parameters = self.client("ssm", region).describe_parameters()["Parameters"]
        found += [p["Name"] for p in parameters if p["Name"].startswith(f"/scrapectl/{owner}/")]
        return sorted(set(found))

    def _is_shown_dead(self, arn: str, region: str) -> bool:
        """Whether it is a NAT gateway that has ended, which EC2 shows for an hour."""
        if ":natgateway/" not in arn:
            return False
        gateways = self.client("ec2", region).describe_nat_gateways(NatGatewayIds=[arn.rpartition("/")[2]])
        return all(gateway["State"] == "deleted" for gateway in gateways["NatGateways"])

    def _recovers(self, arn: str, region: str) -> bool:
        """Whether it is a deleted secret that its recovery window still keeps."""
        if ":secretsmanager:" not in arn:
            return False
        return "DeletedDate" in self.client("secretsmanager", region).describe_secret(SecretId=arn)


def done(applied: Applied) -> Applied:
    """Everything must have come out well."""
    problems = [f"{o.change.address}: {o.error}" for o in applied.outcomes if o.result.value != "done"]
    assert not problems, "\n".join(problems)
    return applied


def shown(plan: Plan) -> list[str]:
    """A plan as lines, for messages and comparisons: `update batch_job_definition.shop-collect: memory`."""
    return [f"{c.action} {c.address}: {', '.join(f.name for f in c.fields)}".rstrip(": ") for c in plan.changes]


def assert_empty(planned: Planned) -> None:
    """Nothing may be left to do."""
    assert not planned.plan.refusals, planned.plan.refusals
    assert shown(planned.plan) == []


def writes(calls: list[Sent]) -> list[tuple[str, str]]:
    """The changing calls among those sent, as (service, operation)."""
    return [(sent.service, sent.operation) for sent in calls if not is_read(sent)]


def spec_of(text: str, folder: Path = ROOT, env: Mapping[str, str] | None = None, **options: Any) -> Spec:
    """A spec from its text."""
    return check_text(text, folder=folder, env=env or {}, **options)


def example(name: str, **options: Any) -> Spec:
    """An example's spec."""
    path = ROOT / "examples" / name / "pipeline.yaml"
    return check_text(path.read_text(encoding="utf-8"), str(path), folder=path.parent, env={}, **options)


def in_region(spec: Spec, region: str) -> Spec:
    """The same spec in another region."""
    return dataclasses.replace(spec, region=region)
