"""`drift`: what somebody changed in AWS, told from what was edited in the spec."""

from __future__ import annotations

import boto3
import pytest

from scrapectl.local import client

SPEC = """
    version: 1
    pipeline: {name}
    region: us-east-1
    secrets: {{token: {{from_env: DRIFT_TOKEN}}}}
    buckets: {{raw: {{}}}}
    jobs:
      collect:
        image: python:3
        memory: 512
        vcpus: 0.25
        secrets: {{TOKEN: token}}
        schedules: {{morning: {{cron: "0 6 * * ? *"}}}}
"""


@pytest.fixture(scope="session")
def drift_names():
    return iter(f"drift{number}" for number in range(1000))


@pytest.fixture
def shop(cloud, spec, drift_names, scrapectl, monkeypatch):
    name = next(drift_names)
    monkeypatch.setenv("DRIFT_TOKEN", "t0ken")
    spec(SPEC.format(name=name))
    applied = scrapectl("apply", "--yes")
    assert applied.code == 0, applied
    monkeypatch.delenv("DRIFT_TOKEN")
    return name


@pytest.fixture
def aws(shop):
    """Make a client as somebody else in the account would."""
    endpoint = client.ensure_running(lambda: None)
    keys = {"aws_access_key_id": endpoint.access_key, "aws_secret_access_key": endpoint.secret_key}
    return lambda service: boto3.client(service, region_name="us-east-1", endpoint_url=endpoint.url, **keys)


def drifted(answer):
    return [(each["what"], each["address"], [f["name"] for f in each["fields"]]) for each in answer.json["drift"]]


def turn_off(aws, group, name="collect_morning"):
    scheduler = aws("scheduler")
    found = scheduler.get_schedule(GroupName=group, Name=name)
    names = ("GroupName", "Name", "Description", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{name: found[name] for name in names}, State="DISABLED")


@pytest.mark.usefixtures("shop")
def test_without_drift(scrapectl):
    answer = scrapectl("drift", "--detailed-exitcode")
    assert answer.code == 0
    assert answer.out.startswith("No drift: ")
    document = scrapectl("drift", "--output", "json").json
    assert (document["drift"], document["undecided"], document["edits"], document["spec_applied"]) == ([], [], 0, True)


def test_what_another_hand_changed_took_away_or_added(shop, aws, scrapectl):
    turn_off(aws, shop)
    aws("logs").delete_log_group(logGroupName=f"/scrapectl/{shop}")
    tags = {"scrapectl:pipeline": shop, "scrapectl:address": f"sqs_queue.{shop}-theirs"}
    aws("sqs").create_queue(QueueName=f"{shop}-theirs", tags=tags)
    answer = scrapectl("drift", "--output", "json", "--detailed-exitcode")
    assert answer.code == 2
    assert sorted((what, address) for what, address, _ in drifted(answer)) == [
        ("changed", f"schedule.{shop}-collect_morning"),
        ("extra", f"sqs_queue.{shop}-theirs"),
        ("missing", f"log_group.{shop}"),
    ]
    text = scrapectl("drift")
    assert text.code == 0
    assert f" missing log_group.{shop}  (" in text.out
    assert '        state: "DISABLED" → "ENABLED"\n' in text.out
    assert "Drift: 1 changed, 1 missing, 1 extra. apply brings back what the spec says.\n" in text.out
    assert scrapectl("apply", "--yes").code == 0
    assert scrapectl("drift", "--detailed-exitcode").code == 0


def test_an_edit_is_no_drift_and_what_nobody_can_tell_is_said(shop, aws, scrapectl, tmp_path):
    path = tmp_path / "pipeline.yaml"
    written = path.read_text()
    path.write_text(written.replace("memory: 512", "memory: 1024").replace("{raw: {}}", "{raw: {}, new: {}}"))
    turn_off(aws, shop)
    answer = scrapectl("drift", "--output", "json", "--detailed-exitcode")
    assert answer.code == 2
    assert drifted(answer) == [("changed", f"schedule.{shop}-collect_morning", ["state"])]
    assert [each["address"] for each in answer.json["undecided"]] == [f"s3_bucket.{shop}-new"]
    assert (answer.json["spec_applied"], answer.json["edits"]) == (False, 1)
    text = scrapectl("drift").out
    assert f"Cannot tell: s3_bucket.{shop}-new is not there: new in the spec, or deleted in AWS.\n" in text
    assert "1 change of the spec not applied yet: see plan." in text
    path.write_text(written)
    assert scrapectl("drift", "--output", "json").json["spec_applied"] is True


def test_a_missing_secret_needs_no_value_to_be_told(shop, aws, scrapectl):
    (secret,) = aws("secretsmanager").list_secrets(Filters=[{"Key": "name", "Values": [shop]}])["SecretList"]
    aws("secretsmanager").delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
    assert scrapectl("plan").code == 4
    answer = scrapectl("drift", "--output", "json")
    assert drifted(answer)[0][:2] == ("missing", f"secret.{shop}-token")


def test_after_an_apply_in_part_nothing_is_sure(shop, aws, scrapectl, tmp_path):
    path = tmp_path / "pipeline.yaml"
    path.write_text(path.read_text().replace("memory: 512", "memory: 1024"))
    assert scrapectl("apply", "--yes", "--only", "buckets.raw").code == 0
    assert scrapectl("apply", "--yes", "--only", "jobs.collect").code == 0
    assert scrapectl("drift", "--output", "json").json["spec_applied"] is False
    turn_off(aws, shop)
    assert scrapectl("drift", "--detailed-exitcode").code == 2
    assert scrapectl("apply", "--yes").code == 0
    assert scrapectl("drift", "--output", "json").json["spec_applied"] is True
