"""Functions as they reach the model: their code is looked for, their consumers' queues hide messages long enough."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import botocore.session
import pytest

from scrapectl.errors import SpecError
from scrapectl.spec import check_text
from scrapectl.spec.checks.function_code import files_of
from scrapectl.spec.checks.function_environment import RESERVED
from scrapectl.spec.checks.reach import Need, in_network, unreachable
from scrapectl.spec.model import Attribute, FilePlace, Function, SecretRef, Spec, Template
from scrapectl.spec.schema import load_schema

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "pipeline: shop\n"
FUNCTION = "functions: {f: {code: publish, handler: app.handler, %s}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "publish").mkdir()
    (tmp_path / "publish" / "app.py").write_text("")
    return tmp_path


def function_of(text: str, folder: Path) -> Function:
    return check_text(HEAD + text, folder=folder).functions["f"]


def test_a_function_needs_its_code_and_handler_alone(folder):
    function = function_of("functions: {f: {code: publish, handler: app.handler}}", folder)
    assert (function.code, function.handler, function.runtime) == ("publish", "app.handler", "python3.13")
    assert (function.memory, function.timeout, function.disk, function.concurrency) == (512, 60, None, None)
    assert (function.image, function.layers, function.mounts, function.platform) == (None, (), {}, "X86_64")


def test_a_function_takes_secrets_mounts_access_and_schedules_as_a_job_does(folder):
    text = (
        "secrets: {key: {generate: 8}}\nfilesystems: {work: {paths: {data: }}}\nbuckets: {raw: }\ntopics: {news: }\n"
        + FUNCTION
        % (
            "secrets: {KEY: 'key:word'}, mounts: {/mnt/files: work/data}, access: {read: [raw/in/], call: [f]}, "
            "on_failure: news, disk: 1 GB, schedules: {often: {rate: 5m, flex: 1m, environment: {ZIP: 02134}}}"
        )
    )
    function = function_of(text, folder)
    assert function.secrets == {"KEY": SecretRef(secret="key", json_key="word")}
    assert function.mounts == {"/mnt/files": FilePlace("work", "data")}
    assert (str(function.access.read[0]), function.access.call) == ("raw/in/", ("f",))
    assert (function.on_failure, function.disk) == ("news", 1024)
    often = function.schedules["often"]
    assert (often.rate, often.flex, often.environment, often.share) == (300, 60, {"ZIP": "02134"}, None)


def test_a_function_may_run_an_image_of_the_spec(folder):
    text = HEAD + "images: {i: {build: .}}\nfunctions: {f: {image: i, command: [app.handler]}}"
    spec = check_text(text, folder=folder)
    assert spec.image_of(spec.functions["f"]) is spec.images["i"]
    assert spec.functions["f"].command == ("app.handler",)


@pytest.mark.parametrize(
    "image",
    [
        "123456789012.dkr.ecr.us-east-2.amazonaws.com/x:v1",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/x/y@sha256:" + "0" * 64,
        "${account}.dkr.ecr.${region}.amazonaws.com/x:v1",
    ],
)
def test_a_function_may_run_an_image_of_ecr(image, folder):
    assert str(function_of(f"functions: {{f: {{image: '{image}'}}}}", folder).image) == image


@pytest.mark.parametrize("attribute", ["${function.f.arn}", "${function.f.name}"])
def test_attributes_of_a_function_stay_open(attribute, folder):
    spec = check_text(HEAD + FUNCTION % "memory: 256" + f"outputs: {{o: '{attribute}'}}", folder=folder)
    assert spec.outputs["o"] == Template((Attribute("function", "f", attribute[13:-1]),))


@pytest.mark.parametrize(
    ("attribute", "section", "key"),
    [("${filesystem.w.id}", "filesystems", "w"), ("${desktop.d.arn}", "desktops", "d")],
)
def test_attributes_of_file_systems_and_desktops_stay_open(attribute, section, key):
    spec = check_text(HEAD + f"filesystems: {{w: }}\ndesktops: {{d: {{image: x}}}}\noutputs: {{o: '{attribute}'}}")
    assert spec.outputs["o"] == Template((Attribute(section.removesuffix("s"), key, attribute[:-1].split(".")[2]),))


def test_runtimes_and_reserved_names_are_of_lambda():
    """botocore lists every runtime there ever was; of these no more may be written than it knows."""
    model = botocore.session.get_session().get_service_model("lambda")
    written = load_schema()["properties"]["functions"]["additionalProperties"]["properties"]["runtime"]["enum"]
    assert set(written) <= set(model.shape_for("Runtime").enum)
    assert {f"python3.{minor}" for minor in (12, 13, 14)} <= set(written)
    assert {"AWS_REGION", "_HANDLER", "LAMBDA_TASK_ROOT"} <= RESERVED


@pytest.mark.parametrize(
    ("handler", "runtime", "files"),
    [
        ("app.handler", "python3.13", ("app.py", "app/__init__.py")),
        ("pkg.app.handler", "python3.13", ("pkg/app.py", "pkg/app/__init__.py")),
        ("pkg/app.handler", "python3.13", ("pkg/app.py", "pkg/app/__init__.py")),
        ("app", "python3.13", None),
        ("app.", "python3.13", None),
        (".handler", "python3.13", None),
        ("index.handler", "nodejs22.x", ("index.js", "index.mjs", "index.cjs")),
        ("src/index.api.get", "nodejs22.x", ("src/index.js", "src/index.mjs", "src/index.cjs")),
        ("src.x/index", "nodejs22.x", None),
        ("app.Handler.process", "ruby3.4", ("app.rb",)),
        ("com.example.Handler::handle", "java21", ()),
        ("bootstrap", "provided.al2023", ()),
    ],
)
def test_a_handler_is_looked_for_as_its_runtime_does(handler, runtime, files):
    assert files_of(handler, runtime) == files


def test_code_may_be_a_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("pkg/app.py", "")
    text = "functions: {f: {code: code.zip, handler: %s}}"
    assert function_of(text % "pkg.app.handler", tmp_path).code == "code.zip"
    with pytest.raises(SpecError, match=r"is of app\.py, which"):
        function_of(text % "app.handler", tmp_path)


@pytest.mark.parametrize(("handler", "found"), [("datadog_lambda.handler.handler", True), ("dadadog.handler", False)])
def test_a_handler_of_three_parts_may_come_with_the_requirements(handler, found, folder):
    (folder / "publish" / "requirements.txt").write_text("datadog-lambda\n")
    text = f"functions: {{f: {{code: publish, handler: {handler}}}}}"
    if found:
        assert function_of(text, folder).handler == handler
    else:
        with pytest.raises(SpecError, match="does not hold"):
            function_of(text, folder)


def test_layers_are_folders_zips_or_versions(folder):
    arn = "arn:aws:lambda:us-east-1:123456789012:layer:pandas:12"
    layers = function_of(FUNCTION % f"layers: [publish, '{arn}']", folder).layers
    assert layers == ("publish", arn)


def test_commands_that_need_no_code_go_on_without_it():
    text = HEAD + FUNCTION % "memory: 256"
    assert check_text(text, folder="/nowhere", require_env=False).functions
    for confirmed in ({"require_env": True}, {"require_env": False, "confirm": True}):
        with pytest.raises(SpecError, match="there is no"):
            check_text(text, folder="/nowhere", **confirmed)


@pytest.mark.parametrize(("size", "fits"), [(3900, True), (4100, False)])
def test_an_environment_fits_into_4_kilobytes(size, fits, folder):
    text = FUNCTION % f"environment: {{BIG: {'x' * size}}}"
    if fits:
        assert function_of(text, folder).environment
    else:
        with pytest.raises(SpecError, match=r"functions\.f\.environment: comes to about 41\d\d bytes"):
            function_of(text, folder)


def test_secrets_count_in_the_environment(folder):
    secrets = ", ".join(f"SECRET_{n}: key" for n in range(33))
    text = "secrets: {key: {generate: 8}}\n" + FUNCTION % f"environment: {{X1: {'x' * 100}}}, secrets: {{{secrets}}}"
    with pytest.raises(SpecError, match="with what scrapectl adds, and Lambda takes 4096"):
        function_of(text, folder)


QUEUE = "message_queues: {rows: %s}\n"
TRIGGER = "triggers: {t: {on: {message_queue: rows, window: %s}, start: {function: f}}}\n"


@pytest.mark.parametrize(
    ("queue", "function", "more", "visibility"),
    [
        ("", "timeout: 30s", TRIGGER % "0s", 180),
        ("", "timeout: 30s", TRIGGER % "5s", 185),
        ("", "timeout: 30s, access: {receive: [rows]}", "", 180),
        ("", "timeout: 30s", TRIGGER % "0s" + "jobs: {a: {image: x, timeout: 10m, access: {receive: [rows]}}}\n", 3600),
        ("", "timeout: 15m", TRIGGER % "0s", 5400),
        ("", "timeout: 30s", "", 30),
        ("{visibility: 30s}", "timeout: 30s", TRIGGER % "0s", 30),
    ],
)
def test_a_message_is_hidden_six_times_as_long_as_its_function_may_run(queue, function, more, visibility, folder):
    spec = check_text(HEAD + QUEUE % queue + FUNCTION % function + more, folder=folder)
    assert spec.message_queues["rows"].visibility == visibility


def test_the_visibility_of_a_queue_that_is_not_ours_is_not_known(folder):
    spec = check_text(HEAD + QUEUE % "{existing: theirs}" + FUNCTION % "timeout: 10m" + TRIGGER % "0s", folder=folder)
    assert spec.message_queues["rows"].existing == "theirs"


STANDING = (
    "message_queues: {rows: }\ntopics: {news: }\nbuckets: {raw: }\nsecrets: {k: {generate: 8}}\n"
    "filesystems: {w: {paths: {d: }}}\ndatabases: {results: {engine: postgres, version: 16}}\njobs: {a: {image: x}}\n"
    "workflows: {flow: {steps: [{run: a}]}}\n"
)


def standing(more: str, network: str, folder: Path) -> Spec:
    return check_text(HEAD + f"network: {network}\n" + STANDING + FUNCTION % more, folder=folder)


def test_a_function_stands_in_the_network_only_when_it_mounts_or_connects(folder):
    for more, inside in (
        ("memory: 256", False),
        ("access: {read: [raw]}", False),
        ("mounts: {/mnt/w: w/d}", True),
        ("access: {connect: [results]}", True),
    ):
        assert in_network(standing(more, "default", folder).functions["f"]) is inside


EVERY_NEED = (
    "access: {read: [raw], write: [raw], send: [rows, news], receive: [rows], submit: [a], start: [flow], call: [f], "
    "connect: [results]}, secrets: {KEY: k}"
)


def test_what_a_function_needs_is_told_by_the_endpoint_that_would_do(folder):
    spec = standing(EVERY_NEED, "default", folder)
    found = unreachable(spec, spec.functions["f"], way_out=False, endpoints=("logs",))
    assert found == [
        Need("secrets.KEY", "secretsmanager"),
        Need("access.read.0", "s3"),
        Need("access.write.0", "s3"),
        Need("access.receive.0", "sqs"),
        Need("access.submit.0", "batch"),
        Need("access.start.0", "states"),
        Need("access.call.0", "lambda"),
        Need("access.send.0", "sqs"),
        Need("access.send.1", "sns"),
    ]
    assert unreachable(spec, spec.functions["f"], way_out=True, endpoints=()) == []
    some = unreachable(spec, spec.functions["f"], way_out=False, endpoints=("s3", "sqs", "batch", "states", "lambda"))
    assert [need.endpoint for need in some] == ["secretsmanager", "sns"]


def test_a_function_outside_the_network_reaches_everything(folder):
    spec = standing("access: {read: [raw]}, secrets: {KEY: k}", "default", folder)
    assert unreachable(spec, spec.functions["f"], way_out=False, endpoints=()) == []


@pytest.mark.parametrize(
    ("network", "reached"),
    [
        ("{cidr: 10.0.0.0/24}", False),
        ("{cidr: 10.0.0.0/24, nat: single}", True),
        ("{cidr: 10.0.0.0/24, nat: per-zone}", True),
        ("{cidr: 10.0.0.0/24, endpoints: [secretsmanager, s3, sqs, batch, states, lambda]}", False),
        ("{cidr: 10.0.0.0/24, endpoints: [secretsmanager, s3, sqs, sns, batch, states, lambda]}", True),
        ("default", True),  # only AWS knows
        ("{vpc: vpc-12345678}", True),
    ],
)
def test_what_a_network_that_is_made_does_not_reach_is_an_error(network, reached, folder):
    if reached:
        assert standing(EVERY_NEED, network, folder)
    else:
        with pytest.raises(SpecError) as caught:
            standing(EVERY_NEED, network, folder)
        assert "functions.f.access.send.1: needs sns" in "\n".join(map(str, caught.value.problems))
