"""Layers of Lambda as strict as AWS: what is no zip or too large is refused, and answers are whole."""

from __future__ import annotations

from typing import Any

from scrapectl.local import moto_private
from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services.lambda_checks import MOST_UNZIPPED, MOST_ZIPPED, unzipped_size


@check("lambda", "PublishLayerVersion")
def check_publish(call: Call) -> None:
    """Refuse what is no zip, and one that is larger than any function may be."""
    content = (call.params.get("Content") or {}).get("ZipFile")
    if content is None:
        return
    if len(content) > MOST_ZIPPED or unzipped_size(content) > MOST_UNZIPPED:
        text = f"Unzipped size must be smaller than {MOST_UNZIPPED} bytes"
        raise Refusal("InvalidParameterValueException", text, 400)


@operation("lambda", "GetLayerVersion")
def get_version(call: Call) -> Params:
    """Answer one version; moto answers any number that it does not know with an error of another sort."""
    name, number = call.params["LayerName"], int(call.params["VersionNumber"])
    backend: Any = moto_private.get_backend("lambda")[call.account][call.region]
    for version in backend.list_layer_versions(name.rsplit(":", 1)[-1]):
        if version.version == number:
            found: Params = version.get_layer_version()
            return found
    raise Refusal("ResourceNotFoundException", "The resource you requested does not exist.", 404)


@operation("lambda", "ListLayerVersions")
def list_versions(call: Call) -> Params:
    """Answer the versions, newest first; of a layer that is not there none (ListLayerVersions, botocore's model)."""
    name = call.params["LayerName"].rsplit(":", 1)[-1]
    backend: Any = moto_private.get_backend("lambda")[call.account][call.region]
    versions = [version.get_layer_version() for version in backend.list_layer_versions(name)]
    return {"LayerVersions": sorted(versions, key=lambda each: -int(each["Version"]))}
