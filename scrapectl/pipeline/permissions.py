"""(spec, purpose) → the least IAM permissions that let a person or a CI do that with this instance, and no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from scrapectl.aws.anchor_state import anchor_name
from scrapectl.aws.function_reach import asks
from scrapectl.aws.iam import actions_for
from scrapectl.aws.iam_resources import level_of, types_of
from scrapectl.aws.pinned_images import repositories
from scrapectl.blueprint.load_staging import RECORDS
from scrapectl.blueprint.load_staging import WHAT as LOADS
from scrapectl.engine.resource import Listing, Resource
from scrapectl.kinds import KINDS
from scrapectl.pipeline.assumed import Where, assume, existing_access_points, existing_arns
from scrapectl.pipeline.scoping import Grant, Scoping, is_on_ours
from scrapectl.spec import names
from scrapectl.spec.expected import keeps_records
from scrapectl.spec.model import Network, Spec

__all__ = ["Grant", "Purpose", "grants"]

Purpose = Literal["apply", "run", "read", "destroy"]

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
_FINDS = (
    "autoscaling:DescribeAutoScalingGroups",
    "batch:DescribeJobDefinitions",
    "lambda:ListFunctions",
    "states:ListStateMachines",
)
"""What finds all that can be run, whatever there is; none of them takes a resource."""
_RUNS_HOSTS = (
    *("BatchDeleteScheduledAction", "BatchPutScheduledUpdateGroupAction", "CreateOrUpdateTags", "DeleteTags"),
    *("SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"),
)
_MAILS = ("GetAccount", "GetEmailIdentity", "ListEmailIdentities", "SendEmail")
"""What `share --email` asks of SES; which identity sends is not the spec's."""
_WATCH = (
    ("log_group", "logs:GetLogEvents"),
    ("log_group", "scheduler:GetSchedule"),
    ("log_group", "scheduler:ListSchedules"),
    ("batch_job_definition", "batch:DescribeJobs"),
    ("batch_job_definition", "batch:ListJobs"),
    ("lambda_function", "logs:FilterLogEvents"),
    ("sfn_state_machine", "states:DescribeExecution"),
    ("sfn_state_machine", "states:GetExecutionHistory"),
    ("sfn_state_machine", "states:ListExecutions"),
    ("autoscaling_group", "autoscaling:DescribeScheduledActions"),
    ("autoscaling_group", "autoscaling:DescribeScalingActivities"),
    ("autoscaling_group", "ec2:DescribeInstances"),
    ("autoscaling_group", "logs:DescribeLogStreams"),
)
_OPERATE: Mapping[Purpose, tuple[tuple[str, str], ...]] = {
    "apply": (),
    "destroy": (),
    "read": _WATCH,
    "run": (
        *_WATCH,
        ("batch_job_queue", "batch:SubmitJob"),
        ("batch_job_queue", "batch:TerminateJob"),
        ("lambda_function", "lambda:InvokeFunction"),
        ("sfn_state_machine", "states:StartExecution"),
        ("sfn_state_machine", "states:StopExecution"),
        *(("autoscaling_group", f"autoscaling:{action}") for action in _RUNS_HOSTS),
        ("s3_bucket", "s3:GetObject"),
        ("s3_bucket", "s3:ListBucket"),
        ("schedule", "iam:PassRole"),
        ("schedule", "scheduler:UpdateSchedule"),
    ),
}
"""What is done with a pipeline that stands: (the kind that it is done to, the action)."""
_STANDING_NETWORK = ("ec2:DescribeRouteTables", "ec2:DescribeSubnets")
_MADE_NETWORK = ("ec2:DescribeAvailabilityZones", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcs")
_LOOKS: Mapping[str, tuple[str, ...]] = {
    "buckets": ("s3:ListBucket",),
    "message_queues": ("sqs:GetQueueUrl",),
    "topics": ("sns:GetTopicAttributes",),
    "secrets": ("secretsmanager:DescribeSecret",),
    "images": ("ecr:DescribeImages", "ecr:DescribeRepositories"),
    "compute_environments": ("batch:DescribeComputeEnvironments",),
    "job_queues": ("batch:DescribeJobQueues",),
    "databases": ("rds:DescribeDBInstances",),
    "warehouses": ("redshift-serverless:GetWorkgroup", "redshift:DescribeClusters"),
    "filesystems": ("elasticfilesystem:DescribeFileSystems",),
}
"""Section → what looks for one of its things that the spec does not own."""
_USES: Mapping[Purpose, Mapping[str, tuple[str, ...]]] = {
    "apply": {"compute_environments": ("batch:CreateJobQueue", "batch:UpdateJobQueue")},
    "run": {"job_queues": ("batch:SubmitJob",)},
}
"""What is asked of a thing that the spec does not own, besides looking at it."""
_NEVER: Mapping[Purpose, frozenset[str]] = {
    # What kinds can do and no spec asks for: a repository or log group that keeps all, a trail that does not log.
    "apply": frozenset(
        {
            *("cloudtrail:StopLogging", "ecr:DeleteLifecyclePolicy", "elasticfilesystem:DeleteFileSystemPolicy"),
            *("lambda:DeleteFunctionEventInvokeConfig", "logs:DeleteRetentionPolicy"),
        }
    ),
    # A destroy waits for no job and no run: AWS ends them with their queue, and with their machine.
    "destroy": frozenset({"batch:DescribeJobs", "batch:ListJobs", "batch:TerminateJob", "states:ListExecutions"}),
}
"""What the kinds need for other purposes alone."""


def grants(spec: Spec, purpose: Purpose, where: Where) -> list[Grant]:
    """Everything that the purpose needs; the same piece may come twice."""
    scoping = Scoping(spec.owner, assume(spec, where), where, spec.iam.boundary)
    found = _Grants(spec, purpose, scoping, where)
    return [*found.of_kinds(), *found.of_all_kinds(), *found.of_existing(where), *found.besides()]


class _Grants:
    """The actions of a purpose, each narrowed to what the instance has."""

    def __init__(self, spec: Spec, purpose: Purpose, scoping: Scoping, where: Where) -> None:
        self._spec, self._purpose, self._scoping, self._where = spec, purpose, scoping, where

    def of_kinds(self) -> Iterator[Grant]:
        """What the spec's own things need."""
        for kind in self._scoping.kinds:
            if self._purpose == "run" and not kind.carries_tags:
                continue  # `status` shows what is tagged
            actions = {action for verb in _VERBS[self._purpose] for action in getattr(kind.needs, verb)}
            actions |= self._for_given_fields(kind)
            for action in sorted((actions | self._marks_what_is_kept(kind)) - _NEVER.get(self._purpose, frozenset())):
                if self._is_needed(action):
                    yield from self._narrow(action, kind)

    def of_all_kinds(self) -> Iterator[Grant]:
        """What finds the leftovers of a kind that the spec no longer has; they are looked for everywhere."""
        yield Grant("tag:GetResources", "*")
        for kind in KINDS.values():
            actions = set(kind.needs.owned if kind.sweep is None and kind.carries_tags else ())
            if self._purpose == "destroy" and kind.listing is not None:
                actions |= set(_actions_of(kind.listing))
            for action in sorted(actions):
                yield from self._scoping.everywhere(action, kind)

    def of_existing(self, where: Where) -> Iterator[Grant]:
        """What is asked of things that the spec uses and does not own, each by its exact ARN."""
        for account, name in repositories(self._spec, where.region) if self._purpose != "run" else ():
            arn = f"arn:{where.partition}:ecr:{where.region}:{account}:repository/{name}"
            yield Grant("ecr:DescribeImages", arn, "ecr:repository")
        for arn in self._layers() if self._purpose == "apply" else ():
            yield Grant("lambda:GetLayerVersion", arn, "lambda:layerVersion")
        for point in existing_access_points(self._spec, where) if self._purpose != "run" else ():
            yield Grant("elasticfilesystem:DescribeAccessPoints", point, "elasticfilesystem:access-point")
        uses = _USES.get(self._purpose, {})
        for (section, _), arn in existing_arns(self._spec, where).items():
            looks = _LOOKS[section] if self._purpose != "run" else ()
            if section == "warehouses":
                looks = tuple(action for action in looks if action.partition(":")[0] == arn.split(":")[2])
            for action in (*looks, *uses.get(section, ())):
                types = types_of(action)
                yield Grant(action, arn, types[0]) if types else Grant(action, "*")

    def _layers(self) -> list[str]:
        """The layers of others that functions have."""
        named = {layer for function in self._spec.functions.values() for layer in function.layers}
        return sorted(layer for layer in named if layer.startswith("arn:"))

    def besides(self) -> Iterator[Grant]:
        """The lease, the network, and what is done with a pipeline that stands."""
        parameter = f"ssm:{{region}}:{{account}}:parameter{anchor_name(self._spec.owner)}"
        for action in _LEASE[self._purpose]:
            yield Grant(action, self._scoping.arn(parameter), "ssm:parameter")
        if self._purpose != "run":
            yield from (Grant(action, "*") for action in _looks_at(self._spec.network))
            if asks(self._spec):
                yield Grant("ec2:DescribeVpcEndpoints", "*")
        if _OPERATE[self._purpose]:
            yield from (Grant(action, "*") for action in _FINDS)
            yield from self._records()
            yield from self._mails()
        for name, action in _OPERATE[self._purpose]:
            own_alone = name == "lambda_function" and not self._spec.functions  # nobody calls these
            if KINDS[name] in self._scoping.kinds and not own_alone:
                yield from self._narrow(action, KINDS[name])

    def _mails(self) -> Iterator[Grant]:
        """What sends a link by mail: which identity does is not the spec's to say."""
        for action in _MAILS if self._purpose == "run" and self._spec.buckets else ():
            on = self._scoping.arn("ses:{region}:{account}:identity/*") if types_of(f"ses:{action}") else "*"
            yield Grant(f"ses:{action}", on, "ses:identity" if on != "*" else "")

    def _records(self) -> Iterator[Grant]:
        """What shows what loaders have written down: those records, and nothing else of their bucket."""
        if keeps_records(self._spec):
            where, owner = self._where, (self._spec.pipeline, self._spec.stage)
            arn = f"arn:{where.partition}:s3:::{names.bucket_name(*owner, LOADS, where.account, where.region)}"
            yield Grant("s3:ListBucket", arn, "s3:bucket", {"StringLike": {"s3:prefix": f"{RECORDS}*"}})
            yield Grant("s3:GetObject", f"{arn}/{RECORDS}*", "s3:object")

    def _narrow(self, action: str, kind: type[Resource]) -> Iterator[Grant]:
        if action == "iam:PassRole":
            yield from self._scoping.passes(self._scoping.kinds if self._purpose == "apply" else [kind])
        elif action == "iam:CreateServiceLinkedRole":
            yield from self._scoping.links(kind)
        else:
            yield from self._scoping.narrow(action, kind)

    def _for_given_fields(self, kind: type[Resource]) -> set[str]:
        """What AWS asks for fields that some thing of the spec sets."""
        if "create" not in _VERBS[self._purpose]:
            return set()
        wanted = [desired.resource for desired in self._scoping.of(kind)]
        given = {name for name in kind.needs.given if any(getattr(each, name) for each in wanted)}
        return {action for name in given for action in kind.needs.given[name]}

    def _is_needed(self, action: str) -> bool:
        """Not what shows a secret to whom it is not compared for, nor what would undo the boundary."""
        if action == "secretsmanager:GetSecretValue":
            return self._purpose == "apply" and any(secret.from_env for secret in self._spec.secrets.values())
        return action != "iam:DeleteRolePermissionsBoundary" or self._spec.iam.boundary is None

    def _marks_what_is_kept(self, kind: type[Resource]) -> set[str]:
        """A destroy tags what it leaves standing."""
        if self._purpose != "destroy" or kind not in self._scoping.kept_kinds():
            return set()
        tags = {action for action in kind.needs.update if level_of(action) == "T" and is_on_ours(action, kind)}
        return {action for action in tags if not action.partition(":")[2].startswith(("Delete", "Remove", "Untag"))}


def _looks_at(network: Network) -> tuple[str, ...]:
    """What the facts of a network need."""
    if network.made is not None:
        return _MADE_NETWORK
    return (*_STANDING_NETWORK, *(() if network.vpc else ("ec2:DescribeVpcs",)))


def _actions_of(listing: Listing) -> tuple[str, ...]:
    """The actions of a call in boto3's spelling (`describe_db_instances`), as IAM spells them."""
    operation = "".join(word.capitalize() for word in listing.operation.split("_"))
    return tuple(action.replace(":DescribeDb", ":DescribeDB") for action in actions_for(listing.service, operation))
