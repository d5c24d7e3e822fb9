"""Functions, workflows, triggers and desktops as frozen dataclasses: what is started, and what starts it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from scrapectl.spec.jobs import Access, BucketPlace, Deliver, FilePlace, Schedule, SecretRef
from scrapectl.spec.sections import Entry, Platform, Written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapectl.spec.template import Text

Via: TypeAlias = Literal["eventbridge", "cloudtrail", "notification"]
StartedSection: TypeAlias = Literal["workflows", "jobs", "functions", "message_queues"]
Place: TypeAlias = BucketPlace | FilePlace


@dataclass(frozen=True, kw_only=True, slots=True)
class Function(Entry):
    """A Lambda function: `code` with `handler` and `runtime`, or `image` with `command`, never both.

    Attributes:
        code: A folder (zipped with what its requirements.txt names) or a .zip, as written, relative to the spec.
        image: A key of the spec's images, or the URI of an image in ECR.
        memory: MiB, 128 to 10240.
        timeout: Seconds, to 900.
        disk: MiB of /tmp, None for Lambda's own 512.
        layers: Folders or zips as written, or ARNs of layer versions.
        concurrency: How many run at once at most; None: as many as the account has.
        mounts: At most one, its path under /mnt/.
        on_failure: Key of a topic that is told, instead of the alerts' one.
    """

    code: str | None = None
    handler: str = ""
    runtime: str = "python3.13"
    image: Text | None = None
    command: tuple[Text, ...] = ()
    memory: int = 512
    timeout: int = 60
    platform: Platform = "X86_64"
    disk: int | None = None
    layers: tuple[str, ...] = ()
    concurrency: int | None = None
    environment: Mapping[str, Text] = field(default_factory=dict)
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    access: Access
    mounts: Mapping[str, FilePlace] = field(default_factory=dict)
    on_failure: str | None = None
    schedules: Mapping[str, Schedule] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyStep(Written):
    """Copy from a bucket to a file system or back by DataSync.

    Attributes:
        only: The one folder or object below `source` that is copied; None: all, or, out of the bucket of the upload
            that started the run, that object alone.
    """

    source: Place
    target: Place
    only: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStep(Written):
    """Run a job to its end; what is None is the job's own. `timeout` in seconds, of each attempt."""

    job: str
    environment: Mapping[str, Text] = field(default_factory=dict)
    share: str | None = None
    array: int | None = None
    timeout: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallStep(Written):
    """Call a function with the run's input and `environment`, and wait for its answer."""

    function: str
    environment: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitStep(Written):
    """Wait so many seconds."""

    seconds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ParallelStep(Written):
    """Branches that run side by side; each is a list of steps, and all must end well."""

    branches: tuple[tuple[Step, ...], ...]


Step: TypeAlias = CopyStep | RunStep | CallStep | WaitStep | ParallelStep


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow(Entry):
    """A Step Functions state machine, of `steps` or of the user's own `definition`.

    Attributes:
        definition: Path of a file in the Amazon States Language, as written, relative to the spec.
        states: What stands in that file, as plain JSON values (leaves are Text); None with `steps`.
        access: What the user's own definition may do beside logging; steps imply their own.
        timeout: Seconds that a run may take.
        on_failure: Key of a topic that is told, instead of the alerts' one.
    """

    steps: tuple[Step, ...] = ()
    definition: str | None = None
    states: Mapping[str, Any] | None = None
    access: Access
    timeout: int = 86400
    on_failure: str | None = None
    schedules: Mapping[str, Schedule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UploadEvent:
    """An object was created under a place of a bucket; `suffix` "" is any."""

    place: BucketPlace
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class MessageEvent:
    """Messages came; up to `batch` of them at once, collected for `window` seconds."""

    queue: str
    batch: int = 10
    window: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger(Entry):
    """What starts something, and what it starts: an entry of a section.

    Attributes:
        via: How uploads are heard of; of messages it says nothing.
        section: Which section the started thing is of; messages start functions alone.
        starts: Its key.
        deliver: How long EventBridge tries to hand it over.
    """

    on: UploadEvent | MessageEvent
    via: Via = "eventbridge"
    section: StartedSection
    starts: str
    deliver: Deliver = field(default_factory=Deliver)


@dataclass(frozen=True, kw_only=True, slots=True)
class Desktop(Entry):
    """An AppStream 2.0 fleet of desktops with its stack.

    Attributes:
        image: Name of an AppStream image, which is made by hand first.
        desired: How many instances stand ready.
        idle: Seconds without input after which a session is let go.
        longest: Seconds that a session may last.
        clipboard: Whether text may be copied in; never out.
        uploads: Whether files may be brought in; never out.
    """

    image: str
    instance_type: str = "stream.standard.medium"
    desired: int = 1
    idle: int = 1800
    longest: int = 7200
    clipboard: bool = True
    uploads: bool = True
    access: Access
