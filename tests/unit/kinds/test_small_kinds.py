"""Queues, repositories, log and security groups: the oddities of each that its contract cannot show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.resource import Live, Removal, Resource, Update
from scrapectl.errors import AwsError
from scrapectl.kinds import KINDS
from scrapectl.kinds.ecr_image import EcrImage
from scrapectl.kinds.ecr_repository import EcrRepository, repository_uri
from scrapectl.kinds.log_group import LogGroup
from scrapectl.kinds.security_group import Rule, SecurityGroup
from scrapectl.kinds.sqs_queue import DeadLetter, SqsQueue, queue_arn
from scrapectl.local.registry import Refusal
from scrapectl.operate.images import push_image

TAGS = {"scrapectl:pipeline": "shop"}


def read(aws, want: Resource) -> Live:
    live = type(want).read(aws, want.key())
    assert live is not None
    return live


def update(aws, want: Resource) -> None:
    live = read(aws, want)
    want.update(aws, Update(live, frozenset(change.name for change in diff(want, live)), TAGS))


def test_a_redrive_is_cleared_by_an_empty_text(aws, sent):
    SqsQueue("dead", 60, 30).create(aws, TAGS)
    arn = queue_arn("aws", "us-east-1", aws.account, "dead")
    SqsQueue("rows", 60, 30, DeadLetter(arn, 5)).create(aws, TAGS)
    update(aws, SqsQueue("rows", 60, 30))
    assert sent.of("SetQueueAttributes")[0]["Attributes"] == {"RedrivePolicy": ""}
    assert diff(SqsQueue("rows", 60, 30), read(aws, SqsQueue("rows", 60, 30))) == ()


def test_a_queue_is_encrypted_from_its_first_moment(aws, sent):
    SqsQueue("rows", 60, 30).create(aws, TAGS)
    attributes = sent.of("CreateQueue")[0]["Attributes"]
    assert attributes == {
        "MessageRetentionPeriod": "60",
        "VisibilityTimeout": "30",
        "SqsManagedSseEnabled": "true",
    }


def test_a_queue_that_goes_between_two_calls_is_absent(aws, sent):
    want = SqsQueue("rows", 60, 30)
    want.create(aws, TAGS)
    sent.refuse("ListQueueTags", Refusal("AWS.SimpleQueueService.NonExistentQueue", "gone", 400))
    assert SqsQueue.read(aws, want.key()) is None


def test_log_groups_with_longer_names_are_others(aws):
    LogGroup("/scrapectl/shop-eu", 30).create(aws, TAGS)
    assert LogGroup.read(aws, ("/scrapectl/shop",)) is None


def test_a_log_groups_arn_has_no_star(aws):
    want = LogGroup("/scrapectl/shop", 30)
    made = want.create(aws, TAGS)
    assert made is not None
    assert made.outputs == read(aws, want).outputs
    assert not made.outputs["arn"].endswith("*")
    assert LogGroup.key_of_arn(f"{made.outputs['arn']}:*") == want.key()


def test_another_lifecycle_policy_is_a_difference(aws):
    want = EcrRepository("shop-scraper", scan=True, keep=10)
    want.create(aws, TAGS)
    selection = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 10}
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    text = json.dumps({"rules": [rule]})
    aws.client("ecr").put_lifecycle_policy(repositoryName=want.name, lifecyclePolicyText=text)
    assert [change.name for change in diff(want, read(aws, want))] == ["keep"]
    update(aws, want)
    assert diff(want, read(aws, want)) == ()


@pytest.fixture
def build_folder(tmp_path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path


@pytest.mark.parametrize(("on_destroy", "data"), [("delete", False), ("refuse", True)])
def test_a_repository_goes_with_its_images_where_that_is_allowed(aws, build_folder, on_destroy, data):
    want = EcrRepository("shop-scraper", scan=True, keep=10)
    want.create(aws, {**TAGS, "scrapectl:on_destroy": on_destroy})
    push_image(aws, repository_uri("aws", "us-east-1", aws.account, want.name), build_folder, "src-1")
    assert EcrRepository.contents(aws, read(aws, want)) == 1
    EcrRepository.delete(aws, read(aws, want), Removal(data))
    assert EcrRepository.read(aws, want.key()) is None


def test_a_repository_that_refuses_stays_while_it_holds_images(aws, build_folder):
    want = EcrRepository("shop-scraper", scan=True, keep=10)
    want.create(aws, {**TAGS, "scrapectl:on_destroy": "refuse"})
    push_image(aws, repository_uri("aws", "us-east-1", aws.account, want.name), build_folder, "src-1")
    with pytest.raises(AwsError) as refused:
        EcrRepository.delete(aws, read(aws, want), Removal())
    assert refused.value.code == "RepositoryNotEmptyException"


def test_a_repository_says_where_it_is_pulled_from(aws):
    want = EcrRepository("shop-scraper", scan=True, keep=10)
    want.create(aws, TAGS)
    assert read(aws, want).outputs["uri"] == repository_uri("aws", "us-east-1", aws.account, "shop-scraper")
    assert repository_uri("aws-cn", "cn-north-1", "1", "a").endswith(".amazonaws.com.cn/a")


def test_an_image_of_an_absent_repository_is_absent(aws):
    assert EcrImage.read(aws, ("nowhere", "src-1")) is None


def test_an_image_is_pushed_once_and_named_by_its_digest(aws):
    pushed = []

    def push(_aws: object, uri: str, folder: str, tag: str, platform: str) -> str:
        pushed.append((uri, folder, tag, platform))
        return "sha256:0123"

    aws.image_pusher = push
    live = EcrImage("shop-scraper", "src-1", "./scraper", "ARM64").create(aws, {})
    uri = repository_uri("aws", "us-east-1", aws.account, "shop-scraper")
    assert pushed == [(uri, "./scraper", "src-1", "ARM64")]
    assert live is not None
    assert live.outputs["uri"] == f"{uri}@sha256:0123"


@pytest.fixture
def vpc(aws) -> str:
    vpc_id: str = aws.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    return vpc_id


def test_a_plain_group_is_one_call_with_its_tags(aws, sent, vpc):
    SecurityGroup("shop-jobs", vpc, "jobs").create(aws, TAGS)
    made = [call for call in sent.calls if not call.operation.startswith("Describe")]
    assert [call.operation for call in made] == ["CreateSecurityGroup"]
    tags = [{"Key": "scrapectl:pipeline", "Value": "shop"}]
    assert made[0].params["TagSpecifications"] == [{"ResourceType": "security-group", "Tags": tags}]


def test_all_groups_are_read_in_one_call(aws, sent, vpc):
    wants = [SecurityGroup(f"shop-{i}", vpc, "jobs") for i in range(3)]
    for want in wants:
        want.create(aws, TAGS)
    before = len(sent.calls)
    keys = [want.key() for want in wants]
    assert set(SecurityGroup.read_many(aws, [*keys, ("absent", vpc)])) == set(keys)
    assert len(sent.calls) - before == 1


def test_a_group_names_itself(aws, vpc):
    want = SecurityGroup("shop-jobs", vpc, "jobs", frozenset({Rule("tcp", 1, 2, "self")}))
    want.create(aws, TAGS)
    assert diff(want, read(aws, want)) == ()


def test_all_out_by_ipv6_too_is_all_out(aws, vpc):
    """AWS adds that rule itself in a VPC that has an IPv6 block."""
    want = SecurityGroup("shop_jobs", vpc, "jobs")
    made = want.create(aws, TAGS)
    assert made is not None
    by_ipv6 = [{"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]
    ec2 = aws.client("ec2")
    ec2.authorize_security_group_egress(GroupId=made.outputs["id"], IpPermissions=by_ipv6)
    assert diff(want, read(aws, want)) == ()
    by_ipv4 = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_egress(GroupId=made.outputs["id"], IpPermissions=by_ipv4)
    assert [change.name for change in diff(want, read(aws, want))] == ["egress"]


def test_one_rule_of_two_changes_alone(aws, sent, vpc):
    first, second, third = (Rule("tcp", port, port, "10.0.0.0/8", "why") for port in (1, 2, 3))
    SecurityGroup("shop-jobs", vpc, "jobs", frozenset({first, second})).create(aws, TAGS)
    want = SecurityGroup("shop-jobs", vpc, "jobs", frozenset({first, third}))
    update(aws, want)
    assert [len(call["IpPermissions"]) for call in sent.of("RevokeSecurityGroupIngress")] == [1]
    assert diff(want, read(aws, want)) == ()


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.sweep], ids=lambda kind: kind.kind)
def test_an_arn_of_another_kind_has_no_key(kind: type[Resource]):
    assert kind.key_of_arn("arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-1") is None
