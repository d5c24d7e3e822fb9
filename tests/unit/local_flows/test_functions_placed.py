"""Functions with layers, in networks, with mounts; and what becomes of events that came to nothing."""

import json

import pytest
from botocore.exceptions import ClientError

from scrapectl.local.server import Server

NETWORK = ("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface")
FAILS = "def handler(e, c):\n    raise ValueError('no')\n"
ECHO = "def handler(e, c):\n    return e\n"


def layer(world, name, files):
    answer = world("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": world.zipped(files)})
    return answer["LayerVersionArn"]


def test_what_is_in_layers_is_found_and_the_last_lies_on_top(world):
    one = layer(world, "one", {"python/word.py": "text = 'one'\n", "python/more.py": "text = 'more'\n"})
    two = layer(world, "two", {"python/word.py": "text = 'two'\n"})
    code = "import more, word\ndef handler(e, c):\n    return [word.text, more.text]\n"
    world.function("talks", code, Layers=[one, two])
    assert world.invoke("talks")[0] == ["two", "more"]


def test_the_functions_own_files_outrank_layers(world):
    below = layer(world, "one", {"python/word.py": "text = 'layer'\n"})
    files = {"main.py": "import word\ndef handler(e, c):\n    return word.text\n", "word.py": "text = 'own'\n"}
    world.function("talks", "", Code={"ZipFile": world.zipped(files)}, Layers=[below])
    assert world.invoke("talks")[0] == "own"


def test_a_layer_that_is_not_there_is_refused(world):
    with pytest.raises(ClientError, match=r"nothing:1 does not exist"):
        world.function("echo", ECHO, Layers=["arn:aws:lambda:us-east-1:123456789012:layer:nothing:1"])


def test_an_unknown_import_tells_of_another_python(world):
    world.function("bad", "import nowhere\n", Runtime="python3.9")
    world.invoke("bad")
    assert any("compiled libraries of python3.9 run on AWS alone" in line for line in world.log("/aws/lambda/bad"))


class Network:
    """The default VPC's subnets, a group, and a role that may stand there."""

    def __init__(self, world):
        self.world, self.ec2 = world, world("ec2")
        found = self.ec2.describe_subnets()["Subnets"]
        self.subnets, self.vpc = [each["SubnetId"] for each in found], found[0]["VpcId"]
        made = self.ec2.create_security_group(GroupName="functions", Description="x", VpcId=self.vpc)
        self.group = made["GroupId"]

    def config(self, count=1):
        return {"SubnetIds": self.subnets[:count], "SecurityGroupIds": [self.group]}

    def function(self, name, code, *actions, **settings):
        return self.world.function(name, code, *NETWORK, *actions, VpcConfig=self.config(), **settings)

    def mounted(self, name="work"):
        """A file system with a target in the first zone that lets the group in, and an access point."""
        efs = self.world("efs")
        system = efs.create_file_system(CreationToken=name)["FileSystemId"]
        members = self.ec2.create_security_group(GroupName=name, Description="x", VpcId=self.vpc)["GroupId"]
        pair = [{"GroupId": self.group}]
        into = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": pair}
        self.ec2.authorize_security_group_ingress(GroupId=members, IpPermissions=[into])
        efs.create_mount_target(FileSystemId=system, SubnetId=self.subnets[0], SecurityGroups=[members])
        creation = {"OwnerUid": 1000, "OwnerGid": 1000, "Permissions": "755"}
        return efs.create_access_point(
            FileSystemId=system,
            PosixUser={"Uid": 1000, "Gid": 1000},
            RootDirectory={"Path": "/data", "CreationInfo": creation},
        )["AccessPointArn"]


@pytest.fixture
def network(world):
    return Network(world)


CALLS = """
import botocore.config, boto3
def handler(event, c):
    service, patience = event
    quick = botocore.config.Config(read_timeout=patience, retries={"total_max_attempts": 1})
    client = boto3.client(service, config=quick)
    return bool(client.list_queues() if service == "sqs" else client.list_buckets())
"""


@pytest.fixture
def served(world):
    server = Server(world.cloud)
    server.start()
    yield world
    server.close()


