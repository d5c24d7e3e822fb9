"""Turn where a function stands into what it reaches: its file systems, and which services of AWS answer it there."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local.jobs.mounts import Mount
from scrapectl.local.registry import Params, Refusal
from scrapectl.local.services.efs import reach
from scrapectl.local.services.efs.folders import folder_of
from scrapectl.local.services.efs.state import state_in

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

# Endpoint's name → what AWS's clients call the service in AWS_ENDPOINT_URL_<SERVICE> (botocore's service ids).
_SERVICES = {
    "athena": "ATHENA",
    "batch": "BATCH",
    "dynamodb": "DYNAMODB",
    "ec2": "EC2",
    "ecr.api": "ECR",
    "events": "EVENTBRIDGE",
    "kms": "KMS",
    "lambda": "LAMBDA",
    "logs": "CLOUDWATCH_LOGS",
    "monitoring": "CLOUDWATCH",
    "rds": "RDS",
    "s3": "S3",
    "secretsmanager": "SECRETS_MANAGER",
    "sns": "SNS",
    "sqs": "SQS",
    "ssm": "SSM",
    "states": "SFN",
    "sts": "STS",
}
_BY_ROUTES = ("s3", "dynamodb")


@dataclass
class Silence:
    """A port of loopback where nothing is ever said: what the rest of the world is to a network without a way out."""

    listener: socket.socket | None = None


def _silent_address(cloud: Cloud) -> str:
    """Its address, opened when first asked for."""
    silence = cloud.store(Silence, "global")
    if silence.listener is None:
        silence.listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        cloud.on_close(silence.listener.close)
    return f"http://127.0.0.1:{silence.listener.getsockname()[1]}"


@dataclass(frozen=True)
class Surroundings:
    """What a function finds around it.

    Attributes:
        mounts: Its file systems.
        endpoints: Variables that lead AWS's clients; they override those that lead to this cloud.
        told: Lines for its log.
    """

    mounts: tuple[Mount, ...] = ()
    endpoints: dict[str, str] = field(default_factory=dict)
    told: tuple[str, ...] = ()


def surroundings_of(cloud: Cloud, region: str, configuration: Params) -> Surroundings:
    """Look at where a function stands, as Lambda does when it starts one.

    Raises:
        Refusal: A file system cannot be mounted.
    """
    network = configuration.get("VpcConfig") or {}
    subnets = network.get("SubnetIds") or []
    if not subnets:
        return Surroundings()
    mounts = tuple(
        Mount(_folder(cloud, region, configuration, each["Arn"]), each["LocalMountPath"], read_only=False)
        for each in configuration.get("FileSystemConfigs") or []
    )
    endpoints, told = _ways(cloud, region, network["VpcId"], subnets)
    return Surroundings(mounts, endpoints, told)


def _folder(cloud: Cloud, region: str, configuration: Params, point: str) -> Any:
    network = configuration["VpcConfig"]
    found = state_in(cloud, region).access_points.get(point.rsplit("/", 1)[-1])
    system = found.document["FileSystemId"] if found else ""
    _, why = reach.closed_way(cloud, region, system, network["SubnetIds"], network["SecurityGroupIds"])
    if why:
        text = f"The function couldn't make a network connection to the configured file system. ({why})"
        raise Refusal("EFSMountConnectivityException", text, 408)
    client = reach.Client(region, system, point, configuration["Role"])
    if not reach.may(cloud, client, reach.MOUNT):
        text = "The function couldn't mount the configured file system due to a permission or configuration issue."
        raise Refusal("EFSMountFailureException", text, 403)
    return folder_of(cloud, system, point)


def _ways(cloud: Cloud, region: str, vpc: str, subnets: list[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Where clients are led: nowhere, but for services with an endpoint, in subnets without a way out.

    A function has no public address, so that an internet gateway is no way out for it (Lambda Developer Guide,
    "Giving Lambda functions access to resources in an Amazon VPC").
    """
    tables = _tables(cloud, region, vpc, subnets)
    if all(any(route.get("NatGatewayId") for route in table.get("Routes", ())) for table in tables):
        return {}, ()
    near = _near(cloud, region, vpc, {table["RouteTableId"] for table in tables})
    leads = {"AWS_ENDPOINT_URL": _silent_address(cloud)}
    if cloud.endpoint:
        leads |= {f"AWS_ENDPOINT_URL_{_SERVICES[name]}": cloud.endpoint for name in sorted(near & _SERVICES.keys())}
    but = f" but {', '.join(sorted(near))}" if near else ""
    why = (
        f"scrapectl: the subnets of this function have no route to a NAT gateway: no service of AWS{but} answers it, "
        "and calls time out."
    )
    return leads, (why,)


def _tables(cloud: Cloud, region: str, vpc: str, subnets: list[str]) -> list[Params]:
    """The route table of each subnet: its own, or else the VPC's main one."""
    of_vpc = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}
    found = cloud.call("ec2", "DescribeRouteTables", of_vpc, region)["RouteTables"]
    main = [table for table in found if any(each.get("Main") for each in table.get("Associations", ()))]
    own = {each.get("SubnetId"): table for table in found for each in table.get("Associations", ())}
    return [own.get(subnet) or main[0] for subnet in subnets]


def _near(cloud: Cloud, region: str, vpc: str, tables: set[str]) -> set[str]:
    """The names of services that have an endpoint here: those by routes only for subnets with such a route."""
    of_vpc = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}
    names = set()
    for endpoint in cloud.call("ec2", "DescribeVpcEndpoints", of_vpc, region)["VpcEndpoints"]:
        name = endpoint["ServiceName"].removeprefix(f"com.amazonaws.{region}.")
        if name not in _BY_ROUTES or tables <= set(endpoint.get("RouteTableIds") or ()):
            names.add(name)
    return names
