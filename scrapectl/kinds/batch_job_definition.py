"""Turns a job into revisions of a job definition of AWS Batch, for Fargate or EC2: the newest is what runs."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from scrapectl.engine.marks import Identity, Local
from scrapectl.engine.ownership import tag_difference
from scrapectl.engine.resource import Aws, FieldChange, Key, Listing, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.kinds.batch_container import FARGATE, BatchMount, Environment, container_properties, container_values
from scrapectl.kinds.batch_describe import GONE, arn_name
from scrapectl.kinds.batch_retry import conditions, words
from scrapectl.kinds.tags import own_tags

ONE_BY_ONE = 8
"""Up to so many definitions are read by name, side by side; more in one listing of all, a hundred a page."""


def job_definition_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN, without revision, that stands for the newest revision of this name."""
    return f"arn:{partition}:batch:{region}:{account}:job-definition/{name}"


@dataclass(frozen=True, kw_only=True)
class BatchJobDefinition(Resource):
    """A container job.

    Attributes:
        image: With its tag or digest.
        image_tag: The tag that led to that digest, for the plan to tell when it was moved.
        vcpus: As text, as AWS takes it ("0.5").
        memory: MiB.
        platform: X86_64 or ARM64; on EC2 None, as disk and public_ip: the instance's own count.
        disk: GiB of scratch space; None: Fargate's own 20.
        public_ip: Whether its task gets one.
        environment: Name → value; an empty value is the same as none, as AWS drops it.
        secrets: Name → ARN of a secret, with `:json-key::` where only one key of it is meant.
        job_role: ARN of the role of the code inside.
        execution_role: ARN of the role that pulls the image, reads the secrets and writes the log.
        timeout: Seconds, of each attempt.
        attempts: The first one included, 1 to 10.
        retry_on: The spec's words (see `batch_retry`); None: every failure but a timeout.
        priority: Within its share, 0 to 9999.
        propagate_tags: Whether its tasks carry its tags.
        runs_on: FARGATE or EC2.
        read_only: The root file system takes no writes; /tmp does.
        mounts: File systems in its containers.
        keep_revisions: How many ACTIVE revisions stay; the oldest beyond it are deregistered.
    """

    name: Identity[str]
    image: Any
    command: tuple[Any, ...] = ()
    vcpus: str
    memory: int
    platform: str | None = "X86_64"
    disk: int | None = None
    public_ip: bool | None = False
    environment: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    job_role: Any = None
    execution_role: Any
    log_group: Any
    log_region: str
    log_prefix: str
    timeout: int
    attempts: int = 1
    retry_on: tuple[str, ...] | None = None
    priority: int | None = None
    propagate_tags: bool = True
    runs_on: str = "FARGATE"
    read_only: bool = False
    mounts: frozenset[BatchMount] = frozenset()
    image_tag: Local[str] = ""
    keep_revisions: Local[int] = 5

    kind: ClassVar[str] = "batch_job_definition"
    tells_the_spec: ClassVar[bool] = True
    gone_at_once: ClassVar[bool] = True
    sweep: ClassVar[str | None] = "batch:{region}:{account}:job-definition/"
    listing: ClassVar[Listing | None] = Listing(
        "batch", "describe_job_definitions", "jobDefinitions", "jobDefinitionName", {"status": "ACTIVE"}
    )
    tags_in_update: ClassVar[bool] = True
    remains: ClassVar[str] = "INACTIVE revisions, which AWS Batch shows for about 180 days; they cost nothing"
    needs: ClassVar[Needs] = Needs(
        read=("batch:DescribeJobDefinitions",),
        create=("batch:RegisterJobDefinition", "batch:TagResource", "iam:PassRole"),
        update=(
            "batch:DeregisterJobDefinition",
            "batch:RegisterJobDefinition",
            "batch:TagResource",
            "batch:UntagResource",
            "iam:PassRole",
        ),
        delete=("batch:DeregisterJobDefinition",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "batch:job-definition": ("batch:{region}:{account}:job-definition/{name}",),
            "batch:job-definition-revision": ("batch:{region}:{account}:job-definition/{name}:*",),
        },
        passed_to="ecs-tasks.amazonaws.com",
    )

    def __post_init__(self) -> None:
        """Take the one spelling of the size, and compare the environment as AWS keeps it."""
        object.__setattr__(self, "vcpus", f"{float(self.vcpus):g}")
        object.__setattr__(self, "environment", Environment(self.environment))

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read the ACTIVE revisions of each name; the newest is the definition."""
        names = {name for (name,) in keys}
        ask: Any = functools.partial(aws.pages, "batch", "describe_job_definitions", "jobDefinitions", status="ACTIVE")
        asks = [functools.partial(ask, jobDefinitionName=name) for name in sorted(names)]
        answers = aws.gather(asks) if len(names) <= ONE_BY_ONE else [ask()]
        revisions: dict[str, list[Mapping[str, Any]]] = {}
        for entry in (entry for answer in answers for entry in answer if entry["jobDefinitionName"] in names):
            revisions.setdefault(entry["jobDefinitionName"], []).append(entry)
        return {(name,): cls._live(entries) for name, entries in revisions.items()}

    @classmethod
    def _live(cls, entries: Sequence[Mapping[str, Any]]) -> Live:
        ordered = sorted(entries, key=lambda entry: int(entry["revision"]))
        newest = ordered[-1]
        retry = newest.get("retryStrategy") or {}
        runs_on = FARGATE if FARGATE in (newest.get("platformCapabilities") or ()) else "EC2"  # AWS's default
        resource = cls(
            name=newest["jobDefinitionName"],
            timeout=(newest.get("timeout") or {}).get("attemptDurationSeconds", 0),
            attempts=retry.get("attempts", 1),
            retry_on=words(retry.get("evaluateOnExit", ()), runs_on),
            priority=newest.get("schedulingPriority"),
            propagate_tags=newest.get("propagateTags", False),
            runs_on=runs_on,
            **container_values(newest.get("containerProperties") or {}, runs_on),
        )
        arns = tuple(entry["jobDefinitionArn"] for entry in ordered)
        return Live(resource, _outputs(resource.name, arns[-1]), own_tags(newest.get("tags", {})), detail=arns)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Register the first revision; AWS takes all of it or nothing, so the answer counts."""
        arn = self._register(aws, tags)
        return Live(self, _outputs(self.name, arn), dict(tags), detail=(arn,))

    def update(self, aws: Aws, update: Update) -> None:
        """Register a new revision; when that is what is wanted, deregister those beyond `keep_revisions`."""
        if update.changed - {"revisions"}:
            # Tags are a revision's: those of others would be lost with the old one.
            dropped = tag_difference(update.tags, update.live.tags).drop
            others = {key: value for key, value in update.live.tags.items() if key not in dropped}
            self._register(aws, {**others, **update.tags})
        else:
            _deregister(aws, update.live.detail[: -self.keep_revisions])

    def _register(self, aws: Aws, tags: Mapping[str, str]) -> str:
        retry: dict[str, Any] = {"attempts": self.attempts}
        if on_exit := conditions(self.retry_on, self.runs_on):
            retry["evaluateOnExit"] = on_exit
        optional: dict[str, Any] = {} if self.priority is None else {"schedulingPriority": self.priority}
        answer = aws.call(
            "batch",
            "register_job_definition",
            blind_retry=False,  # a repeat of a call whose answer was lost would make one more revision
            jobDefinitionName=self.name,
            type="container",
            platformCapabilities=[self.runs_on],
            containerProperties=container_properties(self),
            retryStrategy=retry,
            timeout={"attemptDurationSeconds": self.timeout},
            propagateTags=self.propagate_tags,
            tags=dict(tags),
            **optional,
        )
        return str(answer["jobDefinitionArn"])

    def differ(self, live: Live) -> tuple[FieldChange, ...]:
        """Count revisions beyond those to keep as a difference, and only then."""
        standing = len(live.detail or ())
        if standing <= self.keep_revisions:
            return ()
        return (FieldChange("revisions", standing, self.keep_revisions),)

    def told(self, live: Live, changes: tuple[FieldChange, ...]) -> tuple[str, ...]:
        """Tell that a tag now leads to another image of the same repository."""
        del live
        image = next((change for change in changes if change.name == "image" and not change.unknown), None)
        if image is None or not self.image_tag:
            return ()
        before, after = (str(value).partition("@") for value in (image.before, image.after))
        if not before[2] or before[0] != after[0]:
            return ()
        name = before[0].partition("/")[2]
        what = f'the tag "{self.image_tag}" of {name} names another image than the last apply found'
        return (f"{what}: it was moved, or pushed again",)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Deregister every ACTIVE revision."""
        del removal
        _deregister(aws, live.detail)

    @classmethod
    def retag(cls, aws: Aws, live: Live, put: Mapping[str, str], drop: Sequence[str]) -> None:
        """Tag the newest revision: tags are a revision's, not the name's."""
        aws.tag(live.detail[-1], put, drop)

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name in a revision's ARN."""
        name = arn_name(arn, "job-definition")
        return (name.partition(":")[0],) if name else None


def _outputs(name: str, arn: str) -> dict[str, str]:
    without, _, revision = arn.rpartition(":")
    return {"arn": without, "name": name, "revision": revision}


def _deregister(aws: Aws, arns: Sequence[str]) -> None:
    for arn in arns:
        aws.call("batch", "deregister_job_definition", absent=GONE, jobDefinition=arn)
