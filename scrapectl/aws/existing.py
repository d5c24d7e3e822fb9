"""Asks AWS for what `existing:` names: entry of a section → the outputs of what stands there and is not ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from scrapectl.engine.resource import Aws
from scrapectl.errors import AccessDenied, AwsError, Problem, SpecError
from scrapectl.kinds.efs_access_point import ABSENT as NO_ACCESS_POINT
from scrapectl.kinds.efs_answer import ABSENT as NO_FILE_SYSTEM
from scrapectl.kinds.redshift_cluster import cluster_arn
from scrapectl.spec.model import DatabaseEngine, Entry, Spec

ENGINES = get_args(DatabaseEngine)
Outputs = Mapping[str, Any]
Named = tuple[str, Any]
"""A section, and an entry of it."""


def named(spec: Spec, region: str, problems: list[Problem]) -> list[Named]:
    """What `existing:` names, but for what an ARN puts into another region: here its name would be another thing's."""
    theirs: list[Named] = []
    for section in _ASK:
        for entry in getattr(spec, section).values():
            there = _region(entry.existing or "")
            if there not in ("", region):
                message = f"it is in {there}, and the pipeline in {region}."
                path = f"{entry.origin}.existing"
                problems.append(Problem(message, entry.place_of("existing"), path, f"Name one of {region}."))
            elif entry.existing:
                theirs.append((section, entry))
    return theirs


def found(theirs: list[Named], answers: list[Any], problems: list[Problem]) -> dict[tuple[str, str], Outputs]:
    """Keep what is there as it has to be, and tell of all that is not."""
    existing: dict[tuple[str, str], Outputs] = {}
    for (section, entry), answer in zip(theirs, answers, strict=True):
        if isinstance(answer, SpecError):
            problems += answer.problems
        elif answer is None:
            problems.append(_missing(section, entry))
        else:
            existing[section, entry.key] = answer
    return existing


def _missing(section: str, entry: Entry) -> Problem:
    name = getattr(entry, "existing", "")
    hint = "Check the name, the account and the region, or leave existing: out to have it made."
    thing = section.removesuffix("s").replace("_", " ")
    return Problem(f"{thing} {name!r} is not there.", entry.place_of("existing"), f"{entry.origin}.existing", hint)


def asker(aws: Aws, section: str, entry: Any) -> Callable[[], Any]:
    """Ask for one later; what is wrong with it is an answer, told with what is wrong with the others."""

    def ask() -> Outputs | SpecError | None:
        try:
            return _ASK[section](aws, entry)
        except SpecError as wrong:
            return wrong

    return ask


def _region(text: str) -> str:
    """The region in an ARN; "" of a name, and of what has none (a bucket)."""
    return text.split(":")[3] if text.startswith("arn:") else ""


def _name(text: str) -> str:
    """The name in an ARN, or the name itself."""
    return text.rsplit(":", 1)[-1].rsplit("/", 1)[-1] if text.startswith("arn:") else text


def _account(aws: Aws, text: str) -> str:
    """The account in an ARN, which may be another; that of a name is ours."""
    return text.split(":")[4] if text.startswith("arn:") else aws.account


def _bucket(aws: Aws, entry: Any) -> Outputs | None:
    name = _name(entry.existing)
    try:
        answer = aws.call("s3", "head_bucket", Bucket=name, absent=("404", "NoSuchBucket"))
    except (AccessDenied, AwsError) as error:
        raise AwsError(f"{entry.origin}: bucket {name} cannot be read: {error}") from error
    return None if answer is None else {"name": name, "arn": f"arn:{aws.partition}:s3:::{name}"}


def _message_queue(aws: Aws, entry: Any) -> Outputs | None:
    absent = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
    name, account = _name(entry.existing), _account(aws, entry.existing)
    answer = aws.call("sqs", "get_queue_url", QueueName=name, QueueOwnerAWSAccountId=account, absent=absent)
    if answer is None:
        return None
    arn = f"arn:{aws.partition}:sqs:{aws.region}:{account}:{name}"
    return {"name": name, "arn": arn, "url": answer["QueueUrl"]}


def _secret(aws: Aws, entry: Any) -> Outputs | None:
    answer = aws.call(
        "secretsmanager", "describe_secret", SecretId=entry.existing, absent=("ResourceNotFoundException",)
    )
    if answer is None or "DeletedDate" in answer:
        return None
    return {"name": answer["Name"], "arn": answer["ARN"], "key": answer.get("KmsKeyId", "")}


def _image(aws: Aws, entry: Any) -> Outputs | None:
    name = entry.existing.split(":repository/")[-1]
    absent = ("RepositoryNotFoundException", "ImageNotFoundException")
    image, registry = [{"imageTag": entry.tag}], _account(aws, entry.existing)
    found = aws.call("ecr", "describe_images", registryId=registry, repositoryName=name, imageIds=image, absent=absent)
    repository = aws.call("ecr", "describe_repositories", registryId=registry, repositoryNames=[name], absent=absent)
    if found is None or repository is None:
        return None
    known = repository["repositories"][0]
    digest = found["imageDetails"][0]["imageDigest"]
    return {"name": name, "arn": known["repositoryArn"], "uri": f"{known['repositoryUri']}@{digest}"}


