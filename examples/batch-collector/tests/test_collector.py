"""The batch collector against its own site, served on loopback; AWS's clients are stand-ins that note requests."""

# ruff: noqa: N803 - boto3 names its arguments so

from __future__ import annotations

import datetime as dt
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from collector.database import AUTHORITIES, Cars
from collector.init import init
from collector.results import read_results
from collector.scrape import Outlets, Places, scrape
from collector.settings import Search, read_search
from scraper_base import Run, Web
from serve_site import Website, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = Path(__file__).parent.parent / "site"
QUEUE_URL = "https://sqs.us-east-2.amazonaws.com/123456789012/ev-sales-rows"

PRICES = {
    "48104": {
        "1N4AZ1CP8JC301201": 9450.0,
        "1G1FY6S07L4101302": 15990.0,
        "5YJ3E1EA7KF401403": 21400.0,
        "3FMTK3SU5MMA01504": 26995.0,
        "KM8K33AG0LU001605": 17250.0,
        "WVGTMPE25MP001706": 23800.0,
        "KNDCC3LG7K5001807": 16120.0,
        "WBY1Z4C50EV001908": 8900.0,
    },
    "48201": {
        "1FTVW1EL8NWG02001": 48750.0,
        "1G1FZ6S05N4102102": 21300.0,
        "1GYKPPRL6PZ002203": 44900.0,
        "7SAYGDEE1NF402304": 35450.0,
        "LPSED3KA8NL002405": 28995.0,
    },
    "49855": {"JF1ZDBA10P9003001": 31900.0, "1N4BZ1DV0LC303102": 14200.0},
}


