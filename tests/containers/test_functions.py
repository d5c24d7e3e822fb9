"""Functions of images really run in containers: their event, their answer, their log, their limits."""

import json

import pytest

from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from scrapectl.operate.images import push_image
from tests.containers.conftest import BASE
from tests.unit.local_flows.conftest import World
from tests.unit.local_flows.test_runtime_api import ACCOUNT

# As small as a runtime can be; AWS's own (awslambdaric) asks the same.
RUNTIME = """
import json, os, sys, urllib.request
root = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"
while True:
    with urllib.request.urlopen(f"{root}/invocation/next") as answer:
        number, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.loads(answer.read())
    print("got", event, sys.argv[1:], flush=True)
    if event == "sleep":
        import time; time.sleep(60)
    if event == "exit":
        sys.exit(3)
    try:
        open("/anywhere", "w")
    except OSError as error:
        where = type(error).__name__
    told = json.dumps({"event": event, "zip": os.environ.get("ZIP"), "write": where}).encode()
    urllib.request.urlopen(f"{root}/invocation/{number}/response", told)
"""


@pytest.fixture
def world(with_podman, tmp_path):
    cloud = Cloud(VirtualClock(), state_dir=tmp_path / "state")
    made = World(cloud)
    folder = tmp_path / "render"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f'FROM {BASE}\nCOPY run.py /run.py\nENTRYPOINT ["python3", "/run.py"]\n')
    (folder / "run.py").write_text(RUNTIME)
    uri = made("ecr").create_repository(repositoryName="render")["repository"]["repositoryUri"]

    class Aws:
        account, region, local = ACCOUNT, "us-east-1", True

        def call(self, service, operation, **params):
            params.pop("absent", None), params.pop("blind_retry", None)
            return getattr(made(service), operation)(**params)

    image = f"{uri}@{push_image(Aws(), uri, folder, 'src-1')}"
    made("lambda").create_function(
        FunctionName="render",
        Role=made.role("render", "logs:*"),
        PackageType="Image",
        Code={"ImageUri": image},
        ImageConfig={"Command": ["app.handler"]},
        Environment={"Variables": {"ZIP": "48104"}},
        Timeout=20,
    )
    yield made
    cloud.close()
    assert with_podman.containers() == []


def test_it_answers_from_its_container(world):
    told, answer = world.invoke("render", {"a": 1})
    assert (told, answer.get("FunctionError")) == ({"event": {"a": 1}, "zip": "48104", "write": "OSError"}, None)
    assert "got {'a': 1} ['app.handler']" in world.log("/aws/lambda/render")


def test_one_that_exits_failed(world):
    told, answer = world.invoke("render", "exit")
    assert answer["FunctionError"] == "Unhandled"
    assert told["errorMessage"].endswith("Runtime exited with error: exit status 3")


def test_one_that_takes_too_long_is_ended(world):
    world("lambda").update_function_configuration(
        FunctionName="render", Timeout=6
    )  # of which a container takes some to start
    told, _ = world.invoke("render", "sleep")
    assert told["errorType"] == "Sandbox.Timedout"
    assert json.dumps("got sleep ['app.handler']") in json.dumps(world.log("/aws/lambda/render"))
