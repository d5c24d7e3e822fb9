"""CloudTrail refuses what AWS refuses: buckets that do not let it in, names, selectors, a sixth trail."""

import json

import pytest

TRAIL = "arn:aws:cloudtrail:us-east-1:123456789012:trail/uploads"
WHO = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
LOOKS = {**WHO, "Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::trails"}
WRITES = {**WHO, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::trails/AWSLogs/123456789012/*"}


@pytest.fixture
def bucket(aws):
    def let(*statements):
        aws("s3").put_bucket_policy(
            Bucket="trails", Policy=json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        )

    aws("s3").create_bucket(Bucket="trails")
    let(LOOKS, WRITES)
    return let


@pytest.fixture
def trail(aws, bucket):
    aws("cloudtrail").create_trail(Name="uploads", S3BucketName="trails")
    return aws("cloudtrail")


def select(trail, **change):
    data = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::raw/in/"]}]
    selector = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": False, "DataResources": data} | change
    trail.put_event_selectors(TrailName="uploads", EventSelectors=[selector])


def condition(statement, **keys):
    return statement | {"Condition": {"StringEquals": keys}}


@pytest.mark.parametrize(
    "statements",
    [
        [LOOKS],
        [WRITES],
        [LOOKS, WRITES | {"Resource": "arn:aws:s3:::trails/AWSLogs/999999999999/*"}],
        [LOOKS, condition(WRITES, **{"aws:SourceArn": TRAIL.replace("uploads", "others")})],
        [LOOKS, condition(WRITES, **{"s3:x-amz-acl": "private"})],
    ],
)
def test_a_bucket_that_does_not_let_it_in_is_refused(aws, bucket, refused, statements):
    bucket(*statements)
    with refused("InsufficientS3BucketPolicyException"):
        aws("cloudtrail").create_trail(Name="uploads", S3BucketName="trails")


def test_a_bucket_that_names_just_this_trail_is_enough(aws, bucket):
    same = {"aws:SourceArn": TRAIL}
    bucket(condition(LOOKS, **same), condition(WRITES, **same, **{"s3:x-amz-acl": "bucket-owner-full-control"}))
    assert aws("cloudtrail").create_trail(Name="uploads", S3BucketName="trails")["TrailARN"] == TRAIL


def test_a_bucket_must_stand_and_an_update_is_checked_too(aws, trail, refused):
    with refused("S3BucketDoesNotExistException"):
        aws("cloudtrail").create_trail(Name="more", S3BucketName="gone-for-good")
    aws("s3").create_bucket(Bucket="closed")
    with refused("InsufficientS3BucketPolicyException"):
        trail.update_trail(Name="uploads", S3BucketName="closed")


@pytest.mark.parametrize("name", ["ab", "-uploads", "up..loads", "192.168.0.1", "uploads-"])
def test_a_name_that_is_none_is_refused(aws, bucket, refused, name):
    with refused("InvalidTrailNameException"):
        aws("cloudtrail").create_trail(Name=name, S3BucketName="trails")


def test_a_name_stands_once_and_a_region_has_five(aws, trail, refused):
    with refused("TrailAlreadyExistsException"):
        trail.create_trail(Name="uploads", S3BucketName="trails")
    for number in range(4):
        trail.create_trail(Name=f"more-{number}", S3BucketName="trails")
    with refused("MaximumNumberOfTrailsExceededException"):
        trail.create_trail(Name="one-more", S3BucketName="trails")


def test_a_new_trail_logs_management_events_and_only_when_it_is_started(trail):
    (selector,) = trail.get_event_selectors(TrailName="uploads")["EventSelectors"]
    assert (selector["IncludeManagementEvents"], selector["ReadWriteType"]) == (True, "All")
    assert not trail.get_trail_status(Name="uploads")["IsLogging"]
    trail.start_logging(Name="uploads")
    assert trail.get_trail_status(Name="uploads")["IsLogging"]
    trail.stop_logging(Name="uploads")
    assert not trail.get_trail_status(Name="uploads")["IsLogging"]


@pytest.mark.parametrize(
    "change",
    [
        {"DataResources": []},
        {"DataResources": [{"Type": "AWS::S3::Object", "Values": ["raw/in/"]}]},
        {"DataResources": [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::raw/{n}" for n in range(251)]}]},
    ],
)
def test_selectors_that_select_nothing_or_too_much_are_refused(trail, refused, change):
    with refused("InvalidEventSelectorsException"):
        select(trail, **change)


def test_no_selector_at_all_is_refused(trail, refused):
    with refused("InvalidEventSelectorsException"):
        trail.put_event_selectors(TrailName="uploads", EventSelectors=[])


def test_what_is_not_there_is_told(trail, refused):
    trail.delete_trail(Name="uploads")
    for ask in ("get_trail", "get_trail_status", "start_logging", "delete_trail"):
        with refused("TrailNotFoundException"):
            getattr(trail, ask)(Name="uploads")
    with refused("ResourceNotFoundException"):
        trail.list_tags(ResourceIdList=[TRAIL])
    assert trail.list_trails()["Trails"] == []


def test_its_tags_are_found_by_the_tagging_api(aws, cloud, trail):
    trail.add_tags(ResourceId=TRAIL, TagsList=[{"Key": "team", "Value": "a"}, {"Key": "b", "Value": "c"}])
    trail.remove_tags(ResourceId=TRAIL, TagsList=[{"Key": "b"}])
    assert trail.list_tags(ResourceIdList=[TRAIL])["ResourceTagList"] == [
        {"ResourceId": TRAIL, "TagsList": [{"Key": "team", "Value": "a"}]}
    ]
    ask = {"ResourceTypeFilters": ["cloudtrail:trail"]}
    aws("resourcegroupstaggingapi").get_resources(**ask)
    cloud.clock.advance(60)
    found = aws("resourcegroupstaggingapi").get_resources(**ask)["ResourceTagMappingList"]
    assert [entry["ResourceARN"] for entry in found] == [TRAIL]
