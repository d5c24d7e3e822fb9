"""Turns what instances must keep to into a launch template of EC2: each change is a new version, made the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Identity
from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Pace, Removal, Resource, Scopes, Update
from scrapectl.kinds.tags import tag_list, tags_from_list
from scrapectl.kinds.user_data import Program, packed, unpacked

ABSENT = (
    "InvalidLaunchTemplateName.NotFoundException",
    "InvalidLaunchTemplateId.NotFound",
    "InvalidLaunchTemplateId.NotFoundException",
)
_NAMES_IN_ONE_CALL = 200


def launch_template_arn(partition: str, region: str, account: str, template_id: str) -> str:
    """Say a launch template's ARN; only AWS knows the id."""
    return f"arn:{partition}:ec2:{region}:{account}:launch-template/{template_id}"


def called(name: str) -> str:
    """Say how those name a launch template that name it not by its id."""
    return f"launch-template called {name}"


@dataclass(frozen=True)
class Ec2LaunchTemplate(Resource):
    """A launch template; its default version is what counts.

    Attributes:
        tokens: "required": the metadata service answers only who has a session token (IMDSv2).
        hop_limit: How far its answers go: 2 reaches into containers.
        root_device: The root volume's name in the image.
        root_gib: Its size.
        encrypted: Whether it is.
        image: Id of an AMI, or "resolve:ssm:" and the name of a parameter that holds one; None: whoever starts says.
        instance_type: As `image`.
        profile: ARN of the instance profile.
        security_groups: Ids.
        public_ip: Whether an instance gets a public address; None: as its subnet has it.
        program: What an instance runs as its user data; None: there is none.
        runs: What that program is to do, as plain JSON values.
        at_shutdown: "terminate" or (None) "stop".
    """

    name: Identity[str]
    tokens: str = "required"
    hop_limit: int = 2
    root_device: str = "/dev/xvda"
    root_gib: int = 30
    encrypted: bool = True
    image: str | None = None
    instance_type: str | None = None
    profile: Any = None
    security_groups: tuple[Any, ...] = ()
    public_ip: bool | None = None
    program: Program | None = None
    runs: Any = None
    at_shutdown: str | None = None

    kind: ClassVar[str] = "ec2_launch_template"
    gone_at_once: ClassVar[bool] = True
    pace: ClassVar[Pace] = Pace(first=0.0, interval=2.0, limit=60.0)
    listing: ClassVar[Listing | None] = Listing(
        "ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateName"
    )
    needs: ClassVar[Needs] = Needs(
        read=("ec2:DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplates"),
        create=("ec2:CreateLaunchTemplate", "ec2:CreateTags"),
        update=(
            "ec2:CreateLaunchTemplateVersion",
            "ec2:CreateTags",
            "ec2:DeleteTags",
            "ec2:ModifyLaunchTemplate",
        ),
        delete=("ec2:DeleteLaunchTemplate",),
        owned=("ec2:DescribeLaunchTemplates",),
    )
    scopes: ClassVar[Scopes] = Scopes({"ec2:launch-template": ("ec2:{region}:{account}:launch-template/{tagged}",)})

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read all by name (a filter: a name that is not there is no error), then the default version of each."""
        found: dict[Key, Live] = {}
        for start in range(0, len(keys), _NAMES_IN_ONE_CALL):
            names = sorted({name for (name,) in keys[start : start + _NAMES_IN_ONE_CALL]})
            lives = [cls._live(aws, template) for template in _described(aws, "launch-template-name", names)]
            found |= {live.resource.key(): live for live in lives if live is not None}
        return found

    @classmethod
    def _live(cls, aws: Aws, template: Mapping[str, Any]) -> Live | None:
        name, template_id = template["LaunchTemplateName"], template["LaunchTemplateId"]
        answer = aws.call(
            "ec2",
            "describe_launch_template_versions",
            absent=ABSENT,
            LaunchTemplateId=template_id,
            Versions=["$Default", "$Latest"],
        )
        if answer is None or not answer["LaunchTemplateVersions"]:  # it went between the calls
            return None
        versions = {version["VersionNumber"]: version for version in answer["LaunchTemplateVersions"]}
        latest = max(versions)
        # Which is the default is this answer's to say: the other may be older, for EC2 is eventually consistent.
        default = next((one for one in versions.values() if one.get("DefaultVersion")), versions[latest])
        return Live(
            cls(name, **_values(default["LaunchTemplateData"])),
            _outputs(aws, name, template_id),
            tags_from_list(template.get("Tags", ())),
            detail=(latest, cls(name, **_values(versions[latest]["LaunchTemplateData"]))),
        )

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it with its first version, which is the default."""
        answer = aws.call(
            "ec2",
            "create_launch_template",
            LaunchTemplateName=self.name,
            LaunchTemplateData=self._data(),
            TagSpecifications=[{"ResourceType": "launch-template", "Tags": tag_list(tags)}],
        )
        made = answer["LaunchTemplate"]
        return Live(self, _outputs(aws, self.name, made["LaunchTemplateId"]), dict(tags), detail=(1, self))

    def update(self, aws: Aws, update: Update) -> None:
        """Make a version that is as wanted, unless a call that was cut off left it as the latest; then the default."""
        if not update.changed:
            return
        template_id = update.live.outputs["id"]
        version, latest = update.live.detail
        if latest != self:
            answer = aws.call(
                "ec2",
                "create_launch_template_version",
                LaunchTemplateId=template_id,
                LaunchTemplateData=self._data(),
            )
            version = answer["LaunchTemplateVersion"]["VersionNumber"]
        aws.call("ec2", "modify_launch_template", LaunchTemplateId=template_id, DefaultVersion=str(version))

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it with all its versions."""
        del removal
        aws.call("ec2", "delete_launch_template", absent=ABSENT, LaunchTemplateId=live.outputs["id"])

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List those that carry the owner's tag: EC2 itself is never late."""
        return [(template["LaunchTemplateName"],) for template in _described(aws, f"tag:{PIPELINE}", [owner])]

    def _data(self) -> dict[str, Any]:
        volume = {"VolumeSize": self.root_gib, "VolumeType": "gp3", "Encrypted": self.encrypted}
        groups = list(self.security_groups)
        interface = {"DeviceIndex": 0, "AssociatePublicIpAddress": self.public_ip, "Groups": groups}
        network = {"NetworkInterfaces": [interface]} if self.public_ip is not None else {"SecurityGroupIds": groups}
        given = {
            "ImageId": self.image,
            "InstanceType": self.instance_type,
            "IamInstanceProfile": {"Arn": self.profile} if self.profile else None,
            "UserData": packed(self.program, self.runs or {}) if self.program is not None else None,
            "InstanceInitiatedShutdownBehavior": self.at_shutdown,
            **(network if groups or self.public_ip is not None else {}),
        }
        return {
            **{member: value for member, value in given.items() if value is not None},
            "MetadataOptions": {"HttpTokens": self.tokens, "HttpPutResponseHopLimit": self.hop_limit},
            "BlockDeviceMappings": [{"DeviceName": self.root_device, "Ebs": volume}],
        }


