"""Instance profiles, launch templates and subnet groups: the oddities that their contract cannot show."""

from __future__ import annotations

import dataclasses

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.order import holders
from scrapectl.engine.resource import Live, Removal, Resource, Update
from scrapectl.engine.values import Policy
from scrapectl.errors import AwsError
from scrapectl.kinds import KINDS
from scrapectl.kinds.ec2_launch_template import Ec2LaunchTemplate
from scrapectl.kinds.iam_instance_profile import IamInstanceProfile, instance_profile_arn
from scrapectl.kinds.iam_role import IamRole, role_path
from scrapectl.kinds.rds_subnet_group import RdsSubnetGroup, subnet_group_arn
from scrapectl.local.registry import OPERATIONS

TAGS = {"scrapectl:pipeline": "shop"}
PATH = role_path("us-east-1", "shop")
TRUST = Policy(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def read(aws, want: Resource) -> Live:
    live = type(want).read(aws, want.key())
    assert live is not None
    return live


def change(aws, want: Resource, live: Live) -> None:
    want.update(aws, Update(live, frozenset(field.name for field in diff(want, live)), TAGS))


class TestInstanceProfile:
    @pytest.fixture
    def role(self, aws) -> IamRole:
        role = IamRole(name="shop_instances-us-east-1", path=PATH, trust=TRUST)
        role.create(aws, TAGS)
        return role

    def test_its_arn_is_known_before(self, aws, role):
        want = IamInstanceProfile(role.name, PATH, role.name)
        want.create(aws, TAGS)
        live = read(aws, want)
        assert live.outputs["arn"] == instance_profile_arn("aws", aws.account, PATH, want.name)
        assert live.tags == TAGS

    def test_its_role_ends_after_it(self, aws, role):
        want = IamInstanceProfile("shop_instances", PATH, role.name)
        want.create(aws, TAGS)
        things = {(one.kind, one.key()): read(aws, one) for one in (want, role)}
        assert holders(things, KINDS)[role.kind, role.key()] == {(want.kind, want.key())}

    def test_a_role_that_iam_does_not_see_yet_is_put_in_by_the_next_try(self, aws):
        want = IamInstanceProfile("shop_instances", PATH, "late")
        with pytest.raises(AwsError, match="NoSuchEntity"):
            want.create(aws, TAGS)
        live = read(aws, want)
        assert [(field.name, field.before) for field in diff(want, live)] == [("role", None)]
        IamRole(name="late", path=PATH, trust=TRUST).create(aws, TAGS)
        change(aws, want, live)
        assert diff(want, read(aws, want)) == ()

    def test_it_ends_with_a_role_in_it_and_without(self, aws, role):
        for name in (role.name, None):
            want = IamInstanceProfile("shop_instances", PATH, role.name)
            want.create(aws, TAGS)
            live = read(aws, want)
            if name is None:
                aws.call("iam", "remove_role_from_instance_profile", InstanceProfileName=want.name, RoleName=role.name)
            IamInstanceProfile.delete(aws, live, Removal())
            assert IamInstanceProfile.read(aws, want.key()) is None

    def test_those_under_a_longer_path_are_others(self, aws, role):
        for path in (PATH, role_path("us-east-1", "shop-eu"), f"{PATH}inner/"):
            IamInstanceProfile(f"p{len(path)}", path, role.name).create(aws, TAGS)
        assert IamInstanceProfile.owned(aws, "shop") == [(f"p{len(PATH)}",)]


class TestLaunchTemplate:
    def test_metadata_wants_a_token_and_disks_are_encrypted(self, aws, sent):
        Ec2LaunchTemplate("shop_instances").create(aws, TAGS)
        (request,) = sent.of("CreateLaunchTemplate")
        data = request["LaunchTemplateData"]
        assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
        assert data["BlockDeviceMappings"] == [
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30, "VolumeType": "gp3", "Encrypted": True}}
        ]

    def test_a_change_is_a_version_that_is_made_the_default(self, aws, sent):
        want = Ec2LaunchTemplate("shop_instances")
        want.create(aws, TAGS)
        bigger = dataclasses.replace(want, root_gib=60)
        change(aws, bigger, read(aws, want))
        assert sent.of("ModifyLaunchTemplate")[0]["DefaultVersion"] == "2"
        assert diff(bigger, read(aws, want)) == ()

    def test_a_version_that_a_kill_left_is_taken_up(self, aws, sent):
        want = Ec2LaunchTemplate("shop_instances")
        live = want.create(aws, TAGS)
        bigger = dataclasses.replace(want, root_gib=60)
        data = sent.of("CreateLaunchTemplate")[0]["LaunchTemplateData"]
        data["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] = 60
        aws.call(
            "ec2",
            "create_launch_template_version",
            LaunchTemplateId=live.outputs["id"],
            LaunchTemplateData=data,
        )
        change(aws, bigger, read(aws, want))
        assert len(sent.of("CreateLaunchTemplateVersion")) == 1
        assert diff(bigger, read(aws, want)) == ()

    def test_a_list_that_does_not_show_the_new_default_yet_does_no_harm(self, aws, monkeypatch):
        want = Ec2LaunchTemplate("shop_instances")
        want.create(aws, TAGS)
        listed = OPERATIONS["ec2", "DescribeLaunchTemplates"]

        def list_late(call):
            answer = listed(call)
            late = [{**one, "DefaultVersionNumber": 1, "LatestVersionNumber": 1} for one in answer["LaunchTemplates"]]
            return {**answer, "LaunchTemplates": late}

        monkeypatch.setitem(OPERATIONS, ("ec2", "DescribeLaunchTemplates"), list_late)
        bigger = dataclasses.replace(want, root_gib=60)
        change(aws, bigger, read(aws, want))
        assert diff(bigger, read(aws, want)) == ()

    def test_what_another_hand_left_out_is_as_ec2_takes_it(self, aws):
        specification = [{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}]
        aws.call(
            "ec2",
            "create_launch_template",
            LaunchTemplateName="shop_instances",
            LaunchTemplateData={"InstanceType": "m7i.large"},
            TagSpecifications=specification,
        )
        live = read(aws, Ec2LaunchTemplate("shop_instances"))
        assert (live.resource.tokens, live.resource.hop_limit, live.resource.encrypted) == ("optional", 1, False)

    def test_names_that_are_not_there_are_no_error(self, aws):
        assert Ec2LaunchTemplate.read_many(aws, [("a_x",), ("b_x",)]) == {}


class TestSubnetGroup:
    def test_the_order_of_subnets_is_no_difference(self, aws):
        subnets = tuple(subnet["SubnetId"] for subnet in aws.call("ec2", "describe_subnets")["Subnets"])
        RdsSubnetGroup("shop-databases", "x", subnets).create(aws, TAGS)
        turned = RdsSubnetGroup("shop-databases", "x", subnets[::-1])
        live = read(aws, turned)
        assert diff(turned, live) == ()
        assert live.outputs["arn"] == subnet_group_arn("aws", "us-east-1", aws.account, "shop-databases")
        assert RdsSubnetGroup.key_of_arn(live.outputs["arn"]) == turned.key()

    def test_one_without_its_database_goes(self, aws):
        subnets = tuple(subnet["SubnetId"] for subnet in aws.call("ec2", "describe_subnets")["Subnets"])
        want = RdsSubnetGroup("shop-databases", "x", subnets)
        live = want.create(aws, TAGS)
        RdsSubnetGroup.delete(aws, live, Removal())
        RdsSubnetGroup.delete(aws, live, Removal())
        assert RdsSubnetGroup.read(aws, want.key()) is None
