"""The quickstart's scraper against its own site, served on loopback; only the bucket and the clock are stand-ins."""

# ruff: noqa: N803 - boto3 names its arguments so

from __future__ import annotations

import io
import json
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest
from scraper.__main__ import run_of, work
from scraper.bucket import Bucket
from scraper.jobs import Run, collect, details
from scraper.page import read_page
from scraper.site import PageGone, Site, SiteBusy, as_failure
from serve_site import Website, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = Path(__file__).parent.parent / "site"

BIKES = {
    "B-101": ("Harbour 7-speed city bike", 240.0, "good"),
    "B-102": ("Fjord touring bike", 615.5, "very good"),
    "B-103": ("Kestrel folding bike", 330.0, "good"),
    "B-104": ("Pebble 20\" children's bike", 89.0, "fair"),
    "B-105": ("Rook & Sons cargo bike", 1450.0, "very good"),
    "B-106": ("Gale road bike", 720.0, "good"),
    "B-107": ("Moss single-speed", 195.0, "fair"),
    "B-108": ("Señorita step-through", 275.0, "good"),
    "B-109": ("Tarn mountain bike", 540.0, "good"),
    "B-110": ("Wren gravel bike", 980.0, "like new"),
    "B-111": ("Dray tandem", 860.0, "good"),
    "B-112": ("Lark track bike", 410.0, "very good"),
}


class FakeStore:
    """An S3 client that keeps objects in a dict."""

    exceptions = SimpleNamespace(ClientError=KeyError)

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:
        assert ContentType in {"application/json", "application/x-ndjson"}
        self.objects[Bucket, Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}

    def items(self, key: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.objects["raw", key].decode().splitlines()]


@pytest.fixture
def website() -> Iterator[Website]:
    with serving(PAGES, flaky=["/catalogue/page-2.html"]) as website:
        yield website


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


def test_collect_writes_the_listing_and_leaves_the_pages(website: Website, naps: list[float], store: FakeStore) -> None:
    assert collect(Site(website.address, sleep=naps.append), Bucket(store, "raw"), Run("run-1")) == 12
    items = store.items("items/run-1.jsonl")
    assert {item["sku"]: (item["name"], item["price"]) for item in items} == {
        sku: (name, price) for sku, (name, price, _) in BIKES.items()
    }
    pages = json.loads(store.objects["raw", "pages/latest.json"])
    assert pages == [item["url"] for item in items]
    assert pages[2] == f"{website.address}/bikes/kestrel-folding-bike.html"


def test_collect_follows_the_listing_in_order_and_asks_a_busy_page_again(
    website: Website, naps: list[float], store: FakeStore
) -> None:
    collect(Site(website.address, sleep=naps.append), Bucket(store, "raw"), Run("run-1"))
    page = "/catalogue/page-{}.html".format
    assert website.requests == ["/robots.txt", "/", page(1), page(2), page(2), page(3)]
    assert naps == [1.0] * 5, "four delays of robots.txt's second, and a first back-off of one"


def test_details_reads_every_page_once_between_three_children(
    website: Website, naps: list[float], store: FakeStore
) -> None:
    bucket = Bucket(store, "raw")
    collect(Site(website.address, sleep=naps.append), bucket, Run("run-1"))
    website.requests.clear()
    for index in range(3):
        site = Site(website.address, readers=3, turn=index, sleep=lambda _: None)
        assert details(site, bucket, Run(f"run-2-{index}", index, 3)) == 4
    parts = [store.items(f"items/run-2-{index}.jsonl") for index in range(3)]
    assert [part[0]["sku"] for part in parts] == ["B-101", "B-102", "B-103"]
    every = {item["sku"]: (item["name"], item["price"], item["condition"]) for part in parts for item in part}
    assert every == BIKES
    assert parts[2][0]["description"] == "Folds in fifteen seconds. Fits under a train seat."
    asked = [path for path in website.requests if path != "/robots.txt"]
    assert len(asked) == len(set(asked)) == 12


def test_what_robots_txt_forbids_is_never_requested(website: Website, naps: list[float], store: FakeStore) -> None:
    site, bucket = Site(website.address, sleep=naps.append), Bucket(store, "raw")
    collect(site, bucket, Run("run-1"))
    details(site, bucket, Run("run-2"))
    with pytest.raises(PermissionError, match="not ours to read"):
        site.get(f"{website.address}/staff/rota.html")
    assert not [path for path in website.requests if path.startswith("/staff")]
    assert "B-900" not in {item["sku"] for item in store.items("items/run-1.jsonl")}


def test_another_host_is_never_requested(website: Website, naps: list[float]) -> None:
    with pytest.raises(PermissionError):
        Site(website.address, sleep=naps.append).get("http://127.0.0.1:9/bikes.html")


def test_children_keep_the_sites_pace_between_them(website: Website, naps: list[float]) -> None:
    site = Site(website.address, readers=3, turn=1, sleep=naps.append)
    for _ in range(3):
        site.get(f"{website.address}/")
    assert naps == [2.0, 3.0, 3.0]


def test_a_site_without_robots_txt_gets_half_a_second(tmp_path: Path, naps: list[float]) -> None:
    (tmp_path / "index.html").write_text("hello")
    with serving(tmp_path) as website:
        site = Site(website.address, sleep=naps.append)
        assert [site.get(f"{website.address}/") for _ in range(2)] == ["hello", "hello"]
    assert naps == [0.5, 0.5]


