"""Finds functions in the network that cannot reach what they need: Lambda gives them no public address there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapectl.spec.loaders import MessageSource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Function, Job, Spec

# What `access` names, and by which endpoint it is reached; `send` is told apart by what is sent to.
_ENDPOINTS = {
    "read": "s3",
    "write": "s3",
    "receive": "sqs",
    "submit": "batch",
    "start": "states",
    "call": "lambda",
}


@dataclass(frozen=True, slots=True)
class Need:
    """An AWS service that something calls: its endpoint's name, and the path inside the entry that says so."""

    path: str
    endpoint: str


def in_network(function: Function) -> bool:
    """Say whether a function stands in the network: only when it mounts or connects."""
    return bool(function.mounts or function.access.databases)


def unreachable(spec: Spec, function: Function, *, way_out: bool, endpoints: Collection[str]) -> list[Need]:
    """List what a function needs and cannot reach from where it stands.

    Args:
        spec: Where its names are looked up.
        function: One of its functions.
        way_out: Whether its subnets have a way to the internet by NAT. An internet gateway is none: a function has no
            public address ("Giving Lambda functions access to resources in an Amazon VPC").
        endpoints: Names of the VPC's endpoints, as in `com.amazonaws.{region}.{name}`.

    Returns:
        What is not reached, in the order it is written; nothing for a function outside the network, which reaches all.
    """
    if way_out or not in_network(function):
        return []
    return [need for need in needs_of(spec, function) if need.endpoint not in endpoints]


def needs_of(spec: Spec, runner: Job | Function) -> Iterator[Need]:
    """Yield the services that a job or function calls by what it says; not what its own `policy` lets it call."""
    if loader := spec.loaders.get(runner.key):
        yield from (Need("into", "secretsmanager"), Need("into", "s3"))
        if isinstance(loader.source, MessageSource):
            yield Need("from", "sqs")  # Lambda brings messages, but dead letters it takes itself
    for variable in runner.secrets:
        yield Need(f"secrets.{variable}", "secretsmanager")
    for key, endpoint in _ENDPOINTS.items():
        for number, _ in enumerate(getattr(runner.access, key)):
            yield Need(f"access.{key}.{number}", endpoint)
    for number, name in enumerate(runner.access.connect):
        if name in runner.access.asked:
            yield Need(f"access.connect.{number}", "redshift-data")
    for number, name in enumerate(runner.access.send):
        yield Need(f"access.send.{number}", "sqs" if name in spec.message_queues else "sns")


def told(function: Function, need: Need) -> tuple[str, str]:
    """Say that a need is not met, and what to write: the message and the hint of a problem."""
    why = "mounts a file system" if function.mounts else "connects to a database"
    message = f"needs {need.endpoint}, and the function, which {why}, stands in a network without a way there."
    return message, f"Write nat: single, or add {need.endpoint} to network.endpoints."


def check_reach(spec: Spec, findings: Findings) -> None:
    """Check the functions of a network that is made here; of others AWS has to be asked."""
    made = spec.network.made
    if made is None or not all(findings.is_sound(f"network.{key}") for key in ("nat", "endpoints")):
        return
    for function in spec.functions.values():
        for need in unreachable(spec, function, way_out=made.nat != "none", endpoints=made.endpoints):
            findings.add(f"{function.origin}.{need.path}", *told(function, need))
    if made.nat == "none":
        for job in spec.jobs.values():
            _check_private_job(spec, job, findings)


def _check_private_job(spec: Spec, job: Job, findings: Findings) -> None:
    """Without NAT jobs stand in public subnets; one that wants no public address has the endpoints alone."""
    made = spec.network.made
    if made is None or job.public_ip is not False or spec.on_ec2(job.queue):
        return
    if spec.image_of(job) is None and ".dkr.ecr." not in str(job.image):
        message = "without a public address and NAT the job cannot pull its image, which is not in ECR."
        findings.add(f"{job.origin}.public_ip", message, "Remove it, or write nat: single under network.")
        return
    needed = ["ecr.api", "ecr.dkr", "s3", "logs", *(need.endpoint for need in needs_of(spec, job))]
    missing = sorted(set(needed) - set(made.endpoints))
    if missing:
        message = f"without a public address and NAT the job needs the endpoints {', '.join(missing)}."
        findings.add(
            f"{job.origin}.public_ip", message, "Remove it, write nat: single, or add them to network.endpoints."
        )
