"""Roles: how many calls a read takes, whose they are, and what is taken off them."""

from __future__ import annotations

import dataclasses

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.resource import Live, Removal
from scrapectl.engine.values import Policy
from scrapectl.kinds.iam_role import IamRole, role_arn, role_path

TAGS = {"scrapectl:pipeline": "shop", "Name": "jobs"}
TRUST = Policy(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
RIGHTS = Policy(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}
        ],
    }
)
WANT = IamRole("shop-collect-us-east-1", role_path("us-east-1", "shop"), TRUST, RIGHTS)


def read(aws) -> Live:
    live = IamRole.read(aws, WANT.key())
    assert live is not None
    return live


def test_an_absent_role_costs_one_call_and_a_standing_one_four(aws, sent):
    assert IamRole.read(aws, WANT.key()) is None
    assert len(sent.calls) == 1
    WANT.create(aws, TAGS)
    before = len(sent.calls)
    assert diff(WANT, read(aws)) == ()
    assert len(sent.calls) - before == 4


def test_its_arn_follows_from_its_names(aws):
    WANT.create(aws, TAGS)
    arn = role_arn("aws", aws.account, WANT.path, WANT.name)
    assert read(aws).outputs == {"arn": arn, "name": WANT.name}


def test_it_is_made_with_its_tags(aws, sent):
    WANT.create(aws, TAGS)
    assert {tag["Key"]: tag["Value"] for tag in sent.of("CreateRole")[0]["Tags"]} == TAGS
    assert read(aws).tags == TAGS


def test_order_inside_a_policy_is_no_difference(aws):
    WANT.create(aws, TAGS)
    (statement,) = RIGHTS.document["Statement"]
    turned = {"Statement": [{**statement, "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*"}]}
    assert diff(dataclasses.replace(WANT, policy=Policy({"Version": "2012-10-17", **turned})), read(aws)) == ()


@pytest.mark.parametrize(
    ("region", "owner"),
    [("us-east-1", "shop-eu"), ("us-east-1", "shop.eu"), ("us-east-2", "shop"), ("us-east-1", "sh")],
)
def test_neighbours_are_not_listed(aws, region, owner):
    WANT.create(aws, TAGS)
    dataclasses.replace(WANT, name=f"{owner}-{region}", path=role_path(region, owner)).create(aws, TAGS)
    assert IamRole.owned(aws, "shop") == [WANT.key()]


def test_what_others_attached_goes_with_it(aws):
    WANT.create(aws, TAGS)
    iam = aws.client("iam")
    arn = iam.create_policy(PolicyName="wide", PolicyDocument=RIGHTS.to_json())["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=WANT.name, PolicyArn=arn)
    iam.put_role_policy(RoleName=WANT.name, PolicyName="more", PolicyDocument=RIGHTS.to_json())
    live = read(aws)
    assert isinstance(live.resource, IamRole)
    assert live.resource.others == (arn, "inline:more")
    IamRole.delete(aws, live, Removal())
    assert IamRole.read(aws, WANT.key()) is None
