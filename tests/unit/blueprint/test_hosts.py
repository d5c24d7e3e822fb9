"""What a host becomes: a group that wants nothing by itself, a template without a secret, a role for its own things."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile

from scrapectl.engine.values import Ref, refs
from scrapectl.kinds.autoscaling_pause import ScheduledAction
from scrapectl.kinds.user_data import packed, unpacked
from scrapectl.spec.checks.hosts import USER_DATA_BYTES
from tests.unit.blueprint.world import resources, spec_of, wanted

FILES = {"start.py": "#!/usr/bin/python3\n", "main.py": "pass\n"}
HOST = """
buckets: {raw: {encryption: "kms:arn:aws:kms:us-east-1:123456789012:key/k"}}
secrets: {nps-key: {from_env: NPS_KEY}}
topics: {news: {email: [team@example.org]}}
images: {scraper: {build: ./scraper, platform: ARM64}}
hosts:
  ingester:
    instance_type: t4g.nano
    script: [python3 get.py]
    upload: {/opt/data/: raw/calendars/}
    environment: {ZIP: 02134}
    secrets: {NPS_KEY: nps-key}
    on_failure: news
    disk: 20
    schedules:
      weekly: {cron: "0 5 ? * TUE *", stop: "20 5 ? * TUE *", timezone: America/New_York}
      never: {cron: "0 5 ? * WED *", enabled: false}
"""
ARN = "arn:aws:{}:us-east-1:123456789012:{}".format


def one(kind: str, text: str = HOST):
    (found,) = resources(spec_of(text), kind, host_files=FILES).values()
    return found


def statements(text: str = HOST) -> dict[str, list[str]]:
    roles = resources(spec_of(text), "iam_role", host_files=FILES)
    (document,) = [role.policy.document for address, role in roles.items() if address.endswith("host-ingester")]
    return {action: one["Resource"] for one in document["Statement"] for action in one["Action"]}


def test_a_group_starts_by_its_actions_and_wants_none_by_itself():
    group = one("autoscaling_group")
    assert (group.name, group.smallest, group.largest) == ("shop-ingester", 0, 1)
    assert group.suspended == {"ReplaceUnhealthy", "HealthCheck", "AZRebalance"}
    assert group.actions == {
        ScheduledAction("weekly", "0 5 * * 2", "America/New_York", 1),
        ScheduledAction("weekly_stop", "20 5 * * 2", "America/New_York", 0),
    }
    assert group.template == Ref("ec2_launch_template.shop-ingester", "id")


def test_a_template_holds_no_secret_and_its_instances_are_closed():
    template = one("ec2_launch_template")
    assert (template.tokens, template.hop_limit, template.at_shutdown) == ("required", 1, "terminate")
    assert (template.instance_type, template.root_gib, template.encrypted) == ("t4g.nano", 20, True)
    assert template.image.endswith("/al2023-ami-kernel-default-arm64")
    assert template.runs["secrets"] == {"NPS_KEY": {"arn": Ref("secret.shop-nps-key", "arn"), "key": ""}}
    assert template.runs["upload"][0]["folder"] == "/opt/data"
    assert template.runs["topic"] == ARN("sns", "shop-news")
    assert {ref.address for ref in refs(template.runs)} == {
        "log_group.shop",
        "s3_bucket.shop-raw",
        "secret.shop-nps-key",
    }
    assert not one("security_group").ingress


def test_what_it_cannot_tell_by_itself_is_heard_and_told_to_its_topic():
    found = wanted(spec_of(HOST), host_files=FILES, notifier={"notifier.py": b"", "texts.py": b""})
    launches, lost = (found[f"events_rule.shop_{what}"].resource for what in ("failed-launches", "lost-hosts"))
    assert launches.pattern == {
        "source": ["aws.autoscaling"],
        "detail-type": ["EC2 Instance Launch Unsuccessful"],
        "detail": {"AutoScalingGroupName": ["shop-ingester"]},
    }
    assert lost.pattern == {
        "source": ["aws.ec2"],
        "detail-type": ["EC2 Instance State-change Notification"],
        "detail": {"state": ["stopped", "terminated"]},
    }
    with zipfile.ZipFile(io.BytesIO(found["lambda_function.shop_notifier"].resource.package)) as package:
        told = json.loads(package.read("routes.json"))
    assert told["hosts"] == {"shop-ingester": {"host": "ingester", "topic": ARN("sns", "shop-news")}}
    leave = found["iam_role.shop_notifier"].resource.policy.document["Statement"]
    arns = {action: one["Resource"] for one in leave for action in one["Action"]}
    assert arns["sns:Publish"] == [ARN("sns", "shop-news")]
    ended = ARN("autoscaling", "autoScalingGroup:*:autoScalingGroupName/shop-ingester")
    assert arns["autoscaling:TerminateInstanceInAutoScalingGroup"] == [ended]
    quiet = wanted(spec_of(HOST.replace("    on_failure: news\n", "")), host_files=FILES)
    assert not any(address.startswith("events_rule.") for address in quiet)


def test_a_role_may_do_what_the_host_does_and_no_more():
    bucket = "arn:aws:s3:::shop-raw-123456789012-us-east-1"
    assert statements() == {
        "logs:CreateLogStream": [ARN("logs", "log-group:/scrapectl/shop:log-stream:ingester/*")],
        "logs:PutLogEvents": [ARN("logs", "log-group:/scrapectl/shop:log-stream:ingester/*")],
        "autoscaling:TerminateInstanceInAutoScalingGroup": [
            ARN("autoscaling", "autoScalingGroup:*:autoScalingGroupName/shop-ingester")
        ],
        "s3:PutObject": [f"{bucket}/calendars/*"],
        "kms:Decrypt": ["arn:aws:kms:us-east-1:123456789012:key/k"],
        "kms:GenerateDataKey": ["arn:aws:kms:us-east-1:123456789012:key/k"],
        "secretsmanager:GetSecretValue": [ARN("secretsmanager", "secret:shop-nps-key-??????")],
        "sns:Publish": [ARN("sns", "shop-news")],
    }


def test_a_host_of_an_image_may_pull_it_and_logs_in():
    text = HOST.replace("script: [python3 get.py]", "image: scraper")
    assert one("ec2_launch_template", text).runs["registry"] == "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert statements(text)["ecr:BatchGetImage"] == [ARN("ecr", "repository/shop-scraper")]
    anybodys = HOST.replace("script: [python3 get.py]", "image: public.ecr.aws/x/y@sha256:1")
    assert one("ec2_launch_template", anybodys).runs["registry"] == ""
    assert "ecr:BatchGetImage" not in statements(anybodys)


def test_a_database_lets_its_hosts_in():
    text = (
        HOST
        + """    access: {connect: [results]}
databases: {results: {engine: postgres, version: "16", database: results}}
"""
    )
    found = wanted(spec_of(text), host_files=FILES)
    (rule,) = found["security_group.shop-results_database"].resource.ingress
    assert rule.source == Ref("security_group.shop_hosts", "id")


def test_user_data_is_read_back_as_it_was_written_and_fits():
    template = one("ec2_launch_template")
    runs = json.loads(json.dumps(dataclasses.replace(template, runs=None).runs or {"script": ["echo ü\n# x"]}))
    text = packed(template.program, runs)
    assert unpacked(text) == (template.program, runs)
    assert len(text) * 3 / 4 < USER_DATA_BYTES
    assert unpacked("IyEvYmluL3NoCg==")[1] == {}  # another hand's: a plain script
