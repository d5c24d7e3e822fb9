"""Turns an instance profile into IAM's: the shell in which EC2 hands one role to instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Fixed, Identity
from scrapectl.engine.resource import Aws, Key, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.kinds.iam_role import role_path
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("NoSuchEntity",)


def instance_profile_arn(partition: str, account: str, path: str, name: str) -> str:
    """Say the ARN that an instance profile will have."""
    return f"arn:{partition}:iam::{account}:instance-profile{path}{name}"


@dataclass(frozen=True)
class IamInstanceProfile(Resource):
    """An instance profile.

    Attributes:
        path: As of the owner's roles, so that they are listed alike.
        role: The name of the one role in it; None only while one is exchanged for another.
    """

    name: Identity[str]
    path: Fixed[str]
    role: Any

    kind: ClassVar[str] = "iam_instance_profile"
    gone_at_once: ClassVar[bool] = True
    needs: ClassVar[Needs] = Needs(
        read=("iam:GetInstanceProfile",),
        create=(
            "iam:AddRoleToInstanceProfile",
            "iam:CreateInstanceProfile",
            "iam:PassRole",
            "iam:TagInstanceProfile",
        ),
        update=(
            "iam:AddRoleToInstanceProfile",
            "iam:PassRole",
            "iam:RemoveRoleFromInstanceProfile",
            "iam:TagInstanceProfile",
            "iam:UntagInstanceProfile",
        ),
        delete=("iam:DeleteInstanceProfile", "iam:RemoveRoleFromInstanceProfile"),
        owned=("iam:ListInstanceProfiles",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {"iam:instance-profile": ("iam::{account}:instance-profile/scrapectl/{region}/{owner}/*",)},
        passed_to="ec2.amazonaws.com",
        unseen={"iam:instance-profile": ("iam::{account}:instance-profile/{base}_*",)},
    )

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the profile with its role and tags."""
        (name,) = key
        answer = aws.call("iam", "get_instance_profile", absent=ABSENT, InstanceProfileName=name)
        if answer is None:
            return None
        profile = answer["InstanceProfile"]
        roles = profile["Roles"]
        resource = cls(name, profile["Path"], roles[0]["RoleName"] if roles else None)
        detail = tuple(role["Arn"] for role in roles)
        return Live(
            resource, {"arn": profile["Arn"], "name": name}, tags_from_list(profile.get("Tags", ())), detail=detail
        )

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it, then put the role in: a role that IAM does not see yet is put in by a repeat, as an update."""
        aws.call(
            "iam",
            "create_instance_profile",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            InstanceProfileName=self.name,
            Path=self.path,
            Tags=tag_list(tags),
        )
        self._add_role(aws)
        return None

    def update(self, aws: Aws, update: Update) -> None:
        """Exchange the role: a profile holds one, so that the old one goes first."""
        old = cast("IamInstanceProfile", update.live.resource).role
        if "role" in update.changed:
            _remove_role(aws, self.name, old)
            self._add_role(aws)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Take its role out, then delete it: IAM refuses to delete one that holds a role."""
        del removal
        profile = cast("IamInstanceProfile", live.resource)
        _remove_role(aws, profile.name, profile.role)
        aws.call("iam", "delete_instance_profile", absent=ABSENT, InstanceProfileName=profile.name)

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List the profiles under the owner's path."""
        path = role_path(aws.region, owner)
        found = aws.pages("iam", "list_instance_profiles", "InstanceProfiles", PathPrefix=path)
        return [(profile["InstanceProfileName"],) for profile in found if profile["Path"] == path]

    @classmethod
    def stands_in(cls, live: Live) -> tuple[str, ...]:
        """Its role, which IAM does not delete before it is out of here."""
        return tuple(live.detail or ())

    def _add_role(self, aws: Aws) -> None:
        aws.call("iam", "add_role_to_instance_profile", InstanceProfileName=self.name, RoleName=self.role)


def _remove_role(aws: Aws, name: str, role: str | None) -> None:
    if role is not None:
        aws.call("iam", "remove_role_from_instance_profile", absent=ABSENT, InstanceProfileName=name, RoleName=role)
