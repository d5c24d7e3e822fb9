"""What a job's code may do is what its role allows; what its execution role may not do keeps it from starting."""

import botocore.session
import pytest
from botocore.exceptions import ClientError

from scrapectl.local.inprocess import connect
from scrapectl.local.jobs.access import sessions_of
from scrapectl.local.jobs.permissions import permissions
from scrapectl.local.registry import Call
from scrapectl.local.server import Server

BUCKET = "arn:aws:s3:::raw"
TOPIC = "arn:aws:sns:us-east-1:123456789012:ops"


@pytest.mark.parametrize(
    ("service", "operation", "params", "wanted"),
    [
        ("s3", "GetObject", {"Key": "a/b"}, [("s3:GetObject", f"{BUCKET}/a/b")]),
        ("s3", "GetObject", {"Key": "a", "VersionId": "1"}, [("s3:GetObjectVersion", f"{BUCKET}/a")]),
        ("s3", "HeadObject", {"Key": "a"}, [("s3:GetObject", f"{BUCKET}/a")]),
        ("s3", "UploadPart", {"Key": "a"}, [("s3:PutObject", f"{BUCKET}/a")]),
        (
            "s3",
            "CopyObject",
            {"Key": "a", "CopySource": "other/x%20y?versionId=3"},
            [("s3:PutObject", f"{BUCKET}/a"), ("s3:GetObject", "arn:aws:s3:::other/x y")],
        ),
        (
            "s3",
            "DeleteObjects",
            {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "1"}]}},
            [("s3:DeleteObject", f"{BUCKET}/a"), ("s3:DeleteObjectVersion", f"{BUCKET}/b")],
        ),
        ("s3", "ListObjectsV2", {"Prefix": "in/"}, [("s3:ListBucket", BUCKET)]),
        ("s3", "GetBucketTagging", {}, [("s3:GetBucketTagging", BUCKET)]),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "http://x/123456789012/rows"},
            [("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:rows")],
        ),
        ("sqs", "GetQueueUrl", {"QueueName": "rows"}, [("sqs:GetQueueUrl", "arn:aws:sqs:us-east-1:123456789012:rows")]),
        (
            "batch",
            "SubmitJob",
            {"jobQueue": "q", "jobDefinition": "d:3"},
            [
                ("batch:SubmitJob", "arn:aws:batch:us-east-1:123456789012:job-queue/q"),
                ("batch:SubmitJob", "arn:aws:batch:us-east-1:123456789012:job-definition/d:3"),
            ],
        ),
        (
            "batch",
            "TerminateJobs",
            {"jobs": ["a", "b"], "reason": "x"},
            [("batch:TerminateJob", f"arn:aws:batch:us-east-1:123456789012:job/{job}") for job in "ab"],
        ),
        ("batch", "DescribeJobs", {"jobs": ["x"]}, [("batch:DescribeJobs", "*")]),
        ("secretsmanager", "GetSecretValue", {"SecretId": "key"}, [("secretsmanager:GetSecretValue", None)]),
        ("stepfunctions", "StartExecution", {}, [("states:StartExecution", None)]),
        ("sns", "PublishBatch", {"TopicArn": f"{TOPIC}"}, [("sns:Publish", TOPIC)]),
        ("sns", "Publish", {"PhoneNumber": "+1"}, [("sns:Publish", None)]),
        (
            "logs",
            "GetLogEvents",
            {"logGroupName": "/g", "logStreamName": "s"},
            [("logs:GetLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:/g:log-stream:s")],
        ),
        (
            "logs",
            "FilterLogEvents",
            {"logGroupName": "/g"},
            [("logs:FilterLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:/g:log-stream:")],
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "f"},
            [("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:f")],
        ),
        (
            "events",
            "PutEvents",
            {"Entries": [{}, {"EventBusName": "b"}]},
            [
                ("events:PutEvents", f"arn:aws:events:us-east-1:123456789012:event-bus/{bus}")
                for bus in ("default", "b")
            ],
        ),
        (
            "rds",
            "StopDBInstance",
            {"DBInstanceIdentifier": "shop-main"},
            [("rds:StopDBInstance", "arn:aws:rds:us-east-1:123456789012:db:shop-main")],
        ),
    ],
)
def test_the_permissions_of_a_call(stage, service, operation, params, wanted):
    bucket = {"Bucket": "raw"} if service == "s3" else {}
    call = Call(stage.cloud, service, operation, bucket | params, "us-east-1")
    assert [(one.action, one.resource) for one in permissions(call)] == wanted


@pytest.fixture
def as_job(stage):
    """A boto3 session as a job with the role `job` has it."""
    token = sessions_of(stage.cloud).open(stage.make_role("job"), "task")
    session = connect(stage.cloud)
    core: botocore.session.Session = session._session
    core.set_credentials(stage.cloud.access_key, "secret", token)
    return session


