"""Buckets, message queues, secrets, parameters and logs keep, refuse and rest as AWS's do."""

from __future__ import annotations

import json

import pytest

from scrapectl.local.registry import Refusal

BUCKET = "some-bucket"


@pytest.fixture
def bucket(aws):
    aws("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"Tags": [{"Key": "a", "Value": "b"}]})
    return aws("s3")


def test_a_new_bucket_has_its_tags_and_awss_defaults(bucket):
    assert bucket.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert all(bucket.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    rule = bucket.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    owner = bucket.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"][0]
    assert owner["ObjectOwnership"] == "BucketOwnerEnforced"


def test_creating_again_changes_nothing(bucket):
    bucket.delete_public_access_block(Bucket=BUCKET)
    bucket.create_bucket(Bucket=BUCKET)
    with pytest.raises(bucket.exceptions.ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        bucket.get_public_access_block(Bucket=BUCKET)


@pytest.mark.parametrize("name", ["sthree-bucket", "bucket-s3alias", "amzn-s3-demo-bucket"])
def test_reserved_names(aws, refused, name):
    with refused("InvalidBucketName"):
        aws("s3").create_bucket(Bucket=name)


def test_a_bucket_with_versions_is_not_deleted(bucket, refused):
    bucket.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    bucket.put_object(Bucket=BUCKET, Key="k", Body=b"1")
    bucket.delete_object(Bucket=BUCKET, Key="k")
    with refused("BucketNotEmpty"):
        bucket.delete_bucket(Bucket=BUCKET)
    listed = bucket.list_object_versions(Bucket=BUCKET)
    gone = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in listed["Versions"] + listed["DeleteMarkers"]]
    bucket.delete_objects(Bucket=BUCKET, Delete={"Objects": gone})
    bucket.delete_bucket(Bucket=BUCKET)


def test_a_buckets_name_rests(bucket, cloud, refused):
    bucket.delete_bucket(Bucket=BUCKET)
    with refused("OperationAborted", "conflicting conditional operation"):
        bucket.create_bucket(Bucket=BUCKET)
    cloud.clock.advance(31)
    bucket.create_bucket(Bucket=BUCKET)


def test_tiering_is_kept_listed_and_deleted(bucket, refused):
    wanted = {"Id": "all", "Status": "Enabled", "Tierings": [{"AccessTier": "ARCHIVE_ACCESS", "Days": 90}]}
    bucket.put_bucket_intelligent_tiering_configuration(Bucket=BUCKET, Id="all", IntelligentTieringConfiguration=wanted)
    answer = bucket.get_bucket_intelligent_tiering_configuration(Bucket=BUCKET, Id="all")
    assert answer["IntelligentTieringConfiguration"] == wanted
    listed = bucket.list_bucket_intelligent_tiering_configurations(Bucket=BUCKET)
    assert listed["IntelligentTieringConfigurationList"] == [wanted]
    bucket.delete_bucket_intelligent_tiering_configuration(Bucket=BUCKET, Id="all")
    with refused("NoSuchConfiguration"):
        bucket.get_bucket_intelligent_tiering_configuration(Bucket=BUCKET, Id="all")
    with refused("NoSuchBucket"):
        bucket.list_bucket_intelligent_tiering_configurations(Bucket="another-bucket")


@pytest.mark.parametrize(
    "days",
    [
        {"ARCHIVE_ACCESS": 89},
        {"DEEP_ARCHIVE_ACCESS": 179},
        {"DEEP_ARCHIVE_ACCESS": 731},
        {"ARCHIVE_ACCESS": 200, "DEEP_ARCHIVE_ACCESS": 190},
    ],
)
def test_tiering_that_is_refused(bucket, refused, days):
    tierings = [{"AccessTier": tier, "Days": number} for tier, number in days.items()]
    wanted = {"Id": "all", "Status": "Enabled", "Tierings": tierings}
    with refused("InvalidArgument"):
        bucket.put_bucket_intelligent_tiering_configuration(
            Bucket=BUCKET, Id="all", IntelligentTieringConfiguration=wanted
        )


def test_eventbridge_stays_on_until_it_is_left_out(bucket):
    put, get = bucket.put_bucket_notification_configuration, bucket.get_bucket_notification_configuration
    put(Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert get(Bucket=BUCKET)["EventBridgeConfiguration"] == {}
    put(Bucket=BUCKET, NotificationConfiguration={})
    assert "EventBridgeConfiguration" not in get(Bucket=BUCKET)


def test_lifecycle_rules_that_are_refused(bucket, refused):
    def put(*rules):
        bucket.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": list(rules)})

    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    put(rule)
    with refused("InvalidArgument", "unique"):
        put(rule, rule)
    with refused("InvalidRequest", "At least one action"):
        put({key: value for key, value in rule.items() if key != "Expiration"})
    with refused("InvalidRequest", "Tags"):
        tag = {"Tag": {"Key": "k", "Value": "v"}}
        put(rule | {"Filter": tag, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}})


def test_a_message_queues_name_rests_a_minute(aws, cloud, refused):
    url = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    aws("sqs").delete_queue(QueueUrl=url)
    cloud.clock.advance(59)
    with refused("AWS.SimpleQueueService.QueueDeletedRecently", "wait 60 seconds"):
        aws("sqs").create_queue(QueueName="q")
    cloud.clock.advance(2)
    aws("sqs").create_queue(QueueName="q")


@pytest.mark.parametrize(
    ("target", "count", "words"),
    [
        ("none", 5, "does not exist"),
        ("dead", 0, "is invalid"),
        ("dead", 1001, "is invalid"),
        ("dead.fifo", 5, "invalid"),
    ],
)
def test_redrive_that_is_refused(aws, refused, target, count, words):
    aws("sqs").create_queue(QueueName="dead")
    arn = f"arn:aws:sqs:us-east-1:123456789012:{target}"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": count})
    with refused("InvalidParameterValue", words):
        aws("sqs").create_queue(QueueName="q", Attributes={"RedrivePolicy": policy})


def test_redrive_is_set_and_cleared(aws):
    aws("sqs").create_queue(QueueName="dead")
    policy = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": "5"})
    url = aws("sqs").create_queue(QueueName="q", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    read = aws("sqs").get_queue_attributes
    assert "RedrivePolicy" in read(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in read(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_waiting_for_a_message_takes_the_clouds_time(aws, cloud):
    url = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    before = cloud.clock.now()
    assert "Messages" not in aws("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=5)
    assert 5 <= cloud.clock.now() - before < 6


def test_a_secret_on_its_way_out_keeps_its_name(aws, cloud, refused):
    secrets = aws("secretsmanager")
    secrets.create_secret(Name="s", SecretString="x")
    secrets.delete_secret(SecretId="s")
    with refused("InvalidRequestException", "already scheduled for deletion"):
        secrets.create_secret(Name="s", SecretString="x")
    with refused("InvalidRequestException", "marked for deletion"):
        secrets.get_secret_value(SecretId="s")
    secrets.restore_secret(SecretId="s")
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "x"
    secrets.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    with refused("InvalidRequestException", "already scheduled for deletion"):
        secrets.create_secret(Name="s", SecretString="x")
    cloud.clock.advance(21)
    secrets.create_secret(Name="s", SecretString="x")


def test_creating_a_secret_twice_with_one_token_is_one_call(aws, refused):
    token = "a" * 32
    first = aws("secretsmanager").create_secret(Name="s", SecretString="x", ClientRequestToken=token)
    again = aws("secretsmanager").create_secret(Name="s", SecretString="x", ClientRequestToken=token)
    assert first["ARN"] == again["ARN"]
    for other in ({"SecretString": "y", "ClientRequestToken": token}, {"SecretString": "x"}):
        with refused("ResourceExistsException"):
            aws("secretsmanager").create_secret(Name="s", **other)


def test_parameters_and_overwriting(aws, refused):
    put = aws("ssm").put_parameter
    tags = [{"Key": "a", "Value": "b"}]
    assert put(Name="/p", Value="1", Type="String", Tags=tags)["Version"] == 1
    with refused("ParameterAlreadyExists"):
        put(Name="/p", Value="1", Type="String")
    with refused("ValidationException", "tags and overwrite can't be used together"):
        put(Name="/p", Value="1", Type="String", Overwrite=True, Tags=tags)
    assert put(Name="/p", Value="2", Overwrite=True)["Version"] == 2
    with refused("HierarchyTypeMismatchException"):
        put(Name="/p", Value="2", Type="SecureString", Overwrite=True)
    with refused("ValidationException", "nest"):
        put(Name="/q", Value="{{ssm:x}}", Type="String")
    with refused("ValidationException", "type is required"):
        put(Name="/q", Value="x")


def test_what_value_from_means(aws, cloud):
    document = json.dumps({"password": "p", "port": 5432})
    arn = aws("secretsmanager").create_secret(Name="s", SecretString=document)["ARN"]
    aws("ssm").put_parameter(Name="/p", Value="v", Type="SecureString")
    assert cloud.secret_value(arn) == document
    assert cloud.secret_value(f"{arn}:password::") == "p"
    assert cloud.secret_value(f"{arn}:port::") == "5432"
    assert cloud.secret_value(f"{arn}:password:AWSCURRENT:") == "p"
    assert cloud.secret_value("/p") == "v"
    assert cloud.secret_value("arn:aws:ssm:us-east-1:123456789012:parameter/p") == "v"
    with pytest.raises(Refusal, match="did not contain json key none"):
        cloud.secret_value(f"{arn}:none::")
    with pytest.raises(Refusal, match="ResourceNotFoundException"):
        cloud.secret_value("arn:aws:secretsmanager:us-east-1:123456789012:secret:none-abcdef")


def test_log_lines_make_their_stream_but_not_their_group(aws, cloud):
    with pytest.raises(Refusal, match="ResourceNotFoundException"):
        cloud.put_log("/g", "s", 1, "line")
    aws("logs").create_log_group(logGroupName="/g")
    now = int(cloud.clock.now() * 1000)
    cloud.put_log("/g", "s", now, "one")
    cloud.put_logs("/g", "s", [(now + 1, "two"), (now + 2, "three")])
    events = aws("logs").get_log_events(logGroupName="/g", logStreamName="s", startFromHead=True)["events"]
    assert [(e["timestamp"] - now, e["message"]) for e in events] == [(0, "one"), (1, "two"), (2, "three")]
    found = aws("logs").filter_log_events(logGroupName="/g", startTime=now + 1)["events"]
    assert [e["message"] for e in found] == ["two", "three"]


def test_awss_own_log_groups(aws, refused):
    with refused("InvalidParameterException", "reserved"):
        aws("logs").create_log_group(logGroupName="aws/x")
