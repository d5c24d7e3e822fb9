"""A database that is wanted, one that stands, and one that is stopped."""

from __future__ import annotations

import pytest

from scrapectl.engine.resource import Live
from scrapectl.kinds.rds_instance import RdsInstance
from scrapectl.kinds.rds_subnet_group import RdsSubnetGroup
from tests.unit.kinds.rds.database import KEY, TAGS, standing


@pytest.fixture
def want(aws) -> RdsInstance:
    subnets = aws.call("ec2", "describe_subnets")["Subnets"]
    groups = aws.call("ec2", "describe_security_groups")["SecurityGroups"]
    group = RdsSubnetGroup("shop-databases", "x", tuple(subnet["SubnetId"] for subnet in subnets))
    group.create(aws, TAGS)
    return RdsInstance(
        name=KEY[0],
        engine="postgres",
        version="16",
        instance_class="db.t4g.micro",
        storage=20,
        database="results",
        username="scrapectl",
        subnet_group=group.name,
        security_groups=(groups[0]["GroupId"],),
        backup_days=7,
        maintenance_window="sat:05:00-sat:06:00",
    )


@pytest.fixture
def made(aws, cloud, want) -> Live:
    want.create(aws, TAGS)
    return standing(aws, cloud)


@pytest.fixture
def stopped(aws, cloud, made) -> Live:
    aws.call("rds", "stop_db_instance", DBInstanceIdentifier=KEY[0])
    return standing(aws, cloud)
