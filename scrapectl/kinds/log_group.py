"""Turns a log group into CloudWatch Logs': its name and how many days it remembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.kinds.tags import own_tags

ABSENT = ("ResourceNotFoundException",)


def log_group_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say a log group's ARN, in the form without `:*` that the tagging calls want."""
    return f"arn:{partition}:logs:{region}:{account}:log-group:{name}"


@dataclass(frozen=True)
class LogGroup(Resource):
    """A log group of the standard class.

    Attributes:
        retention: Days after which events go; None: never.
    """

    name: Identity[str]
    retention: int | None

    kind: ClassVar[str] = "log_group"
    sweep: ClassVar[str | None] = "logs:{region}:{account}:log-group:"
    listing: ClassVar[Listing | None] = Listing(
        "logs", "describe_log_groups", "logGroups", "logGroupName", {"logGroupNamePrefix": "/scrapectl/"}
    )
    needs: ClassVar[Needs] = Needs(
        read=("logs:DescribeLogGroups", "logs:ListTagsForResource"),
        create=("logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:TagResource"),
        update=("logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource"),
        delete=("logs:DeleteLogGroup",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "logs:log-group": (
                "logs:{region}:{account}:log-group:/scrapectl/{owner}",
                "logs:{region}:{account}:log-group:/scrapectl/{owner}:*",
            ),
            "logs:log-stream": ("logs:{region}:{account}:log-group:/scrapectl/{owner}:*",),
        },
    )

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read one: AWS lists by prefix, so that neighbours with longer names are left out here."""
        (name,) = key
        listed = aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
        group = next((entry for entry in listed if entry["logGroupName"] == name), None)
        if group is None:
            return None
        arn = group["arn"].removesuffix(":*")
        tags = aws.call("logs", "list_tags_for_resource", absent=ABSENT, resourceArn=arn)
        if tags is None:  # it went between the two calls
            return None
        return Live(cls(name, group.get("retentionInDays")), {"arn": arn, "name": name}, own_tags(tags["tags"]))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; the retention is a second call, which an update makes up for after a kill."""
        # No blind retry: after a lost answer AWS would refuse the repeat, as it exists.
        aws.call("logs", "create_log_group", blind_retry=False, logGroupName=self.name, tags=dict(tags))
        self._put_retention(aws)
        arn = log_group_arn(aws.partition, aws.region, aws.account, self.name)
        return Live(self, {"arn": arn, "name": self.name}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Set the retention, or take it away."""
        if "retention" not in update.changed:
            return
        if self.retention is None:
            aws.call("logs", "delete_retention_policy", logGroupName=self.name)
        else:
            self._put_retention(aws)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it with all its events."""
        del removal
        aws.call("logs", "delete_log_group", absent=ABSENT, logGroupName=live.outputs["name"])

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN, with or without `:*`."""
        parts = arn.split(":", 6)
        return (parts[6].removesuffix(":*"),) if parts[2] == "logs" and parts[5] == "log-group" else None

    def _put_retention(self, aws: Aws) -> None:
        if self.retention is not None:
            aws.call("logs", "put_retention_policy", logGroupName=self.name, retentionInDays=self.retention)
