"""Turns a role into IAM's: one trust policy, one inline policy of ours, an optional boundary, nothing else."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Fixed, Identity
from scrapectl.engine.resource import Aws, Key, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.engine.values import Policy
from scrapectl.kinds.tags import tag_list, tags_from_list

INLINE_POLICY = "scrapectl"
ABSENT = ("NoSuchEntity",)


def role_path(region: str, owner: str) -> str:
    """Say where an owner's roles stand: roles are global, so the path holds the region."""
    return f"/scrapectl/{region}/{owner}/"


def role_arn(partition: str, account: str, path: str, name: str) -> str:
    """Say the ARN that a role will have."""
    return f"arn:{partition}:iam::{account}:role{path}{name}"


@dataclass(frozen=True)
class IamRole(Resource):
    """An IAM role.

    Attributes:
        trust: Who may assume it.
        policy: Our one inline policy; None: it may do nothing.
        boundary: ARN of a permissions boundary.
        others: What else is attached: ARNs of managed policies, and "inline:NAME". Never wanted, so always drift.
    """

    name: Identity[str]
    path: Fixed[str]
    trust: Policy
    policy: Policy | None = None
    boundary: str | None = None
    description: str = ""
    others: tuple[str, ...] = ()

    kind: ClassVar[str] = "iam_role"
    gone_at_once: ClassVar[bool] = True
    needs: ClassVar[Needs] = Needs(
        read=("iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"),
        create=("iam:CreateRole", "iam:PutRolePolicy", "iam:TagRole"),
        update=(
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
        ),
        delete=("iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"),
        owned=("iam:ListRoles",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {"iam:role": ("iam::{account}:role/scrapectl/{region}/{owner}/*",)},
        # A denial of a role that is not there speaks of "role NAME": no path is known of it (aws-cdk issue 27067).
        unseen={"iam:role": ("iam::{account}:role/{base}_*",)},
    )

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the role; only one that stands is asked for its policies."""
        (name,) = key
        answer = aws.call("iam", "get_role", absent=ABSENT, RoleName=name)
        if answer is None:
            return None
        role = answer["Role"]
        attached, inline, policy = _policies(aws, name)
        others = [entry["PolicyArn"] for entry in attached]
        others += [f"inline:{other}" for other in inline if other != INLINE_POLICY]
        resource = cls(
            name=name,
            path=role["Path"],
            trust=Policy.from_json(role["AssumeRolePolicyDocument"]),
            policy=policy,
            boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            description=role.get("Description", ""),
            others=tuple(sorted(others)),
        )
        return Live(resource, {"arn": role["Arn"], "name": name}, tags_from_list(role.get("Tags", ())))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make the role, then give it its policy; both answer at once, so no read-back is needed."""
        optional: dict[str, Any] = {"PermissionsBoundary": self.boundary, "Description": self.description}
        answer = aws.call(
            "iam",
            "create_role",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            RoleName=self.name,
            Path=self.path,
            AssumeRolePolicyDocument=self.trust.to_json(),
            Tags=tag_list(tags),
            **{member: value for member, value in optional.items() if value},
        )
        if self.policy is not None:
            self._put_policy(aws, self.policy)
        return Live(self, {"arn": answer["Role"]["Arn"], "name": self.name}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Change what differs; the boundary first, so that a wider policy is never outside it."""
        changed = update.changed
        if "boundary" in changed:
            self._update_boundary(aws)
        if "trust" in changed:
            aws.call("iam", "update_assume_role_policy", RoleName=self.name, PolicyDocument=self.trust.to_json())
        if "description" in changed:
            aws.call("iam", "update_role", RoleName=self.name, Description=self.description)
        if "policy" in changed and self.policy is not None:
            self._put_policy(aws, self.policy)
        elif "policy" in changed:
            _remove_policy(aws, self.name, f"inline:{INLINE_POLICY}")
        if "others" in changed:
            for other in cast("IamRole", update.live.resource).others:
                _remove_policy(aws, self.name, other)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Take its policies off, then the role: IAM refuses to delete one that holds any."""
        del removal
        role = cast("IamRole", live.resource)
        inline = (f"inline:{INLINE_POLICY}",) if role.policy is not None else ()
        for policy in (*role.others, *inline):
            _remove_policy(aws, role.name, policy)
        aws.call("iam", "delete_role", absent=ABSENT, RoleName=role.name)

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List the roles under the owner's path; the tagging API knows no roles."""
        path = role_path(aws.region, owner)
        roles = aws.pages("iam", "list_roles", "Roles", PathPrefix=path)
        return [(role["RoleName"],) for role in roles if role["Path"] == path]

    def _put_policy(self, aws: Aws, policy: Policy) -> None:
        aws.call(
            "iam", "put_role_policy", RoleName=self.name, PolicyName=INLINE_POLICY, PolicyDocument=policy.to_json()
        )

    def _update_boundary(self, aws: Aws) -> None:
        if self.boundary is None:
            aws.call("iam", "delete_role_permissions_boundary", absent=ABSENT, RoleName=self.name)
        else:
            aws.call("iam", "put_role_permissions_boundary", RoleName=self.name, PermissionsBoundary=self.boundary)


def _policies(aws: Aws, name: str) -> tuple[list[dict[str, str]], list[str], Policy | None]:
    """Read the attached policies, the names of the inline ones, and our own, side by side."""
    ask: Any = functools.partial
    attached, inline, ours = aws.gather(
        [
            ask(aws.pages, "iam", "list_attached_role_policies", "AttachedPolicies", absent=ABSENT, RoleName=name),
            ask(aws.pages, "iam", "list_role_policies", "PolicyNames", absent=ABSENT, RoleName=name),
            ask(aws.call, "iam", "get_role_policy", absent=ABSENT, RoleName=name, PolicyName=INLINE_POLICY),
        ]
    )
    return attached or [], inline or [], ours and Policy.from_json(ours["PolicyDocument"])


def _remove_policy(aws: Aws, role: str, policy: str) -> None:
    if policy.startswith("inline:"):
        name = policy.removeprefix("inline:")
        aws.call("iam", "delete_role_policy", absent=ABSENT, RoleName=role, PolicyName=name)
    else:
        aws.call("iam", "detach_role_policy", absent=ABSENT, RoleName=role, PolicyArn=policy)