class FakeAws:
    """S3, SQS and Batch in one: objects, messages and submitted jobs are kept."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.messages: list[list[dict[str, Any]]] = []
        self.submitted: list[dict[str, Any]] = []
        self.jobs: list[dict[str, str]] = []
        self.table: dict[tuple[str, str, str], dict[str, Any]] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:
        assert (Bucket, bool(ContentType)) == ("raw", True)
        self.objects[Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        assert Bucket == "raw"
        return {"Body": io.BytesIO(self.objects[Key])}

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:
        assert QueueUrl == QUEUE_URL
        self.messages.append(json.loads(MessageBody))

    def submit_job(self, **request: Any) -> dict[str, str]:
        self.submitted.append(request)
        return {"jobId": f"job-{len(self.submitted)}"}

    def list_jobs(self, *, jobQueue: str, filters: list[dict[str, Any]]) -> dict[str, Any]:
        assert jobQueue == "ev-sales-default"
        (wanted,) = filters
        assert wanted["name"] == "JOB_NAME"
        return {"jobSummaryList": [job for job in self.jobs if job["jobName"] in wanted["values"]]}

    def write(self, rows: list[dict[str, Any]]) -> None:
        """What the database would hold: a row for each key."""
        self.table |= {(row["vin"], row["zip"], row["date"]): row for row in rows}

    def outlets(self) -> Outlets:
        return Outlets(self, self, self)  # type: ignore[arg-type]  # in place of the table too

    def rows(self) -> list[dict[str, Any]]:
        keys = sorted(key for key in self.objects if key.startswith("rows/"))
        return [json.loads(line) for key in keys for line in self.objects[key].decode().splitlines()]


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture
def website() -> Iterator[Website]:
    with serving(SITE, flaky=["/search/48104/25/page-2.html"]) as website:
        yield website


@pytest.fixture
def search(website: Website) -> Search:
    return Search(
        zip="48104",
        radius="25",
        date="2026-11-20",
        site=website.address,
        bucket="raw",
        queue="ev-sales-default",
        share="medium",
        definition="ev-sales-scrape",
        most_children=20,
    )


def web_of(website: Website, run: str, index: int = 0, size: int = 1) -> Web:
    child = Run(run, index, size, in_array=size > 1)
    return Web(website.address, run=child, backoff=0, sleep=lambda _: None)


def run_init(search: Search, website: Website, aws: FakeAws) -> str | None:
    return init(search, web_of(website, "run-1"), aws, aws)


def run_children(website: Website, aws: FakeAws) -> list[int]:
    """Run what was submitted last, as Batch would."""
    request = aws.submitted[-1]
    (work,) = request["containerOverrides"]["environment"]
    size = request.get("arrayProperties", {}).get("size", 1)
    places = Places("raw", work["value"], QUEUE_URL)
    return [scrape(places, web_of(website, "run-2", i, size), aws.outlets()) for i in range(size)]


@pytest.mark.parametrize(
    ("zip_code", "radius", "by_child"), [("48104", "25", [3, 3, 2]), ("48201", "25", [3, 2]), ("49855", "50", [2])]
)
def test_every_car_reaches_bucket_queue_and_table_once(
    zip_code: str, radius: str, by_child: list[int], *, search: Search, website: Website, aws: FakeAws
) -> None:
    assert run_init(replace(search, zip=zip_code, radius=radius), website, aws) == "job-1"
    assert run_children(website, aws) == by_child
    assert {row["vin"]: row["price"] for row in aws.rows()} == PRICES[zip_code]
    assert [row for message in aws.messages for row in message] == aws.rows()
    assert list(aws.table.values()) == aws.rows()
    assert [len(message) for message in aws.messages] == by_child


def test_the_array_job_is_submitted_as_the_spec_says(search: Search, website: Website, aws: FakeAws) -> None:
    run_init(search, website, aws)
    assert aws.submitted == [
        {
            "jobName": "ev-sales-scrape-48104-2026-11-20",
            "jobQueue": "ev-sales-default",
            "jobDefinition": "ev-sales-scrape",
            "shareIdentifier": "medium",
            "arrayProperties": {"size": 3},
            "containerOverrides": {"environment": [{"name": "WORK", "value": "pages/run-1.json"}]},
        }
    ]
    assert re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]{0,127}", aws.submitted[0]["jobName"])
    assert json.loads(aws.objects["pages/run-1.json"])["pages"] == [
        f"{website.address}/search/48104/25/page-{number}.html" for number in (1, 2, 3)
    ]


def test_one_page_is_submitted_without_an_array(search: Search, website: Website, aws: FakeAws) -> None:
    run_init(replace(search, zip="49855", radius="50"), website, aws)
    assert "arrayProperties" not in aws.submitted[0]


def test_no_cars_is_no_job_and_no_error(search: Search, website: Website, aws: FakeAws) -> None:
    assert run_init(replace(search, zip="49931", radius="50"), website, aws) is None
    assert (aws.submitted, aws.objects) == ([], {})


def test_many_pages_are_shared_between_few_children(search: Search, website: Website, aws: FakeAws) -> None:
    run_init(replace(search, most_children=2), website, aws)
    assert aws.submitted[0]["arrayProperties"] == {"size": 2}
    assert run_children(website, aws) == [5, 3]
    assert {row["vin"]: row["price"] for row in aws.rows()} == PRICES["48104"]


@pytest.mark.parametrize(
    ("status", "again"),
    [("SUBMITTED", False), ("RUNNABLE", False), ("RUNNING", False), ("SUCCEEDED", True), ("FAILED", True)],
)
def test_a_search_that_is_under_way_is_not_submitted_again(
    status: str, *, again: bool, search: Search, website: Website, aws: FakeAws
) -> None:
    run_init(search, website, aws)
    aws.jobs = [{"jobName": aws.submitted[0]["jobName"], "status": status}]
    assert (run_init(search, website, aws) is not None) == again
    assert len(aws.submitted) == 1 + again


def test_a_second_attempt_of_a_child_overwrites_its_rows(search: Search, website: Website, aws: FakeAws) -> None:
    run_init(search, website, aws)
    run_children(website, aws)
    before = dict(aws.objects)
    run_children(website, aws)
    assert aws.objects == before


def test_rows_say_what_the_page_says(search: Search, website: Website, aws: FakeAws) -> None:
    run_init(replace(search, zip="49855", radius="50"), website, aws)
    run_children(website, aws)
    assert list(aws.objects) == ["pages/run-1.json", "rows/49855/2026-11-20/page-0001.jsonl"]
    assert aws.rows()[0] == {
        "vin": "JF1ZDBA10P9003001",
        "name": "Subaru Solterra Limited",
        "year": 2023,
        "miles": 9400,
        "price": 31900.0,
        "url": f"{website.address}/cars/JF1ZDBA10P9003001.html",
        "zip": "49855",
        "date": "2026-11-20",
    }


def test_a_page_that_has_gone_leaves_no_rows_and_no_error(website: Website, aws: FakeAws) -> None:
    order = {"zip": "48201", "date": "2026-11-20", "pages": [f"{website.address}/search/48201/25/page-9.html"]}
    aws.objects["pages/w.json"] = json.dumps(order).encode()
    assert scrape(Places("raw", "pages/w.json", QUEUE_URL), web_of(website, "r"), aws.outlets()) == 0
    assert (aws.objects["rows/48201/2026-11-20/page-0001.jsonl"], aws.messages) == (b"", [])


def test_many_rows_go_in_several_messages(tmp_path: Path, search: Search, aws: FakeAws) -> None:
    _, (car, *_) = read_results("x", (SITE / "search/49855/50/page-1.html").read_text())
    linked = {
        "vehicleIdentificationNumber": car["vin"],
        "name": car["name"],
        "vehicleModelDate": car["year"],
        "mileageFromOdometer": {"value": car["miles"]},
        "offers": {"price": car["price"]},
        "url": car["url"],
    }
    everything = json.dumps({"numberOfItems": 250, "itemListElement": [linked] * 250})
    (tmp_path / "search/48104/25").mkdir(parents=True)
    html = f'<script type="application/ld+json">{everything}</script>'
    (tmp_path / "search/48104/25/page-1.html").write_text(html)
    with serving(tmp_path) as website:
        run_init(replace(search, site=website.address), website, aws)
        assert run_children(website, aws) == [250]
    assert [len(message) for message in aws.messages] == [100, 100, 50]


def test_a_busy_page_is_asked_for_again(website: Website) -> None:
    page = "/search/48104/25/page-2.html"
    total, cars = read_results(page, web_of(website, "r").get(website.address + page).text)
    assert (total, len(cars)) == (8, 3)
    assert website.requests == ["/robots.txt", page, page]


def test_what_robots_txt_forbids_is_never_requested(search: Search, website: Website, aws: FakeAws) -> None:
    run_init(search, website, aws)
    run_children(website, aws)
    with pytest.raises(PermissionError):
        web_of(website, "r").get(f"{website.address}/dealers/login.html")
    assert not [path for path in website.requests if path.startswith("/dealers")]


@pytest.mark.parametrize(
    "html",
    [
        "<p>soon</p>",
        '<script type="application/ld+json">{"numberOfItems": 3}</script>',
        '<script type="application/ld+json">[]</script>',
        '<script type="application/ld+json">{"numberOfItems": 1, "itemListElement": [{"name": "A"}]}</script>',
    ],
)
def test_a_page_without_results_is_an_error_that_names_it(html: str) -> None:
    with pytest.raises(ValueError, match=r"^http://x/1: not a page of results"):
        read_results("http://x/1", html)


def test_cars_without_a_first_page_are_an_error(tmp_path: Path, search: Search, aws: FakeAws) -> None:
    (tmp_path / "search/48104/25").mkdir(parents=True)
    html = '<script type="application/ld+json">{"numberOfItems": 4, "itemListElement": []}</script>'
    (tmp_path / "search/48104/25/page-1.html").write_text(html)
    with serving(tmp_path) as website, pytest.raises(ValueError, match="4 cars, but none on the first page"):
        run_init(replace(search, site=website.address), website, aws)
    assert aws.submitted == []


DAY = dt.date(2026, 11, 20)
ENVIRON = {
    "ZIP": "48104",
    "RADIUS": "25",
    "SITE": "http://x",
    "BUCKET": "raw",
    "SCRAPE_QUEUE": "q",
    "SCRAPE_SHARE": "low",
    "SCRAPE_JOB": "j",
    "MOST_CHILDREN": "20",
}


def test_settings_are_read_from_the_environment() -> None:
    assert read_search(ENVIRON, DAY) == Search("48104", "25", "2026-11-20", "http://x", "raw", "q", "low", "j", 20)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ZIP": "4810"}, "ZIP must be five digits"),
        ({"ZIP": "../.."}, "ZIP must be five digits"),
        ({"RADIUS": "far"}, "RADIUS must be miles"),
        ({"SITE": "", "BUCKET": ""}, "not set: SITE, BUCKET"),
    ],
)
def test_wrong_settings_are_told(change: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_search({**ENVIRON, **change}, DAY)


@pytest.mark.parametrize("host", ["results.c1.us-east-2.rds.amazonaws.com", "127.0.0.1"])
def test_no_other_server_is_taken_for_the_database(monkeypatch, host):
    asked: dict[str, Any] = {}
    monkeypatch.setattr("psycopg.connect", lambda **told: asked.update(told))
    monkeypatch.setenv("PGHOST", host)
    Cars.connect()
    verified = {"sslmode": "verify-full", "sslrootcert": str(AUTHORITIES)} if host.startswith("results") else {}
    assert asked == {"connect_timeout": 10} | verified
    assert AUTHORITIES.read_bytes() == (SITE.parents[2] / "containers/loader/loader/rds-ca.pem").read_bytes()
