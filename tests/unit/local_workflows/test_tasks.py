"""Tasks really call the cloud's services as their machine's role; errors have AWS's names."""

import json

import pytest

from scrapectl.local.jobs.attempt import runner_of
from scrapectl.local.workflows.integrations import integration_of
from scrapectl.local.workflows.members import pascal
from tests.unit.local_workflows.conftest import TASK

ALL = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "failed"}
FAILED = {"Type": "Fail", "ErrorPath": "$.failure.Error", "CausePath": "$.failure.Cause"}


def task(resource, parameters, **others):
    return {"Type": "Task", "Resource": f"{TASK}{resource}", "Parameters": parameters, **({"End": True} | others)}


def job(script, **others):
    given = {"JobName": "x", "JobQueue": "plain", "JobDefinition": "work"}
    given["ContainerOverrides"] = {
        "Command": ["sh", "-c", script],
        "Environment": [{"Name": "RUN", "Value.$": "$$.Execution.Name"}],
    }
    return task("batch:submitJob.sync", given, **others)


def test_a_job_really_runs_and_its_end_is_the_result(world, stage):
    kept = {"ResultSelector": {"status.$": "$.Status", "job.$": "$.JobId"}, "ResultPath": "$.steps.job"}
    machine = world.machine({"StartAt": "j", "States": {"j": job("echo run $RUN", **kept)}})
    arn = world.start(machine, {"k": 1}, name="first")
    output = json.loads(world.until_ended(arn)["output"])
    assert output["steps"]["job"]["status"] == "SUCCEEDED"
    assert "run first" in stage.log(stage.job(output["steps"]["job"]["job"]))
    assert world.kinds(arn) == [
        *("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"),
        *("TaskStateExited", "ExecutionSucceeded"),
    ]
    scheduled, started = (event for event in world.events(arn) if event["type"] in {"TaskScheduled", "TaskStarted"})
    assert scheduled["taskScheduledEventDetails"]["resource"] == "submitJob.sync"
    assert started["taskStartedEventDetails"] == {"resourceType": "batch", "resource": "submitJob.sync"}


def test_a_job_that_fails_is_caught_with_the_whole_job_as_cause(world, stage):
    states = {"j": job("exit 3", Catch=[ALL]), "failed": FAILED}
    done = world.until_ended(world.run(states)["executionArn"])
    assert (done["status"], done["error"]) == ("FAILED", "States.TaskFailed")
    cause = json.loads(done["cause"])
    assert (cause["Status"], cause["Container"]["ExitCode"]) == ("FAILED", 3)
    assert cause["Attempts"][0]["StatusReason"] == "Essential container in task exited"


def test_a_failed_job_is_submitted_again(world, stage):
    marker = stage.folder / "second"
    retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "MaxAttempts": 1}]
    arn = world.run({"j": job(f"test -e {marker} || {{ touch {marker}; exit 1; }}", Retry=retry)})["executionArn"]
    assert world.until_ended(arn)["status"] == "SUCCEEDED"
    assert world.kinds(arn).count("TaskSubmitted") == 2


def test_a_stopped_run_ends_its_job(world, stage):
    arn = world.run({"j": job("sleep 60")})["executionArn"]
    world.pass_time(1)
    submitted = next(one for one in world.events(arn) if one["type"] == "TaskSubmitted")
    known = json.loads(submitted["taskSubmittedEventDetails"]["output"])["JobId"]
    stage.until(known, "RUNNING")
    world.sfn.stop_execution(executionArn=arn, error="Enough", cause="no more")
    told = world.told(arn)
    assert (told["status"], told["error"], told["cause"]) == ("ABORTED", "Enough", "no more")
    ended = stage.wait(known)
    assert (ended["status"], ended["isTerminated"]) == ("FAILED", True)
    assert world.kinds(arn)[-1] == "ExecutionAborted"


