"""`init` writes projects that are valid, and that run."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scrapectl.cli.templates import NAMES

FILES = [
    "pipeline.yaml",
    "scraper/Dockerfile",
    "scraper/scraper.py",
    "scraper/requirements.txt",
    "scraper/scraper_base/__init__.py",
    "scraper/scraper_base/job.py",
    "scraper/scraper_base/lines.py",
    "scraper/scraper_base/on_lambda.py",
    "scraper/scraper_base/scrapectl_wrapper.py",
    "scraper/scraper_base/web.py",
    "pipeline.schema.json",
]
PAGES = {
    "index.html": '<title>Home</title><a href="/a.html#x">a</a> <a href="b.html">b</a> <a href="/private.html">p</a>',
    "a.html": '<title>A</title><a href="/">home</a> <a href="https://example.com/">elsewhere</a> <a href="/gone">g</a>',
    "b.html": "<title>B</title>",
    "private.html": "<title>Private</title>",
    "robots.txt": "User-agent: *\nDisallow: /private.html\n",
}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "site"
    folder.mkdir()
    for name, text in PAGES.items():
        (folder / name).write_text(text)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize("template", NAMES)
def test_a_template_is_valid_and_says_what_to_do_next(template, scrapectl):
    answer = scrapectl("init", "My Shop", "--template", template)
    assert answer.code == 0
    assert answer.out.splitlines() == [
        *(f"wrote My Shop/{name}" for name in FILES),
        "Next: scrapectl apply --local 'My Shop/pipeline.yaml'",
    ]
    assert scrapectl("validate", "My Shop/pipeline.yaml", "--output", "json").json["pipeline"] == "my-shop"
    assert (
        (Path("My Shop") / "pipeline.yaml").read_text().startswith("# yaml-language-server: $schema=./pipeline.schema")
    )


def test_json(scrapectl):
    assert scrapectl("init", "shop", "--template", "batch", "--output", "json").json == {
        "pipeline": "shop",
        "template": "batch",
        "files": [f"shop/{name}" for name in FILES],
    }


def test_nothing_is_overwritten_and_then_nothing_is_written(scrapectl, tmp_path):
    (tmp_path / "scraper").mkdir()
    (tmp_path / "scraper" / "scraper.py").write_text("mine")
    answer = scrapectl("init", "--template", "quickstart")
    assert answer.code == 64
    assert answer.err.splitlines()[0] == "scraper/scraper.py stands already; nothing was written."
    assert (tmp_path / "scraper" / "scraper.py").read_text() == "mine"
    assert not (tmp_path / "pipeline.yaml").exists()


def test_questions(process, scrapectl):
    answer = process("init", "shop", stdin="batch\nbikes\nhttps://bikes.example/\neu-west-1\n")
    assert answer.code == 0
    assert "Name of the pipeline [shop]:" in answer.err
    text = Path("shop/pipeline.yaml").read_text()
    for line in ("pipeline: bikes", "region: eu-west-1", 'vars: {site: "https://bikes.example/", pages: 200}'):
        assert line in text.splitlines()
    assert scrapectl("validate", "shop/pipeline.yaml").code == 0
    assert process("init", "other", stdin="\n\n\n\n").code == 0
    again = process("init", "third", stdin="other\n\nBad Name\ngood\nx\n\nmoon\n\n")
    assert again.code == 0  # a wrong answer is asked for again
    assert "pipeline: good" in Path("third/pipeline.yaml").read_text()
    assert again.err.count("Name of the pipeline") == 2
    assert scrapectl("validate", "other/pipeline.yaml", "--output", "json").json["pipeline"] == "other"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "There is nobody to ask."),
        ("other\n", 'There is no template "other".'),
        ("\nBad Name\n\n\n", '"Bad Name" is no name of a pipeline.'),
        ('\n\nhttp://x/"}\n\n', "is no address."),
        ("\n\n\nmoon\n", '"moon" is no region.'),
    ],
)
def test_answers_that_make_no_spec_are_refused(lines, said, process, tmp_path):
    answer = process("init", "shop", stdin=lines)
    assert answer.code == 64
    assert said in answer.err
    assert not (tmp_path / "shop").exists()


@pytest.mark.usefixtures("cloud")
def test_the_quickstart_reads_a_site(scrapectl, site):
    begin("quickstart", scrapectl, site)
    answer = scrapectl("run", "collect", "--follow", "--output", "json")
    assert answer.code == 0
    texts = [line["text"] for line in answer.lines[:-1]]
    gone = f"{site}gone: 404, there is no such page"
    assert texts[:-1] == [f"{site}: Home", f"{site}a.html: A", f"{site}b.html: B", gone]
    assert texts[-1].startswith("done: 3 items in items/")
    assert scrapectl("destroy", "--yes", "--delete-data").code == 0


@pytest.mark.usefixtures("cloud")
def test_the_batch_template_starts_its_array_itself(scrapectl, site):
    begin("batch", scrapectl, site)
    assert scrapectl("run", "list", "--wait").code == 0
    lines = scrapectl("logs", "pages", "--follow", "--output", "json").lines
    assert sorted(line["text"] for line in lines if "done" not in line["text"]) == [
        f"{site}: Home",
        f"{site}a.html: A",
        f"{site}b.html: B",
    ]
    (run,) = scrapectl("status", "pages", "--output", "json").json["runs"]
    assert run["state"] == "SUCCEEDED"
    assert scrapectl("destroy", "--yes", "--delete-data").code == 0


def begin(template, scrapectl, site):
    """A project of a template, applied, that reads the site without a pause."""
    assert scrapectl("init", "--template", template).code == 0
    Path("scraper/requirements.txt").write_text("")  # the embedded cloud's own Python has them all
    scraper = Path("scraper/scraper.py")
    scraper.write_text(scraper.read_text().replace("PAUSE = 1.0", "PAUSE = 0.0"))
    spec = Path("pipeline.yaml")
    pages = json.dumps({"site": site, "pages": 10})
    spec.write_text(spec.read_text().replace('vars: {site: "https://example.com/", pages: ', f"vars: {pages} # "))
    answer = scrapectl("apply", "--yes")
    assert answer.code == 0, answer.err
