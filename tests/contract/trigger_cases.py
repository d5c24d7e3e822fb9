"""The cases of triggers and desktops: buckets that are not ours, trails, fleets and stacks."""

from __future__ import annotations

import json
from typing import Any

from scrapectl.kinds.appstream_fleet import AppstreamFleet
from scrapectl.kinds.appstream_stack import AppstreamStack
from scrapectl.kinds.cloudtrail_trail import CloudtrailTrail
from scrapectl.kinds.s3_bucket_events import S3BucketEvents
from scrapectl.kinds.s3_bucket_notification import S3BucketNotification, notification_id
from scrapectl.kinds.s3_bucket_policy import trail_statements
from tests.contract.bench import Bench
from tests.contract.cases import Case
from tests.contract.efs_datasync_cases import group, subnets
from tests.contract.messaging_cases import PACKAGE, SOMEONES, role

CREATED = ["s3:ObjectCreated:*"]


def their_bucket(bench: Bench, name: str) -> str:
    """A bucket of others."""
    place = {"LocationConstraint": bench.aws.region}
    bench.once(name, lambda: bench.aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place))
    return name


def bucket_events(bench: Bench, owner: str) -> S3BucketEvents:
    return S3BucketEvents(their_bucket(bench, f"theirs-of-{owner}"))


def switch_off(bench: Bench, want: S3BucketEvents) -> None:
    bench.aws.client("s3").put_bucket_notification_configuration(Bucket=want.bucket, NotificationConfiguration={})


def starter(bench: Bench, owner: str, bucket: str) -> str:
    """The starter of an instance, which a bucket may call."""

    def make() -> str:
        functions = bench.aws.client("lambda")
        made = functions.create_function(
            FunctionName=f"{owner}_starter",
            Role=role(bench, "lambda"),
            Runtime="python3.13",
            Handler="notifier.handle",
            Code={"ZipFile": PACKAGE},
        )
        bench.cloud.clock.advance(60)
        source = {"SourceArn": f"arn:aws:s3:::{bucket}", "SourceAccount": bench.aws.account}
        who = {"Principal": "s3.amazonaws.com", **source}
        functions.add_permission(
            FunctionName=f"{owner}_starter", StatementId="s3", Action="lambda:InvokeFunction", **who
        )
        return str(made["FunctionArn"])

    return str(bench.once(f"starter of {owner}", make))


def bucket_notification(bench: Bench, owner: str) -> S3BucketNotification:
    bucket = their_bucket(bench, "theirs")
    return S3BucketNotification(
        bucket, notification_id(owner, "upload"), starter(bench, owner, bucket), f"in/{owner}/", ".csv"
    )


def other_events(bench: Bench, want: S3BucketNotification) -> None:
    s3 = bench.aws.client("s3")
    found = s3.get_bucket_notification_configuration(Bucket=want.bucket)
    for entry in found["LambdaFunctionConfigurations"]:
        if entry["Id"] == want.id:
            entry["Events"] = ["s3:ObjectRemoved:*"]
        for rule in entry["Filter"]["Key"]["FilterRules"]:
            rule["Name"] = rule["Name"].lower()
    found.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=want.bucket, NotificationConfiguration=found)


def trail_bucket(bench: Bench, name: str, *trails: str) -> str:
    """A bucket that lets trails in."""

    def make() -> None:
        their_bucket(bench, name)
        arns = [f"arn:aws:cloudtrail:{bench.aws.region}:{bench.aws.account}:trail/{trail}" for trail in trails]
        found = [statement for arn in arns for statement in trail_statements(f"arn:aws:s3:::{name}", arn)]
        numbered = [{**statement, "Sid": f"s{number}"} for number, statement in enumerate(found)]
        policy = json.dumps({"Version": "2012-10-17", "Statement": numbered})
        bench.aws.client("s3").put_bucket_policy(Bucket=name, Policy=policy)

    bench.once(f"policy of {name}", make)
    return name


def trail(bench: Bench, owner: str) -> CloudtrailTrail:
    bucket = trail_bucket(bench, "trails", "shop-upload", "shop-eu-upload")
    return CloudtrailTrail(f"{owner}-upload", bucket, frozenset({"arn:aws:s3:::raw/in/", "arn:aws:s3:::raw/more/"}))


def fleet(bench: Bench, owner: str) -> AppstreamFleet:
    return AppstreamFleet(
        name=f"{owner}-review",
        image="review",
        instance_type="stream.standard.medium",
        role=role(bench, "appstream"),
        subnets=tuple(subnet["SubnetId"] for subnet in subnets(bench)[:2]),
        security_groups=(group(bench, "desktops"),),
    )


def standing_fleet(bench: Bench, name: str) -> str:
    def make() -> str:
        want = AppstreamFleet(name=name, image="review", instance_type="stream.standard.medium")
        want.create(bench.aws, SOMEONES)
        return name

    return str(bench.once(f"fleet {name}", make))


def stack(bench: Bench, owner: str) -> AppstreamStack:
    return AppstreamStack(f"{owner}-review", fleet=standing_fleet(bench, f"base-{owner}"))


def let_out(bench: Bench, want: AppstreamStack) -> None:
    settings = [{"Action": "FILE_DOWNLOAD", "Permission": "ENABLED"}]
    more: list[Any] = [{"Action": "CLIPBOARD_COPY_TO_LOCAL_DEVICE", "Permission": "DISABLED"}]
    bench.aws.client("appstream").update_stack(Name=want.name, UserSettings=settings + more)


TRIGGER_CASES: dict[str, Case] = {
    S3BucketEvents.kind: Case(bucket_events, end=switch_off, user_tags=False),
    S3BucketNotification.kind: Case(
        bucket_notification,
        {
            "prefix": lambda _: "in/shop/more/",
            "suffix": lambda _: ".json",
        },
        tampers={"events": other_events},
        user_tags=False,
    ),
    CloudtrailTrail.kind: Case(
        trail,
        {
            "bucket": lambda bench: trail_bucket(bench, "more-trails", "shop-upload"),
            "objects": lambda _: frozenset({"arn:aws:s3:::raw/"}),
            "logging": lambda _: False,
            "validation": lambda _: False,
        },
    ),
    AppstreamFleet.kind: Case(
        fleet,
        {
            "image": lambda _: "other",
            "instance_type": lambda _: "stream.standard.large",
            "desired": lambda _: 2,
            "idle": lambda _: 600,
            "longest": lambda _: 3600,
            "role": lambda _: None,
            "subnets": lambda bench: (subnets(bench)[2]["SubnetId"],),
            "security_groups": lambda bench: (group(bench, "others"),),
            "internet": lambda _: True,
            "running": lambda _: False,
        },
        later=frozenset({"running"}),
    ),
    AppstreamStack.kind: Case(
        stack,
        {
            "clipboard": lambda _: False,
            "uploads": lambda _: False,
            "fleet": lambda bench: standing_fleet(bench, "other"),
        },
        tampers={"sealed": let_out},
    ),
}
