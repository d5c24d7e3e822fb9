"""Jobs as frozen dataclasses, with what other runs share with them: places, secrets, access, schedules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.spec.sections import Entry, Platform, Written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapectl.spec.loaders import Expectation
    from scrapectl.spec.template import Text


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """`raw/in/`: a bucket of the spec and a prefix in it ("" is the whole bucket)."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.bucket}/{self.prefix}" if self.prefix else self.bucket


@dataclass(frozen=True, slots=True)
class FilePlace:
    """`work/data`: a file system of the spec and one of its paths, or a folder below one ("" is its root)."""

    filesystem: str
    path: str = ""

    def __str__(self) -> str:
        return f"{self.filesystem}/{self.path}" if self.path else self.filesystem


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
    start: tuple[str, ...] = ()  # workflows
    call: tuple[str, ...] = ()  # functions
    connect: tuple[str, ...] = ()  # databases and warehouses, which share one set of names
    asked: tuple[str, ...] = ()  # those of `connect` that are warehouses: asked by the Data API, not by the network
    policy: tuple[Mapping[str, Any], ...] = ()

    @property
    def databases(self) -> tuple[str, ...]:
        """Those of `connect` that are reached by the network."""
        return tuple(name for name in self.connect if name not in self.asked)


@dataclass(frozen=True, slots=True)
class Deliver:
    """How long EventBridge Scheduler tries to hand a run over: `within` in seconds."""

    retries: int = 3
    within: int = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule(Entry):
    """One schedule of a job, a function or a workflow; exactly one of `cron`, `rate` (seconds), `at` is set.

    Attributes:
        cron: Six fields, without "cron()".
        flex: Seconds (whole minutes), None for exactly on time.
        share: Its own, else the job's; None on a queue without shares.
        array: Its own, else the job's; None for no array.
        priority: Only when the schedule overrides the job's.
        environment: Only what the schedule adds or overrides.
        input: What a workflow is started with, as plain JSON values (leaves are Text); None for anything else.
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
    input: Mapping[str, Any] | None = None
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
        mounts: Path in the container to the place of a file system that is mounted there.
        read_only: The container's root file system takes no writes; /tmp does.
        on_failure: Key of a topic that is told, instead of the alerts' one.
        expect: What the items that it leaves must be like.
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
    mounts: Mapping[str, FilePlace] = field(default_factory=dict)
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
    expect: Expectation | None = None
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
