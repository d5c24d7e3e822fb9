"""Launch templates have versions, a token that makes a repeat harmless, and errors for what is not there."""

from __future__ import annotations

import pytest

DATA = {"MetadataOptions": {"HttpTokens": "required"}}
TAGS = [{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "1"}]}]
NOWHERE = "lt-0123456789abcdef0"


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def template(ec2):
    made = ec2.create_launch_template(LaunchTemplateName="instances", LaunchTemplateData=DATA, TagSpecifications=TAGS)
    return made["LaunchTemplate"]["LaunchTemplateId"]


def test_versions_are_answered_once_and_without_the_templates_tags(ec2, template):
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Default", "$Latest"])
    [version] = found["LaunchTemplateVersions"]
    assert (version["VersionNumber"], version["LaunchTemplateData"]) == (1, DATA)


def test_a_new_version_is_the_default_only_when_made_so(ec2, template):
    other = {"MetadataOptions": {"HttpTokens": "optional"}}
    ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=other)
    [found] = ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"]
    assert (found["DefaultVersionNumber"], found["LatestVersionNumber"]) == (1, 2)
    ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")
    [found] = ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"]
    assert found["DefaultVersionNumber"] == 2


def test_a_repeat_with_the_same_token_makes_nothing_new(ec2, template, refused):
    wanted = {"LaunchTemplateName": "other", "LaunchTemplateData": DATA, "ClientToken": "one"}
    assert (
        ec2.create_launch_template(**wanted)["LaunchTemplate"] == ec2.create_launch_template(**wanted)["LaunchTemplate"]
    )
    with refused("InvalidLaunchTemplateName.AlreadyExistsException"):
        ec2.create_launch_template(**wanted | {"ClientToken": "two"})
    version = {"LaunchTemplateId": template, "LaunchTemplateData": DATA, "ClientToken": "three"}
    numbers = [ec2.create_launch_template_version(**version)["LaunchTemplateVersion"]["VersionNumber"] for _ in "12"]
    assert numbers == [2, 2]


def test_what_is_not_there_is_an_error(ec2, template, refused):
    with refused("InvalidLaunchTemplateId.NotFound"):
        ec2.describe_launch_templates(LaunchTemplateIds=[NOWHERE])
    with refused("InvalidLaunchTemplateId.NotFound"):
        ec2.delete_launch_template(LaunchTemplateId=NOWHERE)
    with refused("InvalidLaunchTemplateId.NotFound"):
        ec2.modify_launch_template(LaunchTemplateId=NOWHERE, DefaultVersion="1")
    with refused("InvalidLaunchTemplateId.VersionNotFound"):
        ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="7")
    with refused("InvalidLaunchTemplateName.NotFoundException"):
        ec2.describe_launch_templates(LaunchTemplateNames=["none"])
    ec2.delete_launch_template(LaunchTemplateId=template)
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []


def test_the_tagging_index_knows_them(ec2, aws, cloud, template):
    ec2.create_tags(Resources=[template], Tags=[{"Key": "b", "Value": "2"}])
    index = aws("resourcegroupstaggingapi")
    index.get_resources()
    cloud.clock.advance(60)
    found = index.get_resources(ResourceTypeFilters=["ec2:launch-template"])["ResourceTagMappingList"]
    assert [row["ResourceARN"].rpartition("/")[2] for row in found] == [template]
    assert {tag["Key"] for tag in found[0]["Tags"]} == {"a", "b"}