def test_without_a_way_out_calls_time_out_and_the_log_says_why(served, network):
    network.function("calls", CALLS, "sqs:*")
    told, answer = served.invoke("calls", ["sqs", 0.5])
    assert answer["FunctionError"] == "Unhandled"
    assert told["errorType"] in {"ReadTimeoutError", "ConnectTimeoutError"}
    assert any("no route to a NAT gateway" in line for line in served.log("/aws/lambda/calls"))


def test_by_an_endpoint_one_service_is_reached(served, network):
    tables = network.ec2.describe_route_tables()["RouteTables"]
    ids = [table["RouteTableId"] for table in tables if table["VpcId"] == network.vpc]
    network.ec2.create_vpc_endpoint(
        VpcId=network.vpc, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway", RouteTableIds=ids
    )
    network.function("calls", CALLS, "sqs:*", "s3:*")
    assert served.invoke("calls", ["s3", 20])[0] is True
    assert served.invoke("calls", ["sqs", 0.5])[1]["FunctionError"] == "Unhandled"
    assert any("AWS but s3 answers" in line for line in served.log("/aws/lambda/calls"))


def test_by_a_nat_gateway_everything_is_reached(served, network):
    address = network.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = network.ec2.create_nat_gateway(SubnetId=network.subnets[1], AllocationId=address)["NatGateway"]
    table = network.ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    network.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat["NatGatewayId"])
    network.ec2.associate_route_table(RouteTableId=table, SubnetId=network.subnets[0])
    network.function("calls", CALLS, "sqs:*")
    assert served.invoke("calls", ["sqs", 20])[0] is True
    assert not any("scrapectl" in line for line in served.log("/aws/lambda/calls"))


WRITES = """
import os
def handler(name, c):
    with open(f"/mnt/files/{name}", "a") as file:
        file.write("x")
    return sorted(os.listdir("/mnt/files"))
"""


def test_a_mount_is_at_its_path_and_keeps_what_is_written(world, network):
    config = {"Arn": network.mounted(), "LocalMountPath": "/mnt/files"}
    network.function("writes", WRITES, "elasticfilesystem:*", FileSystemConfigs=[config])
    assert world.invoke("writes", "a")[0] == ["a"]
    assert world.invoke("writes", "b")[0] == ["a", "b"]


def test_a_mount_needs_a_network_and_a_target_in_every_zone(world, network):
    config = {"Arn": network.mounted(), "LocalMountPath": "/mnt/files"}
    with pytest.raises(ClientError, match="must be configured to execute in a VPC"):
        world.function("writes", WRITES, FileSystemConfigs=[config])
    role = world.role("wide", *NETWORK)
    with pytest.raises(ClientError, match="does not have mount targets created in all"):
        world.function("writes", WRITES, Role=role, VpcConfig=network.config(2), FileSystemConfigs=[config])


def test_a_closed_group_is_told_at_the_call(world, network):
    config = {"Arn": network.mounted(), "LocalMountPath": "/mnt/files"}
    network.function("writes", WRITES, "elasticfilesystem:*", FileSystemConfigs=[config])
    other = network.ec2.create_security_group(GroupName="other", Description="x", VpcId=network.vpc)["GroupId"]
    there = network.config() | {"SecurityGroupIds": [other]}
    world("lambda").update_function_configuration(FunctionName="writes", VpcConfig=there)
    with pytest.raises(ClientError, match=r"EFSMountConnectivityException.*lets port 2049 in"):
        world.invoke("writes", "a")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"SubnetIds": ["subnet-nowhere"]}, "InvalidSubnetID.NotFound"),
        ({"SecurityGroupIds": ["sg-nowhere"]}, "InvalidGroup"),
        ({"SecurityGroupIds": []}, "must coexist"),
    ],
)
def test_a_network_that_is_not_there_is_refused(world, network, change, told):
    role = world.role("wide", *NETWORK)
    with pytest.raises(ClientError, match=told):
        world.function("echo", ECHO, Role=role, VpcConfig=network.config() | change)


