"""Rules: patterns that mean the same, targets that are refused inside an answer of 200, and the order of an end."""

from __future__ import annotations

from typing import Any

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.resource import Live, Removal, Update
from scrapectl.engine.values import Ref
from scrapectl.errors import AwsError
from scrapectl.kinds.events_pattern import canonical_pattern
from scrapectl.kinds.events_rule import EventsRule, RuleTarget, rule_arn
from scrapectl.local.registry import OPERATIONS

TAGS = {"scrapectl:pipeline": "shop"}
PATTERN = {"source": ["aws.batch"], "detail": {"status": ["FAILED"]}}


def target(name: str) -> RuleTarget:
    return RuleTarget(name, f"arn:aws:sqs:us-east-1:123456789012:{name}")


def rule(*targets: RuleTarget, **fields: Any) -> EventsRule:
    return EventsRule("shop_failed-runs", **{"pattern": PATTERN, "targets": frozenset(targets), **fields})


def read(aws, want: EventsRule) -> Live:
    live = EventsRule.read(aws, want.key())
    assert live is not None
    return live


def update(aws, want: EventsRule) -> None:
    live = read(aws, want)
    want.update(aws, Update(live, frozenset(change.name for change in diff(want, live)), TAGS))


def test_the_order_of_alternatives_means_nothing():
    one = {"source": ["b", "a", "a"], "detail": {"x": [{"prefix": "p"}, None, 1]}}
    other = {"detail": {"x": (1, {"prefix": "p"}, None)}, "source": ("a", "b")}
    assert rule(pattern=one) == rule(pattern=other)
    assert rule(pattern={"source": ["a"]}) != rule(pattern={"source": ["b"]})


def test_the_order_of_comparisons_means_something():
    pattern = {"detail": {"n": [{"numeric": [">", 0, "<=", 5]}]}}
    assert canonical_pattern(pattern) == pattern


def test_references_stay_in_a_pattern():
    ref = Ref("batch_job_definition.collect", "arn", "arn:aws:batch:us-east-1:1:job-definition/shop-collect")
    assert canonical_pattern({"detail": {"jobDefinition": [{"prefix": ref}]}})["detail"]["jobDefinition"] == [
        {"prefix": ref}
    ]


def test_a_rule_is_put_whole_and_its_tags_stay(aws, sent):
    rule(target("a")).create(aws, TAGS)
    update(aws, rule(target("a"), description="runs that failed"))
    put = sent.of("PutRule")
    assert put[1].keys() == {"Name", "EventPattern", "State", "Description"}
    assert read(aws, rule()).tags == TAGS


def test_targets_that_are_right_are_not_put_again(aws, sent):
    rule(target("a"), target("b")).create(aws, TAGS)
    update(aws, rule(target("a"), target("c")))
    assert [entry["Id"] for entry in sent.of("PutTargets")[1]["Targets"]] == ["c"]
    assert sent.of("RemoveTargets")[0]["Ids"] == ["b"]
    assert [call.operation for call in sent.calls][-2:] == ["PutTargets", "RemoveTargets"]
    assert "PutRule" not in [call.operation for call in sent.calls[-2:]]


def test_another_input_of_a_target_is_a_difference_and_goes(aws):
    want = rule(target("a"))
    want.create(aws, TAGS)
    entry = {"Id": "a", "Arn": target("a").arn, "Input": '{"detail": {}}'}
    aws.client("events").put_targets(Rule=want.name, Targets=[entry])
    assert [change.name for change in diff(want, read(aws, want))] == ["targets"]
    update(aws, want)
    assert diff(want, read(aws, want)) == ()


def test_old_targets_go_first_where_both_have_no_room(aws, sent):
    rule(*(target(f"a{n}") for n in range(5))).create(aws, TAGS)
    want = rule(*(target(f"b{n}") for n in range(5)))
    update(aws, want)
    assert [call.operation for call in sent.calls][-2:] == ["RemoveTargets", "PutTargets"]
    assert read(aws, want).resource == want


@pytest.fixture
def failing(monkeypatch) -> None:
    """Answers of 200 that carry a refusal (AWS-FACTS §0.2)."""
    entry = {"TargetId": "a", "ErrorCode": "ConcurrentModificationException", "ErrorMessage": "being changed"}
    for operation in ("PutTargets", "RemoveTargets"):
        monkeypatch.setitem(
            OPERATIONS, ("events", operation), lambda _: {"FailedEntryCount": 1, "FailedEntries": [entry]}
        )


@pytest.mark.usefixtures("failing")
def test_a_refused_target_is_an_error(aws):
    with pytest.raises(AwsError, match="PutTargets refused target a: being changed") as refused:
        rule(target("a")).create(aws, TAGS)
    assert refused.value.code == "ConcurrentModificationException"


def test_a_target_that_cannot_be_removed_keeps_its_rule(aws, request):
    want = rule(target("a"))
    want.create(aws, TAGS)
    live = read(aws, want)
    request.getfixturevalue("failing")
    with pytest.raises(AwsError):
        EventsRule.delete(aws, live, Removal())
    assert EventsRule.read(aws, want.key()) is not None


def test_a_target_that_is_gone_already_is_no_error(aws, monkeypatch):
    want = rule(target("a"))
    want.create(aws, TAGS)
    live = read(aws, want)
    aws.client("events").remove_targets(Rule=want.name, Ids=["a"])
    entry = {"TargetId": "a", "ErrorCode": "ResourceNotFoundException", "ErrorMessage": "no such target"}
    monkeypatch.setitem(
        OPERATIONS, ("events", "RemoveTargets"), lambda _: {"FailedEntryCount": 1, "FailedEntries": [entry]}
    )
    EventsRule.delete(aws, live, Removal())
    assert EventsRule.read(aws, want.key()) is None


def test_targets_end_before_their_rule(aws, sent):
    want = rule(target("a"))
    want.create(aws, TAGS)
    EventsRule.delete(aws, read(aws, want), Removal())
    assert [call.operation for call in sent.calls][-2:] == ["RemoveTargets", "DeleteRule"]


def test_a_rule_that_only_has_a_rate_is_read(aws):
    aws.client("events").put_rule(Name="shop_failed-runs", ScheduleExpression="rate(1 hour)")
    live = read(aws, rule())
    assert isinstance(live.resource, EventsRule)
    assert live.resource.pattern is None
    assert "pattern" in {change.name for change in diff(rule(), live)}


def test_rules_of_other_buses_are_others():
    arn = rule_arn("aws", "us-east-1", "123456789012", "shop_failed-runs")
    assert EventsRule.key_of_arn(arn) == ("shop_failed-runs",)
    assert EventsRule.key_of_arn(arn.replace("rule/", "rule/theirs/")) is None
    assert EventsRule.key_of_arn("arn:aws:events:us-east-1:123456789012:event-bus/default") is None
