"""The spec as frozen dataclasses: what a user wrote, checked, with defaults filled in and every position kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.spec.sections import (
    Archive,
    Bucket,
    ComputeEnvironment,
    Entry,
    EnvironmentType,
    Image,
    JobQueue,
    Logs,
    MessageQueue,
    Network,
    OnDestroy,
    Platform,
    Secret,
    Written,
)
from scrapectl.spec.services import Alerts, Database, DatabaseEngine, Iam, Power, Topic
from scrapectl.spec.template import Attribute, Fact, Part, Template, Text, Unset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "Access",
    "Alerts",
    "Archive",
    "Attribute",
    "Bucket",
    "BucketPlace",
    "ComputeEnvironment",
    "Database",
    "DatabaseEngine",
    "Deliver",
    "Entry",
    "EnvironmentType",
    "Fact",
    "Iam",
    "Image",
    "Job",
    "JobQueue",
    "Logs",
    "MessageQueue",
    "Network",
    "OnDestroy",
    "Part",
    "Platform",
    "Power",
    "Schedule",
    "Secret",
    "SecretRef",
    "Spec",
    "Template",
    "Text",
    "Topic",
    "Unset",
    "Written",
]


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """`raw/in/`: a bucket of the spec and a prefix in it ("" is the whole bucket)."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.bucket}/{self.prefix}" if self.prefix else self.bucket


@dataclass(frozen=True, slots=True)
class SecretRef:
    """What a variable of `secrets` reads: `secret` is a key of the spec's secrets, or `arn` a full ARN (never both)."""

    secret: str | None = None
    arn: Text | None = None
    json_key: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Access(Written):
    """What a job may do: names are keys of sections, `policy` are statements in IAM's own words (leaves are Text)."""

    read: tuple[BucketPlace, ...] = ()
    write: tuple[BucketPlace, ...] = ()
    send: tuple[str, ...] = ()  # message queues and topics, which share one set of names
    receive: tuple[str, ...] = ()
    submit: tuple[str, ...] = ()
    connect: tuple[str, ...] = ()
    policy: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Deliver:
    """How long EventBridge Scheduler tries to hand a run over: `within` in seconds."""

    retries: int = 3
    within: int = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule(Entry):
    """One schedule of a job; exactly one of `cron` (six fields, no "cron()"), `rate` (seconds), `at` is set.

    Attributes:
        flex: Seconds (whole minutes), None for exactly on time.
        share: Its own, else the job's; None on a queue without shares.
        array: Its own, else the job's; None for no array.
        priority: Only when the schedule overrides the job's.
        environment: Only what the schedule adds or overrides.
        from_date: ISO 8601 with zone, as written, like `to_date`.
    """

    cron: str | None = None
    rate: int | None = None
    at: str | None = None
    timezone: str = "UTC"
    flex: int | None = None
    share: str | None = None
    array: int | None = None
    priority: int | None = None
    environment: Mapping[str, Text] = field(default_factory=dict)
    enabled: bool = True
    from_date: str | None = None
    to_date: str | None = None
    deliver: Deliver = field(default_factory=Deliver)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job(Entry):
    """A Batch job definition and its schedules.

    Attributes:
        image: A key of the spec's images (see `Spec.image_of`), or an image URI as written.
        memory: MiB.
        disk: GiB of scratch space, None for Fargate's own 20.
        public_ip: None: by the subnets (true in public ones).
        queue: A key of job_queues, never None.
        share: A share of that queue, None when it has none.
        array: How many children, None for no array.
        timeout: Seconds, of each attempt.
        retries: After the first attempt.
        retry_on: None: every failure but a timeout.
        read_only: The container's root file system takes no writes; /tmp does.
        on_failure: Key of a topic that is told, instead of the alerts' one.
    """

    image: Text
    command: tuple[Text, ...] = ()
    vcpus: float = 1.0
    memory: int = 2048
    platform: Platform = "X86_64"
    disk: int | None = None
    public_ip: bool | None = None
    environment: Mapping[str, Text] = field(default_factory=dict)
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    access: Access
    queue: str
    share: str | None = None
    priority: int = 100
    array: int | None = None
    timeout: int = 3600
    retries: int = 1
    retry_on: tuple[str, ...] | None = None
    keep_revisions: int = 5
    read_only: bool = False
    on_failure: str | None = None
    schedules: Mapping[str, Schedule] = field(default_factory=dict)


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
    databases: Mapping[str, Database] = field(default_factory=dict)
    alerts: Alerts
    outputs: Mapping[str, Text] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The instance: `pipeline`, or `pipeline.stage`."""
        return f"{self.pipeline}.{self.stage}" if self.stage else self.pipeline

    def on_ec2(self, queue: str) -> bool:
        """Whether a job queue of the spec stands on EC2; AWS lets no queue mix that with Fargate."""
        return self.job_queues[queue].on_ec2

    def image_of(self, job: Job) -> Image | None:
        """Give the entry of `images` a job runs, or None when it names an image URI."""
        return self.images.get(job.image) if isinstance(job.image, str) else None
