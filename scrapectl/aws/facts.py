"""Asks AWS what a spec takes as given: the network, and what `existing:` names; hashes the folders to build."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from scrapectl.aws.function_reach import out_of_reach
from scrapectl.aws.network import network_facts
from scrapectl.aws.pinned_images import pin_tasks, pinned
from scrapectl.engine.resource import Aws
from scrapectl.errors import AccessDenied, AwsError, Problem, SpecError
from scrapectl.facts import Facts, NetworkFacts
from scrapectl.kinds.redshift_cluster import cluster_arn
from scrapectl.packages.build import Packages, build_packages
from scrapectl.packages.loader import package_members
from scrapectl.shipped import shipped
from scrapectl.spec.expected import checked_by_itself
from scrapectl.spec.model import DatabaseEngine, Entry, Spec
from scrapectl.spec.warehouses import ZONES_OF_SERVERLESS

ZONES_OF_A_DATABASE = 2
ENGINES = get_args(DatabaseEngine)
FolderHash = Callable[[Path, str], str]
"""(folder, platform) → hex digits: the same folder built for another platform is another image."""
Outputs = Mapping[str, Any]
_Named = tuple[str, Any]
"""A section, and an entry of it."""


def gather_facts(
    spec: Spec,
    aws: Aws,
    folder_hash: FolderHash,
    env: Mapping[str, str] | None = None,
    build: Callable[[Spec], Packages] = build_packages,
) -> Facts:
    """Pack what is to be packed, then gather everything in one round, side by side.

    Args:
        spec: What was written.
        aws: Whom to ask.
        folder_hash: Names what a build folder holds.
        env: The environment; this process's own when None.
        build: Makes the zips of functions; a destroy needs none.

    Raises:
        SpecError: something that `existing:` or `build:` names is not there, or not as it has to be; with its place.
        EnvironmentProblem: the account has no default network.
    """
    known = os.environ if env is None else env
    problems: list[Problem] = []
    named = _named(spec, aws.region, problems)
    packages = build(spec)
    tasks: list[Callable[[], Any]] = [lambda: network_facts(aws, spec)]
    tasks += [_asker(aws, section, entry) for section, entry in named]
    network, *answers = aws.gather([*tasks, *pin_tasks(spec, aws)])
    existing = _found(named, answers[: len(named)], problems)
    tags = _image_tags(spec, folder_hash, problems)
    images, wrong = pinned(spec, answers[len(named) :], aws.region)
    problems += wrong
    problems.extend(_too_few_zones(spec, network))
    problems.extend(out_of_reach(spec, aws, network))
    if problems:
        raise SpecError.of(problems)
    return Facts(
        aws.account,
        aws.partition,
        aws.region,
        network,
        existing,
        secret_values=_secret_values(spec, known),
        image_tags=tags,
        pinned_images=images,
        packages=packages.functions,
        layers=packages.layers,
        notifier=shipped("notifier/notifier.py").read_bytes() if _tells(spec) else b"",
        starter=shipped("starter/starter.py").read_bytes() if spec.triggers else b"",
        host_files=_host_files() if spec.hosts else {},
        loader={member.name: member.data for member in package_members()} if checked_by_itself(spec) else {},
    )


def _host_files() -> dict[str, str]:
    """The program of a host's instance: what begins it, and the modules that it unpacks."""
    folder = shipped("host")
    modules = {path.name: path.read_text(encoding="utf-8") for path in sorted((folder / "scrapectl_host").glob("*.py"))}
    return {"start.py": (folder / "start.py").read_text(encoding="utf-8"), **modules}


def _tells(spec: Spec) -> bool:
    """Whether anybody may have to be told of a failure."""
    return spec.alerts.to is not None or any(started.on_failure for started in spec.started)


def _too_few_zones(spec: Spec, network: NetworkFacts) -> list[Problem]:
    """RDS takes no subnet group of fewer than two zones (AWS-FACTS §18: DBSubnetGroupDoesNotCoverEnoughAZs).

    Redshift Serverless makes no workgroup in fewer than three ("Considerations when using Amazon Redshift Serverless").
    """
    databases = [database for database in spec.databases.values() if database.existing is None]
    workgroups = [warehouse for warehouse in spec.warehouses.values() if warehouse.serverless is not None]
    for ours, what, least in (
        (databases, "a database needs subnets in two zones", ZONES_OF_A_DATABASE),
        (workgroups, "a serverless warehouse needs subnets in three zones", ZONES_OF_SERVERLESS),
    ):
        if ours and len(network.zones) < least:
            message = f"{what}; those of the network are in {', '.join(network.zones)}."
            place = spec.network.place_of("subnets") if spec.network.subnets else ours[0].where
            return [Problem(message, place, "network.subnets", "Name a subnet of another zone too.")]
    return []


def _secret_values(spec: Spec, env: Mapping[str, str]) -> dict[str, str]:
    named = {key: secret.from_env for key, secret in spec.secrets.items() if secret.from_env}
    return {key: env[name] for key, name in named.items() if env.get(name)}


def _image_tags(spec: Spec, folder_hash: FolderHash, problems: list[Problem]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for key, image in spec.images.items():
        if image.build is None:
            continue
        folder = spec.folder / image.build
        if not (folder / "Dockerfile").is_file():
            message = f"{image.build} has no Dockerfile." if folder.is_dir() else f"there is no folder {image.build}."
            path = f"{image.origin}.build"
            problems.append(Problem(message, image.place_of("build"), path, "Paths start at the spec's own folder."))
            continue
        tags[key] = f"src-{folder_hash(folder, image.platform)}"
    return tags


def _named(spec: Spec, region: str, problems: list[Problem]) -> list[_Named]:
    """What `existing:` names, but for what an ARN puts into another region: here its name would be another thing's."""
    named: list[_Named] = []
    for section in _ASK:
        for entry in getattr(spec, section).values():
            there = _region(entry.existing or "")
            if there not in ("", region):
                message = f"it is in {there}, and the pipeline in {region}."
                path = f"{entry.origin}.existing"
                problems.append(Problem(message, entry.place_of("existing"), path, f"Name one of {region}."))
            elif entry.existing:
                named.append((section, entry))
    return named


def _found(named: list[_Named], answers: list[Any], problems: list[Problem]) -> dict[tuple[str, str], Outputs]:
    """Keep what is there as it has to be, and tell of all that is not."""
    existing: dict[tuple[str, str], Outputs] = {}
    for (section, entry), answer in zip(named, answers, strict=True):
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


def _asker(aws: Aws, section: str, entry: Any) -> Callable[[], Any]:
    def ask() -> Outputs | SpecError | None:
        try:
            return _ASK[section](aws, entry)
        except SpecError as wrong:  # told with what is wrong with the others
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
    "compute_environments": _compute_environment,
    "job_queues": _job_queue,
}
