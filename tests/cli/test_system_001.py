"""System 001, `examples/calendar-scraper`: one scraper as job, function and host, moved by one line of its spec."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import signal
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.cli.uploads import ROOT, Account, await_, copy_example, mails

sys.path.insert(0, str(ROOT / "examples"))

from serve_site import serving

EXAMPLE = ROOT / "examples" / "calendar-scraper"
REGION = "us-east-1"
KEY = "k3y-of-the-parks"

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def example(tmp_path, monkeypatch, scrapectl):
    """The example with a site of its own, which a test may change; it goes in the end."""
    spec = copy_example("calendar-scraper", tmp_path / "example", "calendars", "calendars")
    monkeypatch.chdir(spec.parent)
    monkeypatch.setenv("NPS_KEY", KEY)
    with serving(spec.parent / "site") as website:
        spec.write_text(spec.read_text().replace("https://example.com/", website.address))
        yield spec
    destroyed = scrapectl("destroy", "--yes", "--delete-data")
    assert destroyed.code == 0, destroyed.err


def move(spec, section):
    """Change the one line that says where the scraper runs."""
    lines = [
        f"{section}:" if line in {"jobs:", "functions:", "hosts:"} else line for line in spec.read_text().split("\n")
    ]
    spec.write_text("\n".join(lines))


def applied(scrapectl):
    answer = scrapectl("apply", "--yes", "--output", "json")
    assert answer.code == 0, answer.err
    assert scrapectl("plan", "--detailed-exitcode").code == 0
    return answer.json["outputs"]["bucket"]


def rows(account, bucket, key):
    body = account.s3.get_object(Bucket=bucket, Key=f"calendars/{key}")["Body"].read().decode()
    return list(csv.DictReader(io.StringIO(body, newline="")))


def test_one_scraper_in_three_places_keeps_one_history(example, scrapectl):
    """The bucket stays where it is while the scraper moves: each place adds to what the last has found."""
    bucket, venues = "", set()
    for number, section in enumerate(("jobs", "functions", "hosts")):
        move(example, section)
        bucket = applied(scrapectl)
        account = Account(scrapectl, REGION)
        page = (EXAMPLE / "site" / "gardens" / "page-1.html").read_text()
        (example.parent / "site" / "gardens" / "page-1.html").write_text(page.replace("Orchard", f"Orchard {number}"))
        ran = scrapectl("run", "calendar", "--follow")
        assert ran.code == 0, ran.err
        assert "done: 5 events of 2 sources" in ran.out
        assert KEY not in ran.out + ran.err
        venues |= {"Great Meadow", "Hill Top", "Glass House", f"Orchard {number}"}
        assert {row["venue"] for row in rows(account, bucket, "venues.csv")} == venues
        status = scrapectl("status", "calendar", "--output", "json").json
        assert [(run["name"], run["state"]) for run in status["runs"]][:1] == [("calendar", "SUCCEEDED")]
        assert [one["job"] for one in status["schedules"]] == ["calendar"]
    versions = account.s3.list_object_versions(Bucket=bucket, Prefix="calendars/venues.csv")
    assert len(versions["Versions"]) == 3
    assert "DeleteMarkers" not in versions
    the_last_one_is_a_host_that_fails_and_says_so(example, scrapectl, account)
    one_that_dies_is_told_and_makes_room(scrapectl, account)
    one_that_aws_cannot_start_is_told_and_in_status(scrapectl, account)
    the_newest_table_is_shared(scrapectl)


def the_last_one_is_a_host_that_fails_and_says_so(example, scrapectl, account):
    before = len(mails(scrapectl))
    (example.parent / "site" / "gardens" / "page-1.html").write_text("<p>Moved.</p>")
    ran = scrapectl("run", "calendar", "--wait", "--output", "json")
    assert (ran.code, ran.json["state"], ran.json["exit_code"]) == (1, "FAILED", 1)
    log = scrapectl("logs", ran.json["run"]).out
    assert "gardens: failed: no events on its pages" in log
    assert log.splitlines()[-1].endswith("scrapectl: exit 1")
    (mail,) = await_(lambda: mails(scrapectl)[before:])
    assert mail["subject"] == "calendars: calendar failed (exit 1)"
    assert f"scrapectl logs {ran.json['run']} --pipeline calendars --region {REGION}" in mail["text"]
    groups = account.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    (group,) = [one for one in groups if one["AutoScalingGroupName"] == "calendars-calendar"]
    assert (group["DesiredCapacity"], group["Instances"]) == (0, [])


def one_that_dies_is_told_and_makes_room(scrapectl, account):
    """Its hardware fails before it has said a word."""
    before, scaling = len(mails(scrapectl)), account.client("autoscaling")
    scaling.set_desired_capacity(AutoScalingGroupName="calendars-calendar", DesiredCapacity=1)
    (one,) = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
    await_(lambda: killed(one["InstanceId"]))
    (mail,) = await_(lambda: mails(scrapectl)[before:])
    assert mail["subject"] == "calendars: calendar failed (lost)"
    assert f"Run:       {one['InstanceId']}" in mail["text"]
    await_(lambda: not scaling.describe_auto_scaling_instances()["AutoScalingInstances"])
    (group,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["calendars-calendar"])["AutoScalingGroups"]
    assert group["DesiredCapacity"] == 0


def killed(instance):
    """Kill what an instance runs; whether there was anything."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # of others, or gone
            if f"SCRAPECTL_INSTANCE_ID={instance}\0".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
                os.kill(found[-1], signal.SIGKILL)
    return found


def one_that_aws_cannot_start_is_told_and_in_status(scrapectl, account):
    before, (ec2, scaling) = len(mails(scrapectl)), (account.client(one) for one in ("ec2", "autoscaling"))
    template = {"LaunchTemplateName": "calendars-calendar"}
    ec2.create_launch_template_version(**template, LaunchTemplateData={"InstanceType": "t3.nano"})
    (made,) = ec2.describe_launch_template_versions(**template, Versions=["$Latest"])["LaunchTemplateVersions"]
    ec2.modify_launch_template(**template, DefaultVersion=str(made["VersionNumber"]))
    scaling.set_desired_capacity(AutoScalingGroupName="calendars-calendar", DesiredCapacity=1)
    (mail,) = await_(lambda: mails(scrapectl)[before:])
    assert mail["subject"] == "calendars: calendar was not started"
    assert "names no image" in mail["text"]
    (run, *_) = scrapectl("status", "calendar", "--output", "json").json["runs"]
    assert (run["name"], run["state"], run["exit_code"]) == ("calendar", "FAILED", None)
    assert "got no instance" in run["reason"]
    scaling.set_desired_capacity(AutoScalingGroupName="calendars-calendar", DesiredCapacity=0)


def the_newest_table_is_shared(scrapectl):
    shared = scrapectl("share", "results/calendars/", "--expires", "1h", "--output", "json").json
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(shared["url"], timeout=60) as answer:
        assert answer.read().startswith(b"venue,address,first_seen,last_seen\n")
