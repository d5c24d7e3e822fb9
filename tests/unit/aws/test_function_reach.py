"""Functions in a network that is not ours: what they cannot reach is told at its line before anything is made."""

import pytest

from scrapectl.aws.facts import gather_facts
from scrapectl.errors import SpecError
from tests.account import Account, spec_of

SPEC = """
version: 1
pipeline: shop
region: us-east-1
network: {{vpc: {vpc}, subnets: [{subnets}]}}
databases: {{results: {{engine: postgres, version: "16", class: db.t4g.micro, storage: 20}}}}
buckets: {{raw: {{}}}}
secrets: {{token: {{generate: 32}}}}
functions:
  publish: {{code: ./publish, handler: app.handler, secrets: {{TOKEN: token}}, access: {{read: [raw]{connects}}}}}
"""


@pytest.fixture
def network(account, tmp_path):
    """A VPC with two subnets and no way out, and a folder of code."""
    (tmp_path / "publish").mkdir()
    (tmp_path / "publish" / "app.py").write_text("def handler(event, context): ...\n")
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    cut = {"10.0.1.0/24": "us-east-1a", "10.0.2.0/24": "us-east-1b"}
    made = [ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone) for cidr, zone in cut.items()]
    return vpc, [each["Subnet"]["SubnetId"] for each in made]


def problems(account: Account, folder, network, connects=", connect: [results]"):
    vpc, subnets = network
    spec = spec_of(SPEC.format(vpc=vpc, subnets=", ".join(subnets), connects=connects), folder)
    try:
        gather_facts(spec, account.session(), lambda _folder, _platform: "", {})
    except SpecError as error:
        return [str(problem) for problem in error.problems]
    return []


def main_table(account, vpc):
    tables = account.client("ec2").describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    return tables["RouteTables"][0]["RouteTableId"]


def test_each_thing_that_is_not_reached_is_told_at_its_line(account, tmp_path, network):
    secret, bucket = problems(account, tmp_path, network)
    assert "functions.publish.secrets.TOKEN: needs secretsmanager" in secret
    assert "functions.publish.access.read.0: needs s3" in bucket
    assert bucket.endswith(
        "Name subnets with a route to a NAT gateway under network, or add an endpoint for s3 to the VPC."
    )


def test_outside_of_the_network_everything_is_reached(account, tmp_path, network):
    assert problems(account, tmp_path, network, connects="") == []


def test_an_internet_gateway_is_no_way_out(account, tmp_path, network):
    ec2, (vpc, _) = account.client("ec2"), network
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_route(RouteTableId=main_table(account, vpc), DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    assert len(problems(account, tmp_path, network)) == 2


def test_endpoints_are_ways(account, tmp_path, network):
    ec2, (vpc, subnets) = account.client("ec2"), network
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[main_table(account, vpc)],
    )
    (secret,) = problems(account, tmp_path, network)
    assert "secretsmanager" in secret
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.secretsmanager",
        VpcEndpointType="Interface",
        SubnetIds=subnets[:1],
        PrivateDnsEnabled=True,
    )
    assert problems(account, tmp_path, network) == []


def test_a_gateway_endpoint_for_other_tables_is_none(account, tmp_path, network):
    ec2, (vpc, _) = account.client("ec2"), network
    other = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[other],
    )
    assert len(problems(account, tmp_path, network)) == 2
