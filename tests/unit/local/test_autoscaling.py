"""The embedded Auto Scaling: what AWS refuses, what the clock starts, and instances that end and are not replaced."""

from __future__ import annotations

import base64
import json
import time
from datetime import datetime

import pytest
from botocore.exceptions import ClientError

from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from tests.current import boto

TUESDAY_5 = 1_772_528_400.0 + 5 * 3600 - 9 * 3600  # 2026-03-03T05:00:00Z


@pytest.fixture
def cloud():
    made = Cloud(VirtualClock())
    yield made
    made.close()


@pytest.fixture
def world(cloud):
    return World(cloud)


class World:
    """One group over a launch template whose instances run a shell script."""

    def __init__(self, cloud):
        self.cloud, self.session = cloud, boto(cloud)
        self.scaling, self.ec2 = self.session.client("autoscaling"), self.session.client("ec2")
        self.subnet = self.ec2.describe_subnets()["Subnets"][0]["SubnetId"]

    def template(self, script="import time; time.sleep(300)", name="host"):
        data = {"ImageId": "resolve:ssm:/aws/x", "UserData": base64.b64encode(script.encode()).decode()}
        made = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        return made["LaunchTemplate"]["LaunchTemplateId"]

    def group(self, template=None, name="g", **more):
        wanted = {"MinSize": 0, "MaxSize": 1, "VPCZoneIdentifier": self.subnet, **more}
        launch = {"LaunchTemplateId": template or self.template(), "Version": "$Default"}
        self.scaling.create_auto_scaling_group(AutoScalingGroupName=name, LaunchTemplate=launch, **wanted)
        self.scaling.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["HealthCheck", "ReplaceUnhealthy"])

    def act(self, name, recurrence, desired, **more):
        self.scaling.put_scheduled_update_group_action(
            AutoScalingGroupName="g", ScheduledActionName=name, Recurrence=recurrence, DesiredCapacity=desired, **more
        )

    def described(self, name="g"):
        found = self.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return found[0] if found else None

    def instances(self):
        return [one["InstanceId"] for one in self.described()["Instances"]]

    def events(self, **pattern):
        """What of such events a queue has got from now on, when it is asked."""
        sqs, bus = self.session.client("sqs"), self.session.client("events")
        url = sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        bus.put_rule(Name="heard", EventPattern=json.dumps(pattern))
        allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = {"Version": "2012-10-17", "Statement": [allow | {"Resource": arn}]}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        bus.put_targets(Rule="heard", Targets=[{"Id": "heard", "Arn": arn}])

        def heard():
            self.cloud.clock.advance(1)  # what is on its way arrives
            told = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
            return [json.loads(one["Body"]) for one in told]

        return heard


def await_(met):
    end = time.monotonic() + 20
    while not met():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_the_clock_starts_an_instance_and_stops_it(world):
    world.group()
    world.act("weekly", "0 5 * * 2", 1)
    world.act("weekly_stop", "20 5 * * 2", 0)
    world.cloud.clock.advance(TUESDAY_5 - world.cloud.clock.now() - 1)
    assert world.instances() == []
    world.cloud.clock.advance(2)
    (instance,) = world.instances()
    world.cloud.clock.advance(10 * 60)
    assert world.instances() == [instance]
    world.cloud.clock.advance(10 * 60)
    assert world.described()["DesiredCapacity"] == 0
    await_(lambda: world.instances() == [])
    (told,) = world.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    assert told["Instances"][0]["State"]["Name"] == "terminated"


def test_a_zone_is_heeded_and_a_suspended_schedule_starts_nothing(world):
    world.group()
    world.act("weekly", "0 0 * * 2", 1, TimeZone="America/New_York")
    world.cloud.clock.advance(TUESDAY_5 - world.cloud.clock.now() - 1)
    assert world.instances() == []
    world.scaling.suspend_processes(AutoScalingGroupName="g", ScalingProcesses=["ScheduledActions"])
    world.cloud.clock.advance(2)
    assert world.instances() == []
    world.scaling.resume_processes(AutoScalingGroupName="g", ScalingProcesses=["ScheduledActions"])
    world.cloud.clock.advance(7 * 86400)
    assert len(world.instances()) == 1


