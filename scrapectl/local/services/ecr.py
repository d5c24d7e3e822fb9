"""ECR beyond moto: layers that are kept, images that are what was pushed, and strict lifecycle policies."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services.tagging import Tagged, tag_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapectl.local.cloud import Cloud

PART_BYTES = 20 * 1024 * 1024
LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"
MOST_RULES = 50


@dataclass
class Registry:
    """The blobs of a region's repositories, the uploads under way, and the bytes of each image's layers by digest."""

    blobs: dict[str, dict[str, bytes]] = field(default_factory=dict)
    uploads: dict[str, bytearray] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Image:
    """An image as it was pushed: its manifest, its configuration, its layers' bytes in order, lowest first."""

    digest: str
    manifest: dict[str, Any]
    config: dict[str, Any]
    layers: list[bytes]


def digest_of(content: bytes) -> str:
    """The content's digest as registries write it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _blobs(call: Call) -> dict[str, bytes]:
    name = call.params["repositoryName"]
    _describe(call.cloud, call.region, name)
    return call.cloud.store(Registry, call.region).blobs.setdefault(name, {})


def _describe(cloud: Cloud, region: str, name: str) -> Params:
    found: list[Params] = cloud.call("ecr", "DescribeRepositories", {"repositoryNames": [name]}, region)["repositories"]
    return found[0]


def find_image(cloud: Cloud, uri: str) -> Image:
    """Return what an image URI of this cloud's registry names.

    Args:
        cloud: Where it was pushed.
        uri: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:…`, or `:TAG`, by default `latest`.

    Raises:
        Refusal: There is no such image here.
    """
    host, _, path = uri.partition("/")
    region = host.removeprefix(f"{cloud.account}.dkr.ecr.").removesuffix(".amazonaws.com")
    if not path or region == host:
        raise Refusal("CannotPullContainerError", f"{uri} is not an image of this cloud's registry")
    name, at, digest = path.partition("@")
    name, _, tag = name.partition(":")
    wanted = {"imageDigest": digest} if at else {"imageTag": tag or "latest"}
    answer = cloud.call("ecr", "BatchGetImage", {"repositoryName": name, "imageIds": [wanted]}, region)
    if not answer.get("images"):
        raise Refusal("CannotPullContainerError", f"{uri}: not found")
    found = answer["images"][0]
    manifest = json.loads(found["imageManifest"])
    blobs = cloud.store(Registry, region).blobs.get(name, {})
    config = json.loads(blobs.get(manifest.get("config", {}).get("digest", ""), b"{}"))
    layers = [blobs[layer["digest"]] for layer in manifest["layers"]]
    return Image(found["imageId"]["imageDigest"], manifest, config, layers)


@operation("ecr", "InitiateLayerUpload")
def initiate_upload(call: Call) -> Params:
    """Start an upload."""
    _blobs(call)
    upload = str(uuid.uuid4())
    call.cloud.store(Registry, call.region).uploads[upload] = bytearray()
    return {"uploadId": upload, "partSize": PART_BYTES}


def _upload(call: Call) -> bytearray:
    found = call.cloud.store(Registry, call.region).uploads.get(call.params["uploadId"])
    if found is None:
        raise Refusal("UploadNotFoundException", f"The upload {call.params['uploadId']} could not be found")
    return found


@operation("ecr", "UploadLayerPart")
def upload_part(call: Call) -> Params:
    """Take the next part of an upload."""
    params, received = call.params, _upload(call)
    part = params["layerPartBlob"]
    if params["partFirstByte"] != len(received) or params["partLastByte"] != len(received) + len(part) - 1:
        raise Refusal("InvalidLayerPartException", "The layer part is not the next one, or not as long as it says")
    received.extend(part)
    return _about(call) | {"uploadId": params["uploadId"], "lastByteReceived": len(received) - 1}


def _about(call: Call) -> Params:
    return {"registryId": call.account, "repositoryName": call.params["repositoryName"]}


@operation("ecr", "CompleteLayerUpload")
def complete_upload(call: Call) -> Params:
    """Keep the uploaded layer when it is what its digest says."""
    params, received = call.params, _upload(call)
    if not received:
        raise Refusal("EmptyUploadException", "The upload holds no part")
    digest = digest_of(bytes(received))
    if digest not in params["layerDigests"]:
        raise Refusal("InvalidLayerException", f"The layer's digest is {digest}")
    blobs = _blobs(call)
    del call.cloud.store(Registry, call.region).uploads[params["uploadId"]]
    if digest in blobs:
        raise Refusal("LayerAlreadyExistsException", f"Layer with digest {digest} already exists")
    blobs[digest] = bytes(received)
    return _about(call) | {"uploadId": params["uploadId"], "layerDigest": digest}


@operation("ecr", "BatchCheckLayerAvailability")
def check_layers(call: Call) -> Params:
    """Tell which layers the repository has."""
    blobs = _blobs(call)
    layers = []
    for digest in call.params["layerDigests"]:
        layer = {"layerDigest": digest, "layerAvailability": "AVAILABLE" if digest in blobs else "UNAVAILABLE"}
        layers.append(layer | ({"layerSize": len(blobs[digest]), "mediaType": LAYER_TYPE} if digest in blobs else {}))
    return {"layers": layers, "failures": []}


@operation("ecr", "GetDownloadUrlForLayer")
def download_url(call: Call) -> Params:
    """Answer where a layer can be read from; behind the server's guard, as everything."""
    digest, name = call.params["layerDigest"], call.params["repositoryName"]
    if digest not in _blobs(call):
        raise Refusal("LayersNotFoundException", f"The layer {digest} could not be found in {name}")
    root = call.cloud.endpoint or f"https://prod-{call.region}-starport-layer-bucket.s3.amazonaws.com"
    url = f"{root}/-/layer/{call.region}/{name}/{digest}?key={call.cloud.access_key}"
    return {"downloadUrl": url, "layerDigest": digest}


@operation("ecr", "PutImage")
def put_image(call: Call) -> Params:
    """Keep an image under the digest of its manifest, when all its layers are here."""
    params = call.params
    digest = digest_of(params["imageManifest"].encode())
    if params.get("imageDigest", digest) != digest:
        raise Refusal("ImageDigestDoesNotMatchException", f"The digest of the manifest is {digest}")
    try:
        manifest = json.loads(params["imageManifest"])
        layers = [layer["digest"] for layer in manifest.get("layers", [])]
        wanted = [*layers, manifest["config"]["digest"]] if "config" in manifest else layers
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal("InvalidParameterException", "The image manifest is not valid") from error
    missing = [layer for layer in wanted if layer not in _blobs(call)]
    if missing:
        raise Refusal("LayersNotFoundException", f"Layers with digests {missing} could not be found")
    call.cloud.store(Registry, call.region).sizes[digest] = sum(len(_blobs(call)[layer]) for layer in layers)
    return call.moto(params | {"imageDigest": digest})


@operation("ecr", "DescribeImages")
def describe_images(call: Call) -> Params:
    """Answer a repository's images with the size of their layers, for which moto takes their configuration's."""
    result = call.moto()
    sizes = call.cloud.store(Registry, call.region).sizes
    for image in result["imageDetails"]:
        image["imageSizeInBytes"] = sizes.get(image["imageDigest"], image.get("imageSizeInBytes"))
    return result


@operation("ecr", "DeleteRepository")
def delete_repository(call: Call) -> Params:
    """Delete a repository, which must be empty or forced, and its blobs."""
    result = call.moto()
    call.cloud.store(Registry, call.region).blobs.pop(call.params["repositoryName"], None)
    return result


@check("ecr", "PutLifecyclePolicy")
def check_lifecycle(call: Call) -> None:
    """Refuse a policy that AWS refuses."""
    bad = "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "
    try:
        rules = json.loads(call.params["lifecyclePolicyText"])["rules"]
        problem = _rules_problem(rules)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal("InvalidParameterException", bad + f"'Lifecycle policy validation failure: {error}'") from error
    if problem:
        raise Refusal("InvalidParameterException", bad + f"'Lifecycle policy validation failure: {problem}'")


def _rules_problem(rules: list[dict[str, Any]]) -> str | None:
    priorities = [rule["rulePriority"] for rule in rules]
    if not 1 <= len(rules) <= MOST_RULES:
        return "there must be between 1 and 50 rules"
    if len(set(priorities)) < len(priorities):
        return "rulePriority must be unique"
    for rule in rules:
        selection = rule["selection"]
        lists = [key for key in ("tagPrefixList", "tagPatternList") if selection.get(key)]
        if selection["tagStatus"] == "tagged" and len(lists) != 1:
            return "tagged needs exactly one of tagPrefixList and tagPatternList"
        if selection["tagStatus"] == "any" and rule["rulePriority"] != max(priorities):
            return "the rule with tagStatus any must have the highest rulePriority"
        if ("countUnit" in selection) != selection["countType"].startswith("since"):
            return "countUnit goes with sinceImagePushed and its kin only"
    return None


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the tagging index every repository."""
    if ("ecr", region) not in cloud.used:
        return
    for repository in cloud.call("ecr", "DescribeRepositories", {}, region)["repositories"]:
        arn = repository["repositoryArn"]
        tags = cloud.call("ecr", "ListTagsForResource", {"resourceArn": arn}, region).get("tags", [])
        yield Tagged(arn, "ecr:repository", {tag["Key"]: tag["Value"] for tag in tags})
