"""What a state machine must be told about the world around it: names and ARNs, as plain values or references."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scrapectl.spec.model import BucketPlace, Text


@dataclass(frozen=True, kw_only=True)
class JobCall:
    """A job as it is submitted.

    Attributes:
        name: What the Batch job is called.
        definition: ARN of the job definition, without revision: a change of the job never touches the machine.
        queue: ARN of the job queue.
        share: The job's own share; None on a queue without shares.
        array: The job's own number of children; None for no array.
        longest: Seconds that all its attempts may take together.
        told: Whether the machine's topic hears of its failure without the machine, with the last lines of its log.
    """

    name: str
    definition: Any
    queue: Any
    share: str | None = None
    array: int | None = None
    longest: int = 7200
    told: bool = False


@dataclass(frozen=True, kw_only=True)
class FunctionCall:
    """A function as it is called: its ARN, and how many seconds it may take."""

    arn: Any
    timeout: int = 60


@dataclass(frozen=True, kw_only=True)
class Given:
    """What stands around one state machine.

    Attributes:
        pipeline: The instance, as people know it: `shop`, `shop.prod`.
        jobs: Each job that a step runs, by its key.
        functions: Each function that a step calls, by its key.
        tasks: ARN of the DataSync task of each copy, in the order of `copies_of`.
        topic: ARN of the topic that hears of a failed run; None: nobody is told.
        commands: What to type when a run failed; `{run}` in them is the run's name.
        uploads: The places of the upload triggers that start this machine.
        text: Puts references in place of `${…}`, as `Scope.text` does.
    """

    pipeline: str
    partition: str = "aws"
    jobs: Mapping[str, JobCall] = field(default_factory=dict)
    functions: Mapping[str, FunctionCall] = field(default_factory=dict)
    tasks: tuple[Any, ...] = ()
    topic: Any = None
    commands: tuple[str, ...] = ()
    uploads: tuple[BucketPlace, ...] = ()
    text: Callable[[Text], Any] = str

    def arn(self, call: str) -> str:
        """The resource of a task: `batch:submitJob.sync`, `aws-sdk:s3:headObject`."""
        return f"arn:{self.partition}:states:::{call}"
