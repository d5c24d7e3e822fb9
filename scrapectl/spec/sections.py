"""The sections a job stands on as frozen dataclasses: network, logs, images, secrets, buckets, queues, environments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapectl.errors import Place

Platform: TypeAlias = Literal["X86_64", "ARM64"]
OnDestroy: TypeAlias = Literal["refuse", "keep", "delete"]
NatMode: TypeAlias = Literal["none", "single", "per-zone"]
EnvironmentType: TypeAlias = Literal["fargate", "fargate-spot", "ec2", "ec2-spot"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """Something that stands in the file.

    Attributes:
        origin: Its path, such as "jobs.collect" or "jobs.collect.schedules.morning".
        where: The place of its key; of the thing it was made for, when it is a default nobody wrote.
        places: The path of a key inside it ("memory", "environment.ZIP", "access.read.0") to that key's place.
    """

    origin: str
    where: Place
    places: Mapping[str, Place] = field(default_factory=dict)

    def place_of(self, path: str) -> Place:
        """Say where a key inside stands; for a key that was not written, where the nearest thing around it stands."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, self.where)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry(Written):
    """An entry of a section: `key` is its name there, `name` a fixed physical name when the user gave one."""

    key: str
    name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeNetwork(Written):
    """A VPC of our own.

    Attributes:
        zones: How many zones it has a public and a private subnet in; the networks are cut evenly from `cidr`.
        nat: Private subnets reach the internet by one gateway, by one in each zone, or not.
        endpoints: AWS services reached inside the VPC, as in `com.amazonaws.{region}.{name}`; s3 and dynamodb by the
            route tables, free of charge, others by interfaces.
        peer: Ids of VPCs of this account and region that it is joined with.
    """

    cidr: str
    zones: int = 2
    nat: NatMode = "none"
    endpoints: tuple[str, ...] = ()
    peer: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Network(Written):
    """The default VPC of the account (`vpc` and `made` are None), ids that stand already, or one that is made.

    Without `subnets` all subnets of the VPC are meant; without `security_groups` one is made.
    """

    vpc: str | None = None
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    made: MadeNetwork | None = None

    @property
    def is_default(self) -> bool:
        """True for `network: default`."""
        return self.vpc is None and self.made is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Logs(Written):
    """The pipeline's one log group; `retention` in seconds, always whole days that CloudWatch Logs allows."""

    retention: int = 30 * 86400


@dataclass(frozen=True, kw_only=True, slots=True)
class Image(Entry):
    """An ECR repository and what is built into it.

    Attributes:
        build: The folder with the Dockerfile, as written (relative to the spec's folder); None when `existing`.
        keep: How many images the repository keeps.
        existing: Name or ARN of a repository that is not ours; its `tag` is what jobs run.
    """

    build: str | None = None
    platform: Platform = "X86_64"
    keep: int = 10
    scan: bool = True
    on_destroy: OnDestroy = "delete"
    existing: str | None = None
    tag: str = "latest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret(Entry):
    """A secret from one of: the variable `from_env`, `generate` (so many characters), `existing` (name or ARN)."""

    from_env: str | None = None
    generate: int | None = None
    on_destroy: OnDestroy = "delete"
    existing: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive(Written):
    """Intelligent-Tiering from day 0; `after` and `deep_after` in seconds (whole days) switch its archive tiers on."""

    after: int | None = None
    deep_after: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket(Entry):
    """An S3 bucket.

    Attributes:
        encryption: "s3", "kms" (AWS's own key) or "kms:<key ARN>".
        expire: Prefix ("" is the whole bucket) to seconds (whole days) after which objects go.
    """

    versioned: bool = False
    encryption: str = "s3"
    expire: Mapping[str, int] = field(default_factory=dict)
    archive: Archive | None = None
    on_destroy: OnDestroy = "refuse"
    existing: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageQueue(Entry):
    """An SQS queue with its dead-letter queue.

    Attributes:
        retention: Seconds.
        dead_letter_after: How many times a message is received before it is dead.
        visibility: Seconds; unless given, six times the longest timeout of the jobs that receive, to 12 h, else 30.
    """

    retention: int = 4 * 86400
    dead_letter_after: int = 5
    visibility: int = 30
    existing: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ComputeEnvironment(Entry):
    """A Batch compute environment; instance types (families or sizes) and `min_vcpus` are for EC2 alone."""

    type: EnvironmentType = "fargate"
    instance_types: tuple[str, ...] = ("optimal",)
    min_vcpus: int = 0
    max_vcpus: int = 16
    existing: str | None = None

    @property
    def on_ec2(self) -> bool:
        """Whether jobs run on instances of the account, not on Fargate."""
        return self.type.startswith("ec2")


@dataclass(frozen=True, kw_only=True, slots=True)
class JobQueue(Entry):
    """A Batch job queue.

    Attributes:
        compute: Keys of compute_environments, in the order they are tried; empty when `existing`.
        shares: Share to the part it gets (a bigger number gets more); empty: no fair share, and no scheduling policy.
        share_decay: Seconds.
        reserve: Batch's computeReservation, 0 to 99.
        stuck_after: Seconds after which the queue's first job is cancelled when it cannot start; None: never.
        on_ec2: Whether its environments are EC2; not written, and False for one that is not ours.
    """

    compute: tuple[str, ...] = ()
    priority: int = 1
    shares: Mapping[str, float] = field(default_factory=dict)
    share_decay: int = 600
    reserve: int = 0
    stuck_after: int | None = None
    on_ec2: bool = False
    existing: str | None = None
