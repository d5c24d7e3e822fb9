"""The calendar scraper by itself: its tables from the shipped site, and a history that nothing makes it lose."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from calendar_scraper.run import scrape
from calendar_scraper.tables import ORGANISERS, VENUES, merge_history
from serve_site import serving

SITE = Path(__file__).parents[1] / "site"
MONDAY, TUESDAY = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC)


class Store:
    """S3 as far as the scraper knows it, conditions of puts included; `meanwhile` happens before a put, once."""

    class exceptions:  # noqa: N801 - boto3's spelling
        ClientError = ClientError

    def __init__(self):
        self.objects, self.meanwhile, self.puts = {}, None, []

    def get_object(self, *, Bucket, Key):  # noqa: N803, ARG002 - boto3's spelling
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": ""}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key]), "ETag": str(hash(self.objects[Key]))}

    def put_object(self, *, Bucket, Key, Body, ContentType, IfMatch=None, IfNoneMatch=None):  # noqa: N803, ARG002
        self.puts.append((Key, IfMatch, IfNoneMatch))
        if self.meanwhile:
            other, self.meanwhile = self.meanwhile, None
            other()
        stands = self.objects.get(Key)
        changed = IfMatch is not None and IfMatch != str(hash(stands))
        if changed or (IfNoneMatch and stands is not None):
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": ""}}, "PutObject")
        self.objects[Key] = Body

    def rows(self, key):
        return list(csv.DictReader(io.StringIO(self.objects[key].decode(), newline="")))


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def environ():
    with serving(SITE) as website:
        yield {"SITE": website.address, "BUCKET": "b", "NPS_KEY": "k"}


def test_the_site_becomes_three_tables(environ, store):
    assert scrape(environ, store, MONDAY) == 0
    assert sorted(store.objects) == [
        "calendars/events/2026-12-01.csv",
        "calendars/organisers.csv",
        "calendars/venues.csv",
    ]
    events = store.rows("calendars/events/2026-12-01.csv")
    assert [(event["source"], event["name"]) for event in events] == [
        ("parks", "Bird walk at dawn"),
        ("parks", "Night sky"),
        ("parks", "Tracks in the snow"),
        ("gardens", "Mosses, “small” and green"),
        ("gardens", "Winter pruning"),
    ]
    assert [row["organiser"] for row in store.rows(ORGANISERS.key)] == [
        "Botanical Society",
        "Friends of the River",
        "Rangers' Office",
    ]


def test_a_source_that_fails_fails_the_run_and_not_the_others(tmp_path, store):
    import shutil  # noqa: PLC0415 - only this needs it

    shutil.copytree(SITE, tmp_path / "site")
    (tmp_path / "site" / "gardens" / "page-1.html").write_text("<p>Moved.</p>")
    with serving(tmp_path / "site") as website:
        assert scrape({"SITE": website.address, "BUCKET": "b", "NPS_KEY": "k"}, store, MONDAY) == 1
    assert {event["source"] for event in store.rows("calendars/events/2026-12-01.csv")} == {"parks"}


def test_who_is_gone_from_the_site_stays_in_the_history(store):
    merge_history(store, "b", VENUES, [{"venue": "Old Mill", "address": "Mill Road"}], MONDAY)
    merge_history(store, "b", VENUES, [{"venue": "Hill Top", "address": ""}], TUESDAY)
    merge_history(store, "b", VENUES, [{"venue": "Old Mill", "address": ""}], TUESDAY)
    assert store.rows(VENUES.key) == [
        {"venue": "Hill Top", "address": "", "first_seen": "2026-12-02", "last_seen": "2026-12-02"},
        {"venue": "Old Mill", "address": "Mill Road", "first_seen": "2026-12-01", "last_seen": "2026-12-02"},
    ]


def test_two_runs_at_once_both_leave_what_they_found(store):
    def other():
        merge_history(store, "b", VENUES, [{"venue": "Hill Top", "address": ""}], MONDAY)

    store.meanwhile = other
    merge_history(store, "b", VENUES, [{"venue": "Old Mill", "address": ""}], MONDAY)
    assert [row["venue"] for row in store.rows(VENUES.key)] == ["Hill Top", "Old Mill"]
    assert [condition for _, *condition in store.puts] == [[None, "*"], [None, "*"], [store.puts[2][1], None]]
