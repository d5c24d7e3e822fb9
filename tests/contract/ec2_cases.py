"""The cases of a made network: VPC, subnets, gateways, addresses, routes, endpoints, peerings."""

from __future__ import annotations

from typing import Any

from scrapectl.kinds.ec2_elastic_ip import Ec2ElasticIp
from scrapectl.kinds.ec2_internet_gateway import Ec2InternetGateway
from scrapectl.kinds.ec2_nat_gateway import Ec2NatGateway
from scrapectl.kinds.ec2_route_table import Ec2RouteTable, Route
from scrapectl.kinds.ec2_subnet import Ec2Subnet
from scrapectl.kinds.ec2_vpc import Ec2Vpc
from scrapectl.kinds.ec2_vpc_endpoint import Ec2VpcEndpoint
from scrapectl.kinds.ec2_vpc_peering import Ec2VpcPeering
from scrapectl.local.services.ec2_interfaces import attach, release
from tests.contract.bench import Bench
from tests.contract.cases import Case

EVERYWHERE = "0.0.0.0/0"


def ec2(bench: Bench) -> Any:
    return bench.aws.client("ec2")


def standing_vpc(bench: Bench, cidr: str = "10.1.0.0/24", *, resolves: bool = True) -> str:
    """Somebody's VPC."""

    def make() -> str:
        vpc = str(ec2(bench).create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"])
        ec2(bench).modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": resolves})
        return vpc

    return str(bench.once(f"vpc {cidr}", make))


def vpc_of(bench: Bench, owner: str) -> str:
    """A VPC for each owner: their subnets have the same addresses."""
    return standing_vpc(bench, f"10.{len(owner)}.0.0/24")


def standing_subnet(bench: Bench, vpc: str, cidr: str, zone: str = "us-east-2a") -> str:
    def make() -> str:
        made = ec2(bench).create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)
        return str(made["Subnet"]["SubnetId"])

    return str(bench.once(f"subnet {vpc} {cidr}", make))


