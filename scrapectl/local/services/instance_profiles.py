"""IAM's instance profiles beyond moto: names collide whatever their case, and a fresh one is not usable at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrapectl.local.registry import Call, Refusal, check
from scrapectl.local.services import iam

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


@dataclass
class Profiles:
    """When each profile last changed, on the cloud's clock, by its name."""

    changed: dict[str, float] = field(default_factory=dict)


def instance_role(cloud: Cloud, profile: str) -> str | None:
    """Return the ARN of the role that instances of a profile act as now.

    Args:
        cloud: Where the profile stands.
        profile: Its name or ARN; a role's ARN is none.

    Returns:
        None when there is no such profile, it holds no role, EC2 may not assume that, or it is too fresh.
    """
    name = profile.rsplit("/", 1)[-1]
    try:
        found = cloud.call("iam", "GetInstanceProfile", {"InstanceProfileName": name})["InstanceProfile"]
    except Refusal:
        return None
    roles = [str(role["Arn"]) for role in found["Roles"]]
    age = cloud.clock.now() - cloud.store(Profiles, "global").changed.get(name, float("-inf"))
    usable = profile in {name, found["Arn"]} and age >= cloud.delays.fresh_role
    return roles[0] if usable and roles and iam.can_be_assumed(cloud, roles[0], "ec2.amazonaws.com") else None


@check("iam", "CreateInstanceProfile")
def check_create(call: Call) -> None:
    """Refuse a name that another profile has in another case; note when it was made."""
    name = call.params["InstanceProfileName"]
    for profile in call.moto({}, "ListInstanceProfiles")["InstanceProfiles"]:
        if profile["InstanceProfileName"].lower() == name.lower():
            raise Refusal("EntityAlreadyExists", f"Instance Profile {name} already exists.", 409)
    _note(call)


@check("iam", "AddRoleToInstanceProfile")
def check_role(call: Call) -> None:
    """Refuse a second role; note when it changed."""
    found = call.moto({"InstanceProfileName": call.params["InstanceProfileName"]}, "GetInstanceProfile")
    if found["InstanceProfile"]["Roles"]:
        raise Refusal("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", 409)
    _note(call)


def _note(call: Call) -> None:
    call.cloud.store(Profiles, "global").changed[call.params["InstanceProfileName"]] = call.cloud.clock.now()


@check("iam", "DeleteInstanceProfile")
def check_delete(call: Call) -> None:
    """Refuse to delete a profile that still holds its role."""
    found = call.moto({"InstanceProfileName": call.params["InstanceProfileName"]}, "GetInstanceProfile")
    if found["InstanceProfile"]["Roles"]:
        text = "Cannot delete entity, must remove roles from instance profile first."
        raise Refusal("DeleteConflict", text, 409)


@check("iam", "RemoveRoleFromInstanceProfile")
def check_removal(call: Call) -> None:
    """Refuse to take out a role that is not in it; moto fails."""
    name, role = call.params["InstanceProfileName"], call.params["RoleName"]
    found = call.moto({"InstanceProfileName": name}, "GetInstanceProfile")["InstanceProfile"]
    if role not in {held["RoleName"] for held in found["Roles"]}:
        raise Refusal("NoSuchEntity", f"The role with name {role} cannot be found in instance profile {name}.", 404)