def test_a_task_that_takes_too_long_ends_its_job(world, stage):
    arn = world.run({"j": job("sleep 60", TimeoutSeconds=30, Catch=[ALL]), "failed": FAILED})["executionArn"]
    world.pass_time(1)
    (known,) = [
        one["jobId"] for one in stage.batch("ListJobs", jobQueue="plain", jobStatus="STARTING")["jobSummaryList"]
    ] or [one["jobId"] for one in stage.batch("ListJobs", jobQueue="plain")["jobSummaryList"]]
    stage.until(known, "RUNNING")
    world.pass_time(30)
    assert world.told(arn)["error"] == "States.Timeout"
    assert "TaskTimedOut" in world.kinds(arn)
    assert stage.wait(known)["isTerminated"]


def test_without_sync_the_submission_is_the_result(world, stage):
    state = job("true")
    state["Resource"] = f"{TASK}batch:submitJob"
    answer = world.output({"j": state})
    assert {"JobArn", "JobName", "JobId", "SdkHttpMetadata"} <= answer.keys()


def test_what_the_role_may_not_is_denied_in_the_service_s_words(world, stage):
    role = world.may("batch:DescribeJobs", "events:*")
    machine = world.machine({"StartAt": "j", "States": {"j": job("true")}}, role=role)
    arn = world.start(machine)
    world.pass_time()
    told = world.told(arn)
    assert (told["status"], told["error"]) == ("FAILED", "Batch.AWSBatchException")
    assert "is not authorized to perform: batch:SubmitJob on resource: arn:aws:batch:" in told["cause"]
    assert "Error Code: AccessDeniedException" in told["cause"]
    assert world.kinds(arn)[-2:] == ["TaskSubmitFailed", "ExecutionFailed"]


def test_a_role_that_is_gone_fails_the_task(world):
    role = world.may("s3:*")
    state = task("aws-sdk:s3:listBuckets", {})
    machine = world.machine(
        {"StartAt": "s", "States": {"w": {"Type": "Wait", "Seconds": 1, "Next": "s"}, "s": state}} | {"StartAt": "w"},
        role=role,
    )
    arn = world.start(machine)
    world("iam").delete_role_policy(RoleName=role.rsplit("/", 1)[-1], PolicyName="access")
    world("iam").delete_role(RoleName=role.rsplit("/", 1)[-1])
    world.pass_time(1)
    assert "cannot assume the role" in world.told(arn)["cause"]


def test_a_service_s_own_refusal_has_its_name(world):
    error, cause = world.failure({"s": task("aws-sdk:s3:headObject", {"Bucket": "no-such-bucket-1", "Key": "k"})})
    assert error.startswith("S3.")
    world("s3").create_bucket(Bucket="raw-1")
    error, cause = world.failure({"s": task("aws-sdk:s3:headObject", {"Bucket": "raw-1", "Key": "k"})})
    assert error == "S3.NoSuchKeyException"
    assert "(Service: S3, Status Code: 404, Request ID: " in cause
    error, cause = world.failure({"s": task("aws-sdk:datasync:startTaskExecution", {"TaskArn": TASK_ARN})})
    assert error == "DataSync.InvalidRequestException"
    assert "not found" in cause
    error, _ = world.failure({"s": task("states:startExecution", {"StateMachineArn": MACHINE})})
    assert error == "StepFunctions.StateMachineDoesNotExistException"


TASK_ARN = "arn:aws:datasync:us-east-1:123456789012:task/task-0123456789abcdef0"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:none"


def test_an_sdk_call_answers_in_pascal_case(world):
    world("s3").create_bucket(Bucket="raw-1")
    world("s3").put_object(Bucket="raw-1", Key="in/a", Body=b"abc")
    answer = world.output({"s": task("aws-sdk:s3:headObject", {"Bucket": "raw-1", "Key": "in/a"})})
    assert answer["ContentLength"] == 3
    assert answer["LastModified"].endswith("Z")
    assert world.output({"s": task("aws-sdk:s3:getObject", {"Bucket": "raw-1", "Key": "in/a"})})["Body"] == "abc"
    listed = world.output({"s": task("aws-sdk:sfn:listStateMachines", {"MaxResults": 1})})
    assert listed["StateMachines"][0]["Name"] == "machine-1"


