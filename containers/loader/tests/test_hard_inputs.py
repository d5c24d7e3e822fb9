"""What is damaged, empty, huge, or changes under the reader: told, and never half-loaded."""

import gzip
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from loader.load import Loading
from loader.start import Start
from loader_scene import ACCOUNT, BAD, SOURCE, Scene

ALL = os.environ.get("SCRAPECTL_FAULTS") == "all"
ROWS = "".join(f"{n},someone{n}@example.org,{n}.50\n" for n in range(20_000))
AS_CSV = {"type": "csv", "header": False}


class Tampering:
    """A client of S3 whose object's body ends early, after which something may happen to the object."""

    def __init__(self, client, after, happens=lambda: None):
        self._client, self._after, self._happens, self.asked = client, after, happens, []

    def __getattr__(self, name):
        return getattr(self._client, name)

    def get_object(self, **told):
        answer = self._client.get_object(**told)
        self.asked.append(told)
        if told["Bucket"] == SOURCE and len(self.asked) == 1:
            answer["Body"] = Cut(answer["Body"].read(self._after), self._happens)
        return answer


class Cut(io.BytesIO):
    """A body whose connection breaks at its end."""

    def __init__(self, held, happens):
        super().__init__(held)
        self._happens = happens

    def read(self, most=-1):
        piece = super().read(most)
        if not piece:
            self._happens()
            raise ConnectionResetError
        return piece


def tampered(scene: Scene, s3, run="run-1", **more):
    clients = {"s3": s3, "secretsmanager": scene.client("secretsmanager")}
    return Loading(scene.document(**more), Start(run, SOURCE, "out/a.csv"), clients.__getitem__).run()


