"""Turns a pipeline's name into the group of EventBridge Scheduler that holds its schedules and carries its tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Pace, Removal, Resource, Scopes, Status, Update
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("ResourceNotFoundException",)


def schedule_group_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a schedule group of this name has: what the trust of a schedule's role names as its source."""
    return f"arn:{partition}:scheduler:{region}:{account}:schedule-group/{name}"


@dataclass(frozen=True, kw_only=True)
class ScheduleGroup(Resource):
    """A schedule group: a name and tags."""

    name: Identity[str]

    kind: ClassVar[str] = "schedule_group"
    pace: ClassVar[Pace] = Pace(interval=3.0, limit=300.0)
    sweep: ClassVar[str | None] = "scheduler:{region}:{account}:schedule-group/"
    listing: ClassVar[Listing | None] = Listing("scheduler", "list_schedule_groups", "ScheduleGroups", "Name")
    needs: ClassVar[Needs] = Needs(
        read=("scheduler:GetScheduleGroup", "scheduler:ListTagsForResource"),
        create=("scheduler:CreateScheduleGroup", "scheduler:TagResource"),
        update=("scheduler:TagResource", "scheduler:UntagResource"),
        delete=("scheduler:DeleteSchedule", "scheduler:DeleteScheduleGroup"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "scheduler:schedule-group": ("scheduler:{region}:{account}:schedule-group/{owner}",),
            "scheduler:schedule": ("scheduler:{region}:{account}:schedule/{owner}/*",),
        },
    )

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the group, then, if it stands, its tags."""
        (name,) = key
        group = aws.call("scheduler", "get_schedule_group", absent=ABSENT, Name=name)
        if group is None:
            return None
        tags = aws.call("scheduler", "list_tags_for_resource", absent=ABSENT, ResourceArn=group["Arn"])
        if tags is None:  # it went between the two calls
            return None
        status = Status.READY if group["State"] == "ACTIVE" else Status.BUSY
        return Live(cls(name=name), {"arn": group["Arn"], "name": name}, tags_from_list(tags.get("Tags", ())), status)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; it is ACTIVE at once."""
        answer = aws.call("scheduler", "create_schedule_group", Name=self.name, Tags=tag_list(tags))
        return Live(self, {"arn": answer["ScheduleGroupArn"], "name": self.name}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Do nothing: a group has no property but its tags."""

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; AWS ends what schedules it holds, which may fire until it is gone."""
        del removal
        aws.call("scheduler", "delete_schedule_group", absent=ABSENT, Name=live.outputs["name"])

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name at the end of the ARN."""
        head, _, name = arn.partition(":schedule-group/")
        return (name,) if name and head.split(":")[2] == "scheduler" else None
