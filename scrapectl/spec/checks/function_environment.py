"""Finds environments that Lambda refuses: names of its own, and more than the 4 KB it takes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from scrapectl.spec.findings import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Function, Text

# "Defined runtime environment variables", those marked as reserved.
RESERVED = frozenset(
    [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    ]
)
_OURS = "SCRAPECTL_"
# botocore's lambda model, EnvironmentVariableName.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_LARGEST = 4096
# What the wrapper's two variables take, and each secret's ARN in them.
_OF_THE_WRAPPER = 64
_OF_A_SECRET = 120
EVENT_BYTES = 200 * 1024


def check_function_environment(function: Function, findings: Findings) -> None:
    """Check a function's environment and secrets, and those of its schedules."""
    origin = f"{function.origin}.environment"
    _check_names(function.environment, origin, findings)
    _check_names(function.secrets, f"{function.origin}.secrets", findings)
    for variable in function.environment:
        if variable in function.secrets:
            findings.add(f"{origin}.{variable}", f'"{variable}" stands in secrets too.', "Remove one of the two.")
    size = len(
        json.dumps({name: str(value) for name, value in function.environment.items()}, ensure_ascii=False).encode()
    )
    size += _OF_THE_WRAPPER + sum(len(variable) + _OF_A_SECRET for variable in function.secrets)
    if size > _LARGEST:
        message = f"comes to about {size} bytes with what scrapectl adds, and Lambda takes {_LARGEST}."
        findings.add(origin, message, "Keep large values in a bucket.")
    for schedule in function.schedules.values():
        check_event(function, schedule.environment, f"{schedule.origin}.environment", findings)


def check_event(function: Function, environment: Mapping[str, Text], origin: str, findings: Findings) -> None:
    """Check what a schedule or a step adds to a function's environment; `origin` is where it stands."""
    _check_names(environment, origin, findings)
    for variable in environment:
        if variable in function.secrets:
            message = f'"{variable}" is a secret of the function, and cannot be overridden.'
            findings.add(f"{origin}.{variable}", message, "Remove it here, or from secrets.")
    event = sum(len(name) + len(json.dumps(str(value))) + 6 for name, value in environment.items())
    if event > EVENT_BYTES:
        message = f"comes to about {event // 1024} KiB in the event, which holds {EVENT_BYTES // 1024} KiB."
        findings.add(origin, message, "Keep large values in a bucket.")


def _check_names(variables: Iterable[str], origin: str, findings: Findings) -> None:
    for variable in variables:
        path = f"{origin}.{variable}"
        if variable in RESERVED:
            findings.add(path, f"{show(variable)} is a variable of Lambda's own.", "Choose another name.")
        elif variable.startswith(_OURS):
            findings.add(path, f"names that begin with {_OURS} belong to scrapectl.", "Choose another name.")
        elif not _NAME.fullmatch(variable):
            message = f"Lambda takes no variable named {show(variable)}."
            findings.add(path, message, "Write at least two letters, digits and underscores, starting with a letter.")
