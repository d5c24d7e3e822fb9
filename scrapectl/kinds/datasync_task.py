"""Turns a way from one location to another into a task of DataSync, found by its name among our own."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from scrapectl.engine.marks import Fixed, Identity
from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import (
    Aws,
    FieldChange,
    Key,
    Live,
    Needs,
    Pace,
    Removal,
    Resource,
    Scopes,
    Status,
    Update,
)
from scrapectl.kinds.datasync_found import ABSENT, created, tags_of, twins_differ
from scrapectl.kinds.named_by_tag import first_of_each
from scrapectl.kinds.tags import tag_list

_AS_THE_TARGET_HAS_IT = {"Uid": "NONE", "Gid": "NONE", "PosixPermissions": "NONE"}
"""An access point gives all that comes through it to its own user: with owners kept, the check of what was copied
fails, as they differ (DataSync User Guide, "Configuring DataSync transfers with Amazon EFS")."""


@dataclass(frozen=True)
class DatasyncTask(Resource):
    """A task in Basic mode, which one execution at a time runs.

    Attributes:
        name: The task's name; DataSync lets several have the same, so that our tag tells which is ours.
        source: ARN of a location.
        target: ARN of another.
        log_group: ARN of the log group that errors are written to; None: none.
        verify: What of it is checked afterwards, in DataSync's word.
    """

    name: Identity[str]
    source: Fixed[Any]
    target: Fixed[Any]
    log_group: Any = None
    verify: str = "ONLY_FILES_TRANSFERRED"

    kind: ClassVar[str] = "datasync_task"
    acts: ClassVar[bool] = True
    pace: ClassVar[Pace] = Pace(first=2.0, interval=5.0, limit=300.0)
    needs: ClassVar[Needs] = Needs(
        read=("datasync:DescribeTask", "datasync:ListTagsForResource", "datasync:ListTasks"),
        create=(
            "datasync:CreateTask",
            "datasync:TagResource",
            # Its interfaces stand in the network ("AWS DataSync required permissions", API reference).
            "ec2:CreateNetworkInterface",
            "ec2:CreateNetworkInterfacePermission",
        ),
        update=("datasync:TagResource", "datasync:UntagResource", "datasync:UpdateTask"),
        delete=(
            "datasync:CancelTaskExecution",
            "datasync:DeleteTask",
            "datasync:ListTaskExecutions",
            "ec2:DeleteNetworkInterface",
        ),
        owned=("datasync:ListTagsForResource", "datasync:ListTasks"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "datasync:location": ("datasync:{region}:{account}:location/{tagged}",),
            "datasync:task": ("datasync:{region}:{account}:task/{tagged}",),
            "datasync:taskexecution": ("datasync:{region}:{account}:task/{any}/execution/{any}",),
            "ec2:network-interface": ("ec2:{region}:{account}:network-interface/{any}",),
            "ec2:security-group": ("ec2:{region}:{account}:security-group/{any}",),
            "ec2:subnet": ("ec2:{region}:{account}:subnet/{any}",),
        },
    )

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """List all by name; of those of our names ask whose they are, and what."""
        listed = aws.pages("datasync", "list_tasks", "Tasks")
        found = tags_of(aws, [one["TaskArn"] for one in listed if (one.get("Name"),) in keys])
        tags = {arn: found_tags for arn, found_tags in found.items() if PIPELINE in found_tags}
        ask = functools.partial(aws.call, "datasync", "describe_task", absent=ABSENT)
        answers = aws.gather([functools.partial(ask, TaskArn=arn) for arn in tags])
        described = [one for one in answers if one is not None]
        lives = [(created(one, one["TaskArn"]), cls._live(one, tags[one["TaskArn"]])) for one in described]
        return first_of_each(lives, keys)

    @classmethod
    def _live(cls, described: Mapping[str, Any], tags: Mapping[str, str]) -> Live:
        options = described.get("Options") or {}
        logs = options.get("LogLevel", "OFF") != "OFF"
        group = str(described.get("CloudWatchLogGroupArn", "")).removesuffix(":*")
        resource = cls(
            name=described["Name"],
            source=described["SourceLocationArn"],
            target=described["DestinationLocationArn"],
            log_group=group or None if logs else None,
            verify=options.get("VerifyMode", ""),
        )
        state = described["Status"]
        status = {"CREATING": Status.BUSY, "UNAVAILABLE": Status.BROKEN}.get(state, Status.READY)
        reason = "" if status is Status.READY else str(described.get("ErrorDetail") or state)
        return Live(resource, {"arn": described["TaskArn"], "name": resource.name}, tags, status, reason)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Make it; a repeat of a call whose answer was lost would make a second one."""
        aws.call(
            "datasync",
            "create_task",
            blind_retry=False,
            SourceLocationArn=self.source,
            DestinationLocationArn=self.target,
            Name=self.name,
            Tags=tag_list(tags),
            **self._settings(),
        )

    def update(self, aws: Aws, update: Update) -> None:
        """End its twins; send all that can change."""
        for arn in update.live.detail:
            _delete(aws, arn)
        if update.changed - {"twins"}:
            aws.call("datasync", "update_task", TaskArn=update.live.outputs["arn"], **self._settings())

    def _settings(self) -> dict[str, Any]:
        """Options as a whole; a log group cannot be taken away, so that no longer writing to it must do."""
        level = {"LogLevel": "BASIC" if self.log_group else "OFF"}
        options = {"VerifyMode": self.verify, **level, **_AS_THE_TARGET_HAS_IT}
        return {"Options": options, **({"CloudWatchLogGroupArn": self.log_group} if self.log_group else {})}

    def differ(self, live: Live) -> tuple[FieldChange, ...]:
        """Say which twins stand beside it."""
        return twins_differ(live)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> str | None:
        """Delete it and its twins once nothing of it runs: what runs is waited for, or cancelled."""
        arn = live.outputs["arn"]
        listed = aws.pages("datasync", "list_task_executions", "TaskExecutions", absent=ABSENT, TaskArn=arn) or []
        running = [one["TaskExecutionArn"] for one in listed if one["Status"] not in {"SUCCESS", "ERROR"}]
        if running and removal.drains and not removal.kill:
            return f"{len(running)} transfer{'s' if len(running) > 1 else ''} of it must end first"
        for execution in running:
            aws.call("datasync", "cancel_task_execution", absent=ABSENT, TaskExecutionArn=execution)
        for one in (arn, *live.detail):
            _delete(aws, one)
        return None

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List by tag: an ARN holds the id, and the key is the name."""
        listed = {one["TaskArn"]: one.get("Name") for one in aws.pages("datasync", "list_tasks", "Tasks")}
        tags = tags_of(aws, [arn for arn, name in listed.items() if name])
        return list(dict.fromkeys((str(listed[arn]),) for arn, one in tags.items() if one.get(PIPELINE) == owner))


def _delete(aws: Aws, arn: str) -> None:
    aws.call("datasync", "delete_task", absent=ABSENT, TaskArn=arn)
