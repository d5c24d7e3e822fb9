"""Sets and removes the tags of what stands, by ARN: one line for each service's own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def apply(aws: Any, arn: str, put: Mapping[str, str], drop: Sequence[str]) -> None:
    """Remove `drop`, then set `put`, through the service that owns the ARN.

    Raises:
        KeyError: no kind of ours lives in that service.
    """
    service = arn.split(":")[2]
    tag, untag = _CALLS[service]
    if drop:
        untag(aws, arn, list(drop))
    if put:
        tag(aws, arn, dict(put))


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _small_pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _last(arn: str) -> str:
    return arn.rsplit("/", 1)[1]


def _type(arn: str) -> str:
    """`role` or `instance_profile`, as IAM's calls spell them."""
    return arn.split(":", 5)[5].partition("/")[0].replace("-", "_")


def _named(arn: str) -> dict[str, str]:
    """`RoleName` or `InstanceProfileName`, with the name at the end of the ARN."""
    return {"".join(word.title() for word in _type(arn).split("_")) + "Name": _last(arn)}


def _queue_url(aws: Any, arn: str) -> str:
    account, name = arn.split(":")[4:6]
    return str(aws.call("sqs", "get_queue_url", QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"])


def _bucket_tags(aws: Any, arn: str, change: Any) -> None:
    """S3 replaces the whole set (AWS-FACTS §0.2), so that it is read, changed and written."""
    bucket = arn.split(":::")[1]
    answer = aws.call("s3", "get_bucket_tagging", Bucket=bucket, absent=("NoSuchTagSet",))
    tags = {tag["Key"]: tag["Value"] for tag in (answer or {}).get("TagSet", [])}
    change(tags)
    kept = {key: value for key, value in tags.items() if not key.lower().startswith("aws:")}
    aws.call("s3", "put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": _pairs(kept)})


def _untag_bucket(aws: Any, arn: str, drop: Sequence[str]) -> None:
    _bucket_tags(aws, arn, lambda tags: [tags.pop(key, None) for key in drop])


_CALLS: dict[str, tuple[Any, Any]] = {
    "batch": (
        lambda aws, arn, put: aws.call("batch", "tag_resource", resourceArn=arn, tags=put),
        lambda aws, arn, drop: aws.call("batch", "untag_resource", resourceArn=arn, tagKeys=drop),
    ),
    "iam": (
        lambda aws, arn, put: aws.call("iam", f"tag_{_type(arn)}", **_named(arn), Tags=_pairs(put)),
        lambda aws, arn, drop: aws.call("iam", f"untag_{_type(arn)}", **_named(arn), TagKeys=drop),
    ),
    "rds": (
        lambda aws, arn, put: aws.call("rds", "add_tags_to_resource", ResourceName=arn, Tags=_pairs(put)),
        lambda aws, arn, drop: aws.call("rds", "remove_tags_from_resource", ResourceName=arn, TagKeys=drop),
    ),
    "redshift": (
        lambda aws, arn, put: aws.call("redshift", "create_tags", ResourceName=arn, Tags=_pairs(put)),
        lambda aws, arn, drop: aws.call("redshift", "delete_tags", ResourceName=arn, TagKeys=drop),
    ),
    "redshift-serverless": (
        lambda aws, arn, put: aws.call("redshift-serverless", "tag_resource", resourceArn=arn, tags=_small_pairs(put)),
        lambda aws, arn, drop: aws.call("redshift-serverless", "untag_resource", resourceArn=arn, tagKeys=drop),
    ),
    "logs": (
        lambda aws, arn, put: aws.call("logs", "tag_resource", resourceArn=arn, tags=put),
        lambda aws, arn, drop: aws.call("logs", "untag_resource", resourceArn=arn, tagKeys=drop),
    ),
    "s3": (lambda aws, arn, put: _bucket_tags(aws, arn, lambda tags: tags.update(put)), _untag_bucket),
    "sqs": (
        lambda aws, arn, put: aws.call("sqs", "tag_queue", QueueUrl=_queue_url(aws, arn), Tags=put),
        lambda aws, arn, drop: aws.call("sqs", "untag_queue", QueueUrl=_queue_url(aws, arn), TagKeys=drop),
    ),
    "ecr": (
        lambda aws, arn, put: aws.call("ecr", "tag_resource", resourceArn=arn, tags=_pairs(put)),
        lambda aws, arn, drop: aws.call("ecr", "untag_resource", resourceArn=arn, tagKeys=drop),
    ),
    "secretsmanager": (
        lambda aws, arn, put: aws.call("secretsmanager", "tag_resource", SecretId=arn, Tags=_pairs(put)),
        lambda aws, arn, drop: aws.call("secretsmanager", "untag_resource", SecretId=arn, TagKeys=drop),
    ),
    "ec2": (
        lambda aws, arn, put: aws.call("ec2", "create_tags", Resources=[_last(arn)], Tags=_pairs(put)),
        lambda aws, arn, drop: aws.call(
            "ec2", "delete_tags", Resources=[_last(arn)], Tags=[{"Key": key} for key in drop]
        ),
    ),
    "scheduler": (
        lambda aws, arn, put: aws.call("scheduler", "tag_resource", ResourceArn=arn, Tags=_pairs(put)),
        lambda aws, arn, drop: aws.call("scheduler", "untag_resource", ResourceArn=arn, TagKeys=drop),
    ),
    "sns": (
        lambda aws, arn, put: aws.call("sns", "tag_resource", ResourceArn=arn, Tags=_pairs(put)),
        lambda aws, arn, drop: aws.call("sns", "untag_resource", ResourceArn=arn, TagKeys=drop),
    ),
    "events": (
        lambda aws, arn, put: aws.call("events", "tag_resource", ResourceARN=arn, Tags=_pairs(put)),
        lambda aws, arn, drop: aws.call("events", "untag_resource", ResourceARN=arn, TagKeys=drop),
    ),
    "cloudwatch": (
        lambda aws, arn, put: aws.call("cloudwatch", "tag_resource", ResourceARN=arn, Tags=_pairs(put)),
        lambda aws, arn, drop: aws.call("cloudwatch", "untag_resource", ResourceARN=arn, TagKeys=drop),
    ),
    "cloudtrail": (
        lambda aws, arn, put: aws.call("cloudtrail", "add_tags", ResourceId=arn, TagsList=_pairs(put)),
        lambda aws, arn, drop: aws.call(
            "cloudtrail", "remove_tags", ResourceId=arn, TagsList=[{"Key": key} for key in drop]
        ),
    ),
    "appstream": (
        lambda aws, arn, put: aws.call("appstream", "tag_resource", ResourceArn=arn, Tags=put),
        lambda aws, arn, drop: aws.call("appstream", "untag_resource", ResourceArn=arn, TagKeys=drop),
    ),
    "elasticfilesystem": (
        lambda aws, arn, put: aws.call("efs", "tag_resource", ResourceId=_last(arn), Tags=_pairs(put)),
        lambda aws, arn, drop: aws.call("efs", "untag_resource", ResourceId=_last(arn), TagKeys=drop),
    ),
    "datasync": (
        lambda aws, arn, put: aws.call("datasync", "tag_resource", ResourceArn=arn, Tags=_pairs(put)),
        lambda aws, arn, drop: aws.call("datasync", "untag_resource", ResourceArn=arn, Keys=drop),
    ),
    "states": (
        lambda aws, arn, put: aws.call("stepfunctions", "tag_resource", resourceArn=arn, tags=_small_pairs(put)),
        lambda aws, arn, drop: aws.call("stepfunctions", "untag_resource", resourceArn=arn, tagKeys=drop),
    ),
    "lambda": (
        lambda aws, arn, put: aws.call("lambda", "tag_resource", Resource=arn, Tags=put),
        lambda aws, arn, drop: aws.call("lambda", "untag_resource", Resource=arn, TagKeys=drop),
    ),
}
