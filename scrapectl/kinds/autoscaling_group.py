"""Turns a host into an Auto Scaling group of none or one instance: what it starts, where, and when."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, cast

from scrapectl.engine.marks import Identity, Local
from scrapectl.engine.ownership import PIPELINE
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
    Status,
    Update,
)
from scrapectl.kinds import autoscaling_pause
from scrapectl.kinds.autoscaling_pause import ScheduledAction
from scrapectl.kinds.tags import tags_from_list

# "Suspend and resume Amazon EC2 Auto Scaling processes": what would start an instance again that has ended.
SUSPENDED = frozenset({"AZRebalance", "HealthCheck", "ReplaceUnhealthy"})
ABSENT = ("ValidationError:not found", "ValidationError:does not exist")
_NAMES_IN_ONE_CALL = 50
_AT_ONCE = 50  # actions that BatchPutScheduledUpdateGroupAction takes, and BatchDeleteScheduledAction
_ENDING = ("Terminating", "Terminated", "Detach")


def autoscaling_group_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say a group's ARN but for the id that AWS puts into it."""
    return f"arn:{partition}:autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/{name}"


@dataclass(frozen=True)
class AutoscalingGroup(Resource):
    """A group that starts instances by its scheduled actions, or when somebody sets its desired capacity.

    The desired capacity is never ours: an instance that ends itself lowers it.

    Attributes:
        template: Id of the launch template; its default version is what starts.
        subnets: Ids.
        smallest: The least capacity.
        largest: The most.
        suspended: Processes of Auto Scaling that are.
        actions: When it wants how many.
        paused: Names of schedules that somebody paused (`given` says so, never a spec): their actions are taken away,
            and kept in a tag.
    """

    name: Identity[str]
    template: Any
    subnets: tuple[Any, ...]
    smallest: int = 0
    largest: int = 1
    suspended: frozenset[str] = SUSPENDED
    actions: frozenset[ScheduledAction] = frozenset()
    paused: Local[tuple[str, ...]] = ()

    kind: ClassVar[str] = "autoscaling_group"
    acts: ClassVar[bool] = True
    tells_the_spec: ClassVar[bool] = True
    pace: ClassVar[Pace] = Pace(first=1.0, interval=5.0, limit=900.0)
    listing: ClassVar[Listing | None] = Listing(
        "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName"
    )
    needs: ClassVar[Needs] = Needs(
        read=("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeScheduledActions"),
        create=(
            "autoscaling:BatchPutScheduledUpdateGroupAction",
            "autoscaling:CreateAutoScalingGroup",
            "autoscaling:CreateOrUpdateTags",
            "autoscaling:SuspendProcesses",
            "ec2:RunInstances",
            "iam:CreateServiceLinkedRole",
            "iam:PassRole",
            "ssm:GetParameters",
        ),
        update=(
            "autoscaling:BatchDeleteScheduledAction",
            "autoscaling:BatchPutScheduledUpdateGroupAction",
            "autoscaling:CreateOrUpdateTags",
            "autoscaling:DeleteTags",
            "autoscaling:ResumeProcesses",
            "autoscaling:SuspendProcesses",
            "autoscaling:UpdateAutoScalingGroup",
            "ec2:RunInstances",
            "iam:PassRole",
            "ssm:GetParameters",
        ),
        delete=("autoscaling:BatchDeleteScheduledAction", "autoscaling:DeleteAutoScalingGroup"),
        owned=("autoscaling:DescribeAutoScalingGroups",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "autoscaling:autoScalingGroup": (
                "autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/{name}",
            ),
            "ec2:image": ("ec2:{region}::image/{any}",),
            "ec2:instance": ("ec2:{region}:{account}:instance/{any}",),
            "ec2:network-interface": ("ec2:{region}:{account}:network-interface/{any}",),
            "ec2:security-group": ("ec2:{region}:{account}:security-group/{any}",),
            "ec2:subnet": ("ec2:{region}:{account}:subnet/{any}",),
            "ec2:volume": ("ec2:{region}:{account}:volume/{any}",),
            "ssm:parameter": ("ssm:{region}::parameter/aws/service/ami-amazon-linux-latest/{any}",),
        },
        passed_to="ec2.amazonaws.com",
        linked=("autoscaling.amazonaws.com",),
    )

    def __post_init__(self) -> None:
        """Take subnets in the one order that AWS's answer is read back in."""
        object.__setattr__(self, "subnets", tuple(sorted(self.subnets, key=str)))

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read all by name, then the scheduled actions of each."""
        found: list[Mapping[str, Any]] = []
        for start in range(0, len(keys), _NAMES_IN_ONE_CALL):
            names = sorted({name for (name,) in keys[start : start + _NAMES_IN_ONE_CALL]})
            found += _described(aws, AutoScalingGroupNames=names)
        answers = aws.gather([functools.partial(_actions, aws, group["AutoScalingGroupName"]) for group in found])
        lives = (cls._live(group, actions) for group, actions in zip(found, answers, strict=True))
        return {live.resource.key(): live for live in lives}

    @classmethod
    def _live(cls, group: Mapping[str, Any], actions: frozenset[ScheduledAction]) -> Live:
        name, tags = group["AutoScalingGroupName"], tags_from_list(group.get("Tags", ()))
        resource = cls(
            name,
            (group.get("LaunchTemplate") or {}).get("LaunchTemplateId"),
            tuple(subnet for subnet in group.get("VPCZoneIdentifier", "").split(",") if subnet),
            group["MinSize"],
            group["MaxSize"],
            frozenset(process["ProcessName"] for process in group.get("SuspendedProcesses", ())),
            actions,
        )
        going = bool(group.get("Status"))  # "Delete in progress"
        instances = tuple(i["InstanceId"] for i in group["Instances"] if not i["LifecycleState"].startswith(_ENDING))
        return Live(
            resource,
            {"arn": group["AutoScalingGroupARN"], "name": name},
            tags,
            Status.BUSY if going else Status.READY,
            group.get("Status", ""),
            detail=instances,
        )

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it, wanting nothing; then what it shall not do, and when it shall start something."""
        aws.call(
            "autoscaling",
            "create_auto_scaling_group",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            AutoScalingGroupName=self.name,
            DesiredCapacity=0,
            Tags=_tags_of(self.name, tags, whole=True),
            **self._settings(),
        )
        self._suspend(aws, frozenset())
        self._put(aws, frozenset())
        return None

    def update(self, aws: Aws, update: Update) -> None:
        """Change what differs; a pause that has ended leaves its tag."""
        live = cast("AutoscalingGroup", update.live.resource)
        if update.changed & {"template", "subnets", "smallest", "largest"}:
            aws.call("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=self.name, **self._settings())
        self._suspend(aws, live.suspended)
        self._put(aws, live.actions)
        if ended := self._ended_pauses(update.live):
            self.retag(aws, update.live, {}, ended)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> str | None:
        """Start nothing any more; wait for the run that goes on, unless it is to end; then delete it."""
        group = cast("AutoscalingGroup", live.resource)
        if live.status is Status.BUSY:
            return None
        if group.actions:
            replace(group, actions=frozenset())._put(aws, group.actions)  # noqa: SLF001 - its own
        if live.detail and removal.drains and not removal.kill:
            return f"its run goes on ({live.detail[0]})"
        delete = functools.partial(aws.call, "autoscaling", "delete_auto_scaling_group", absent=ABSENT)
        delete(AutoScalingGroupName=group.name, ForceDelete=True)
        return None

    @classmethod
    def retag(cls, aws: Aws, live: Live, put: Mapping[str, str], drop: Sequence[str]) -> None:
        """Set and remove tags by Auto Scaling's own calls, for the tagging API does not know it."""
        (name,) = live.resource.key()
        if put:
            aws.call("autoscaling", "create_or_update_tags", Tags=_tags_of(name, put, whole=True))
        if drop:
            aws.call("autoscaling", "delete_tags", Tags=_tags_of(name, dict.fromkeys(drop, "")))

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List those that carry the owner's tag (AWS-FACTS §0.1: the tagging API tells none)."""
        mine = {"Filters": [{"Name": f"tag:{PIPELINE}", "Values": [owner]}]}
        return [(group["AutoScalingGroupName"],) for group in _described(aws, **mine)]

    def given(self, live: Live) -> Self:
        """Leave away the actions of schedules that somebody paused, until the spec itself has none of them."""
        held = {schedule for schedule in autoscaling_pause.pauses(live.tags) if self._of(schedule)}
        kept = frozenset(action for action in self.actions if action.schedule not in held)
        return replace(self, actions=kept, paused=tuple(sorted(held))) if held else self

    def told(self, live: Live, changes: tuple[FieldChange, ...]) -> tuple[str, ...]:
        """Say which schedules are paused."""
        del changes
        found = autoscaling_pause.pauses(live.tags)
        return tuple(
            f"{name} is paused {found[name].since}; it starts nothing until it is resumed (schedule resume)"
            for name in self.paused
            if name in found
        )

    def differ(self, live: Live) -> tuple[FieldChange, ...]:
        """A pause that has ended leaves its tag, or it would begin again with the spec's next edit."""
        return tuple(FieldChange("paused", tag, None) for tag in self._ended_pauses(live))

    def _ended_pauses(self, live: Live) -> list[str]:
        pauses = autoscaling_pause.pauses(live.tags)
        return [autoscaling_pause.tag_of(name) for name in pauses if name not in self.paused]

    def _of(self, schedule: str) -> list[ScheduledAction]:
        return [action for action in self.actions if action.schedule == schedule]

    def _settings(self) -> dict[str, Any]:
        return {
            "LaunchTemplate": {"LaunchTemplateId": self.template, "Version": "$Default"},
            "MinSize": self.smallest,
            "MaxSize": self.largest,
            "VPCZoneIdentifier": ",".join(self.subnets),
        }

    def _suspend(self, aws: Aws, now: frozenset[str]) -> None:
        """Suspend what is wanted so, resume the rest."""
        both = (("suspend_processes", self.suspended - now), ("resume_processes", now - self.suspended))
        for operation, processes in both:
            if processes:
                aws.call("autoscaling", operation, AutoScalingGroupName=self.name, ScalingProcesses=sorted(processes))

    def _put(self, aws: Aws, now: frozenset[ScheduledAction]) -> None:
        """Put those actions that differ, and delete those that are not wanted."""
        put = sorted(self.actions - now, key=lambda action: action.name)
        gone = sorted({action.name for action in now} - {action.name for action in self.actions})
        for start in range(0, len(put), _AT_ONCE):
            sent = [action.request() for action in put[start : start + _AT_ONCE]]
            autoscaling_pause.put_actions(aws, self.name, sent)
        for start in range(0, len(gone), _AT_ONCE):
            names = gone[start : start + _AT_ONCE]
            aws.call(
                "autoscaling",
                "batch_delete_scheduled_action",
                absent=ABSENT,
                AutoScalingGroupName=self.name,
                ScheduledActionNames=names,
            )


def _described(aws: Aws, **asked: Any) -> list[Mapping[str, Any]]:
    return list(aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", **asked))


def _actions(aws: Aws, name: str) -> frozenset[ScheduledAction]:
    listed = aws.pages(
        "autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions", AutoScalingGroupName=name
    )
    return frozenset(map(ScheduledAction.read, listed))


def _tags_of(name: str, tags: Mapping[str, str], *, whole: bool = False) -> list[dict[str, Any]]:
    """Write tags as Auto Scaling takes them; only whose it is goes on to the instances, with the user's own."""
    group = {"ResourceId": name, "ResourceType": "auto-scaling-group"}
    if not whole:
        return [{**group, "Key": key} for key in sorted(tags)]
    goes_on = {key: key == PIPELINE or not key.startswith("scrapectl:") for key in tags}
    return [{**group, "Key": key, "Value": tags[key], "PropagateAtLaunch": goes_on[key]} for key in sorted(tags)]
