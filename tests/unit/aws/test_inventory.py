"""The sweep: everything that may be an owner's, by exact owner, over every page; dead things and strangers fall out."""

from __future__ import annotations

from typing import Any

import pytest

from scrapectl.aws.inventory import owned_keys, owners
from scrapectl.kinds import KINDS
from tests.account import ACCOUNT, REGION, Account, done, spec_of

SPEC = """
version: 1
pipeline: {name}
region: us-east-1
buckets: {{raw: {{}}}}
message_queues: {{rows: {{}}}}
jobs: {{walk: {{image: x, access: {{write: [raw]}}, schedules: {{daily: {{rate: 1d}}}}}}}}
"""


def shop(name: str = "shop") -> Any:
    return spec_of(SPEC.format(name=name))


def test_sweep_knows_every_kind_that_stands(account: Account) -> None:
    done(account.apply(shop()))
    done(account.apply(shop("shop-eu")))
    found = owned_keys(account.session(), KINDS, "shop")
    standing = {c.address: (c.kind, c.key) for c in account.plan_destroy(shop()).plan.changes}
    assert {(kind, key) for kind, keys in found.items() for key in keys} == set(standing.values())
    assert found["schedule"] == [("shop", "walk_daily")]
    assert found["s3_bucket"] == [(f"shop-raw-{ACCOUNT}-{REGION}",)]


def test_owner_is_taken_exactly(account: Account) -> None:
    done(account.apply(shop("shop-eu")))
    assert owned_keys(account.session(), KINDS, "shop") == {}
    assert owned_keys(account.session(), KINDS, "shop-e") == {}


def test_every_page_is_read(account: Account) -> None:
    sqs = account.client("sqs")
    for number in range(130):
        sqs.create_queue(QueueName=f"q-{number}", tags={"scrapectl:pipeline": "many"})
    assert len(owned_keys(account.session(), KINDS, "many")["sqs_queue"]) == 130


def test_what_the_index_still_lists_and_is_gone_is_no_leftover() -> None:
    """The tagging API is late (AWS-FACTS §0.1): each of its hits is confirmed by a read."""
    from scrapectl.local.clock import VirtualClock  # noqa: PLC0415 - only here
    from scrapectl.local.delays import Delays  # noqa: PLC0415 - the same

    account = Account(clock=VirtualClock(), delays=Delays(0, 0, 0, 0, 0, 0, 0, 0, 60.0))
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="shop-old", tags={"scrapectl:pipeline": "shop"})["QueueUrl"]
    owned_keys(account.session(), KINDS, "shop")
    account.cloud.clock.sleep(61)
    assert owned_keys(account.session(), KINDS, "shop") == {"sqs_queue": [("shop-old",)]}
    sqs.delete_queue(QueueUrl=url)
    assert owned_keys(account.session(), KINDS, "shop") == {"sqs_queue": [("shop-old",)]}
    assert account.plan_destroy(shop(), by_name=True).plan.empty


def test_stranger_of_a_service_in_use_is_passed_over(account: Account) -> None:
    """Things of kinds that nobody here makes may carry the tag: a subnet, a topic."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "scrapectl:pipeline", "Value": "shop"}])
    assert owned_keys(account.session(), KINDS, "shop") == {}


def test_owners_of_account_and_region(account: Account) -> None:
    for name in ("shop", "shop-eu"):
        done(account.apply(shop(name)))
    found = owners(account.session())
    assert set(found) == {"shop", "shop-eu"}
    assert found["shop"] == found["shop-eu"] >= 8
    assert owners(account.session("eu-west-1")) == {}


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.sweep], ids=lambda kind: kind.kind)
def test_arn_of_another_kind_is_not_taken(kind: Any) -> None:
    arns = [f"arn:aws:{k.sweep.format(region=REGION, account=ACCOUNT)}name-AbCdEf" for k in KINDS.values() if k.sweep]
    prefix = f"arn:aws:{kind.sweep.format(region=REGION, account=ACCOUNT)}"
    taken = [arn for arn in arns if arn.startswith(prefix) and kind.key_of_arn(arn) is not None]
    assert len(taken) == 1
