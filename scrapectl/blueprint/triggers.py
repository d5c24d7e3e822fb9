"""`triggers` of uploads → the starter with the rules, notifications and trails that wake it, and queues' own rules.

Triggers of messages are event source mappings of their functions (functions.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from scrapectl.blueprint import access
from scrapectl.blueprint.machines import machine_arn, machine_ref
from scrapectl.blueprint.pipeline import (
    dead_letter_arn,
    dead_letter_ref,
    log_group_arn_of,
    log_group_ref,
    trigger_rule_arn,
    trigger_rule_name,
)
from scrapectl.blueprint.role import make_role, role_ref, trust_of
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.told import upload_triggers
from scrapectl.blueprint.trails import desired_trail, heard_by_trail
from scrapectl.blueprint.workflow.copies import upload_prefixes
from scrapectl.blueprint.zipped import code_digest, zip_files
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.events_rule import EventsRule, RuleTarget
from scrapectl.kinds.lambda_function import LambdaFunction, Permission, function_arn
from scrapectl.kinds.s3_bucket_events import S3BucketEvents
from scrapectl.kinds.s3_bucket_notification import STARTER, S3BucketNotification, notification_id
from scrapectl.kinds.s3_notifications import OURS, Notification
from scrapectl.spec import names
from scrapectl.spec.model import Trigger, UploadEvent

Upload: TypeAlias = tuple[Trigger, UploadEvent]

WHAT = STARTER.removeprefix("_")
_MINUTE = 60
_QUEUES = "message_queues"
_OF_S3 = {"bucket": "$.detail.bucket.name", "key": "$.detail.object.key", "version": "$.detail.object.version-id"}
_OF_CLOUDTRAIL = {
    "bucket": "$.detail.requestParameters.bucketName",
    "key": "$.detail.requestParameters.key",
    "version": "$.detail.responseElements.x-amz-version-id",
}
# EventBridge fills a place in with the bare value, or nothing (its User Guide, "Input transformation").
_TEMPLATE = '{"bucket": "<bucket>", "key": "<key>", "version": "<version>"}'


def desired(scope: Scope) -> Iterator[Desired]:
    """The starter when uploads start something, and what each trigger listens with."""
    uploads = upload_triggers(scope)
    started = [(trigger, event) for trigger, event in uploads if trigger.section != _QUEUES]
    if started:
        yield from _starter(scope, started)
    switched: set[str] = set()
    for trigger, event in uploads:
        bucket = scope.spec.buckets[event.place.bucket]
        if trigger.via == "cloudtrail":
            yield from desired_trail(scope, trigger, event)
        elif trigger.via == "eventbridge" and bucket.existing is not None and bucket.key not in switched:
            switched.add(bucket.key)
            events = S3BucketEvents(scope.outputs("buckets", bucket.key)["name"])
            note = "EventBridge is switched on in a bucket that is not ours, and left on"
            yield scope.desire(f"s3_bucket_events.{scope.base(bucket.key)}", events, trigger, notes=(note,))
        if trigger.via == "notification":
            yield from _their_notification(scope, trigger, event)
        else:
            yield _rule(scope, trigger, event)


def bucket_fields(scope: Scope, key: str) -> dict[str, Any]:
    """What a bucket of ours must tell of its uploads: fields of `S3Bucket`."""
    uploads = [(trigger, event) for trigger, event in upload_triggers(scope) if event.place.bucket == key]
    called = [
        Notification(f"{OURS}{trigger.key}", _starter_ref(scope), event.place.prefix, event.suffix)
        for trigger, event in uploads
        if trigger.via == "notification"
    ]
    return {
        "events": any(trigger.via == "eventbridge" for trigger, _ in uploads),
        "notifications": frozenset(called),
    }


def queue_statements(scope: Scope, queue: str, arn: str) -> list[dict[str, Any]]:
    """What a message queue must allow, so that the rules of uploads can put messages into it."""
    rules = [
        trigger_rule_arn(scope, trigger)
        for trigger, _ in upload_triggers(scope)
        if (trigger.section, trigger.starts) == (_QUEUES, queue)
    ]
    statement = {
        "Sid": "uploads",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
    }
    return [statement] if rules else []


def _starter(scope: Scope, started: list[Upload]) -> Iterator[Desired]:
    description = f"Starts what uploads start in {scope.owner}"
    first = started[0][0]
    leave = [
        access.allow(("logs:CreateLogStream", "logs:PutLogEvents"), [f"{log_group_arn_of(scope)}:*"]),
        access.allow(("states:StartExecution",), [machine_arn(scope, trigger) for trigger, _ in started]),
        access.allow(("sqs:SendMessage",), [dead_letter_arn(scope)]),
    ]
    trust = trust_of("lambda.amazonaws.com")
    yield make_role(scope, WHAT, trust, leave, first, description=description, common=True)
    package = zip_files({"starter.py": scope.facts.starter, "routes.json": routes(scope, started)})
    function = LambdaFunction(
        name=scope.name(names.FUNCTION_LIMIT, None, WHAT),
        code=code_digest(package),
        package=package,
        handler="starter.handler",
        runtime="python3.13",
        role=role_ref(scope, WHAT),
        memory=256,
        timeout=_MINUTE,
        log_group=log_group_ref(scope),
        permissions=frozenset(_permission(scope, trigger, event) for trigger, event in started),
        on_failure=dead_letter_ref(scope),
        description=description,
    )
    yield scope.desire(_starter_address(scope), function, first, common=True)


def routes(scope: Scope, started: list[Upload]) -> bytes:
    """Write `routes.json` of the starter (containers/starter/README.md has its shape)."""
    found = {trigger.key: _route(scope, trigger, event) for trigger, event in started}
    return json.dumps({"triggers": found}, sort_keys=True, indent=1).encode()


def _route(scope: Scope, trigger: Trigger, event: UploadEvent) -> dict[str, Any]:
    steps = scope.spec.workflows[trigger.starts].steps if trigger.section == "workflows" else ()
    return {
        "via": trigger.via,
        "bucket": scope.outputs("buckets", event.place.bucket)["name"],
        "prefix": event.place.prefix,
        "suffix": event.suffix,
        "machine": machine_arn(scope, trigger),
        "copies": list(upload_prefixes(steps, event.place)),
    }


def _permission(scope: Scope, trigger: Trigger, event: UploadEvent) -> Permission:
    if trigger.via == "notification":
        bucket = scope.arn("buckets", event.place.bucket)
        return Permission(trigger.key, "s3.amazonaws.com", bucket, scope.facts.account)
    return Permission(trigger.key, "events.amazonaws.com", trigger_rule_arn(scope, trigger))


def _their_notification(scope: Scope, trigger: Trigger, event: UploadEvent) -> Iterator[Desired]:
    """Into a bucket of ours the entry is written with the bucket itself."""
    bucket = scope.spec.buckets[event.place.bucket]
    if bucket.existing is None:
        return
    entry = S3BucketNotification(
        scope.outputs("buckets", bucket.key)["name"],
        notification_id(scope.owner, trigger.key),
        _starter_ref(scope),
        event.place.prefix,
        event.suffix,
    )
    note = "an entry is added to the notifications of a bucket that is not ours; those of others stay"
    yield scope.desire(f"s3_bucket_notification.{scope.base(trigger.key)}", entry, trigger, notes=(note,))


def _rule(scope: Scope, trigger: Trigger, event: UploadEvent) -> Desired:
    pattern = _pattern_of_trail(scope, event) if trigger.via == "cloudtrail" else _pattern_of_events(scope, event)
    after: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    if trigger.section == _QUEUES:
        notes = tuple(_told_of_queue(scope, trigger))
    else:
        after = (machine_ref(scope, trigger).address,)
    rule = EventsRule(
        name=trigger_rule_name(scope, trigger),
        pattern=pattern,
        description=f"Uploads to {event.place} of {scope.owner}",
        targets=frozenset({_target(scope, trigger)}),
    )
    return scope.desire(f"events_rule.{scope.base(trigger.key)}", rule, trigger, after=after, notes=notes)


def _target(scope: Scope, trigger: Trigger) -> RuleTarget:
    """The starter gets the event as it came; a queue gets a message that says which object."""
    dead, retries, within = dead_letter_ref(scope), trigger.deliver.retries, trigger.deliver.within
    if trigger.section != _QUEUES:
        return RuleTarget(WHAT, _starter_ref(scope), None, dead, retries, within)
    paths = _OF_CLOUDTRAIL if trigger.via == "cloudtrail" else _OF_S3
    queue = scope.ref(_QUEUES, trigger.starts, "arn")
    return RuleTarget("queue", queue, None, dead, retries, within, tuple(sorted(paths.items())), _TEMPLATE)


def _told_of_queue(scope: Scope, trigger: Trigger) -> Iterator[str]:
    if scope.spec.message_queues[trigger.starts].existing is not None:
        rule = trigger_rule_arn(scope, trigger)
        yield f"the policy of the queue, which is not ours, must let events.amazonaws.com send for {rule}"


def _pattern_of_events(scope: Scope, event: UploadEvent) -> dict[str, Any]:
    bucket = {"name": [scope.outputs("buckets", event.place.bucket)["name"]]}
    key = key_filter(event)
    detail = {"bucket": bucket, "object": {"key": [key]}} if key else {"bucket": bucket}
    return {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}


def _pattern_of_trail(scope: Scope, event: UploadEvent) -> dict[str, Any]:
    """Calls that wrote an object; CloudTrail tells of those that failed as well."""
    key = key_filter(event)
    asked: dict[str, Any] = {"bucketName": [scope.outputs("buckets", event.place.bucket)["name"]]}
    detail = {
        "eventSource": ["s3.amazonaws.com"],
        "eventName": list(heard_by_trail()),
        "errorCode": [{"exists": False}],
        "requestParameters": asked | ({"key": [key]} if key else {}),
    }
    return {"source": ["aws.s3"], "detail-type": ["AWS API Call via CloudTrail"], "detail": detail}


def key_filter(event: UploadEvent) -> dict[str, str] | None:
    """Say which keys are meant; None: all. Prefix and suffix can only be asked together as one wildcard."""
    prefix, suffix = event.place.prefix, event.suffix
    if prefix and suffix:
        return {"wildcard": f"{_literal(prefix)}*{_literal(suffix)}"}
    if prefix or suffix:
        return {"prefix": prefix} if prefix else {"suffix": suffix}
    return None


def _literal(text: str) -> str:
    r"""Escape what a wildcard takes for its own: `*` and `\`."""
    return re.sub(r"([\\*])", r"\\\1", text)


def _starter_address(scope: Scope) -> str:
    return f"lambda_function.{scope.base(None, WHAT)}"


def _starter_ref(scope: Scope) -> Ref:
    name = scope.name(names.FUNCTION_LIMIT, None, WHAT)
    return Ref(_starter_address(scope), "arn", function_arn(*scope.place, name))
