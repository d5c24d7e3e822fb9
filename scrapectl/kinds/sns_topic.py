"""Turns a topic and who hears of it into SNS's: the topic, its policy, its subscriptions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import (
    Aws,
    FieldChange,
    Key,
    Listing,
    Live,
    Needs,
    Pace,
    Removal,
    Resource,
    Scopes,
    Update,
)
from scrapectl.engine.values import Policy
from scrapectl.kinds.sns_subscriptions import Subscribed, Subscription, read_subscriptions
from scrapectl.kinds.tags import tag_list, tags_from_list

__all__ = ["SnsTopic", "Subscription", "topic_arn"]

ABSENT = ("NotFound",)
_POLICY, _KEY, _RAW = "Policy", "KmsMasterKeyId", "RawMessageDelivery"
_PARTS = ("arn", "partition", "sns", "region", "account", "name")
_DEFAULT_ACTIONS = (
    *("SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission"),
    *("SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish"),
)


def topic_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a topic will have."""
    return f"arn:{partition}:sns:{region}:{account}:{name}"


@dataclass(frozen=True)
class SnsTopic(Resource):
    """A standard topic with all its subscriptions.

    Attributes:
        subscriptions: Who gets its messages. A mail address that has not confirmed counts as there.
        policy: Who may publish; None: AWS's own, which lets the account's roles do what their policies allow.
        kms_key: Id, ARN or alias of the key that encrypts it.
    """

    name: Identity[str]
    subscriptions: frozenset[Subscription] = frozenset()
    policy: Policy | None = None
    kms_key: str | None = None

    kind: ClassVar[str] = "sns_topic"
    tells_the_spec: ClassVar[bool] = True
    pace: ClassVar[Pace] = Pace(first=0.0, interval=2.0, limit=60.0)
    sweep: ClassVar[str | None] = "sns:{region}:{account}:"
    listing: ClassVar[Listing | None] = Listing("sns", "list_topics", "Topics", "TopicArn")
    needs: ClassVar[Needs] = Needs(
        read=(
            "sns:GetSubscriptionAttributes",
            "sns:GetTopicAttributes",
            "sns:ListSubscriptionsByTopic",
            "sns:ListTagsForResource",
        ),
        create=("sns:CreateTopic", "sns:Subscribe", "sns:TagResource"),
        update=(
            "sns:SetSubscriptionAttributes",
            "sns:SetTopicAttributes",
            "sns:Subscribe",
            "sns:TagResource",
            "sns:Unsubscribe",
            "sns:UntagResource",
        ),
        delete=("sns:DeleteTopic",),
    )
    scopes: ClassVar[Scopes] = Scopes({"sns:topic": ("sns:{region}:{account}:{name}",)})

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read its attributes; only of one that stands the subscriptions and tags."""
        (name,) = key
        arn = topic_arn(aws.partition, aws.region, aws.account, name)
        answer = aws.call("sns", "get_topic_attributes", absent=ABSENT, TopicArn=arn)
        if answer is None:
            return None
        ask: Callable[..., Callable[[], Any]] = functools.partial
        subscribed, tags = aws.gather(
            [
                ask(read_subscriptions, aws, arn),
                ask(aws.call, "sns", "list_tags_for_resource", absent=("ResourceNotFound",), ResourceArn=arn),
            ]
        )
        if subscribed is None or tags is None:  # it went between the calls
            return None
        attributes, (subscriptions, arns) = answer["Attributes"], subscribed
        resource = cls(
            name=name,
            subscriptions=subscriptions,
            policy=_own_policy(attributes.get(_POLICY), arn),
            kms_key=attributes.get(_KEY) or None,
        )
        return Live(resource, {"arn": arn, "name": name}, tags_from_list(tags["Tags"]), detail=arns)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it, then its subscriptions. Of a name that stands with other tags, AWS makes nothing."""
        given = {_POLICY: self.policy.to_json() if self.policy else None, _KEY: self.kms_key}
        attributes = {name: value for name, value in given.items() if value}
        answer = aws.call("sns", "create_topic", Name=self.name, Attributes=attributes, Tags=tag_list(tags))
        for subscription in sorted(self.subscriptions, key=_by_endpoint):
            _subscribe(aws, answer["TopicArn"], subscription)
        return None if self.subscriptions else Live(self, _outputs(answer, self.name), dict(tags), detail={})

    def update(self, aws: Aws, update: Update) -> None:
        """Set what differs: SNS takes one attribute a call. New subscriptions come before old ones go."""
        arn = update.live.outputs["arn"]
        if "policy" in update.changed:
            document = self.policy or Policy(_default_policy(arn, aws.account, _DEFAULT_ACTIONS))
            _set(aws, arn, _POLICY, document.to_json())
        if "kms_key" in update.changed:
            _set(aws, arn, _KEY, self.kms_key or "")
        if "subscriptions" in update.changed:
            self._subscribe_and_end(aws, update.live)

    def _subscribe_and_end(self, aws: Aws, live: Live) -> None:
        standing = cast("Subscribed", cast("SnsTopic", live.resource).subscriptions)
        wanted = {_by_endpoint(one) for one in self.subscriptions}
        for one in sorted(self.subscriptions - standing, key=_by_endpoint):
            arn = live.detail.get(_by_endpoint(one))
            if arn is None:
                _subscribe(aws, live.outputs["arn"], one)
            else:
                raw = str(one.raw).lower()
                aws.call(
                    "sns", "set_subscription_attributes", SubscriptionArn=arn, AttributeName=_RAW, AttributeValue=raw
                )
        for end in sorted(live.detail.keys() - wanted):
            aws.call("sns", "unsubscribe", absent=ABSENT, SubscriptionArn=live.detail[end])

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; its subscriptions go with it, confirmed or not."""
        del removal
        aws.call("sns", "delete_topic", absent=ABSENT, TopicArn=live.outputs["arn"])

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN; a subscription's has one part more."""
        parts = arn.split(":")
        return (parts[5],) if parts[2] == "sns" and len(parts) == len(_PARTS) else None

    def told(self, live: Live, changes: tuple[FieldChange, ...]) -> tuple[str, ...]:
        """Tell whose confirmation is missing: AWS sends nothing before it, and ends nothing before it either."""
        del changes
        standing = cast("SnsTopic", live.resource).subscriptions
        pending = standing.pending if isinstance(standing, Subscribed) else frozenset()
        awaited = sorted(str(one.endpoint) for one in pending & self.subscriptions)
        unwanted = sorted(str(one.endpoint) for one in pending - self.subscriptions)
        return (
            *(f"{address} must still confirm, by the link in the mail that AWS sent" for address in awaited),
            *(f"{address} never confirmed: AWS ends that subscription by itself" for address in unwanted),
        )


