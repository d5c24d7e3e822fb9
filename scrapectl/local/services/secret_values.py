"""What a job definition's `valueFrom` means, as ECS resolves it when a container starts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scrapectl.local.registry import Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_ARN_PARTS = 7  # arn:aws:secretsmanager:region:account:secret:name


def value_of(cloud: Cloud, value_from: str, region: str) -> str:
    """Return the value; see `Cloud.secret_value`.

    Raises:
        Refusal: There is none, or it has no such key.
    """
    parts = value_from.split(":")
    if len(parts) < _ARN_PARTS or parts[2] != "secretsmanager":
        return _parameter(cloud, value_from, region)
    arn = ":".join(parts[:_ARN_PARTS])
    key, stage, version = [*parts[_ARN_PARTS:], "", "", ""][:3]
    wanted = (
        {"SecretId": arn} | ({"VersionStage": stage} if stage else {}) | ({"VersionId": version} if version else {})
    )
    text: str = cloud.call("secretsmanager", "GetSecretValue", wanted, parts[3])["SecretString"]
    if not key:
        return text
    try:
        found = json.loads(text)[key]
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal("ResourceInitializationError", f"the secret {arn} did not contain json key {key}") from error
    return found if isinstance(found, str) else json.dumps(found)


def _parameter(cloud: Cloud, name_or_arn: str, region: str) -> str:
    parts = name_or_arn.split(":", 5)
    if parts[0] == "arn":
        region, name_or_arn = parts[3], parts[5].removeprefix("parameter")
    value: str = cloud.call("ssm", "GetParameter", {"Name": name_or_arn, "WithDecryption": True}, region)["Parameter"][
        "Value"
    ]
    return value
