"""The cases of SNS, EventBridge rules, CloudWatch alarms and Lambda."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from typing import Any

from scrapectl.engine.values import Policy
from scrapectl.kinds.cloudwatch_alarm import CloudwatchAlarm
from scrapectl.kinds.events_rule import EventsRule, RuleTarget
from scrapectl.kinds.lambda_event_source import LambdaEventSource
from scrapectl.kinds.lambda_function import LambdaFunction, Permission
from scrapectl.kinds.sns_topic import SnsTopic, Subscription, topic_arn
from scrapectl.kinds.sqs_queue import queue_arn
from tests.contract.bench import Bench
from tests.contract.cases import Case

PLACE = ("aws", "us-east-2", "123456789012")
SOMEONES = {"scrapectl:pipeline": "base"}
MACHINE = "arn:aws:states:us-east-2:123456789012:stateMachine:nightly"
RULE = "arn:aws:events:us-east-2:123456789012:rule/shop_failed-runs"
FAILED_RUNS = {
    "source": ["aws.batch"],
    "detail-type": ["Batch Job State Change"],
    "detail": {"status": ["FAILED"], "arrayProperties": {"index": [{"exists": False}]}},
}


TEMPLATE: dict[str, Any] = {"paths": (("key", "$.detail.key"),), "template": '{"key": <key>}'}


def queue(bench: Bench, name: str) -> str:
    bench.once(f"queue {name}", lambda: bench.aws.client("sqs").create_queue(QueueName=name))
    return queue_arn(*PLACE, name)


def role(bench: Bench, service: str, *actions: str, name: str = "") -> str:
    name = name or f"for-{service}"
    return str(bench.once(f"role {name}", lambda: make_role(bench, name, service, actions)))


def make_role(bench: Bench, name: str, service: str, actions: tuple[str, ...]) -> str:
    iam = bench.aws.client("iam")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    if actions:
        allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName=name, PolicyName="x", PolicyDocument=document)
    bench.cloud.clock.advance(60)
    return str(made["Role"]["Arn"])


def tls_only(topic: str) -> Policy:
    statement = {
        "Sid": "tls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return Policy({"Version": "2012-10-17", "Statement": [statement]})


def topic(bench: Bench, owner: str) -> SnsTopic:
    name = f"{owner}-alerts"
    return SnsTopic(
        name=name,
        subscriptions=frozenset(
            {
                Subscription("email", "ops@example.com"),
                Subscription("sqs", queue(bench, "rows")),
                Subscription("sqs", queue(bench, "others"), raw=True),
            }
        ),
        policy=tls_only(topic_arn(*PLACE, name)),
        kms_key="alias/aws/sns",
    )


def other_subscriptions(bench: Bench) -> frozenset[Subscription]:
    """One goes, one comes, one gets its messages raw, one no longer."""
    return frozenset(
        {
            Subscription("email", "dev@example.com"),
            Subscription("sqs", queue(bench, "rows"), raw=True),
            Subscription("sqs", queue(bench, "others")),
        }
    )


def rule(bench: Bench, owner: str) -> EventsRule:
    return EventsRule(
        name=f"{owner}_failed-runs",
        pattern=FAILED_RUNS,
        description="runs that failed",
        targets=frozenset(
            {
                RuleTarget("queue", queue(bench, "rows"), dead_letter=queue(bench, "dead"), retries=3),
                RuleTarget("machine", MACHINE, role=role(bench, "events"), within_seconds=60),
            }
        ),
    )


def other_targets(bench: Bench) -> frozenset[RuleTarget]:
    """One goes, one comes, one changes."""
    return frozenset(
        {
            RuleTarget("queue", queue(bench, "others"), **TEMPLATE),
            RuleTarget("again", MACHINE, role=role(bench, "events")),
        }
    )


def alarm(_bench: Bench, owner: str) -> CloudwatchAlarm:
    return CloudwatchAlarm(
        name=f"{owner}-rows_dead",
        namespace="AWS/SQS",
        metric="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": f"{owner}-rows_dead"},
        statistic="Maximum",
        period=60,
        threshold=1,
        comparison="GreaterThanOrEqualToThreshold",
        description="messages that failed",
        actions=frozenset({topic_arn(*PLACE, f"{owner}-alerts")}),
    )


def zipped(text: str) -> bytes:
    """A zip of one module, the same bytes for the same text."""
    folder = io.BytesIO()
    with zipfile.ZipFile(folder, "w") as packed:
        packed.writestr(zipfile.ZipInfo("notifier.py", (2020, 1, 1, 0, 0, 0)), text)
    return folder.getvalue()


def digest(package: bytes) -> str:
    return base64.b64encode(hashlib.sha256(package).digest()).decode()


PACKAGE = zipped("def handle(event, context): pass\n")


def function(bench: Bench, owner: str) -> LambdaFunction:
    return LambdaFunction(
        name=f"{owner}_notifier",
        code=digest(PACKAGE),
        package=PACKAGE,
        handler="notifier.handle",
        runtime="python3.13",
        role=role(bench, "lambda", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        memory=256,
        timeout=20,
        environment={"STAGE": "dev"},
        log_group=f"/scrapectl/{owner}",
        permissions=frozenset(
            {
                Permission("rule", "events.amazonaws.com", RULE),
                Permission("topic", "sns.amazonaws.com", topic_arn(*PLACE, "shop-alerts"), "123456789012"),
            }
        ),
        concurrency=2,
        description="tells of failures",
    )


def other_permissions(_bench: Bench) -> frozenset[Permission]:
    """One goes, one comes, one changes."""
    return frozenset(
        {Permission("rule", "events.amazonaws.com"), Permission("bucket", "s3.amazonaws.com", "arn:aws:s3:::raw")}
    )


def put_code(bench: Bench, want: LambdaFunction) -> None:
    """Someone else's code; what is wanted comes with its own zip."""
    bench.aws.client("lambda").update_function_code(FunctionName=want.name, ZipFile=zipped("def handle(): pass\n"))
    assert bench.settled(want) is not None


