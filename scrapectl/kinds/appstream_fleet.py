"""Turns an image and who may wait how long into a fleet of AppStream 2.0: desktops that are there when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Pace, Removal, Resource, Scopes, Status, Update
from scrapectl.kinds.tags import own_tags

ABSENT = ("ResourceNotFoundException",)
RUNNING, STOPPED, _STOPPING = "RUNNING", "STOPPED", "STOPPING"
# What AppStream changes in a fleet that runs (its API reference, UpdateFleet); all else waits until it is stopped.
_WHILE_RUNNING = frozenset({"image", "desired", "idle"})


def fleet_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a fleet will have."""
    return f"arn:{partition}:appstream:{region}:{account}:fleet/{name}"


def called(name: str) -> str:
    """Say how a stack, which bears its fleet's very name, names that."""
    return f"fleet called {name}"


@dataclass(frozen=True, kw_only=True)
class AppstreamFleet(Resource):
    """A fleet on demand: an instance starts when somebody comes, in a minute or two, and costs little until then.

    Attributes:
        image: Name of the image, which is made by hand first.
        desired: How many instances stand ready.
        idle: Seconds without input after which a session is let go.
        longest: Seconds that a session may last.
        role: ARN of what its instances act as; None: of nothing.
        subnets: Their ids, in any order.
        internet: Its instances have public addresses, which public subnets take; else the subnets' own way out is all.
        running: Whether it is started; until then nobody can come.
    """

    name: Identity[str]
    image: str
    instance_type: str
    desired: int = 1
    idle: int = 1800
    longest: int = 7200
    role: Any = None
    subnets: tuple[Any, ...] = ()
    security_groups: tuple[Any, ...] = ()
    internet: bool = False
    running: bool = True

    kind: ClassVar[str] = "appstream_fleet"
    pace: ClassVar[Pace] = Pace(first=0.0, interval=30.0, limit=2400.0)
    sweep: ClassVar[str | None] = "appstream:{region}:{account}:fleet/"
    listing: ClassVar[Listing | None] = Listing("appstream", "describe_fleets", "Fleets", "Name")
    needs: ClassVar[Needs] = Needs(
        read=("appstream:DescribeFleets", "appstream:ListTagsForResource"),
        create=("appstream:CreateFleet", "appstream:TagResource", "iam:PassRole"),
        update=(
            "appstream:StartFleet",
            "appstream:StopFleet",
            "appstream:TagResource",
            "appstream:UntagResource",
            "appstream:UpdateFleet",
            "iam:PassRole",
        ),
        delete=("appstream:DeleteFleet", "appstream:StopFleet"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "appstream:fleet": ("appstream:{region}:{account}:fleet/{name}",),
            "appstream:image": ("appstream:{region}:{account}:image/{any}",),
        },
        passed_to="appstream.amazonaws.com",
    )

    def __post_init__(self) -> None:
        """Take subnets and groups in one order: AppStream keeps none."""
        object.__setattr__(self, "subnets", tuple(sorted(self.subnets, key=str)))
        object.__setattr__(self, "security_groups", tuple(sorted(self.security_groups, key=str)))

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the fleet, and of one that stands its tags."""
        (name,) = key
        found = aws.call("appstream", "describe_fleets", absent=ABSENT, Names=[name])
        for fleet in found["Fleets"] if found else ():
            tags = aws.call("appstream", "list_tags_for_resource", absent=ABSENT, ResourceArn=fleet["Arn"])
            return None if tags is None else _live(fleet, own_tags(tags.get("Tags", {})))
        return None

    def create(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Make it; it stands still until an update starts it."""
        aws.call(
            "appstream",
            "create_fleet",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            **self._members(),
            FleetType="ON_DEMAND",
            StreamView="DESKTOP",
            Tags=dict(tags),
        )

    def update(self, aws: Aws, update: Update) -> None:
        """Change what may change now; for the rest stop it first, whatever session that ends, and start it last."""
        state = update.live.detail
        fields = update.changed - {"running", "status"}
        if fields and state == RUNNING and not fields <= _WHILE_RUNNING:
            aws.call("appstream", "stop_fleet", Name=self.name)
        elif fields:
            gone = ["IAM_ROLE_ARN"] if "role" in fields and self.role is None else []
            members = self._members(fields) | ({"AttributesToDelete": gone} if gone else {})
            aws.call("appstream", "update_fleet", **members)
        elif self.running:
            aws.call("appstream", "start_fleet", Name=self.name)
        else:
            aws.call("appstream", "stop_fleet", Name=self.name)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Stop it, then delete it: AWS deletes none that runs, and stops none that is being started."""
        del removal
        name = cast("AppstreamFleet", live.resource).name
        if live.detail == RUNNING:
            aws.call("appstream", "stop_fleet", absent=ABSENT, Name=name)
        elif live.detail == STOPPED:
            aws.call("appstream", "delete_fleet", absent=ABSENT, Name=name)

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN."""
        _, _, name = arn.partition(":fleet/")
        return (name,) if name else None

    def _members(self, fields: frozenset[str] | None = None) -> dict[str, Any]:
        """What is sent of these fields; of all of them by default."""
        network = {"SubnetIds": list(self.subnets), "SecurityGroupIds": list(self.security_groups)}
        members: dict[str, tuple[str, Any]] = {
            "image": ("ImageName", self.image),
            "instance_type": ("InstanceType", self.instance_type),
            "desired": ("ComputeCapacity", {"DesiredInstances": self.desired}),
            "idle": ("IdleDisconnectTimeoutInSeconds", self.idle),
            "longest": ("MaxUserDurationInSeconds", self.longest),
            "role": ("IamRoleArn", self.role),
            "subnets": ("VpcConfig", network if self.subnets else None),
            "internet": ("EnableDefaultInternetAccess", self.internet),
            "security_groups": ("VpcConfig", network if self.subnets else None),
        }
        sent = dict(member for field, member in members.items() if fields is None or field in fields)
        return {"Name": self.name} | {name: value for name, value in sent.items() if value is not None}


def _live(fleet: Mapping[str, Any], tags: Mapping[str, str]) -> Live:
    state, network = fleet["State"], fleet.get("VpcConfig") or {}
    resource = AppstreamFleet(
        name=fleet["Name"],
        image=fleet.get("ImageName", ""),
        instance_type=fleet["InstanceType"],
        desired=fleet["ComputeCapacityStatus"]["Desired"],
        idle=fleet.get("IdleDisconnectTimeoutInSeconds", 0),
        longest=fleet.get("MaxUserDurationInSeconds", 0),
        role=fleet.get("IamRoleArn"),
        subnets=tuple(network.get("SubnetIds", ())),
        security_groups=tuple(network.get("SecurityGroupIds", ())),
        internet=fleet.get("EnableDefaultInternetAccess", False),
        running=state == RUNNING,
    )
    outputs = {"arn": fleet["Arn"], "name": fleet["Name"], "called": called(fleet["Name"])}
    errors = [error["ErrorMessage"] for error in fleet.get("FleetErrors", ())]
    if state in {RUNNING, STOPPED}:
        broken = bool(errors) and state == STOPPED
        return Live(resource, outputs, tags, Status.BROKEN if broken else Status.READY, "; ".join(errors), detail=state)
    return Live(resource, outputs, tags, Status.BUSY, f"it is {state.lower()}", detail=state)
