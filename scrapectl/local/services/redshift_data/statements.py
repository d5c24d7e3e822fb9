"""The statements of a region: each with its state, its parts, and the thread that it runs in; kept for 24 hours."""

from __future__ import annotations

import uuid
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Call
    from scrapectl.local.services.redshift_data.endpoint import Endpoint
    from scrapectl.local.warehouses.database import Outcome

KEPT = 24 * 3600
SAME_TOKEN = 8 * 3600
SUBMITTED, STARTED, FINISHED, FAILED, ABORTED = "SUBMITTED", "STARTED", "FINISHED", "FAILED", "ABORTED"
_PATIENCE = 0.2  # seconds that a look waits for what is nearly done, so that nobody waits a whole poll for it


@dataclass
class Statement:
    """One ExecuteStatement, or one BatchExecuteStatement with its parts.

    Attributes:
        owner: Who sent it, as `sender_of` tells.
        outcomes: What each part came to, as far as they ran.
    """

    id: str
    endpoint: Endpoint
    sqls: list[str]
    owner: str
    created: float
    batch: bool = False
    name: str = ""
    parameters: list[dict[str, str]] = field(default_factory=list)
    status: str = SUBMITTED
    error: str = ""
    failed_at: int = 0
    updated: float = 0.0
    outcomes: list[Outcome] = field(default_factory=list)
    work: Future[None] | None = None

    def wait(self) -> None:
        """Wait a moment for its end."""
        if self.work is not None:
            try:
                self.work.result(_PATIENCE)
            except Exception:  # noqa: BLE001 - not done yet, or cancelled: its status says all there is to say
                return

    def status_of(self, number: int) -> str:
        """The state of one part: what failed before it takes all of them back."""
        if self.status != FAILED:
            return self.status
        return FAILED if number == self.failed_at else ABORTED


@dataclass
class Statements:
    """One region's statements by id, and which a client's token stood for."""

    known: dict[str, Statement] = field(default_factory=dict)
    tokens: dict[str, tuple[float, str]] = field(default_factory=dict)


def statements_in(cloud: Cloud, region: str) -> Statements:
    """Return a region's statements, without those that are too old."""
    kept = cloud.store(Statements, region)
    now = cloud.clock.now()
    kept.known = {number: each for number, each in kept.known.items() if each.created > now - KEPT}
    kept.tokens = {token: known for token, known in kept.tokens.items() if known[0] > now - SAME_TOKEN}
    return kept


def find(call: Call) -> tuple[Statement, int]:
    """Return the statement that a call names, and the number of the part that it means (`<id>:2`), 0 for all.

    Raises:
        Refusal: There is none.
    """
    number, _, part = call.params["Id"].partition(":")
    found = statements_in(call.cloud, call.region).known.get(number)
    if found is None or (part and not (part.isdigit() and 1 <= int(part) <= len(found.sqls))):
        raise Refusal("ResourceNotFoundException", f"Query does not exist: {call.params['Id']}", 400)
    return found, int(part or 0)


def new_id() -> str:
    """Make an id."""
    return str(uuid.uuid4())


def moment(seconds: float) -> Any:
    """A time of the cloud's clock as answers have it."""
    return datetime.fromtimestamp(seconds, UTC)


def owner_of(call: Call) -> bool:
    """Whether who asks sent the statement that is asked about; of one that is not there nobody else did."""
    known = statements_in(call.cloud, call.region).known.get(str(call.params.get("Id", "")).partition(":")[0])
    return known is None or known.owner == sender_of(call)


def sender_of(call: Call) -> str:
    """Who sends a call, as aws:userid tells: a role with its session (a job's task, a function); "" for the user."""
    from scrapectl.local.jobs.access import sessions_of  # noqa: PLC0415 - what judges calls asks here in turn

    return sessions_of(call.cloud).sender(call)
