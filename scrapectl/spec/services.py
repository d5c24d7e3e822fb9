"""The sections beside jobs as frozen dataclasses: databases, topics, alerts, and what every role is held to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from scrapectl.spec.sections import Entry, Written

if TYPE_CHECKING:
    from scrapectl.spec.template import Text

DatabaseEngine: TypeAlias = Literal["postgres", "mysql"]
DatabaseEnd: TypeAlias = Literal["refuse", "keep", "delete", "snapshot"]
WhenChanged: TypeAlias = Literal["now", "window"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Power(Written):
    """When a database is up: two crons of six fields, without "cron()", in one zone."""

    start: str
    stop: str
    timezone: str = "UTC"


@dataclass(frozen=True, kw_only=True, slots=True)
class Database(Entry):
    """An RDS instance; its password is made and kept by AWS.

    Attributes:
        version: As AWS writes it; "16" takes any 16.x.
        instance_class: The spec's `class`, such as "db.t4g.micro".
        storage: GiB at first; it only grows.
        max_storage: GiB to which AWS may let it grow by itself; None: it does not.
        database: Name of the database made in it.
        username: Its first user.
        public: CIDRs that may reach it from outside; empty: private.
        backup: Seconds (whole days) that AWS's own backups are kept, 0 to 35 days.
        maintenance: AWS's weekly window, "sat:05:00-sat:05:30" in UTC; None: AWS chooses.
        changes: "now", or "window": what needs a restart waits for the maintenance window.
        power: None: always up.
        existing: Identifier or ARN of one that is not ours; `secret` is then the ARN of its password.
    """

    engine: DatabaseEngine
    version: str = ""
    instance_class: str = "db.t4g.micro"
    storage: int = 20
    max_storage: int | None = None
    database: str
    username: str = "scrapectl"
    public: tuple[str, ...] = ()
    backup: int = 7 * 86400
    multi_az: bool = False
    maintenance: str | None = None
    changes: WhenChanged = "now"
    power: Power | None = None
    on_destroy: DatabaseEnd = "snapshot"
    existing: str | None = None
    secret: Text | None = None

    @property
    def port(self) -> int:
        """The engine's usual port."""
        return 5432 if self.engine == "postgres" else 3306


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic(Entry):
    """An SNS topic.

    Attributes:
        email: Addresses; each has to confirm once.
        queues: Keys of message_queues, which get the bare body (raw delivery).
        kms: ARN of the user's key for what is at rest; None: SNS's own disks.
    """

    email: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    kms: str | None = None
    existing: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Alerts(Written):
    """What is told to a topic without being asked.

    Attributes:
        to: Key of a topic; None only when there are no alerts at all.
        failed_runs: A message for each job that failed, of an array for the whole.
        dead_letters: A message for each schedule that could not be delivered, and when a queue's letters are dead.
        queue_age: Seconds that a message may wait in a message queue before that is told; None: as long as it likes.
    """

    to: str | None = None
    failed_runs: bool = True
    dead_letters: bool = True
    queue_age: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Iam(Written):
    """`boundary`: the ARN of a permissions boundary that every role made carries."""

    boundary: str | None = None
