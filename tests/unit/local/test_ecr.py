"""Images are pushed by ECR's own calls, kept as they were, and found again by tag and digest."""

from __future__ import annotations

import hashlib
import json

import pytest

from scrapectl.local.registry import Refusal

REPOSITORY = "shop/scraper"


def _digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


@pytest.fixture
def repository(aws):
    aws("ecr").create_repository(repositoryName=REPOSITORY)
    return aws("ecr")


@pytest.fixture
def push(repository):
    def upload(content, parts=1):
        number = repository.initiate_layer_upload(repositoryName=REPOSITORY)["uploadId"]
        size = -(-len(content) // parts)
        for start in range(0, len(content), size):
            part = content[start : start + size]
            span = {"partFirstByte": start, "partLastByte": start + len(part) - 1}
            repository.upload_layer_part(repositoryName=REPOSITORY, uploadId=number, layerPartBlob=part, **span)
        repository.complete_layer_upload(repositoryName=REPOSITORY, uploadId=number, layerDigests=[_digest(content)])

    def image(tag="latest", layer=b"layer" * 50):
        config = json.dumps({"config": {"Cmd": ["python"]}, "of": tag}).encode()
        for content in (config, layer):
            found = repository.batch_check_layer_availability(
                repositoryName=REPOSITORY, layerDigests=[_digest(content)]
            )
            if found["layers"][0]["layerAvailability"] == "UNAVAILABLE":
                upload(content, parts=3)
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "config": {"digest": _digest(config), "size": len(config), "mediaType": "c"},
                "layers": [{"digest": _digest(layer), "size": len(layer), "mediaType": "l"}],
            }
        )
        answer = repository.put_image(repositoryName=REPOSITORY, imageManifest=manifest, imageTag=tag)
        return manifest, answer["image"]["imageId"]["imageDigest"]

    return image


def test_an_image_is_kept_under_the_digest_of_its_manifest(repository, push, cloud):
    manifest, digest = push()
    assert digest == _digest(manifest.encode())
    root = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{REPOSITORY}"
    for uri in (f"{root}@{digest}", f"{root}:latest", root):
        found = cloud.image_layer(uri)
        assert (found.digest, found.layers) == (digest, [b"layer" * 50])
        assert found.config["config"] == {"Cmd": ["python"]}
    listed = repository.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    told = [(image["imageDigest"], image["imageTags"], image["imageSizeInBytes"]) for image in listed]
    assert told == [(digest, ["latest"], 250)]


@pytest.mark.parametrize(
    "uri", ["python:3.11", "example.org/x:1", "123456789012.dkr.ecr.us-east-1.amazonaws.com/none:1"]
)
def test_images_that_are_not_here(cloud, uri):
    with pytest.raises(Refusal):
        cloud.image_layer(uri)


def test_a_tag_moves_to_the_newest_image(push, cloud):
    push("a")
    _, digest = push("a", b"another")
    assert cloud.image_layer(f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{REPOSITORY}:a").digest == digest


def test_uploads_that_are_refused(repository, refused):
    number = repository.initiate_layer_upload(repositoryName=REPOSITORY)["uploadId"]
    about = {"repositoryName": REPOSITORY, "uploadId": number}
    with refused("EmptyUploadException"):
        repository.complete_layer_upload(**about, layerDigests=[_digest(b"x")])
    with refused("InvalidLayerPartException"):
        repository.upload_layer_part(**about, partFirstByte=5, partLastByte=9, layerPartBlob=b"12345")
    repository.upload_layer_part(**about, partFirstByte=0, partLastByte=4, layerPartBlob=b"12345")
    with refused("InvalidLayerException"):
        repository.complete_layer_upload(**about, layerDigests=[_digest(b"x")])
    repository.complete_layer_upload(**about, layerDigests=[_digest(b"12345")])
    with refused("UploadNotFoundException"):
        repository.complete_layer_upload(**about, layerDigests=[_digest(b"12345")])
    with refused("RepositoryNotFoundException"):
        repository.initiate_layer_upload(repositoryName="none")


def test_images_that_are_refused(repository, push, refused):
    manifest, digest = push()
    missing = manifest.replace(_digest(b"layer" * 50), _digest(b"missing"))
    with refused("LayersNotFoundException"):
        repository.put_image(repositoryName=REPOSITORY, imageManifest=missing, imageTag="x")
    with refused("ImageDigestDoesNotMatchException"):
        other = _digest(b"other")
        repository.put_image(repositoryName=REPOSITORY, imageManifest=manifest, imageTag="x", imageDigest=other)
    with refused("ImageAlreadyExistsException"):
        repository.put_image(repositoryName=REPOSITORY, imageManifest=manifest, imageTag="latest", imageDigest=digest)
    with refused("InvalidParameterException"):
        repository.put_image(repositoryName=REPOSITORY, imageManifest="odd", imageTag="x")


def test_a_repository_with_images_is_deleted_by_force_only(repository, push, refused, cloud):
    push()
    with refused("RepositoryNotEmptyException"):
        repository.delete_repository(repositoryName=REPOSITORY)
    repository.delete_repository(repositoryName=REPOSITORY, force=True)
    repository.create_repository(repositoryName=REPOSITORY)
    found = repository.batch_check_layer_availability(repositoryName=REPOSITORY, layerDigests=[_digest(b"layer" * 50)])
    assert found["layers"][0]["layerAvailability"] == "UNAVAILABLE"


def _rule(priority=1, status="any", count="imageCountMoreThan", **selection):
    chosen = {"tagStatus": status, "countType": count, "countNumber": 5} | selection
    return {"rulePriority": priority, "selection": chosen, "action": {"type": "expire"}}


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [_rule(), _rule()],
        [_rule(1), _rule(2, "untagged")],
        [_rule(1, "tagged")],
        [_rule(1, "tagged", tagPrefixList=["a"], tagPatternList=["b"])],
        [_rule(countUnit="days")],
        [_rule(count="sinceImagePushed")],
        [{"rulePriority": 1}],
    ],
)
def test_lifecycle_policies_that_are_refused(repository, refused, rules):
    with refused("InvalidParameterException", "LifecyclePolicyText"):
        text = json.dumps({"rules": rules}).ljust(100)  # botocore itself wants 100 characters
        repository.put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=text)


def test_a_good_lifecycle_policy_is_kept(repository):
    text = json.dumps({"rules": [_rule(1, "untagged"), _rule(2)]})
    repository.put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=text)
    kept = repository.get_lifecycle_policy(repositoryName=REPOSITORY)["lifecyclePolicyText"]
    assert json.loads(kept) == json.loads(text)