def _outputs(answer: Mapping[str, str], name: str) -> dict[str, str]:
    return {"arn": answer["TopicArn"], "name": name}


def _by_endpoint(subscription: Subscription) -> tuple[str, str]:
    return (subscription.protocol, str(subscription.endpoint))


def _subscribe(aws: Aws, arn: str, subscription: Subscription) -> None:
    attributes: dict[str, Any] = {"Attributes": {_RAW: "true"}} if subscription.raw else {}
    aws.call(
        "sns",
        "subscribe",
        blind_retry=False,  # each repeat sends the mail again
        TopicArn=arn,
        Protocol=subscription.protocol,
        Endpoint=subscription.endpoint,
        **attributes,
    )


def _set(aws: Aws, arn: str, name: str, value: str) -> None:
    aws.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName=name, AttributeValue=value)


def _own_policy(text: str | None, arn: str) -> Policy | None:
    """Read a policy; the one that AWS gives a topic that has none is None, whichever actions it names (they grew)."""
    if not text:
        return None
    policy = Policy.from_json(text)
    statements = policy.document.get("Statement")
    if not isinstance(statements, list) or len(statements) != 1:
        return policy
    account, actions = arn.split(":")[4], statements[0].get("Action")
    ours = isinstance(actions, list) and set(actions) <= {*_DEFAULT_ACTIONS, "SNS:Receive"}
    return None if ours and policy == Policy(_default_policy(arn, account, actions)) else policy


def _default_policy(arn: str, account: str, actions: Any) -> dict[str, Any]:
    """The policy that AWS puts on a topic made without one: the way back, for AWS takes no empty one."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": list(actions),
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    return {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
