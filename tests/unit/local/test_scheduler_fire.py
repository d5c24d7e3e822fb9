"""Due schedules really start what they name, as their role and no one else; what fails ends in the dead letters."""

from __future__ import annotations

import json

import pytest

from scrapectl.local import registry
from scrapectl.local.registry import Refusal

GROUP = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/g"
BATCH = "arn:aws:batch:us-east-1:123456789012:"
DEAD = "arn:aws:sqs:us-east-1:123456789012:dead"


@pytest.fixture
def started(monkeypatch, cloud):
    """What reached SubmitJob, with the time; `fail` makes it refuse."""

    class Started(list):
        fail = None

        def __call__(self, call):
            if self.fail:
                raise self.fail
            self.append((cloud.clock.now(), call.params))
            return {"jobName": call.params["jobName"], "jobId": "id"}

    found = Started()
    monkeypatch.setitem(registry.OPERATIONS, ("batch", "SubmitJob"), found)
    return found


@pytest.fixture
def make(aws, queue, definition, role, started):
    """A function that makes a schedule which submits `job` to `queue`."""
    queue()
    aws("batch").register_job_definition(**definition())
    aws("sqs").create_queue(QueueName="dead")
    aws("scheduler").create_schedule_group(Name="g")
    submit = [f"{BATCH}job-queue/queue", f"{BATCH}job-definition/job", f"{BATCH}job-definition/job:*"]
    rights = [
        {"Effect": "Allow", "Action": "batch:SubmitJob", "Resource": submit},
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": DEAD},
    ]
    condition = {"ArnEquals": {"aws:SourceArn": GROUP}}
    arn = role("starts", "scheduler.amazonaws.com", rights, condition)

    def schedule(name="s", fields=None, retries=185, **changes):
        wanted = {"JobName": "run", "JobQueue": "queue", "JobDefinition": "job"} | (fields or {})
        target = {
            "Arn": "arn:aws:scheduler:::aws-sdk:batch:submitJob",
            "RoleArn": arn,
            "Input": json.dumps(wanted),
            "DeadLetterConfig": {"Arn": DEAD},
            "RetryPolicy": {"MaximumRetryAttempts": retries},
        }
        given = {
            "Name": name,
            "GroupName": "g",
            "ScheduleExpression": "rate(1 hour)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target,
        }
        aws("scheduler").create_schedule(**(given | changes))

    return schedule


@pytest.fixture
def dead_letters(aws):
    def read():
        url = aws("sqs").get_queue_url(QueueName="dead")["QueueUrl"]
        answer = aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return [
            (m["Body"], {key: value["StringValue"] for key, value in m["MessageAttributes"].items()})
            for m in answer.get("Messages", [])
        ]

    return read


def test_a_rate_starts_every_period(cloud, make, started):
    make()
    cloud.clock.advance(3599)
    assert started == []
    cloud.clock.advance(1)
    cloud.clock.advance(7200)
    assert len(started) == 3


def test_the_input_is_spelled_as_the_service_does(cloud, make, started):
    environment = [{"Name": "AT", "Value": "<aws.scheduler.scheduled-time>"}]
    fields = {"ContainerOverrides": {"Environment": environment}, "Parameters": {"Keep": "Case"}}
    make(
        fields=fields,
        ScheduleExpression="at(2026-03-02T12:00:00)",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60},
    )
    cloud.clock.advance(4 * 3600)
    assert started[0][1] == {
        "jobName": "run",
        "jobQueue": "queue",
        "jobDefinition": "job",
        "containerOverrides": {"environment": [{"name": "AT", "value": "2026-03-02T12:00:00Z"}]},
        "parameters": {"Keep": "Case"},
    }


def test_zones_states_and_dates_are_honoured(cloud, make, started):
    daily = "cron(0 6 * * ? *)"
    make("new-york", {"JobName": "new-york"}, ScheduleExpression=daily, ScheduleExpressionTimezone="America/New_York")
    make("utc", {"JobName": "utc"}, ScheduleExpression=daily)
    make("off", ScheduleExpression=daily, State="DISABLED")
    make("later", ScheduleExpression=daily, StartDate="2026-03-10T00:00:00Z")
    make("over", ScheduleExpression=daily, EndDate="2026-03-02T10:00:00Z")
    cloud.clock.advance(26 * 3600)
    assert [params["jobName"] for _, params in started] == ["new-york", "utc", "new-york"]


def test_a_schedule_that_was_disabled_does_not_catch_up(aws, cloud, make, started):
    make(State="DISABLED")
    cloud.clock.advance(5 * 3600)
    found = aws("scheduler").get_schedule(Name="s", GroupName="g")
    keep = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    aws("scheduler").update_schedule(**{key: found[key] for key in keep}, State="ENABLED")
    assert started == []
    cloud.clock.advance(3600)
    assert len(started) == 1


def test_what_was_due_while_the_machine_slept_is_not_started(cloud, make, started):
    make()
    cloud.clock.jumps = True
    cloud.clock.advance(5 * 3600 + 60)
    assert len(started) == 1


def test_a_schedule_may_delete_itself(aws, cloud, make, started):
    make(ScheduleExpression="at(2026-03-02T12:00:00)", ActionAfterCompletion="DELETE")
    cloud.clock.advance(4 * 3600)
    assert len(started) == 1
    assert aws("scheduler").list_schedules(GroupName="g")["Schedules"] == []


