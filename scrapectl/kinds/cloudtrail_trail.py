"""Turns which objects' writes shall be heard of into a trail of CloudTrail, for one region and nothing else."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Pace, Removal, Resource, Scopes, Update
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("TrailNotFoundException",)
_UNTAGGED = (*ABSENT, "ResourceNotFoundException")
_OBJECTS = "AWS::S3::Object"


def trail_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a trail will have."""
    return f"arn:{partition}:cloudtrail:{region}:{account}:trail/{name}"


@dataclass(frozen=True)
class CloudtrailTrail(Resource):
    """A trail that logs writes of objects, and so has EventBridge hear of them.

    Attributes:
        bucket: Name of the bucket that it writes to, whose policy lets it.
        objects: How the ARNs of the objects begin ("arn:aws:s3:::raw/in/"). One that stands with other selectors
            than ours, as a new one does, has none.
        logging: Whether it is started.
        validation: It signs what it writes.
    """

    name: Identity[str]
    bucket: Any
    objects: frozenset[str]
    logging: bool = True
    validation: bool = True

    kind: ClassVar[str] = "cloudtrail_trail"
    gone_at_once: ClassVar[bool] = True
    pace: ClassVar[Pace] = Pace(first=0.0, interval=2.0, limit=60.0)
    sweep: ClassVar[str | None] = "cloudtrail:{region}:{account}:trail/"
    listing: ClassVar[Listing | None] = Listing("cloudtrail", "list_trails", "Trails", "Name")
    needs: ClassVar[Needs] = Needs(
        read=(
            "cloudtrail:GetEventSelectors",
            "cloudtrail:GetTrail",
            "cloudtrail:GetTrailStatus",
            "cloudtrail:ListTags",
        ),
        create=(
            "cloudtrail:AddTags",
            "cloudtrail:CreateTrail",
            "cloudtrail:PutEventSelectors",
            "cloudtrail:StartLogging",
        ),
        update=(
            "cloudtrail:AddTags",
            "cloudtrail:PutEventSelectors",
            "cloudtrail:RemoveTags",
            "cloudtrail:StartLogging",
            "cloudtrail:StopLogging",
            "cloudtrail:UpdateTrail",
        ),
        delete=("cloudtrail:DeleteTrail",),
    )
    scopes: ClassVar[Scopes] = Scopes({"cloudtrail:trail": ("cloudtrail:{region}:{account}:trail/{name}",)})

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the trail; only of one that stands what it logs, whether it does, and its tags."""
        (name,) = key
        answer = aws.call("cloudtrail", "get_trail", absent=ABSENT, Name=name)
        if answer is None:
            return None
        trail = answer["Trail"]
        arn = trail["TrailARN"]
        ask: Callable[..., Callable[[], Any]] = functools.partial
        selectors, status, tags = aws.gather(
            [
                ask(aws.call, "cloudtrail", "get_event_selectors", absent=ABSENT, TrailName=name),
                ask(aws.call, "cloudtrail", "get_trail_status", absent=ABSENT, Name=name),
                ask(aws.pages, "cloudtrail", "list_tags", "ResourceTagList", absent=_UNTAGGED, ResourceIdList=[arn]),
            ]
        )
        if selectors is None or status is None or tags is None:  # it went between the calls
            return None
        resource = cls(
            name=name,
            bucket=trail["S3BucketName"],
            objects=_objects_of(selectors),
            logging=status["IsLogging"],
            validation=trail["LogFileValidationEnabled"],
        )
        found: list[Mapping[str, str]] = next((entry["TagsList"] for entry in tags if entry["ResourceId"] == arn), [])
        return Live(resource, {"arn": arn, "name": name}, tags_from_list(found))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; an update makes up for what a kill leaves out: it logs nothing until it is told to."""
        answer = aws.call(
            "cloudtrail",
            "create_trail",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            **self._members(),
            IncludeGlobalServiceEvents=False,
            IsMultiRegionTrail=False,
            TagsList=tag_list(tags),
        )
        self._select(aws)
        if self.logging:
            aws.call("cloudtrail", "start_logging", Name=self.name)
        return Live(self, {"arn": answer["TrailARN"], "name": self.name}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Send what differs."""
        if update.changed & {"bucket", "validation"}:
            aws.call("cloudtrail", "update_trail", **self._members())
        if "objects" in update.changed:
            self._select(aws)
        if "logging" in update.changed:
            aws.call("cloudtrail", "start_logging" if self.logging else "stop_logging", Name=self.name)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; what it wrote stays in its bucket."""
        del removal
        name = cast("CloudtrailTrail", live.resource).name
        aws.call("cloudtrail", "delete_trail", absent=ABSENT, Name=name)

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN."""
        _, _, name = arn.partition(":trail/")
        return (name,) if name else None

    def _members(self) -> dict[str, Any]:
        return {"Name": self.name, "S3BucketName": self.bucket, "EnableLogFileValidation": self.validation}

    def _select(self, aws: Aws) -> None:
        aws.call("cloudtrail", "put_event_selectors", TrailName=self.name, EventSelectors=[_selector(self.objects)])


def _selector(objects: Iterable[str]) -> dict[str, Any]:
    """Writes of these objects; no management events, which a trail logs otherwise (CloudTrail, PutEventSelectors)."""
    data = [{"Type": _OBJECTS, "Values": sorted(objects)}]
    return {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": False, "DataResources": data}


def _objects_of(answer: Mapping[str, Any]) -> frozenset[str]:
    """Read the objects back, if that is all that is selected."""
    selectors = answer.get("EventSelectors") or []
    found = [selector.get("DataResources") or [{}] for selector in selectors]
    objects = frozenset(found[0][0].get("Values", ())) if found else frozenset()
    spelled = [
        {name: selector.get(name) for name in ("ReadWriteType", "IncludeManagementEvents")}
        | {
            "DataResources": [
                {**data, "Values": sorted(data["Values"])} for data in selector.get("DataResources") or ()
            ]
        }
        for selector in selectors
    ]
    return objects if spelled == [_selector(objects)] else frozenset()
