"""What SNS, EventBridge, CloudWatch and Lambda refuse because of several fields together → path and words for it.

Sources in brackets are those of the reference on AWS's behaviour, as in `request_limits`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Params = Mapping[str, Any]
Found = Iterator[tuple[str, str]]

_DAY, _WEEK, _HOUR = 86_400, 604_800, 3600
_SHORT_PERIODS = (10, 20, 30)
_ENVIRONMENT_BYTES = 4096
_MOST_AT_ONCE = 10
# Services that EventBridge calls as a role; functions, queues, topics and log groups have policies instead [pf].
_BY_ROLE = re.compile(r"arn:[a-z-]+:(batch|ecs|states|kinesis|firehose|redshift|ssm|codebuild):.*|.*:event-bus/.*")
_BATCH = re.compile(r"arn:[a-z-]+:batch:.*")
# [doc: Lambda configuration-envvars]; AWS_LAMBDA_FUNCTION_NAME and the like are among these too
_RESERVED = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|"
    r"SESSION_TOKEN|LAMBDA_(FUNCTION_.*|LOG_.*|INITIALIZATION_TYPE|RUNTIME_API))"
)


def topic(params: Params) -> Found:
    """A topic's policy is JSON, and allows SNS's actions alone [ls]."""
    text = (params.get("Attributes") or {}).get("Policy")
    if text:
        yield from _topic_policy("Attributes.Policy", text)


def topic_attribute(params: Params) -> Found:
    """The same in a change; no policy takes none away."""
    if params.get("AttributeName") == "Policy":
        yield from _topic_policy("AttributeValue", params.get("AttributeValue") or "")


def _topic_policy(path: str, text: str) -> Found:
    try:
        found = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError):
        yield path, "must be a policy document"
        return
    for statement in found if isinstance(found, list) else [found]:
        actions = statement.get("Action", [])
        for action in actions if isinstance(actions, list) else [actions]:
            if action != "*" and not action.lower().startswith("sns:"):
                yield path, f"{action} is no action of SNS"
        if "Principal" not in statement:
            yield path, "a statement has no Principal"


def subscription(params: Params) -> Found:
    """An endpoint fits its protocol; raw messages are for those that can take them [ls, pf]."""
    protocol, endpoint = params.get("Protocol"), str(params.get("Endpoint", ""))
    if protocol == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+", endpoint):
        yield "Endpoint", "is no mail address"
    if protocol in {"sqs", "lambda"} and not endpoint.startswith("arn:"):
        yield "Endpoint", f"must be an ARN with {protocol}"
    raw = (params.get("Attributes") or {}).get("RawMessageDelivery") == "true"
    if raw and protocol not in {"sqs", "http", "https", "firehose"}:
        yield "Attributes.RawMessageDelivery", f"is not supported with {protocol}"


def rule(params: Params) -> Found:
    """A rule has a pattern or a schedule; in a pattern every leaf is a list that holds something [bc, ls]."""
    if not params.get("EventPattern") and not params.get("ScheduleExpression"):
        yield "EventPattern", "or ScheduleExpression must be specified"
    if params.get("EventPattern"):
        try:
            pattern = json.loads(params["EventPattern"])
        except ValueError:
            yield "EventPattern", "is no JSON"
            return
        yield from _pattern(pattern, "EventPattern")


def _pattern(pattern: Any, path: str) -> Found:
    if isinstance(pattern, dict) and pattern:
        for name, value in pattern.items():
            if not isinstance(value, list):
                yield from _pattern(value, f"{path}.{name}")
            elif not value:
                yield f"{path}.{name}", "is an empty list, which nothing matches"
    else:
        yield path, "must be an object that is not empty, or a list"


def targets(params: Params) -> Found:
    """Ten targets a call; what is called as a role needs one; Batch needs to be told which job [bc, pf]."""
    found = params.get("Targets") or []
    if len(found) > _MOST_AT_ONCE:
        yield "Targets", f"has {len(found)} entries; at most {_MOST_AT_ONCE} are allowed"
    for number, target in enumerate(found):
        arn = str(target.get("Arn"))
        if _BY_ROLE.fullmatch(arn) and not target.get("RoleArn"):
            yield f"Targets[{number}].RoleArn", f"is required for target {arn}"
        if _BATCH.fullmatch(arn) and not target.get("BatchParameters"):
            yield f"Targets[{number}].BatchParameters", f"must be specified for target {arn}"


def alarm(params: Params) -> Found:
    """One statistic; periods that CloudWatch has; what is looked back on is a day, or a week in hours [bc, pf]."""
    if "MetricName" in params and ("Statistic" in params) == ("ExtendedStatistic" in params):
        yield "Statistic", "or ExtendedStatistic is required, and not both"
    period, times = params.get("Period") or 0, params.get("EvaluationPeriods") or 0
    if period and period not in _SHORT_PERIODS and period % 60:
        yield "Period", f"{period} is none of 10, 20, 30 and the multiples of 60"
    most = _WEEK if period >= _HOUR else _DAY
    if period * times > most:
        yield "EvaluationPeriods", f"of {period} s each are more than {most} s"
    if (params.get("DatapointsToAlarm") or 0) > times:
        yield "DatapointsToAlarm", "are more than EvaluationPeriods"


def function(params: Params) -> Found:
    """The environment has 4 KB, and no names of Lambda's own [pf, doc: Lambda limits]."""
    variables = (params.get("Environment") or {}).get("Variables") or {}
    for name in variables:
        if _RESERVED.fullmatch(name):
            yield f"Environment.Variables.{name}", "is a name of Lambda's own"
    if len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode()) > _ENVIRONMENT_BYTES:
        yield "Environment.Variables", f"have more than {_ENVIRONMENT_BYTES} bytes as JSON"


def event_source(params: Params) -> Found:
    """More than ten messages at once need a window; a queue has no position to start from [ls, pf]."""
    if (params.get("BatchSize") or 0) > _MOST_AT_ONCE and not params.get("MaximumBatchingWindowInSeconds"):
        yield "MaximumBatchingWindowInSeconds", f"must be at least 1 with a BatchSize over {_MOST_AT_ONCE}"
    if ":sqs:" in str(params.get("EventSourceArn")) and "StartingPosition" in params:
        yield "StartingPosition", "is not for queues"


MESSAGING_RULES: Mapping[tuple[str, str], tuple[Callable[[Params], Found], ...]] = {
    ("sns", "CreateTopic"): (topic,),
    ("sns", "SetTopicAttributes"): (topic_attribute,),
    ("sns", "Subscribe"): (subscription,),
    ("events", "PutRule"): (rule,),
    ("events", "PutTargets"): (targets,),
    ("cloudwatch", "PutMetricAlarm"): (alarm,),
    ("lambda", "CreateFunction"): (function,),
    ("lambda", "UpdateFunctionConfiguration"): (function,),
    ("lambda", "CreateEventSourceMapping"): (event_source,),
}
