"""Tells EventBridge what a group tried, and what became of its instances, as Auto Scaling and EC2 do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.local.flows.bus import new_event, put_event
from scrapectl.local.services.autoscaling.state import Group

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Params


def tell_launch(cloud: Cloud, region: str, group: Group, activity: dict[str, Any], instance: str) -> None:
    """Put what came of a launch on the default bus ("Amazon EC2 Auto Scaling event reference")."""
    failed = activity["StatusCode"] == "Failed"

    def make() -> Params:
        kind = f"EC2 Instance Launch {'Unsuccessful' if failed else 'Successful'}"
        detail = {key: activity[key] for key in ("ActivityId", "AutoScalingGroupName", "Cause", "StatusCode")}
        times = dict.fromkeys(("StartTime", "EndTime"), f"{activity['StartTime']:%Y-%m-%dT%H:%M:%S.%fZ}")
        where = {"Subnet ID": group.document["VPCZoneIdentifier"].split(",")[0], "Availability Zone": f"{region}a"}
        more = {"StatusMessage": activity.get("StatusMessage", ""), "Description": activity["Description"]}
        told = {"RequestId": activity["ActivityId"], "EC2InstanceId": "" if failed else instance, "Details": where}
        event = new_event(cloud, region, "aws.autoscaling", kind, {**detail, **times, **more, **told})
        return event | {"resources": [group.document["AutoScalingGroupARN"]]}

    put_event(cloud, region, make)


def tell_state(cloud: Cloud, region: str, instance: str, state: str) -> None:
    """Put a change of an instance's state on the default bus (Amazon EC2 User Guide, "State change events")."""

    def make() -> Params:
        detail = {"instance-id": instance, "state": state}
        event = new_event(cloud, region, "aws.ec2", "EC2 Instance State-change Notification", detail)
        return event | {"resources": [f"arn:aws:ec2:{region}:{cloud.account}:instance/{instance}"]}

    put_event(cloud, region, make)
