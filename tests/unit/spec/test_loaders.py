"""Loaders as they reach the model, what they are run as, and what cannot be loaded."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from scrapectl.errors import SpecError
from scrapectl.spec import check_text
from scrapectl.spec.column_types import NAMES, is_type
from scrapectl.spec.loaders import IMAGE
from scrapectl.spec.model import BucketPlace, Column, Format, Function, Job, MessageEvent, MessageSource

HEAD = """pipeline: shop
region: us-east-1
buckets: {raw: }
message_queues: {rows: }
databases: {results: {engine: postgres, version: "16"}, mine: {engine: mysql, version: "8.4", database: shop}}
warehouses: {lake: {serverless: {rpus: 8}}}
"""
HERE = Path(__file__).parents[3]


def loaded(text: str, more: str = ""):
    return check_text(f"{HEAD}loaders:\n  persons: {{{text}}}\n{more}")


def told(text: str, more: str = "") -> list[str]:
    with pytest.raises(SpecError) as wrong:
        loaded(text, more)
    return [f"{problem.path}: {problem.message} {problem.hint}".rstrip() for problem in wrong.value.problems]


FILES = "from: raw/out/, into: {database: results, table: persons}, columns: {id: varchar(10) not null, at: Date}"
MESSAGES = "from: {message_queue: rows}, into: {warehouse: lake, table: persons}, columns: {id: bigint}"


def test_files_into_a_database_are_a_job_of_the_same_name():
    spec = loaded(FILES)
    loader, job = spec.loaders["persons"], spec.jobs["persons"]
    assert loader.runner is job
    assert (loader.run_on, loader.mode, loader.schema, loader.retain) == ("job", "append", "fixed", 86400)
    assert (loader.into.engine, loader.into.schema, loader.into.table) == ("postgres", "public", "persons")
    assert loader.columns == {"id": Column("varchar(10)", required=True), "at": Column("date")}
    assert (job.image, job.queue, job.vcpus, job.memory, job.timeout) == (IMAGE, "default", 1.0, 2048, 3600)
    assert (job.access.read, job.access.databases) == ((BucketPlace("raw", "out/"),), ("results",))
    assert Path(str(spec.images[IMAGE].build)) == HERE / "containers" / "loader"
    assert (job.environment, job.secrets) == ({}, {})


def test_messages_into_a_warehouse_are_a_function_that_the_queue_starts():
    spec = loaded(MESSAGES)
    loader, function = spec.loaders["persons"], spec.functions["persons"]
    assert isinstance(function, Function)
    assert loader.source == MessageSource("rows", 1000, 60)
    assert loader.format == Format("json")
    assert (function.handler, function.timeout, function.memory) == ("loader.app.handler", 300, 1024)
    assert function.access.databases == ()
    trigger = spec.triggers["persons_messages"]
    assert (trigger.on, trigger.section, trigger.starts) == (MessageEvent("rows", 1000, 60), "functions", "persons")
    assert spec.message_queues["rows"].visibility == 6 * 300 + 60
    assert not spec.images
    assert not spec.job_queues


@pytest.mark.parametrize(
    ("text", "run_on"),
    [
        ("from: raw, into: {warehouse: lake, table: t}", "function"),
        ("from: {message_queue: rows}, into: {database: results, table: t}", "function"),
        ("from: raw, into: {database: mine, table: t}", "job"),
        ("from: raw, into: {warehouse: lake, table: t}, run_on: job", "job"),
        ("from: raw, into: {database: results, table: t}, run_on: function", "function"),
    ],
)
def test_what_a_loader_is_run_as(text, run_on):
    spec = loaded(f"{text}, columns: {{a: text}}")
    assert spec.loaders["persons"].run_on == run_on
    assert isinstance(spec.loaders["persons"].runner, Job if run_on == "job" else Function)


@pytest.mark.parametrize(
    ("into", "schema"),
    [
        ("{database: mine, table: t}", "shop"),
        ("{database: mine, table: other.t}", "other"),
        ("{database: results, table: shop.t}", "shop"),
        ("{warehouse: lake, table: t}", "public"),
    ],
)
def test_the_usual_schema_of_each_engine(into, schema):
    assert loaded(f"from: raw, into: {into}, columns: {{a: integer}}").loaders["persons"].into.schema == schema


@pytest.mark.parametrize(
    ("memory", "vcpus"), [(512, 0.25), (1024, 0.5), (2048, 1), (8192, 1), (9216, 2), (16384, 2), (17408, 4)]
)
def test_a_loader_has_the_processor_that_goes_with_its_memory(memory, vcpus):
    assert loaded(f"{FILES}, memory: {memory}").jobs["persons"].vcpus == vcpus


def test_columns_of_the_key_are_required():
    spec = loaded("from: raw, into: {database: results, table: t}, columns: {a: text, b: text}, key: [a]")
    assert {name: column.required for name, column in spec.loaders["persons"].columns.items()} == {
        "a": True,
        "b": False,
    }


def test_formats_with_and_without_options():
    for written, meant in (
        ("csv", Format("csv")),
        ('{csv: {delimiter: ";", header: true}}', Format("csv", ";", header=True)),
        ("{csv: }", Format("csv")),
        ("{json: {gzip: true}}", Format("json", gzip=True)),
        ("parquet", Format("parquet")),
    ):
        assert loaded(f"{FILES}, format: {written}").loaders["persons"].format == meant


def test_a_loader_is_started_by_uploads_steps_and_schedules():
    spec = loaded(
        FILES + ", schedules: {hourly: {rate: 1h}}",
        "triggers: {up: {on: {upload: raw/out/new/}, start: {loader: persons}}}\n"
        "workflows: {w: {steps: [{load: persons}]}}\n",
    )
    assert (spec.triggers["up"].section, spec.triggers["up"].starts) == ("jobs", "persons")
    assert spec.workflows["w"].steps[0].job == "persons"
    assert spec.jobs["persons"].schedules["hourly"].origin == "loaders.persons.schedules.hourly"
    other = loaded(FILES + ", run_on: function", "workflows: {w: {steps: [{load: persons}]}}\n")
    assert other.workflows["w"].steps[0].function == "persons"


def cases() -> list[tuple[str, list[str]]]:
    """Read problems_loaders.txt: what stands below HEAD, a line with =>, and the problems it has."""
    blocks = (Path(__file__).with_name("problems_loaders.txt")).read_text().strip().split("\n\n")
    return [(text, problems.split("\n")) for text, problems in (block.split("\n=>\n") for block in blocks)]


@pytest.mark.parametrize(("text", "problems"), cases(), ids=[text[-50:].replace("\n", " ") for text, _ in cases()])
def test_each_problem_is_told_in_these_words(text, problems):
    with pytest.raises(SpecError) as wrong:
        check_text(HEAD + text, "f")
    assert [str(problem) for problem in wrong.value.problems] == problems


def test_a_warehouse_of_others_must_have_a_role_already():
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:x-abcdef"
    theirs = f"{{existing: wg, engine: redshift-serverless, database: dev, secret: '{secret}'}}"
    head = HEAD.replace("{lake:", f"{{theirs: {theirs}, lake:")
    with pytest.raises(SpecError) as wrong:
        check_text(f"{head}loaders: {{a: {{from: raw, into: {{warehouse: theirs, table: t}}, columns: {{a: text}}}}}}")
    assert wrong.value.problems[0].path == "loaders.a.into.warehouse"


def test_a_function_for_a_private_database_must_reach_what_it_calls():
    function = FILES + ", run_on: function"
    found = told(function, "network: {cidr: 10.0.0.0/24}\n")
    assert {line.partition(",")[0] for line in found} >= {"loaders.persons.into: needs secretsmanager"}
    assert loaded(function, "network: {cidr: 10.0.0.0/24, endpoints: [s3, secretsmanager]}\n")
    assert loaded(MESSAGES, "network: {cidr: 10.0.0.0/24, zones: 3}\n"), "the Data API takes no place in the network"
    messages = MESSAGES.replace("warehouse: lake", "database: results") + ", run_on: function"
    (line,) = told(messages, "network: {cidr: 10.0.0.0/24, endpoints: [s3, secretsmanager]}\n")
    assert line.startswith("loaders.persons.from: needs sqs"), "it takes the dead letters itself"


def test_the_bucket_of_loads_is_the_pipelines_own():
    with pytest.raises(SpecError) as wrong:
        check_text(
            f"{HEAD.replace('{raw: }', '{raw: , loads: }')}account: '123456789012'\nloaders: {{a: {{{FILES}}}}}\n"
        )
    (problem,) = wrong.value.problems
    assert problem.path == "buckets.loads"
    assert problem.message == '"shop-loads-123456789012-us-east-1" is the pipeline\'s own bucket of loads.'


def test_every_type_is_one_that_the_loader_knows():
    text = (HERE / "containers" / "loader" / "loader" / "columns.py").read_text()
    aliases, plain = (ast.literal_eval(_braces(text, name)) for name in ("ALIASES", "PLAIN"))
    assert {*aliases, *plain} == set(NAMES)
    assert all(is_type(name) for name in NAMES)


def _braces(text: str, name: str) -> str:
    """What stands in braces behind a name."""
    behind = text.split(f"{name} = ")[1]
    return behind[: behind.index("}") + 1]


EXPECTED = FILES + ", format: {csv: {header: false}}"


def test_what_is_expected_of_a_job():
    expect = "{in: raw/out/, min_items: 100, fields: {id: 0.95}, key: [id], max_age: 1d}"
    text = f"jobs: {{collect: {{image: x, expect: {expect}}}}}\n"
    expected = loaded(EXPECTED, text).jobs["collect"].expect
    assert expected is not None
    assert (expected.place, expected.min_items, expected.fields) == (BucketPlace("raw", "out/"), 100, {"id": 0.95})
    assert (expected.key_fields, expected.max_age, expected.change) == (("id",), 86400, None)
