"""CloudWatch's alarms beyond moto: a new one knows nothing yet, one that is put again keeps its tags and its state."""

from __future__ import annotations

from typing import Any

from scrapectl.local import moto_private
from scrapectl.local.registry import Call, Params, operation


@operation("cloudwatch", "PutMetricAlarm")
def put_alarm(call: Call) -> Params:
    """Replace the whole alarm; tags count for a new one alone, and the state stays (AWS-FACTS §0.2, §13)."""
    alarms: dict[str, Any] = moto_private.get_backend("cloudwatch")[call.account][call.region].alarms
    name = call.params["AlarmName"]
    before = alarms.get(name)
    if before is None:
        result = call.moto()
        alarms[name].state_value = "INSUFFICIENT_DATA"
        return result
    result = call.moto({key: value for key, value in call.params.items() if key != "Tags"})
    for member in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history"):
        setattr(alarms[name], member, getattr(before, member))
    return result
