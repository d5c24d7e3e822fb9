"""Loaders become jobs and functions that may do just what a load takes, with a bucket for what they stage."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from scrapectl.blueprint.loaders import copy_roles
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.values import Ref, Text
from scrapectl.kinds.security_group import Rule
from scrapectl.packages.build import build_packages
from tests.unit.blueprint.world import ACCOUNT, REGION, facts_for, resources, roles, spec_of, wanted

BUCKET, LOADS = f"shop-raw-{ACCOUNT}-{REGION}", f"shop-loads-{ACCOUNT}-{REGION}"
HEAD = """buckets: {raw: }
message_queues: {rows: }
databases: {results: {engine: postgres, version: "16"}}
warehouses: {lake: {serverless: {rpus: 8}}}
"""
FILES = (
    "from: raw/out/, into: {database: results, table: persons}, columns: {id: varchar(10) not null, price: numeric}, "
    "key: [id], mode: merge, bad_rows: {to: raw/bad/, max: 2}, retain: 3d"
)
MESSAGES = (
    "from: {message_queue: rows, batch: 500, window: 5m}, into: {warehouse: lake, table: rows}, columns: {a: super}"
)


def loads(text: str, more: str = "") -> Any:
    return spec_of(f"{HEAD}loaders: {{persons: {{{text}}}}}\n{more}")


def told(environment: Any) -> dict[str, Any]:
    """A document, with addresses where AWS has to say what stands there."""
    text = environment["SCRAPECTL_LOAD"]
    parts = text.parts if isinstance(text, Text) else (text,)
    return json.loads("".join(part if isinstance(part, str) else f"{part.address}.{part.output}" for part in parts))


def refs_in(environment: Any) -> dict[str, Any]:
    return {f"{p.address}.{p.output}": p.value for p in environment["SCRAPECTL_LOAD"].parts if isinstance(p, Ref)}


def test_a_job_is_told_everything() -> None:
    job: Any = wanted(loads(FILES))["batch_job_definition.shop-persons"].resource
    raw, instance = "s3_bucket.shop-raw.name", "rds_instance.shop-results"
    assert told(job.environment) == {
        "version": 1,
        "pipeline": "shop",
        "loader": "persons",
        "region": REGION,
        "source": {"bucket": raw, "prefix": "out/"},
        "staging": {"bucket": "s3_bucket.shop_loads.name", "prefix": "staged/persons/"},
        "target": {
            "engine": "postgres",
            "host": f"{instance}.endpoint",
            "port": f"{instance}.port",
            "database": f"{instance}.database",
            "schema": "public",
            "table": "persons",
            "secret": f"{instance}.secret",
        },
        "format": {"type": "csv", "delimiter": ",", "header": False, "gzip": None},
        "columns": [
            {"name": "id", "type": "varchar(10)", "required": True},
            {"name": "price", "type": "numeric", "required": False},
        ],
        "key": ["id"],
        "mode": "merge",
        "schema": "fixed",
        "retain": 3 * 86400,
        "bad_rows": {"bucket": raw, "prefix": "bad/", "max": 2},
        "expect": [],
    }
    known = refs_in(job.environment)
    assert (known[raw], known["s3_bucket.shop_loads.name"]) == (BUCKET, LOADS)
    assert known[f"{instance}.secret"] is None
    assert job.secrets == {}, "the loader alone reads the secret, when it runs"


def test_a_job_may_do_what_its_load_takes_and_nothing_else() -> None:
    found = {
        (tuple(one["Action"]), tuple(map(str, one["Resource"])), json.dumps(one.get("Condition")))
        for one in roles(loads(FILES))["load-persons"].policy.document["Statement"]
    }
    raw, staged = f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{LOADS}"
    write = ("s3:AbortMultipartUpload", "s3:PutObject")

    def below(prefix: str) -> str:
        return json.dumps({"StringLike": {"s3:prefix": [prefix]}})

    assert found == {
        (("s3:GetObject", "s3:GetObjectVersion"), (f"{raw}/out/*",), "null"),
        (("s3:ListBucket",), (raw,), below("out/*")),
        (
            tuple(sorted(("s3:GetObject", *write))),
            tuple(f"{staged}/{each}/persons/*" for each in ("records", "staged")),
            "null",
        ),
        (("s3:ListBucket",), (staged,), below("records/persons/*")),
        (write, (f"{raw}/bad/*",), "null"),
        (("secretsmanager:GetSecretValue",), (str(Ref("rds_instance.shop-results", "secret")),), "null"),
    }


def test_the_database_lets_the_loaders_jobs_in() -> None:
    group: Any = wanted(loads(FILES))["security_group.shop-results_database"].resource
    assert group.ingress == {Rule("tcp", 5432, 5432, Ref("security_group.shop_jobs", "id"))}
    group = wanted(loads(f"{FILES}, run_on: function"))["security_group.shop-results_database"].resource
    assert group.ingress == {Rule("tcp", 5432, 5432, Ref("security_group.shop_functions", "id"))}


def test_what_is_staged_goes_and_the_bucket_with_the_pipeline() -> None:
    desired = wanted(loads(FILES))["s3_bucket.shop_loads"]
    bucket: Any = desired.resource
    assert (bucket.name, bucket.encryption, bucket.tls_only) == (LOADS, "s3", True)
    assert bucket.expire == {"staged/persons/": 3 * 86400, "records/": 90 * 86400}
    assert desired.on_destroy == "delete"
    assert "s3_bucket.shop_loads" not in wanted(spec_of(HEAD))


def test_a_function_for_messages_has_its_queue_and_reads_by_the_data_api() -> None:
    found = wanted(loads(MESSAGES))
    function: Any = found["lambda_function.shop-persons"].resource
    assert function.subnets == (), "the Data API takes no place in the network"
    assert told(function.environment) == {
        "region": REGION,
        "source": {"queue": "sqs_queue.shop-rows.url", "dead": "sqs_queue.shop-rows_dead.url"},
        "staging": {"bucket": "s3_bucket.shop_loads.name", "prefix": "staged/persons/"},
        "target": {
            "engine": "redshift",
            "workgroup": "redshift_workgroup.shop-lake.name",
            "database": "dev",
            "secret": "redshift_namespace.shop-lake.secret",
            "copy_role": "iam_role.shop_copy-persons.arn",
            "schema": "public",
            "table": "rows",
        },
        "bad_rows": None,
    }
    source: Any = found["lambda_event_source.shop-persons_messages"].resource
    assert (source.function, source.batch, source.window_seconds) == ("shop-persons", 500, 300)
    assert source.report_failures, "a poison message alone comes back"


def test_a_loader_of_messages_takes_the_dead_letters_of_a_queue_that_is_ours() -> None:
    take = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"]
    role = roles(loads(MESSAGES))["load-persons"]
    places = [one["Resource"] for one in role.policy.document["Statement"] if one["Action"] == take]
    assert places == [[f"arn:aws:sqs:{REGION}:{ACCOUNT}:shop-rows_dead"]]

    spec = spec_of(f"{HEAD.replace('rows: ', 'rows: {existing: theirs}')}loaders: {{persons: {{{MESSAGES}}}}}\n")
    assert take not in [one["Action"] for one in roles(spec)["load-persons"].policy.document["Statement"]]
    function: Any = wanted(spec)["lambda_function.shop-persons"].resource
    assert "dead" not in told(function.environment)["source"]


def test_the_zip_of_a_function_has_what_the_spec_alone_decides() -> None:
    spec = loads(MESSAGES)
    with zipfile.ZipFile(io.BytesIO(build_packages(spec).functions["persons"])) as packed:
        names = set(packed.namelist())
        document = json.loads(packed.read("load.json"))
    assert {"loader/__init__.py", "loader/app.py", "scrapectl_wrapper.py"} <= names
    assert not {name for name in names if name.startswith(("tests/", "psycopg"))}
    assert document["columns"] == [{"name": "a", "type": "super", "required": False}]
    assert (document["mode"], document["format"]) == ("append", {"type": "json", "gzip": None})
    assert not document.keys() & told(wanted(spec)["lambda_function.shop-persons"].resource.environment).keys()


def test_the_role_of_copy_reads_what_this_loader_staged() -> None:
    spec = loads(MESSAGES)
    role = roles(spec)["copy-persons"]
    assert role.policy.document["Statement"] == [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{LOADS}/staged/persons/*"]},
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{LOADS}"],
            "Condition": {"StringLike": {"s3:prefix": ["staged/persons/*"]}},
        },
        {"Effect": "Allow", "Action": ["s3:GetBucketLocation"], "Resource": [f"arn:aws:s3:::{LOADS}"]},
    ]
    (statement,) = role.trust.document["Statement"]
    services = ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]
    assert statement["Principal"] == {"Service": services}
    assert {ref.address for ref in copy_roles(Scope(spec, facts_for(spec)), "lake")} == {"iam_role.shop_copy-persons"}
    namespace: Any = wanted(spec)["redshift_namespace.shop-lake"].resource
    assert {ref.address for ref in namespace.roles} == {"iam_role.shop_copy-persons"}


def test_two_loaders_have_roles_of_their_own() -> None:
    text = f"{HEAD}loaders:\n  one: {{{FILES}}}\n  two: {{{FILES.replace('persons', 'others')}}}\n"
    assert {"load-one", "load-two"} <= roles(spec_of(text)).keys()


def test_a_stage_stages_in_a_bucket_of_its_own() -> None:
    spec = spec_of(f"stages: {{eu: {{}}}}\n{HEAD}loaders: {{persons: {{{FILES}}}}}\n", stage="eu")
    bucket: Any = wanted(spec)["s3_bucket.shop-eu_loads"].resource
    assert bucket.name == f"shop-eu-loads-{ACCOUNT}-{REGION}"
    statements = json.dumps(roles(spec)["load-persons"].policy.document, default=str)
    assert f"{LOADS}/" not in statements


def test_an_upload_starts_the_loaders_job_with_the_object() -> None:
    found = wanted(loads(FILES, "triggers: {up: {on: {upload: raw/out/}, start: {loader: persons}}}\n"))
    machine: Any = found["sfn_state_machine.shop-up_start"].resource
    states = json.dumps(machine.definition, default=str)
    assert "shop-persons" in states
    assert all(f'"Name": "{name}"' in states for name in ("BUCKET", "KEY", "VERSION", "RUN"))


EXPECTING = """buckets: {raw: , web: }
topics: {news: , other: }
alerts: {to: news}
jobs:
  collect: {image: x, expect: {in: raw/out/, min_items: 3, fields: {id: 1}, key: [id], max_age: 1d, change: 0.5}}
  fetch: {image: x, expect: {in: web, min_items: 1}, on_failure: other}
