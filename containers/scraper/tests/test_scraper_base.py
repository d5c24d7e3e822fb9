"""The library against a site on loopback, and against moto's S3."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from scraper_base import JsonLines, PageGone, Run, Web, main, required
from scraper_base import lines as lines_module
from serve_site import Website, serving
from urllib3 import HTTPResponse

HERE = Path(__file__).parents[1]
EXAMPLES = HERE.parents[1] / "examples"
COPIES = sorted(folder.parent for folder in EXAMPLES.glob("*/*/scraper_base"))
CHILD = {"AWS_BATCH_JOB_ID": "ab:2", "AWS_BATCH_JOB_ARRAY_INDEX": "2", "AWS_BATCH_JOB_ARRAY_SIZE": "3"}


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Website]:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "robots.txt").write_text("User-agent: *\nCrawl-delay: 3\nDisallow: /staff/\n")
    (folder / "index.html").write_text(
        "<title> A\n shop </title><a href='/b.html#x'>b</a><a href=' b.html '>b</a><a href='/staff/x.html'>no</a>"
        "<a href='http://127.0.0.1:9/'>else</a><a href='mailto:x@example.org'>mail</a>"
        "<a href='http://[x'>no address</a><a href='/gone.html'>gone</a>"
    )
    (folder / "b.html").write_text("<title>B</title><a href='/'>back</a><a href='/c.html'>c</a>")
    (folder / "c.html").write_text("<title>C €</title>")
    with serving(folder, flaky=["/b.html"]) as website:
        yield website


def web(site: Website, naps: list[float], **more: Any) -> Web:
    return Web(site.address, "tester", sleep=naps.append, backoff=0, **more)


def test_a_walk_stays_on_the_site_and_within_robots_txt(site: Website, naps: list[float]) -> None:
    seen = [page.title for page in web(site, naps).walk("/", 10)]
    assert seen == ["A shop", "B", "C €"]
    assert site.requests == ["/robots.txt", "/", "/b.html", "/b.html", "/gone.html", "/c.html"]
    assert naps == [3.0] * 4


def test_a_walk_ends_where_it_is_told_to(site: Website, naps: list[float]) -> None:
    assert len(list(web(site, naps).walk("/", 2))) == 2


def test_children_of_an_array_keep_the_sites_pace_together(site: Website, naps: list[float]) -> None:
    child = web(site, naps, run=Run("r", 1, 4, in_array=True))
    child.get(f"{site.address}/")
    child.get(f"{site.address}/c.html")
    assert naps == [6.0, 12.0]


@pytest.mark.parametrize("path", ["/staff/rota.html", "http://127.0.0.1:9/", "file:///etc/passwd", "http://[x"])
def test_what_is_not_ours_to_read_is_never_requested(path: str, site: Website, naps: list[float]) -> None:
    url = path if ":" in path else site.address + path
    with pytest.raises(PermissionError, match="not ours to read"):
        web(site, naps).get(url)
    assert site.requests in ([], ["/robots.txt"])


def test_a_page_that_is_gone_is_not_asked_for_again(site: Website, naps: list[float]) -> None:
    with pytest.raises(PageGone, match="404"):
        web(site, naps).get(f"{site.address}/none.html")
    assert site.requests == ["/robots.txt", "/none.html"]


def test_a_site_that_stays_busy_fails(site: Website, naps: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "fails_now", lambda path: site.requests.append(path) or path == "/")
    with pytest.raises(OSError, match="503"):
        web(site, naps, tries=3).get(f"{site.address}/")
    assert site.requests == ["/robots.txt", "/", "/", "/"]


def test_a_site_that_is_down_is_named(naps: list[float], tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        pass
    with pytest.raises(OSError, match=f"{site.address}/robots.txt"):
        web(site, naps, tries=1).get(f"{site.address}/")


def test_a_site_without_robots_txt_gets_the_pause(tmp_path: Path, naps: list[float]) -> None:
    (tmp_path / "index.html").write_text("hello")
    with serving(tmp_path) as site:
        assert web(site, naps, pause=0.5).get(f"{site.address}/").text == "hello"
    assert naps == [0.5]


def test_who_asks_says_where_to_find_them(site: Website, naps: list[float]) -> None:
    asked = web(site, naps, contact="https://example.org/bot")
    assert asked.pool.headers["User-Agent"] == "tester (+https://example.org/bot)"


def test_a_page_that_moved_to_elsewhere_is_refused(site: Website, naps: list[float]) -> None:
    (site.folder / "staff").mkdir()
    (site.folder / "open").mkdir()
    assert web(site, naps).get(f"{site.address}/open").url == f"{site.address}/open/"
    with pytest.raises(PermissionError, match="not ours to read"):
        web(site, naps).get(f"{site.address}/staff")


def test_a_page_that_moved_to_what_is_no_address_fails(site: Website, naps: list[float]) -> None:
    asked = web(site, naps)
    moved = HTTPResponse(b"", {"Location": "http://[x"}, 302, preload_content=False)
    asked.__dict__["pool"] = SimpleNamespace(request=lambda *_, **__: moved)
    with pytest.raises(OSError, match="moved to what is no address"):
        asked.get(f"{site.address}/")


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="http or https address"):
        Web("file:///etc")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", "us-east-1")
        client.create_bucket(Bucket="raw")
        yield client


def content(s3: Any, key: str) -> bytes:
    return bytes(s3.get_object(Bucket="raw", Key=key)["Body"].read())


def keys(s3: Any) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket="raw").get("Contents", [])]


def test_lines_are_one_object_and_a_second_attempt_writes_the_same(s3: Any) -> None:
    for _ in range(2):
        with JsonLines(s3, "raw", "items/a.jsonl") as lines:
            lines.write({"name": "é"})
            lines.write({"name": "b"})
        assert content(s3, "items/a.jsonl").decode() == '{"name": "é"}\n{"name": "b"}\n'
    assert lines.count == 2


def test_lines_can_be_compressed(s3: Any) -> None:
    for key in ("a.jsonl.gz", "b.jsonl.gz"):
        with JsonLines(s3, "raw", key) as lines:
            for number in range(1000):
                lines.write({"number": number})
    assert content(s3, "a.jsonl.gz") == content(s3, "b.jsonl.gz")
    assert len(gzip.decompress(content(s3, "a.jsonl.gz")).splitlines()) == 1000


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_many_lines_are_streamed_in_parts(s3: Any, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "PART", 5 * 1024 * 1024)
    noise = random.Random(1).randbytes(600_000).hex()  # noqa: S311 - only hard to compress
    with JsonLines(s3, "raw", f"big.jsonl{ending}") as lines:
        for number in range(20):
            lines.write({"number": number, "noise": noise[number:]})
        assert len(lines._parts) >= 1  # noqa: SLF001 - they are the point
    written = content(s3, f"big.jsonl{ending}")
    rows = (gzip.decompress(written) if ending else written).splitlines()
    assert [json.loads(row)["number"] for row in rows] == list(range(20))


def write_and_raise(s3: Any, item: Any, error: BaseException) -> None:
    with JsonLines(s3, "raw", "a.jsonl") as lines:
        lines.write(item)
        raise error


def test_an_error_writes_nothing_and_leaves_no_upload(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "PART", 5 * 1024 * 1024)
    with pytest.raises(ValueError, match="changed"):
        write_and_raise(s3, "x" * 6 * 1024 * 1024, ValueError("the site has changed"))
    assert keys(s3) == []
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="raw")


def test_sigterm_writes_what_there_is(s3: Any) -> None:
    with pytest.raises(SystemExit):
        write_and_raise(s3, 1, SystemExit(143))
    assert content(s3, "a.jsonl") == b"1\n"


def test_the_environment_names_the_run() -> None:
    assert Run.of(CHILD) == Run("ab", 2, 3, in_array=True)
    assert Run.of(CHILD).name == "ab-2"
    assert Run.of({"AWS_BATCH_JOB_ID": "ab"}).name == "ab"
    assert Run.of({"RUN": "i-0a1b"}).name == "i-0a1b"
    assert Run.of({}).name == "local"
    assert [Run("r", index, 3, in_array=True).share(list(range(7))) for index in range(3)] == [
        [0, 3, 6],
        [1, 4],
        [2, 5],
    ]


def test_what_is_not_set_is_named() -> None:
    assert required({"A": "1", "B": "2"}, "B", "A") == ["2", "1"]
    with pytest.raises(ValueError, match="not set: B, C"):
        required({"A": "1", "B": ""}, "A", "B", "C")


JOB = """
import sys, time
from scraper_base import main
def fine(run): print("run", run.name)
def fails(run): raise ValueError("the site has changed")
def waits(run):
    print("waits", flush=True)
    time.sleep(30)
