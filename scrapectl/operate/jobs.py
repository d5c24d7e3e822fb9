"""(AWS, owner) → the jobs that stand, found by their definitions' tags, without the spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from scrapectl.engine.ownership import PIPELINE

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

LOAD = "SCRAPECTL_LOAD"
"""The variable that tells a job or a function that it is a loader, and what to load."""
RUN = "scrapectl:run"
"""The tag of a job definition that says how its job is run: `queue=shop-default share=low array=10`."""


@dataclass(frozen=True)
class StandingJob:
    """A job as AWS has it: `name` is its name in the spec, `definition` the physical one.

    `queue` is a physical name; `share` and `array` are None when runs have none; memory in MiB; `on_ec2` decides which
    sizes it may have; `loads` says that it is a loader, `checked` that its items are
    checked when it has ended.
    """

    name: str
    definition: str
    revision: int
    queue: str
    share: str | None
    array: int | None
    log_group: str
    vcpus: float
    memory: int
    on_ec2: bool = False
    loads: bool = False
    checked: bool = False

    kind: ClassVar[str] = "job"

    @property
    def physical(self) -> str:
        """What AWS calls it."""
        return self.definition


def find_jobs(aws: Aws, owner: str) -> dict[str, StandingJob]:
    """Every job of an instance by its name, from the newest active revision of each definition."""
    newest: dict[str, Mapping[str, Any]] = {}
    for definition in aws.pages("batch", "describe_job_definitions", "jobDefinitions", status="ACTIVE"):
        ours = definition.get("tags", {}).get(PIPELINE) == owner
        known = newest.get(definition["jobDefinitionName"])
        if ours and (known is None or definition["revision"] > known["revision"]):
            newest[definition["jobDefinitionName"]] = definition
    found = [_job(definition, owner) for definition in newest.values()]
    return {job.name: job for job in sorted(found, key=lambda job: job.name)}


def definition_name(arn: str) -> str:
    """`arn:…:job-definition/shop-collect:3` → `shop-collect`; a name with or without revision serves as well."""
    return arn.rpartition("/")[2].partition(":")[0]


def name_in_spec(container: Mapping[str, Any]) -> str:
    """The job's name in the spec: the prefix of its log streams, which no fixed physical name changes."""
    return str(_log_options(container).get("awslogs-stream-prefix", ""))


def log_group(container: Mapping[str, Any]) -> str:
    """The log group that a container writes to."""
    return str(_log_options(container).get("awslogs-group", ""))


def _log_options(container: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (container.get("logConfiguration") or {}).get("options") or {}
    return found


def _job(definition: Mapping[str, Any], owner: str) -> StandingJob:
    container = definition.get("containerProperties", {})
    how = dict(part.split("=", 1) for part in definition["tags"].get(RUN, "").split() if "=" in part)
    sizes = {entry["type"]: entry["value"] for entry in container.get("resourceRequirements") or ()}
    return StandingJob(
        name=name_in_spec(container) or str(definition["jobDefinitionName"]),
        definition=definition["jobDefinitionName"],
        revision=int(definition["revision"]),
        queue=how.get("queue", ""),
        share=how.get("share") or None,
        array=int(how["array"]) if how.get("array", "").isdigit() else None,
        log_group=log_group(container) or f"/scrapectl/{owner}",
        vcpus=float(sizes.get("VCPU", 0)),
        memory=int(sizes.get("MEMORY", 0)),
        on_ec2="EC2" in definition.get("platformCapabilities", ()),
        loads=any(entry["name"] == LOAD for entry in container.get("environment") or ()),
        checked=how.get("checked") == "yes",
    )
