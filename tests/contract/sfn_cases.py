"""The case of Step Functions: a state machine with its log."""

from __future__ import annotations

from typing import Any

from scrapectl.kinds.sfn_state_machine import SfnStateMachine
from tests.contract.bench import Bench
from tests.contract.cases import Case
from tests.contract.messaging_cases import PLACE, role

_LOGGING = (
    *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery"),
    *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
)


def log_group(bench: Bench, name: str) -> str:
    bench.once(f"log group {name}", lambda: bench.aws.client("logs").create_log_group(logGroupName=name))
    partition, region, account = PLACE
    return f"arn:{partition}:logs:{region}:{account}:log-group:{name}"


def definition(seconds: int) -> dict[str, Any]:
    return {
        "Comment": "waits",
        "StartAt": "wait",
        "TimeoutSeconds": 600,
        "States": {"wait": {"Type": "Wait", "Seconds": seconds, "Next": "done"}, "done": {"Type": "Succeed"}},
    }


def machine(bench: Bench, owner: str) -> SfnStateMachine:
    return SfnStateMachine(
        name=f"{owner}-process",
        definition=definition(300),
        role=role(bench, "states", *_LOGGING),
        log_group=log_group(bench, "/scrapectl/shop"),
    )


def start_run(bench: Bench, want: SfnStateMachine) -> None:
    """A run goes on, which AWS ends with its machine."""
    arn = bench.settled(want).outputs["arn"]  # type: ignore[union-attr] - it stands
    bench.aws.client("stepfunctions").start_execution(stateMachineArn=arn)


SFN_CASES: dict[str, Case] = {
    SfnStateMachine.kind: Case(
        machine,
        {
            "definition": lambda _: definition(10),
            "role": lambda bench: role(bench, "states", *_LOGGING, name="for-others"),
            "log_level": lambda _: "ALL",
            "tracing": lambda _: True,
            "log_group": lambda bench: log_group(bench, "/scrapectl/others"),
        },
        fill=start_run,
    ),
}
