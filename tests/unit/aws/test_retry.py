"""Which errors heal, and how long to wait for it: each sign of AWS-FACTS §0, §1 and §22 of a service in use."""

from __future__ import annotations

import pytest

from scrapectl.aws.retry import Heals, healing, retry_after
from scrapectl.errors import AccessDenied, AwsError, EnvironmentProblem, ScrapectlError


def error(service: str, code: str, message: str = "", *, lost: bool = False) -> AwsError:
    return AwsError(message, service=service, operation="x", code=code, lost=lost)


FRESH_ROLES = [
    (
        "scheduler",
        "ValidationException",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
    ),
    ("batch", "ClientException", "User: … is not authorized to perform: sts:AssumeRole on resource: …"),
    ("iam", "MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"arn:aws:iam::1:role/x"'),
    ("s3", "MalformedPolicy", "Invalid principal in policy"),
    ("sqs", "InvalidAttributeValue", "Invalid value for the parameter Policy."),
    ("ecr", "InvalidParameterException", "Invalid parameter … Invalid repository policy provided"),
    ("batch", "InvalidParameterException", "Unable to assume the service linked role."),
    ("iam", "NoSuchEntity", "The role with name x cannot be found."),
    ("lambda", "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."),
    ("lambda", "InvalidParameterValueException", "The provided execution role does not have permissions to call …"),
    ("events", "ValidationException", "Provided role '…' cannot be assumed by principal 'events.amazonaws.com'."),
    ("sns", "InvalidParameter", "Invalid parameter: Policy Error: PrincipalNotFound"),
]
BUSY = [
    ("batch", "ClientException", "Cannot update, resource is being modified"),
    ("batch", "ClientException", "Cannot delete, found existing JobQueue relationship"),
    ("s3", "OperationAborted", "A conflicting conditional operation is currently in progress"),
    ("s3", "BucketNotEmpty", "The bucket you tried to delete is not empty"),
    ("logs", "OperationAbortedException", "A conflicting operation is currently in progress"),
    ("iam", "DeleteConflict", "Cannot delete entity, must detach all policies first."),
    ("iam", "ConcurrentModification", "…"),
    ("iam", "EntityTemporarilyUnmodifiable", "…"),
    ("scheduler", "ConflictException", "…"),
    ("ecr", "RepositoryNotEmptyException", "…"),
    ("lambda", "ResourceConflictException", "… at this time. An update is in progress for resource: arn:…"),
    ("lambda", "ResourceConflictException", "… The function is currently in the following state: Pending"),
    ("lambda", "ResourceConflictException", "… could not be updated due to a concurrent update operation."),
    (
        "lambda",
        "InvalidParameterValueException",
        "Queue visibility timeout: 30 seconds is less than Function timeout: 60",
    ),
    ("lambda", "ResourceInUseException", "Cannot update the event source mapping because it is in use."),
    ("events", "ValidationException", "Rule can't be deleted since it has targets."),
    ("events", "ConcurrentModificationException", "…"),
    ("sns", "ConcurrentAccess", "…"),
    ("rds", "InvalidDBInstanceState", "Database instance is not in available state."),
]
HELD = [
    ("ec2", "DependencyViolation", "resource sg-1 has a dependent object"),
    ("ec2", "InvalidGroup.InUse", "…"),
    ("rds", "InvalidDBSubnetGroupStateFault", "Cannot delete the subnet group because at least one database …"),
]
UNSEEN = [
    ("rds", "DBInstanceNotFound", "DBInstance x not found."),
    ("rds", "DBInstanceAlreadyExists", "DB instance already exists"),
    ("rds", "DBSubnetGroupNotFoundFault", "DB subnet group 'x' does not exist."),
    ("rds", "DBSubnetGroupAlreadyExists", "…"),
    ("ec2", "InvalidLaunchTemplateId.NotFound", "…"),
    ("ec2", "InvalidLaunchTemplateName.AlreadyExistsException", "…"),
    ("iam", "NoSuchEntity", "Instance Profile x cannot be found."),
    ("s3", "NoSuchBucket", "The specified bucket does not exist"),
    ("s3", "BucketAlreadyOwnedByYou", "…"),
    ("sqs", "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist"),
    ("sqs", "InvalidParameterValue", "Value {…} is invalid. Reason: Dead letter target does not exist."),
    ("ec2", "InvalidGroup.NotFound", "The security group 'sg-1' does not exist"),
    ("ec2", "InvalidGroup.Duplicate", "The security group 'shop_jobs' already exists for VPC 'vpc-1'"),
    ("scheduler", "ResourceNotFoundException", "Schedule group x does not exist."),
    ("logs", "ResourceNotFoundException", "The specified log group does not exist."),
    ("logs", "ResourceAlreadyExistsException", "The specified log group already exists"),
    ("secretsmanager", "ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
    ("secretsmanager", "ResourceExistsException", "…"),
    ("ecr", "RepositoryNotFoundException", "…"),
    ("ecr", "RepositoryAlreadyExistsException", "…"),
    ("iam", "EntityAlreadyExists", "Role with name x already exists."),
    ("batch", "ClientException", "Scheduling policy arn:… does not exist"),
    ("sns", "NotFound", "Topic does not exist"),
    ("events", "ResourceNotFoundException", "Rule x does not exist on EventBus default."),
    ("lambda", "ResourceNotFoundException", "Function not found: arn:…"),
    ("lambda", "ResourceConflictException", "Function already exist: x"),
    ("lambda", "ResourceConflictException", "The statement id (rule) provided already exists. …"),
    ("lambda", "ResourceConflictException", 'An event source mapping with SQS arn (" … ") already exists. …'),
    ("lambda", "InvalidParameterValueException", "… SQS Error Code: AWS.SimpleQueueService.NonExistentQueue."),
]  # fmt: skip
COOLDOWNS = [
    ("sqs", "AWS.SimpleQueueService.QueueDeletedRecently", "You must wait 60 seconds after deleting a queue"),
    ("secretsmanager", "InvalidRequestException", "a secret with this name is already scheduled for deletion"),
    ("secretsmanager", "InvalidRequestException", "… because it was marked for deletion."),
    ("batch", "ClientException", "Object already exists"),
]
THROTTLES = [
    ("iam", "Throttling", "Rate exceeded"),
    ("batch", "TooManyRequestsException", "Too Many Requests"),
    ("scheduler", "ThrottlingException", "Rate exceeded"),
    ("logs", "ThrottlingException", "Rate exceeded"),
    ("logs", "ThrottledException", "…"),
    ("ec2", "RequestLimitExceeded", "Request limit exceeded."),
    ("ec2", "EC2ThrottledException", "…"),
    ("sqs", "RequestThrottled", "…"),
    ("s3", "SlowDown", "Please reduce your request rate."),
    ("s3", "PriorRequestNotComplete", "…"),
    ("ssm", "TooManyUpdates", "…"),
    ("ssm", "SomeNewCode", "Rate exceeded"),
]
FINAL = [
    ("batch", "ClientException", "Error executing request, Exception : vcpus not supported"),
    ("scheduler", "ValidationException", "Invalid Schedule Expression cron(x)."),
    ("s3", "BucketAlreadyExists", "…"),
    ("iam", "MalformedPolicyDocument", "Syntax errors in policy."),
    ("iam", "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000"),
    ("sqs", "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."),
    ("secretsmanager", "InvalidRequestException", "You provided a resource policy with problems"),
]


@pytest.mark.parametrize(
    ("found", "heals"),
    [(case, heals) for cases, heals in (
        (FRESH_ROLES, Heals.ROLE_IS_FRESH),
        (BUSY, Heals.BUSY),
        (HELD, Heals.HELD),
        (UNSEEN, Heals.UNSEEN),
        (COOLDOWNS, Heals.COOLDOWN),
        (THROTTLES, Heals.THROTTLED),
        (FINAL, None),
    ) for case in cases],
)  # fmt: skip
def test_each_sign_is_known(found: tuple[str, str, str], heals: Heals | None) -> None:
    assert healing(error(*found)) is heals


def test_sign_of_one_service_is_none_of_anothers() -> None:
    assert healing(error("ec2", "ConflictException")) is None
    assert healing(error("logs", "ClientException", "is being modified")) is None


def test_lost_answer_heals_whatever_it_was() -> None:
    assert healing(error("batch", "ServerException", "internal", lost=True)) is Heals.LOST
    assert healing(error("batch", "ServerException", "internal")) is None


def test_network_that_was_away_for_a_moment_heals() -> None:
    for code in ("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"):
        assert healing(error("batch", code)) is Heals.LOST


@pytest.mark.parametrize(
    "other",
    [
        ScrapectlError("no"),
        EnvironmentProblem("no credentials"),
        AccessDenied("denied", code="AccessDeniedException", action="iam:CreateRole"),
    ],
)
def test_what_is_missing_does_not_come_by_waiting(other: ScrapectlError) -> None:
    assert healing(other) is None
    assert retry_after(other, 1) is None


def waits(found: AwsError) -> list[float]:
    """Every wait until it is given up."""
    times: list[float] = []
    while (seconds := retry_after(found, len(times) + 1)) is not None:
        times.append(seconds)
        assert len(times) < 100, "it never gives up"
    return times


def test_fresh_role_is_asked_for_densely_for_48_seconds() -> None:
    """AWS-FACTS §0: 0.25, 0.5, 1, then every 2 s."""
    times = waits(error(*FRESH_ROLES[0]))
    assert times[:4] == [0.25, 0.5, 1.0, 2.0]
    assert set(times[3:]) == {2.0}
    assert 46 <= sum(times) <= 50


@pytest.mark.parametrize(
    ("found", "least", "most"),
    [
        (THROTTLES[0], 35, 100),
        (BUSY[0], 150, 330),
        (UNSEEN[0], 30, 80),
        (("batch", "ServerException", ""), 25, 70),
    ],
)
def test_other_waits_double_to_eight_seconds(found: tuple[str, str, str], least: float, most: float) -> None:
    times = waits(error(*found, lost=not found[2]))
    for number, seconds in enumerate(times):
        longest = min(8.0, 2.0**number)
        assert longest / 2 <= seconds <= longest
    assert least <= sum(times) <= most


def test_group_is_asked_for_until_the_interfaces_of_fargate_are_gone() -> None:
    """AWS-FACTS §14: minutes after the last task has stopped."""
    times = waits(error(*HELD[0]))
    assert max(times) <= 16
    assert 600 <= sum(times) <= 1300


def test_name_that_cools_down_is_waited_for_longer_than_a_minute() -> None:
    times = waits(error(*COOLDOWNS[0]))
    assert times[:5] == [1.0, 2.0, 4.0, 8.0, 8.0]
    assert sum(times) > 70


def test_waits_are_spread() -> None:
    """Forty calls that were throttled together must not come back together."""
    assert len({retry_after(error(*THROTTLES[0]), 4) for _ in range(40)}) > 30
