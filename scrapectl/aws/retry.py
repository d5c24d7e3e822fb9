"""Which errors heal by themselves, and how long to wait for it: AWS-FACTS §1, §0 and §22 as one table (pure)."""

from __future__ import annotations

import enum
import random
from dataclasses import dataclass

from scrapectl.aws.errors import UNREACHED
from scrapectl.errors import AwsError, ScrapectlError


class Heals(enum.Enum):
    """Why a repeat of the same call may succeed."""

    ROLE_IS_FRESH = "role is fresh"
    THROTTLED = "throttled"
    BUSY = "busy"
    COOLDOWN = "name cools down"
    LOST = "lost"
    UNSEEN = "not seen everywhere yet"
    HELD = "held by what is going"


@dataclass(frozen=True)
class _Sign:
    code: str  # "" matches any code
    text: str  # part of the message; "" matches any message
    heals: Heals
    service: str = ""


_FRESH, _BUSY, _COOLS = Heals.ROLE_IS_FRESH, Heals.BUSY, Heals.COOLDOWN
_UNSEEN, _HELD = Heals.UNSEEN, Heals.HELD

_EC2_UNSEEN = (
    *("InvalidAllocationID", "InvalidGroup", "InvalidInternetGatewayID", "InvalidRouteTableID", "InvalidSubnetID"),
    *("InvalidVpcEndpointId", "InvalidVpcID", "InvalidVpcPeeringConnectionID"),
)
_SIGNS = (
    # AWS-FACTS §1: the role was made moments ago and the service cannot assume it yet.
    _Sign("ValidationException", "must allow AWS EventBridge Scheduler to assume the role", _FRESH),
    _Sign("ValidationException", "cannot be assumed by principal", _FRESH),
    _Sign("InvalidParameterValueException", "cannot be assumed by Lambda", _FRESH),
    _Sign("InvalidParameterValueException", "does not have permissions", _FRESH),
    _Sign("InvalidParameterValueException", "KMS key is invalid for CreateGrant", _FRESH),
    _Sign("AccessDeniedException", "authorized to assume the provided role", _FRESH),
    _Sign("AccessDeniedException", "not authorized to access the Log Destination", _FRESH),
    _Sign("AccessDeniedException", "is not authorized to create managed-rule", _FRESH),
    _Sign("MalformedPolicyDocument", "Invalid principal in policy", _FRESH),
    _Sign("MalformedPolicy", "Invalid principal in policy", _FRESH),
    _Sign("InvalidAttributeValue", "Invalid value for the parameter Policy", _FRESH, "sqs"),
    _Sign("InvalidParameter", "PrincipalNotFound", _FRESH),
    _Sign("InvalidParameterException", "Unable to assume the service linked role", _FRESH),
    _Sign("ClientException", "not authorized to perform: sts:AssumeRole", _FRESH, "batch"),
    _Sign("InvalidParameterException", "Invalid repository policy provided", _FRESH, "ecr"),
    _Sign("NoSuchEntity", "The role with name", _FRESH, "iam"),
    _Sign("InvalidRequestException", "nable to assume role", _FRESH, "datasync"),
    _Sign("InvalidRequestException", "access test failed", _FRESH, "datasync"),
    # What is being made, changed or taken away right now.
    _Sign("ClientException", "being modified", _BUSY, "batch"),
    _Sign("ClientException", "JobQueue relationship", _BUSY, "batch"),
    _Sign("ClientException", "must be created and valid before", _BUSY, "batch"),
    _Sign("ClientException", "is not in a valid state", _BUSY, "batch"),
    _Sign("ClientException", "is in use", _BUSY, "batch"),
    _Sign("OperationAborted", "", _BUSY, "s3"),
    _Sign("BucketNotEmpty", "", _BUSY, "s3"),
    _Sign("OperationAbortedException", "", _BUSY, "logs"),
    _Sign("ConcurrentModification", "", _BUSY),
    _Sign("ConcurrentModificationException", "", _BUSY),
    _Sign("EntityTemporarilyUnmodifiable", "", _BUSY),
    _Sign("DeleteConflict", "", _BUSY, "iam"),
    # The interfaces of stopped Fargate tasks stay for minutes (AWS-FACTS §14).
    _Sign("DependencyViolation", "", _HELD, "ec2"),
    _Sign("InvalidGroup.InUse", "", _HELD, "ec2"),
    # A NAT gateway's address stays in use until the gateway is really gone (AWS-FACTS §14).
    _Sign("InvalidIPAddress.InUse", "", _HELD, "ec2"),
    _Sign("AuthFailure", "do not have permission to access the specified resource", _HELD, "ec2"),
    _Sign("InvalidDBInstanceState", "", _BUSY, "rds"),
    _Sign("InvalidDBSubnetGroupStateFault", "", _HELD, "rds"),  # an instance in it is being deleted
    # "There is an operation running on the Cluster", even a moment after it was available (AWS-FACTS §17).
    _Sign("InvalidClusterState", "", _BUSY, "redshift"),
    _Sign("InvalidClusterSubnetGroupStateFault", "", _HELD, "redshift"),  # a cluster in it is being deleted
    _Sign("ConflictException", "operation running", _BUSY, "redshift-serverless"),
    _Sign("ConflictException", "", _BUSY, "scheduler"),
    _Sign("ResourceInUseException", "", _BUSY),
    _Sign("ResourceConflictException", "in progress", _BUSY),
    _Sign("ResourceConflictException", "currently in the following state", _BUSY, "lambda"),
    _Sign("ResourceConflictException", "concurrent update", _BUSY, "lambda"),
    _Sign("InvalidParameterValueException", "not all are in the available life cycle state yet", _BUSY, "lambda"),
    _Sign("InvalidParameterValueException", "throttled by EC2", _BUSY, "lambda"),
    # A queue's attributes take a minute to be seen everywhere (AWS-FACTS §6).
    _Sign("InvalidParameterValueException", "Queue visibility timeout", _BUSY, "lambda"),
    _Sign("ValidationException", "since it has targets", _BUSY, "events"),
    _Sign("IncorrectFileSystemLifeCycleState", "", _BUSY, "efs"),
    _Sign("IncorrectMountTargetState", "", _BUSY, "efs"),
    _Sign("FileSystemInUse", "", _BUSY, "efs"),
    _Sign("DependencyTimeout", "", _BUSY, "efs"),
    _Sign("InvalidRequestException", "in use", _BUSY, "datasync"),
    _Sign("InvalidRequestException", "executions that have not ended", _BUSY, "datasync"),
    _Sign("ConcurrentAccess", "", _BUSY, "sns"),
    _Sign("ConflictException", "", _BUSY, "stepfunctions"),
    _Sign("RepositoryNotEmptyException", "", _BUSY),
    # Made moments ago, and not known to all of the service (AWS-FACTS §0): the next call does not find it, ...
    _Sign("NoSuchBucket", "", _UNSEEN, "s3"),
    _Sign("AWS.SimpleQueueService.NonExistentQueue", "", _UNSEEN, "sqs"),
    _Sign("InvalidParameterValue", "Dead letter target does not exist", _UNSEEN, "sqs"),
    *(_Sign(f"{code}.NotFound", "", _UNSEEN, "ec2") for code in _EC2_UNSEEN),
    _Sign("NatGatewayNotFound", "", _UNSEEN, "ec2"),
    _Sign("ResourceNotFoundException", "", _UNSEEN, "logs"),
    _Sign("ResourceNotFoundException", "", _UNSEEN, "scheduler"),
    _Sign("ResourceNotFoundException", "", _UNSEEN, "secretsmanager"),
    _Sign("RepositoryNotFoundException", "", _UNSEEN, "ecr"),
    _Sign("ClientException", "does not exist", _UNSEEN, "batch"),
    _Sign("DBInstanceNotFound", "", _UNSEEN, "rds"),
    _Sign("DBSubnetGroupNotFoundFault", "", _UNSEEN, "rds"),
    _Sign("ClusterNotFound", "", _UNSEEN, "redshift"),
    _Sign("ClusterSubnetGroupNotFoundFault", "", _UNSEEN, "redshift"),
    _Sign("ResourceNotFoundException", "", _UNSEEN, "redshift-serverless"),
    _Sign("InvalidLaunchTemplateId.NotFound", "", _UNSEEN, "ec2"),
    _Sign("NoSuchEntity", "Instance Profile", _UNSEEN, "iam"),
    _Sign("ValidationError", "Invalid IAM Instance Profile", _FRESH, "autoscaling"),
    _Sign("ScalingActivityInProgress", "", _BUSY, "autoscaling"),
    _Sign("ResourceContention", "", _BUSY, "autoscaling"),
    _Sign("ResourceInUse", "", _BUSY, "autoscaling"),
    _Sign("AlreadyExists", "pending delete", _BUSY, "autoscaling"),
    _Sign("NotFound", "", _UNSEEN, "sns"),
    _Sign("ResourceNotFoundException", "", _UNSEEN, "events"),
    _Sign("ResourceNotFoundException", "", _UNSEEN, "lambda"),
    _Sign("InvalidParameterValueException", "NonExistentQueue", _UNSEEN, "lambda"),
    _Sign("FileSystemNotFound", "", _UNSEEN, "efs"),
    _Sign("StateMachineDoesNotExist", "", _UNSEEN, "stepfunctions"),
    _Sign("InvalidRequestException", "not found", _UNSEEN, "datasync"),
    # The function's policy, or the bucket's, that lets the service in was written a moment ago.
    _Sign("InvalidArgument", "Unable to validate the following destination", _UNSEEN, "s3"),
    _Sign("InsufficientS3BucketPolicyException", "", _UNSEEN, "cloudtrail"),
    _Sign("S3BucketDoesNotExistException", "", _UNSEEN, "cloudtrail"),
    _Sign("TrailNotFoundException", "", _UNSEEN, "cloudtrail"),
    _Sign("ConflictException", "", _BUSY, "cloudtrail"),
    _Sign("InvalidRoleException", "", _FRESH, "appstream"),
    _Sign("ResourceNotFoundException", "", _UNSEEN, "appstream"),
    # ... or a create is repeated because the look before it did not show what a lost call had made.
    _Sign("EntityAlreadyExists", "", _UNSEEN, "iam"),
    _Sign("ResourceAlreadyExistsException", "", _UNSEEN, "logs"),
    _Sign("BucketAlreadyOwnedByYou", "", _UNSEEN, "s3"),
    _Sign("RepositoryAlreadyExistsException", "", _UNSEEN, "ecr"),
    _Sign("ResourceExistsException", "", _UNSEEN, "secretsmanager"),
    _Sign("InvalidGroup.Duplicate", "", _UNSEEN, "ec2"),
    _Sign("InvalidSubnet.Conflict", "", _UNSEEN, "ec2"),
    _Sign("VpcPeeringConnectionAlreadyExists", "", _UNSEEN, "ec2"),
    _Sign("DBInstanceAlreadyExists", "", _UNSEEN, "rds"),
    _Sign("DBSubnetGroupAlreadyExists", "", _UNSEEN, "rds"),
    _Sign("ClusterAlreadyExists", "", _UNSEEN, "redshift"),
    _Sign("ClusterSubnetGroupAlreadyExists", "", _UNSEEN, "redshift"),
    _Sign("ConflictException", "already exists", _UNSEEN, "redshift-serverless"),
    _Sign("InvalidLaunchTemplateName.AlreadyExistsException", "", _UNSEEN, "ec2"),
    _Sign("ResourceConflictException", "already exist", _UNSEEN, "lambda"),
    _Sign("StateMachineAlreadyExists", "", _UNSEEN, "stepfunctions"),
    _Sign("ResourceAlreadyExistsException", "", _UNSEEN, "appstream"),
    _Sign("TrailAlreadyExistsException", "", _UNSEEN, "cloudtrail"),
    # A name that was given up a moment ago.
    _Sign("AWS.SimpleQueueService.QueueDeletedRecently", "", _COOLS, "sqs"),
    _Sign("QueueDeletedRecently", "", _COOLS, "sqs"),
    _Sign("InvalidRequestException", "scheduled for deletion", _COOLS, "secretsmanager"),
    _Sign("InvalidRequestException", "marked for deletion", _COOLS, "secretsmanager"),  # restored a moment ago
    _Sign("ClientException", "Object already exists", _COOLS, "batch"),
    _Sign("StateMachineDeleting", "", _COOLS, "stepfunctions"),
)

