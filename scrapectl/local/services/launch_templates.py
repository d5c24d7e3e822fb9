"""EC2's launch templates beyond moto: a client token makes a repeat the same call, and unknown ids are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrapectl.local.paging import tag_map
from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services.tagging import Tagged, tag_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapectl.local.cloud import Cloud


@dataclass
class Answers:
    """What each client token was answered, by operation and token."""

    given: dict[tuple[str, str], Params] = field(default_factory=dict)


def _once(call: Call) -> Params:
    """Carry a call out, or answer as before when its token was seen: a repeat after a lost answer."""
    given, token = call.cloud.store(Answers, call.region).given, call.params.get("ClientToken")
    if not token:
        return call.moto()
    key = (call.operation, token)
    if key not in given:
        given[key] = call.moto()
    return given[key]


@operation("ec2", "CreateLaunchTemplate")
def create(call: Call) -> Params:
    """Make a template with its first version."""
    return _once(call)


@operation("ec2", "CreateLaunchTemplateVersion")
def create_version(call: Call) -> Params:
    """Make another version; the default stays what it is."""
    return _once(call)


@operation("ec2", "DescribeLaunchTemplateVersions")
def describe_versions(call: Call) -> Params:
    """Answer versions, each once; moto puts the template's own tags among those of instances."""
    result = call.moto()
    found = {(entry["LaunchTemplateId"], entry["VersionNumber"]): entry for entry in result["LaunchTemplateVersions"]}
    for entry in found.values():
        data = entry["LaunchTemplateData"]
        tags = data.pop("TagSpecifications", [])
        kept = [one for one in tags if one["ResourceType"] != "launch-template"]
        data |= {"TagSpecifications": kept} if kept else {}
    return result | {"LaunchTemplateVersions": list(found.values())}


def _check_ids(call: Call) -> None:
    """Refuse an id that is none, which moto passes over."""
    one = call.params.get("LaunchTemplateId")
    for number in call.params.get("LaunchTemplateIds") or ([one] if one else []):
        if number not in {found["LaunchTemplateId"] for found in call.moto({}, _LIST)["LaunchTemplates"]}:
            text = f"The specified launch template, with template ID {number}, does not exist."
            raise Refusal("InvalidLaunchTemplateId.NotFound", text, 400)


_LIST = "DescribeLaunchTemplates"
for _name in (_LIST, "DeleteLaunchTemplate", "ModifyLaunchTemplate"):
    check("ec2", _name)(_check_ids)


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the tagging index the templates, of which moto tells nothing."""
    if ("ec2", region) not in cloud.used:
        return
    for found in cloud.call("ec2", _LIST, {}, region)["LaunchTemplates"]:
        arn = f"arn:aws:ec2:{region}:{cloud.account}:launch-template/{found['LaunchTemplateId']}"
        yield Tagged(arn, "ec2:launch-template", tag_map(found.get("Tags")))
