"""What one region of Step Functions holds: machines by name, and their runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Call, Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.workflows.execution import Execution


@dataclass
class Machine:
    """A state machine.

    Attributes:
        definition: The text as it was sent, which Describe answers.
        document: The same, parsed.
        revision: The id of the last update; None before the first.
        gone_at: When its name is free again, once its deletion began and its runs have ended.
        executions: Its runs by name, the oldest first.
    """

    arn: str
    name: str
    kind: str
    definition: str
    document: dict[str, Any]
    role: str
    logging: dict[str, Any]
    tracing: dict[str, Any]
    tags: dict[str, str]
    created_at: float
    updated_at: float
    revision: str | None = None
    gone_at: float | None = None
    executions: dict[str, Execution] = field(default_factory=dict)

    @property
    def running(self) -> list[Execution]:
        """Its runs that have not ended."""
        return [one for one in self.executions.values() if not one.ended]


@dataclass
class StepFunctions:
    """One region: machines by name."""

    machines: dict[str, Machine] = field(default_factory=dict)


def machines_in(cloud: Cloud, region: str) -> dict[str, Machine]:
    """Return a region's machines by name, without those that are gone by now."""
    machines = cloud.store(StepFunctions, region).machines
    now = cloud.clock.now()
    for name in [name for name, one in machines.items() if one.gone_at is not None and _gone(one, now)]:
        del machines[name]
    return machines


def _gone(machine: Machine, now: float) -> bool:
    return now >= (machine.gone_at or 0.0) and not machine.running


def find_machine(call: Call, arn: str) -> Machine:
    """Return a machine.

    Raises:
        Refusal: There is none, or this is no ARN.
    """
    check_arn(arn)
    found = machines_in(call.cloud, call.region).get(arn.partition(":stateMachine:")[2])
    if found is None or found.arn != arn:
        raise Refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'", 400)
    return found


def find_execution(call: Call, arn: str) -> Execution:
    """Return a run.

    Raises:
        Refusal: There is none, or this is no ARN.
    """
    check_arn(arn)
    machine, _, name = arn.partition(":execution:")[2].partition(":")
    held = machines_in(call.cloud, call.region).get(machine)
    found = held.executions.get(name) if held else None
    if found is None or found.arn != arn:
        raise Refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'", 400)
    return found


def check_arn(arn: str) -> None:
    """Refuse what is no ARN (measured texts: LocalStack's snapshots of AWS, test_sfn_api)."""
    if not arn.startswith("arn:"):
        raise Refusal("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arn}'", 400)


def shown_time(seconds: float) -> datetime:
    """A time of the cloud's clock as answers have it."""
    return datetime.fromtimestamp(seconds, UTC)
