"""AppStream takes its time, and refuses what AWS refuses of fleets that run and of stacks that stream."""

import pytest

TYPE = "stream.standard.medium"


@pytest.fixture
def fleet(aws):
    """A function that makes a fleet which stands still."""

    def make(name="review", **more):
        given = {"ImageName": "review", "InstanceType": TYPE, "ComputeCapacity": {"DesiredInstances": 1}} | more
        return aws("appstream").create_fleet(Name=name, **given)["Fleet"]

    return make


def state(aws, name="review"):
    (found,) = aws("appstream").describe_fleets(Names=[name])["Fleets"]
    return found["State"]


@pytest.fixture
def running(aws, cloud, fleet):
    fleet()
    aws("appstream").start_fleet(Name="review")
    cloud.clock.advance(900)
    return aws("appstream")


def test_a_fleet_takes_its_time_to_start_and_to_stop(aws, cloud, fleet):
    assert fleet()["State"] == "STOPPED"
    aws("appstream").start_fleet(Name="review")
    cloud.clock.advance(899)
    assert state(aws) == "STARTING"
    cloud.clock.advance(1)
    assert state(aws) == "RUNNING"
    aws("appstream").stop_fleet(Name="review")
    assert state(aws) == "STOPPING"
    cloud.clock.advance(120)
    assert state(aws) == "STOPPED"


def test_its_instances_hold_their_security_group(aws, cloud, fleet, network):
    group = aws("ec2").create_security_group(GroupName="desktops", Description="x")["GroupId"]
    fleet(VpcConfig={"SubnetIds": network["subnets"], "SecurityGroupIds": [group]})
    aws("appstream").start_fleet(Name="review")
    with pytest.raises(aws("ec2").exceptions.ClientError, match="DependencyViolation"):
        aws("ec2").delete_security_group(GroupId=group)
    cloud.clock.advance(900)
    aws("appstream").stop_fleet(Name="review")
    cloud.clock.advance(120)
    assert state(aws) == "STOPPED"
    aws("ec2").delete_security_group(GroupId=group)


def test_a_fleet_that_runs_changes_in_some_respects_alone(running, refused):
    running.update_fleet(Name="review", ImageName="newer", ComputeCapacity={"DesiredInstances": 3})
    (found,) = running.describe_fleets(Names=["review"])["Fleets"]
    assert (found["ImageName"], found["ComputeCapacityStatus"]["Desired"]) == ("newer", 3)
    with refused("ResourceInUseException", "InstanceType"):
        running.update_fleet(Name="review", InstanceType="stream.standard.large")


def test_a_fleet_on_its_way_takes_nothing(aws, running, refused):
    running.stop_fleet(Name="review")
    with refused("OperationNotPermittedException"):
        running.update_fleet(Name="review", ImageName="newer")
    with refused("OperationNotPermittedException"):
        running.start_fleet(Name="review")
    with refused("ResourceInUseException"):
        running.delete_fleet(Name="review")


def test_a_fleet_that_is_being_started_is_not_stopped(aws, fleet, refused):
    fleet()
    aws("appstream").start_fleet(Name="review")
    with refused("ConcurrentModificationException"):
        aws("appstream").stop_fleet(Name="review")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"MaxUserDurationInSeconds": 599}, "InvalidParameterCombinationException"),
        ({"IdleDisconnectTimeoutInSeconds": 59}, "InvalidParameterCombinationException"),
        ({"InstanceType": "t3.large"}, "InvalidParameterCombinationException"),
        ({"ComputeCapacity": {}}, "InvalidParameterCombinationException"),
        ({"IamRoleArn": "arn:aws:iam::123456789012:role/gone"}, "InvalidRoleException"),
        ({"VpcConfig": {"SubnetIds": ["subnet-00000000"]}}, "ResourceNotFoundException"),
    ],
)
def test_a_fleet_that_could_not_be_is_refused(fleet, refused, change, code):
    with refused(code):
        fleet(**change)


def test_a_role_must_trust_appstream_and_be_seen(aws, cloud, fleet, role, refused):
    fresh = role("fresh", "appstream.amazonaws.com", settle=False)
    with refused("InvalidRoleException"):
        fleet(IamRoleArn=fresh)
    with refused("InvalidRoleException"):
        fleet(IamRoleArn=role("other", "ec2.amazonaws.com"))
    assert fleet(IamRoleArn=fresh)["IamRoleArn"] == fresh


def test_names_stand_once(aws, fleet, refused):
    fleet()
    with refused("ResourceAlreadyExistsException"):
        fleet()
    aws("appstream").create_stack(Name="review")
    with refused("ResourceAlreadyExistsException"):
        aws("appstream").create_stack(Name="review")


def test_what_streams_cannot_be_deleted(aws, fleet, refused):
    fleet()
    appstream = aws("appstream")
    appstream.create_stack(Name="desk")
    appstream.associate_fleet(FleetName="review", StackName="desk")
    assert appstream.list_associated_fleets(StackName="desk")["Names"] == ["review"]
    assert appstream.list_associated_stacks(FleetName="review")["Names"] == ["desk"]
    with refused("ResourceInUseException"):
        appstream.delete_stack(Name="desk")
    with refused("ResourceInUseException"):
        appstream.delete_fleet(Name="review")
    fleet("other")
    with refused("LimitExceededException"):
        appstream.associate_fleet(FleetName="other", StackName="desk")
    appstream.disassociate_fleet(FleetName="review", StackName="desk")
    appstream.delete_stack(Name="desk")
    appstream.delete_fleet(Name="review")


def test_what_is_not_there_is_told(aws, refused):
    for ask, name in (("describe_fleets", "Names"), ("describe_stacks", "Names")):
        with refused("ResourceNotFoundException"):
            getattr(aws("appstream"), ask)(**{name: ["gone"]})
    for ask in ("start_fleet", "stop_fleet", "delete_fleet", "delete_stack"):
        with refused("ResourceNotFoundException"):
            getattr(aws("appstream"), ask)(Name="gone")


def test_what_a_stack_does_not_say_is_allowed(aws):
    said = [{"Action": "FILE_DOWNLOAD", "Permission": "DISABLED"}]
    made = aws("appstream").create_stack(Name="desk", UserSettings=said)["Stack"]
    found = {entry["Action"]: entry["Permission"] for entry in made["UserSettings"]}
    assert (found["FILE_DOWNLOAD"], found["FILE_UPLOAD"]) == ("DISABLED", "ENABLED")


def test_tags_are_found_by_the_tagging_api(aws, cloud, fleet):
    arn = fleet(Tags={"team": "a"})["Arn"]
    aws("appstream").tag_resource(ResourceArn=arn, Tags={"b": "c"})
    aws("appstream").untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert aws("appstream").list_tags_for_resource(ResourceArn=arn)["Tags"] == {"b": "c"}
    ask = {"TagFilters": [{"Key": "b"}]}
    aws("resourcegroupstaggingapi").get_resources(**ask)
    cloud.clock.advance(60)
    found = aws("resourcegroupstaggingapi").get_resources(**ask)["ResourceTagMappingList"]
    assert [entry["ResourceARN"] for entry in found] == [arn]
