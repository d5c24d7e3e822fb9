"""A host → what the program of its instance (containers/host) is to do.

Both stand in the user data itself, which EC2 takes to 16 KB and cloud-init takes compressed: so an instance needs
nothing of a bucket to begin, and each version of the template says all of what it runs. Secrets are only named.
"""

from __future__ import annotations

from typing import Any

from scrapectl.blueprint.images import job_image
from scrapectl.blueprint.pipeline import log_group_ref
from scrapectl.blueprint.roles import repository_arn
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.secret_access import secret_arn
from scrapectl.blueprint.told import failure_topic
from scrapectl.spec.model import Host


def what_it_runs(scope: Scope, host: Host) -> dict[str, Any]:
    """The document; containers/host/README.md has its shape."""
    within, topic = scope.address("hosts", host.key), failure_topic(scope, host)
    return {
        "version": 1,
        "pipeline": scope.spec.pipeline,
        "stage": scope.spec.stage or "",
        "host": host.key,
        "region": scope.facts.region,
        "domain": "amazonaws.com.cn" if scope.facts.partition == "aws-cn" else "amazonaws.com",
        "log_group": log_group_ref(scope),
        "setup": [scope.text(line, within) for line in host.setup],
        "script": [scope.text(line, within) for line in host.script],
        "image": job_image(scope, host)[0] if host.image is not None else "",
        "command": [scope.text(word, within) for word in host.command],
        "registry": _registry(scope, host),
        "environment": {name: scope.text(value, within) for name, value in host.environment.items()},
        "secrets": {
            name: {"arn": secret_arn(scope, secret), "key": secret.json_key or ""}
            for name, secret in host.secrets.items()
        },
        "upload": [
            {
                "folder": folder.rstrip("/"),
                "bucket": scope.ref("buckets", place.bucket, "name"),
                "prefix": place.prefix,
            }
            for folder, place in host.upload.items()
        ],
        "timeout": host.timeout,
        "topic": scope.arn("topics", topic) if topic else "",
    }


def _registry(scope: Scope, host: Host) -> str:
    """The registry of ECR that the image is pulled from; "" for an image that anybody may pull."""
    arn = repository_arn(scope, host)
    if arn is None:
        return ""
    partition, _, region, account = arn.split(":")[1:5]
    return f"{account}.dkr.ecr.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"