@pytest.mark.parametrize("form", [AS_CSV, {"type": "json"}])
@pytest.mark.parametrize("most", [None, 10])
def test_a_truncated_gzip(scene, form, most):
    whole = gzip.compress(ROWS.encode() if form == AS_CSV else b'{"id": "1"}\n' * 100_000)
    scene.put("out/a.gz", whole[: len(whole) // 2])
    record = scene.load(format=form, most=most, key=[])
    assert record.state == "refused"
    assert f"s3://{SOURCE}/out/a.gz is not whole: " in record.reason
    assert scene.rows() == []
    assert scene.ledger() == {}


def test_a_gzip_with_a_wrong_byte(scene):
    whole = bytearray(gzip.compress(ROWS.encode()))
    whole[len(whole) // 2] ^= 0xFF
    scene.put("out/a.gz", bytes(whole))
    assert "is not whole: " in scene.load().reason
    assert scene.rows() == []


def test_a_gzip_of_two_parts_with_a_mark_of_its_encoding(scene):
    packed = gzip.compress(b"\xef\xbb\xbf1,a@x,1\n") + gzip.compress(b"2,b@x,2\n")
    scene.put("out/a.gz", packed)
    assert scene.load().rows == 2
    assert scene.rows()[0] == ("1", "a@x", Decimal(1))


def test_what_says_that_it_is_packed_and_is_not(scene):
    scene.put("out/a.csv", "1,a@x,1\n")
    assert "is not whole: Not a gzipped file" in scene.load(format=AS_CSV | {"gzip": True}).reason


@pytest.mark.parametrize("body", [b"", gzip.compress(b"", mtime=0)])
@pytest.mark.parametrize("form", [AS_CSV, {"type": "json"}, {"type": "parquet"}])
def test_an_empty_file_is_told_and_a_table_is_never_emptied_by_it(scene, body, form):
    scene.put("out/a.csv", "1,a@x,1\n")
    scene.load(mode="replace")
    scene.put("out/b.csv", body)
    record = scene.load("run-2", upload="out/b.csv", mode="replace", format=form)
    assert record.state == "refused"
    assert "out/b.csv is empty" in record.reason or "out/b.csv is not whole" in record.reason
    assert len(scene.rows()) == 1


def test_a_file_of_a_header_alone_has_no_rows_and_says_so(scene):
    scene.put("out/a.csv", "id,email,price\n")
    record = scene.load(format=AS_CSV | {"header": True})
    assert (record.state, record.rows) == ("loaded", 0)


def test_a_connection_that_breaks_goes_on_where_it_ended(scene):
    scene.put("out/a.csv", ROWS)
    s3 = Tampering(scene.s3, 100_000)
    assert tampered(scene, s3).rows == 20_000
    assert s3.asked[1]["Range"] == "bytes=100000-"
    assert s3.asked[1]["IfMatch"] == s3.asked[0]["IfMatch"]
    assert len({row[0] for row in scene.rows()}) == 20_000


def test_a_file_that_changes_while_it_is_read(scene):
    scene.put("out/a.csv", ROWS)
    record = tampered(scene, Tampering(scene.s3, 100_000, lambda: scene.put("out/a.csv", ROWS.replace("some", "any"))))
    assert (record.state, record.reason) == ("failed", f"s3://{SOURCE}/out/a.csv changed while it was read")
    assert scene.rows() == []
    assert scene.load("run-2").rows == 20_000


def test_a_file_that_goes_while_it_is_read(scene):
    scene.put("out/a.csv", ROWS)
    gone = Tampering(scene.s3, 10, lambda: scene.s3.delete_object(Bucket=SOURCE, Key="out/a.csv"))
    assert "changed while it was read" in tampered(scene, gone).reason
    assert scene.load("run-2", upload="out/a.csv").reason == f"s3://{SOURCE}/out/a.csv is not there"


def test_of_a_file_with_versions_the_one_that_was_meant_is_read_to_its_end(scene):
    scene.versioned()
    version = scene.put("out/a.csv", ROWS)
    s3 = Tampering(scene.s3, 100_000, lambda: scene.put("out/a.csv", "1,other,1\n"))
    assert tampered(scene, s3).rows == 20_000
    assert {told["VersionId"] for told in s3.asked} == {version}


def test_columns_in_another_order(scene):
    scene.put("out/a.csv", "a@x,1.50,1\nb@x,2.50,2 or 3\n")
    record = scene.load(most=5)
    assert record.state == "loaded"
    assert [(one["line"], one["column"], one["value"]) for one in scene.quarantine()] == [(2, "price", "2 or 3")]
    scene.put("out/b.csv", "1.50,1,a@x\n2.50,2,b@x\n")
    record = scene.load("run-2", most=1)
    assert record.state == "refused"
    assert len(scene.rows()) == 1
    assert scene.s3.head_object(Bucket=BAD, Key="bad/run-2.jsonl")


@pytest.mark.parametrize("word", ["NaN", "-Infinity"])
def test_an_array_with_what_is_no_json(scene, word):
    scene.put("out/a.json", '[{"id": 1, "price": [%s]}, {"id": 2, "price": [1]}]' % word)  # noqa: UP031 - braces
    record = scene.load(most=1, format={"type": "json"}, columns={"id": "integer", "price": "json"})
    assert (record.state, record.rows, record.refused) == ("loaded", 1, 1)
    assert scene.quarantine()[0]["reason"].endswith("is no JSON")


def test_bytes_that_are_no_text(scene):
    scene.put("out/a.csv", b"1,a@x,1\n2,\xff\xfe,2\n")
    assert "invalid byte sequence" in scene.load().reason
    assert scene.load("run-2", upload="out/a.csv", most=1).rows == 1
    told = scene.quarantine("run-2")[0]
    assert (told["line"], told["column"], told["reason"]) == (2, "email", "is no UTF-8")


def test_a_quote_that_never_ends(scene):
    scene.put("out/a.csv", '1,a@x,1\n2,"b@x,2\n3,c@x,3\n')
    assert "unterminated CSV quoted field" in scene.load().reason
    record = scene.load("run-2", upload="out/a.csv", most=5)
    assert (record.rows, record.refused) == (1, 1)
    assert scene.quarantine("run-2")[0]["line"] == 2


def test_a_line_without_an_end_does_not_fill_the_memory(scene):
    scene.put("out/a.json", b'{"id": "' + b"x" * (17 << 20))
    assert "line 1: more than 16 MB" in scene.load(format={"type": "json"}).reason


def test_parquet(scene, tmp_path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {"price": ["1.50", None], "id": ["1", "2"], "email": ["a@x", "b@x"]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    scene.put("out/a.parquet", whole)
    form = {"type": "parquet"}
    assert scene.load(format=form).rows == 2
    assert scene.rows() == [("1", "a@x", Decimal("1.50")), ("2", "b@x", None)]
    scene.put("out/b.parquet", whole[:-20])
    assert "is not whole, or no Parquet" in scene.load("run-2", format=form).reason
    parquet.write_table(pyarrow.table({"id": ["1"], "mail": ["x"]}), tmp_path / "c.parquet")
    scene.put("out/c.parquet", (tmp_path / "c.parquet").read_bytes())
    record = scene.load("run-3", upload="out/c.parquet", format=form)
    assert "the columns are 'id, mail', declared are 'id, email, price'" in record.reason


SIZES = [("csv", 2048 if ALL else 48), ("json", 2048 if ALL else 24)]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize(("form", "megabytes"), SIZES)
def test_memory_does_not_grow_with_the_file(scene, form, megabytes):
    """2 GB with SCRAPECTL_FAULTS=all: the same bound."""
    told = scene.text(
        columns={"id": "varchar(10)", "text": "text"},
        key=[],
        format={"type": form, **(AS_CSV if form == "csv" else {})},
    )
    account = json.dumps({"username": ACCOUNT.username, "password": ACCOUNT.password})
    argv = [sys.executable, Path(__file__).with_name("large_object.py"), str(megabytes), form]
    done = subprocess.run(
        argv, env=os.environ | {"SCRAPECTL_LOAD": told, "ACCOUNT": account}, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["record"]["rows"] == megabytes * 1024, found
    assert found["megabytes"] < 200
    assert scene.ask("SELECT count(*), count(DISTINCT id) FROM {}.persons") == [(megabytes * 1024,) * 2]