def test_parameters_that_the_call_does_not_have_never_start(world):
    error, cause = world.failure(
        {"s": task("batch:submitJob", {"JobName": "x", "JobQueue": "q", "Timeout": {"Seconds": 9}})}
    )
    assert error == "States.Runtime"
    assert 'The field "Seconds" is not supported by Step Functions' in cause
    assert "The field 'JobDefinition' is required but was missing" in cause


def test_a_function_is_called_and_its_answer_parsed(world):
    code = "def handler(event, context):\n    return {'got': event['n'] + 1}"
    arn = world.function("add", code)
    given = {"FunctionName": arn, "Payload": {"n.$": "$.n"}}
    answer = world.output({"f": task("lambda:invoke", given)}, {"n": 1})
    assert (answer["Payload"], answer["StatusCode"]) == ({"got": 2}, 200)
    direct = {"Type": "Task", "Resource": arn, "End": True}
    done = world.run({"f": direct}, {"n": 2})
    assert json.loads(done["output"]) == {"got": 3}
    assert world.kinds(done["executionArn"])[2:5] == [
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
    ]


def test_a_function_s_own_error_is_the_failure_s(world):
    arn = world.function("bad", "def handler(event, context):\n    raise KeyError('colour')")
    error, cause = world.failure({"f": task("lambda:invoke", {"FunctionName": arn, "Payload": {}})})
    assert error == "KeyError"
    assert json.loads(cause)["errorMessage"] == "'colour'"
    error, cause = world.failure({"f": task("lambda:invoke", {"FunctionName": "none", "Payload": {}})})
    assert error == "Lambda.ResourceNotFoundException"
    assert "(Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: " in cause


def test_messages_go_out_as_text(world):
    world.queue("rows")
    url = world("sqs").get_queue_url(QueueName="rows")["QueueUrl"]
    world.output({"s": task("sqs:sendMessage", {"QueueUrl": url, "MessageBody": {"k.$": "$.k"}})}, {"k": 1})
    assert [message["Body"] for message in world.messages("rows")] == ['{"k":1}']
    topic = world.topic("alerts")
    world("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=world.queue("told", "sns.amazonaws.com"))
    answer = world.output({"s": task("sns:publish", {"TopicArn": topic, "Subject": "s", "Message": "a\nb"})})
    world.pass_time(1)
    assert json.loads(world.messages("told")[0]["Body"])["MessageId"] == answer["MessageId"]


def test_another_machine_is_waited_for(world):
    inner = world.machine(
        {
            "StartAt": "w",
            "States": {
                "w": {"Type": "Wait", "Seconds": 30, "Next": "p"},
                "p": {"Type": "Pass", "Result": 5, "End": True},
            },
        }
    )
    outer = task(
        "states:startExecution.sync:2", {"StateMachineArn": inner, "Input": {"a.$": "$.a"}}, OutputPath="$.Output"
    )
    arn = world.run({"n": outer}, {"a": 1})["executionArn"]
    world.pass_time(30)
    world.pass_time(0)
    assert json.loads(world.told(arn)["output"]) == 5
    (started,) = world.sfn.list_executions(stateMachineArn=inner)["executions"]
    assert json.loads(world.told(started["executionArn"])["input"]) == {"a": 1}


def test_another_machine_is_stopped_with_the_run(world):
    inner = world.machine({"StartAt": "w", "States": {"w": {"Type": "Wait", "Seconds": 300, "End": True}}})
    arn = world.run({"n": task("states:startExecution.sync", {"StateMachineArn": inner})})["executionArn"]
    world.sfn.stop_execution(executionArn=arn)
    (stopped,) = world.sfn.list_executions(stateMachineArn=inner)["executions"]
    assert stopped["status"] == "ABORTED"


@pytest.mark.parametrize("result", [None, {"a": 1}])
def test_a_token_is_answered_from_outside(world, result):
    world.queue("work")
    url = world("sqs").get_queue_url(QueueName="work")["QueueUrl"]
    given = {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}}
    arn = world.run({"t": task("sqs:sendMessage.waitForTaskToken", given)})["executionArn"]
    token = json.loads(world.messages("work")[0]["Body"])["token"]
    assert world.told(arn)["status"] == "RUNNING"
    world.sfn.send_task_success(taskToken=token, output=json.dumps(result))
    world.pass_time()
    assert json.loads(world.told(arn)["output"]) == result
    with pytest.raises(world.sfn.exceptions.TaskDoesNotExist):
        world.sfn.send_task_failure(taskToken=token)


