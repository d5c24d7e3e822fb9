"""What a loader is told: read, checked, and refused where something cannot be."""

import json

import pytest
from loader import document as documents
from loader.problems import DocumentWrong
from loader.start import Start
from loader_scene import COLUMNS, declared

TARGET = {
    "engine": "postgres",
    "host": "db",
    "port": 5432,
    "database": "d",
    "schema": "public",
    "table": "t",
    "secret": "s",
}
TOLD = {
    "version": 1, "pipeline": "shop.prod", "loader": "persons", "region": "us-east-1", "key": ["id"], "mode": "merge",
    "source": {"bucket": "raw", "prefix": "out/"}, "staging": {"bucket": "loads", "prefix": "staged/persons/"},
    "target": TARGET, "format": {"type": "csv", "delimiter": ";", "header": False, "gzip": None}, "schema": "evolve",
    "columns": declared(COLUMNS), "bad_rows": {"bucket": "raw", "prefix": "bad/", "max": 3}, "retain": 86400,
    "expect": [{"job": "collect", "prefix": "out/", "min_items": 100, "fields": {"price": 0.95}, "key": ["id"]}],
}  # fmt: skip
REDSHIFT = {"engine": "redshift", "workgroup": "w", "database": "d", "schema": "public", "table": "t", "secret": "s",
            "copy_role": "arn:aws:iam::123456789012:role/x"}  # fmt: skip


def test_a_whole_document():
    found = documents.read(json.dumps(TOLD))
    assert found.names == ("id", "email", "price")
    assert (found.evolve, found.bad_rows.most, found.format.delimiter) == (True, 3, ";")
    assert found.expect[0].fields == {"price": 0.95}


def test_a_functions_document_is_in_two_parts(tmp_path):
    named = {name: TOLD[name] for name in ("region", "source", "staging", "target", "bad_rows")}
    file = tmp_path / "load.json"
    file.write_text(json.dumps({name: value for name, value in TOLD.items() if name not in named}))
    assert documents.find({"SCRAPECTL_LOAD": json.dumps(named)}, file) == documents.read(json.dumps(TOLD))
    with pytest.raises(DocumentWrong, match="neither SCRAPECTL_LOAD nor"):
        documents.find({}, tmp_path / "none" / "load.json")
    with pytest.raises(DocumentWrong, match="no JSON"):
        documents.find({"SCRAPECTL_LOAD": "{"}, tmp_path / "none")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"version": 2}, "version"),
        ({"loader": "../x"}, "loader"),
        ({"columns": []}, "columns"),
        ({"columns": declared({"id": "text", "ID": "text"})}, "each named once"),
        ({"columns": declared({'a"b': "text"})}, "cannot name a column"),
        ({"columns": declared({"scrapectl_row": "text"})}, "cannot name a column"),
        ({"columns": declared({"id": "text); DROP TABLE t"})}, "not a type"),
        ({"key": ["other"]}, "a key that is no column"),
        ({"key": []}, "merge needs a key"),
        ({"mode": "upsert"}, "mode"),
        ({"target": TARGET | {"table": "t; DROP"}}, "schema and table"),
        ({"target": TARGET | {"table": "scrapectl_ledger"}}, "the loader's own"),
        ({"target": TARGET | {"port": 0}}, "host and port"),
        ({"target": TARGET | {"engine": "oracle"}}, "engine"),
        ({"target": REDSHIFT | {"copy_role": "x' CREDENTIALS 'y"}}, "names no role"),
        ({"target": REDSHIFT | {"cluster": "c"}}, "one of workgroup and cluster"),
        ({"target": REDSHIFT, "columns": declared({"Id": "text"}), "key": ["Id"]}, "lower case"),
        ({"source": {"queue": "https://q"}}, "messages are JSON"),
        ({"source": {"queue": "https://q"}, "format": {"type": "json"}, "mode": "replace"}, "cannot replace"),
        ({"source": {"bucket": "A B"}}, "names no bucket"),
        ({"format": {"type": "csv", "delimiter": "||"}}, "delimiter"),
        ({"format": {"type": "csv", "delimiter": "\n"}}, "delimiter"),
        ({"format": {"type": "xml"}}, "format"),
        ({"target": None, "expect": []}, "neither a target nor something to check"),
        ({"staging": None}, "document is wrong"),
    ],
)
def test_what_cannot_be_is_refused(change, told):
    with pytest.raises(DocumentWrong, match=told):
        documents.read(json.dumps(TOLD | change))


@pytest.mark.parametrize("text", ["null", "[]", '"x"', "7"])
def test_a_document_that_is_no_object(text):
    with pytest.raises(DocumentWrong):
        documents.read(text)


def test_a_start_by_environment_and_by_event():
    told = {"BUCKET": "raw", "KEY": "out/a b.csv", "VERSION": "null", "RUN": "a/b:c d", "RETRY": ""}
    assert Start.of(told) == Start("a-b-c-d", "raw", "out/a b.csv", "")
    assert Start.of({"AWS_BATCH_JOB_ID": "1f-2"}).run == "1f-2"
    assert len(Start.of({}).run) == 32
    event = {"bucket": "raw", "key": "k", "version": "v1", "run": "r", "environment": {"RUN": "other", "RETRY": "x"}}
    assert Start.of_event(event, "id-1") == Start("r", "raw", "k", "v1", "x")
    assert Start.of_event({"detail": {"startedAt": 1500}}, "id-1") == Start("id-1", since=1.5)
