"""The spec as frozen dataclasses: what a user wrote, checked, with defaults filled in and every position kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrapectl.spec.hosts import Host, HostSchedule
from scrapectl.spec.jobs import Access, BucketPlace, Deliver, FilePlace, Job, Schedule, SecretRef
from scrapectl.spec.loaders import BadRows, Column, Expectation, Format, Loader, MessageSource, Target
from scrapectl.spec.sections import (
    Archive,
    Bucket,
    ComputeEnvironment,
    Entry,
    EnvironmentType,
    Image,
    JobQueue,
    Logs,
    MadeNetwork,
    MessageQueue,
    Network,
    OnDestroy,
    Platform,
    Secret,
    Written,
)
from scrapectl.spec.services import Alerts, Database, DatabaseEngine, Iam, Power, Topic
from scrapectl.spec.started import (
    CallStep,
    CopyStep,
    Desktop,
    Function,
    MessageEvent,
    ParallelStep,
    RunStep,
    Step,
    Trigger,
    UploadEvent,
    WaitStep,
    Workflow,
)
from scrapectl.spec.storage import AccessPath, FileSystem
from scrapectl.spec.template import Attribute, Fact, OfRun, Part, Template, Text, Unset
from scrapectl.spec.warehouses import Cluster, Serverless, Warehouse, WarehouseEngine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "Access",
    "AccessPath",
    "Alerts",
    "Archive",
    "Attribute",
    "BadRows",
    "Bucket",
    "BucketPlace",
    "CallStep",
    "Cluster",
    "Column",
    "ComputeEnvironment",
    "CopyStep",
    "Database",
    "DatabaseEngine",
    "Deliver",
    "Desktop",
    "Entry",
    "EnvironmentType",
    "Expectation",
    "Fact",
    "FilePlace",
    "FileSystem",
    "Format",
    "Function",
    "Host",
    "HostSchedule",
    "Iam",
    "Image",
    "Job",
    "JobQueue",
    "Loader",
    "Logs",
    "MadeNetwork",
    "MessageEvent",
    "MessageQueue",
    "MessageSource",
    "Network",
    "OfRun",
    "OnDestroy",
    "ParallelStep",
    "Part",
    "Platform",
    "Power",
    "RunStep",
    "Schedule",
    "Secret",
    "SecretRef",
    "Serverless",
    "Spec",
    "Step",
    "Target",
    "Template",
    "Text",
    "Topic",
    "Trigger",
    "Unset",
    "UploadEvent",
    "WaitStep",
    "Warehouse",
    "WarehouseEngine",
    "Workflow",
    "Written",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec(Written):
    """The whole pipeline, of one stage; sections keep the order of the file.

    Attributes:
        file: The spec's path as given.
        folder: The folder that `build:` paths start from.
        region: From the file or the command line; None: the AWS profile's.
        account: The optional guard, 12 digits.
        formerly: An older name of this pipeline.
    """

    file: str
    folder: Path
    pipeline: str
    stage: str | None = None
    formerly: str | None = None
    region: str | None = None
    account: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    vars: Mapping[str, Text | int | float | bool] = field(default_factory=dict)
    network: Network
    iam: Iam
    logs: Logs
    images: Mapping[str, Image] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    buckets: Mapping[str, Bucket] = field(default_factory=dict)
    message_queues: Mapping[str, MessageQueue] = field(default_factory=dict)
    compute_environments: Mapping[str, ComputeEnvironment] = field(default_factory=dict)
    job_queues: Mapping[str, JobQueue] = field(default_factory=dict)
    jobs: Mapping[str, Job] = field(default_factory=dict)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    filesystems: Mapping[str, FileSystem] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    hosts: Mapping[str, Host] = field(default_factory=dict)
    workflows: Mapping[str, Workflow] = field(default_factory=dict)
    triggers: Mapping[str, Trigger] = field(default_factory=dict)
    desktops: Mapping[str, Desktop] = field(default_factory=dict)
    databases: Mapping[str, Database] = field(default_factory=dict)
    warehouses: Mapping[str, Warehouse] = field(default_factory=dict)
    loaders: Mapping[str, Loader] = field(default_factory=dict)
    alerts: Alerts
    outputs: Mapping[str, Text] = field(default_factory=dict)

    @property
    def started(self) -> tuple[Job | Function | Workflow | Host, ...]:
        """Everything that is started by the clock, by hand or by others."""
        return (*self.jobs.values(), *self.functions.values(), *self.workflows.values(), *self.hosts.values())

    @property
    def owner(self) -> str:
        """The instance: `pipeline`, or `pipeline.stage`."""
        return f"{self.pipeline}.{self.stage}" if self.stage else self.pipeline

    def on_ec2(self, queue: str) -> bool:
        """Whether a job queue of the spec stands on EC2; AWS lets no queue mix that with Fargate."""
        return self.job_queues[queue].on_ec2

    def image_of(self, runner: Job | Function | Host) -> Image | None:
        """Give the entry of `images` that something runs, or None when it names an image URI, or no image."""
        return self.images.get(runner.image) if isinstance(runner.image, str) else None
