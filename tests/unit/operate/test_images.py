"""Images into their repository: as a layer for the embedded cloud, through an engine's own command for AWS."""

import base64
import hashlib
import json
import os
import sys

import pytest

from scrapectl.errors import AwsError, EnvironmentProblem
from scrapectl.operate import images
from scrapectl.operate.images import CONFIG_TYPE, LAYER_TYPE, find_engine, pack_folder, push_image

URI = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop-scraper"


class Registry:
    """ECR's own calls on dicts, in parts of 100 bytes."""

    def __init__(self, *, local: bool = True) -> None:
        self.local = local
        self.blobs: dict[str, bytes] = {}
        self.images: dict[str, str] = {}
        self.calls: list[str] = []
        self.fail: list[tuple[str, str]] = []

    def call(self, service, operation, /, **params):
        assert service == "ecr"
        assert params.get("repositoryName", "shop-scraper") == "shop-scraper"
        self.calls.append(operation)
        answer = getattr(self, operation)(params)
        for failing in [entry for entry in self.fail if entry[0] == operation]:
            self.fail.remove(failing)
            raise AwsError("refused", code=failing[1])
        return answer

    def batch_check_layer_availability(self, params):
        there = [digest for digest in params["layerDigests"] if digest in self.blobs]
        return {"layers": [{"layerDigest": digest, "layerAvailability": "AVAILABLE"} for digest in there]}

    def initiate_layer_upload(self, _):
        self.upload = b""
        return {"uploadId": "u", "partSize": 100}

    def upload_layer_part(self, params):
        assert params["partFirstByte"] == len(self.upload)
        self.upload += params["layerPartBlob"]
        assert params["partLastByte"] == len(self.upload) - 1
        return {}

    def complete_layer_upload(self, params):
        assert params["layerDigests"] == ["sha256:" + hashlib.sha256(self.upload).hexdigest()]
        self.blobs[params["layerDigests"][0]] = self.upload
        return {}

    def put_image(self, params):
        self.images[params["imageTag"]] = params["imageManifest"]
        return {"image": self.batch_get_image({"imageIds": [{"imageTag": params["imageTag"]}]})["images"][0]}

    def describe_images(self, params):
        manifest = self.images.get(params["imageIds"][0]["imageTag"])
        if manifest is None:
            assert "ImageNotFoundException" in params["absent"]
            return None
        return {"imageDetails": [{"imageDigest": "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()}]}

    def batch_get_image(self, params):
        manifest = self.images.get(params["imageIds"][0]["imageTag"])
        if manifest is None:
            return {"images": []}
        digest = "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
        return {"images": [{"imageId": {"imageDigest": digest}, "imageManifest": manifest}]}

    def get_authorization_token(self, _):
        return {"authorizationData": [{"authorizationToken": base64.b64encode(b"AWS:pass-word-1").decode()}]}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "scraper"
    made.mkdir()
    (made / "Dockerfile").write_text('FROM python:3.13-slim\nCMD ["python"]\n')
    (made / "noise.bin").write_bytes(os.urandom(300))
    return made


def test_the_embedded_cloud_takes_the_folder_as_one_layer(folder):
    aws = Registry()
    digest = push_image(aws, URI, folder, "src-1", "ARM64")
    manifest = json.loads(aws.images["src-1"])
    (layer,) = manifest["layers"]
    assert layer["mediaType"] == LAYER_TYPE
    assert aws.blobs[layer["digest"]] == pack_folder(folder)
    assert manifest["config"]["mediaType"] == CONFIG_TYPE
    assert json.loads(aws.blobs[manifest["config"]["digest"]])["architecture"] == "arm64"
    assert digest == "sha256:" + hashlib.sha256(aws.images["src-1"].encode()).hexdigest()


def test_what_is_there_already_is_not_sent_again(folder):
    aws = Registry()
    first = push_image(aws, URI, folder, "src-1", "X86_64")
    aws.calls.clear()
    assert push_image(aws, URI, folder, "src-1", "X86_64") == first
    assert set(aws.calls) == {"batch_check_layer_availability", "batch_get_image"}


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("upload_layer_part", "InvalidLayerPartException"),
        ("complete_layer_upload", "UploadNotFoundException"),
        ("complete_layer_upload", "LayerAlreadyExistsException"),
        ("put_image", "ImageAlreadyExistsException"),
    ],
)
def test_a_push_whose_answer_was_lost_goes_on(folder, operation, code):
    aws = Registry()
    aws.fail = [(operation, code), (operation, code)]
    digest = push_image(aws, URI, folder, "src-1", "X86_64")
    assert digest == "sha256:" + hashlib.sha256(aws.images["src-1"].encode()).hexdigest()
    assert len(aws.blobs) == 2


def test_a_refused_upload_is_an_error(folder):
    aws = Registry()
    aws.fail = [("initiate_layer_upload", "RepositoryNotFoundException")]
    with pytest.raises(AwsError):
        push_image(aws, URI, folder, "src-1", "X86_64")
    assert not aws.images


def fake_engine(path, name, script):
    path.mkdir(exist_ok=True)
    (path / name).write_text(f"#!{sys.executable} -IS\n{script}")
    (path / name).chmod(0o755)


@pytest.fixture
def engines(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def test_a_client_without_its_daemon_is_no_engine(engines):
    fake_engine(engines, "docker", "import sys; print(''); sys.exit(1)")
    assert find_engine() is None


def test_an_engine_that_does_not_answer_is_no_engine(engines, monkeypatch):
    monkeypatch.setattr(images, "_ENGINE_ANSWERS_WITHIN", 0.1)
    fake_engine(engines, "docker", "import time; time.sleep(5)")
    assert find_engine() is None


def test_docker_comes_before_podman(engines):
    assert find_engine() is None
    fake_engine(engines, "podman", "print('amd64')")
    assert find_engine() == "podman"
    fake_engine(engines, "docker", "print('memory=true')")
    assert find_engine() == "docker"


RECORDING = """
import json, sys
if sys.argv[1] == "info":
    print("memory=true")
else:
    with open({log!r}, "a") as log:
        log.write(json.dumps([sys.argv[1:], sys.stdin.read()]) + chr(10))
    if sys.argv[1] == {failing!r}:
        print("no space left")
        sys.exit(3)
"""


def test_an_engine_logs_in_builds_and_pushes(engines, folder, tmp_path):
    fake_engine(engines, "docker", RECORDING.format(log=str(tmp_path / "log"), failing=None))
    aws = Registry(local=False)
    aws.images["src-1"] = "{}"  # what the push would leave
    assert push_image(aws, URI, folder, "src-1", "ARM64") == "sha256:" + hashlib.sha256(b"{}").hexdigest()
    said = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    registry = URI.partition("/")[0]
    assert said == [
        [["login", "--username", "AWS", "--password-stdin", registry], "pass-word-1"],
        [["build", "--tag", f"{URI}:src-1", "--platform", "linux/arm64", str(folder)], ""],
        [["push", f"{URI}:src-1"], ""],
    ]


def test_an_image_that_is_built_anew_takes_nothing_from_before(engines, folder, tmp_path):
    """`--pull` asks for the base image again; `--no-cache` runs also the steps whose text did not change."""
    fake_engine(engines, "docker", RECORDING.format(log=str(tmp_path / "log"), failing=None))
    aws = Registry(local=False)
    aws.images["src-1"] = "{}"
    push_image(aws, URI, folder, "src-1", "X86_64", anew=True)
    built = json.loads((tmp_path / "log").read_text().splitlines()[1])[0]
    assert built[-5:] == ["--platform", "linux/amd64", "--pull", "--no-cache", str(folder)]


@pytest.mark.parametrize("failing", ["build", "login", "push"])
def test_a_failing_engine_is_told_without_the_password(engines, folder, tmp_path, failing):
    fake_engine(engines, "docker", RECORDING.format(log=str(tmp_path / "log"), failing=failing))
    with pytest.raises(EnvironmentProblem, match=rf"docker: {failing} .*failed \(exit 3\)") as told:
        push_image(Registry(local=False), URI, folder, "src-1", "X86_64")
    assert told.value.hint == "no space left"
    assert "pass-word-1" not in str(told.value)


def test_without_an_engine_aws_cannot_be_pushed_to(engines, folder):
    with pytest.raises(EnvironmentProblem, match="no container engine") as told:
        push_image(Registry(local=False), URI, folder, "src-1", "X86_64")
    assert "Docker" in told.value.hint
    assert "Podman" in told.value.hint


def test_a_folder_without_a_dockerfile_is_told(tmp_path):
    with pytest.raises(EnvironmentProblem, match="has no Dockerfile"):
        push_image(Registry(), URI, tmp_path, "src-1", "X86_64")
