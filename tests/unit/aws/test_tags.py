"""Tags of what stands, set and removed by ARN through the service that owns it, and nobody else's touched."""

from __future__ import annotations

import pytest

from scrapectl.engine.ownership import PIPELINE
from tests.account import Account, done, spec_of

SPEC = """
version: 1
pipeline: shop
region: us-east-1
secrets: {key: {generate: 20}}
buckets: {raw: {}}
message_queues: {rows: {}}
job_queues: {default: {shares: {low: 1}}}
jobs: {walk: {image: x, access: {write: [raw]}, schedules: {daily: {rate: 1d}}}}
"""
KINDS = {
    "arn:aws:s3:::": "s3",
    ":sqs:": "sqs",
    ":secret:": "secretsmanager",
    ":log-group:": "logs",
    ":schedule-group/": "scheduler",
    ":role/": "iam",
    ":security-group/": "ec2",
    ":job-queue/": "batch",
    ":compute-environment/": "batch",
    ":job-definition/": "batch",
    ":scheduling-policy/": "batch",
}


def tags_of(account: Account, arn: str) -> dict[str, str]:
    if ":role/" in arn:
        entries = account.client("iam").list_role_tags(RoleName=arn.rpartition("/")[2])["Tags"]
    else:
        tagging = account.client("resourcegroupstaggingapi")
        entries = tagging.get_resources(ResourceARNList=[arn])["ResourceTagMappingList"][0]["Tags"]
    return {entry["Key"]: entry["Value"] for entry in entries}


@pytest.mark.parametrize("sign", KINDS)
def test_tags_are_put_and_dropped(account: Account, sign: str) -> None:
    done(account.apply(spec_of(SPEC)))
    arn = next(arn for arn in account.owned("shop") if sign in arn)
    aws = account.session()
    before = tags_of(account, arn)
    aws.tag(arn, {"team": "a", "cost": "b c+=_.:/@-"}, ())
    assert tags_of(account, arn) == {**before, "team": "a", "cost": "b c+=_.:/@-"}
    aws.tag(arn, {"cost": "d"}, ("team",))
    assert tags_of(account, arn) == {**before, "cost": "d"}
    assert before[PIPELINE] == "shop"


def test_service_without_a_kind_of_ours(account: Account) -> None:
    with pytest.raises(KeyError):
        account.session().tag("arn:aws:workmail:us-east-1:123456789012:organization/x", {"a": "b"}, ())


def test_tags_that_aws_put_on_a_bucket_are_not_sent_back(account: Account) -> None:
    """S3 replaces the whole set; those of CloudFormation may be read, never written (AWS-FACTS §0)."""
    account.client("s3").create_bucket(Bucket="some-bucket")
    sent = account.calls_of(lambda: account.session().tag("arn:aws:s3:::some-bucket", {"a": "b"}, ("c",)))
    puts = [call.params["Tagging"]["TagSet"] for call in sent if call.operation == "PutBucketTagging"]
    assert puts[-1] == [{"Key": "a", "Value": "b"}]