def test_a_failure_is_answered_to_a_token(world):
    world.queue("work")
    url = world("sqs").get_queue_url(QueueName="work")["QueueUrl"]
    given = {"QueueUrl": url, "MessageBody.$": "$$.Task.Token"}
    arn = world.run({"t": task("sqs:sendMessage.waitForTaskToken", given)})["executionArn"]
    world.sfn.send_task_failure(taskToken=world.messages("work")[0]["Body"], error="No", cause="because")
    world.pass_time()
    assert (world.told(arn)["error"], world.told(arn)["cause"]) == ("No", "because")


def test_what_is_not_called_here_says_so(world):
    error, cause = world.failure({"g": task("glue:startJobRun", {"JobName": "x"})})
    assert error == "States.Runtime"
    assert "does not call arn:aws:states:::glue:startJobRun" in cause


@pytest.mark.parametrize(
    ("resource", "service", "operation"),
    [
        ("aws-sdk:datasync:describeTaskExecution", "datasync", "DescribeTaskExecution"),
        ("aws-sdk:redshiftdata:executeStatement", "redshift-data", "ExecuteStatement"),
        ("aws-sdk:sfn:startExecution", "stepfunctions", "StartExecution"),
        ("aws-sdk:rds:describeDBInstances", "rds", "DescribeDBInstances"),
        ("aws-sdk:cloudwatchlogs:getLogEvents", "logs", "GetLogEvents"),
        ("batch:submitJob.sync", "batch", "SubmitJob"),
        ("aws-sdk:datasync:startTaskExecution.sync", None, None),
        ("aws-sdk:datasync:noSuchCall", None, None),
        ("lambda:invoke.sync", None, None),
    ],
)
def test_resources(resource, service, operation):
    found = integration_of(f"{TASK}{resource}")
    assert (found and found.service, found and found.operation) == (service, operation)


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("DataSync", "DataSync"), ("S3", "S3"), ("SFN", "Sfn"), ("EC2", "Ec2"), ("DynamoDB", "DynamoDb")],
)
def test_names_of_services(name, spelled):
    assert pascal(name) == spelled


def test_names_of_services_of_several_words():
    assert [pascal(name) for name in ("Secrets Manager", "Redshift Data", "CloudWatch Logs")] == [
        "SecretsManager",
        "RedshiftData",
        "CloudWatchLogs",
    ]


def test_a_job_that_is_submitted_while_its_run_is_stopped_ends_as_well(world, stage, monkeypatch):
    arn = world.start(world.machine({"StartAt": "j", "States": {"j": job("sleep 60")}}))
    real = world.cloud.call

    def submit_late(service, operation, params, region="us-east-1"):
        answer = real(service, operation, params, region)
        if operation == "SubmitJob":
            world.sfn.stop_execution(executionArn=arn)
        return answer

    monkeypatch.setattr(world.cloud, "call", submit_late)
    world.pass_time()
    assert world.told(arn)["status"] == "ABORTED"
    (known,) = runner_of(world.cloud).board.jobs
    assert stage.wait(known)["isTerminated"]
