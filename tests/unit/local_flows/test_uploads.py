"""An object that is written is told once, in each way, in the shape that AWS has; nothing happens in the request."""

import gzip
import json

import pytest
from botocore.exceptions import ClientError

from scrapectl.local.services.s3_events import uploads_of

CREATED = {"source": ["aws.s3"]}
BUCKET = "shop-raw"
ROOT = f"arn:aws:s3:::{BUCKET}"
TRAIL = "arn:aws:cloudtrail:us-east-1:123456789012:trail/uploads"


@pytest.fixture
def s3(world):
    world("s3").create_bucket(Bucket=BUCKET)
    return world("s3")


def configure(s3, **configuration):
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=configuration)


@pytest.fixture
def bus(world, s3):
    """A queue that gets every event of S3."""
    configure(s3, EventBridgeConfiguration={})
    world.rule("all", CREATED, {"Arn": world.queue("events", "events.amazonaws.com")})
    return "events"


def told(world, queue):
    world.pass_time(120)
    return [json.loads(message["Body"]) for message in world.messages(queue)]


def put(s3):
    s3.put_object(Bucket=BUCKET, Key="in/a b+ü.csv", Body=b"12345")


def upload_parts(s3):
    number = s3.create_multipart_upload(Bucket=BUCKET, Key="in/a b+ü.csv")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="in/a b+ü.csv", UploadId=number, PartNumber=1, Body=b"12345")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=BUCKET, Key="in/a b+ü.csv", UploadId=number, MultipartUpload=parts)


def copy(s3):
    s3.create_bucket(Bucket="elsewhere")
    s3.put_object(Bucket="elsewhere", Key="x", Body=b"12345")
    s3.copy_object(Bucket=BUCKET, Key="in/a b+ü.csv", CopySource={"Bucket": "elsewhere", "Key": "x"})


WAYS = [(put, "PutObject", "Put"), (upload_parts, "CompleteMultipartUpload", None), (copy, "CopyObject", "Copy")]


@pytest.mark.parametrize(("write", "reason", "_name"), WAYS)
def test_eventbridge_hears_once_of_each_way_to_write(world, s3, bus, write, reason, _name):
    write(s3)
    (event,) = told(world, bus)
    assert (event["detail-type"], event["source"], event["resources"]) == ("Object Created", "aws.s3", [ROOT])
    about = event["detail"]["object"]
    assert (about["key"], about["size"], event["detail"]["reason"]) == ("in/a b+ü.csv", 5, reason)
    assert "version-id" not in about
    assert int(about["sequencer"], 16) > 0


def test_nothing_is_told_inside_the_request(world, s3, bus):
    put(s3)
    assert world.messages(bus) == []


def test_a_bucket_that_tells_nobody_is_silent(world, s3, bus):
    configure(s3)
    put(s3)
    assert told(world, bus) == []


