"""Functions in a network: what Lambda checks of subnets, groups and mount targets, and the interfaces it puts there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.local.registry import Call, Params, Refusal
from scrapectl.local.services import ec2_interfaces, iam
from scrapectl.local.services.efs.state import AVAILABLE, state_in

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_WRONG = "InvalidParameterValueException"
# What a role needs for a function in a network ("Giving Lambda functions access to resources in an Amazon VPC").
_LEAVE = ("CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface")


def check_network(call: Call, role: str, network: Params) -> None:
    """Refuse subnets and groups that are not there or of different VPCs, and a role that may put no interface there.

    Args:
        call: What is asked.
        role: ARN of the function's role.
        network: Its VpcConfig.

    Raises:
        Refusal: It cannot stand there.
    """
    subnets, groups = network.get("SubnetIds") or [], network.get("SecurityGroupIds") or []
    if not subnets and not groups:
        return
    if not subnets or not groups:
        raise Refusal(_WRONG, "SubnetIds and SecurityIds must coexist or be both empty list.", 400)
    vpcs = {_found(call, "Subnets", "SubnetIds", each)["VpcId"] for each in subnets}
    vpcs |= {_found(call, "SecurityGroups", "GroupIds", each)["VpcId"] for each in groups}
    if len(vpcs) > 1:
        raise Refusal(_WRONG, "Subnets and security groups of a function must be of the same VPC.", 400)
    for action in _LEAVE:
        if not iam.role_may(call.cloud, role, f"ec2:{action}", "*"):
            text = f"The provided execution role does not have permissions to call {action} on EC2"
            raise Refusal(_WRONG, text, 400)


def _found(call: Call, things: str, ids: str, one: str) -> Params:
    try:
        found: Params = call.cloud.call("ec2", f"Describe{things}", {ids: [one]}, call.region)[things][0]
    except Refusal as refusal:
        text = (
            f"Error occurred while Describe{things}. EC2 Error Code: {refusal.code}. "
            f"EC2 Error Message: {refusal.message}"
        )
        raise Refusal(_WRONG, text, 400) from refusal
    return found


def check_mounts(call: Call, network: Params, mounts: list[Params]) -> None:
    """Refuse a mount outside of a network, and one without a mount target in every zone (AWS-FACTS §15).

    Raises:
        Refusal: It cannot be mounted there.
    """
    subnets = network.get("SubnetIds") or []
    for mount in mounts:
        if not subnets:
            text = f"Function must be configured to execute in a VPC to reference access point {mount['Arn']}."
            raise Refusal(_WRONG, text, 400)
        point = state_in(call.cloud, call.region).access_points.get(mount["Arn"].rsplit("/", 1)[-1])
        if point is None:
            raise Refusal(_WRONG, f"EFS access point {mount['Arn']} does not exist.", 400)
        _check_targets(call, point.document["FileSystemId"], subnets)


def _check_targets(call: Call, file_system: str, subnets: list[str]) -> None:
    arn = call.arn(f"file-system/{file_system}", "elasticfilesystem")
    targets = state_in(call.cloud, call.region).mount_targets_of(file_system)
    states = {target.document["AvailabilityZoneName"]: target.state for target in targets}
    zones = {_found(call, "Subnets", "SubnetIds", each)["AvailabilityZone"] for each in subnets}
    if not zones <= states.keys():
        text = (
            f"EFS file system {arn} does not have mount targets created in all availability zones the function will "
            "execute in. Please create EFS mount targets for each availability zone that your function will execute in."
        )
        raise Refusal(_WRONG, text, 400)
    if any(states[zone] != AVAILABLE for zone in zones):
        text = (
            f"EFS file system {arn} has mount targets created in all availability zones the function will execute in, "
            "but not all are in the available life cycle state yet. Please wait for them to become available and try "
            "the request again."
        )
        raise Refusal(_WRONG, text, 400)


def put_interfaces(call: Call, name: str, before: Params, after: Params) -> None:
    """Put a function's interfaces where it stands from now on; where it stood they stay for a while (AWS-FACTS §9)."""
    if (before.get("SubnetIds"), before.get("SecurityGroupIds")) == (
        after.get("SubnetIds"),
        after.get("SecurityGroupIds"),
    ):
        return
    take_interfaces(call.cloud, call.region, call.arn(f"function:{name}"))
    for subnet in after.get("SubnetIds") or []:
        ec2_interfaces.attach(
            call.cloud,
            call.region,
            call.arn(f"function:{name}"),
            subnet,
            after["SecurityGroupIds"],
            description=f"AWS Lambda VPC ENI-{name}-{subnet}",
            kind="lambda",
        )


def take_interfaces(cloud: Cloud, region: str, arn: str) -> None:
    """Let a function's interfaces go, in their time."""
    ec2_interfaces.release(cloud, region, arn, cloud.delays.function_interface)