def standing_function(bench: Bench, owner: str) -> str:
    want = function(bench, owner)
    want.create(bench.aws, SOMEONES)
    bench.cloud.clock.advance(60)
    return want.name


def event_source(bench: Bench, owner: str) -> LambdaEventSource:
    return LambdaEventSource(
        function=bench.once(f"function {owner}", lambda: standing_function(bench, owner)),
        source=queue(bench, f"{owner}_dead"),
        batch=5,
        window_seconds=20,
    )


MESSAGING_CASES: dict[str, Case] = {
    SnsTopic.kind: Case(
        topic,
        {"subscriptions": other_subscriptions, "policy": lambda _: None, "kms_key": lambda _: None},
    ),
    EventsRule.kind: Case(
        rule,
        {
            "pattern": lambda _: {"source": ["aws.ecs", "aws.batch"]},
            "state": lambda _: "DISABLED",
            "description": lambda _: "",
            "targets": other_targets,
        },
    ),
    CloudwatchAlarm.kind: Case(
        alarm,
        {
            "namespace": lambda _: "AWS/Lambda",
            "metric": lambda _: "Duration",
            "dimensions": lambda _: {},
            "statistic": lambda _: "p99",
            "period": lambda _: 300,
            "threshold": lambda _: 2.5,
            "comparison": lambda _: "LessThanThreshold",
            "evaluation_periods": lambda _: 3,
            "missing": lambda _: "breaching",
            "description": lambda _: "",
            "actions": lambda _: frozenset(),
            "ok_actions": lambda _: frozenset({topic_arn(*PLACE, "well")}),
            "tells": lambda _: False,
        },
    ),
    LambdaFunction.kind: Case(
        function,
        {
            "handler": lambda _: "notifier.other",
            "runtime": lambda _: "python3.12",
            "role": lambda bench: role(bench, "lambda", name="other"),
            "memory": lambda _: 128,
            "timeout": lambda _: 900,
            "environment": lambda _: {},
            "platform": lambda _: "ARM64",
            "log_group": lambda _: None,
            "permissions": other_permissions,
            "concurrency": lambda _: None,
            "description": lambda _: "",
        },
        tampers={"code": put_code},
        implied={"read": frozenset({"lambda:ListTags"})},  # GetFunction tells tags to those who may list them
        later=frozenset({"permissions", "concurrency"}),  # nothing is taken of one that is Pending
    ),
    LambdaEventSource.kind: Case(
        event_source,
        {
            "batch": lambda _: 100,
            "window_seconds": lambda _: 1,
            "state": lambda _: "DISABLED",
            "report_failures": lambda _: False,
        },
    ),
}
