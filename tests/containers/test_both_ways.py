"""The same jobs, as processes and in containers: the embedded cloud says the same of both."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from scrapectl.local.jobs import attempt
from tests.containers.stage import Stage, make_stage

DOCKERFILE = """FROM python:3.13-slim
WORKDIR /app
COPY words.txt say.py ./
ENV GREETING="good day"
ENTRYPOINT ["python", "/app/say.py"]
CMD ["alone"]
"""
SAY = """
import os, sys, time
print("args", sys.argv[1:], "greeting", os.environ["GREETING"], flush=True)
print(open("words.txt").read().strip(), "from", os.environ.get("FROM_JOB", "nobody"), flush=True)
for word in sys.argv[1:]:
    if word.startswith("exit="):
        sys.exit(int(word[5:]))
    if word.startswith("sleep="):
        time.sleep(float(word[6:]))
    if word == "fail-once" and os.environ["AWS_BATCH_JOB_ATTEMPT"] == "1":
        sys.exit(9)
    if word == "index":
        print("child", os.environ["AWS_BATCH_JOB_ARRAY_INDEX"], "of", os.environ["AWS_BATCH_JOB_ARRAY_SIZE"])
    if word == "many":
        print("\\n".join(f"line {number}" for number in range(500)))
        print("x" * 70000)
        print("né€")
    if word == "mask":
        print(len(os.environ["PASSWORD"].splitlines()), os.environ["HOME_PAGE"])
"""

Case = Callable[[Stage], dict[str, Any]]


def plain(stage: Stage) -> dict[str, Any]:
    return stage.run()


def overridden(stage: Stage) -> dict[str, Any]:
    environment = [{"name": "FROM_JOB", "value": "the job"}, {"name": "GREETING", "value": "hi = there"}]
    return stage.run(["a b", "$HOME", "exit=3"], environment=environment)


def awkward_values(stage: Stage) -> dict[str, Any]:
    environment = [
        {"name": "PASSWORD", "value": 'two\nlines "quoted"'},
        {"name": "HOME_PAGE", "value": "#no comment"},
        {"name": "DOCKER_HOST", "value": "tcp://nowhere.invalid:1"},
    ]
    return stage.run(["mask"], environment=environment)


def secret(stage: Stage) -> dict[str, Any]:
    value = "pass\nword"
    arn = stage.call("secretsmanager", "CreateSecret", Name="shop-password", SecretString=value)["ARN"]
    stage.define(secrets=[{"name": "PASSWORD", "valueFrom": arn}])
    return stage.run(["mask"], environment=[{"name": "HOME_PAGE", "value": "-"}])


def referenced(stage: Stage) -> dict[str, Any]:
    return stage.run(["Ref::what", "exit=0"], parameters={"what": "given"})


def not_there(stage: Stage) -> dict[str, Any]:
    stage.push("none", {"Dockerfile": "FROM python:3.13-slim\n"})
    return stage.run(["no-such-program"])


def no_file(stage: Stage) -> dict[str, Any]:
    return stage.run(["exit=127"])


def long_output(stage: Stage) -> dict[str, Any]:
    return stage.run(["many"])


def retried(stage: Stage) -> dict[str, Any]:
    return stage.run(["fail-once"], retryStrategy={"attempts": 3})


def timed_out(stage: Stage) -> dict[str, Any]:
    stage.push("sh", {"Dockerfile": "FROM python:3.13-slim\n"})
    stage.second(0.1)
    script = "trap 'echo told; exit 7' TERM; echo on; while :; do sleep 0.05; done"
    # Between SIGTERM and SIGKILL a busy machine may need long to see a container's end.
    with mock.patch.object(attempt, "GRACE", 100 * attempt.GRACE):
        return stage.run(["sh", "-c", script], timeout={"attemptDurationSeconds": 60})


def terminated(stage: Stage) -> dict[str, Any]:
    stage.push("sh", {"Dockerfile": "FROM python:3.13-slim\n"})
    script = "trap 'echo told; exit 7' TERM; echo on; while :; do sleep 0.05; done"
    job = stage.submit(["sh", "-c", script])
    stage.until_line(job, "on")
    stage.call("batch", "TerminateJob", jobId=job, reason="enough")
    return stage.wait(job)


def array(stage: Stage) -> dict[str, Any]:
    parent = stage.wait(stage.submit(["index"], arrayProperties={"size": 3}))
    children = [stage.seen(stage.job(f"{parent['jobId']}:{index}")) for index in range(3)]
    return {**parent, "children": children}


def wrong_image(stage: Stage) -> dict[str, Any]:
    stage.define(image=f"{stage.repository}@sha256:{'0' * 64}")
    return stage.run()


CASES = [
    *(plain, overridden, awkward_values, secret, referenced, not_there, no_file, long_output, retried),
    *(timed_out, terminated, array, wrong_image),
]


@pytest.fixture
def stage_of(tmp_path, monkeypatch, with_podman):
    made: list[Stage] = []

    def make(engine: str) -> Stage:
        monkeypatch.setenv("SCRAPECTL_LOCAL_ENGINE", engine)
        stage = make_stage(tmp_path / engine)
        stage.push("first", {"Dockerfile": DOCKERFILE, "words.txt": "words\n", "say.py": SAY})
        made.append(stage)
        return stage

    yield make
    for stage in made:
        stage.cloud.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_process_and_a_container_are_told_the_same(case: Case, stage_of, with_podman):
    seen = {}
    for engine in ("none", "podman"):
        stage = stage_of(engine)
        seen[engine] = stage.seen(case(stage))
        stage.cloud.close()

    assert seen["podman"] == seen["none"]
    assert with_podman.containers() == []


def test_what_was_compared_is_what_happened(stage_of):
    stage = stage_of("podman")
    assert stage.seen(overridden(stage)) == {
        "status": "FAILED",
        "reason": "Essential container in task exited",
        "attempts": [
            {
                "exit": 3,
                "reason": None,
                "status": "Essential container in task exited",
                "lines": ["args ['a b', '$HOME', 'exit=3'] greeting hi = there", "words from the job"],
            }
        ],
        "children": None,
    }
    kept = stage.seen(retried(stage))
    assert [attempt["exit"] for attempt in kept["attempts"]] == [9, 0]
    assert re.search("no-such-program", stage.seen(not_there(stage))["reason"])
