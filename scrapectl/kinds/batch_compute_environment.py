"""Turns a place where jobs run into a compute environment of AWS Batch, on Fargate or on instances of EC2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Fixed, Identity
from scrapectl.engine.resource import (
    Aws,
    FieldChange,
    Key,
    Listing,
    Live,
    Needs,
    Pace,
    Removal,
    Resource,
    Scopes,
    Update,
)
from scrapectl.kinds.batch_describe import GONE, arn_name, describe, status_of
from scrapectl.kinds.batch_instances import (
    HOURS_TO_END,
    JOBS_MAY_END,
    ON_FARGATE,
    instance_resources,
    instance_values,
    replaces_instances,
)
from scrapectl.kinds.batch_jobs import end_jobs, jobs_of, tasks_in
from scrapectl.kinds.ec2_launch_template import called
from scrapectl.kinds.tags import own_tags

_MEMBERS = {"subnets": "subnets", "security_groups": "securityGroupIds"}


def compute_environment_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a compute environment of this name has."""
    return f"arn:{partition}:batch:{region}:{account}:compute-environment/{name}"


@dataclass(frozen=True, kw_only=True)
class BatchComputeEnvironment(Resource):
    """A managed environment; it has no service role of ours, so Batch's service-linked role serves it.

    Attributes:
        type: FARGATE, FARGATE_SPOT, EC2 or SPOT; another type is another environment.
        max_vcpus: The most that jobs may hold at once.
        subnets: Subnet ids, in any order.
        security_groups: Security group ids, in any order.
        state: ENABLED, or DISABLED while it goes.
        instance_types: Types or families, in any order; these and what follows are of EC2 alone.
        min_vcpus: How many vCPUs of instances stand by even without jobs.
        instance_profile: ARN of the profile that its instances get.
        launch_template: Name; its default version is taken.
        allocation: How instances are chosen.
        image_type: Of the machine image that AWS keeps.
        instance_tags: On its instances and their volumes.
    """

    name: Identity[str]
    type: Fixed[str]
    max_vcpus: int
    subnets: tuple[Any, ...]
    security_groups: tuple[Any, ...]
    state: str = "ENABLED"
    instance_types: tuple[str, ...] = ()
    min_vcpus: int = 0
    instance_profile: Any = None
    launch_template: Any = None
    allocation: str | None = None
    image_type: str | None = None
    instance_tags: Mapping[str, str] = field(default_factory=dict)

    kind: ClassVar[str] = "batch_compute_environment"
    pace: ClassVar[Pace] = Pace(first=2.0, interval=5.0, limit=3600.0)  # instances are replaced for up to an hour
    sweep: ClassVar[str | None] = "batch:{region}:{account}:compute-environment/"
    listing: ClassVar[Listing | None] = Listing(
        "batch", "describe_compute_environments", "computeEnvironments", "computeEnvironmentName"
    )
    needs: ClassVar[Needs] = Needs(
        read=("batch:DescribeComputeEnvironments",),
        create=("batch:CreateComputeEnvironment", "batch:TagResource", "iam:CreateServiceLinkedRole", "iam:PassRole"),
        update=("batch:UpdateComputeEnvironment", "batch:TagResource", "batch:UntagResource", "iam:PassRole"),
        delete=(
            "batch:UpdateComputeEnvironment",
            "batch:DeleteComputeEnvironment",
            "ecs:ListTasks",
            # to end jobs that still run in it, when that is asked for
            "batch:DescribeJobQueues",
            "batch:DescribeJobs",
            "batch:ListJobs",
            "batch:TerminateJob",
        ),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "batch:compute-environment": ("batch:{region}:{account}:compute-environment/{name}",),
            # Batch names the cluster after the environment, with an id at the end, in one of two forms.
            "ecs:container-instance": (
                "ecs:{region}:{account}:container-instance/AWSBatch-{name}-*/*",
                "ecs:{region}:{account}:container-instance/{name}_Batch_*/*",
            ),
            "batch:job": ("batch:{region}:{account}:job/{any}",),
        },
        linked=("batch.amazonaws.com",),
    )

    def __post_init__(self) -> None:
        """Sort what AWS holds as sets; done again when references are put in."""
        for name in ("subnets", "security_groups", "instance_types"):
            object.__setattr__(self, name, tuple(sorted(getattr(self, name), key=str)))

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read all in one describe for each hundred."""
        names = [name for (name,) in keys]
        entries = describe(aws, "describe_compute_environments", "computeEnvironments", computeEnvironments=names)
        lives = [cls._live(entry) for entry in entries if entry["status"] != "DELETED"]
        return {live.resource.key(): live for live in lives}

    @classmethod
    def _live(cls, entry: Mapping[str, Any]) -> Live:
        resources = entry.get("computeResources") or {}  # an unmanaged one, never ours, has none
        resource = cls(
            name=entry["computeEnvironmentName"],
            type=resources.get("type", entry.get("type", "")),
            max_vcpus=resources.get("maxvCpus", 0),
            subnets=tuple(resources.get("subnets", ())),
            security_groups=tuple(resources.get("securityGroupIds", ())),
            state=entry["state"],
            **instance_values(resources),
        )
        outputs = {"arn": entry["computeEnvironmentArn"], "name": resource.name}
        reason = entry.get("statusReason", "")
        cluster = entry.get("ecsClusterArn")
        return Live(resource, outputs, own_tags(entry.get("tags", {})), status_of(entry), reason, cluster)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it ENABLED: AWS takes no other state at first."""
        aws.call(
            "batch",
            "create_compute_environment",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: "Object already exists"
            computeEnvironmentName=self.name,
            type="MANAGED",
            state="ENABLED",
            computeResources={"type": self.type, **self._resources(), **instance_resources(self)},
            tags=dict(tags),
        )
        return None

    def update(self, aws: Aws, update: Update) -> None:
        """Send what differs; everything to a broken one, which makes Batch try again.

        Of instances only what differs goes out: each such member makes Batch replace those that run.
        """
        changed = update.changed
        parameters: dict[str, Any] = {}
        if changed & {"state", "status"}:
            parameters["state"] = self.state
        if changed - {"state"}:
            # Batch refuses an update of a managed environment that is neither of its state nor of its resources,
            # and takes an empty list as "unchanged": maxvCpus always goes along.
            parameters["computeResources"] = self._changed_resources(changed)
        if replaces_instances(self, changed):
            parameters["updatePolicy"] = JOBS_MAY_END
        aws.call("batch", "update_compute_environment", computeEnvironment=self.name, **parameters)

    def _changed_resources(self, changed: frozenset[str]) -> dict[str, Any]:
        if self.type in ON_FARGATE or "status" in changed:
            return {**self._resources(), **instance_resources(self)}
        wanted = {"maxvCpus"} | {_MEMBERS[name] for name in changed & _MEMBERS.keys()}
        network = {member: value for member, value in self._resources().items() if member in wanted}
        return {**network, **instance_resources(self, changed)}

    def told(self, live: Live, changes: tuple[FieldChange, ...]) -> tuple[str, ...]:
        """Say when instances are replaced."""
        del live
        if replaces_instances(self, {change.name for change in changes}):
            return (f"its instances are replaced; jobs that run on them have {HOURS_TO_END} hours to end",)
        return ()

    @classmethod
    def stands_in(cls, live: Live) -> tuple[str, ...]:
        """Its launch template, which it names by its name alone."""
        template = cast("BatchComputeEnvironment", live.resource).launch_template
        return (called(template),) if template else ()

    def _resources(self) -> dict[str, Any]:
        lists = {"subnets": list(self.subnets), "securityGroupIds": list(self.security_groups)}
        return {"maxvCpus": self.max_vcpus} | {key: ids for key, ids in lists.items() if ids}

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> str | None:
        """Disable it; when that has settled and its tasks have ended, delete it.

        With a task in it a Fargate environment would turn INVALID instead (DeleteComputeEnvironment, Batch API).
        """
        name = live.outputs["name"]
        if cast("BatchComputeEnvironment", live.resource).state == "ENABLED":
            aws.call("batch", "update_compute_environment", absent=GONE, computeEnvironment=name, state="DISABLED")
            return None
        tasks = tasks_in(aws, live.detail) if live.detail else []
        if tasks and removal.kill:
            end_jobs(aws, jobs_of(aws, tasks), "its compute environment is replaced or removed")
        if tasks:
            return f"it starts no more jobs, and waits for the end of the {len(tasks)} that run in it"
        aws.call("batch", "delete_compute_environment", absent=GONE, computeEnvironment=name)
        return None

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name at the end of the ARN."""
        name = arn_name(arn, "compute-environment")
        return (name,) if name else None
