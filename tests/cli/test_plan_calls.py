"""`plan --calls`: the requests that apply would send, in text and in JSON, and no secret among them."""

from __future__ import annotations

import pytest

SPEC = """
    version: 1
    pipeline: {name}
    region: us-east-1
    secrets: {{token: {{from_env: CALLS_TOKEN}}}}
    jobs:
      collect:
        image: python:3
        environment: {{API_KEY: from-the-spec, ZIP: "48104"}}
        secrets: {{TOKEN: token}}
        schedules: {{morning: {{cron: "0 6 * * ? *", environment: {{SITE_PASSWORD: p4ss, DAY: today}}}}}}
"""


@pytest.fixture
def shop(cloud, spec, monkeypatch, request):
    name = f"calls-{request.node.name[5:17].replace('_', '-').strip('-')}"
    monkeypatch.setenv("CALLS_TOKEN", "canary-of-calls")
    spec(SPEC.format(name=name))
    return name


def test_text_shows_each_request_with_its_parameters(shop, scrapectl):
    answer = scrapectl("plan", "--calls")
    assert answer.code == 0
    assert "\n   1. ssm PutParameter  (anchor)\n" in answer.out
    assert f" batch RegisterJobDefinition  (batch_job_definition.{shop}-collect)\n" in answer.out
    assert f'        jobDefinitionName: "{shop}-collect"\n' in answer.out
    assert '"securityGroupIds": ["sg-(known after apply)"]' in answer.out
    assert '{"name": "API_KEY", "value": "********"}, {"name": "ZIP", "value": "48104"}' in answer.out
    for secret in ("canary-of-calls", "from-the-spec", "p4ss"):
        assert secret not in answer.out + answer.err
    assert scrapectl("pipelines", "--output", "json").json["pipelines"] == [
        each for each in scrapectl("pipelines", "--output", "json").json["pipelines"] if each["pipeline"] != shop
    ]


def test_json_holds_the_plan_and_the_requests(shop, scrapectl):
    document = scrapectl("plan", "--calls", "--output", "json").json
    assert document["summary"]["create"] == len(document["changes"])
    calls = document["calls"]
    assert (calls[0]["address"], calls[-1]["address"], document["calls_notes"]) == ("anchor", "anchor", [])
    assert {call["address"] for call in calls} == {"anchor"} | {each["address"] for each in document["changes"]}
    (secret,) = [call for call in calls if call["operation"] == "CreateSecret"]
    assert secret["params"]["SecretString"] == "********"
    assert secret["params"]["Name"].startswith(shop)
    (schedule,) = [call for call in calls if call["operation"] == "CreateSchedule"]
    assert '"SITE_PASSWORD", "Value": "********"' in schedule["params"]["Target"]["Input"]
    assert '"DAY", "Value": "today"' in schedule["params"]["Target"]["Input"]


@pytest.mark.usefixtures("shop")
def test_where_nothing_would_be_done_nothing_is_sent(scrapectl):
    assert scrapectl("apply", "--yes").code == 0
    assert scrapectl("plan", "--calls").out.endswith("\napply would send nothing.\n")
    assert scrapectl("plan", "--calls", "--markdown").code == 64
