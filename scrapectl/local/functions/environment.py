"""Turn a function's configuration into the environment variables that its process finds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scrapectl.local.jobs.access import sessions_of
from scrapectl.local.jobs.environment import NOWHERE, leads_elsewhere
from scrapectl.local.registry import Params

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


def environment_of(cloud: Cloud, region: str, configuration: Params, place: tuple[Path, Path, str]) -> dict[str, str]:
    """All variables of one invocation: the function's own, the runtime's, and what leads AWS clients to this cloud.

    Args:
        cloud: Where it runs.
        region: Its region.
        configuration: As GetFunctionConfiguration answers it.
        place: The function's folder, a folder for its temporary files, its log stream.
    """
    given = (configuration.get("Environment") or {}).get("Variables") or {}
    own = {name: value for name, value in given.items() if not leads_elsewhere(name)}
    root, temporary, stream = place
    runtime = {
        "_HANDLER": configuration.get("Handler") or "",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{configuration.get('Runtime') or 'image'}",
        "AWS_LAMBDA_FUNCTION_NAME": configuration["FunctionName"],
        "AWS_LAMBDA_FUNCTION_VERSION": configuration["Version"],
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group(configuration),
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "LAMBDA_TASK_ROOT": str(root),
        "TMPDIR": str(temporary),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    return own | runtime | _aws(cloud, configuration)


def log_group(configuration: Params) -> str:
    """The log group that a function writes to."""
    chosen = (configuration.get("LoggingConfig") or {}).get("LogGroup")
    return str(chosen or own_log_group(configuration))


def own_log_group(configuration: Params) -> str:
    """The log group of a function that names none."""
    return f"/aws/lambda/{configuration['FunctionName']}"


def _aws(cloud: Cloud, configuration: Params) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": cloud.endpoint or NOWHERE,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_ACCESS_KEY_ID": cloud.access_key,
        "AWS_SECRET_ACCESS_KEY": cloud.secret_key,
        "AWS_SESSION_TOKEN": sessions_of(cloud).open(configuration["Role"], configuration["FunctionName"]),
    }
