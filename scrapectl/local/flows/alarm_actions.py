"""Carries out what an alarm is to do when its state changes: a message to a topic, a call of a function, an event."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.loaders import create_loader

from scrapectl.local.flows.bus import new_event, put_event
from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.flows.reach import NotDelivered, Sender, call_function, publish_to_topic
from scrapectl.local.registry import Params

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


@dataclass(frozen=True)
class Change:
    """An alarm (moto's) that goes from one state to another, and why."""

    alarm: Any
    before: str
    after: str
    reason: str


def act_on(cloud: Cloud, region: str, change: Change) -> None:
    """Queue the actions of the new state."""
    alarm = change.alarm
    data = _data(cloud, change)
    event = new_event(cloud, region, "aws.cloudwatch", "CloudWatch Alarm State Change", data)
    put_event(cloud, region, lambda: event | {"resources": [alarm.alarm_arn]})
    actions = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}.get(change.after, alarm.insufficient_data_actions)
    message = _message(cloud, region, change)
    call = {"source": "aws.cloudwatch", "alarmArn": alarm.alarm_arn, "accountId": cloud.account, "alarmData": data}
    call |= {"time": _time(cloud, "+0000"), "region": region}
    caller = Sender("lambda.alarms.cloudwatch.amazonaws.com", alarm.alarm_arn)
    for action in (actions or []) if alarm.actions_enabled else []:
        if ":sns:" in action:
            _queue(cloud, alarm, action, lambda to: _publish(cloud, to, message))
        elif ":lambda:" in action:
            _queue(cloud, alarm, action, lambda to: call_function(cloud, caller, to, json.dumps(call)))


def _publish(cloud: Cloud, topic: str, message: Params) -> None:
    sender = Sender("cloudwatch.amazonaws.com", message["AlarmArn"])
    subject = f'{message["NewStateValue"]}: "{message["AlarmName"]}" in {message["Region"]}'[:100]
    publish_to_topic(cloud, sender, topic, json.dumps(message), subject=subject, mail=_mail(message))


def _queue(cloud: Cloud, alarm: Any, action: str, act: Callable[[str], None]) -> None:
    def deliver() -> None:
        try:
            act(action)
        except NotDelivered as reason:
            # CloudWatch does not try again; its history is the only place that tells.
            alarm.history.append(("Action", f"Failed to execute action {action}: {reason.message}", "{}", "", None))

    outbox_of(cloud).add(deliver)


def _message(cloud: Cloud, region: str, change: Change) -> Params:
    """What an alarm publishes (CloudWatch User Guide, "Notifying users on alarm changes")."""
    alarm = change.alarm
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description or None,
        "AWSAccountId": cloud.account,
        "AlarmConfigurationUpdatedTimestamp": alarm.configuration_updated_timestamp.strftime(
            "%Y-%m-%dT%H:%M:%S.000+0000"
        ),
        "NewStateValue": change.after,
        "NewStateReason": change.reason,
        "StateChangeTime": _time(cloud, ".000+0000"),
        "Region": region_name(region),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": change.before,
        "OKActions": list(alarm.ok_actions or []),
        "AlarmActions": list(alarm.alarm_actions or []),
        "InsufficientDataActions": list(alarm.insufficient_data_actions or []),
        "Trigger": {
            "MetricName": alarm.metric_name,
            "Namespace": alarm.namespace,
            "StatisticType": "Statistic",
            "Statistic": (alarm.statistic or "").upper(),
            "Unit": alarm.unit,
            "Dimensions": [{"value": dimension.value, "name": dimension.name} for dimension in alarm.dimensions],
            "Period": int(alarm.period),
            "EvaluationPeriods": int(alarm.evaluation_periods),
            "DatapointsToAlarm": int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
            "ComparisonOperator": alarm.comparison_operator,
            "Threshold": float(alarm.threshold),
            "TreatMissingData": alarm.treat_missing_data or "",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def _mail(message: Params) -> str:
    """What an alarm writes to mail addresses, in the form of AWS's own mails."""
    trigger = message["Trigger"]
    rows = {
        "Name": message["AlarmName"],
        "Description": message["AlarmDescription"] or "",
        "State Change": f"{message['OldStateValue']} -> {message['NewStateValue']}",
        "Reason for State Change": message["NewStateReason"],
        "Timestamp": message["StateChangeTime"],
        "AWS Account": message["AWSAccountId"],
        "Alarm Arn": message["AlarmArn"],
    }
    metric = {
        "MetricNamespace": trigger["Namespace"],
        "MetricName": trigger["MetricName"],
        "Dimensions": ", ".join(f"[{entry['name']} = {entry['value']}]" for entry in trigger["Dimensions"]),
        "Period": f"{trigger['Period']} seconds",
        "Statistic": trigger["Statistic"].title(),
    }
    told = (
        f'You are receiving this email because your Amazon CloudWatch Alarm "{message["AlarmName"]}" in the '
        f"{message['Region']} region has entered the {message['NewStateValue']} state, because "
        f'"{message["NewStateReason"]}" at "{message["StateChangeTime"]}".'
    )
    when = (
        f"- The alarm is in the ALARM state when the metric is {trigger['ComparisonOperator']} {trigger['Threshold']} "
        f"for at least {trigger['DatapointsToAlarm']} of the last {trigger['EvaluationPeriods']} period(s) of "
        f"{trigger['Period']} seconds."
    )
    listed = [f"- {name}: {value}" for name, value in rows.items()]
    watched = [f"- {name}: {value}" for name, value in metric.items()]
    return "\n".join([told, "", "Alarm Details:", *listed, "", "Threshold:", when, "", "Monitored Metric:", *watched])


def _data(cloud: Cloud, change: Change) -> Params:
    """An alarm's change as functions and events have it."""
    alarm = change.alarm
    metric = {
        "namespace": alarm.namespace,
        "name": alarm.metric_name,
        "dimensions": {dimension.name: dimension.value for dimension in alarm.dimensions},
    }
    stat = {"metric": metric, "period": int(alarm.period), "stat": alarm.statistic}
    at = _time(cloud, ".000+0000")
    return {
        "alarmName": alarm.name,
        "state": {"value": change.after, "reason": change.reason, "timestamp": at},
        "previousState": {"value": change.before, "timestamp": at},
        "configuration": {
            "description": alarm.description or "",
            "metrics": [{"id": "m1", "metricStat": stat, "returnData": True}],
        },
    }


def _time(cloud: Cloud, end: str) -> str:
    return datetime.fromtimestamp(cloud.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S") + end


@cache
def region_name(region: str) -> str:
    """A region's long name, such as "US East (N. Virginia)"."""
    for partition in create_loader().load_data("endpoints")["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region
