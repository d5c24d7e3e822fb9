"""`policy` prints documents that IAM takes, offline when it can, and the embedded cloud holds clients to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.cli.conftest import served

PLACED = """
    version: 1
    pipeline: shop
    region: eu-west-1
    account: "123456789012"
    images: {scraper: {build: ./scraper}}
    buckets: {raw: {}}
    jobs: {collect: {image: scraper, vcpus: 0.25, memory: 512, access: {write: [raw]}}}
"""
UNPLACED = PLACED.replace('    account: "123456789012"\n', "").replace("    region: eu-west-1\n", "")


def documents(text: str) -> list[dict]:
    found, text = [], text.strip()
    while text:
        document, end = json.JSONDecoder().raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found


def resources(policies: list[dict]) -> set[str]:
    return {arn for policy in policies for statement in policy["Statement"] for arn in statement["Resource"]}


@pytest.mark.parametrize("purpose", ["apply", "run", "read", "destroy"])
def test_a_spec_that_says_where_it_stands_needs_no_aws(spec, scrapectl, purpose):
    spec(PLACED)
    answer = scrapectl("policy", "--for", purpose)
    assert answer.code == 0
    found = documents(answer.out)
    assert all(policy["Version"] == "2012-10-17" for policy in found)
    assert "arn:aws:logs:eu-west-1:123456789012:log-group:/scrapectl/shop:*" in resources(found)
    assert ("Note: " in answer.err) is (purpose != "read")


def test_several_documents_are_written_to_a_file_each(spec, scrapectl, tmp_path):
    spec(PLACED)
    answer = scrapectl("policy", "--for", "apply", "--out", "policies")
    names = sorted(path.name for path in (tmp_path / "policies").iterdir())
    assert names == ["shop-apply-1.json", "shop-apply-2.json"]
    assert answer.out.split() == [f"policies/{name}" for name in names]
    assert "2 policies, to be attached together" in answer.err
    written = [json.loads((tmp_path / "policies" / name).read_text()) for name in names]
    assert written == documents(scrapectl("policy", "--for", "apply").out)


def test_json_is_one_document_that_says_what_it_is_for(spec, scrapectl):
    spec(PLACED + "    stages: {prod: {}}\n")
    told = scrapectl("policy", "--for", "run", "--stage", "prod", "--output", "json")
    assert told.code == 0, told
    assert {key: told.json[key] for key in ("pipeline", "stage", "for", "account", "region")} == {
        "pipeline": "shop", "stage": "prod", "for": "run", "account": "123456789012", "region": "eu-west-1",
    }  # fmt: skip
    assert "arn:aws:batch:eu-west-1:123456789012:job-queue/shop-prod-*" in resources(told.json["policies"])
    assert told.json["notes"]


def test_without_credentials_the_account_is_any(spec, scrapectl):
    spec(UNPLACED)
    answer = scrapectl("policy", "--for", "read", "--region", "us-east-2")
    assert answer.code == 0
    assert answer.err.startswith("The account is not known, so the policy says any: ")
    assert "arn:aws:logs:us-east-2:*:log-group:/scrapectl/shop:*" in resources(documents(answer.out))


def test_other_partitions_have_arns_of_their_own(spec, scrapectl):
    spec(PLACED.replace("eu-west-1", "cn-north-1"))
    found = resources(documents(scrapectl("policy", "--for", "read").out)) - {"*"}
    assert {arn.split(":")[1] for arn in found} == {"aws-cn"}


@pytest.mark.usefixtures("cloud")
def test_aws_is_asked_for_the_account(spec, scrapectl):
    spec(UNPLACED)
    answer = scrapectl("policy", "--for", "read")
    assert "arn:aws:logs:us-east-1:123456789012:log-group:/scrapectl/shop:*" in resources(documents(answer.out))


@pytest.mark.parametrize("words", [[], ["--for", "everything"]])
def test_a_purpose_must_be_said(spec, scrapectl, words):
    spec(PLACED)
    answer = scrapectl("policy", *words)
    assert answer.code == 64
    assert re.search(r"apply\W+run\W+read\W+destroy", answer.err)


def test_a_folder_that_cannot_be_written_is_told(spec, scrapectl, tmp_path):
    spec(PLACED)
    (tmp_path / "taken").write_text("")
    answer = scrapectl("policy", "--for", "read", "--out", "taken")
    assert answer.code == 1
    assert "taken cannot be written" in answer.err


@pytest.fixture
def held(tmp_path, monkeypatch, spec, scrapectl) -> Iterator[str]:
    """The address of a cloud that holds its clients to what `run` needs."""
    folder = tmp_path / "cloud"
    folder.mkdir(mode=0o700)
    spec(PLACED)
    (tmp_path / "run.json").write_text(scrapectl("policy", "--for", "run").out)
    monkeypatch.setenv("SCRAPECTL_LOCAL_DIR", str(folder))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    with served("--policy", "run.json") as found:
        yield found


def test_the_embedded_cloud_denies_what_a_policy_does_not_allow(held, scrapectl):
    assert scrapectl("status", "--endpoint-url", held).code == 0
    answer = scrapectl("apply", "--yes", "--endpoint-url", held)
    assert answer.code == 1
    assert "access denied: ec2:Describe" in answer.err
    assert "Allow it to the user or role that runs scrapectl." in answer.err


@pytest.mark.parametrize(("text", "said"), [(None, "cannot be read"), ("{}", "is no IAM policy"), ("x", "no IAM")])
def test_what_is_no_policy_is_told(scrapectl, tmp_path, text, said):
    if text is not None:
        (tmp_path / "policy.json").write_text(text)
    answer = scrapectl("local", "start", "--foreground", "--policy", "policy.json")
    assert answer.code == 64
    assert said in answer.err


def test_a_policy_is_for_the_foreground(scrapectl):
    assert scrapectl("local", "start", "--policy", "x.json").code == 64
