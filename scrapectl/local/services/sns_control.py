"""SNS beyond moto: what a second create of a name, or a second subscription of an endpoint, may say."""

from __future__ import annotations

from typing import Any

from scrapectl.local import moto_private
from scrapectl.local.paging import tag_map
from scrapectl.local.registry import Call, Params, Refusal, check, operation


def _invalid(reason: str) -> Refusal:
    return Refusal("InvalidParameter", f"Invalid parameter: {reason}", 400)


@check("sns", "CreateTopic")
def check_create(call: Call) -> None:
    """Refuse a name that stands with other attributes or tags; of the same, AWS answers the ARN."""
    attributes: Params = call.params.get("Attributes") or {}
    arn = call.arn(call.params["Name"])
    try:
        standing = call.moto({"TopicArn": arn}, "GetTopicAttributes")["Attributes"]
    except Refusal:
        return
    if any(standing.get(name) != value for name, value in attributes.items()):
        raise _invalid("Attributes Reason: Topic already exists with different attributes")
    tags = call.moto({"ResourceArn": arn}, "ListTagsForResource")["Tags"]
    if "Tags" in call.params and tag_map(call.params["Tags"]) != tag_map(tags):
        raise _invalid("Tags Reason: Topic already exists with different tags")


@check("sns", "Subscribe")
def check_subscribe(call: Call) -> None:
    """Refuse what stands with other attributes."""
    params = call.params
    protocol, endpoint, wanted = params["Protocol"], params.get("Endpoint", ""), params.get("Attributes") or {}
    backend: Any = moto_private.get_backend("sns")[call.account][call.region]
    for standing in backend.subscriptions.values():
        same = (standing.topic.arn, standing.protocol, standing.endpoint) == (params["TopicArn"], protocol, endpoint)
        if same and any(_text(standing.attributes.get(name)) != value for name, value in wanted.items()):
            raise _invalid("Attributes Reason: Subscription already exists with different attributes")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@check("sns", "Unsubscribe")
def check_unsubscribe(call: Call) -> None:
    """Refuse to end what was not confirmed, which has no ARN to be named by (AWS-FACTS §7)."""
    if not call.params["SubscriptionArn"].startswith("arn:"):
        raise _invalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not 1")


@operation("sns", "GetSubscriptionAttributes")
def subscription_attributes(call: Call) -> Params:
    """Answer attributes as AWS does: all are text."""
    result = call.moto()
    result["Attributes"] = {name: _text(value) for name, value in result["Attributes"].items()}
    return result