def _described(aws: Aws, name: str, values: Sequence[str]) -> list[dict[str, Any]]:
    filters = [{"Name": name, "Values": list(values)}]
    return cast(
        "list[dict[str, Any]]", aws.pages("ec2", "describe_launch_templates", "LaunchTemplates", Filters=filters)
    )


def _values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Read the fields back; what another hand left out is as EC2 takes it."""
    metadata = data.get("MetadataOptions") or {}
    devices = data.get("BlockDeviceMappings") or [{}]
    volume = devices[0].get("Ebs") or {}
    interfaces = data.get("NetworkInterfaces") or [{}]
    return {
        "image": data.get("ImageId"),
        "instance_type": data.get("InstanceType"),
        "profile": (data.get("IamInstanceProfile") or {}).get("Arn"),
        "security_groups": tuple(data.get("SecurityGroupIds") or interfaces[0].get("Groups") or ()),
        "public_ip": interfaces[0].get("AssociatePublicIpAddress"),
        **_user_data(data),
        "at_shutdown": data.get("InstanceInitiatedShutdownBehavior"),
        "tokens": metadata.get("HttpTokens", "optional"),
        "hop_limit": metadata.get("HttpPutResponseHopLimit", 1),
        "root_device": devices[0].get("DeviceName", ""),
        "root_gib": volume.get("VolumeSize", 0),
        "encrypted": volume.get("Encrypted", False),
    }


def _user_data(data: Mapping[str, Any]) -> dict[str, Any]:
    if not data.get("UserData"):
        return {}
    program, runs = unpacked(data["UserData"])
    return {"program": program, "runs": runs}


def _outputs(aws: Aws, name: str, template_id: str) -> dict[str, str]:
    arn = launch_template_arn(aws.partition, aws.region, aws.account, template_id)
    return {"arn": arn, "id": template_id, "name": name, "called": called(name)}