@pytest.mark.parametrize("act", ["tag", "delete"])
def test_what_creates_nothing_tells_of_no_upload(world, s3, bus, act):
    put(s3)
    told(world, bus)
    world("sqs").purge_queue(QueueUrl=world("sqs").get_queue_url(QueueName=bus)["QueueUrl"])
    if act == "tag":
        s3.put_object_tagging(Bucket=BUCKET, Key="in/a b+ü.csv", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    else:
        s3.delete_object(Bucket=BUCKET, Key="in/a b+ü.csv")
    assert told(world, bus) == []


def test_versions_and_the_order_of_writes_are_told(world, s3, bus):
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    versions = [s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")["VersionId"] for _ in range(3)]
    found = sorted((event["detail"]["object"] for event in told(world, bus)), key=lambda about: about["sequencer"])
    assert [about["version-id"] for about in found] == versions


def test_a_test_may_have_each_told_twice(world, s3, bus):
    uploads_of(world.cloud).times = 2
    put(s3)
    first, second = told(world, bus)
    assert first["detail"] == second["detail"]


def test_a_function_is_called_with_a_record_whose_key_is_encoded(world, s3):
    code = "def handler(event, context): print(event['Records'][0])"
    function = world.function("starter", code)
    world.permit("starter", "s3.amazonaws.com", ROOT)
    entry = {"Id": "mine", "LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".csv"}]
    configure(s3, LambdaFunctionConfigurations=[entry | {"Filter": {"Key": {"FilterRules": rules}}}])
    for key in ("in/a b+ü.csv", "in/a.json", "out/a.csv"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"12345")
    world.pass_time()
    (line,) = [line for line in world.log("/aws/lambda/starter") if "eventSource" in line]
    assert "'key': 'in%2Fa+b%2B%C3%BC.csv'" in line
    assert "'configurationId': 'mine'" in line
    assert "'eventName': 'ObjectCreated:Put'" in line


def test_a_queue_and_a_topic_hear_what_they_asked_for(world, s3):
    queue = world.queue("news", "s3.amazonaws.com", "sns.amazonaws.com")
    topic = world.topic("gone", "s3.amazonaws.com")
    asked = {"QueueArn": queue, "Events": ["s3:ObjectCreated:Copy"]}
    configure(
        s3,
        QueueConfigurations=[asked],
        TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectCreated:Put"]}],
    )
    world("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    put(s3)
    copy(s3)
    names = [record["eventName"] for event in told(world, "news") for record in event["Records"]]
    assert sorted(names) == ["ObjectCreated:Copy", "ObjectCreated:Put"]


@pytest.fixture
def trail(world, s3):
    """A trail that logs writes under `in/`, with its own bucket."""
    world("s3").create_bucket(Bucket="trails")
    who = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    found = [
        {**who, "Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::trails"},
        {**who, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::trails/AWSLogs/123456789012/*"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": found})
    world("s3").put_bucket_policy(Bucket="trails", Policy=policy)
    world("cloudtrail").create_trail(Name="uploads", S3BucketName="trails")
    data = [{"Type": "AWS::S3::Object", "Values": [f"{ROOT}/in/"]}]
    selector = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": False, "DataResources": data}
    world("cloudtrail").put_event_selectors(TrailName="uploads", EventSelectors=[selector])
    world.rule("all", CREATED, {"Arn": world.queue("events", "events.amazonaws.com")})
    return world("cloudtrail")


@pytest.mark.parametrize(("write", "call", "_name"), WAYS)
def test_cloudtrail_tells_of_each_way_to_write(world, s3, trail, write, call, _name):
    trail.start_logging(Name="uploads")
    write(s3)
    s3.put_object(Bucket=BUCKET, Key="out/a.csv", Body=b"x")
    (event,) = told(world, "events")
    detail = event["detail"]
    assert (event["detail-type"], detail["eventSource"]) == ("AWS API Call via CloudTrail", "s3.amazonaws.com")
    assert (detail["eventName"], "errorCode" in detail) == (call, False)
    assert detail["requestParameters"]["bucketName"] == BUCKET
    assert detail["requestParameters"]["key"] == "in/a b+ü.csv"


def test_a_trail_that_does_not_log_tells_nothing(world, s3, trail):
    put(s3)
    trail.start_logging(Name="uploads")
    trail.stop_logging(Name="uploads")
    put(s3)
    assert told(world, "events") == []


def test_a_trail_writes_down_what_it_tells(world, s3, trail):
    trail.start_logging(Name="uploads")
    put(s3)
    ((event,)) = told(world, "events")
    (entry,) = s3.list_objects_v2(Bucket="trails")["Contents"]
    assert entry["Key"].startswith("AWSLogs/123456789012/CloudTrail/us-east-1/")
    written = json.loads(gzip.decompress(s3.get_object(Bucket="trails", Key=entry["Key"])["Body"].read()))
    assert written["Records"] == [event["detail"]]


def refusal(act):
    with pytest.raises(ClientError) as caught:
        act()
    return caught.value.response["Error"]


def test_a_destination_that_does_not_let_the_bucket_in_is_refused(world, s3):
    function = world.function("starter", "def handler(event, context): pass")
    entry = {"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
    error = refusal(lambda: configure(s3, LambdaFunctionConfigurations=[entry]))
    assert (error["Code"], "Unable to validate" in error["Message"]) == ("InvalidArgument", True)
    world.permit("starter", "s3.amazonaws.com", "arn:aws:s3:::other")
    assert refusal(lambda: configure(s3, LambdaFunctionConfigurations=[entry]))["Code"] == "InvalidArgument"
    world("lambda").remove_permission(FunctionName="starter", StatementId="x")
    world.permit("starter", "s3.amazonaws.com", ROOT)
    configure(s3, LambdaFunctionConfigurations=[entry])


def test_a_destination_that_is_not_there_is_refused(s3):
    entry = {"QueueArn": "arn:aws:sqs:us-east-1:123456789012:gone", "Events": ["s3:ObjectCreated:*"]}
    assert refusal(lambda: configure(s3, QueueConfigurations=[entry]))["Code"] == "InvalidArgument"


@pytest.mark.parametrize(
    ("prefix", "event", "refused"),
    [
        ("in/sub/", "s3:ObjectCreated:Put", True),
        ("in/sub/", "s3:ObjectRemoved:*", False),
        ("x/", "s3:ObjectCreated:*", False),
    ],
)
def test_two_entries_for_one_upload_are_refused(world, s3, prefix, event, refused):
    queue = world.queue("news", "s3.amazonaws.com")

    def entry(prefix, event):
        rules = {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}
        return {"QueueArn": queue, "Events": [event], "Filter": rules}

    entries = [entry("in/", "s3:ObjectCreated:*"), entry(prefix, event)]
    if refused:
        assert "ambiguously" in refusal(lambda: configure(s3, QueueConfigurations=entries))["Message"]
    else:
        configure(s3, QueueConfigurations=entries)


def test_names_of_filter_rules_come_back_with_a_capital(world, s3):
    queue = world.queue("news", "s3.amazonaws.com")
    rules = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}}
    configure(s3, QueueConfigurations=[{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"], "Filter": rules}])
    (entry,) = s3.get_bucket_notification_configuration(Bucket=BUCKET)["QueueConfigurations"]
    assert entry["Filter"]["Key"]["FilterRules"] == [{"Name": "Prefix", "Value": "in/"}]
    assert entry["Id"]
