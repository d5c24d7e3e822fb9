"""Turns a bound on a metric, and whom to tell when it is passed, into an alarm of CloudWatch."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("ResourceNotFound", "ResourceNotFoundException")
PAGE = 100  # names in one DescribeAlarms
_PERCENTILE = re.compile(r"[A-Za-z]+\d.*|[A-Z]+\(.*\)")  # p99, tm90, TM(10%:90%): ExtendedStatistic


def alarm_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that an alarm will have."""
    return f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"


@dataclass(frozen=True, kw_only=True)
class CloudwatchAlarm(Resource):
    """An alarm on one metric.

    Attributes:
        namespace: Such as "AWS/SQS".
        metric: The metric's name.
        dimensions: Which thing's metric it is: name → value.
        statistic: Sum, Average, Minimum, Maximum, SampleCount, or a percentile such as p99.
        period: Seconds of each value: 10, 20, 30 or a multiple of 60.
        threshold: The bound.
        comparison: Such as GreaterThanOrEqualToThreshold.
        evaluation_periods: So many values in a row must be past it.
        missing: What no value counts as: notBreaching, breaching, ignore or missing.
        actions: ARNs told when it goes off, such as a topic's.
        ok_actions: ARNs told when all is well again.
        tells: Whether anybody is told; False of one that was muted.
    """

    name: Identity[str]
    namespace: str
    metric: str
    dimensions: Mapping[str, Any] = field(default_factory=dict)
    statistic: str
    period: int
    threshold: float
    comparison: str
    evaluation_periods: int = 1
    missing: str = "notBreaching"
    description: str = ""
    actions: frozenset[Any] = frozenset()
    ok_actions: frozenset[Any] = frozenset()
    tells: bool = True

    kind: ClassVar[str] = "cloudwatch_alarm"
    gone_at_once: ClassVar[bool] = True
    sweep: ClassVar[str | None] = "cloudwatch:{region}:{account}:alarm:"
    listing: ClassVar[Listing | None] = Listing(
        "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName", {"AlarmTypes": ["MetricAlarm"]}
    )
    needs: ClassVar[Needs] = Needs(
        read=("cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"),
        create=("cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"),
        update=("cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"),
        delete=("cloudwatch:DeleteAlarms",),
    )
    scopes: ClassVar[Scopes] = Scopes({"cloudwatch:alarm": ("cloudwatch:{region}:{account}:alarm:{name}",)})

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read alarms by a hundred names a call, and the tags of those that stand side by side."""
        names = [name for (name,) in keys]
        batches = [names[start : start + PAGE] for start in range(0, len(names), PAGE)]
        answers = aws.gather([functools.partial(_describe, aws, batch) for batch in batches])
        entries = [entry for answer in answers for entry in answer]
        tags = aws.gather([functools.partial(_tags, aws, entry["AlarmArn"]) for entry in entries])
        found = zip(entries, tags, strict=True)
        return {(entry["AlarmName"],): cls._live(entry, its) for entry, its in found if its is not None}

    @classmethod
    def _live(cls, entry: Mapping[str, Any], tags: Mapping[str, str]) -> Live:
        resource = cls(
            name=entry["AlarmName"],
            namespace=entry.get("Namespace", ""),  # an alarm on a formula, never ours, has none
            metric=entry.get("MetricName", ""),
            dimensions={one["Name"]: one["Value"] for one in entry.get("Dimensions", ())},
            statistic=entry.get("Statistic") or entry.get("ExtendedStatistic", ""),
            period=entry.get("Period", 0),
            threshold=float(entry.get("Threshold", 0)),
            comparison=entry.get("ComparisonOperator", ""),
            evaluation_periods=entry.get("EvaluationPeriods", 0),
            missing=entry.get("TreatMissingData", "missing"),
            description=entry.get("AlarmDescription", ""),
            actions=frozenset(entry.get("AlarmActions", ())),
            ok_actions=frozenset(entry.get("OKActions", ())),
            tells=entry.get("ActionsEnabled", True),
        )
        return Live(resource, {"arn": entry["AlarmArn"], "name": resource.name}, tags)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; AWS takes all of it or nothing, so the answer counts."""
        self._put(aws, Tags=tag_list(tags))
        arn = alarm_arn(aws.partition, aws.region, aws.account, self.name)
        return Live(self, {"arn": arn, "name": self.name}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Send all of it: AWS replaces the whole, and takes no tags of one that stands (AWS-FACTS §0.2)."""
        del update
        self._put(aws)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it."""
        del removal
        aws.call("cloudwatch", "delete_alarms", absent=ABSENT, AlarmNames=[live.outputs["name"]])

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name, which may hold colons, out of the ARN."""
        _, _, name = arn.partition(":alarm:")
        return (name,) if name else None

    def _put(self, aws: Aws, **tags: Any) -> None:
        member = "ExtendedStatistic" if _PERCENTILE.fullmatch(self.statistic) else "Statistic"
        statistic: dict[str, Any] = {member: self.statistic}
        aws.call(
            "cloudwatch",
            "put_metric_alarm",
            AlarmName=self.name,
            AlarmDescription=self.description,
            Namespace=self.namespace,
            MetricName=self.metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in sorted(self.dimensions.items())],
            **statistic,
            Period=self.period,
            Threshold=self.threshold,
            ComparisonOperator=self.comparison,
            EvaluationPeriods=self.evaluation_periods,
            TreatMissingData=self.missing,
            AlarmActions=sorted(self.actions),
            OKActions=sorted(self.ok_actions),
            ActionsEnabled=self.tells,
            **tags,
        )


def _describe(aws: Aws, names: Sequence[str]) -> list[dict[str, Any]]:
    answer = aws.call(
        "cloudwatch", "describe_alarms", AlarmNames=list(names), AlarmTypes=["MetricAlarm"], MaxRecords=PAGE
    )
    alarms: list[dict[str, Any]] = answer["MetricAlarms"]
    return alarms


def _tags(aws: Aws, arn: str) -> dict[str, str] | None:
    answer = aws.call("cloudwatch", "list_tags_for_resource", absent=ABSENT, ResourceARN=arn)
    return None if answer is None else tags_from_list(answer.get("Tags", ()))