def _topic(aws: Aws, entry: Any) -> Outputs | None:
    name, account = _name(entry.existing), _account(aws, entry.existing)
    arn = (
        entry.existing
        if entry.existing.startswith("arn:")
        else f"arn:{aws.partition}:sns:{aws.region}:{account}:{name}"
    )
    answer = aws.call("sns", "get_topic_attributes", TopicArn=arn, absent=("NotFound", "NotFoundException"))
    return None if answer is None else {"name": name, "arn": arn}


def _database(aws: Aws, entry: Any) -> Outputs | None:
    answer = aws.call(
        "rds",
        "describe_db_instances",
        DBInstanceIdentifier=entry.existing,
        absent=("DBInstanceNotFound", "DBInstanceNotFoundFault"),
    )
    for known in answer["DBInstances"] if answer else ():
        _check_engine(entry, known["Engine"])
        at = known.get("Endpoint") or {}
        return {
            "name": known["DBInstanceIdentifier"],
            "arn": known["DBInstanceArn"],
            "endpoint": at.get("Address", ""),
            "port": str(at.get("Port", entry.port)),
            "database": entry.database,
            "secret": entry.secret,
        }
    return None


def _check_engine(entry: Any, engine: str) -> None:
    if engine != entry.engine:
        hint = f"Write engine: {engine}." if engine in ENGINES else "Only postgres and mysql can be used."
        path = f"{entry.origin}.engine"
        raise SpecError.of([Problem(f"this database's engine is {engine}.", entry.place_of("engine"), path, hint)])


def _warehouse(aws: Aws, entry: Any) -> Outputs | None:
    """What a cluster or a workgroup tells of itself; the database and the password are the user's to say."""
    name = _name(entry.existing)
    if entry.engine == "redshift":
        answer = aws.call("redshift", "describe_clusters", ClusterIdentifier=name, absent=("ClusterNotFound",))
        found = next(iter(answer["Clusters"]), None) if answer else None
        arn, at = cluster_arn(aws.partition, aws.region, aws.account, name), (found or {}).get("Endpoint") or {}
        place = {"endpoint": at.get("Address", ""), "port": str(at.get("Port", entry.port))}
    else:
        absent = ("ResourceNotFoundException",)
        answer = aws.call("redshift-serverless", "get_workgroup", workgroupName=name, absent=absent)
        found = answer["workgroup"] if answer else None
        arn, at = (found or {}).get("workgroupArn", ""), (found or {}).get("endpoint") or {}
        place = {"endpoint": at.get("address", ""), "port": str(at.get("port", entry.port))}
    if found is None:
        return None
    return {"name": name, "arn": arn, **place, "database": entry.database, "secret": entry.secret}


def _filesystem(aws: Aws, entry: Any) -> Outputs | None:
    """A file system, which must have the access points that its paths name."""
    answer = aws.call("efs", "describe_file_systems", FileSystemId=_name(entry.existing), absent=NO_FILE_SYSTEM)
    for known in answer["FileSystems"] if answer else ():
        _check_access_points(aws, entry, known["FileSystemId"])
        return {"name": known.get("Name", ""), "arn": known["FileSystemArn"], "id": known["FileSystemId"]}
    return None


def _check_access_points(aws: Aws, entry: Any, system: str) -> None:
    """Each by itself: a list of those of a file system would end at its first page's hundred."""
    problems = []
    for name, path in entry.paths.items():
        at = f"paths.{name}.existing"
        answer = aws.call("efs", "describe_access_points", AccessPointId=path.existing, absent=NO_ACCESS_POINT)
        of = [point["FileSystemId"] for point in answer["AccessPoints"]] if answer else []
        if of != [system]:
            message = f"access point {path.existing!r} is {f'of {of[0]}' if of else 'not there'}."
            hint = f"Name one of {system}."
            problems.append(Problem(message, entry.place_of(at), f"{entry.origin}.{at}", hint))
    if problems:
        raise SpecError.of(problems)


def _compute_environment(aws: Aws, entry: Any) -> Outputs | None:
    found = aws.call("batch", "describe_compute_environments", computeEnvironments=[entry.existing])
    for known in found["computeEnvironments"]:
        return {"name": known["computeEnvironmentName"], "arn": known["computeEnvironmentArn"]}
    return None


def _job_queue(aws: Aws, entry: Any) -> Outputs | None:
    found = aws.call("batch", "describe_job_queues", jobQueues=[entry.existing])
    for known in found["jobQueues"]:
        _check_shares(entry, fair=bool(known.get("schedulingPolicyArn")))
        return {"name": known["jobQueueName"], "arn": known["jobQueueArn"]}
    return None


def _check_shares(entry: Any, *, fair: bool) -> None:
    """Batch refuses every job without a share in a queue with a scheduling policy, and with one in any other."""
    if fair == bool(entry.shares):
        return
    key = "existing" if fair else "shares"
    message = "this queue has a scheduling policy: its jobs need shares." if fair else "this queue has no shares."
    hint = "Write its shares: beside existing:." if fair else "Remove them."
    raise SpecError.of([Problem(message, entry.place_of(key), f"{entry.origin}.{key}", hint)])


_ASK: dict[str, Callable[[Aws, Any], Outputs | None]] = {
    "buckets": _bucket,
    "message_queues": _message_queue,
    "secrets": _secret,
    "images": _image,
    "topics": _topic,
    "databases": _database,
    "warehouses": _warehouse,
    "filesystems": _filesystem,
    "compute_environments": _compute_environment,
    "job_queues": _job_queue,
}