def test_what_the_role_may_not_is_a_dead_letter(cloud, make, started, dead_letters):
    make(fields={"JobDefinition": "other"})
    cloud.clock.advance(3600)
    assert started == []
    [(body, about)] = dead_letters()
    assert json.loads(body)["JobDefinition"] == "other"
    assert about["ERROR_CODE"] == "AccessDeniedException"
    assert "batch:SubmitJob on resource: " + BATCH + "job-definition/other" in about["ERROR_MESSAGE"]
    assert about["SCHEDULE_ARN"].endswith(":schedule/g/s")


def test_what_batch_refuses_is_a_dead_letter_at_once(aws, cloud, make, started, dead_letters):
    aws("batch").deregister_job_definition(jobDefinition="job:1")
    make()
    cloud.clock.advance(3600)
    [(_, about)] = dead_letters()
    assert (about["ERROR_CODE"], about["RETRY_ATTEMPTS"]) == ("ClientException", "0")
    assert "EXHAUSTED_RETRY_CONDITION" not in about


def test_an_unknown_member_is_a_dead_letter(cloud, make, dead_letters):
    make(fields={"Odd": 1})
    cloud.clock.advance(3600)
    [(_, about)] = dead_letters()
    assert "has no member Odd" in about["ERROR_MESSAGE"]


@pytest.mark.parametrize("queue_name", [5, None])
def test_a_member_of_another_type_is_a_dead_letter(cloud, make, started, dead_letters, queue_name):
    make("bad", fields={"JobQueue": queue_name})
    make("good")
    cloud.clock.advance(3600)
    [(_, about)] = dead_letters()
    assert about["ERROR_CODE"] == "ValidationException"
    assert "jobQueue" in about["ERROR_MESSAGE"]
    assert len(started) == 1


def test_throttling_is_tried_again(cloud, make, started):
    started.fail = Refusal("TooManyRequestsException", "slow down", 429)
    make()
    cloud.clock.advance(3600)
    started.fail = None
    cloud.clock.advance(1)
    assert started == []
    cloud.clock.advance(1)
    assert len(started) == 1


def test_tries_end_as_the_policy_says(cloud, make, started, dead_letters):
    started.fail = Refusal("ServerException", "down", 500)
    make(retries=2)
    for _ in range(5):
        cloud.clock.advance(720)
    assert dead_letters() == []
    for _ in range(4):
        cloud.clock.advance(300)
    [(_, about)] = dead_letters()
    assert (about["ERROR_CODE"], about["RETRY_ATTEMPTS"]) == ("ServerException", "2")
    assert about["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"


def test_without_the_right_to_send_the_letter_is_lost(aws, cloud, make, started, dead_letters):
    make(fields={"JobDefinition": "other"})
    aws("iam").delete_role_policy(RoleName="starts", PolicyName="access")
    cloud.clock.advance(3600)
    assert dead_letters() == []


@pytest.mark.parametrize(("allowed", "started"), [("shop-main", 1), ("other", 0)])
def test_any_api_of_the_cloud_can_be_called_with_the_roles_leave(aws, cloud, role, dead_letters, allowed, started):
    aws("sqs").create_queue(QueueName="dead")
    aws("sqs").create_queue(QueueName="shop-main")
    target = f"arn:aws:sqs:us-east-1:123456789012:{allowed}"
    rights = [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": [target, DEAD]}]
    wanted = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/shop-main", "MessageBody": "go"}
    aws("scheduler").create_schedule(
        Name="s",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
            "RoleArn": role("sends", "scheduler.amazonaws.com", rights),
            "Input": json.dumps(wanted),
            "DeadLetterConfig": {"Arn": DEAD},
        },
    )
    cloud.clock.advance(3600)
    url = aws("sqs").get_queue_url(QueueName="shop-main")["QueueUrl"]
    assert len(aws("sqs").receive_message(QueueUrl=url).get("Messages", [])) == started
    assert len(dead_letters()) == 1 - started


@pytest.mark.parametrize(("allowed", "status"), [("shop-main", "stopped"), ("other", "available")])
def test_a_database_is_stopped_as_the_role_may(aws, cloud, role, allowed, status):
    aws("rds").create_db_instance(
        DBInstanceIdentifier="shop-main",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="shop",
        ManageMasterUserPassword=True,
    )
    cloud.clock.advance(3600)
    rights = [
        {
            "Effect": "Allow",
            "Action": "rds:StopDBInstance",
            "Resource": f"arn:aws:rds:us-east-1:123456789012:db:{allowed}",
        }
    ]
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:rds:stopDBInstance",
        "RoleArn": role("power", "scheduler.amazonaws.com", rights),
        "Input": json.dumps({"DbInstanceIdentifier": "shop-main"}),
    }
    given = {"ScheduleExpression": "at(2026-03-02T12:00:00)", "FlexibleTimeWindow": {"Mode": "OFF"}}
    aws("scheduler").create_schedule(Name="main_stop", **given, Target=target)
    cloud.clock.advance(3 * 3600)
    cloud.clock.advance(3600)
    (found,) = aws("rds").describe_db_instances()["DBInstances"]
    assert found["DBInstanceStatus"] == status
