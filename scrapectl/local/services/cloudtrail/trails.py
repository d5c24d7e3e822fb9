"""CreateTrail and its kin: a trail that has a bucket which lets it in, and that logs when it is told to."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from scrapectl.local.paging import tag_map
from scrapectl.local.policy import admits
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.cloudtrail.state import Trail, find_trail, trails_in

MOST = 5
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9]|[._-](?![._-])){1,126}[A-Za-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_SERVICE = "cloudtrail.amazonaws.com"


@operation("cloudtrail", "CreateTrail")
def create(call: Call) -> Params:
    """Make a trail, which does not log yet."""
    params, standing = call.params, trails_in(call.cloud, call.region)
    name = params["Name"]
    if not _NAME.fullmatch(name) or _ADDRESS.fullmatch(name):
        text = f"Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, …: {name}"
        raise Refusal("InvalidTrailNameException", text, 400)
    if name in standing:
        text = f"Trail {name} already exists for customer: {call.account}"
        raise Refusal("TrailAlreadyExistsException", text, 400)
    if len(standing) >= MOST:
        text = f"User: {call.account} already has {MOST} trails in {call.region}."
        raise Refusal("MaximumNumberOfTrailsExceededException", text, 403)
    arn = call.arn(f"trail/{name}")
    _check_bucket(call, arn, params["S3BucketName"])
    everywhere = bool(params.get("IsMultiRegionTrail"))
    document = {
        "Name": name,
        "S3BucketName": params["S3BucketName"],
        "IncludeGlobalServiceEvents": params.get("IncludeGlobalServiceEvents", True),
        "IsMultiRegionTrail": everywhere,
        "TrailARN": arn,
        "LogFileValidationEnabled": bool(params.get("EnableLogFileValidation")),
        "IsOrganizationTrail": False,
    }
    standing[name] = Trail(document, tags=tag_map(params.get("TagsList")))
    return document


@operation("cloudtrail", "UpdateTrail")
def update(call: Call) -> Params:
    """Change what is named; a new bucket must let the trail in."""
    params, found = call.params, find_trail(call, call.params["Name"])
    if "S3BucketName" in params:
        _check_bucket(call, found.arn, params["S3BucketName"])
    names = {"EnableLogFileValidation": "LogFileValidationEnabled"}
    kept = ("S3BucketName", "EnableLogFileValidation", "IncludeGlobalServiceEvents", "IsMultiRegionTrail")
    found.document |= {names.get(name, name): params[name] for name in kept if name in params}
    return found.document


def _check_bucket(call: Call, arn: str, bucket: str) -> None:
    """A bucket must stand and let this very trail look and write (AWS-FACTS §13)."""
    try:
        call.cloud.call("s3", "HeadBucket", {"Bucket": bucket}, call.region)
    except Refusal as refusal:
        text = f"S3 bucket {bucket} does not exist!"
        raise Refusal("S3BucketDoesNotExistException", text, 404) from refusal
    try:
        policy = json.loads(call.cloud.call("s3", "GetBucketPolicy", {"Bucket": bucket}, call.region)["Policy"])
    except Refusal:
        policy = {}
    root = f"arn:aws:s3:::{bucket}"
    context = {"aws:SourceArn": arn, "aws:SourceAccount": call.account, "aws:SecureTransport": "true"}
    writes = {**context, "s3:x-amz-acl": "bucket-owner-full-control"}
    looks = admits(policy, _SERVICE, "s3:GetBucketAcl", root, context)
    target = f"{root}/AWSLogs/{call.account}/CloudTrail/{call.region}/x.json.gz"
    if not looks or not admits(policy, _SERVICE, "s3:PutObject", target, writes):
        text = f"Incorrect S3 bucket policy is detected for bucket: {bucket}"
        raise Refusal("InsufficientS3BucketPolicyException", text, 403)


@operation("cloudtrail", "GetTrail")
def get(call: Call) -> Params:
    """Answer one trail."""
    found = find_trail(call, call.params["Name"])
    only_management = all(not selector.get("DataResources") for selector in found.selectors)
    return {"Trail": {**found.document, "HomeRegion": call.region, "HasCustomEventSelectors": not only_management}}


@operation("cloudtrail", "DescribeTrails")
def describe(call: Call) -> Params:
    """Answer the named trails that stand, or all."""
    named = {name.rsplit("/", 1)[-1] for name in call.params.get("trailNameList") or ()}
    standing = trails_in(call.cloud, call.region)
    found = [trail.document for name, trail in standing.items() if not named or name in named]
    return {"trailList": [{**document, "HomeRegion": call.region} for document in found]}


@operation("cloudtrail", "ListTrails")
def list_all(call: Call) -> Params:
    """List every trail."""
    standing = trails_in(call.cloud, call.region)
    return {
        "Trails": [{"TrailARN": one.arn, "Name": name, "HomeRegion": call.region} for name, one in standing.items()]
    }


@operation("cloudtrail", "DeleteTrail")
def delete(call: Call) -> Params:
    """Drop a trail, logging or not."""
    found = find_trail(call, call.params["Name"])
    del trails_in(call.cloud, call.region)[found.document["Name"]]
    return {}


@operation("cloudtrail", "StartLogging")
def start(call: Call) -> Params:
    """Begin to log."""
    find_trail(call, call.params["Name"]).started_at = call.cloud.clock.now()
    return {}


@operation("cloudtrail", "StopLogging")
def stop(call: Call) -> Params:
    """End logging."""
    found = find_trail(call, call.params["Name"])
    found.started_at, found.stopped_at = None, call.cloud.clock.now()
    return {}


@operation("cloudtrail", "GetTrailStatus")
def status(call: Call) -> Params:
    """Tell whether a trail logs."""
    found = find_trail(call, call.params["Name"])
    told: Params = {"IsLogging": found.started_at is not None}
    for name, at in (("StartLoggingTime", found.started_at), ("StopLoggingTime", found.stopped_at)):
        if at is not None:
            told[name] = datetime.fromtimestamp(at, UTC)
    return told