def test_a_site_that_stays_busy_fails_after_four_tries(
    monkeypatch: pytest.MonkeyPatch, website: Website, naps: list[float]
) -> None:
    monkeypatch.setattr(website, "fails_now", lambda path: website.requests.append(path) or path == "/")
    with pytest.raises(SiteBusy, match="503"):
        Site(website.address, sleep=naps.append).get(f"{website.address}/")
    assert website.requests == ["/robots.txt", "/", "/", "/", "/"]
    assert naps == [1.0, 1.0, 2.0, 4.0], "the delay, then the back-off"


@pytest.mark.parametrize(("asked", "waits"), [("7", 7.0), ("86400", 60.0), ("soon", 1.0)])
def test_a_busy_site_says_when_to_come_back(
    asked: str, waits: float, monkeypatch: pytest.MonkeyPatch, naps: list[float]
) -> None:
    headers = Message()
    headers["Retry-After"] = asked
    answers = [as_failure("http://x/", HTTPError("http://x/", 429, "Slow down", headers, None)), None]

    def download_once(_: str) -> str:
        if failure := answers.pop(0):
            raise failure
        return "hello"

    monkeypatch.setattr("scraper.site.download_once", download_once)
    assert Site("http://x", sleep=naps.append).download("http://x/") == "hello"
    assert naps == [waits]


def test_a_site_that_is_down_is_asked_again_and_named(naps: list[float]) -> None:
    with serving(PAGES) as website:
        pass
    with pytest.raises(SiteBusy, match=f"{website.address}/robots.txt"):
        Site(website.address, sleep=naps.append).get(f"{website.address}/")
    assert naps == [1.0, 2.0, 4.0]


def test_a_listing_that_leads_back_to_itself_ends(tmp_path: Path, store: FakeStore) -> None:
    (tmp_path / "index.html").write_text(
        '<li itemscope><a itemprop="url" href="/a">x</a><b itemprop="sku">1</b><b itemprop="name">A</b>'
        '<b itemprop="price">2.5</b></li><a rel="next" href="/">again</a>'
    )
    with serving(tmp_path) as website:
        assert collect(Site(website.address, sleep=lambda _: None), Bucket(store, "raw"), Run("run-1")) == 1
        assert website.requests == ["/robots.txt", "/"]


def test_a_page_that_is_gone_is_not_asked_for_again(website: Website, naps: list[float], store: FakeStore) -> None:
    site, bucket = Site(website.address, sleep=naps.append), Bucket(store, "raw")
    with pytest.raises(PageGone, match="404"):
        site.get(f"{website.address}/bikes/sold.html")
    assert website.requests == ["/robots.txt", "/bikes/sold.html"]
    bucket.write_pages([f"{website.address}/bikes/sold.html", f"{website.address}/bikes/dray-tandem.html"])
    assert details(site, bucket, Run("run-2")) == 1
    assert [item["sku"] for item in store.items("items/run-2.jsonl")] == ["B-111"]


def test_a_second_attempt_writes_the_same_object(website: Website, store: FakeStore) -> None:
    site = Site(website.address, sleep=lambda _: None)
    collect(site, Bucket(store, "raw"), Run("run-1"))
    before = dict(store.objects)
    collect(site, Bucket(store, "raw"), Run("run-1"))
    assert store.objects == before


def test_an_empty_or_changed_site_is_an_error(tmp_path: Path, store: FakeStore) -> None:
    with serving(tmp_path) as website:
        site = Site(website.address, sleep=lambda _: None)
        (tmp_path / "index.html").write_text("<p>under construction</p>")
        with pytest.raises(ValueError, match="no items in the listing"):
            collect(site, Bucket(store, "raw"), Run("run-1"))
        (tmp_path / "index.html").write_text('<li itemscope><a itemprop="url" href="/a">A</a></li>')
        with pytest.raises(ValueError, match="an item without sku and name and price"):
            collect(site, Bucket(store, "raw"), Run("run-1"))
    assert store.objects == {}


def test_details_before_collect_says_what_to_run(website: Website, store: FakeStore) -> None:
    with pytest.raises(ValueError, match="Has collect run"):
        details(Site(website.address), Bucket(store, "raw"), Run("run-1"))


def test_the_environment_names_the_run() -> None:
    child = {"AWS_BATCH_JOB_ID": "ab-12:2", "AWS_BATCH_JOB_ARRAY_INDEX": "2", "AWS_BATCH_JOB_ARRAY_SIZE": "3"}
    assert run_of(child) == Run("ab-12-2", 2, 3)
    assert run_of({"AWS_BATCH_JOB_ID": "ab-12"}) == Run("ab-12")
    assert run_of({}) == Run("local")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"SITE": "http://x"}, "BUCKET must be set"),
        ({"BUCKET": "raw", "SITE": ""}, "SITE must be set"),
        ({"BUCKET": "raw", "SITE": "file:///etc"}, "must be an http or https address"),
    ],
)
def test_a_wrong_environment_is_told(environ: dict[str, str], said: str, store: FakeStore) -> None:
    with pytest.raises(ValueError, match=said):
        work("collect", environ, store)


def test_microdata_is_read_as_text() -> None:
    page = read_page(
        '<a rel="next" href="p2"></a><div itemscope><b itemprop="name"> A &amp;\n <i>B</i> </b>'
        '<data itemprop="price" value="1.50">€ 1,50</data> outside</div><div itemscope></div>'
    )
    assert page.items == [{"name": "A & B", "price": "1.50"}, {}]
    assert page.following == "p2"