_THROTTLES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "Throttled",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
        "LimitExceededException:Rate exceeded",
        "TooManyUpdates",
    }
)

_ROLE_GRID = (0.25, 0.5, 1.0)  # then every 2 s, 48 s in all (AWS-FACTS §0)
_ROLE_TRIES = 26
_LIMITS = {
    Heals.THROTTLED: 12,
    Heals.BUSY: 40,
    Heals.COOLDOWN: 20,
    Heals.LOST: 8,
    Heals.UNSEEN: 10,  # about 45 s
    Heals.HELD: 80,  # about a quarter of an hour
}
_LONGEST = 8.0
_LONGEST_HELD = 16.0


def healing(error: ScrapectlError) -> Heals | None:
    """Why the error may pass, None when it will not."""
    if not isinstance(error, AwsError):
        return None
    for sign in _SIGNS:
        same_code = not sign.code or sign.code == error.code
        if same_code and sign.text in error.message and sign.service in {"", error.service}:
            return sign.heals
    if error.code in _THROTTLES or "Rate exceeded" in error.message:
        return Heals.THROTTLED
    return Heals.LOST if error.lost or error.code in UNREACHED else None


def retry_after(error: ScrapectlError, tries: int) -> float | None:
    """Seconds until the next try; None when the error will not pass, or has had its time.

    Args:
        error: What the call raised.
        tries: How often it failed so far, this time included.
    """
    reason = healing(error)
    if reason is None:
        return None
    if reason is Heals.ROLE_IS_FRESH:
        if tries > _ROLE_TRIES:
            return None
        return _ROLE_GRID[tries - 1] if tries <= len(_ROLE_GRID) else 2.0
    if tries > _LIMITS[reason]:
        return None
    longest = min(_LONGEST_HELD if reason is Heals.HELD else _LONGEST, 2.0 ** (tries - 1))
    return longest if reason is Heals.COOLDOWN else longest * (0.5 + random.random() / 2)  # noqa: S311 - spreads retries
