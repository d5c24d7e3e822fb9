"""Hosts: what the spec says becomes the model, crons become those of Auto Scaling, and what AWS refuses is told."""

from __future__ import annotations

import pytest

from scrapectl.errors import SpecError
from scrapectl.spec import check_text
from scrapectl.spec.cron_fields import CronProblem
from scrapectl.spec.cron_unix import unix_cron
from scrapectl.spec.model import BucketPlace

HOST = """
pipeline: shop
buckets: {raw: {}}
topics: {news: {email: [team@example.org]}}
images: {scraper: {build: ./scraper}}
hosts:
  ingester:
"""


def host_of(lines: str):
    return check_text(HOST + lines).hosts["ingester"]


def problems_of(lines: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        check_text(HOST + lines)
    return [str(problem).removeprefix("pipeline.yaml:") for problem in caught.value.problems]


def test_a_host_of_a_script_says_everything_that_is_not_written():
    host = host_of("    script: [python3 scraper.py]\n    upload: {/opt/data: raw/out/}\n    on_failure: news\n")
    assert (host.instance_type, host.platform, host.disk, host.timeout) == ("t3.micro", "X86_64", 8, 3600)
    assert host.upload == {"/opt/data": BucketPlace("raw", "out/")}
    assert (host.script, host.on_failure) == (("python3 scraper.py",), "news")


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("instance_type: t4g.nano", ("t4g.nano", "ARM64")),
        ("platform: ARM64", ("t4g.micro", "ARM64")),
        ("instance_type: m7i.large", ("m7i.large", "X86_64")),
    ],
)
def test_instance_type_and_platform_tell_each_other(written, becomes):
    host = host_of(f"    script: [a]\n    {written}\n")
    assert (host.instance_type, host.platform) == becomes


@pytest.mark.parametrize(
    ("six", "five"),
    [
        ("0 5 ? * TUE *", "0 5 * * 2"),
        ("20 5 ? * TUE *", "20 5 * * 2"),
        ("0 18 1,15 * ? *", "0 18 1,15 * *"),
        ("*/15 * * * ? *", "*/15 * * * *"),
        ("5/20 8-17 ? * MON-FRI *", "5,25,45 8-17 * * 1-5"),
        ("0 0 ? * SUN,SAT *", "0 0 * * 0,6"),
        ("0 0 ? * FRI-MON *", "0 0 * * 0,1,5,6"),
        ("30 22-2 ? 11-2 7 *", "30 0-2,22,23 * 1,2,11,12 6"),
        ("0 0 ? * * *", "0 0 * * *"),
        ("0 0 ? * WED *", "0 0 * * 3"),
    ],
)
def test_six_fields_become_five(six, five):
    assert unix_cron(six) == five


@pytest.mark.parametrize(
    ("six", "what"),
    [
        ("0 5 L * ? *", '"L"'),
        ("0 5 LW * ? *", '"LW"'),
        ("0 5 15W * ? *", '"15W"'),
        ("0 5 ? * MON#1 *", '"MON#1"'),
        ("0 5 ? * FRIL *", '"FRIL"'),
        ("0 5 ? * WEDL *", '"WEDL"'),
        ("0 5 ? * TUE 2027", '"2027"'),
    ],
)
def test_what_unix_cron_has_no_words_for_is_refused(six, what):
    with pytest.raises(CronProblem, match=what):
        unix_cron(six)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("    setup: [a]", "7:3: hosts.ingester: script or image is missing."),
        ("    script: [a]\n    image: scraper", "7:3: hosts.ingester: only one of script or image may stand here."),
        ("    script: [a]\n    command: [b]", "9:5: hosts.ingester.command: is of an image."),
        (
            "    script: [a]\n    instance_type: t3.nano\n    platform: ARM64",
            "9:5: hosts.ingester.instance_type: t3.nano is X86_64, and the host is to run on ARM64.",
        ),
        (
            "    image: scraper\n    instance_type: t4g.nano",
            '8:5: hosts.ingester.image: the image "scraper" is built for X86_64, and the host runs on ARM64.',
        ),
        (
            "    script: [a]\n    schedules: {w: {cron: '0 5 ? * TUE#1 *'}}",
            "9:21: hosts.ingester.schedules.w.cron: Auto Scaling starts hosts by Unix cron",
        ),
        (
            "    script: [a]\n    schedules: {w: {cron: 0 5 ? * TUE *, stop: 20 5 ? * TUE 2027}}",
            "9:42: hosts.ingester.schedules.w.stop: Auto Scaling knows no years",
        ),
        (
            "    script: [a]\n    schedules: {w: {cron: 0 5 ? * TUE *, stop: 20 4 ? * TUE *}}",
            "hosts.ingester.schedules.w.stop: first comes 10040m after a start, and timeout ends the run after 1h.",
        ),
        (
            "    script: [a]\n    schedules: {w: {cron: 0 5 ? * TUE *, timezone: Europe/Nowhere}}",
            "9:42: hosts.ingester.schedules.w.timezone:",
        ),
        ("    script: [a]\n    schedules: {w: {stop: 0 5 ? * TUE *}}", 'schedules.w: "cron" is missing.'),
        ("    script: [a]\n    upload: {/out: raw/in}", '9:14: hosts.ingester.upload./out: "raw/in" is no folder'),
        ("    script: [a]\n    upload: {/out: row/}", '9:14: hosts.ingester.upload./out: there is no bucket "row".'),
        ("    script: [a]\n    upload: {out: raw}", '9:14: hosts.ingester.upload.out: "out" is no folder.'),
        ("    script: [a]\n    environment: {SCRAPECTL_X: 1}", "9:19: hosts.ingester.environment.SCRAPECTL_X: names"),
        ("    script: [a]\n    on_failure: nobody", '9:5: hosts.ingester.on_failure: there is no topic "nobody".'),
    ],
)  # fmt: skip
def test_what_aws_would_refuse_is_told_at_its_line(lines, told):
    assert any(told in problem for problem in problems_of(lines)), problems_of(lines)


def test_what_does_not_fit_into_user_data_is_told():
    lines = ", ".join(f"echo {number * 7919 % 100003:x}{number * 104729:x}{number**3:x}" for number in range(3000))
    (problem,) = problems_of(f"    script: [{lines}]")
    assert "bytes of user data, compressed" in problem


def test_names_are_shared_with_all_that_runs():
    lines = "    script: [a]\nworkflows: {ingester: {steps: [{wait: 1m}]}}"
    told = [problem for problem in problems_of(lines) if "run could mean either" in problem]
    assert len(told) == 2


def test_hosts_are_started_and_named_by_references():
    text = HOST + "    script: [a]\noutputs: {group: '${host.ingester.name}'}\n"
    spec = check_text(text)
    assert [started.key for started in spec.started] == ["ingester"]
    assert str(spec.outputs["group"]) == "${host.ingester.name}"
