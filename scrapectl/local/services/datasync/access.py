"""What DataSync may do at a location: its role, judged when the location is made and again when something is copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.local.policy import allows
from scrapectl.local.registry import Refusal
from scrapectl.local.services import iam
from scrapectl.local.services.datasync.state import Location, invalid
from scrapectl.local.services.efs import reach

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

PRINCIPAL = "datasync.amazonaws.com"


def try_access(cloud: Cloud, region: str, location: Location) -> None:
    """Do what DataSync does to see whether it can use a location.

    Raises:
        Refusal: It cannot, and why.
    """
    if location.type == "s3":
        _try_bucket(cloud, region, location)
    else:
        _try_file_system(cloud, region, location)


def _try_bucket(cloud: Cloud, region: str, location: Location) -> None:
    role, bucket = location.document["S3Config"]["BucketAccessRoleArn"], location.host
    _assume(cloud, role, location)
    try:
        cloud.call("s3", "HeadBucket", {"Bucket": bucket}, region)
    except Refusal as refusal:
        raise _denied("s3:HeadBucket", f"in bucket {bucket}", "Bucket not found") from refusal
    for action, said in (("s3:ListBucket", "s3:HeadBucket"), ("s3:GetBucketLocation", "s3:GetBucketLocation")):
        if not allowed(cloud, role, action, f"arn:aws:s3:::{bucket}"):
            raise _denied(said, f"in bucket {bucket}", f"Ensure bucket access role has {action} permission")


def _denied(action: str, where: str, why: str) -> Refusal:
    return invalid(f"DataSync location access test failed: could not perform {action} {where}. Access denied. {why}.")


def _assume(cloud: Cloud, role: str, location: Location) -> None:
    if not iam.can_be_assumed(cloud, role, PRINCIPAL, {"aws:SourceArn": location.arn}):
        raise invalid("Unable to assume role. Reason: Access denied when calling sts:AssumeRole")


def allowed(cloud: Cloud, role: str, action: str, resource: str) -> bool:
    """Whether a role's policies allow an action of S3."""
    return allows(iam.policies_of(cloud, role), action, resource)


def _try_file_system(cloud: Cloud, region: str, location: Location) -> None:
    document = location.document
    role = document.get("FileSystemAccessRoleArn")
    if role:
        _assume(cloud, role, location)
    config: dict[str, Any] = document["Ec2Config"]
    subnet = config["SubnetArn"].rsplit("/", 1)[-1]
    groups = [arn.rsplit("/", 1)[-1] for arn in config["SecurityGroupArns"]]
    _, why = reach.closed_way(cloud, region, location.host, [subnet], groups)
    if why:
        raise invalid(f"DataSync location access test failed: {why}.")
    if not may_mount(cloud, region, location, reach.MOUNT):
        raise invalid("DataSync location access test failed: mount.nfs4: access denied by server while mounting")


def may_mount(cloud: Cloud, region: str, location: Location, action: str) -> bool:
    """Whether a location's role, coming through its access point, may do something with its file system."""
    point, role = (location.document.get(name) for name in ("AccessPointArn", "FileSystemAccessRoleArn"))
    return reach.may(cloud, reach.Client(region, location.host, point, role), action)