def test_subnets_and_groups_of_two_networks_are_refused(world, network):
    vpc = network.ec2.create_vpc(CidrBlock="10.9.0.0/24")["Vpc"]["VpcId"]
    other = network.ec2.create_security_group(GroupName="other", Description="x", VpcId=vpc)["GroupId"]
    role = world.role("wide", *NETWORK)
    with pytest.raises(ClientError, match="of the same VPC"):
        world.function("echo", ECHO, Role=role, VpcConfig=network.config() | {"SecurityGroupIds": [other]})


def test_a_role_that_may_put_no_interface_there_is_refused(world, network):
    with pytest.raises(ClientError, match="permissions to call CreateNetworkInterface on EC2"):
        world.function("echo", ECHO, VpcConfig=network.config())


def test_interfaces_stand_and_go_with_the_function(world, network):
    network.function("echo", ECHO)
    (there,) = network.ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert (there["InterfaceType"], there["SubnetId"]) == ("lambda", network.subnets[0])
    assert there["Description"].startswith("AWS Lambda VPC ENI-echo")
    with pytest.raises(ClientError, match="DependencyViolation"):
        network.ec2.delete_security_group(GroupId=network.group)
    world("lambda").delete_function(FunctionName="echo")
    assert network.ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def to_dead(world, name, **settings):
    destination = {"OnFailure": {"Destination": world.queue("dead")}}
    world("lambda").put_function_event_invoke_config(FunctionName=name, DestinationConfig=destination, **settings)


def fail(world, name, payload=b'{"a": 1}'):
    world("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)
    for seconds in (0, 60, 120, 1):
        world.pass_time(seconds)


def test_what_came_to_nothing_goes_to_the_destination_once(world):
    arn = world.function("bad", FAILS, "sqs:SendMessage")
    to_dead(world, "bad")
    fail(world, "bad")
    (letter,) = world.messages("dead")
    record = json.loads(letter["Body"])
    about = record["requestContext"]
    assert (about["condition"], about["approximateInvokeCount"]) == ("RetriesExhausted", 3)
    assert about["functionArn"] == f"{arn}:$LATEST"
    assert record["requestPayload"] == {"a": 1}
    assert record["responsePayload"]["errorType"] == "ValueError"
    assert record["responseContext"]["functionError"] == "Unhandled"


def test_what_became_too_old_goes_there_too(world):
    world.function("bad", FAILS, "sqs:SendMessage")
    to_dead(world, "bad", MaximumEventAgeInSeconds=60)
    world("lambda").put_function_concurrency(FunctionName="bad", ReservedConcurrentExecutions=0)
    world("lambda").invoke(FunctionName="bad", InvocationType="Event", Payload=b"1")
    for _ in range(10):
        world.pass_time(30)
    (letter,) = world.messages("dead")
    assert json.loads(letter["Body"])["requestContext"]["condition"] == "EventAgeExceeded"
    assert "responsePayload" not in json.loads(letter["Body"])


def test_a_destination_that_the_role_may_not_reach_is_refused(world):
    world.function("bad", FAILS)
    with pytest.raises(ClientError, match="does not have permissions to call SendMessage"):
        to_dead(world, "bad")


def test_a_role_that_lost_the_right_loses_the_record(world):
    world.function("bad", FAILS, "sqs:SendMessage")
    to_dead(world, "bad")
    world("iam").delete_role_policy(RoleName="bad-role", PolicyName="access")
    fail(world, "bad")
    assert world.messages("dead") == []


def test_no_destination_no_record(world):
    world.function("bad", FAILS, "sqs:SendMessage")
    to_dead(world, "bad")
    world("lambda").delete_function_event_invoke_config(FunctionName="bad")
    fail(world, "bad")
    assert world.messages("dead") == []


def test_in_a_group_of_others_streams_bear_the_functions_name(world):
    world("logs").create_log_group(logGroupName="/scrapectl/shop")
    world.function("echo", ECHO, LoggingConfig={"LogGroup": "/scrapectl/shop"})
    world.invoke("echo", 1)
    (stream,) = world("logs").describe_log_streams(logGroupName="/scrapectl/shop")["logStreams"]
    assert stream["logStreamName"].split("/")[3].startswith("echo[$LATEST]")