sys.exit(main({"fine": fine, "fails": fails, "waits": waits}))
"""


def job(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", JOB, *words]
    return subprocess.Popen(command, cwd=HERE, env=os.environ | CHILD, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("words", "code", "last"),
    [
        (["fine"], 0, "run ab-2"),
        (["fails"], 1, "failed: the site has changed"),
        (["other"], 64, "usage: give one of fine, fails, waits"),
        ([], 64, "usage: give one of fine, fails, waits"),
    ],
)
def test_main_ends_with_a_code_and_a_last_line(words: list[str], code: int, last: str) -> None:
    ran = job(*words)
    assert ran.communicate()[0].splitlines()[-1] == last
    assert ran.returncode == code


def test_main_obeys_sigterm_at_once() -> None:
    ran = job("waits")
    assert ran.stdout is not None
    ran.stdout.readline()
    ran.send_signal(signal.SIGTERM)
    ran.communicate(timeout=5)
    assert ran.returncode == 143


def test_main_is_of_this_process_too(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert main({}, ["none"]) == 64
    signal.signal(signal.SIGTERM, before)
    capsys.readouterr()


@pytest.mark.parametrize("folder", COPIES, ids=lambda folder: folder.parent.name)
def test_the_copy_in_an_example_is_the_same(folder: Path) -> None:
    """A build folder must hold all that it builds; `make vendor` copies anew."""
    files = {path.name: path.read_text() for path in (HERE / "scraper_base").glob("*.py")}
    assert {path.name: path.read_text() for path in (folder / "scraper_base").glob("*.py")} == files
    pinned = set((HERE / "requirements.txt").read_text().splitlines())
    assert pinned <= set((folder / "requirements.txt").read_text().splitlines())
