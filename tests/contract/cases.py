"""One case for each kind: what is wanted, how each field changes, what only others can change."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scrapectl.engine.resource import Resource
from scrapectl.engine.values import Policy
from scrapectl.kinds.ecr_image import EcrImage
from scrapectl.kinds.ecr_repository import EcrRepository
from scrapectl.kinds.iam_role import IamRole, role_path
from scrapectl.kinds.log_group import LogGroup
from scrapectl.kinds.s3_bucket import S3Bucket
from scrapectl.kinds.s3_bucket_rules import DAY, Archive
from scrapectl.kinds.s3_notifications import Notification
from scrapectl.kinds.secret import SecretValue
from scrapectl.kinds.security_group import EVERYWHERE, Rule, SecurityGroup
from scrapectl.kinds.sqs_queue import DeadLetter, SqsQueue, queue_arn
from scrapectl.local.services.ec2_interfaces import attach, release
from scrapectl.operate.images import push_image
from tests.contract.bench import Bench

Tamper = Callable[[Bench, Any], None]


class Together(dict[str, Any]):
    """Field → other value, of fields that AWS changes only with each other."""


@dataclass(frozen=True)
class Case:
    """How one kind is put to the test.

    Attributes:
        make: (bench, owner) → what is wanted; its name holds the owner's.
        changes: Field → (bench) → its other value, or several `Together`.
        tampers: Field that is never wanted otherwise → (bench, wanted) what someone else does to it.
        fill: Puts something inside before it is deleted.
        end: Ends what it is part of, for a kind that is never deleted by itself.
        user_tags: It can carry tags that are not ours.
        implied: Verb → IAM actions that AWS asks for without a call of ours.
        one_way: Fields that AWS changes, and does not change back.
        later: Fields that AWS takes only once the thing is made, as an update.
    """

    make: Callable[[Bench, str], Resource]
    changes: Mapping[str, Callable[[Bench], Any]] = field(default_factory=dict)
    tampers: Mapping[str, Tamper] = field(default_factory=dict)
    fill: Tamper = lambda _bench, _want: None
    end: Tamper | None = None
    user_tags: bool = True
    implied: Mapping[str, frozenset[str]] = field(default_factory=dict)
    one_way: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()


def trust(service: str) -> Policy:
    statement = {"Effect": "Allow", "Principal": {"Service": [service]}, "Action": ["sts:AssumeRole"]}
    return Policy({"Version": "2012-10-17", "Statement": [statement]})


def allow(*actions: str) -> Policy:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": ["arn:aws:s3:::b/*"]}
    return Policy({"Version": "2012-10-17", "Statement": [statement]})


def role(bench: Bench, owner: str) -> IamRole:
    return IamRole(
        name=f"{owner}-job-us-east-2",
        path=role_path(bench.aws.region, owner),
        trust=trust("ecs-tasks.amazonaws.com"),
        policy=allow("s3:GetObject", "s3:PutObject"),
        boundary="arn:aws:iam::123456789012:policy/limits",
        description="jobs",
    )


def attach_others(bench: Bench, want: IamRole) -> None:
    iam = bench.aws.client("iam")
    text = allow("s3:DeleteObject").to_json()
    iam.put_role_policy(RoleName=want.name, PolicyName="sneaked-in", PolicyDocument=text)
    arn = bench.once("wide", lambda: iam.create_policy(PolicyName="wide", PolicyDocument=text)["Policy"]["Arn"])
    iam.attach_role_policy(RoleName=want.name, PolicyArn=arn)


def bucket(bench: Bench, owner: str) -> S3Bucket:
    return S3Bucket(
        name=f"{owner}-raw-{bench.aws.account}-{bench.aws.region}",
        versioned=True,
        encryption="kms",
        expire={"tmp/": DAY, "": 400 * DAY},
        archive=Archive(125 * DAY, 180 * DAY),
    )


def called(bench: Bench) -> str:
    """A function that any bucket of the account may call."""

    def make() -> str:
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as packed:
            packed.writestr("starter.py", "def handler(event, context): pass")
        iam, functions = bench.aws.client("iam"), bench.aws.client("lambda")
        role = iam.create_role(RoleName="starts", AssumeRolePolicyDocument=trust("lambda.amazonaws.com").to_json())
        bench.cloud.clock.advance(60)
        made = functions.create_function(
            FunctionName="starter",
            Role=role["Role"]["Arn"],
            Runtime="python3.13",
            Handler="starter.handler",
            Code={"ZipFile": code.getvalue()},
        )
        bench.cloud.clock.advance(60)
        who = {"Principal": "s3.amazonaws.com", "SourceAccount": bench.aws.account}
        functions.add_permission(FunctionName="starter", StatementId="s3", Action="lambda:InvokeFunction", **who)
        return str(made["FunctionArn"])

    return str(bench.once("starter", make))


def open_to_the_public(bench: Bench, want: S3Bucket) -> None:
    bench.aws.client("s3").delete_public_access_block(Bucket=want.name)


def let_others_own(bench: Bench, want: S3Bucket) -> None:
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    bench.aws.client("s3").put_bucket_ownership_controls(Bucket=want.name, OwnershipControls=rules)


def allow_plain_http(bench: Bench, want: S3Bucket) -> None:
    bench.aws.client("s3").delete_bucket_policy(Bucket=want.name)


def fill_bucket(bench: Bench, want: S3Bucket) -> None:
    s3 = bench.aws.client("s3")
    s3.put_bucket_versioning(Bucket=want.name, VersioningConfiguration={"Status": "Enabled"})
    for text in (b"old", b"new"):
        s3.put_object(Bucket=want.name, Key="a/ü &<.json", Body=text)
    s3.delete_object(Bucket=want.name, Key="a/ü &<.json")
    s3.create_multipart_upload(Bucket=want.name, Key="half")


def queue(bench: Bench, owner: str) -> SqsQueue:
    name = f"{owner}-rows"
    dead = bench.once(f"{name}_dead", lambda: dead_queue(bench, f"{name}_dead"))
    return SqsQueue(name=name, retention=345600, visibility=360, dead_letter=DeadLetter(dead, 5), policy=send(bench))


def dead_queue(bench: Bench, name: str) -> str:
    bench.aws.client("sqs").create_queue(QueueName=name)
    return queue_arn("aws", bench.aws.region, bench.aws.account, name)


def send(bench: Bench) -> Policy:
    statement = {
        "Sid": "events",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn("aws", bench.aws.region, bench.aws.account, "shop-rows"),
    }
    return Policy({"Version": "2012-10-17", "Statement": [statement]})


def use_a_key(bench: Bench, want: SqsQueue) -> None:
    sqs = bench.aws.client("sqs")
    url = sqs.get_queue_url(QueueName=want.name)["QueueUrl"]
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"SqsManagedSseEnabled": "false", "KmsMasterKeyId": "alias/aws/sqs"}
    )


def secret(_bench: Bench, owner: str) -> SecretValue:
    return SecretValue(name=f"{owner}-key", value="first", description="the key")


def repository(_bench: Bench, owner: str) -> EcrRepository:
    return EcrRepository(name=f"{owner}-scraper", scan=True, keep=10)


def image(bench: Bench, owner: str) -> EcrImage:
    want = repository(bench, owner)
    bench.once(f"repository {owner}", lambda: want.create(bench.aws, {}))
    bench.aws.image_pusher = push_image
    (bench.folder / "Dockerfile").write_text("FROM scratch\n")
    return EcrImage(repository=want.name, tag="src-0123456789ab", folder=str(bench.folder), platform="X86_64")


def end_repository(bench: Bench, want: EcrImage) -> None:
    bench.aws.client("ecr").delete_repository(repositoryName=want.repository, force=True)
    bench.aws.client("ecr").create_repository(repositoryName=want.repository)


def group(bench: Bench, owner: str) -> SecurityGroup:
    vpc = bench.once("vpc", lambda: bench.aws.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"])
    return SecurityGroup(
        name=f"{owner}-jobs",
        vpc=vpc,
        description="jobs of shop",
        ingress=frozenset({Rule("tcp", 5432, 5432, "self", "each other")}),
        egress=frozenset({Rule("tcp", 443, 443, "0.0.0.0/0"), Rule("tcp", 80, 80, "10.0.0.0/8")}),
    )


def linger_in(bench: Bench, want: SecurityGroup) -> None:
    """A job ran in it a moment ago."""
    live = bench.read(want)
    assert live is not None
    subnet = bench.aws.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    attach(bench.cloud, bench.aws.region, "job", subnet, [live.outputs["id"]])
    release(bench.cloud, bench.aws.region, "job", after=60)


CASES: dict[str, Case] = {
    IamRole.kind: Case(
        role,
        {
            "trust": lambda _: trust("scheduler.amazonaws.com"),
            "policy": lambda _: None,
            "boundary": lambda _: None,
            "description": lambda _: "",
        },
        tampers={"others": attach_others},
        fill=attach_others,
    ),
    LogGroup.kind: Case(
        lambda _, owner: LogGroup(name=f"/scrapectl/{owner}", retention=30), {"retention": lambda _: None}
    ),
    S3Bucket.kind: Case(
        bucket,
        {
            "versioned": lambda _: False,
            "encryption": lambda _: "s3",
            "expire": lambda _: {"other/": 3 * DAY},
            "archive": lambda _: None,
            "events": lambda _: True,
            "notifications": lambda bench: frozenset({Notification("scrapectl_upload", called(bench), "in/", ".csv")}),
            "trail": lambda bench: f"arn:aws:cloudtrail:{bench.aws.region}:{bench.aws.account}:trail/shop-upload",
        },
        one_way=frozenset({"events"}),
        tampers={
            "public_access_blocked": open_to_the_public,
            "owner_enforced": let_others_own,
            "tls_only": allow_plain_http,
        },
        fill=fill_bucket,
    ),
    SqsQueue.kind: Case(
        queue,
        {
            "retention": lambda _: 60,
            "visibility": lambda _: 43200,
            "dead_letter": lambda _: None,
            "policy": lambda _: None,
        },
        tampers={"encryption": use_a_key},
    ),
    SecretValue.kind: Case(secret, {"value": lambda _: "second", "description": lambda _: "another key"}),
    EcrRepository.kind: Case(repository, {"scan": lambda _: False, "keep": lambda _: None}),
    EcrImage.kind: Case(
        image,
        end=end_repository,
        implied={"create": frozenset({"ecr:GetAuthorizationToken"})},  # what a container engine logs in with
    ),
    SecurityGroup.kind: Case(
        group,
        {
            "ingress": lambda _: frozenset({Rule("udp", 53, 60, "10.0.0.0/8"), Rule("icmp", -1, -1, "10.0.0.0/8")}),
            "egress": lambda _: EVERYWHERE,
        },
        fill=linger_in,
    ),
}
