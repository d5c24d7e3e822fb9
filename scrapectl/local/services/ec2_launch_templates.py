"""Launch templates of EC2 as moto has them, with the tags that they carry now; moto answers those of their creation."""

from __future__ import annotations

from scrapectl.local.registry import Call, Params, operation


@operation("ec2", "DescribeLaunchTemplates")
def describe(call: Call) -> Params:
    """Describe them; filters on tags are held against the tags of now, too."""
    by_tag = [one for one in call.params.get("Filters") or () if one["Name"].startswith("tag:")]
    others = [one for one in call.params.get("Filters") or () if one not in by_tag]
    answer = call.moto({**call.params, "Filters": others} if others else _without_filters(call.params))
    found = [{**one, "Tags": _tags(call, one["LaunchTemplateId"])} for one in answer["LaunchTemplates"]]
    return {**answer, "LaunchTemplates": [one for one in found if _passes(one["Tags"], by_tag)]}


def _without_filters(params: Params) -> Params:
    return {name: value for name, value in params.items() if name != "Filters"}


def _tags(call: Call, template_id: str) -> list[dict[str, str]]:
    filters = [{"Name": "resource-id", "Values": [template_id]}]
    found = call.moto({"Filters": filters}, "DescribeTags")["Tags"]
    return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in found]


def _passes(tags: list[dict[str, str]], filters: list[Params]) -> bool:
    values = {tag["Key"]: tag["Value"] for tag in tags}
    return all(values.get(one["Name"].removeprefix("tag:")) in one["Values"] for one in filters)
