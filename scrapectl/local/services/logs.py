"""CloudWatch Logs beyond moto: the way in for the lines of jobs, on the cloud's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.registry import Call, Refusal, check

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


def append(cloud: Cloud, region: str, group: str, stream: str, events: list[tuple[int, str]]) -> None:
    """Append lines to a stream, which is made when missing, as the log driver does.

    Straight into moto's backend: as a request it would be measured against the machine's clock, and refused as too old.

    Args:
        cloud: Where.
        region: The region of the group.
        group: An existing log group.
        stream: The stream's name.
        events: Milliseconds since 1970 and text, oldest first.

    Raises:
        Refusal: The group does not exist.
    """
    backend: Any = moto_private.get_backend("logs")[cloud.account][region]
    with cloud.lock:
        if group not in backend.groups:
            raise Refusal("ResourceNotFoundException", "The specified log group does not exist.", 400)
        streams = backend.groups[group].streams
        if stream not in streams:
            backend.create_log_stream(group, stream)
        streams[stream].put_log_events([{"timestamp": at, "message": text} for at, text in events])


@check("logs", "CreateLogGroup")
def check_group(call: Call) -> None:
    """Refuse AWS's own names."""
    if call.params["logGroupName"].startswith("aws/"):
        raise Refusal("InvalidParameterException", "Log group names starting with aws/ are reserved.", 400)
