"""Schedules and groups are checked, replaced and deleted as AWS does it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

UNIVERSAL = "arn:aws:scheduler:::aws-sdk:batch:submitJob"
NOT_ASSUMABLE = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


@pytest.fixture
def group(aws):
    aws("scheduler").create_schedule_group(Name="g", Tags=[{"Key": "a", "Value": "b"}])
    return "arn:aws:scheduler:us-east-1:123456789012:schedule-group/g"


@pytest.fixture
def schedule(group, role):
    """The parameters of a good schedule; `target` is changed by the first argument, the rest by keyword."""
    condition = {"ArnEquals": {"aws:SourceArn": group}, "StringEquals": {"aws:SourceAccount": "123456789012"}}
    arn = role("scheduler-role", "scheduler.amazonaws.com", condition=condition)

    def make(target=None, **fields):
        goal = {"Arn": UNIVERSAL, "RoleArn": arn, "Input": json.dumps({"JobName": "j"})} | (target or {})
        return {
            "Name": "s",
            "GroupName": "g",
            "ScheduleExpression": "cron(0 6 * * ? *)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": goal,
        } | fields

    return make


def test_it_is_read_back_with_defaults(aws, schedule):
    arn = aws("scheduler").create_schedule(**schedule())["ScheduleArn"]
    found = aws("scheduler").get_schedule(Name="s", GroupName="g")
    assert arn == found["Arn"] == "arn:aws:scheduler:us-east-1:123456789012:schedule/g/s"
    assert (found["State"], found["ScheduleExpressionTimezone"]) == ("ENABLED", "UTC")
    assert found["ActionAfterCompletion"] == "NONE"
    assert found["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}


REFUSED = [
    ({}, {"ScheduleExpression": "cron(0 6 * * * *)"}, "Invalid Schedule Expression cron(0 6 * * * *)."),
    ({}, {"ScheduleExpression": "rate(10 seconds)"}, "Invalid Schedule Expression"),
    ({}, {"ScheduleExpression": "at(2026-12-24T06:00:00Z)"}, "Invalid Schedule Expression"),
    ({}, {"ScheduleExpression": "daily"}, "Invalid Schedule Expression"),
    ({}, {"ScheduleExpressionTimezone": "America/Nowhere"}, "Invalid ScheduleExpressionTimezone"),
    ({}, {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "must be set"),
    ({}, {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}}, "must not be set"),
    ({}, {"StartDate": datetime(2026, 3, 2, 8, 54, tzinfo=UTC)}, "cannot be earlier than 5 minutes ago"),
    ({}, {"StartDate": datetime(2026, 5, 2, tzinfo=UTC), "EndDate": datetime(2026, 5, 1, tzinfo=UTC)}, "before"),
    ({"Input": " "}, {}, "not valid JSON"),
    ({"Input": "{"}, {}, "not valid JSON"),
    ({"Input": "[]"}, {}, "not a JSON object"),
    ({"Arn": "arn:aws:scheduler:::aws-sdk:batch:describeJobs"}, {}, "not supported"),
    ({"Arn": "arn:aws:sqs:eu-west-1:123456789012:q"}, {}, "same Region"),
    ({"Arn": "nonsense"}, {}, "not in correct format"),
    ({"DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:123456789012:q.fifo"}}, {}, "standard Amazon SQS"),
    ({"DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-1:123456789012:q"}}, {}, "same Region"),
]


@pytest.mark.parametrize(("target", "fields", "words"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_what_create_refuses(aws, schedule, refused, target, fields, words):
    with refused("ValidationException", words):
        aws("scheduler").create_schedule(**schedule(target, **fields))


def test_the_role_must_trust_this_group(aws, schedule, role, refused, group):
    aws("scheduler").create_schedule_group(Name="other")
    with refused("ValidationException", NOT_ASSUMABLE):
        aws("scheduler").create_schedule(**schedule(GroupName="other"))
    one_schedule = {"ArnEquals": {"aws:SourceArn": "arn:aws:scheduler:us-east-1:123456789012:schedule/g/s"}}
    wrong = role("wrong", "scheduler.amazonaws.com", condition=one_schedule)
    with refused("ValidationException", NOT_ASSUMABLE):
        aws("scheduler").create_schedule(**schedule({"RoleArn": wrong}))
    batch = role("batch", "batch.amazonaws.com")
    with refused("ValidationException", NOT_ASSUMABLE):
        aws("scheduler").create_schedule(**schedule({"RoleArn": batch}))
    with refused("ValidationException", NOT_ASSUMABLE):
        aws("scheduler").create_schedule(**schedule({"RoleArn": "arn:aws:iam::123456789012:role/none"}))


def test_a_fresh_role_can_be_assumed_after_a_while(aws, cloud, schedule, role, refused):
    fresh = role("fresh", "scheduler.amazonaws.com", settle=False)
    with refused("ValidationException", NOT_ASSUMABLE):
        aws("scheduler").create_schedule(**schedule({"RoleArn": fresh}))
    cloud.clock.advance(9)
    aws("scheduler").create_schedule(**schedule({"RoleArn": fresh}))


def test_a_new_trust_takes_as_long_as_a_new_role(aws, cloud, schedule, refused):
    wanted = schedule()
    name = wanted["Target"]["RoleArn"].rsplit("/", 1)[-1]
    document = aws("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    aws("iam").update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(document))
    with refused("ValidationException", NOT_ASSUMABLE):
        aws("scheduler").create_schedule(**wanted)
    cloud.clock.advance(9)
    aws("scheduler").create_schedule(**wanted)


def test_names_are_taken_and_groups_must_exist(aws, schedule, refused):
    aws("scheduler").create_schedule(**schedule(ClientToken="one"))
    with refused("ConflictException", "already exists"):
        aws("scheduler").create_schedule(**schedule(ClientToken="two"))
    assert aws("scheduler").create_schedule(**schedule(ClientToken="one"))["ScheduleArn"]
    with refused("ResourceNotFoundException", "group none does not exist"):
        aws("scheduler").create_schedule(**schedule(GroupName="none"))
    with refused("ResourceNotFoundException"):
        aws("scheduler").get_schedule(Name="none", GroupName="g")


def test_an_update_replaces_the_whole(aws, schedule):
    full = schedule(State="DISABLED", ScheduleExpressionTimezone="Europe/Berlin", Description="d")
    aws("scheduler").create_schedule(**full)
    aws("scheduler").update_schedule(**schedule(ScheduleExpression="rate(1 hour)"))
    found = aws("scheduler").get_schedule(Name="s", GroupName="g")
    assert (found["State"], found["ScheduleExpressionTimezone"], found["ScheduleExpression"]) == (
        "ENABLED",
        "UTC",
        "rate(1 hour)",
    )
    assert "Description" not in found


def test_lists_filter_and_page(aws, schedule):
    for name in ("a1", "a2", "b1"):
        aws("scheduler").create_schedule(**schedule(Name=name, State="DISABLED" if name == "a2" else "ENABLED"))

    def names(**query):
        return [s["Name"] for s in aws("scheduler").list_schedules(**query)["Schedules"]]

    assert names(GroupName="g") == ["a1", "a2", "b1"]
    assert names(NamePrefix="a", State="ENABLED") == ["a1"]
    first = aws("scheduler").list_schedules(MaxResults=2)
    assert names(NextToken=first["NextToken"]) == ["b1"]
    groups = aws("scheduler").list_schedule_groups(NamePrefix="g")["ScheduleGroups"]
    assert [found["Name"] for found in groups] == ["g"]


def test_a_group_is_deleted_with_its_schedules_after_a_while(aws, cloud, schedule, refused):
    aws("scheduler").create_schedule(**schedule())
    aws("scheduler").delete_schedule_group(Name="g")
    assert aws("scheduler").get_schedule_group(Name="g")["State"] == "DELETING"
    with refused("ConflictException", "is being deleted"):
        aws("scheduler").create_schedule_group(Name="g")
    with refused("ConflictException", "is being deleted"):
        aws("scheduler").create_schedule(**schedule(Name="late"))
    cloud.clock.advance(11)
    with refused("ResourceNotFoundException"):
        aws("scheduler").get_schedule_group(Name="g")
    assert aws("scheduler").list_schedules()["Schedules"] == []
    aws("scheduler").create_schedule_group(Name="g")


def test_the_default_group_stands_and_stays(aws, refused):
    assert aws("scheduler").get_schedule_group(Name="default")["State"] == "ACTIVE"
    with refused("ValidationException"):
        aws("scheduler").delete_schedule_group(Name="default")
    with refused("ConflictException"):
        aws("scheduler").create_schedule_group(Name="default")


def test_groups_carry_tags_and_schedules_do_not(aws, schedule, group, refused):
    arn = aws("scheduler").create_schedule(**schedule())["ScheduleArn"]
    with refused("ResourceNotFoundException"):
        aws("scheduler").tag_resource(ResourceArn=arn, Tags=[{"Key": "x", "Value": "y"}])
    aws("scheduler").tag_resource(ResourceArn=group, Tags=[{"Key": "x", "Value": "y"}])
    aws("scheduler").untag_resource(ResourceArn=group, TagKeys=["a"])
    assert aws("scheduler").list_tags_for_resource(ResourceArn=group)["Tags"] == [{"Key": "x", "Value": "y"}]
