"""What Lambda asks of whoever makes or changes a function, besides the call: layers, networks, mounts, images."""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.local.registry import Call

_CALLS = frozenset({"CreateFunction", "UpdateFunctionConfiguration", "UpdateFunctionCode"})
# "Giving Lambda functions access to resources in an Amazon VPC", permissions of the user who configures it.
_OF_A_NETWORK = ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")
# "Create a Lambda function using a container image": Lambda lets itself pull in the caller's name.
_OF_AN_IMAGE = ("ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy")


def asked_for_function(call: Call) -> Iterator[tuple[str, str]]:
    """Yield actions, each with the resource that it is asked of."""
    if call.service != "lambda" or call.operation not in _CALLS:
        return
    params = call.params
    for arn in params.get("Layers") or ():
        yield "lambda:GetLayerVersion", arn
    if (params.get("VpcConfig") or {}).get("SubnetIds"):
        yield from ((action, "*") for action in _OF_A_NETWORK)
    if params.get("FileSystemConfigs"):
        yield "elasticfilesystem:DescribeMountTargets", call.arn("file-system/*", "elasticfilesystem")
    image = (params.get("Code") or params).get("ImageUri")
    if image:
        name = image.partition("/")[2].partition("@")[0].partition(":")[0]
        yield from ((action, call.arn(f"repository/{name}", "ecr")) for action in _OF_AN_IMAGE)