def test_an_instance_that_dies_is_not_replaced_and_its_group_does_not_see_it(world):
    world.group(world.template("raise SystemExit(1)"))
    heard = world.events(source=["aws.ec2"], detail={"state": ["terminated"]})
    world.scaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=1)
    (instance,) = world.instances()
    ask = world.ec2.describe_instances
    await_(lambda: ask(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]["Name"] == "terminated")
    assert world.instances() == [instance]
    (told,) = world.scaling.describe_auto_scaling_instances(InstanceIds=[instance, "i-0"])["AutoScalingInstances"]
    assert (told["AutoScalingGroupName"], told["LifecycleState"]) == ("g", "InService")
    world.scaling.terminate_instance_in_auto_scaling_group(InstanceId=instance, ShouldDecrementDesiredCapacity=True)
    assert (world.instances(), world.described()["DesiredCapacity"]) == ([], 0)
    (event,) = heard()
    assert (event["detail-type"], event["source"]) == ("EC2 Instance State-change Notification", "aws.ec2")
    assert event["detail"] == {"instance-id": instance, "state": "terminated"}


def test_one_that_is_ended_without_lowering_the_capacity_is_followed_by_another(world):
    world.group()
    world.scaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=1)
    (first,) = world.instances()
    world.scaling.terminate_instance_in_auto_scaling_group(InstanceId=first, ShouldDecrementDesiredCapacity=False)
    await_(lambda: len(world.instances()) == 1 and world.instances() != [first])


def test_a_launch_that_fails_is_an_activity(world):
    template = world.template()
    world.group(template)
    named = {"LaunchTemplateId": template}
    version = world.ec2.create_launch_template_version(**named, LaunchTemplateData={"InstanceType": "t3.nano"})
    number = str(version["LaunchTemplateVersion"]["VersionNumber"])
    world.ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion=number)
    heard = world.events(source=["aws.autoscaling"], detail={"AutoScalingGroupName": ["g"]})
    world.scaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=1)
    (activity,) = world.scaling.describe_scaling_activities(AutoScalingGroupName="g")["Activities"]
    assert activity["StatusCode"] == "Failed"
    assert "names no image" in activity["StatusMessage"]
    assert world.instances() == []
    (event,) = heard()
    assert event["detail-type"] == "EC2 Instance Launch Unsuccessful"
    assert event["resources"] == [world.described()["AutoScalingGroupARN"]]
    same = ("ActivityId", "AutoScalingGroupName", "Cause", "Description", "StatusCode", "StatusMessage")
    assert {key: event["detail"][key] for key in same} == {key: activity[key] for key in same}
    assert datetime.fromisoformat(event["detail"]["StartTime"]) == activity["StartTime"]


def test_a_group_with_instances_goes_by_force_alone_and_when_they_have_gone(world):
    world.group()
    world.scaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=1)
    with pytest.raises(ClientError, match="ResourceInUse"):
        world.scaling.delete_auto_scaling_group(AutoScalingGroupName="g")
    world.scaling.delete_auto_scaling_group(AutoScalingGroupName="g", ForceDelete=True)
    if going := world.described():  # until its instance has gone
        assert going["Status"] == "Delete in progress"
        with pytest.raises(ClientError, match="AlreadyExists"):
            world.group("lt-0")
        with pytest.raises(ClientError, match="ScalingActivityInProgress"):
            world.scaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=0)
    await_(lambda: world.described() is None)


def test_what_aws_refuses(world):
    template = world.template()
    for wrong, told in (
        ({"name": "a:b"}, "colon"),
        ({"MinSize": 2}, "Max bound"),
        ({"DesiredCapacity": 2}, "between"),
        ({"VPCZoneIdentifier": "subnet-0123456789abcdef0"}, "does not exist"),
        ({"template": "lt-0123456789abcdef0"}, "launch template"),
    ):
        with pytest.raises(ClientError, match=f"ValidationError.*{told}"):
            world.group(**{"template": template, **wrong})
    world.group(template)
    with pytest.raises(ClientError, match="AlreadyExists"):
        world.group(template)
    with pytest.raises(ClientError, match="above max"):
        world.scaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=2)
    for recurrence in ("0 5 ? * TUE *", "0 5 * * ?", "0 5 L * *", "61 * * * *", "0 5 * *"):
        with pytest.raises(ClientError, match="Given recurrence string"):
            world.act("x", recurrence, 1)
    with pytest.raises(ClientError, match="Invalid time zone"):
        world.act("x", "0 5 * * *", 1, TimeZone="Europe/Nowhere")
    with pytest.raises(ClientError, match="not found"):
        world.scaling.delete_scheduled_action(AutoScalingGroupName="g", ScheduledActionName="x")
