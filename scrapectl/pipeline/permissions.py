"""(spec, purpose) → the least IAM permissions that let a person or a CI do that with this instance, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scrapectl.aws.anchor import anchor_name
from scrapectl.aws.iam import actions_for
from scrapectl.aws.iam_resources import is_tagged, level_of, types_of
from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Desired, Listing, Resource
from scrapectl.kinds import KINDS
from scrapectl.pipeline.assumed import Where, assume, existing_arns
from scrapectl.spec.model import Spec

Purpose = Literal["apply", "run", "read", "destroy"]
Condition = Mapping[str, Mapping[str, Any]]

_VERBS: Mapping[Purpose, tuple[str, ...]] = {
    "apply": ("read", "create", "update", "delete"),
    "destroy": ("read", "delete"),
    "read": ("read",),
    "run": ("read",),
}
_LEASE: Mapping[Purpose, tuple[str, ...]] = {
    "apply": ("ssm:AddTagsToResource", "ssm:GetParameter", "ssm:PutParameter"),
    "destroy": ("ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"),
    "read": ("ssm:GetParameter",),
    "run": ("ssm:GetParameter", "ssm:PutParameter"),
}
_WATCH = (
    "batch:DescribeJobDefinitions",
    "batch:DescribeJobs",
    "batch:ListJobs",
    "logs:GetLogEvents",
    "scheduler:GetSchedule",
    "scheduler:ListSchedules",
)
_OPERATE: Mapping[Purpose, tuple[str, ...]] = {
    "apply": (),
    "destroy": (),
    "read": _WATCH,
    "run": (*_WATCH, "batch:SubmitJob", "batch:TerminateJob", "iam:PassRole", "scheduler:UpdateSchedule"),
}
_NETWORK = ("ec2:DescribeRouteTables", "ec2:DescribeSubnets")
_LOOKS: Mapping[str, tuple[str, ...]] = {
    "buckets": ("s3:ListBucket",),
    "message_queues": ("sqs:GetQueueUrl",),
    "topics": ("sns:GetTopicAttributes",),
    "secrets": ("secretsmanager:DescribeSecret",),
    "images": ("ecr:DescribeImages", "ecr:DescribeRepositories"),
    "compute_environments": ("batch:DescribeComputeEnvironments",),
    "job_queues": ("batch:DescribeJobQueues",),
    "databases": ("rds:DescribeDBInstances",),
}
"""Section → what looks for one of its things that the spec does not own."""
_USES: Mapping[Purpose, Mapping[str, tuple[str, ...]]] = {
    "apply": {"compute_environments": ("batch:CreateJobQueue", "batch:UpdateJobQueue")},
    "run": {"job_queues": ("batch:SubmitJob",)},
}
"""What is asked of a thing that the spec does not own, besides looking at it."""
_SECRET_VALUES = "secretsmanager:GetSecretValue"  # noqa: S105 - an action's name
_BOUND = ("iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
"""What a permissions boundary holds back, once no role can be made or widened without it ("Delegating responsibility
to others using permissions boundaries", IAM User Guide)."""
_UNBOUND = "iam:DeleteRolePermissionsBoundary"
_ENDS = ("Delete", "Deregister", "Remove", "Terminate")


@dataclass(frozen=True)
class Grant:
    """One action on one resource (an ARN with patterns, or "*"), under a condition; the smallest piece of a policy."""

    action: str
    resource: str
    condition: Condition

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return level_of(self.action) in {"R", "L"}


def grants(spec: Spec, purpose: Purpose, where: Where) -> list[Grant]:
    """Everything that the purpose needs; the same piece may come twice."""
    found = _Grants(spec, purpose, where)
    return [*found.of_kinds(), *found.of_all_kinds(), *found.of_existing(), *found.besides()]


class _Grants:
    """Turns actions into grants, by the names that the spec's things have."""

    def __init__(self, spec: Spec, purpose: Purpose, where: Where) -> None:
        self._spec, self._purpose, self._where = spec, purpose, where
        self._wanted = assume(spec, where)
        present = {desired.resource.kind for desired in self._wanted}
        self._kinds = [kind for kind in KINDS.values() if kind.kind in present]
        self._base = spec.owner.replace(".", "-")

    def of_kinds(self) -> Iterator[Grant]:
        """What the spec's own things need."""
        for kind in self._kinds:
            actions = {action for verb in _VERBS[self._purpose] for action in getattr(kind.needs, verb)}
            for action in sorted(actions | self._marks_what_is_kept(kind)):
                if action == _SECRET_VALUES and not self._compares_secrets():
                    continue
                if action == _UNBOUND and self._spec.iam.boundary:
                    continue
                yield from self._grants(action, kind)

    def of_all_kinds(self) -> Iterator[Grant]:
        """What finds the leftovers of a kind that the spec no longer has; they are looked for everywhere."""
        actions = {"tag:GetResources"}
        for kind in KINDS.values():
            if kind.sweep is None and kind.carries_tags:
                actions |= set(kind.needs.owned)
            if self._purpose == "destroy" and kind.listing is not None:
                actions |= set(_actions_of(kind.listing))
        for action in sorted(actions):
            yield from self._everywhere(action)

    def of_existing(self) -> Iterator[Grant]:
        """What is asked of things that the spec uses and does not own, each by its exact ARN."""
        uses = _USES.get(self._purpose, {})
        for (section, _), arn in existing_arns(self._spec, self._where).items():
            for action in (*(_LOOKS[section] if self._purpose != "run" else ()), *uses.get(section, ())):
                yield Grant(action, arn if types_of(action) else "*", {})

    def besides(self) -> Iterator[Grant]:
        """The lease, the network, and what is done with a pipeline that stands."""
        parameter = f"ssm:{{region}}:{{account}}:parameter{anchor_name(self._spec.owner)}"
        for action in _LEASE[self._purpose]:
            yield Grant(action, self._arn(parameter), {})
        if self._purpose != "run":
            of_default = () if self._spec.network.vpc else ("ec2:DescribeVpcs",)
            yield from (Grant(action, "*", {}) for action in (*_NETWORK, *of_default))
        for action in _OPERATE[self._purpose]:
            for kind in self._kinds:
                if action != "iam:PassRole" or kind.kind == "schedule":
                    yield from self._grants(action, kind)

    def _grants(self, action: str, kind: type[Resource]) -> Iterator[Grant]:
        """An action on what it may touch: things of any of the spec's kinds whose type it is judged on."""
        if action == "iam:PassRole":
            yield from self._passes(kind)
        elif action == "iam:CreateServiceLinkedRole":
            yield from self._links(kind)
        elif not types_of(action):
            yield Grant(action, "*", self._condition_without_resource(action))
        else:
            for other in self._kinds:
                for type_, template in _templates(other, action):
                    if "{any}" in template and level_of(action) == "T":
                        continue  # tags go on what is ours alone
                    for condition in self._conditions(action, type_, template):
                        for name in self._names(other, template):
                            yield Grant(action, self._arn(template, name), condition)

    def _everywhere(self, action: str) -> Iterator[Grant]:
        found = [template for kind in KINDS.values() for _, template in _templates(kind, action)]
        for template in found or ["*"]:
            yield Grant(action, self._arn(template) if found else "*", {})

    def _passes(self, kind: type[Resource]) -> Iterator[Grant]:
        """One permission for all services that get a role, as each of them takes what trusts it alone."""
        passing = self._kinds if self._purpose == "apply" else [kind]
        to = sorted({one.scopes.passed_to for one in passing if one.scopes.passed_to})
        for template in KINDS["iam_role"].scopes.types["iam:role"]:
            yield Grant("iam:PassRole", self._arn(template), {"StringEquals": {"iam:PassedToService": to}})

    def _links(self, kind: type[Resource]) -> Iterator[Grant]:
        for service in kind.scopes.linked:
            arn = self._arn(f"iam::{{account}}:role/aws-service-role/{service}/*")
            yield Grant("iam:CreateServiceLinkedRole", arn, {"StringEquals": {"iam:AWSServiceName": service}})

    def _conditions(self, action: str, type_: str, template: str) -> list[Condition]:
        """How tags keep a change off what belongs to others, where names alone do not."""
        ours, told = {f"aws:ResourceTag/{PIPELINE}": self._spec.owner}, {f"aws:RequestTag/{PIPELINE}": self._spec.owner}
        if self._spec.iam.boundary and action in _BOUND:
            return [{"StringEquals": {"iam:PermissionsBoundary": self._spec.iam.boundary}}]
        if level_of(action) in {"R", "L"} or not ("{name}" in template or "{tagged}" in template):
            return [{}]
        name = action.partition(":")[2]
        # But for EC2, the action that tags is asked of a thing in the making too, which has no tags yet.
        if "{tagged}" in template and (level_of(action) != "T" or action.startswith("ec2:")):
            if action == "ec2:CreateTags":
                return [{"StringEquals": ours}, {"StringEquals": {**told, "ec2:CreateAction": _ec2_creates()}}]
            return [{"StringEquals": told if name.startswith("Create") else ours}]
        if name.startswith(_ENDS) and is_tagged(type_):
            return [{"StringEquals": ours}]
        return [{"StringEqualsIfExists": {**ours, **told}}]

    def _condition_without_resource(self, action: str) -> Condition:
        makes = level_of(action) == "W" and action.partition(":")[2].startswith("Create")
        return {"StringEquals": {f"aws:RequestTag/{PIPELINE}": self._spec.owner}} if makes else {}

    def _names(self, kind: type[Resource], template: str) -> list[str]:
        """The names that a kind's things have: as one pattern those that begin as all of the instance do."""
        names = {desired.resource.key()[0] for desired in self._of(kind)}
        if "{name}" in template:
            names = {f"{self._base}-*" if name.startswith(f"{self._base}-") else name for name in names}
            return sorted(names)
        return sorted(names) if "{exact}" in template else [""]

    def _of(self, kind: type[Resource]) -> Iterable[Desired]:
        return (desired for desired in self._wanted if desired.resource.kind == kind.kind)

    def _arn(self, template: str, name: str = "*") -> str:
        words = {"account": self._where.account, "region": self._where.region, "owner": self._spec.owner}
        return f"arn:{self._where.partition}:" + template.format(**words, name=name, exact=name, tagged="*", any="*")

    def _marks_what_is_kept(self, kind: type[Resource]) -> set[str]:
        """A destroy tags what it leaves standing."""
        keeps = kind.holds_data or any(desired.on_destroy == "keep" for desired in self._of(kind))
        if self._purpose != "destroy" or not keeps:
            return set()
        return {action for action in kind.needs.update if level_of(action) == "T" and "Untag" not in action}

    def _compares_secrets(self) -> bool:
        return self._purpose == "apply" and any(secret.from_env for secret in self._spec.secrets.values())


def _templates(kind: type[Resource], action: str) -> Iterator[tuple[str, str]]:
    for type_ in types_of(action):
        for template in kind.scopes.types.get(type_, ()):
            yield type_, template


def _actions_of(listing: Listing) -> tuple[str, ...]:
    operation = "".join(word.capitalize() for word in listing.operation.split("_"))
    return actions_for(listing.service, operation)


def _ec2_creates() -> list[str]:
    """The calls of EC2 that tag what they make."""
    made = (kind for kind in KINDS.values() for name in kind.scopes.types if name.startswith("ec2:"))
    found = {action for kind in made for action in kind.needs.create if action.startswith("ec2:Create")}
    return sorted(action.partition(":")[2] for action in found - {"ec2:CreateTags"})
