"""A job reaches the databases whose security groups let it in, and no others; the password comes through Batch."""

from __future__ import annotations

import pytest

from scrapectl.local.jobs.reach import shut
from scrapectl.local.services.rds.state import state_in

PORT = 45_678


@pytest.fixture
def groups(stage):
    """The group of the jobs, and one of a database on whose port `PORT` a stand-in seems to listen."""
    vpc = stage.call("ec2", "describe_vpcs")["Vpcs"][0]["VpcId"]
    new = {"Description": "d", "VpcId": vpc}
    database = stage.call("ec2", "create_security_group", GroupName="database", **new)["GroupId"]
    environment = stage.batch("DescribeComputeEnvironments")["computeEnvironments"][0]
    [jobs] = environment["computeResources"]["securityGroupIds"]
    wanted = {
        "DBInstanceIdentifier": "results",
        "Engine": "postgres",
        "DBInstanceClass": "db.t4g.micro",
        "AllocatedStorage": 20,
        "MasterUsername": "results",
        "ManageMasterUserPassword": True,
        "VpcSecurityGroupIds": [database],
    }
    stage.cloud.call("rds", "CreateDBInstance", wanted)
    state_in(stage.cloud, "us-east-1").instances["results"].port = PORT
    return jobs, database


def _allow(stage, group, port=5432, **source):
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port} | source
    stage.call("ec2", "authorize_security_group_ingress", GroupId=group, IpPermissions=[rule])


def _printed(stage):
    stage.define(container={"environment": [{"name": "DB", "value": f"postgres://127.0.0.1:{PORT}/results"}]})
    ended = stage.run("echo $DB")
    assert ended["status"] == "SUCCEEDED"
    return stage.log(ended)


def test_a_database_that_names_the_jobs_group_is_open(stage, groups):
    jobs, database = groups
    _allow(stage, database, UserIdGroupPairs=[{"GroupId": jobs}])
    assert _printed(stage) == [f"postgres://127.0.0.1:{PORT}/results"]


def test_a_database_that_names_the_subnets_addresses_is_open(stage, groups):
    _allow(stage, groups[1], IpRanges=[{"CidrIp": "172.31.0.0/16"}])
    assert _printed(stage) == [f"postgres://127.0.0.1:{PORT}/results"]


@pytest.mark.parametrize(
    "rule",
    [
        None,
        {"port": 3306, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        {"IpRanges": [{"CidrIp": "203.0.113.0/24"}]},
    ],
)
def test_any_other_is_out_of_reach_and_the_log_says_why(stage, groups, rule):
    if rule:
        _allow(stage, groups[1], **rule)
    told, printed = _printed(stage)
    assert "no security group of database results lets this job in" in told
    assert printed == "postgres://127.0.0.1:9/results"


def test_a_port_is_a_whole_number(stage):
    before = {"A": "45678", "B": "145678", "C": "0.45678", "D": "h:45678,h:1"}
    after, told = shut(before, {45_678: "results"})
    assert after == {"A": "9", "B": "145678", "C": "0.45678", "D": "h:9,h:1"}
    assert told == {"results"}


def test_the_password_comes_by_its_key(stage, groups):
    instance = state_in(stage.cloud, "us-east-1").instances["results"]
    arn = instance.document["MasterUserSecret"]["SecretArn"]
    secrets = [{"name": "PGPASSWORD", "valueFrom": f"{arn}:password::"}]
    stage.define(container={"secrets": secrets})
    assert stage.run("true")["status"] == "FAILED"  # the execution role may not read it
    stage.allow("execution", "secretsmanager:GetSecretValue", resource=arn)
    script = "printf %s \"$PGPASSWORD\" | od -An -tx1 | tr -d ' \\n'"
    assert stage.log(stage.run(script)) == [instance.password.encode().hex()]