def code_of(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def test_a_role_opens_what_it_says_and_nothing_else(stage, as_job):
    stage.call("s3", "create_bucket", Bucket="raw")
    s3 = as_job.client("s3")
    assert code_of(s3.put_object, Bucket="raw", Key="out/a", Body=b"") == "AccessDenied"
    stage.allow("job", "s3:PutObject", resource=f"{BUCKET}/out/*")
    s3.put_object(Bucket="raw", Key="out/a", Body=b"")
    assert code_of(s3.put_object, Bucket="raw", Key="in/a", Body=b"") == "AccessDenied"
    assert code_of(s3.get_object, Bucket="raw", Key="out/a") == "AccessDenied"


def test_listing_is_bound_to_prefixes(stage, as_job):
    stage.call("s3", "create_bucket", Bucket="raw")
    stage.allow("job", "s3:ListBucket", resource=BUCKET, Condition={"StringLike": {"s3:prefix": ["in/*"]}})
    s3 = as_job.client("s3")
    assert s3.list_objects_v2(Bucket="raw", Prefix="in/x")["KeyCount"] == 0
    assert code_of(s3.list_objects_v2, Bucket="raw") == "AccessDenied"


def test_other_services_are_checked_by_action(stage, as_job):
    stage.call("ssm", "put_parameter", Name="a", Value="1", Type="String")
    ssm = as_job.client("ssm")
    assert code_of(ssm.get_parameter, Name="a") == "AccessDeniedException"
    stage.allow("job", "ssm:GetParameter", resource="arn:aws:ssm:us-east-1:123456789012:parameter/a")
    assert ssm.get_parameter(Name="a")["Parameter"]["Value"] == "1"
    assert as_job.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_submit_needs_the_queue_and_the_definition(stage, as_job):
    batch = as_job.client("batch")
    stage.allow("job", "batch:SubmitJob", resource="arn:aws:batch:us-east-1:123456789012:job-queue/plain")
    submission = {
        "jobName": "a",
        "jobQueue": "plain",
        "jobDefinition": "work",
        "containerOverrides": {"command": ["true"]},
    }
    assert code_of(batch.submit_job, **submission) == "AccessDeniedException"
    stage.allow("job", "batch:SubmitJob", resource="arn:aws:batch:us-east-1:123456789012:job-definition/work")
    stage.wait(batch.submit_job(**submission)["jobId"])


def test_a_job_really_writes_to_the_cloud_and_only_there(stage):
    server = Server(stage.cloud)
    server.start()
    stage.call("s3", "create_bucket", Bucket="raw")
    role = stage.make_role("job")
    stage.allow("job", "s3:PutObject", resource=f"{BUCKET}/out/*")
    script = "import boto3,sys; boto3.client('s3').put_object(Bucket='raw', Key=sys.argv[1], Body=b'x')"
    stage.define(container={"jobRoleArn": role, "command": ["python", "-c", script, "Ref::key"]})
    try:
        assert stage.run(parameters={"key": "out/a"})["status"] == "SUCCEEDED"
        denied = stage.run(parameters={"key": "in/a"})
        stage.define(container={"command": ["python", "-c", script, "out/b"]})
        bare = stage.run()
    finally:
        server.close()
    assert "s3:PutObject" in stage.log(denied)[-1]
    assert "Unable to locate credentials" in stage.log(bare)[-1]
    keys = [entry["Key"] for entry in stage.call("s3", "list_objects_v2", Bucket="raw")["Contents"]]
    assert keys == ["out/a"]


@pytest.mark.parametrize(
    ("actions", "reason"),
    [
        (("ecr:*",), "ResourceInitializationError: failed to validate logger args"),
        (("logs:*",), "ResourceInitializationError: unable to pull secrets or registry auth"),
        (("logs:*", "ecr:GetAuthorizationToken"), "CannotPullContainerError: "),
    ],
)
def test_what_the_execution_role_must_be_allowed(stage, actions, reason):
    role = stage.make_role("other")
    stage.allow("other", *actions)
    stage.define(container={"executionRoleArn": role})
    done = stage.run("true")
    assert done["status"] == "FAILED"
    assert done["statusReason"].startswith(reason)
    assert "AccessDeniedException" in done["statusReason"]


def test_a_role_publishes_to_its_topics_alone(stage, as_job):
    for name in ("ops", "other"):
        stage.call("sns", "create_topic", Name=name)
    stage.allow("job", "sns:Publish", resource=TOPIC)
    sns = as_job.client("sns")
    assert sns.publish(TopicArn=TOPIC, Message="x")["MessageId"]
    assert code_of(sns.publish, TopicArn=TOPIC.replace("ops", "other"), Message="x") == "AuthorizationError"