"""


def packed_document(function: Any) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(function.package)) as packed:
        return json.loads(packed.read("load.json"))


def test_what_no_loader_reads_is_checked_by_a_function_when_its_job_succeeds() -> None:
    found = wanted(spec_of(EXPECTING), loader={"loader/app.py": b"code"})
    function: Any = found["lambda_function.shop_expect"].resource
    assert function.handler == "loader.app.handler"
    assert packed_document(function)["expect"] == [
        {
            "job": "collect",
            "bucket": BUCKET,
            "prefix": "out/",
            "min_items": 3,
            "fields": {"id": 1.0},
            "key": ["id"],
            "max_age": 86400,
            "change": 0.5,
            "topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:shop-news",
        },
        {
            "job": "fetch",
            "bucket": f"shop-web-{ACCOUNT}-{REGION}",
            "prefix": "",
            "min_items": 1,
            "topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:shop-other",
        },
    ]
    rule: Any = found["events_rule.shop-collect_expect"].resource
    definition = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/shop-collect:"
    assert rule.pattern["detail"] == {
        "status": ["SUCCEEDED"],
        "jobDefinition": [{"prefix": definition}],
        "arrayProperties": {"index": [{"exists": False}]},
    }
    (target,) = rule.targets
    assert target.template == '{"job": "collect", "run": "<run>", "detail": {"startedAt": <since>}}'
    assert {permission.sid for permission in function.permissions} == {"collect", "fetch"}


def test_the_checking_function_reads_those_places_and_tells_those_topics_alone() -> None:
    statements = roles(spec_of(EXPECTING))["expect"].policy.document["Statement"]
    reads = [one["Resource"] for one in statements if one["Action"] == ["s3:GetObject", "s3:GetObjectVersion"]]
    assert reads == [[f"arn:aws:s3:::{BUCKET}/out/*"], [f"arn:aws:s3:::shop-web-{ACCOUNT}-{REGION}/*"]]
    (tells,) = [one["Resource"] for one in statements if one["Action"] == ["sns:Publish"]]
    assert tells == [f"arn:aws:sns:{REGION}:{ACCOUNT}:shop-{name}" for name in ("news", "other")]


def test_what_a_loader_reads_it_checks_itself() -> None:
    spec = loads(FILES, "jobs: {collect: {image: x, expect: {in: raw/out/, min_items: 3}}}\n")
    found = wanted(spec)
    assert "lambda_function.shop_expect" not in found
    job: Any = found["batch_job_definition.shop-persons"].resource
    assert told(job.environment)["expect"] == [{"job": "collect", "prefix": "out/", "min_items": 3}]


def test_letters_of_the_checks_can_be_laid_down() -> None:
    queue: Any = resources(spec_of(EXPECTING), "sqs_queue")["sqs_queue.shop_dead"]
    (statement,) = queue.policy.document["Statement"]
    rules = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert {rule.rpartition("/")[2] for rule in rules} >= {"shop-collect_expect", "shop-fetch_expect"}
