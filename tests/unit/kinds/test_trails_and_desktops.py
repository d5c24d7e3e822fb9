"""Trails and fleets: what is sent, in which order, and what is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.resource import Live, Removal, Status, Update
from scrapectl.kinds.appstream_fleet import AppstreamFleet
from scrapectl.kinds.appstream_stack import AppstreamStack
from scrapectl.kinds.cloudtrail_trail import CloudtrailTrail
from scrapectl.kinds.s3_bucket import S3Bucket
from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud

TAGS = {"scrapectl:pipeline": "shop"}
TRAIL = "arn:aws:cloudtrail:us-east-1:123456789012:trail/shop-upload"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """A cloud where everything settles at once."""
    cloud = Cloud(VirtualClock())
    yield cloud
    cloud.close()


def now(aws: Any, want: Any) -> Live:
    live = type(want).read(aws, want.key())
    assert live is not None
    return live


def update(aws: Any, want: Any) -> None:
    live = now(aws, want)
    want.update(aws, Update(live, frozenset(change.name for change in diff(want, live)), TAGS))


@pytest.fixture
def trail(aws: Any) -> CloudtrailTrail:
    S3Bucket("shop-trail", trail=TRAIL).create(aws, TAGS)
    want = CloudtrailTrail("shop-upload", "shop-trail", frozenset({"arn:aws:s3:::raw/in/"}))
    want.create(aws, TAGS)
    return want


def test_a_trail_logs_writes_of_its_objects_in_its_region_alone(aws: Any, sent: Any, trail: CloudtrailTrail) -> None:
    (made,) = sent.of("CreateTrail")
    assert (made["IsMultiRegionTrail"], made["IncludeGlobalServiceEvents"]) == (False, False)
    assert made["TagsList"] == [{"Key": "scrapectl:pipeline", "Value": "shop"}]
    (selected,) = sent.of("PutEventSelectors")
    data = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::raw/in/"]}]
    selector = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": False, "DataResources": data}
    assert selected["EventSelectors"] == [selector]
    assert len(sent.of("StartLogging")) == 1
    assert now(aws, trail) == Live(trail, {"arn": TRAIL, "name": "shop-upload"}, TAGS)


def test_a_trail_that_was_made_and_no_more_is_finished_by_an_update(aws: Any) -> None:
    S3Bucket("shop-trail", trail=TRAIL).create(aws, TAGS)
    aws.client("cloudtrail").create_trail(Name="shop-upload", S3BucketName="shop-trail")
    want = CloudtrailTrail("shop-upload", "shop-trail", frozenset({"arn:aws:s3:::raw/in/"}))
    assert {change.name for change in diff(want, now(aws, want))} == {"objects", "logging", "validation"}
    update(aws, want)
    assert diff(want, now(aws, want)) == ()


@pytest.mark.parametrize("change", [{"ReadWriteType": "All"}, {"IncludeManagementEvents": True}])
def test_a_trail_that_hears_more_differs(aws: Any, trail: CloudtrailTrail, change: dict[str, Any]) -> None:
    data = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::raw/in/"]}]
    selector = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": False, "DataResources": data} | change
    aws.client("cloudtrail").put_event_selectors(TrailName="shop-upload", EventSelectors=[selector])
    assert [found.name for found in diff(trail, now(aws, trail))] == ["objects"]


@pytest.fixture
def fleet(aws: Any) -> AppstreamFleet:
    want = AppstreamFleet(name="shop-review", image="review", instance_type="stream.standard.medium")
    want.create(aws, TAGS)
    return want


def test_a_fleet_is_made_and_then_started(aws: Any, sent: Any, fleet: AppstreamFleet) -> None:
    (made,) = sent.of("CreateFleet")
    assert made["FleetType"] == "ON_DEMAND"
    assert made["EnableDefaultInternetAccess"] is False
    assert not {"IamRoleArn", "VpcConfig"} & made.keys()
    assert [change.name for change in diff(fleet, now(aws, fleet))] == ["running"]
    update(aws, fleet)
    assert now(aws, fleet).status is Status.READY
    assert diff(fleet, now(aws, fleet)) == ()


def running(aws: Any, fleet: AppstreamFleet) -> None:
    update(aws, fleet)
    assert now(aws, fleet).detail == "RUNNING"


def test_what_may_change_while_it_runs_ends_no_session(aws: Any, sent: Any, fleet: AppstreamFleet) -> None:
    running(aws, fleet)
    want = AppstreamFleet(name="shop-review", image="newer", instance_type=fleet.instance_type, desired=3, idle=600)
    update(aws, want)
    assert diff(want, now(aws, want)) == ()
    assert sent.of("StopFleet") == []
    (changed,) = sent.of("UpdateFleet")
    assert set(changed) == {"Name", "ImageName", "ComputeCapacity", "IdleDisconnectTimeoutInSeconds"}


def test_for_the_rest_it_is_stopped_changed_and_started_again(aws: Any, sent: Any, fleet: AppstreamFleet) -> None:
    running(aws, fleet)
    want = AppstreamFleet(name="shop-review", image="review", instance_type="stream.standard.large")
    for _ in range(3):
        update(aws, want)
    assert diff(want, now(aws, want)) == ()
    names = [call.operation for call in sent.calls if call.operation.endswith("Fleet")]
    assert names == ["CreateFleet", "StartFleet", "StopFleet", "UpdateFleet", "StartFleet"]


def test_a_fleet_that_runs_is_stopped_before_it_is_deleted(aws: Any, sent: Any, fleet: AppstreamFleet) -> None:
    running(aws, fleet)
    for _ in range(2):
        AppstreamFleet.delete(aws, now(aws, fleet), Removal())
    assert AppstreamFleet.read(aws, fleet.key()) is None
    assert [len(sent.of(name)) for name in ("StopFleet", "DeleteFleet")] == [1, 1]


def test_a_stack_says_of_each_way_out_that_it_is_closed(aws: Any, sent: Any, fleet: AppstreamFleet) -> None:
    want = AppstreamStack("shop-review", clipboard=True, uploads=False, fleet=fleet.name)
    assert want.create(aws, TAGS) == now(aws, want)
    (made,) = sent.of("CreateStack")
    said = {entry["Action"]: entry["Permission"] for entry in made["UserSettings"]}
    assert said == {
        "CLIPBOARD_COPY_FROM_LOCAL_DEVICE": "ENABLED",
        "CLIPBOARD_COPY_TO_LOCAL_DEVICE": "DISABLED",
        "FILE_UPLOAD": "DISABLED",
        "FILE_DOWNLOAD": "DISABLED",
        "PRINTING_TO_LOCAL_DEVICE": "DISABLED",
    }
    AppstreamStack.delete(aws, now(aws, want), Removal())
    assert AppstreamStack.read(aws, want.key()) is None
