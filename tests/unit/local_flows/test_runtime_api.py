"""What the runtime of an image asks, and functions of images where no container engine answers."""

import json
import threading
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from scrapectl.local.functions.runtime_api import Invocation, RuntimeApi
from scrapectl.operate.images import push_image
from tests.unit.local_flows.conftest import ACCOUNT


@pytest.fixture
def api():
    made = RuntimeApi(Invocation('{"a": 1}', "id-1", "arn:x", 1000.5))
    yield made
    made.close()


def ask(api, path, text=None):
    url = f"http://{api.address}/2018-06-01/runtime/{path}"
    request = urllib.request.Request(url, None if text is None else text.encode())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return answer.status, answer.headers, answer.read().decode()


def test_the_event_comes_with_what_the_runtime_must_know(api):
    status, headers, body = ask(api, "invocation/next")
    assert (status, json.loads(body)) == (200, {"a": 1})
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "id-1"
    assert headers["Lambda-Runtime-Deadline-Ms"] == "1000500"
    assert headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn:x"


@pytest.mark.parametrize(
    ("path", "text", "answer"),
    [
        ("invocation/id-1/response", '{"b": 2}', ('{"b": 2}', False)),
        ("invocation/id-1/response", "", ("null", False)),
        ("invocation/id-1/error", '{"errorType": "x"}', ('{"errorType": "x"}', True)),
        ("init/error", '{"errorType": "x"}', ('{"errorType": "x"}', True)),
    ],
)
def test_answers_are_taken(api, path, text, answer):
    assert ask(api, path, text)[0] == 202
    assert api.answered.is_set()
    assert api.answer == answer


def test_the_first_answer_counts(api):
    ask(api, "invocation/id-1/response", "1")
    ask(api, "invocation/id-1/error", "2")
    assert api.answer == ("1", False)


def test_an_error_that_is_no_json_is_told_as_text(api):
    ask(api, "init/error", "<oops>")
    assert json.loads(api.answer[0]) == {"errorType": "Runtime.Unknown", "errorMessage": "<oops>"}


@pytest.mark.parametrize("path", ["invocation/id-2/response", "elsewhere"])
def test_other_requests_are_refused(api, path):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask(api, path, "1")
    assert api.answer is None


def test_who_asks_for_more_waits_until_it_closes(api):
    ask(api, "invocation/next")
    ends = []

    def again():
        try:
            ask(api, "invocation/next")
        except OSError as error:
            ends.append(error)

    waiting = threading.Thread(target=again)
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    api.take("1", failed=False)
    waiting.join(10)
    assert len(ends) == 1


SERVE = """
import os, urllib.request as web
root = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
event = web.urlopen(root + "next")
answer = b'{"given": ' + event.read() + b"}"
web.urlopen(root + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response", answer)
"""


@pytest.fixture
def image(world, tmp_path):
    """A pushed image, by its digest."""
    (tmp_path / "Dockerfile").write_text('FROM scratch\nCOPY serve.py /\nCMD ["python", "/serve.py"]\n')
    (tmp_path / "serve.py").write_text(SERVE)

    class Aws:
        account, region, local = ACCOUNT, "us-east-1", True

        def call(self, service, operation, **params):
            params.pop("absent", None), params.pop("blind_retry", None)
            return getattr(world(service), operation)(**params)

    uri = world("ecr").create_repository(repositoryName="render")["repository"]["repositoryUri"]
    return f"{uri}@{push_image(Aws(), uri, tmp_path, 'src-1')}"


def of_image(world, uri, role="render"):
    role = world.role(role)
    world("lambda").create_function(FunctionName="render", Role=role, PackageType="Image", Code={"ImageUri": uri})


def test_without_an_engine_a_function_of_an_image_runs_as_a_process(world, image, monkeypatch):
    monkeypatch.setenv("SCRAPECTL_LOCAL_ENGINE", "none")
    of_image(world, image)
    answer = world("lambda").invoke(FunctionName="render", Payload=b'{"n": 3}')
    assert json.loads(answer["Payload"].read()) == {"given": {"n": 3}}


def test_an_image_that_is_not_there_is_refused(world, image):
    with pytest.raises(ClientError, match=r"does not exist\. Provide a valid source image"):
        of_image(world, image[:-4] + "0000")
    with pytest.raises(ClientError, match=r"is not valid\. Provide a valid source image"):
        of_image(world, "docker.io/library/python:3.13", "other")


def test_an_image_is_told_as_it_was_given(world, image):
    of_image(world, image)
    told = world("lambda").get_function(FunctionName="render")
    assert told["Code"]["ImageUri"] == image
    assert told["Configuration"]["PackageType"] == "Image"
    assert {"Handler", "Runtime"}.isdisjoint(told["Configuration"])
