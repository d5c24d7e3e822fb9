"""The quickstart's scraper against its own site, served on loopback; only the bucket and the clock are stand-ins."""

# ruff: noqa: N803 - boto3 names its arguments so

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from scraper.__main__ import work
from scraper.bucket import Bucket
from scraper.jobs import collect, details
from scraper.page import next_pages, read_items
from scraper_base import Page, Run, Web
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
def store() -> FakeStore:
    return FakeStore()


def web(website: Website, run: str = "run-1", index: int = 0, size: int = 1) -> Web:
    return Web(website.address, run=Run(run, index, size, in_array=size > 1), backoff=0, sleep=lambda _: None)


def test_collect_writes_the_listing_and_leaves_the_pages(website: Website, store: FakeStore) -> None:
    assert collect(web(website), Bucket(store, "raw")) == 12
    items = store.items("items/run-1.jsonl")
    assert {item["sku"]: (item["name"], item["price"]) for item in items} == {
        sku: (name, price) for sku, (name, price, _) in BIKES.items()
    }
    pages = json.loads(store.objects["raw", "pages/latest.json"])
    assert pages == [item["url"] for item in items]
    assert pages[2] == f"{website.address}/bikes/kestrel-folding-bike.html"


def test_collect_follows_the_listing_in_order_and_asks_a_busy_page_again(website: Website, store: FakeStore) -> None:
    collect(web(website), Bucket(store, "raw"))
    page = "/catalogue/page-{}.html".format
    assert website.requests == ["/robots.txt", "/", page(1), page(2), page(2), page(3)]


def test_details_reads_every_page_once_between_three_children(website: Website, store: FakeStore) -> None:
    bucket = Bucket(store, "raw")
    collect(web(website), bucket)
    website.requests.clear()
    for index in range(3):
        assert details(web(website, "run-2", index, 3), bucket) == 4
    parts = [store.items(f"items/run-2-{index}.jsonl") for index in range(3)]
    assert [part[0]["sku"] for part in parts] == ["B-101", "B-102", "B-103"]
    every = {item["sku"]: (item["name"], item["price"], item["condition"]) for part in parts for item in part}
    assert every == BIKES
    assert parts[2][0]["description"] == "Folds in fifteen seconds. Fits under a train seat."
    asked = [path for path in website.requests if path != "/robots.txt"]
    assert len(asked) == len(set(asked)) == 12


def test_what_robots_txt_forbids_is_never_requested(website: Website, store: FakeStore) -> None:
    bucket = Bucket(store, "raw")
    collect(web(website), bucket)
    details(web(website, "run-2"), bucket)
    with pytest.raises(PermissionError, match="not ours to read"):
        web(website).get(f"{website.address}/staff/rota.html")
    assert not [path for path in website.requests if path.startswith("/staff")]
    assert "B-900" not in {item["sku"] for item in store.items("items/run-1.jsonl")}


def test_a_listing_that_leads_back_to_itself_ends(tmp_path: Path, store: FakeStore) -> None:
    (tmp_path / "index.html").write_text(
        '<li itemscope><a itemprop="url" href="/a">x</a><b itemprop="sku">1</b><b itemprop="name">A</b>'
        '<b itemprop="price">2.5</b></li><a rel="next" href="/">again</a>'
    )
    with serving(tmp_path) as website:
        assert collect(web(website), Bucket(store, "raw")) == 1
        assert website.requests == ["/robots.txt", "/"]


def test_what_was_sold_since_it_was_listed_is_left_out(website: Website, store: FakeStore) -> None:
    bucket = Bucket(store, "raw")
    bucket.write_pages([f"{website.address}/bikes/sold.html", f"{website.address}/bikes/dray-tandem.html"])
    assert details(web(website, "run-2"), bucket) == 1
    assert [item["sku"] for item in store.items("items/run-2.jsonl")] == ["B-111"]


def test_a_second_attempt_writes_the_same_object(website: Website, store: FakeStore) -> None:
    collect(web(website), Bucket(store, "raw"))
    before = dict(store.objects)
    collect(web(website), Bucket(store, "raw"))
    assert store.objects == before


def test_an_empty_or_changed_site_is_an_error(tmp_path: Path, store: FakeStore) -> None:
    with serving(tmp_path) as website:
        (tmp_path / "index.html").write_text("<p>under construction</p>")
        with pytest.raises(ValueError, match="no items in the listing"):
            collect(web(website), Bucket(store, "raw"))
        (tmp_path / "index.html").write_text('<li itemscope><a itemprop="url" href="/a">A</a></li>')
        with pytest.raises(ValueError, match="an item without sku and name and price"):
            collect(web(website), Bucket(store, "raw"))
    assert store.objects == {}


def test_details_before_collect_says_what_to_run(website: Website, store: FakeStore) -> None:
    with pytest.raises(ValueError, match="Has collect run"):
        details(web(website), Bucket(store, "raw"))


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"SITE": "http://x"}, "not set: BUCKET"),
        ({"BUCKET": "raw", "SITE": ""}, "not set: SITE"),
        ({"BUCKET": "raw", "SITE": "file:///etc"}, "has an http or https address"),
    ],
)
def test_a_wrong_environment_is_told(environ: dict[str, str], said: str, store: FakeStore) -> None:
    with pytest.raises(ValueError, match=said):
        work(collect, environ, store, Run())


def test_microdata_is_read_as_text() -> None:
    text = (
        '<a rel="next" href="p2"></a><div itemscope><b itemprop="name"> A &amp;\n <i>B</i> </b>'
        '<data itemprop="price" value="1.50">€ 1,50</data> outside</div><div itemscope></div>'
    )
    page = Page("http://x/p1", text)
    assert read_items(page) == [{"name": "A & B", "price": "1.50"}, {}]
    assert next_pages(page) == ["http://x/p2"]