def standing_gateway(bench: Bench, vpc: str) -> str:
    def make() -> str:
        gateway = str(ec2(bench).create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
        ec2(bench).attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        return gateway

    return str(bench.once(f"gateway {vpc}", make))


def standing_nat(bench: Bench, vpc: str) -> str:
    def make() -> str:
        standing_gateway(bench, vpc)
        subnet = standing_subnet(bench, vpc, "10.1.0.0/28")
        made = ec2(bench).create_nat_gateway(SubnetId=subnet, AllocationId=address_for(bench, "base"))
        bench.cloud.clock.advance(600)
        return str(made["NatGateway"]["NatGatewayId"])

    return str(bench.once(f"nat {vpc}", make))


def address_for(bench: Bench, owner: str) -> str:
    allocate = lambda: str(ec2(bench).allocate_address(Domain="vpc")["AllocationId"])  # noqa: E731 - made once
    return str(bench.once(f"address {owner}", allocate))


def group(bench: Bench, name: str) -> str:
    def make() -> str:
        vpc = standing_vpc(bench)
        return str(ec2(bench).create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"])

    return str(bench.once(f"group {name}", make))


def vpc(_bench: Bench, owner: str) -> Ec2Vpc:
    return Ec2Vpc(name=f"{owner}-network", cidr="10.0.0.0/25")


def gateway(bench: Bench, owner: str) -> Ec2InternetGateway:
    return Ec2InternetGateway(name=f"{owner}-network", vpc=vpc_of(bench, owner))


def subnet(bench: Bench, owner: str) -> Ec2Subnet:
    cidr = f"10.{len(owner)}.0.0/27"
    return Ec2Subnet(name=f"{owner}-public-a", vpc=vpc_of(bench, owner), cidr=cidr, zone="us-east-2a", public=True)


def linger(bench: Bench, want: Ec2Subnet) -> None:
    """A function stood in it, whose interface stays for a while."""
    live = bench.read(want)
    assert live is not None
    attach(bench.cloud, bench.aws.region, "publish", live.outputs["id"], kind="lambda")
    release(bench.cloud, bench.aws.region, "publish", after=60)


def hold_the_gateway(bench: Bench, want: Ec2InternetGateway) -> None:
    """A job in the network has a public address for a while after it ended."""
    subnet_id = standing_subnet(bench, want.vpc, f"{_first(bench, want.vpc)}.16/28")
    attach(bench.cloud, bench.aws.region, "job", subnet_id, public=True)
    release(bench.cloud, bench.aws.region, "job", after=60)


def _first(bench: Bench, vpc_id: str) -> str:
    block = str(ec2(bench).describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]["CidrBlock"])
    return block.rpartition(".")[0]


def address(_bench: Bench, owner: str) -> Ec2ElasticIp:
    return Ec2ElasticIp(name=f"{owner}-nat-a")


def nat(bench: Bench, owner: str) -> Ec2NatGateway:
    network = standing_vpc(bench)
    standing_gateway(bench, network)
    place = standing_subnet(bench, network, "10.1.0.0/28")
    return Ec2NatGateway(name=f"{owner}-nat-a", subnet=place, address=address_for(bench, owner))


def table(bench: Bench, owner: str) -> Ec2RouteTable:
    network = standing_vpc(bench)
    cidr = f"10.1.0.{16 * len(owner)}/28"
    return Ec2RouteTable(
        name=f"{owner}-private-a",
        vpc=network,
        routes=frozenset({Route(EVERYWHERE, "gateway", standing_gateway(bench, network))}),
        subnets=frozenset({standing_subnet(bench, network, cidr)}),
    )


def other_routes(bench: Bench) -> frozenset[Route]:
    """One leads elsewhere, one is new."""
    network = standing_vpc(bench)
    return frozenset(
        {
            Route(EVERYWHERE, "nat", standing_nat(bench, network)),
            Route("10.2.0.0/24", "peering", standing_peering(bench)),
        }
    )


def standing_peering(bench: Bench) -> str:
    def make() -> str:
        ends = {"VpcId": standing_vpc(bench), "PeerVpcId": standing_vpc(bench, "10.2.0.0/24")}
        made = ec2(bench).create_vpc_peering_connection(**ends)
        number = str(made["VpcPeeringConnection"]["VpcPeeringConnectionId"])
        ec2(bench).accept_vpc_peering_connection(VpcPeeringConnectionId=number)
        return number

    return str(bench.once("peering", make))


def other_subnets(bench: Bench) -> frozenset[str]:
    return frozenset({standing_subnet(bench, standing_vpc(bench), "10.1.0.240/28")})


def interface_endpoint(bench: Bench, owner: str) -> Ec2VpcEndpoint:
    network = standing_vpc(bench)
    place = standing_subnet(bench, network, "10.1.0.0/28")
    return Ec2VpcEndpoint(
        name=f"{owner}-endpoint-logs",
        vpc=network,
        service="com.amazonaws.us-east-2.logs" if owner == "shop" else "com.amazonaws.us-east-2.ecr.api",
        interface=True,
        subnets=frozenset({place}),
        security_groups=frozenset({group(bench, "endpoints")}),
        private_dns=True,
    )


def gateway_endpoint(bench: Bench, owner: str) -> Ec2VpcEndpoint:
    return Ec2VpcEndpoint(
        name=f"{owner}-endpoint-s3",
        vpc=standing_vpc(bench),
        service="com.amazonaws.us-east-2.s3",
        interface=False,
        route_tables=frozenset({standing_table(bench, owner)}),
    )


def standing_table(bench: Bench, name: str) -> str:
    make = lambda: str(ec2(bench).create_route_table(VpcId=standing_vpc(bench))["RouteTable"]["RouteTableId"])  # noqa: E731 - made once
    return str(bench.once(f"table {name}", make))


def peering(bench: Bench, owner: str) -> Ec2VpcPeering:
    peer = standing_vpc(bench, f"10.{50 + len(owner)}.0.0/24")
    return Ec2VpcPeering(name=f"{owner}-peer-{peer}", vpc=standing_vpc(bench), peer=peer)


EC2_CASES: dict[str, Case] = {
    Ec2Vpc.kind: Case(vpc, {"dns": lambda _: False}),
    Ec2InternetGateway.kind: Case(
        gateway, {"vpc": lambda bench: standing_vpc(bench, "10.99.0.0/24")}, fill=hold_the_gateway
    ),
    Ec2Subnet.kind: Case(subnet, {"public": lambda _: False}, fill=linger),
    Ec2ElasticIp.kind: Case(address),
    Ec2NatGateway.kind: Case(nat),
    Ec2RouteTable.kind: Case(table, {"routes": other_routes, "subnets": other_subnets}),
    Ec2VpcEndpoint.kind: Case(
        interface_endpoint,
        {
            "subnets": lambda bench: frozenset(
                {standing_subnet(bench, standing_vpc(bench), "10.1.0.16/28", "us-east-2b")}
            ),
            "security_groups": lambda bench: frozenset({group(bench, "others")}),
            "private_dns": lambda _: False,
        },
    ),
    Ec2VpcPeering.kind: Case(peering),
}

EC2_VARIANTS: dict[str, Case] = {
    f"{Ec2VpcEndpoint.kind} by routes": Case(
        gateway_endpoint, {"route_tables": lambda bench: frozenset({standing_table(bench, "other")})}
    ),
}
